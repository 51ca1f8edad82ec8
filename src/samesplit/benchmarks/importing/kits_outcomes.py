"""What kits.json says of a patient, as columns of lesions.csv."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

__all__ = ["DAYS_PER_MONTH", "KITS_COLUMNS", "outcomes_of"]

DAYS_PER_MONTH = 30.4375

_SUBTYPES = {
    "clear_cell_rcc": "ccRCC",
    "papillary": "pRCC",
    "papillary_rcc": "pRCC",
    "chromophobe": "chRCC",
    "chromophobe_rcc": "chRCC",
    "angiomyolipoma": "AML",
}
"""Names in KiTS19, 21 and 23 that the suite writes in its own way; others only lose their underscores."""

_ALWAYS_AGGRESSIVE = ("rcc_unclassified", "collecting_duct_undefined")
_INDOLENT = (
    "chromophobe",
    "chromophobe_rcc",
    "clear_cell_papillary_rcc",
    "multilocular_cystic_rcc",
)

KITS_COLUMNS = (
    "label", "label_provenance", "size_mm", "pathologic_size_mm", "age", "sex", "bmi", "subtype", "isup_grade",
    "grade", "t_stage", "stage", "aggressiveness", "os_months", "death", "release",
)  # fmt: skip
"""The columns that `outcomes_of` gives."""


def outcomes_of(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return one patient of kits.json as columns of lesions.csv; None where it is not told.

    KiTS19 (newer releases of its kits.json), KiTS21 and KiTS23 spell some values in different ways; all are
    understood. A missing value is never taken for a class.

    Args:
        record: One entry of the list in kits.json.

    Returns:
        `KITS_COLUMNS`: sizes in mm (kits.json has cm), `grade` high (ISUP 3 and 4) or low, `stage` of pT3 or
        higher or below, survival in months after surgery with `death` 1 where it was seen.

    Example:
        >>> told = outcomes_of({"case_id": "case_00002", "malignant": True, "tumor_isup_grade": "2",
        ...     "pathology_t_stage": "3", "tumor_histologic_subtype": "papillary_rcc", "radiographic_size": 4.5})
        >>> told["label"], told["grade"], told["stage"], told["aggressiveness"], told["size_mm"]
        ('malignant', 'low', 'pT3 or higher', 'aggressive', 45.0)
    """
    malignant = record.get("malignant")
    grade = _whole(record.get("tumor_isup_grade"), 1, 4)
    stage = _stage(record.get("pathology_t_stage"))
    subtype = str(record.get("tumor_histologic_subtype") or "").strip().lower()
    days = _number(record.get("vital_days_after_surgery"))
    status = str(record.get("vital_status") or "").lower()
    followed = days is not None and days > 0 and status in ("dead", "censored", "alive")
    return {
        "label": {True: "malignant", False: "benign"}.get(malignant) if isinstance(malignant, bool) else None,
        "label_provenance": "pathology",
        "size_mm": _millimetres(record.get("radiographic_size")),
        "pathologic_size_mm": _millimetres(record.get("pathologic_size")),
        "age": _number(record.get("age_at_nephrectomy")),
        "sex": {"male": "M", "female": "F"}.get(str(record.get("gender") or "").lower()),
        "bmi": _number(record.get("bmi", record.get("body_mass_index"))),
        "subtype": _SUBTYPES.get(subtype, subtype.replace("_", " ")) or None,
        "isup_grade": grade,
        "grade": None if grade is None else ("high" if grade >= 3 else "low"),
        "t_stage": None if stage is None else str(record.get("pathology_t_stage")).strip().lower(),
        "stage": None if stage is None else ("pT3 or higher" if stage >= 3 else "below pT3"),
        "aggressiveness": _aggressiveness(record, malignant, subtype, grade, stage),
        "os_months": round(days / DAYS_PER_MONTH, 1) or 0.1 if followed and days is not None else None,
        "death": int(status == "dead") if followed else None,
        "release": _release(str(record.get("case_id", ""))),
    }


def _aggressiveness(
    record: Mapping[str, Any], malignant: Any, subtype: str, grade: int | None, stage: int | None
) -> str | None:
    """Return aggressive or indolent by the rule of Xiong 2025, as far as kits.json has what it needs; else None.

    Aggressive are: any sarcomatoid change; clear cell RCC of ISUP grade 3 or 4, of stage pT3 or higher, or with
    necrosis; papillary RCC of grade 3 or 4 or of stage pT3 or higher; unclassified and collecting duct RCC.
    """
    if malignant is False:
        return "indolent"
    if malignant is not True or not subtype:
        return None
    if record.get("sarcomatoid_features") is True or subtype in _ALWAYS_AGGRESSIVE:
        return "aggressive"
    if subtype in _INDOLENT:
        return "indolent"
    clear_cell = subtype == "clear_cell_rcc"
    if not clear_cell and not subtype.startswith("papillary"):
        return None
    necrosis = record.get("tumor_necrosis") if clear_cell else False
    signs = (None if grade is None else grade >= 3, None if stage is None else stage >= 3, necrosis)
    if any(sign is True for sign in signs):
        return "aggressive"
    return "indolent" if all(sign is False for sign in signs) else None


def _number(told: Any) -> float | None:
    """Return a number; `>=90` is 90 (ages and GFR above are not told, to protect patients)."""
    if told is None or isinstance(told, bool):
        return None
    try:
        number = float(str(told).strip().removeprefix(">=").removeprefix(">"))
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _millimetres(centimetres: Any) -> float | None:
    number = _number(centimetres)
    return round(10 * number, 2) if number is not None and number > 0 else None


def _whole(told: Any, low: int, high: int) -> int | None:
    number = _number(told)
    return int(number) if number is not None and number == int(number) and low <= number <= high else None


def _stage(told: Any) -> int | None:
    found = re.match(r"(?:p?T)?([0-4])", str(told or "").strip(), re.IGNORECASE)
    return int(found[1]) if found else None


def _release(case: str) -> str | None:
    """Return with which challenge a case came: KiTS19 has 0 to 299, KiTS23 added 400 and higher."""
    found = re.search(r"(\d{5})$", case)
    if not found:
        return None
    return "KiTS19" if int(found[1]) < 300 else "KiTS23"
