"""Every kind of file that a user hands in: a valid one, how it is spoilt, and what reads it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

__all__ = ["Kind", "Read", "kinds", "named"]

Spoilt = st.SearchStrategy[bytes]


@dataclass(frozen=True)
class Read:
    """What a reader gave back.

    Attributes:
        ledger_rows: Rows of the case ledger that it made, beyond those of the valid file.
    """

    ledger_rows: int = 0


@dataclass(frozen=True)
class Kind:
    """A kind of file.

    Attributes:
        name: What it is called in reports.
        group: "tables", "YAML", "JSON", "NIfTI", "DICOM" or "images".
        prepare: Writes a valid file and what belongs to it into a folder; gives the path of the file.
        spoil: The inputs, from the content of the valid file.
        read: Given the path of the file.
        valid: How the valid file ends.
    """

    name: str
    group: str
    prepare: Callable[[Path], Path]
    spoil: Callable[[bytes], Spoilt]
    read: Callable[[Path], Any]
    valid: str = "success"


def kinds() -> tuple[Kind, ...]:
    """All kinds, in the order of the report."""
    from reliability.fuzz import declaration_kinds, dicom_kinds, image_kinds, table_kinds

    return (*table_kinds.KINDS, *declaration_kinds.KINDS, *image_kinds.KINDS, *dicom_kinds.KINDS)


def named(name: str) -> Kind:
    """The kind of a name."""
    return next(kind for kind in kinds() if kind.name == name)
