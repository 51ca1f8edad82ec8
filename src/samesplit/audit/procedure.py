"""The radiomics arm as one procedure with open steps: done honestly here, and step by step wrong in `leaks`.

The honest procedure is that of `samesplit.models.radiomics`: everything that is fitted is fitted on the training
part, the cell is chosen by inner cross-validation there, and the test part is scored. Beside the chosen cell all
others are fitted and scored too: that is what choosing on the test part would have had to choose from.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.pipeline import Pipeline

from samesplit.audit.table import Codes, Parts, Rows, Values
from samesplit.errors import ModelError
from samesplit.models.radiomics.grid import choose, inner_columns
from samesplit.models.radiomics.search import inner_splits
from samesplit.models.radiomics.settings import RadiomicsGridSettings, SelectorUse
from samesplit.models.radiomics.work_units import fit_preparation
from samesplit.ordering import merge_probabilities
from samesplit.statistics.auc import auc_influence, empirical_auc
from samesplit.storage import hash_object

__all__ = ["AsIs", "FoldData", "Procedure", "Scores", "cells_of"]

Floats = npt.NDArray[np.float64]
Cells = list[tuple[int, int, int]]
"""Selector, classifier and size of each cell, as places in the settings' lists."""


@dataclass(frozen=True)
class FoldData:
    """One fold of a cohort, test labels included.

    Attributes:
        X: Shape (n_rows, n_features), NaN where missing.
        y: 0 or 1, shape (n_rows,).
        patients: Whose rows inner folds keep together.
        aside: See `Table`.
        parts: What is learnt from, and what is scored.
        settings: The grid.
        seed: Of the fit: inner folds, selectors, classifiers.
        draw: Names the random split of a repeat; the same in all its folds.
        owner: For each row the row of the cohort's table that it counts for; differs where rows were made.
        preparation: Fitted beforehand and used as it is in all folds; None fits it anew on each training part.
        rankings: Made beforehand, one a selector, as column numbers of X; None ranks anew in each training part.
    """

    X: Values
    y: Codes
    patients: npt.NDArray[Any]
    aside: dict[str, npt.NDArray[Any]]
    parts: Parts
    settings: RadiomicsGridSettings
    seed: int
    draw: tuple[int, ...]
    owner: Rows
    preparation: Any = None
    rankings: tuple[Rows, ...] | None = None

    def table(self, rows: Rows | None = None) -> Any:
        """Return some rows (default: all) as the preparation takes them."""
        rows = np.arange(len(self.X)) if rows is None else rows
        if self.settings.harmonise is None:
            return self.X[rows]
        table = pd.DataFrame(self.X[rows], columns=[str(number) for number in range(self.X.shape[1])])
        for name in self.settings.harmonise.columns():
            column = self.aside[name][rows]
            text = column.dtype.kind == "U"
            table[name] = pd.Series(column.astype(object)).where(column != "", None) if text else column
        return table


@dataclass(frozen=True)
class Scores:
    """Result of one fold: one entry a score.

    Attributes:
        cell: Which cell of the grid gave it.
        row: Which row of the cohort's table it counts for.
        label: 0 or 1.
        score: The probability.
        test: Whether it is of the test part; else it is for the operating point.
        chosen: The cell that the procedure chose.
        inner: The mean inner AUC of each cell; NaN where there was no inner cross-validation.
    """

    cell: npt.NDArray[np.int64]
    row: Rows
    label: Codes
    score: Floats
    test: npt.NDArray[np.bool_]
    chosen: int
    inner: Floats


def cells_of(settings: RadiomicsGridSettings) -> Cells:
    """Return the cells of a grid in the order of its table."""
    return [
        (selector, classifier, size)
        for selector in range(len(settings.selectors))
        for classifier in range(len(settings.classifiers))
        for size in settings.sizes
    ]


class AsIs:
    """A preparation for rows that are ready."""

    def transform(self, rows: Any) -> Values:
        """Return the rows as they are."""
        return np.asarray(rows, dtype=np.float64)

    def get_feature_names_out(self, names: Any) -> Any:
        """Return the names as they are."""
        return names


@dataclass(frozen=True)
class Prepared:
    """Rows made ready by one fitted preparation.

    Attributes:
        X_train: The rows that it was fitted on.
        X_test: The others.
        columns: The column of the table that each of theirs is.
    """

    X_train: Values
    X_test: Values
    columns: Rows


@dataclass(frozen=True)
class Procedure:
    """The honest procedure; a leak derives from it and does one step wrong.

    Attributes:
        settings: The grid.
    """

    settings: RadiomicsGridSettings
    rows: ClassVar[Literal["lesions", "stacked"]] = "lesions"
    """Whether a row is a lesion with all its sequences, or one sequence of a lesion."""

    @property
    def key(self) -> str:
        """Names the procedure and its settings."""
        return hash_object(
            [type(self).__module__, type(self).__qualname__, self.settings.digest(), self.rows]
        )

    @property
    def fits(self) -> int:
        """How many classifiers one fold fits at most."""
        return len(cells_of(self.settings)) * (self.settings.inner_folds + 1)

    def start(self, work: FoldData) -> FoldData:
        """Return what is done before the fold is looked at; honestly nothing."""
        return work

    def rank(self, use: SelectorUse, X: Values, y: Codes, *, seed: int, shared: dict[Any, Any]) -> Rows:
        """Return the columns, best first."""
        selector = use.make(size=None, seed=seed, enough=self.settings.most)
        return np.asarray(selector.fit(X, y, shared=shared).ranking_, dtype=np.int64)

    def run(self, work: FoldData) -> Scores:
        """Carry the procedure out on one fold.

        Raises:
            ModelError: There are too few patients, or no feature is usable.
        """
        work = self.start(work)
        parts, y = work.parts, work.y
        inner, apart = self._inner(work)
        found = self.fit_cells(work, parts.train, np.concatenate([parts.validation, parts.test]))
        n_validation = len(parts.validation)
        chosen = self._choose(inner, work, found[:, :n_validation])
        development = found[chosen, :n_validation]
        rows = parts.validation
        if (
            len(np.unique(y[rows])) < 2
        ):  # without a validation part, the training lesions while they were held out
            rows = parts.train[~np.isnan(apart[chosen])]
            development = apart[chosen][~np.isnan(apart[chosen])]
        n_cells, n_test = len(found), len(parts.test)
        row = np.concatenate([rows, np.tile(parts.test, n_cells)])
        return Scores(
            cell=np.concatenate([np.full(len(rows), chosen), np.repeat(np.arange(n_cells), n_test)]),
            row=work.owner[row],
            label=y[row],
            score=np.concatenate([development, found[:, n_validation:].ravel()]),
            test=np.arange(len(row)) >= len(rows),
            chosen=chosen,
            inner=inner_columns(inner)["inner_auc"],
        )

    def _inner(self, work: FoldData) -> tuple[Floats, Floats]:
        """AUC of every cell in every inner fold, and its probability for each training row while held out."""
        train, settings = work.parts.train, work.settings
        y = work.y[train]
        pairs = inner_splits(
            y, work.patients[train], folds=settings.inner_folds, seed=work.seed, model=settings.name
        )
        n_cells = len(cells_of(settings))
        scores, apart = np.full((len(pairs), n_cells), np.nan), np.full((n_cells, len(train)), np.nan)
        for number, (fit, held) in enumerate(pairs):
            if len(np.unique(y[fit])) == 2 and len(np.unique(y[held])) == 2:
                apart[:, held] = self.fit_cells(work, train[fit], train[held])
                scores[number] = [empirical_auc(y[held], probabilities) for probabilities in apart[:, held]]
        if np.isnan(scores).all():
            raise ModelError(
                "no inner fold of the training part has both classes on both sides",
                where=f"model '{settings.name}'",
                remedy="make a split with fewer folds",
            )
        return scores, apart

    def _choose(self, inner: Floats, work: FoldData, validation: Floats) -> int:
        """Return the cell that the model's own rule chooses."""
        grid = pd.DataFrame({"size": [size for _, _, size in cells_of(self.settings)]})
        if self.settings.compare == "validation":
            rows = work.parts.validation
            found = [auc_influence(work.y[rows], scores, work.patients[rows]) for scores in validation]
            grid["validation_auc"] = [one.estimate for one in found]
            grid["validation_error"] = [float(np.sqrt(one.variance)) for one in found]
        else:
            grid = grid.assign(**inner_columns(inner))
        best, sparest = choose(grid, compare=self.settings.compare)
        return best if self.settings.choose == "best" else sparest

    def fit_cells(self, work: FoldData, train_index: Rows, test_index: Rows) -> Floats:
        """Predict, by each cell fitted on some rows, the probabilities of others; shape (n_cells, n_judge)."""
        prepared = self.prepare(work, train_index, test_index)
        X_train, y = work.settings.oversampled(prepared.X_train, work.y[train_index], seed=work.seed)
        rankings = self.rankings(work, prepared, X_train, y)
        seen: dict[tuple[int, bytes], Floats] = {}
        found = []
        for selector, classifier, size in cells_of(work.settings):
            columns = np.sort(rankings[selector][:size])
            key = (classifier, columns.tobytes())
            if key not in seen:
                use, weight = work.settings.classifiers[classifier], work.settings.class_weight
                model = use.make(seed=work.seed, class_weight=weight).fit(X_train[:, columns], y)
                seen[key] = merge_probabilities(model.predict_proba(prepared.X_test[:, columns])[:, 1])
            found.append(seen[key])
        return np.asarray(found, dtype=np.float64)

    def prepare(self, work: FoldData, train_index: Rows, test_index: Rows) -> Prepared:
        """Fill gaps, leave columns out, scale: fitted on the rows that are learnt from."""
        if work.preparation is None:
            fitted = Pipeline(work.settings.steps())
            table, y = work.table(train_index), work.y[train_index]
            X_train = fit_preparation(fitted, table, y, model=work.settings.name)
        else:
            fitted = work.preparation
            X_train = np.asarray(fitted.transform(work.table(train_index)))
        return Prepared(
            X_train, np.asarray(fitted.transform(work.table(test_index))), columns_left(fitted, work)
        )

    def rankings(self, work: FoldData, prepared: Prepared, X_train: Values, y: Codes) -> Sequence[Rows]:
        """Return the ranking of every selector, as columns of the prepared rows."""
        if work.rankings is None:
            shared: dict[Any, Any] = {}
            return [
                self.rank(use, X_train, y, seed=work.seed, shared=shared) for use in work.settings.selectors
            ]
        place = np.full(work.X.shape[1], -1)
        place[prepared.columns] = np.arange(len(prepared.columns))
        return [places[places >= 0] for places in (place[ranking] for ranking in work.rankings)]

    def with_settings(self, **changes: Any) -> Procedure:
        """Return the same procedure with some settings changed."""
        return replace(self, settings=self.settings.model_copy(update=changes))


def columns_left(fitted: Any, work: FoldData) -> Rows:
    """Return the column of X that each prepared column is."""
    names = [str(number) for number in range(work.X.shape[1])]
    given = None if work.settings.harmonise is not None else np.array(names, dtype=object)
    return np.asarray(fitted.get_feature_names_out(given), dtype=np.int64)
