"""What pydicom warns of while it reads a file, for the case ledger."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any, TextIO

from samesplit.imaging.gathered_texts import GatheredTexts

__all__ = ["as_notes", "pydicom_warnings"]

_SHOWN = 5
_LONGEST = 200

_before: warnings.catch_warnings[Any] | None = None
"""Puts the settings of all warnings, which threads share, back where the first of the threads found them."""


def pydicom_warnings() -> AbstractContextManager[list[str]]:
    """Gather the warnings that pydicom gives to this thread meanwhile; those of others go where they always go.

    Example:
        >>> import pydicom
        >>> with pydicom_warnings() as told:
        ...     _ = pydicom.DataElement("SeriesInstanceUID", "UI", "CT")
        >>> told[0][:30]
        "Invalid value for VR UI: 'CT'."
    """
    return _texts.gathered()


def _install() -> None:
    global _before
    _before = warnings.catch_warnings()
    _before.__enter__()
    warnings.filterwarnings("always", module=r"pydicom(\.|$)")
    show = warnings.showwarning

    def gather(
        message: Warning | str,
        category: type[Warning],
        filename: str,
        lineno: int,
        file: TextIO | None = None,
        line: str | None = None,
    ) -> None:
        if "pydicom" not in filename or not _texts.add(str(message)):
            show(message, category, filename, lineno, file, line)

    warnings.showwarning = gather


def _remove() -> None:
    global _before
    if _before is not None:
        _before.__exit__(None, None, None)
    _before = None


_texts = GatheredTexts(_install, _remove)


def as_notes(told: Sequence[str], what: str) -> list[str]:
    """Warnings as notes for the case ledger, each once.

    Example:
        >>> as_notes(["Invalid value 'CT'. Please see <https://dicom.nema.org>"] * 2, "image")
        ["image: pydicom warns: Invalid value 'CT'"]
    """
    kept = dict.fromkeys(" ".join(text.partition(". Please see")[0].split())[:_LONGEST] for text in told)
    notes = [f"{what}: pydicom warns: {text}" for text in kept]
    more = len(notes) - _SHOWN
    return notes if more <= 0 else [*notes[:_SHOWN], f"{what}: pydicom gives {more} other warnings"]
