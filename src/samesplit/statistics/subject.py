"""Who is judged: a model or a reader, with its scores and calls on lesions of known truth.

The table of a subject has one row a score: lesion_id, patient_id, label, score, decision (0, 1 or NaN),
seed, repeat, fold, run (the repeat of a seed) and cell (the fold of a run); 0 throughout for a reader.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from samesplit.statistics.cross_validated import cross_validated_auc
from samesplit.statistics.influence import Influence
from samesplit.statistics.interval import Interval, z_test
from samesplit.statistics.paired_proportions import paired_proportions
from samesplit.statistics.proportions import proportion_influence, rate_parts

__all__ = [
    "COMPARED_RATES",
    "auc_difference",
    "auc_method",
    "auc_of",
    "has_both_classes",
    "influence_difference",
    "is_independent",
    "model_table",
    "rate_difference",
    "rate_of",
    "reader_table",
]

COMPARED_RATES = ("sensitivity", "specificity", "accuracy")
"""The rates whose differences are reported."""

_RIGHT_ON = {"sensitivity": (1,), "specificity": (0,), "accuracy": (0, 1)}


def model_table(decisions: pd.DataFrame, truth: pd.DataFrame) -> pd.DataFrame:
    """Make the table of one model from its test predictions with calls.

    Args:
        decisions: Seed, repeat, fold, lesion_id, probability, decision, of one model and rater.
        truth: As `check_truth` returns it.
    """
    known = truth.loc[decisions["lesion_id"], ["patient_id", "label"]]
    return pd.DataFrame(
        {
            "lesion_id": decisions["lesion_id"].to_numpy(),
            "patient_id": known["patient_id"].to_numpy(),
            "label": known["label"].to_numpy(),
            "score": decisions["probability"].to_numpy(),
            "decision": decisions["decision"].astype("Float64").to_numpy(dtype=float, na_value=np.nan),
            "seed": decisions["seed"].to_numpy(),
            "repeat": decisions["repeat"].to_numpy(),
            "fold": decisions["fold"].to_numpy(),
            "run": decisions.groupby(["seed", "repeat"]).ngroup().to_numpy(),
            "cell": decisions.groupby(["seed", "repeat", "fold"]).ngroup().to_numpy(),
        }
    )


def reader_table(readings: pd.DataFrame, truth: pd.DataFrame) -> pd.DataFrame:
    """Make the table of one reader in one modality.

    Args:
        readings: Lesion_id, decision and score, of one reader and modality.
        truth: As `check_truth` returns it.
    """
    known = truth.loc[readings["lesion_id"], ["patient_id", "label"]]
    return pd.DataFrame(
        {
            "lesion_id": readings["lesion_id"].to_numpy(),
            "patient_id": known["patient_id"].to_numpy(),
            "label": known["label"].to_numpy(),
            "score": readings["score"].astype("Float64").to_numpy(dtype=float, na_value=np.nan),
            "decision": readings["decision"].astype("Float64").to_numpy(dtype=float, na_value=np.nan),
            "seed": 0,
            "repeat": 0,
            "fold": 0,
            "run": 0,
            "cell": 0,
        }
    )


def has_both_classes(table: pd.DataFrame) -> bool:
    """Whether at least one fold holds both classes, so that an AUC is defined."""
    return bool((table.groupby("cell")["label"].nunique() == 2).any())


def is_independent(table: pd.DataFrame) -> bool:
    """Whether each patient counts once: one lesion, one prediction."""
    return bool(table["patient_id"].is_unique)


def auc_of(table: pd.DataFrame) -> Influence:
    """Estimate the AUC (mean over folds) with influence values.

    Raises:
        StatisticsError: No fold has both classes.
    """
    return cross_validated_auc(table["label"], table["score"], table["patient_id"], table["cell"])


def rate_of(table: pd.DataFrame, rate: str) -> Influence:
    """Estimate a rate over all calls with influence values.

    Raises:
        StatisticsError: Nothing to count.
    """
    above, below = rate_parts(table["label"], table["decision"], rate)
    return proportion_influence(above, below, table["patient_id"])


def auc_method(*tables: pd.DataFrame) -> str:
    """Name the variance of an AUC or of a difference of AUCs."""
    if any(table["cell"].min() < table["cell"].max() for table in tables):
        return "influence values, mean over folds"
    return "DeLong" if all(is_independent(table) for table in tables) else "Obuchowski"


def auc_difference(first: pd.DataFrame, second: pd.DataFrame, *, confidence: float) -> Interval:
    """Test the difference of two AUCs; both tables hold the same lesions.

    Raises:
        StatisticsError: No fold has both classes.
    """
    method = auc_method(first, second)
    return influence_difference(auc_of(first), auc_of(second), method=method, confidence=confidence)


def influence_difference(first: Influence, second: Influence, *, method: str, confidence: float) -> Interval:
    """Test the difference of two estimates and carry their notes along."""
    difference = first - second
    found = z_test(difference.estimate, difference.variance, method=method, confidence=confidence)
    note = "; ".join(part for part in (found.note, *difference.notes) if part)
    return Interval(found.estimate, found.ci_low, found.ci_high, method, note, found.p_value)


def rate_difference(first: pd.DataFrame, second: pd.DataFrame, rate: str, *, confidence: float) -> Interval:
    """Test the difference of two rates; both tables hold calls on the same lesions.

    Raises:
        StatisticsError: Nothing to count.
    """
    if is_independent(first) and is_independent(second):
        keep = _RIGHT_ON[rate]
        a = first[first["label"].isin(keep)].set_index("lesion_id").sort_index()
        b = second[second["label"].isin(keep)].set_index("lesion_id").sort_index()
        return paired_proportions(
            a["decision"] == a["label"], b["decision"] == b["label"], confidence=confidence
        )
    difference = rate_of(first, rate) - rate_of(second, rate)
    method = "clustered Wald"
    return z_test(difference.estimate, difference.variance, method=method, confidence=confidence)
