"""Numbers of Xiong 2025 that several of its rules and findings read."""

from __future__ import annotations

import pandas as pd

from samesplit.reproduction.relations import Where, locate

__all__ = ["CLASSES", "COHORTS", "HOSPITALS", "class_counts", "n_where"]

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
