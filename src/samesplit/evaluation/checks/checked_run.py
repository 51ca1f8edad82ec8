"""What the checks are given: the tables of one task of a run, and what was declared."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import pandas as pd

__all__ = ["MAIN_QUANTITIES", "CheckedModel", "CheckedRun"]

MAIN_QUANTITIES = {"binary": "auc", "multiclass": "auc", "survival": "c_index", "segmentation": "dice"}
"""The quantity by which the models of each kind of task are compared."""

QUANTITY_NAMES = {"auc": "AUC", "c_index": "C-index", "dice": "Dice"}
"""How sentences call them."""


@dataclass(frozen=True)
class CheckedModel:
    """A model of the run.

    Attributes:
        name: As in the tables.
        title: As people read it.
        kind: As in its file; `external` for predictions made elsewhere.
        seeds: With which it was fitted.
    """

    name: str
    title: str
    kind: str
    seeds: tuple[int, ...] = ()


@dataclass(frozen=True)
class CheckedRun:
    """One task of a run.

    Attributes:
        kind: The kind of the task.
        results: The table of results.
        predictions: The table of predictions, with the test part of the main rater.
        truth: Indexed by lesion_id, the lesions with an outcome: patient_id, label, columns of lesions.csv.
        cohort: All lesions, indexed by lesion_id, with patient_id.
        splits: The splits table.
        images: lesion_id, sequence, content (a hash; empty for a file that cannot be read). Empty without images.
        models: Those that were evaluated.
        readings: The readings of the task; may be empty.
        thresholds: The operating points; may be empty.
        details: By name: what models wrote while they were fitted.
        reference: The model that the others are compared with.
        confidence: Of the intervals.
        operating_point: How thresholds were chosen.
        declared_thresholds: The models made elsewhere whose thresholds were handed in with them.
        margin: The declared margin of non-inferiority; NaN without one.
        classes: The names of the classes.
        shuffled: Whether labels were permuted.
    """

    kind: str
    results: pd.DataFrame
    predictions: pd.DataFrame
    truth: pd.DataFrame
    cohort: pd.DataFrame
    splits: pd.DataFrame
    images: pd.DataFrame
    models: tuple[CheckedModel, ...]
    readings: pd.DataFrame = field(default_factory=pd.DataFrame)
    thresholds: pd.DataFrame = field(default_factory=pd.DataFrame)
    details: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    reference: str | None = None
    confidence: float = 0.95
    operating_point: str = "youden"
    declared_thresholds: tuple[str, ...] = ()
    margin: float = math.nan
    classes: tuple[str, ...] = ()
    shuffled: bool = False

    @property
    def main(self) -> str:
        """The quantity by which models are compared."""
        return MAIN_QUANTITIES[self.kind]

    @property
    def main_name(self) -> str:
        """The same in words."""
        return QUANTITY_NAMES[self.main]

    @cached_property
    def tested(self) -> pd.DataFrame:
        """The lesions of the truth whose patients are tested in any fold."""
        patients = self.splits.loc[self.splits["subset"] == "test", "patient_id"]
        return self.truth[self.truth["patient_id"].isin(set(patients))]

    @cached_property
    def evaluated(self) -> pd.DataFrame:
        """The tested lesions that every model predicted."""
        test = self.predictions[self.predictions["subset"] == "test"]
        counts = test.groupby("lesion_id")["model"].nunique()
        common = counts.index[counts == test["model"].nunique()]
        return self.tested[self.tested.index.isin(common)]

    def parts(self, subset: str) -> list[pd.DataFrame]:
        """Return the lesions with an outcome of one subset, fold by fold.

        Args:
            subset: `train`, `validation` or `test`.
        """
        rows = self.splits[self.splits["subset"] == subset]
        return [
            self.truth[self.truth["patient_id"].isin(set(part["patient_id"]))]
            for _, part in rows.groupby(["repeat", "fold"], sort=True)
        ]

    def estimates(self, quantity: str, *, group: str = "all") -> pd.DataFrame:
        """Return the rows of results of one quantity in the test part that are no differences."""
        rows = self.results
        own = (rows["quantity"] == quantity) & (rows["group"] == group) & (rows["subset"] == "test")
        names = {model.name for model in self.models}
        return rows[own & (rows["reference"] == "") & rows["model"].isin(names)].drop_duplicates("model")

    def differences(self, quantity: str) -> pd.DataFrame:
        """Return the rows of results of the differences between two models, on all test lesions."""
        rows = self.results
        names = {model.name for model in self.models}
        own = (rows["quantity"] == f"{quantity}_difference") & (rows["group"] == "all")
        own &= rows["subset"] == "test"
        return rows[own & rows["model"].isin(names) & rows["reference"].isin(names)]

    def title(self, name: str) -> str:
        """Return the title of a model."""
        return next((model.title for model in self.models if model.name == name), name)
