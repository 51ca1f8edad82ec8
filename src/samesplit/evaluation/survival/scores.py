"""The table of one model of a survival task, and its main quantity with influence values.

The table has one row a prediction: lesion_id, patient_id, label (whether the event was seen), time, score (the
risk), seed, repeat, fold, run (the repeat of a seed), cell (the fold of a run) and rank_alike.
"""

from __future__ import annotations

import math
from dataclasses import replace

import pandas as pd

from samesplit.errors import StatisticsError
from samesplit.evaluation.binary.scores import ranking_is_trained
from samesplit.evaluation.comparison import Measure
from samesplit.statistics.influence import Influence
from samesplit.statistics.interval import Interval
from samesplit.statistics.survival.censoring import uno_weights
from samesplit.statistics.survival.cross_validated_concordance import (
    concordance_interval,
    concordance_sizes,
    cross_validated_concordance,
    fold_concordances,
)

__all__ = ["C_INDEX", "c_index_interval", "c_index_of", "can_be_compared", "model_table", "uno_interval"]


def model_table(predictions: pd.DataFrame, truth: pd.DataFrame, *, alike: bool = False) -> pd.DataFrame:
    """Make the table of one model from its test predictions.

    Args:
        predictions: Seed, repeat, fold, lesion_id, risk, of one model and rater.
        truth: Indexed by lesion_id: patient_id, label, time.
        alike: Whether all fitted models order lesions alike, see `binary.rankings`.
    """
    known = truth.loc[predictions["lesion_id"], ["patient_id", "label", "time"]]
    return pd.DataFrame(
        {
            "lesion_id": predictions["lesion_id"].to_numpy(),
            "patient_id": known["patient_id"].to_numpy(),
            "label": known["label"].to_numpy(),
            "time": known["time"].to_numpy(),
            "score": predictions["risk"].to_numpy(),
            "seed": predictions["seed"].to_numpy(),
            "repeat": predictions["repeat"].to_numpy(),
            "fold": predictions["fold"].to_numpy(),
            "run": predictions.groupby(["seed", "repeat"]).ngroup().to_numpy(),
            "cell": predictions.groupby(["seed", "repeat", "fold"]).ngroup().to_numpy(),
            "rank_alike": alike,
        }
    )


def can_be_compared(table: pd.DataFrame) -> bool:
    """Whether at least one fold holds two lesions whose order is known, so that an index is defined."""
    return bool(_by_fold(table).notna().any())


def c_index_of(table: pd.DataFrame) -> Influence:
    """Estimate Harrell's concordance index (mean over folds) with influence values.

    Args:
        table: Of a model.

    Raises:
        StatisticsError: In no fold can two lesions be compared.
    """
    found = cross_validated_concordance(
        table["time"],
        table["label"],
        table["score"],
        table["patient_id"],
        table["cell"],
        repeats=table["repeat"],
        seeds=table["seed"],
    )
    return found if ranking_is_trained(table) else found.as_fitted()


def c_index_interval(table: pd.DataFrame, *, confidence: float, as_fitted: bool = False) -> Interval:
    """Estimate Harrell's concordance index with its interval, on the logit scale.

    Args:
        table: Of a model.
        confidence: Two-sided coverage.
        as_fitted: Whether to take the fitted models as given.

    Raises:
        StatisticsError: In no fold can two lesions be compared.
    """
    found = c_index_of(table)
    found = found.as_fitted() if as_fitted else found
    sizes = concordance_sizes(table["time"], table["label"], table["patient_id"], table["cell"], table["run"])
    method = "jackknife, test patients, models as fitted" if as_fitted else _method(table)
    return concordance_interval(found, sizes, method=method, confidence=confidence)


def uno_interval(table: pd.DataFrame, *, confidence: float) -> Interval:
    """Estimate Uno's concordance index (mean over folds) with its interval, on the logit scale.

    Pairs count up to the time that a tenth of the lesions reach, beyond which weights grow without bound; the
    censored share comes from all lesions, and the variance takes it as known.

    Args:
        table: Of a model.
        confidence: Two-sided coverage.

    Returns:
        The index; NaN with a note where no two lesions can be compared up to that time.
    """
    lesions = table.drop_duplicates("lesion_id").set_index("lesion_id")
    until = float(lesions["time"].quantile(0.9, interpolation="higher"))
    known = uno_weights(lesions["time"], lesions["label"], until=until)
    weights = pd.Series(known, index=lesions.index)[table["lesion_id"]].to_numpy()
    method = f"Uno, {_method(table)}"
    try:
        found = cross_validated_concordance(
            table["time"],
            table["label"],
            table["score"],
            table["patient_id"],
            table["cell"],
            repeats=table["repeat"],
            seeds=table["seed"],
            weights=weights,
        )
    except StatisticsError:
        note = f"no two lesions can be compared before {until:g}, which a tenth of them reach: not defined"
        return Interval(math.nan, math.nan, math.nan, method, note)
    found = found if ranking_is_trained(table) else found.as_fitted()
    sizes = concordance_sizes(table["time"], table["label"], table["patient_id"], table["cell"], table["run"])
    made = concordance_interval(found, sizes, method=method, confidence=confidence)
    note = "; ".join(part for part in (f"pairs up to {until:g}", made.note) if part)
    return replace(made, note=note)


def _method(*tables: pd.DataFrame) -> str:
    """Name the variance of an index, or of a difference of two."""
    return f"jackknife, test {'and training ' if ranking_is_trained(*tables) else ''}patients"


def _by_fold(table: pd.DataFrame) -> pd.Series[float]:
    return fold_concordances(table["time"], table["label"], table["score"], table["cell"])


C_INDEX = Measure(
    name="c_index",
    estimate=c_index_of,
    interval=lambda table, confidence: c_index_interval(table, confidence=confidence),
    by_fold=_by_fold,
    method=_method,
    is_defined=can_be_compared,
    n_positive=lambda labels: int(labels.sum()),
    undefined="in no fold that is common to the two can two lesions be compared",
)
"""Harrell's concordance index."""
