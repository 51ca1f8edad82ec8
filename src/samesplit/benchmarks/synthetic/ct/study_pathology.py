"""What pathologists and radiologists say of the masses of a synthetic CT study: subtype, stage, grade, score."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from samesplit.benchmarks.synthetic.ct.settings import MassType
from samesplit.benchmarks.synthetic.ct.study_settings import CohortClass

__all__ = ["SUBTYPES", "draw_grade", "draw_renal_points", "draw_stage", "mass_type_of"]

SUBTYPES: Mapping[CohortClass, Mapping[str, float]] = {
    "benign": {"AML": 0.45, "oncocytoma": 0.3, "complex cyst": 0.15, "other benign": 0.1},
    "indolent": {"ccRCC": 0.72, "pRCC": 0.08, "chRCC": 0.12, "MCRNLMP": 0.03, "other indolent": 0.05},
    "aggressive": {"ccRCC": 0.82, "pRCC": 0.12, "other aggressive": 0.06},
    "indeterminate": {"ccRCC": 1.0},
}
"""Shares of the subtypes within a class, chosen for the simulation (MCRNLMP: multilocular cystic renal neoplasm of
low malignant potential)."""

_ALWAYS_CYSTIC = ("complex cyst", "MCRNLMP")
_CYSTIC_RATE_OF_CCRCC = 0.06
_GRADED = ("ccRCC", "pRCC")
_GRADES: Mapping[str, tuple[float, float, float, float]] = {
    "indolent": (0.25, 0.75, 0.0, 0.0),
    "aggressive": (0.02, 0.23, 0.55, 0.2),
}
_T3_RATE, _T4_RATE, _NODES_RATE = 0.38, 0.05, 0.06
_TUMOUR_CATEGORIES = ((40.0, "T1a", "I"), (70.0, "T1b", "I"), (np.inf, "T2", "II"))


def mass_type_of(rng: np.random.Generator, subtype: str) -> MassType:
    """Return what a mass of a subtype is made of: fat and soft tissue (`AML`), fluid (`cystic`), or `solid`.

    Args:
        rng: Draws which clear cell carcinomas are cystic.
        subtype: One of `SUBTYPES`.
    """
    cystic = rng.random() < _CYSTIC_RATE_OF_CCRCC
    if subtype == "AML":
        return "AML"
    return "cystic" if subtype in _ALWAYS_CYSTIC or (subtype == "ccRCC" and cystic) else "solid"


def draw_grade(rng: np.random.Generator, cohort_class: CohortClass, subtype: str) -> int | None:
    """Return the ISUP grade of a clear cell or papillary carcinoma; None of any other, and where it is not known.

    Grades 3 and 4 make such a carcinoma aggressive, so no indolent one has them; an aggressive one of a lower
    grade is aggressive by invasion, necrosis or sarcomatoid change.
    """
    at = rng.random()
    if subtype not in _GRADED or cohort_class not in _GRADES:
        return None
    return 1 + int(np.searchsorted(np.cumsum(_GRADES[cohort_class])[:-1], at, side="right"))


def draw_stage(rng: np.random.Generator, cohort_class: CohortClass, size_mm: float) -> tuple[str, str | None]:
    """Return the T category and, of a malignant mass, the TNM stage.

    Up to 40 mm is T1a, up to 70 mm T1b, above T2; an aggressive mass may be T3 or T4 at any size, or have spread
    to a node (stage III at least). A benign mass has the category that its size would give it.
    """
    beyond, nodes = rng.random(2)
    category, stage = next((t, stage) for limit, t, stage in _TUMOUR_CATEGORIES if size_mm <= limit)
    if cohort_class == "aggressive":
        if beyond < _T4_RATE:
            category, stage = "T4", "IV"
        elif beyond < _T4_RATE + _T3_RATE or nodes < _NODES_RATE:
            category, stage = ("T3" if beyond < _T4_RATE + _T3_RATE else category), "III"
    return category, None if cohort_class == "benign" else stage


def draw_renal_points(rng: np.random.Generator, size_mm: float) -> dict[str, int | str]:
    """Return the points of the R.E.N.A.L. nephrometry score.

    R follows from the size. E, N, L, the side and the touch of the hilum are drawn, large masses reaching deeper;
    they follow no anatomy of the image.

    References:
        Kutikov and Uzzo 2009, J Urol 182:844, https://doi.org/10.1016/j.juro.2009.05.035.
    """
    larger = (size_mm - 45.0) / 20.0
    exophytic, near, polar = rng.standard_normal(3) + np.array([-0.3, 0.6, 0.4]) * larger
    side, hilar = rng.random(2)
    return {
        "renal_r": 1 if size_mm <= 40 else 2 if size_mm < 70 else 3,
        "renal_e": 1 + int(exophytic > -0.2) + int(exophytic > 1.1),
        "renal_n": 1 + int(near > -0.3) + int(near > 0.2),
        "renal_l": 1 + int(polar > -0.3) + int(polar > 0.5),
        "renal_a": "a" if side < 0.4 else "p" if side < 0.8 else "x",
        "renal_h": "yes" if hilar < 1 / (1 + np.exp(2.2 - 0.8 * larger)) else "no",
    }
