"""The standing of entries that were judged one by one: their tables, each two compared, and what follows from it.

A run judges its models together, on the lesions that all of them predicted. The entries of a board all predict
every tested lesion, so each can be judged by itself and each two compared by themselves, with the numbers that one
evaluation of all of them would have.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from samesplit.errors import StatisticsError
from samesplit.evaluation.binary.judging import tables_by_model
from samesplit.evaluation.binary.model_comparison import AUC
from samesplit.evaluation.binary.rankings import rank_alike
from samesplit.evaluation.claims import ClaimRules, add_claims
from samesplit.evaluation.comparison import Measure, compare_pair
from samesplit.evaluation.multiclass.scores import MACRO_AUC, classes_rank_alike
from samesplit.evaluation.multiclass.scores import model_table as class_model_table
from samesplit.evaluation.multiclass.validation import check_class_predictions, check_class_truth
from samesplit.evaluation.options import EvaluationOptions
from samesplit.evaluation.survival.scores import C_INDEX
from samesplit.evaluation.survival.scores import model_table as survival_model_table
from samesplit.evaluation.survival.validation import check_risk_predictions, check_survival_truth
from samesplit.evaluation.task import evaluate_task
from samesplit.evaluation.validation import check_predictions, check_truth
from samesplit.tasks import BinaryTask, MulticlassTask, SurvivalTask, Task

__all__ = ["PairKey", "compare_entries", "entry_results", "entry_table", "measure_of", "with_claims"]

PairKey = tuple[str, str]
"""The names of two entries; the difference is the first minus the second."""

_MEASURES: dict[str, Measure] = {"binary": AUC, "multiclass": MACRO_AUC, "survival": C_INDEX}


def measure_of(task: Task) -> Measure:
    """Return what entries of a task are ranked and compared by.

    Args:
        task: Of two classes, of several, or of a time to an event.

    Raises:
        StatisticsError: A task of masks.

    Example:
        >>> measure_of(SurvivalTask(question="How long?", time="months", event="died")).name
        'c_index'
    """
    try:
        return _MEASURES[task.kind]
    except KeyError:
        raise StatisticsError(
            f"entries of a task of the kind '{task.kind}' are not ranked",
            remedy="masks are files beside a table: join them with samesplit compare, whose report ranks them",
        ) from None


def entry_results(
    task: Task, predictions: pd.DataFrame, truth: pd.DataFrame, options: EvaluationOptions
) -> pd.DataFrame:
    """Judge one entry by itself, as `evaluate_task` does.

    Args:
        task: What was asked.
        predictions: Of one model, in the schema of the task.
        truth: As for `evaluate_task`.
        options: How.

    Returns:
        The rows of results of the test part.

    Raises:
        StatisticsError: The truth or an option is not usable.
        PredictionsError: The predictions do not fit the truth.
    """
    results = evaluate_task(task, predictions, truth, options).results
    return results[results["subset"] == "test"].reset_index(drop=True)


def entry_table(task: Task, predictions: pd.DataFrame, truth: pd.DataFrame) -> pd.DataFrame:
    """Make the table of one entry that `compare_entries` takes.

    Args:
        task: What was asked.
        predictions: Of one model and rater, in the schema of the task; every tested lesion in every fold.
        truth: Indexed by lesion_id: patient_id, label and, of a survival task, time.

    Returns:
        One row a test prediction, see `binary.scores`, `multiclass.scores` and `survival.scores`.

    Raises:
        StatisticsError: The truth is not usable, or it is a task of masks.
        PredictionsError: The predictions do not fit the truth.
    """
    measure_of(task)
    if isinstance(task, BinaryTask):
        known = check_truth(truth)
        table = check_predictions(predictions, known)
        alike = {str(m) for m, part in table.groupby("model") if rank_alike(part)}
        called = table[table["subset"] == "test"].assign(decision=np.nan)
        return next(iter(tables_by_model(called, known, alike=alike).values()))
    if isinstance(task, MulticlassTask):
        known = check_class_truth(truth, task.classes)
        table = check_class_predictions(predictions, known, task.classes)
        same = classes_rank_alike(table, len(task.classes))
        return class_model_table(table[table["subset"] == "test"], known, len(task.classes), alike=same)
    assert isinstance(task, SurvivalTask)  # of masks there is no measure
    known = check_survival_truth(truth)
    table = check_risk_predictions(predictions, known)
    same = rank_alike(table.rename(columns={"risk": "probability"}))
    return survival_model_table(table[table["subset"] == "test"], known, alike=same)


def compare_entries(
    tables: Mapping[str, pd.DataFrame], task: Task, pairs: Sequence[PairKey], *, confidence: float = 0.95
) -> Iterator[tuple[PairKey, dict[str, Any]]]:
    """Compare pairs of entries, each by itself; what is known of an entry is computed once.

    Args:
        tables: The table of each entry by its name, see `entry_table`.
        task: What was asked.
        pairs: Which two are compared.
        confidence: Two-sided coverage.

    Yields:
        The pair, and what `comparison.compare_pair` says of it.
    """
    measure = _once(measure_of(task))
    for first, second in pairs:
        yield (first, second), compare_pair(tables[first], tables[second], measure, confidence=confidence)


def with_claims(
    pairs: pd.DataFrame, measure: Measure, *, confidence: float = 0.95, rules: ClaimRules
) -> pd.DataFrame:
    """Add to compared pairs what may be claimed of them; all pairs make one family.

    Args:
        pairs: model_a, model_b, difference and p_value.
        measure: What was compared.
        confidence: Of the intervals.
        rules: How p-values are adjusted; see `claims`.

    Returns:
        The pairs with p_adjusted, claim and false_claim_probability.
    """
    if pairs.empty:
        return pairs.assign(p_adjusted=math.nan, claim="", false_claim_probability=math.nan)
    rows = pairs.rename(columns={"model_a": "model", "model_b": "reference", "difference": "estimate"})
    rows = rows.assign(quantity=f"{measure.name}_difference", group="all")
    claimed = add_claims(rows, confidence=confidence, rules=rules)
    return pairs.assign(
        **{name: claimed[name] for name in ("p_adjusted", "claim", "false_claim_probability")}
    )


@dataclass(frozen=True)
class _Remembered:
    """A function of a table that is asked again and again for the same few tables."""

    function: Callable[..., Any]
    known: dict[tuple[int, tuple[Any, ...]], tuple[pd.DataFrame, Any]]

    def __call__(self, table: pd.DataFrame, *others: Any) -> Any:
        key = (id(table), others)
        if key not in self.known:
            self.known[key] = (
                table,
                self.function(table, *others),
            )  # the table is held, so its id stays its own
        return self.known[key][1]


def _once(measure: Measure) -> Measure:
    """Return a measure that computes what depends on one entry alone only once."""
    parts = (measure.estimate, measure.interval, measure.by_fold, measure.is_defined)
    estimate, interval, by_fold, is_defined = (_Remembered(part, {}) for part in parts)
    return replace(measure, estimate=estimate, interval=interval, by_fold=by_fold, is_defined=is_defined)
