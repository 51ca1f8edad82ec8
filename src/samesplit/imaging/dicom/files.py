"""DICOM files: whether a file is one, its header, and the hash of its content."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pydicom
from pydicom.errors import InvalidDicomError

from samesplit.errors import LesionError, SamesplitError

__all__ = ["read_dataset", "sound", "text_of"]


def read_dataset(path: Path, *, pixels: bool = False) -> pydicom.Dataset:
    """Read a DICOM file, without its pixels unless they are asked for.

    Raises:
        LesionError: It is missing, cut off or no DICOM file.
    """
    try:
        return pydicom.dcmread(path, stop_before_pixels=not pixels)
    except FileNotFoundError:
        raise LesionError(
            "the file does not exist", where=path, remedy="correct the path, or fetch the data"
        ) from None
    except InvalidDicomError:
        raise LesionError(
            "is no DICOM file", where=path, remedy="give a DICOM file, or an image file with its usual ending"
        ) from None
    except Exception as error:  # pydicom raises many kinds for a damaged file
        raise LesionError(
            f"is not a readable DICOM file ({error})", where=path, remedy="fetch or export it again"
        ) from error


@contextmanager
def sound(path: Path) -> Iterator[None]:
    """Turn what goes wrong on attributes that are missing or are no numbers into the lesion's error."""
    try:
        yield
    except (SamesplitError, MemoryError):
        raise
    except Exception as error:  # pydicom raises many kinds, and reads an attribute when it is asked for
        raise LesionError(
            f"the DICOM content is damaged ({type(error).__name__}: {error})",
            where=path,
            remedy="fetch or export it again",
        ) from error


def text_of(dataset: pydicom.Dataset, keyword: str) -> str:
    """Return an attribute as text without blanks at its ends; empty where it is missing or has no value."""
    value = dataset.get(keyword)
    return "" if value is None else str(value).strip()
