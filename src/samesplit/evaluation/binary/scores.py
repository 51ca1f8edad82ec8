"""Who is judged: a model or a reader, with its scores and calls on lesions of known truth.

The table of a subject has one row a score: lesion_id, patient_id, label, score, decision (0, 1 or NaN),
seed, repeat, fold, run (the repeat of a seed) and cell (the fold of a run), 0 throughout for a reader; and
rank_alike, whether the ranking does not depend on who was trained on.
"""

from __future__ import annotations

import math
from collections.abc import Hashable
from dataclasses import replace

import numpy as np
import pandas as pd

from samesplit.statistics.auc import area_interval
from samesplit.statistics.boundary import apart, exact_interval
from samesplit.statistics.cross_validated import cross_validated_auc, training_factor
from samesplit.statistics.influence import Influence
from samesplit.statistics.interval import Interval, is_degenerate, stricter, z_test
from samesplit.statistics.paired_proportions import paired_proportions
from samesplit.statistics.proportions import proportion_influence, rate_parts

__all__ = [
    "COMPARED_RATES",
    "auc_difference",
    "auc_interval_of",
    "auc_method",
    "auc_of",
    "has_both_classes",
    "influence_difference",
    "is_independent",
    "model_table",
    "ranking_is_trained",
    "rate_difference",
    "rate_of",
    "reader_table",
    "sizes_of",
    "trained_in_folds",
]

COMPARED_RATES = ("sensitivity", "specificity", "accuracy")
"""The rates whose differences are reported."""

_RIGHT_ON = {"sensitivity": (1,), "specificity": (0,), "accuracy": (0, 1)}


def model_table(decisions: pd.DataFrame, truth: pd.DataFrame, *, rank_alike: bool = False) -> pd.DataFrame:
    """Make the table of one model from its test predictions with calls.

    Args:
        decisions: Seed, repeat, fold, lesion_id, probability, decision, of one model and rater.
        truth: As `check_truth` returns it.
        rank_alike: Whether all its fitted models order lesions alike, see `rankings`.
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
            "rank_alike": rank_alike,
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
            "rank_alike": True,
        }
    )


def has_both_classes(table: pd.DataFrame) -> bool:
    """Whether at least one fold holds both classes, so that an AUC is defined."""
    return bool((table.groupby("cell")["label"].nunique() == 2).any())


def is_independent(table: pd.DataFrame) -> bool:
    """Whether each patient counts once: one lesion, one prediction."""
    return bool(table["patient_id"].is_unique)


def trained_in_folds(*tables: pd.DataFrame) -> bool:
    """Whether a subject's scores come from models of several test parts, so that training patients matter."""
    return any(training_factor(table["patient_id"], table["cell"], table["run"]) > 0 for table in tables)


def ranking_is_trained(*tables: pd.DataFrame) -> bool:
    """Whether other training patients would have given other rankings of any of the subjects."""
    return any(trained_in_folds(table) and not table["rank_alike"].all() for table in tables)


def auc_of(table: pd.DataFrame) -> Influence:
    """Estimate the AUC (mean over folds) with influence values.

    Raises:
        StatisticsError: No fold has both classes.
    """
    found = cross_validated_auc(
        table["label"],
        table["score"],
        table["patient_id"],
        table["cell"],
        repeats=table["repeat"],
        seeds=table["seed"],
    )
    return found if ranking_is_trained(table) else found.as_fitted()


def auc_interval_of(table: pd.DataFrame, *, confidence: float) -> Interval:
    """Estimate the AUC (mean over folds) with its interval.

    Raises:
        StatisticsError: No fold has both classes.
    """
    return area_interval(auc_of(table), sizes_of(table), method=auc_method(table), confidence=confidence)


def sizes_of(table: pd.DataFrame) -> list[list[tuple[int, int]]]:
    """Count the patients of both classes in every fold of every run, for intervals that need nothing else."""
    found: dict[Hashable, list[tuple[int, int]]] = {}
    for (run, _), fold in table.groupby(["run", "cell"], sort=True):
        counts = fold.groupby("label")["patient_id"].nunique()
        if len(counts) == 2:
            found.setdefault(run, []).append((int(counts[1]), int(counts[0])))
    return list(found.values())


def rate_of(table: pd.DataFrame, rate: str) -> Influence:
    """Estimate a rate over all calls with influence values, with the training part of models trained in folds.

    Raises:
        StatisticsError: Nothing to count.
    """
    above, below = rate_parts(table["label"], table["decision"], rate)
    found = proportion_influence(above, below, table["patient_id"])
    factor = training_factor(table["patient_id"], table["cell"], table["run"])
    if factor == 0:
        return found
    trained = []
    counting = table[below > 0]
    for rows in counting.groupby("repeat", sort=True).indices.values():
        places = np.flatnonzero(below > 0)[rows]
        one = proportion_influence(above[places], below[places], table["patient_id"].iloc[places])
        spread = np.zeros((4, len(found.patients)))
        spread[:, found.patients.get_indexer(one.patients)] = math.sqrt(factor) * one.parts
        trained.append(spread)
    return replace(found, trained=np.stack(trained))


def auc_method(*tables: pd.DataFrame) -> str:
    """Name the variance of an AUC or of a difference of AUCs."""
    if ranking_is_trained(*tables):
        return "influence values, test and training patients"
    if any(table["cell"].min() < table["cell"].max() for table in tables):
        return "influence values, test patients"
    return "DeLong" if all(is_independent(table) for table in tables) else "Obuchowski"


def auc_difference(first: pd.DataFrame, second: pd.DataFrame, *, confidence: float) -> Interval:
    """Test the difference of two AUCs; both tables hold the same lesions.

    Where one of them stands at its bound and the difference has no variance, it is made from the two intervals.

    Raises:
        StatisticsError: No fold has both classes.
    """
    a, b = auc_of(first), auc_of(second)
    method = auc_method(first, second)
    if is_degenerate((a - b).variance) and (is_degenerate(a.variance) or is_degenerate(b.variance)):
        made = [auc_interval_of(table, confidence=confidence) for table in (first, second)]
        return apart(*made, confidence=confidence)
    return influence_difference(a, b, method=method, confidence=confidence)


def influence_difference(
    first: Influence, second: Influence, *, method: str, confidence: float, seed_variance: float = 0.0
) -> Interval:
    """Test the difference of two estimates and carry their notes along.

    Args:
        first: One estimate.
        second: Another.
        method: The name to report.
        confidence: Two-sided coverage.
        seed_variance: Added to the variance: how the difference moves with the seeds of training.
    """
    difference = first - second
    variance = difference.variance + seed_variance
    found = z_test(difference.estimate, variance, method=method, confidence=confidence)
    note = "; ".join(part for part in (found.note, *difference.notes) if part)
    return Interval(found.estimate, found.ci_low, found.ci_high, method, note, found.p_value)


def rate_difference(first: pd.DataFrame, second: pd.DataFrame, rate: str, *, confidence: float) -> Interval:
    """Test the difference of two rates; both tables hold calls on the same lesions.

    Raises:
        StatisticsError: Nothing to count.
    """
    folds = trained_in_folds(first, second)
    if is_independent(first) and is_independent(second):
        keep = _RIGHT_ON[rate]
        a = first[first["label"].isin(keep)].set_index("lesion_id").sort_index()
        b = second[second["label"].isin(keep)].set_index("lesion_id").sort_index()
        right = (table["decision"] == table["label"] for table in (a, b))
        paired = paired_proportions(*right, confidence=confidence)
        return stricter(paired, _clustered(first, second, rate, confidence=confidence)) if folds else paired
    return _clustered(first, second, rate, confidence=confidence)


def _clustered(first: pd.DataFrame, second: pd.DataFrame, rate: str, *, confidence: float) -> Interval:
    shares = [rate_of(table, rate) for table in (first, second)]
    difference = shares[0] - shares[1]
    if is_degenerate(difference.variance) and all(share.estimate in (0.0, 1.0) for share in shares):
        counted = [_patients_below(table, rate) for table in (first, second)]
        made = [
            exact_interval(share.estimate, n, confidence=confidence)
            for share, n in zip(shares, counted, strict=True)
        ]
        return apart(*made, confidence=confidence)
    folds = trained_in_folds(first, second)
    method = "clustered Wald, test and training patients" if folds else "clustered Wald"
    return z_test(difference.estimate, difference.variance, method=method, confidence=confidence)


def _patients_below(table: pd.DataFrame, rate: str) -> int:
    """How many patients count below the line of a rate."""
    below = rate_parts(table["label"], table["decision"], rate)[1]
    return int(table["patient_id"][below > 0].nunique())
