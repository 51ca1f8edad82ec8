"""What pydicom warns of while it reads a file, for the case ledger."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

__all__ = ["as_notes", "pydicom_warnings"]

_SHOWN = 5
_LONGEST = 200


@contextmanager
def pydicom_warnings() -> Iterator[list[str]]:
    """Gather pydicom's warnings while the block runs; those of others are given on.

    Example:
        >>> import pydicom
        >>> with pydicom_warnings() as told:
        ...     _ = pydicom.DataElement("SeriesInstanceUID", "UI", "CT")
        >>> told[0][:30]
        "Invalid value for VR UI: 'CT'."
    """
    told: list[str] = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.filterwarnings("always", module=r"pydicom(\.|$)")
        try:
            yield told
        finally:
            own = [one for one in caught if "pydicom" in one.filename]
            told += [str(one.message) for one in own]
    for other in caught:
        if other not in own:
            warnings.warn_explicit(other.message, other.category, other.filename, other.lineno)


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
