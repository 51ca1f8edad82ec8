"""The radiomics model: the grid's choice, refitted on the whole training part."""

from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn.pipeline import Pipeline

from samesplit.models.inputs import feature_table
from samesplit.models.protocol import Cases, TrainingFold
from samesplit.models.radiomics.grid import Cell, GridResult, search
from samesplit.models.radiomics.settings import RadiomicsGridSettings
from samesplit.models.radiomics.stability import KeepStable, judge_stability, stable_columns
from samesplit.models.tabular import TabularModel, estimator_seed

__all__ = ["RadiomicsGridModel"]


class RadiomicsGridModel(TabularModel):
    """Chooses selector, classifier and size by inner cross-validation, then fits them on the training part.

    The validation part of the fold is not looked at: it stays fresh for the operating point. Preparation,
    ranking and classifier are steps of one scikit-learn pipeline, fitted on training rows alone. A stability
    filter comes before all of it: it looks at the perturbed measurements of the training lesions, at no label.
    """

    settings: RadiomicsGridSettings

    def __init__(self, settings: RadiomicsGridSettings) -> None:
        super().__init__(settings)
        self.result: GridResult | None = None
        self.stability: pd.DataFrame | None = None

    def inputs(self, cases: Cases) -> pd.DataFrame:
        """The features of the model's profiles and sequences."""
        return feature_table(cases, profiles=self.settings.profiles, model=self.settings.name)

    def learn(self, inputs: pd.DataFrame, labels: pd.Series[int], fold: TrainingFold) -> Pipeline:
        """Search the grid, then fit the chosen cell on all training rows."""
        seed = estimator_seed(fold.seed)
        y = np.asarray(labels, dtype=np.int64)
        patients = fold.training.lesions.loc[inputs.index, "patient_id"].to_numpy()
        stable = self._stable(inputs, fold)
        kept = inputs if stable is None else inputs[stable]
        self.result = search(kept, y, patients, settings=self.settings, seed=seed, jobs=fold.jobs)
        return self._assemble(self.result.cell, seed, stable).fit(inputs, y)

    def _stable(self, inputs: pd.DataFrame, fold: TrainingFold) -> list[str] | None:
        """The columns that are stable in the lesions that are learnt from; None if that is not asked."""
        if self.settings.stability is None:
            return None
        repeats, columns = fold.training.repeats, [str(column) for column in inputs.columns]
        measured = repeats[repeats["lesion_id"].isin(inputs.index)]
        self.stability = judge_stability(measured, columns, self.settings.stability, model=self.settings.name)
        return stable_columns(self.stability, columns)

    def _assemble(self, cell: Cell, seed: int, stable: list[str] | None) -> Pipeline:
        first = [] if stable is None else [("stable", KeepStable(columns=stable))]
        return Pipeline(
            [
                *first,
                *self.settings.steps(),
                ("select", cell.selector.make(size=cell.size, seed=seed)),
                ("classify", cell.classifier.make(seed=seed)),
            ]
        )

    def details(self) -> dict[str, pd.DataFrame]:
        """`grid`, `grid_folds` (see `GridResult`), `chosen_features`, and `stability` where it is asked for.

        The grid is known to the model that searched it; a model that was loaded knows its features.
        """
        tables = {} if self.result is None else {"grid": self.result.grid, "grid_folds": self.result.folds}
        if self.stability is not None:
            tables["stability"] = self.stability
        return tables if self.fitted is None else tables | {"chosen_features": self._chosen_features()}

    def _chosen_features(self) -> pd.DataFrame:
        """feature, rank (1 is best), importance: coefficient, or share of a tree ensemble's gain, or NaN."""
        select, classify = self.fitted["select"], self.fitted["classify"]
        names = np.asarray(self.fitted[:-1].get_feature_names_out(), dtype=object)
        ranks = np.argsort(select.ranking_)[select.get_support()] + 1
        if hasattr(classify, "coef_"):
            importance = np.asarray(classify.coef_, dtype="float64")[0]
        else:
            unknown = np.full(len(names), np.nan)
            importance = np.asarray(getattr(classify, "feature_importances_", unknown), dtype="float64")
        table = pd.DataFrame({"feature": names.astype(str), "rank": ranks, "importance": importance})
        return table.sort_values("rank", ignore_index=True)
