"""The evaluation of predicted masks: Dice of each lesion in, mean Dice with intervals out.

The overlap of each predicted mask with the rater's is measured where the images are (in the run); what comes here
is one number a lesion and sequence.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from samesplit.errors import PredictionsError, StatisticsError
from samesplit.evaluation.binary.evaluate import RESULT_COLUMNS, Evaluation
from samesplit.evaluation.groups import Group, grouping_columns, values_of_columns
from samesplit.evaluation.options import EvaluationOptions
from samesplit.evaluation.validation import common_units
from samesplit.statistics.bootstrap import PatientBootstrap
from samesplit.statistics.checks import check_confidence
from samesplit.statistics.interval import Interval
from samesplit.tables import RESULTS, check_table
from samesplit.tasks import SegmentationTask

__all__ = ["OVERLAP", "evaluate_masks"]

OVERLAP = "overlap"
"""The name of the table of overlaps among the details that an evaluation is given."""
_FEWEST_PATIENTS = 2


def evaluate_masks(
    task: SegmentationTask, predictions: pd.DataFrame, truth: pd.DataFrame, options: EvaluationOptions
) -> Evaluation:
    """Judge the predicted masks of all models on the same test lesions.

    A lesion counts once: its Dice is the mean over sequences, seeds and the folds in which it is tested. The
    interval comes from drawing patients with replacement.

    Args:
        task: What was asked.
        predictions: Model, seed, repeat, fold, subset, rater, lesion_id, sequence, mask.
        truth: Indexed by lesion_id: patient_id and columns to group by.
        options: How; `details["overlap"]` has the column `dice` beside those of the predictions.

    Returns:
        The tables: results with the quantity `dice`, and `tables["overlap"]` with the Dice of each lesion and
        sequence; all others are empty.

    Raises:
        StatisticsError: The overlaps are not there.
        PredictionsError: No test lesion was predicted by all models.
    """
    confidence = check_confidence(options.confidence)
    if OVERLAP not in options.details:
        raise StatisticsError("the overlaps of the masks were not measured", where="segmentation")
    overlap = options.details[OVERLAP]
    test = overlap[overlap["subset"] == "test"]
    if options.primary_rater is not None:
        test = test[test["rater"] == options.primary_rater]
    if test.empty:
        raise PredictionsError("no predictions of the subset 'test'", where="predictions")
    first = test["sequence"] == test.groupby("lesion_id")["sequence"].transform("min")
    _, notes = common_units(test[first])
    common = _of_all_models(test)
    rows = []
    for model, part in common.groupby("model", sort=True):
        lesions = part.groupby("lesion_id")["dice"].mean()
        for group, members in _groups(truth, lesions, options, notes):
            rows.append(_row(str(model), group, lesions.loc[members], truth, options, confidence))
    nothing = pd.DataFrame()
    return Evaluation(
        results=check_table(pd.DataFrame(rows)[RESULT_COLUMNS], RESULTS),
        curves={},
        thresholds=nothing,
        confusion=nothing,
        decisions=nothing,
        pairs=nothing,
        folds=nothing,
        summaries={},
        notes=tuple(dict.fromkeys(notes)),
        tables={OVERLAP: common.reset_index(drop=True)},
    )


def _of_all_models(test: pd.DataFrame) -> pd.DataFrame:
    """Return the lesions and sequences that every model has a mask of."""
    unit = ["repeat", "fold", "lesion_id", "sequence"]
    models = test["model"].nunique()
    return test[test.groupby(unit)["model"].transform("nunique") == models]


def _groups(
    truth: pd.DataFrame, lesions: pd.Series[float], options: EvaluationOptions, notes: list[str]
) -> list[tuple[Group, pd.Index[str]]]:
    """All lesions, then each value of the columns that results are grouped by."""
    columns = grouping_columns(truth, options.groups)
    names = pd.Series(lesions.index, dtype="str")
    return [(Group(), lesions.index), *values_of_columns(truth, names, columns, notes=notes)]


def _row(
    model: str,
    group: Group,
    lesions: pd.Series[float],
    truth: pd.DataFrame,
    options: EvaluationOptions,
    confidence: float,
) -> dict[str, Any]:
    """Return the mean Dice of a model in a group of lesions."""
    found = _mean_dice(lesions, truth["patient_id"].loc[lesions.index], options, confidence)
    return {
        "quantity": "dice",
        "model": model,
        "reference": "",
        "subset": "test",
        "group": group.name,
        "estimate": found.estimate,
        "ci_low": found.ci_low,
        "ci_high": found.ci_high,
        "p_value": math.nan,
        "p_adjusted": math.nan,
        "claim": "",
        "n": len(lesions),
        "n_positive": 0,
        "method": found.method,
        "note": found.note,
    }


def _mean_dice(
    lesions: pd.Series[float], patients: pd.Series[str], options: EvaluationOptions, confidence: float
) -> Interval:
    """Return the mean over lesions, with the interval of a bootstrap over patients."""
    sums = lesions.groupby(patients).agg(["sum", "size"]).sort_index()
    total, count = (sums[name].to_numpy(dtype=np.float64) for name in ("sum", "size"))
    if len(sums) < _FEWEST_PATIENTS or options.n_bootstrap == 0:
        return Interval(float(lesions.mean()), math.nan, math.nan, "mean", "too few patients for an interval")

    def mean(weights: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        return np.asarray((weights @ total) / (weights @ count), dtype=np.float64)

    rng = np.random.default_rng(options.seed)
    drawn = rng.multinomial(len(sums), np.full(len(sums), 1 / len(sums)), size=options.n_bootstrap)
    return PatientBootstrap(drawn.astype(np.float64), 0).interval(mean, confidence=confidence)
