"""The grid: every selector, classifier and size scored by cross-validation inside the training part.

In each inner fold the preparation is fitted once, each selector ranks once, and a size is a prefix of that
ranking; only the classifiers are fitted anew in every cell. The held-out part of an inner fold is seen by
none of them.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from joblib import Parallel, delayed
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedGroupKFold
from sklearn.pipeline import Pipeline

from samesplit.errors import ModelError
from samesplit.models.radiomics.settings import ClassifierUse, RadiomicsGridSettings, SelectorUse

__all__ = ["Cell", "GridResult", "choose", "inner_splits", "search"]

Rows = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Cell:
    """One square of the grid."""

    selector: SelectorUse
    classifier: ClassifierUse
    size: int


@dataclass(frozen=True)
class GridResult:
    """What the search found.

    Attributes:
        cell: The chosen cell.
        grid: One row a cell: selector, classifier, size, inner_auc (mean over the inner folds), inner_sd,
            inner_folds (how many had both classes), chosen, one_standard_error (the sparest cell within one
            standard error of the best).
        folds: One row a cell and inner fold: selector, classifier, size, inner_fold, auc (NaN where the
            held-out part has one class only).
    """

    cell: Cell
    grid: pd.DataFrame
    folds: pd.DataFrame


def inner_splits(
    labels: npt.NDArray[np.int64], patients: npt.NDArray[Any], *, folds: int, seed: int, model: str
) -> list[tuple[Rows, Rows]]:
    """Folds of the training part, stratified by label; a patient's lesions stay together.

    Args:
        labels: 0 or 1, shape (n_lesions,).
        patients: The patient of each lesion, shape (n_lesions,).
        folds: How many; fewer where a class has fewer patients.
        seed: Of the shuffle.
        model: The model's name, for messages.

    Returns:
        Row numbers to fit on and row numbers held out, one pair a fold.

    Raises:
        ModelError: A class has fewer than two patients.
    """
    rarest = min(len(np.unique(patients[labels == label])) for label in (0, 1))
    if rarest < 2:
        raise ModelError(
            "a class of the training part comes from a single patient, so nothing can be chosen by inner "
            "cross-validation",
            where=f"model '{model}'",
            remedy="make a split with fewer folds, or leave this model out",
        )
    splitter = StratifiedGroupKFold(min(folds, rarest), shuffle=True, random_state=seed)
    return [(fit, held) for fit, held in splitter.split(np.zeros(len(labels)), labels, patients)]


def search(
    features: pd.DataFrame,
    labels: npt.NDArray[np.int64],
    patients: npt.NDArray[Any],
    *,
    settings: RadiomicsGridSettings,
    seed: int,
    jobs: int = 1,
) -> GridResult:
    """Score every cell by inner cross-validation and choose one.

    Args:
        features: The training part, one row a lesion, NaN where missing.
        labels: 0 or 1, shape (n_lesions,).
        patients: The patient of each lesion, shape (n_lesions,).
        settings: The grid.
        seed: Of the inner folds and of all selectors and classifiers.
        jobs: Inner folds run side by side; the result does not depend on it.

    Raises:
        ModelError: There are too few patients, no inner fold has both classes, or no feature is usable.
    """
    X = features.to_numpy(dtype="float64")
    splits = inner_splits(labels, patients, folds=settings.inner_folds, seed=seed, model=settings.name)
    scored = Parallel(n_jobs=min(jobs, len(splits)))(
        delayed(_score_fold)(X, labels, fit, held, settings, seed) for fit, held in splits
    )
    cells = _cells(settings)
    scores = np.array(scored)  # shape (n_inner_folds, n_cells)
    if np.isnan(scores).all():
        raise ModelError(
            "no inner fold of the training part has both classes on both sides",
            where=f"model '{settings.name}'",
            remedy="make a split with fewer folds, or leave this model out",
        )
    grid = _table(cells)
    known = (~np.isnan(scores)).sum(axis=0)
    grid["inner_auc"] = np.nanmean(scores, axis=0)
    grid["inner_sd"] = np.nanstd(scores, axis=0, ddof=1) if known[0] > 1 else np.nan
    grid["inner_folds"] = known
    best, sparest = choose(grid)
    chosen = best if settings.choose == "best" else sparest
    grid["chosen"] = np.arange(len(grid)) == chosen
    grid["one_standard_error"] = np.arange(len(grid)) == sparest
    folds = pd.concat(
        [_table(cells).assign(inner_fold=number, auc=row) for number, row in enumerate(scores)],
        ignore_index=True,
    )
    return GridResult(cells[chosen], grid, folds)


def choose(grid: pd.DataFrame) -> tuple[int, int]:
    """The row of the best cell and that of the sparest cell within one standard error of it.

    Best: the highest mean inner AUC; of equals the smaller size, then the earlier row. Sparest: the smallest
    size among the cells not more than one standard error (inner_sd over the root of inner_folds, of the best
    cell) below the best; of equals the higher AUC, then the earlier row (Breiman et al. 1984).

    Args:
        grid: Columns size, inner_auc, inner_sd, inner_folds.

    Example:
        >>> choose(pd.DataFrame({"size": [20, 10], "inner_auc": [0.8, 0.79], "inner_sd": 0.1,
        ...                      "inner_folds": 5}))
        (0, 1)
    """
    auc = grid["inner_auc"].round(12).to_numpy()
    size = grid["size"].to_numpy()
    order = np.arange(len(grid))
    best = int(np.lexsort((order, size, -auc))[0])
    error = grid["inner_sd"].iloc[best] / np.sqrt(grid["inner_folds"].iloc[best])
    limit = auc[best] - (0.0 if np.isnan(error) else error)
    near = np.flatnonzero(auc >= limit)
    sparest = int(near[np.lexsort((near, -auc[near], size[near]))[0]])
    return best, sparest


def _cells(settings: RadiomicsGridSettings) -> list[Cell]:
    return [
        Cell(selector, classifier, size)
        for selector in settings.selectors
        for classifier in settings.classifiers
        for size in settings.sizes
    ]


def _table(cells: list[Cell]) -> pd.DataFrame:
    rows = [(cell.selector.label, cell.classifier.label, cell.size) for cell in cells]
    return pd.DataFrame(rows, columns=["selector", "classifier", "size"])


def _score_fold(
    X: npt.NDArray[np.float64],
    y: npt.NDArray[np.int64],
    fit: Rows,
    held: Rows,
    settings: RadiomicsGridSettings,
    seed: int,
) -> list[float]:
    """The AUC of every cell on the held-out rows of one inner fold, in the order of `_cells`."""
    cells = len(settings.selectors) * len(settings.classifiers) * len(settings.sizes)
    if len(np.unique(y[fit])) < 2 or len(np.unique(y[held])) < 2:
        return [float("nan")] * cells
    prepare = Pipeline(settings.steps())
    learn = _fit_preparation(prepare, X[fit], y[fit], model=settings.name)
    judge = prepare.transform(X[held])
    scores = []
    for use in settings.selectors:
        ranking = use.make(size=None, seed=seed).fit(learn, y[fit]).ranking_
        for classifier in settings.classifiers:
            for size in settings.sizes:
                columns = np.sort(ranking[:size])
                model = classifier.make(seed=seed).fit(learn[:, columns], y[fit])
                scores.append(float(roc_auc_score(y[held], model.predict_proba(judge[:, columns])[:, 1])))
    return scores


def _fit_preparation(prepare: Pipeline, X: Any, y: Any, *, model: str) -> npt.NDArray[np.float64]:
    """Fit a preparation and transform with it.

    Raises:
        ModelError: No feature is left.
    """
    prepared = np.empty((len(X), 0))
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "No features were selected")  # it is an error here, see below
        try:
            prepared = prepare.fit_transform(X, y)
        except ValueError as error:
            if "0 feature(s)" not in str(error):
                raise
    if prepared.shape[1] == 0:
        raise ModelError(
            "no feature is usable: all are missing or near constant in the training part",
            where=f"model '{model}'",
            remedy="see the feature tables in the run's folder",
        )
    return prepared
