"""Numbers of Xiong 2025 that several of its rules and findings read."""

from __future__ import annotations

import pandas as pd

from samesplit.reproduction.numbers import PrintedNumber
from samesplit.reproduction.relations import Where, locate

__all__ = ["CLASSES", "COHORTS", "HOSPITALS", "class_counts", "n_where", "survival_rates"]

COHORTS = ("train", "internal", "external", "prospective", "TCIA")
CLASSES = ("benign-indolent", "malignant-indolent", "malignant-aggressive", "indeterminate")
HOSPITALS = "six Chinese hospitals"


def n_where(name: str, cohort: str) -> Where:
    """Say where a count stands.

    Args:
        name: What is counted.
        cohort: In which cohort.
    """
    return {"model_or_reader": name, "cohort_split": cohort, "metric": "n"}


def class_counts(published: pd.DataFrame, cohort: str) -> dict[str, float]:
    """Return the patients of each class, as far as they are printed.

    Args:
        published: Rows of the study.
        cohort: One of `COHORTS`.
    """
    found = {name: locate(published, n_where(name, cohort)) for name in CLASSES}
    return {name: one.number for name, one in found.items() if one is not None and one.number is not None}


def survival_rates(
    published: pd.DataFrame, cohort: str, outcome: str
) -> tuple[PrintedNumber, PrintedNumber] | None:
    """Return the 5-year rates of patients called aggressive and of those called indolent by the model.

    Args:
        published: Rows of the study.
        cohort: As in the column `cohort_split`.
        outcome: "DSS", "RFS" or "OS".
    """
    rates = [
        locate(
            published, {"cohort_split": cohort, "model_or_reader": f"AI {group}", "metric": f"5y_{outcome}"}
        )
        for group in ("aggressive", "indolent")
    ]
    return None if rates[0] is None or rates[1] is None else (rates[0], rates[1])
