"""Columns that look like personal data: names, birthdays, numbers of hospitals, dates; found before writing.

What is found is a hint and no proof: whoever exports knows the cohort. What almost surely names a person stops the
export until the column is dropped or kept by name; the rest is told.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import pandas as pd

__all__ = ["Finding", "personal_columns"]

_NAMES = re.compile(
    r"(^|_)(sur|first|last|fore|given|family|maiden|full|patients?)_?name(_|$)|^name$|(^|_)(vor|nach)name|"
    r"initials|(^|_)(dob|birth|born|geburt\w*|birthda(y|te)|date_of_birth)(_|$)|birth_?dat|"
    r"(^|_)(mrn|ssn|nhs_?(no|number)?|insurance|passport|accession(_?(no|number))?|medical_?record\w*|"
    r"hospital_?(no|number|id)|case_?(no|number))(_|$)|"
    r"(^|_)(phone|mobile|fax|e_?mail|street|address|zip_?(code)?|postcode|postal_?code)(_|$)|"
    r"(^|_)(study|series|sop|frame_of_reference)_?(instance)?_?uid(_|$)|patient_?id_?(dicom|original)|"
    r"(^|_)(physician|surgeon|referrer|referring)(_|$)"
)
_TEXT_NAMES = re.compile(
    r"(^|_)(comments?|remarks?|notes?|free_?text|report|findings?|history|anamnesis)(_|$)"
)
_AGE = re.compile(r"(^|_)age(_|$)")
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+\.\w{2,}")
_UID = re.compile(r"(?<![\d.])[0-2](?:\.\d+){6,}(?![\d.])")
_DICOM_NAME = re.compile(r"[A-Za-z]{2,}\^[A-Za-z]{2,}")
_DATE = re.compile(r"(\d{4}-\d{2}-\d{2}|\d{1,2}[./]\d{1,2}[./]\d{2,4})([ T].*)?")
_TWO_NAMES = re.compile(r"[A-ZÀ-Ž][a-zà-ž'-]+(,| )\s?[A-ZÀ-Ž][a-zà-ž'-]+")
_PEOPLE = {"reader_id": "readers", "rater": "raters", "patient_id": "patients", "lesion_id": "patients"}
"""Columns whose cells say who somebody is, and who that is."""
_LONG_TEXT = 40
_OLDEST = 89


@dataclass(frozen=True)
class Finding:
    """A column that may say who a patient or reader is.

    Attributes:
        table: The file, such as `lesions.csv`.
        column: Its column.
        why: What it looks like, in words.
        stops: Whether nothing is written before the column is dropped or kept by name.
    """

    table: str
    column: str
    why: str
    stops: bool

    def __str__(self) -> str:
        return f"{self.table}, column '{self.column}': {self.why}"


def personal_columns(tables: Mapping[str, pd.DataFrame]) -> tuple[Finding, ...]:
    """Find the columns of some tables that look like personal data.

    Args:
        tables: Tables of text by the name of their file.

    Example:
        >>> table = pd.DataFrame({"lesion_id": ["L1"], "birth_date": ["1951-03-02"], "date": ["2020-05-01"]})
        >>> for finding in personal_columns({"lesions.csv": table}):
        ...     print(finding.column, finding.stops)
        birth_date True
        date False
    """
    found = []
    for name, table in tables.items():
        for column in table.columns:
            cells = table[column].dropna().astype(str)
            told = _look(str(column), cells[cells != ""].drop_duplicates())
            if told is not None:
                found.append(Finding(name, str(column), *told))
    return tuple(found)


def _look(column: str, cells: pd.Series[str]) -> tuple[str, bool] | None:
    """Return what a column looks like, and whether that stops the export; None where it looks like nothing."""
    plain = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", column).lower().replace(" ", "_").replace("-", "_")
    if _NAMES.search(plain):
        return "its name is that of a name, a birthday, an address or the number of a patient", True
    for pattern, why in (
        (_EMAIL, "holds e-mail addresses"),
        (_DICOM_NAME, "holds names as DICOM writes them (FAMILY^GIVEN)"),
        (_UID, "holds DICOM identifiers (UIDs), by which a hospital finds the patient"),
    ):
        if _any(cells, pattern.search):
            return why, True
    if column in _PEOPLE and _share(cells, _TWO_NAMES.fullmatch) > 0.5:
        return f"{_PEOPLE[column]} seem to be named; write A, B, C", True
    if _share(cells, _DATE.fullmatch) > 0.5:
        return (
            "holds dates of the calendar, which many rules count as personal data; drop the column, or shift "
            "the dates of each patient by a number of days of their own",
            False,
        )
    if _TEXT_NAMES.search(plain) or _share(cells, _is_free_text) > 0.2:
        return "holds free text, in which names and dates may stand: read it", False
    if _AGE.search(plain) and bool((pd.to_numeric(cells, errors="coerce") > _OLDEST).any()):
        return (
            f"holds ages above {_OLDEST}, which can single a patient out; write {_OLDEST + 1} for all",
            False,
        )
    return None


def _any(cells: Iterable[str], test: Callable[[str], object]) -> bool:
    return any(test(cell) for cell in cells)


def _share(cells: pd.Series[str], test: Callable[[str], object]) -> float:
    return sum(bool(test(cell)) for cell in cells) / len(cells) if len(cells) else 0.0


def _is_free_text(cell: str) -> bool:
    return len(cell) > _LONG_TEXT and cell.count(" ") > 4
