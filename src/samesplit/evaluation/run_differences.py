"""The same model in two runs: paired differences of the main quantity on the lesions that both predicted."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd

from samesplit.errors import StatisticsError
from samesplit.evaluation.binary.judging import tables_by_model
from samesplit.evaluation.binary.model_comparison import AUC
from samesplit.evaluation.binary.rankings import rank_alike
from samesplit.evaluation.claims import add_claims
from samesplit.evaluation.comparison import Measure, compare_models, on_same_units
from samesplit.evaluation.multiclass.scores import (
    MACRO_AUC,
    classes_rank_alike,
    probabilities_of,
)
from samesplit.evaluation.multiclass.scores import model_table as class_model_table
from samesplit.evaluation.multiclass.validation import check_class_predictions, check_class_truth
from samesplit.evaluation.survival.scores import C_INDEX
from samesplit.evaluation.survival.scores import model_table as risk_model_table
from samesplit.evaluation.survival.validation import check_risk_predictions, check_survival_truth
from samesplit.evaluation.validation import check_predictions, check_truth
from samesplit.tasks import TaskKind

__all__ = ["COMPARED_KINDS", "run_differences"]

Tables = dict[str, pd.DataFrame]

COMPARED_KINDS: tuple[TaskKind, ...] = ("binary", "multiclass", "survival")
"""The kinds of task whose main quantity is compared between runs."""

_COLUMNS = [
    "model", "n", "n_positive", "first", "second", "difference", "ci_low", "ci_high", "p_value", "p_adjusted",
    "claim", "false_claim_probability", "same_predictions", "method", "note",
]  # fmt: skip


def run_differences(
    first: pd.DataFrame,
    second: pd.DataFrame,
    truth: pd.DataFrame,
    *,
    kind: TaskKind,
    classes: Sequence[str] = (),
    rater: str,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Compare every model that stands in two runs with itself, the second run minus the first.

    The two runs have the same frozen split, so the fold of a lesion is the same in both. Variance, tests and
    claims are those of two models of one run: P is adjusted by Holm's method over all models that are compared.

    Args:
        first: Predictions of the first run, of the schema of the task.
        second: Of the second run.
        truth: Indexed by lesion_id: patient_id, label (the number of the class, or whether the event was seen) and
            for survival the time.
        kind: Of the task; one of `COMPARED_KINDS`.
        classes: The names of the classes by number, of a task with several.
        rater: Whose masks the main results are of.
        confidence: Two-sided coverage of the intervals.

    Returns:
        One row a model: n, n_positive, the quantity in the first and in the second run on the lesions that both
        predicted, their difference with interval, p_value, p_adjusted, claim and the probability of a false
        claim, and whether the predictions are the same in both runs. Empty where no model stands in both.

    Raises:
        StatisticsError: The kind of task has no main quantity that can be compared, or the truth is not usable.
        PredictionsError: Predictions do not fit the truth.
    """
    if kind not in COMPARED_KINDS:
        raise StatisticsError(f"differences between runs are not computed for tasks of the kind {kind!r}")
    measure, sides = _sides(first, second, truth, kind, classes, rater)
    rows = []
    for model in (name for name in sides[0] if name in sides[1]):
        pair = {"first": sides[0][model], "second": sides[1][model]}
        (row,) = compare_models(pair, measure, reference="first", confidence=confidence).to_dict("records")
        same = _same(*on_same_units(pair["first"], pair["second"]))
        if same:  # nothing varies, and there is nothing to test
            row |= {
                "ci_low": math.nan,
                "ci_high": math.nan,
                "p_value": math.nan,
                "method": "none",
                "note": "",
            }
        values = {"second": row[f"{measure.name}_a"], "first": row[f"{measure.name}_b"]}
        rows.append(row | values | {"model": model, "same_predictions": same})
    if not rows:
        return pd.DataFrame(columns=_COLUMNS)
    table = pd.DataFrame(rows).drop(columns=["p_adjusted", "claim", "false_claim_probability"])
    as_results = table.assign(
        quantity=f"{measure.name}_difference",
        reference="first run",
        group="all",
        estimate=table["difference"],
    )
    return add_claims(as_results, confidence=confidence)[_COLUMNS]


def _sides(
    first: pd.DataFrame,
    second: pd.DataFrame,
    truth: pd.DataFrame,
    kind: TaskKind,
    classes: Sequence[str],
    rater: str,
) -> tuple[Measure, tuple[Tables, Tables]]:
    """Return what is compared, and the table of each model in both runs."""
    if kind == "binary":
        known = check_truth(truth)
        return AUC, (_binary(first, known, rater), _binary(second, known, rater))
    if kind == "multiclass":
        known = check_class_truth(truth, classes)
        return MACRO_AUC, (
            _multiclass(first, known, classes, rater),
            _multiclass(second, known, classes, rater),
        )
    known = check_survival_truth(truth)
    return C_INDEX, (_survival(first, known, rater), _survival(second, known, rater))


def _of(table: pd.DataFrame, rater: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the predictions with one rater's masks, and those of the test part among them."""
    own = table[table["rater"] == rater]
    return own, own[own["subset"] == "test"]


def _binary(predictions: pd.DataFrame, truth: pd.DataFrame, rater: str) -> Tables:
    own, test = _of(check_predictions(predictions, truth), rater)
    alike = {str(model) for model, part in own.groupby("model") if rank_alike(part)}
    uncalled = test.assign(decision=math.nan)  # the AUC needs no calls
    return tables_by_model(uncalled, truth, alike=alike)


def _multiclass(predictions: pd.DataFrame, truth: pd.DataFrame, classes: Sequence[str], rater: str) -> Tables:
    own, test = _of(check_class_predictions(predictions, truth, classes), rater)
    n = len(classes)
    alike = {str(model) for model, part in own.groupby("model") if classes_rank_alike(part, n)}
    return {
        str(model): class_model_table(part, truth, n, alike=str(model) in alike)
        for model, part in test.groupby("model", sort=True)
    }


def _survival(predictions: pd.DataFrame, truth: pd.DataFrame, rater: str) -> Tables:
    own, test = _of(check_risk_predictions(predictions, truth), rater)
    renamed = own.rename(columns={"risk": "probability"})
    alike = {str(model) for model, part in renamed.groupby("model") if rank_alike(part)}
    return {
        str(model): risk_model_table(part, truth, alike=str(model) in alike)
        for model, part in test.groupby("model", sort=True)
    }


def _same(first: pd.DataFrame, second: pd.DataFrame) -> bool:
    """Whether two tables hold the same predictions of the same lesions, but for last digits."""
    key = ["seed", "repeat", "fold", "lesion_id"]
    a, b = (table.sort_values(key, ignore_index=True) for table in (first, second))
    if not a[key].equals(b[key]):
        return False
    values = [_predicted(table) for table in (a, b)]
    return bool(np.allclose(values[0], values[1], rtol=1e-9, atol=0))


def _predicted(table: pd.DataFrame) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    return table["score"].to_numpy(dtype=np.float64) if "score" in table else probabilities_of(table)
