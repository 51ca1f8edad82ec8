"""The radiomics model: the grid's choice, refitted on the whole training part."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.pipeline import Pipeline
from threadpoolctl import threadpool_limits

from samesplit.errors import ModelError
from samesplit.execution.work_units import WorkUnit
from samesplit.models.design_tables import clinical_table, feature_table
from samesplit.models.protocol import Cases, TrainingFold
from samesplit.models.radiomics.grid import Cell, GridResult, gather, run_work_unit_stages
from samesplit.models.radiomics.harmonisation import SITE_COLUMN, PassthroughColumns, covariate_column
from samesplit.models.radiomics.oversampling import nothing_added
from samesplit.models.radiomics.robustness import (
    KeepRobust,
    PartRobustness,
    estimate_robustness,
    robust_columns,
)
from samesplit.models.radiomics.search import GridSearch
from samesplit.models.radiomics.settings import RadiomicsGridSettings
from samesplit.models.radiomics.work_units import fit_preparation
from samesplit.models.tabular import TabularModel, estimator_seed
from samesplit.models.task_classes import class_names

__all__ = ["RadiomicsGridModel"]


class RadiomicsGridModel(TabularModel):
    """Chooses selector, classifier and size inside the training part, then fits them on all of it.

    Choosing is by inner cross-validation, or on the fold's validation part where the settings say so; else the
    validation part is not looked at and stays fresh for the operating point. Preparation, ranking and
    classifier are steps of one scikit-learn pipeline, fitted on training rows alone. A stability filter comes
    before all of it: it looks at the perturbed measurements of the lesions that are fitted on, anew in every inner
    fold, and at no label.
    """

    settings: RadiomicsGridSettings

    def __init__(self, settings: RadiomicsGridSettings) -> None:
        super().__init__(settings)
        self.result: GridResult | None = None
        self.stability: pd.DataFrame | None = None
        self.note = ""

    def inputs(self, cases: Cases) -> pd.DataFrame:
        """Return the features of the model's profiles and sequences.

        Where sites are harmonised the site and the covariates stand behind them, in columns that begin with #. A
        lesion without any feature has none of these either: it is known by its features only.

        Raises:
            ModelError: There are no such features, or the lesions have no site or no such covariate.
        """
        settings, name = self.settings, self.settings.name
        table = feature_table(cases, profiles=settings.profiles, model=name)
        if settings.harmonise is None:
            return table
        if "site" not in cases.lesions:
            raise ModelError(
                "sites are to be harmonised, but the benchmark does not tell them",
                where=self.where,
                remedy="give lesions.csv a column 'site', or leave 'harmonise' out",
            )
        aside = {SITE_COLUMN: cases.lesions["site"].astype(object)}
        if settings.harmonise.covariates:
            clinical = clinical_table(cases, variables=settings.harmonise.covariates, model=name)
            aside |= {covariate_column(str(column)): clinical[column] for column in clinical}
        known = table.notna().any(axis=1)
        return pd.concat([table, *(column.where(known).rename(key) for key, column in aside.items())], axis=1)

    def learn(self, inputs: pd.DataFrame, labels: pd.Series[int], fold: TrainingFold) -> Pipeline:
        """Do the pieces of the search that are not yet done, then fit the chosen cell on all training rows."""
        stable = self._stable(inputs, fold)
        pieces = self._search(inputs, labels, fold)
        folder = fold.directory / "pieces"
        run_work_unit_stages(pieces.work_unit_stages(folder), folder, jobs=fold.jobs)
        if self.settings.oversample is not None:
            fits = [pieces.labels[part.train_index] for part in pieces.parts]
            fits.append(pieces.labels[: pieces.n_training])
            self.note = nothing_added(fits)
        self.result = gather(pieces, folder)
        with threadpool_limits(1):  # the number of threads decides the last digits
            return self._refit(
                self.result.cell, inputs, np.asarray(labels, dtype=np.int64), stable, pieces.seed
            )

    def work_unit_stages(self, fold: TrainingFold) -> Sequence[Sequence[WorkUnit]]:
        """Return the pieces of the search: rankings, then cells."""
        inputs, labels = self.known(fold)
        self._stable(inputs, fold)  # where no feature is stable, that is told before any work
        pieces = self._search(inputs, labels, fold)
        return pieces.work_unit_stages(fold.directory / "pieces")

    def _search(self, inputs: pd.DataFrame, labels: pd.Series[int], fold: TrainingFold) -> GridSearch:
        lesions, table, known = fold.training.lesions, inputs, labels
        if self.settings.compare == "validation":
            held = self.inputs(fold.validation).sort_index()
            held = held[held.notna().any(axis=1)]
            table = pd.concat([inputs, held[list(inputs.columns)]])
            known = pd.concat([labels, fold.validation_labels.loc[held.index]])
            lesions = pd.concat([lesions, fold.validation.lesions])
        return GridSearch(
            settings=self.settings,
            table=table,
            labels=np.asarray(known, dtype=np.int64),
            patients=lesions.loc[table.index, "patient_id"].to_numpy(dtype=object),
            n_training=len(inputs),
            seed=estimator_seed(fold.seed),
            robustness=self._judge(inputs, fold),
            classes=class_names(fold.task),
        )

    def _judge(self, inputs: pd.DataFrame, fold: TrainingFold) -> PartRobustness | None:
        """Who says what is stable in each inner fold; None if that is not asked."""
        if self.settings.stability is None:
            return None
        measured, columns = self._measured(inputs, fold)
        return PartRobustness(measured, columns, self.settings.stability)

    def _measured(self, inputs: pd.DataFrame, fold: TrainingFold) -> tuple[pd.DataFrame, list[str]]:
        """Return the perturbed measurements of the lesions that are learnt from, and the features."""
        repeats, columns = fold.training.repeats, [str(c) for c in inputs.columns if c not in self._aside()]
        return repeats[repeats["lesion_id"].isin(inputs.index)], columns

    def _stable(self, inputs: pd.DataFrame, fold: TrainingFold) -> list[str] | None:
        """Return the columns that are stable in the lesions that are learnt from; None if that is not asked."""
        if self.settings.stability is None:
            return None
        measured, columns = self._measured(inputs, fold)
        self.stability = estimate_robustness(
            measured, columns, self.settings.stability, model=self.settings.name
        )
        return robust_columns(self.stability, columns)

    def _aside(self) -> list[str]:
        """Return the columns of the inputs that are no features."""
        return [] if self.settings.harmonise is None else self.settings.harmonise.columns()

    def _refit(
        self, cell: Cell, inputs: pd.DataFrame, y: npt.NDArray[np.int64], stable: list[str] | None, seed: int
    ) -> Pipeline:
        """Fit the chosen cell on all training rows, as one pipeline; made-up lesions are no part of it."""
        settings = self.settings
        keep: Any = KeepRobust(columns=stable or ())
        keep = keep if settings.harmonise is None else PassthroughColumns(keep)
        first = [] if stable is None else [("stable", keep)]
        prepare = Pipeline([*first, *settings.steps()])
        X = fit_preparation(prepare, inputs, y, model=settings.name)
        X, y = settings.oversampled(X, y, seed=seed)
        select = cell.selector.make(size=cell.size, seed=seed, enough=settings.most).fit(X, y)
        classify = cell.classifier.make(seed=seed, class_weight=settings.class_weight)
        classify.fit(select.transform(X), y)
        return Pipeline([*prepare.steps, ("select", select), ("classify", classify)])

    def details(self) -> dict[str, pd.DataFrame]:
        """`grid`, `grid_folds` and more (see `GridResult`), `chosen_features`, `notes`, `stability` if asked for.

        The grid is known to the model that searched it; a model that was loaded knows its features.
        """
        found = self.result
        tables = {} if found is None else {"grid": found.grid, "grid_folds": found.folds, **found.tables}
        if self.stability is not None:
            tables["stability"] = self.stability
        if self.note:
            tables["notes"] = pd.DataFrame({"note": [self.note]})
        return tables if self.fitted is None else tables | {"chosen_features": self._chosen_features()}

    def _chosen_features(self) -> pd.DataFrame:
        """feature, rank (1 is best), importance: coefficient, or share of a tree ensemble's gain, or NaN.

        Of more than two classes a coefficient is the mean absolute one over the classes.
        """
        select, classify = self.fitted["select"], self.fitted["classify"]
        names = np.asarray(self.fitted[:-1].get_feature_names_out(), dtype=object)
        ranks = np.argsort(select.ranking_)[select.get_support()] + 1
        if hasattr(classify, "coef_"):
            coefficients = np.asarray(classify.coef_, dtype="float64")
            importance = coefficients[0] if len(coefficients) == 1 else np.abs(coefficients).mean(axis=0)
        else:
            unknown = np.full(len(names), np.nan)
            importance = np.asarray(getattr(classify, "feature_importances_", unknown), dtype="float64")
        table = pd.DataFrame({"feature": names.astype(str), "rank": ranks, "importance": importance})
        return table.sort_values("rank", ignore_index=True)
