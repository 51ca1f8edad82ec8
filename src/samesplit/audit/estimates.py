"""How much AUC a leak would have bought: honest and leaky, with intervals, on real and on shuffled labels."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from samesplit.errors import StatisticsError
from samesplit.evaluation.binary.scores import (
    auc_method,
    auc_of,
    influence_difference,
    sizes_of,
    trained_in_folds,
)
from samesplit.statistics.auc import area_interval
from samesplit.statistics.checks import check_confidence
from samesplit.statistics.interval import Interval, cut_off

__all__ = ["Inflation", "inflation", "inflation_when_shuffled", "subject_table", "t_interval"]


@dataclass(frozen=True)
class Inflation:
    """What one leak would have bought with one kind of labels.

    Attributes:
        honest: AUC of the honest counterpart.
        leaky: AUC with the leak.
        difference: Leaky minus honest, paired.
        n: Lesions scored.
        n_positive: Positive ones among them.
    """

    honest: Interval
    leaky: Interval
    difference: Interval
    n: int
    n_positive: int


def subject_table(scores: Sequence[tuple[int, pd.DataFrame]]) -> pd.DataFrame:
    """Return the scores of several repeats as `samesplit.statistics` takes them.

    Args:
        scores: Repeat and its rows: fold, lesion_id, patient_id, label, score.
    """
    parts = [part.assign(repeat=repeat) for repeat, part in scores]
    table = pd.concat(parts, ignore_index=True)
    kept = table[["lesion_id", "patient_id", "label", "score", "repeat", "fold"]]
    cells = table.groupby(["repeat", "fold"]).ngroup()
    return kept.assign(decision=math.nan, seed=0, run=kept["repeat"], cell=cells, rank_alike=False)


def inflation(honest: pd.DataFrame, leaky: pd.DataFrame, *, confidence: float = 0.95) -> Inflation:
    """Return the two AUCs (mean over folds) and their difference, paired through the patients that they share.

    The intervals are those that such a study would print: they take the fitted models as given.

    Args:
        honest: From `subject_table`.
        leaky: Likewise; it may hold other folds of the same patients.
        confidence: Two-sided coverage.

    Raises:
        StatisticsError: No fold holds both classes.
    """
    first, second = auc_of(leaky).as_fitted(), auc_of(honest).as_fitted()
    method = _method(honest, leaky)
    found = [
        area_interval(one, sizes_of(table), method=_method(table), confidence=confidence, scale="plain")
        for one, table in ((second, honest), (first, leaky))
    ]
    lesions = honest.drop_duplicates("lesion_id")
    return Inflation(
        honest=found[0],
        leaky=found[1],
        difference=influence_difference(first, second, method=method, confidence=confidence),
        n=len(lesions),
        n_positive=int(lesions["label"].sum()),
    )


def _method(*tables: pd.DataFrame) -> str:
    """Return the variance by its name; over folds that of the models as fitted."""
    return "influence values, models as fitted" if trained_in_folds(*tables) else auc_method(*tables)


def inflation_when_shuffled(
    honest: Sequence[pd.DataFrame], leaky: Sequence[pd.DataFrame], *, confidence: float = 0.95
) -> Inflation:
    """Return the mean AUCs over shuffles of the labels, and the mean difference, with t intervals.

    Args:
        honest: One table a shuffle.
        leaky: In the same order.
        confidence: Two-sided coverage.

    Raises:
        StatisticsError: A shuffle has no fold with both classes.
    """
    first = np.array([auc_of(table).estimate for table in leaky])
    second = np.array([auc_of(table).estimate for table in honest])
    lesions = honest[0].drop_duplicates("lesion_id")
    return Inflation(
        honest=t_interval(second, confidence=confidence, bounds=(0.0, 1.0)),
        leaky=t_interval(first, confidence=confidence, bounds=(0.0, 1.0)),
        difference=t_interval(first - second, confidence=confidence, bounds=(-1.0, 1.0)),
        n=len(lesions),
        n_positive=int(lesions["label"].sum()),
    )


def t_interval(
    values: npt.NDArray[np.float64], *, confidence: float = 0.95, bounds: tuple[float, float] | None = None
) -> Interval:
    """Return the mean of independent values with Student's interval.

    Args:
        values: Shape (n,).
        confidence: Two-sided coverage.
        bounds: Where the interval is cut off.

    Returns:
        The mean; without an interval for fewer than two values or values that do not differ.

    Raises:
        StatisticsError: There is no value.

    Example:
        >>> found = t_interval(np.array([0.4, 0.5, 0.6]))
        >>> round(found.estimate, 3), round(found.ci_low, 3), round(found.ci_high, 3)
        (0.5, 0.252, 0.748)
    """
    if not len(values):
        raise StatisticsError("there is nothing to average")
    mean, method = float(values.mean()), f"t over {len(values)} shuffles"
    if len(values) < 2 or float(values.std()) < 1e-12:
        return Interval(mean, math.nan, math.nan, method, "the shuffles do not differ: no interval")
    error = float(values.std(ddof=1)) / math.sqrt(len(values))
    step = float(stats.t.isf((1 - check_confidence(confidence)) / 2, len(values) - 1)) * error
    return cut_off(mean, step, method=method, bounds=bounds)
