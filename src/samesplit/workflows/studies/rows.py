"""The rows of the comparison of studies: what each is about, and how it writes what it knows."""

from __future__ import annotations

import re
from typing import Any

import pandas as pd

__all__ = ["COMPARISON_COLUMNS", "comparison_rows", "range_of", "spoken"]

COMPARISON_COLUMNS = (
    "source", "study", "title", "cohort", "task", "modality", "lesions", "label", "quantity", "n", "n_positive",
    "estimate", "ci_low", "ci_high", "printed", "interval", "readers", "validation", "validation_type", "checked",
    "inconsistent", "flaws", "where",
)  # fmt: skip
"""One row an estimate: `source` is `published` or `run`, `cohort` is `patients` or `synthetic`, `interval` says
where the interval is from, `checked` and `inconsistent` count printed numbers that follow from others, and `flaws`
are codes with spaces between them. `lesions` are patients where a study printed no lesions."""
_NUMBERS = ("lesions", "n", "n_positive", "estimate", "ci_low", "ci_high", "checked", "inconsistent")


def comparison_rows(rows: list[dict[str, Any]]) -> pd.DataFrame:
    """Return rows as a table with all columns and their types; what a row does not say is empty.

    Example:
        >>> comparison_rows([{"source": "run", "study": "mine", "estimate": 0.8}])[["study", "estimate"]]
          study  estimate
        0  mine       0.8
    """
    table = pd.DataFrame(rows, columns=list(COMPARISON_COLUMNS), dtype="object")
    text = table.drop(columns=list(_NUMBERS)).fillna("").astype("str")
    numbers = table[list(_NUMBERS)].astype("float64")
    return pd.concat([text, numbers], axis="columns")[list(COMPARISON_COLUMNS)]


def range_of(printed: str) -> tuple[float, float] | None:
    """Return the ends of a range that is printed in the place of one number.

    Example:
        >>> range_of("0.769-0.855"), range_of("0.73")
        ((0.769, 0.855), None)
    """
    found = re.fullmatch(r"\s*(\d*\.?\d+)\s*(?:-|–|to)\s*(\d*\.?\d+)\s*", printed)
    return None if found is None else (float(found[1]), float(found[2]))


def spoken(name: str) -> str:
    """Return a name of published.csv or benchmark.yaml in words.

    Example:
        >>> spoken("malignant_vs_benign"), spoken("ROC_AUC"), spoken("DSC_median_lowest_of_5_sequences")
        ('malignant vs benign', 'AUC', 'Dice')
    """
    if name.casefold().startswith(("dice", "dsc")):
        return "Dice"
    known = {"roc_auc": "AUC", "auc": "AUC", "c_index": "C-index", "accuracy": "accuracy"}
    return known.get(name.casefold(), name.replace("_", " "))
