"""ITK's own warnings, gathered for the case ledger instead of printed over the progress bar."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path

import SimpleITK as sitk

from samesplit.imaging.gathered_texts import GatheredTexts

__all__ = ["as_notes", "itk_warnings"]

_HEAD = re.compile(r"^WARNING: In .*?, line \d+\s+\S+ \(0x[0-9a-fA-F]+\): ", re.S)
_SHOWN = 3


class _Gatherer(sitk.LoggerBase):
    """Stands in for ITK's output window."""

    def DisplayWarningText(self, text: str) -> None:  # noqa: N802 (named by ITK)
        """Keep a warning for the thread that caused it; one of a thread that gathers none is dropped."""
        _texts.add(text)

    def DisplayText(self, text: str) -> None:  # noqa: N802 (named by ITK)
        """Drop what is no warning: errors arrive as exceptions."""

    DisplayErrorText = DisplayGenericOutputText = DisplayDebugText = DisplayText


_gatherer: _Gatherer | None = None
_before: tuple[sitk.LoggerBase, bool] | None = None


def itk_warnings() -> AbstractContextManager[list[str]]:
    """Gather the warnings that ITK gives to this thread meanwhile; none is printed.

    Returns:
        A context whose list fills with the warnings as ITK words them.
    """
    return _texts.gathered()


def _install() -> None:
    global _gatherer, _before
    _gatherer = _Gatherer()  # type: ignore[no-untyped-call]
    before = _gatherer.SetAsGlobalITKLogger()  # type: ignore[no-untyped-call]
    _before = (before, sitk.ProcessObject.GetGlobalWarningDisplay())
    sitk.ProcessObject.SetGlobalWarningDisplay(True)


def _remove() -> None:
    global _gatherer, _before
    if _before is not None:
        logger, shown = _before
        logger.SetAsGlobalITKLogger()
        sitk.ProcessObject.SetGlobalWarningDisplay(shown)
    _gatherer = _before = None


_texts = GatheredTexts(_install, _remove)


def as_notes(warnings: Sequence[str], what: str, path: Path) -> list[str]:
    r"""Warnings as notes for the case ledger, each once, without addresses in memory and the file's own path.

    Example:
        >>> text = "WARNING: In /a/b.cxx, line 8\nX (0x55a8): /L1.nii has unexpected scales in sform\n\n"
        >>> as_notes([text, text], "image", Path("/L1.nii"))
        ['image: ITK warns: the file has unexpected scales in sform']
    """
    told = dict.fromkeys(
        " ".join(_HEAD.sub("", text.strip()).replace(str(path), "the file").split()) for text in warnings
    )
    notes = [f"{what}: ITK warns: {text}" for text in told]
    more = len(notes) - _SHOWN
    return notes if more <= 0 else [*notes[:_SHOWN], f"{what}: ITK gives {more} other warnings"]
