"""The same fitted models on the masks of another rater, beside themselves on the masks that they learnt from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from samesplit.evaluation.chain.arms import FIT, Arms, read_arms
from samesplit.evaluation.comparison import measured_difference
from samesplit.evaluation.options import EvaluationOptions
from samesplit.statistics.checks import check_confidence
from samesplit.statistics.icc import icc
from samesplit.statistics.interval import Interval
from samesplit.statistics.multiplicity import holm
from samesplit.statistics.patient_summaries import paired_mean
from samesplit.tasks import ClassificationTask

__all__ = ["RATERS", "RATER_COLUMNS", "evaluate_raters"]

RATERS = "raters"
"""The name of the table."""

RATER_COLUMNS = [
    "rater",
    "model",
    "quantity",
    "estimate",
    "ci_low",
    "ci_high",
    "p_value",
    "p_adjusted",
    "n",
    "n_patients",
    "method",
    "note",
]

Rows = Iterator[tuple[str, Interval]]


def evaluate_raters(
    task: ClassificationTask, predictions: pd.DataFrame, truth: pd.DataFrame, options: EvaluationOptions
) -> pd.DataFrame:
    """Compare each model on another rater's masks with itself on those of the primary rater.

    Nothing is fitted again, and thresholds come from the validation predictions on the primary rater's masks. Only
    lesions that have a prediction under both raters count.

    Args:
        task: The classification.
        predictions: Its predictions under all raters' masks, with those of the validation part.
        truth: Indexed by lesion_id: patient_id, label.
        options: `primary_rater`, confidence and operating point are used.

    Returns:
        A row a rater, model and quantity: `auc_primary`, `auc_rater` and `auc_difference` (the rater's minus the
        primary's; of several classes the macro average), `accuracy_difference`, of two classes
        `sensitivity_difference` and `specificity_difference`, and `icc`, the ICC(A,1) of the probability (of
        several classes `icc <class>`) between the two raters' masks. P values of the differences in AUC are
        adjusted by Holm's method over models and raters. Empty where no model has predictions under another rater.
    """
    confidence = check_confidence(options.confidence)
    primary = options.primary_rater
    others = sorted(set(predictions["rater"]) - {primary})
    nothing = pd.DataFrame(columns=RATER_COLUMNS)
    if primary is None or not others:
        return nothing
    test = predictions[predictions["subset"] == "test"]
    rescored = test[test["rater"].isin(others)].assign(segmentation=lambda table: table["rater"])
    if rescored.empty:
        return nothing
    arms = read_arms(task, predictions, rescored, truth, replace(options, primary_rater=primary))
    rows: list[dict[str, Any]] = []
    key = [*FIT, "lesion_id"]
    for (rater, model), mine in arms.predicted.groupby(["segmentation", "model"], sort=True):
        own = arms.manual[arms.manual["model"] == model]
        both = own.merge(mine[key], on=key).sort_values(key, ignore_index=True)
        other = mine.merge(own[key], on=key).sort_values(key, ignore_index=True)
        if both.empty:
            continue
        patients = arms.truth["patient_id"].reindex(both["lesion_id"])
        rows += [
            {
                "rater": rater,
                "model": model,
                "quantity": quantity,
                "estimate": found.estimate,
                "ci_low": found.ci_low,
                "ci_high": found.ci_high,
                "p_value": found.p_value,
                "n": both["lesion_id"].nunique(),
                "n_patients": patients.nunique(),
                "method": found.method,
                "note": found.note,
            }
            for quantity, found in _quantities(task, arms, both, other, confidence)
        ]
    table = pd.DataFrame(rows, columns=[name for name in RATER_COLUMNS if name != "p_adjusted"])
    of_auc = table["quantity"] == "auc_difference"
    adjusted = table["p_value"].astype("float64").where(of_auc)
    return table.assign(p_adjusted=adjusted.groupby(of_auc).transform(holm))[RATER_COLUMNS]


def _quantities(
    task: ClassificationTask, arms: Arms, own: pd.DataFrame, other: pd.DataFrame, confidence: float
) -> Rows:
    """Yield what a model's predictions on both masks come to; both tables have the same rows."""
    tables = arms.table(own), arms.table(other)
    if arms.measure.is_defined(tables[0]):
        for name, table in zip(("auc_primary", "auc_rater"), tables, strict=True):
            yield name, arms.measure.interval(table, confidence)
        yield "auc_difference", measured_difference(tables[1], tables[0], arms.measure, confidence=confidence)
    yield from _changed_calls(arms, own, other, confidence)
    columns = {"icc": "probability"}
    if arms.n_classes > 2:
        columns = {f"icc {name}": f"p{number}" for number, name in enumerate(task.classes)}
    for name, column in columns.items():
        yield name, _agreement(own, other, column, confidence)


def _changed_calls(arms: Arms, own: pd.DataFrame, other: pd.DataFrame, confidence: float) -> Rows:
    """Yield how many more (or fewer) calls are right on the other rater's masks."""
    called = (own["decision"].notna() & other["decision"].notna()).to_numpy()
    if not called.any():
        return
    lesions = own.loc[called, "lesion_id"]
    known = arms.truth.loc[lesions]
    right = [
        table.loc[called, "decision"].astype("Int64").to_numpy(np.int64) == known["label"].to_numpy()
        for table in (own, other)
    ]
    each = pd.DataFrame(
        {
            "lesion_id": lesions.to_numpy(),
            "patient_id": known["patient_id"].to_numpy(),
            "label": known["label"].to_numpy(),
            "more": right[1].astype(float) - right[0].astype(float),
        }
    )
    each = each.groupby(["lesion_id", "patient_id", "label"])["more"].mean().reset_index()
    parts = {"accuracy": each}
    if arms.n_classes == 2:
        parts |= {"sensitivity": each[each["label"] == 1], "specificity": each[each["label"] == 0]}
    for name, part in parts.items():
        if len(part):
            more, patients = part["more"].to_numpy(), part["patient_id"].to_numpy()
            yield f"{name}_difference", paired_mean(more, patients, confidence=confidence, largest=1.0)


def _agreement(own: pd.DataFrame, other: pd.DataFrame, column: str, confidence: float) -> Interval:
    """Return the ICC of a probability between two raters' masks, repeats and seeds averaged for each lesion."""
    means = [table.groupby("lesion_id", sort=True)[column].mean().to_numpy() for table in (own, other)]
    found = icc(np.column_stack(means), form="ICC(A,1)", confidence=confidence)
    low, high = float(found.ci_low), float(found.ci_high)
    note = "" if np.isfinite(found.estimate) else "all lesions have the same probability"
    return Interval(float(found.estimate), low, high, "ICC(A,1)", note)
