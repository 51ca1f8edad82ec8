"""What pydicom warns of while it reads a file, for the case ledger."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TextIO

__all__ = ["as_notes", "pydicom_warnings"]

_SHOWN = 5
_LONGEST = 200

_lock = threading.RLock()
_gathered: dict[int, list[list[str]]] = {}
"""What is being gathered, by thread; the innermost list last."""
_before: warnings.catch_warnings[Any] | None = None
"""Puts the settings of all warnings, which threads share, back where the first of the threads found them."""


@contextmanager
def pydicom_warnings() -> Iterator[list[str]]:
    """Gather the warnings that pydicom gives to this thread meanwhile; those of others go where they always go.

    Example:
        >>> import pydicom
        >>> with pydicom_warnings() as told:
        ...     _ = pydicom.DataElement("SeriesInstanceUID", "UI", "CT")
        >>> told[0][:30]
        "Invalid value for VR UI: 'CT'."
    """
    me, told = threading.get_ident(), list[str]()
    with _lock:
        if not _gathered:
            _install()
        _gathered.setdefault(me, []).append(told)
    try:
        yield told
    finally:
        with _lock:
            _gathered[me].pop()
            if not _gathered[me]:
                del _gathered[me]
            if not _gathered:
                _remove()


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
        lists = _gathered.get(threading.get_ident()) if "pydicom" in filename else None
        if lists:
            lists[-1].append(str(message))
        else:
            show(message, category, filename, lineno, file, line)

    warnings.showwarning = gather


def _remove() -> None:
    global _before
    if _before is not None:
        _before.__exit__(None, None, None)
    _before = None


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
