"""The grid: every selector, classifier and size scored inside the training part, and one of them chosen."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from samesplit.errors import ModelError
from samesplit.execution.work_units import WorkUnit, run_work_units
from samesplit.models.radiomics.search import GridSearch, Part, inner_splits
from samesplit.models.radiomics.selection_stability import classifier_spread, selector_stability
from samesplit.models.radiomics.settings import ClassifierUse, RadiomicsGridSettings, SelectorUse
from samesplit.ordering import at_least, merge_equals

__all__ = ["Cell", "GridResult", "choose", "gather", "inner_splits", "run_work_unit_stages", "search"]

Floats = npt.NDArray[np.float64]


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
            inner_folds (how many had both classes), validation_auc and validation_error (its standard error) where
            cells are compared on the validation part, chosen, one_standard_error (the smallest cell within one
            standard error of the best).
        folds: One row a cell and inner fold: selector, classifier, size, inner_fold, auc (NaN where the
            held-out part has one class only, or the rest lacks one). The validation part is inner_fold -1.
        tables: What else is kept. `rankings`: inner_fold, selector, rank, feature, as far as sizes go.
            `selector_stability`, `classifier_spread`: see `samesplit.models.radiomics.selection_stability`,
            over the inner folds and over the draws. `grid_seconds`: part (preparation, selector,
            classifier), name, seconds, fits; summed over the inner folds. Where resampling is asked for,
            `resampling`: draw, selector, classifier, size, auc, and `resampling_rankings`: draw, selector, rank,
            feature.
    """

    cell: Cell
    grid: pd.DataFrame
    folds: pd.DataFrame
    tables: dict[str, pd.DataFrame] = field(default_factory=dict)


def search(
    features: pd.DataFrame,
    labels: npt.NDArray[np.int64],
    patients: npt.NDArray[Any],
    *,
    settings: RadiomicsGridSettings,
    seed: int,
    jobs: int = 1,
    n_training: int | None = None,
    folder: Path | None = None,
    classes: tuple[str, ...] = ("negative", "positive"),
) -> GridResult:
    """Score every cell by inner cross-validation and choose one.

    Args:
        features: The training part, one row a lesion, NaN where missing; behind it the validation part where cells
            are compared on it.
        labels: Class numbers, shape (n_lesions,).
        patients: The patient of each lesion, shape (n_lesions,).
        settings: The grid.
        seed: Of the inner folds and of all selectors and classifiers.
        jobs: Pieces done side by side; the result does not depend on it.
        n_training: How many of the rows are the training part; None means all.
        folder: Where the results of pieces are kept, and found again; None keeps none.
        classes: The names of the classes, by number.

    Raises:
        ModelError: There are too few patients, no inner fold has both classes, no feature is usable, a piece
        failed,
            or the validation part cannot compare.
    """
    if folder is None:
        with tempfile.TemporaryDirectory() as made:
            return search(
                features, labels, patients, settings=settings, seed=seed, jobs=jobs, n_training=n_training,
                folder=Path(made), classes=classes,
            )  # fmt: skip
    n = len(features) if n_training is None else n_training
    pieces = GridSearch(settings, features, labels, patients, n, seed, classes=classes)
    run_work_unit_stages(pieces.work_unit_stages(folder), folder, jobs=jobs)
    return gather(pieces, folder)


def run_work_unit_stages(work_unit_stages: Sequence[Sequence[WorkUnit]], folder: Path, *, jobs: int) -> None:
    """Do what is not yet done, round by round.

    Raises:
        ModelError: A piece failed.
    """
    for wanted in work_unit_stages:
        for _, reason in run_work_units([(folder, piece) for piece in wanted], jobs=jobs):
            if reason:
                raise ModelError(reason)


def gather(pieces: GridSearch, folder: Path) -> GridResult:
    """Choose a cell from the results of all pieces.

    Args:
        pieces: The search.
        folder: Where the results stand.

    Raises:
        ModelError: A result is missing, or no inner fold has both classes.
    """
    settings = pieces.settings
    folds = [part for part in pieces.parts if part.name.startswith("fold")]
    scores = np.stack([pieces.scores(folder, part).ravel() for part in folds])  # (n_inner_folds, n_cells)
    if np.isnan(scores).all():
        sides = "both classes on both sides"
        if len(pieces.classes) > 2:
            sides = "all classes to fit on and two or more among the lesions that it holds out"
        raise ModelError(
            f"no inner fold of the training part has {sides}"
            + (" and a feature that is stable there" if pieces.robustness is not None else ""),
            where=f"model '{settings.name}'",
            remedy="make a split with fewer folds, or leave this model out",
        )
    cells = _cells(settings)
    grid = _table(cells)
    grid = grid.assign(**inner_columns(scores))
    numbers = [part.number for part in folds]
    for part in pieces.parts:
        if part.number < 0:
            grid["validation_auc"] = pieces.scores(folder, part).ravel()
            grid["validation_error"] = pieces.scores(folder, part, "error").ravel()
            scores, numbers = np.vstack([scores, grid["validation_auc"]]), [*numbers, part.number]
    best, sparest = choose(grid, compare=settings.compare)
    chosen = best if settings.choose == "best" else sparest
    grid["chosen"] = np.arange(len(grid)) == chosen
    grid["one_standard_error"] = np.arange(len(grid)) == sparest
    names = _table(cells)
    each = [names.assign(inner_fold=i, auc=row) for i, row in zip(numbers, scores, strict=True)]
    scored = pd.concat(each, ignore_index=True)
    return GridResult(cells[chosen], grid, scored, _tables(pieces, folder, scored))


def inner_columns(scores: npt.NDArray[np.float64]) -> dict[str, npt.NDArray[Any]]:
    """Tell what the inner folds say of every cell.

    Args:
        scores: AUC, shape (n_inner_folds, n_cells), NaN where a fold has one class only.

    Returns:
        inner_auc (NaN for a cell without any fold), inner_sd (NaN unless the first cell has two), inner_folds.

    Example:
        >>> inner_columns(np.array([[0.6], [0.8]]))["inner_auc"].round(3).tolist()
        [0.7]
    """
    known = ~np.isnan(scores)
    folds = known.sum(axis=0)
    mean = np.where(folds > 0, np.where(known, scores, 0.0).sum(axis=0) / np.maximum(folds, 1), np.nan)
    spread = np.nanstd(scores, axis=0, ddof=1) if folds[0] > 1 else np.full(scores.shape[1], np.nan)
    return {"inner_auc": mean, "inner_sd": spread, "inner_folds": folds}


def choose(grid: pd.DataFrame, *, compare: Literal["inner", "validation"] = "inner") -> tuple[int, int]:
    """Return the row of the best cell and that of the most parsimonious cell within one standard error of it.

    Best: the highest AUC; of equals the smaller size, then the earlier row. Sparest: the smallest size among
    the cells not more than one standard error of the best below it; of equals the higher AUC, then the earlier
    row (Breiman et al. 1984). The standard error of a mean over inner folds is inner_sd over the root of
    inner_folds; that of a validation AUC is its own.

    Args:
        grid: Columns size, inner_auc, inner_sd, inner_folds, or size, validation_auc, validation_error.
        compare: By which AUC.

    Example:
        >>> choose(pd.DataFrame({"size": [20, 10], "inner_auc": [0.8, 0.79], "inner_sd": 0.1,
        ...                      "inner_folds": 5}))
        (0, 1)
    """
    auc = merge_equals(grid[f"{compare}_auc"])
    size = grid["size"].to_numpy()
    order = np.arange(len(grid))
    best = int(np.lexsort((order, size, -auc))[0])
    if compare == "validation":
        error = float(grid["validation_error"].iloc[best])
    else:
        error = float(grid["inner_sd"].iloc[best] / np.sqrt(grid["inner_folds"].iloc[best]))
    limit = auc[best] - (0.0 if np.isnan(error) else error)
    near = np.flatnonzero(at_least(auc, limit))
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


def _tables(pieces: GridSearch, folder: Path, folds: pd.DataFrame) -> dict[str, pd.DataFrame]:
    drawn = [part for part in pieces.parts if part.name.startswith("draw")]
    others = [part for part in pieces.parts if not part.name.startswith("draw")]
    features, ranked = pieces.usable(folder), _rankings(pieces, folder, others, "inner_fold")
    tables = {"rankings": ranked}
    over = {"inner_fold": (ranked[ranked["inner_fold"] >= 0], folds[folds["inner_fold"] >= 0])}
    if drawn:
        tables["resampling"] = _drawn_scores(pieces, folder, drawn)
        tables["resampling_rankings"] = _rankings(pieces, folder, drawn, "draw")
        over["draw"] = (tables["resampling_rankings"], tables["resampling"])
    stable, spread = [], []
    for number, (rankings, scores) in over.items():
        sizes = sorted({int(size) for size in scores["size"].unique()})
        stable.append(selector_stability(rankings, number=number, sizes=sizes, features=features))
        spread.append(classifier_spread(scores, number=number))
    tables["selector_stability"] = pd.concat(stable, ignore_index=True)
    tables["classifier_spread"] = pd.concat(spread, ignore_index=True)
    return tables | {"grid_seconds": pieces.seconds(folder)}


def _drawn_scores(pieces: GridSearch, folder: Path, drawn: Sequence[Part]) -> pd.DataFrame:
    classifiers = [use.label for use in pieces.settings.classifiers]
    rows = [
        (part.number, use.label, classifier, part.sizes[0], auc)
        for part in drawn
        for use, row in zip(part.selectors, pieces.scores(folder, part)[:, :, 0], strict=True)
        for classifier, auc in zip(classifiers, row, strict=True)
    ]
    return pd.DataFrame(rows, columns=["draw", "selector", "classifier", "size", "auc"])


def _rankings(pieces: GridSearch, folder: Path, parts: Sequence[Part], number: str) -> pd.DataFrame:
    """One row a place of a ranking; names are categories, since each stands in many rows."""
    rows = [
        (part.number, selector, rank, feature)
        for part in parts
        for selector, ranking in zip(
            [use.label for use in part.selectors], pieces.rankings(folder, part), strict=True
        )
        for rank, feature in enumerate(ranking, start=1)
    ]
    table = pd.DataFrame(rows, columns=[number, "selector", "rank", "feature"])
    return table.astype({number: "int16", "rank": "int16", "selector": "category", "feature": "category"})
