"""How columns are called in tables of reader studies: ours, those of iMRMC and MRMCaov, or as the user says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path

import pandas as pd

from samesplit.errors import ReadingsError

__all__ = ["ALIASES", "ColumnNames", "known_columns", "with_our_names"]

ALIASES: dict[str, tuple[str, ...]] = {
    "reader_id": ("reader_id", "reader", "readerid"),
    "lesion_id": ("lesion_id", "case_id", "case", "caseid", "lesion"),
    "patient_id": ("patient_id", "patient", "patientid"),
    "modality": ("modality", "modality_id", "modalityid", "treatment", "test"),
    "score": ("score", "rating"),
    "decision": ("decision", "call"),
    "seconds": ("seconds", "time_seconds"),
    "label": ("label", "truth", "cancerstatus"),
    "model": ("model",),
    "probability": ("probability", "score", "rating"),
}
"""Our name of a column -> what it may be called, in small letters, the first one found wins."""


@dataclass(frozen=True)
class ColumnNames:
    """The names that a user gave for columns; None where ours or a usual one is meant.

    Attributes:
        reader: Who read.
        case: What was read.
        modality: Under which condition.
        score: The rating.
        decision: The call.
        truth: The class of a case.
        patient: Whose case it is.
    """

    reader: str | None = None
    case: str | None = None
    modality: str | None = None
    score: str | None = None
    decision: str | None = None
    truth: str | None = None
    patient: str | None = None

    def given(self) -> dict[str, str]:
        """Return our name -> the user's, of those that were given."""
        ours = {"reader": "reader_id", "case": "lesion_id", "truth": "label", "patient": "patient_id"}
        found = {field.name: getattr(self, field.name) for field in fields(self)}
        return {ours.get(name, name): str(value) for name, value in found.items() if value is not None}


def known_columns(names: ColumnNames) -> set[str]:
    """Return names that a header may have, so that its separator is found.

    Example:
        >>> {"readerID", "lesion_id"} <= known_columns(ColumnNames(reader="readerID"))
        True
    """
    usual = {alias for aliases in ALIASES.values() for alias in aliases}
    return usual | {"readerID", "caseID", "modalityID", *names.given().values()}


def with_our_names(
    table: pd.DataFrame,
    wanted: Iterable[str],
    given: Mapping[str, str],
    path: Path,
    *,
    optional: Iterable[str] = (),
) -> pd.DataFrame:
    """Give the columns of a table our names.

    Args:
        table: As it was read.
        wanted: Our names of columns that must be there.
        given: Our name -> the name that the user gave.
        path: The file, for messages.
        optional: Our names of columns that may be there.

    Returns:
        The table; columns with names of their own stay, a column that takes the place of another drops that one.

    Raises:
        ReadingsError: A column that is needed, or named by the user, is not there.

    Example:
        >>> table = pd.DataFrame({"readerID": ["r1"], "caseID": ["c1"], "site": ["a"]})
        >>> list(with_our_names(table, ["reader_id", "lesion_id"], {}, Path("x.csv")))
        ['reader_id', 'lesion_id', 'site']
    """
    renamed: dict[str, str] = {}
    must = list(wanted)
    for ours in [*must, *optional]:
        theirs = _found(table, ours, given.get(ours), path, taken=renamed)
        if theirs is not None:
            renamed[theirs] = ours
        elif ours in must:
            raise ReadingsError(
                f"there is no column for {_IN_WORDS.get(ours, ours)}",
                where=path,
                remedy=f"call it {' or '.join(ALIASES[ours][:3])}, or name it with "
                f"{_OPTIONS.get(ours, 'its option')}; "
                f"columns found: {', '.join(map(str, table.columns))}",
            )
    replaced = [name for name in table if name in renamed.values() and name not in renamed]
    return table.drop(columns=replaced).rename(columns=renamed)


_IN_WORDS = {
    "reader_id": "the reader",
    "lesion_id": "the case",
    "label": "the truth of a case",
    "probability": "the probability",
}
_OPTIONS = {"reader_id": "--reader-column", "lesion_id": "--case-column", "label": "--truth-column"}


def _found(
    table: pd.DataFrame, ours: str, given: str | None, path: Path, *, taken: Mapping[str, str]
) -> str | None:
    columns = [str(name) for name in table.columns if str(name) not in taken]
    if given is not None:
        if given in columns:
            return given
        raise ReadingsError(
            f"there is no column '{given}'",
            where=path,
            remedy=f"columns found: {', '.join(map(str, table.columns))}",
        )
    by_small = {name.lower(): name for name in reversed(columns)}
    return next((by_small[alias] for alias in ALIASES[ours] if alias in by_small), None)
