"""The two arms of the chain: the calls of the same classifiers on manual and on predicted masks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from samesplit.evaluation.binary.model_comparison import AUC
from samesplit.evaluation.binary.operating_point import apply_thresholds, choose_thresholds
from samesplit.evaluation.binary.rankings import rank_alike
from samesplit.evaluation.binary.scores import model_table
from samesplit.evaluation.comparison import Measure
from samesplit.evaluation.multiclass.scores import MACRO_AUC, classes_rank_alike
from samesplit.evaluation.multiclass.scores import model_table as class_model_table
from samesplit.evaluation.multiclass.validation import check_class_predictions, check_class_truth
from samesplit.evaluation.options import EvaluationOptions
from samesplit.evaluation.validation import check_predictions, check_truth, choose_rater
from samesplit.statistics.multiclass_metrics import call_classes
from samesplit.tasks import ClassificationTask, MulticlassTask

__all__ = ["FIT", "Arms", "read_arms"]

FIT = ["model", "seed", "repeat", "fold"]


@dataclass(frozen=True)
class Arms:
    """Calls on manual and on predicted masks.

    Attributes:
        manual: Test rows of the primary rater: `FIT`, lesion_id, decision, and `probability` or a column a class.
        predicted: The same on predicted masks, with `segmentation`, the model that drew them.
        truth: Indexed by lesion_id: patient_id, label.
        n_classes: How many classes there are; 2 of a binary task.
        rank_alike: Models whose fitted models all order lesions alike, see `evaluation.binary.rankings`: their AUC
            has no part for training patients, here as in the first table of a report.
    """

    manual: pd.DataFrame
    predicted: pd.DataFrame
    truth: pd.DataFrame
    n_classes: int
    rank_alike: frozenset[str] = frozenset()

    @property
    def measure(self) -> Measure:
        """The AUC, or the macro average of those of several classes."""
        return AUC if self.n_classes == 2 else MACRO_AUC

    def table(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Return the table that the measure is of.

        Args:
            rows: Of one classifier, of either arm.
        """
        alike = bool(rows["model"].isin(self.rank_alike).all())
        if self.n_classes > 2:
            return class_model_table(rows, self.truth, self.n_classes, alike=alike)
        decided = rows.assign(decision=rows["decision"].astype("Float64"))
        return model_table(decided, self.truth, rank_alike=alike)

    def worst_table(self, rows: pd.DataFrame, lost: pd.DataFrame) -> pd.DataFrame:
        """Return the table of a classifier of two classes in which lost lesions rank as wrong as can be.

        Args:
            rows: Of one classifier, on predicted masks.
            lost: `FIT` and lesion_id of lesions without an answer: positive ones rank last, negative ones first.
        """
        held = lost.assign(probability=0.5, decision=pd.array([pd.NA] * len(lost), dtype="Int8"))
        table = self.table(pd.concat([rows, held], ignore_index=True) if len(lost) else rows)
        is_lost = np.arange(len(table)) >= len(rows)
        score = np.where(is_lost, np.where(table["label"] == 1, -1.0, 2.0), table["score"])
        return table.assign(score=score)


def read_arms(
    task: ClassificationTask,
    predictions: pd.DataFrame,
    chain: pd.DataFrame,
    truth: pd.DataFrame,
    options: EvaluationOptions,
) -> Arms:
    """Turn the predictions of both arms into calls.

    Thresholds come from the validation predictions on manual masks, as for any model.

    Args:
        task: What was asked.
        predictions: The predictions of the task.
        chain: Those on predicted masks of the test lesions, with `segmentation`; may be empty.
        truth: Indexed by lesion_id.
        options: Rater and operating point.
    """
    if isinstance(task, MulticlassTask):
        known = check_class_truth(truth, task.classes)
        parts = [
            check_class_predictions(table, known, task.classes).assign(segmentation=name)
            for name, table in _tables(predictions, chain)
        ]
        columns = [f"p{number}" for number in range(len(task.classes))]
        called = [part.assign(decision=call_classes(part[columns].to_numpy())) for part in parts]
        rater = choose_rater(parts[0], options.primary_rater)
        own = called[0][called[0]["rater"] == rater]
        manual = own[own["subset"] == "test"]
        alike = frozenset(
            str(model) for model, part in own.groupby("model") if classes_rank_alike(part, len(columns))
        )
        return Arms(manual, _together(called[1:], manual), known, len(columns), alike)
    known = check_truth(truth)
    parts = [
        check_predictions(table, known).assign(segmentation=name)
        for name, table in _tables(predictions, chain)
    ]
    own = parts[0][parts[0]["rater"] == choose_rater(parts[0], options.primary_rater)]
    thresholds = choose_thresholds(own, known, options.operating_point, options.declared_thresholds)
    manual = apply_thresholds(own[own["subset"] == "test"], thresholds)
    predicted = [
        apply_thresholds(part, thresholds).assign(segmentation=part["segmentation"].iloc[0])
        for part in parts[1:]
    ]
    alike = frozenset(str(model) for model, part in own.groupby("model") if rank_alike(part))
    return Arms(manual, _together(predicted, manual), known, 2, alike)


def _tables(predictions: pd.DataFrame, chain: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    """Return the predictions on manual masks, then those on the masks of each segmentation model."""
    of_models = chain.groupby("segmentation", sort=True)
    return [
        ("", predictions),
        *((str(name), part.drop(columns="segmentation")) for name, part in of_models),
    ]


def _together(predicted: list[pd.DataFrame], manual: pd.DataFrame) -> pd.DataFrame:
    """Return the calls on all predicted masks; none, with the columns of the others, where nothing was found."""
    return pd.concat(predicted, ignore_index=True) if predicted else manual.iloc[:0].assign(segmentation="")
