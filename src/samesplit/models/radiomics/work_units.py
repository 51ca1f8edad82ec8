"""The two kinds of work in a grid's search: rank the features of one part once, and score cells on it.

A part is a training of its own: rows to fit on, rows held out (an inner fold, the validation part, a draw). Its
preparation is fitted once, each selector ranks once, and a size is a prefix of that ranking; only the
classifiers are fitted anew in every cell, and cells with the same columns share one fit. Held-out rows are seen
by none of them.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn import config_context
from sklearn.pipeline import Pipeline

from samesplit.errors import ModelError
from samesplit.execution.work_units import Arrays, read_result
from samesplit.models.radiomics.estimators import SupportVectors
from samesplit.models.radiomics.fast_scoring import Quick, as_scores, quick_scores
from samesplit.models.radiomics.scoring import auc_error, mean_auc
from samesplit.models.radiomics.settings import ClassifierUse, RadiomicsGridSettings, SelectorUse
from samesplit.ordering import merge_columns, merge_probabilities
from samesplit.under_way import tell

__all__ = [
    "RankingUnit",
    "ScoringUnit",
    "fit_preparation",
    "load_cell_work",
    "rank_features",
    "score_cells",
]

Rows = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class RankingUnit:
    """What `rank_features` is given.

    Attributes:
        settings: The grid.
        selectors: Those that rank.
        size: How much of each ranking is wanted.
        table: The inputs, one row a lesion; see `RadiomicsGridModel.inputs`.
        labels: Class numbers from 0, shape (n_lesions,).
        train_index: The rows to fit on.
        test_index: The rows held out.
        seed: Of all selectors, and of oversampling.
        columns: Numbers of the table's columns that may be used; None means all.
    """

    settings: RadiomicsGridSettings
    selectors: tuple[SelectorUse, ...]
    size: int
    table: pd.DataFrame
    labels: npt.NDArray[np.int64]
    train_index: Rows
    test_index: Rows
    seed: int
    columns: Rows | None = None


@dataclass(frozen=True)
class ScoringUnit:
    """What `score_cells` is given.

    Attributes:
        settings: The grid.
        classifiers: Those that are scored.
        selectors: Names of the selectors, for messages.
        sizes: How many features.
        X_train: Prepared rows to fit on, shape (n_fit, n_columns): those columns that a ranking wants.
        X_test: Prepared rows held out, shape (n_held, n_columns).
        y_train: Class numbers from 0, shape (n_fit,).
        y_test: Class numbers from 0, shape (n_held,).
        rankings: Column numbers, best first, shape (n_selectors, n_ranked).
        seed: Of all classifiers.
        classes: How many there are.
        patients: The patient of each held-out row where the AUC's standard error is wanted.
    """

    settings: RadiomicsGridSettings
    classifiers: tuple[ClassifierUse, ...]
    selectors: tuple[str, ...]
    sizes: tuple[int, ...]
    X_train: Floats
    X_test: Floats
    y_train: npt.NDArray[np.int64]
    y_test: npt.NDArray[np.int64]
    rankings: Rows
    seed: int
    classes: int = 2
    patients: npt.NDArray[Any] | None = None


def rank_features(work: RankingUnit) -> Arrays:
    """Fit the preparation and let each selector rank, all on the rows to fit on.

    Returns:
        `columns`: the table's columns that a ranking wants, shape (n_columns,), ascending; `X_train`, `X_test`:
        their prepared (and oversampled) rows; `y_train`, `y_test`; `rankings`: per selector places
        in `columns`, best first; `usable`: how many columns the preparation kept; `seconds`: of the preparation
        and of each selector.

    Raises:
        ModelError: No feature is usable, or a selector failed.
    """
    start = time.perf_counter()
    settings, y = work.settings, work.labels[work.train_index]
    prepare = Pipeline(settings.steps())
    table = work.table if work.columns is None else work.table.iloc[:, work.columns]
    fit, held = settings.rows(table, work.train_index), settings.rows(table, work.test_index)
    X_train = fit_preparation(prepare, fit, y, model=settings.name)
    X_test = np.asarray(prepare.transform(held), dtype="float64")
    X_train, y = settings.oversampled(X_train, y, seed=work.seed)
    given = list(table.columns)
    names = prepare.get_feature_names_out(None if isinstance(fit, pd.DataFrame) else given)
    place = {str(name): number for number, name in enumerate(work.table.columns)}
    origin = np.array([place[str(name)] for name in names], dtype=np.int64)
    seconds = [time.perf_counter() - start]
    rankings, shared = [], dict[Any, Any]()
    for number, use in enumerate(work.selectors):
        tell(number, len(work.selectors), "selector")
        start = time.perf_counter()
        rankings.append(_ranking(use, X_train, y, work, shared)[: work.size])
        seconds.append(time.perf_counter() - start)
    wanted = np.unique(np.concatenate(rankings))
    return {
        "columns": origin[wanted].astype("int32"),
        "X_train": np.ascontiguousarray(X_train[:, wanted]),
        "X_test": np.ascontiguousarray(X_test[:, wanted]),
        "y_train": y.astype("int8"),
        "y_test": work.labels[work.test_index].astype("int8"),
        "rankings": np.searchsorted(wanted, np.stack(rankings)).astype("int32"),
        "usable": np.array(len(origin)),
        "seconds": np.array(seconds),
    }


def _ranking(
    use: SelectorUse, X_train: Floats, y: npt.NDArray[np.int64], work: RankingUnit, shared: dict[Any, Any]
) -> Rows:
    selector = use.make(size=None, seed=work.seed, enough=work.settings.most)
    try:
        ranking: Rows = selector.fit(X_train, y, shared=shared).ranking_
    except ModelError:
        raise
    except Exception as error:
        raise ModelError(
            f"the selector '{use.label}' failed on {len(y)} lesions and {X_train.shape[1]} features: "
            f"{type(error).__name__}: {error}",
            where=f"model '{work.settings.name}'",
            remedy="change its parameters, or take it out of the grid",
        ) from error
    return ranking


def load_cell_work(
    folder: Path,
    key: str,
    settings: RadiomicsGridSettings,
    classifiers: tuple[ClassifierUse, ...],
    selectors: tuple[str, ...],
    sizes: tuple[int, ...],
    seed: int,
    classes: int,
    patients: npt.NDArray[Any] | None,
) -> ScoringUnit:
    """Return the work on some classifiers from the kept result of `rank_features`."""
    kept = read_result(folder, key, "X_train", "X_test", "y_train", "y_test", "rankings")
    return ScoringUnit(
        settings=settings,
        classifiers=classifiers,
        selectors=selectors,
        sizes=sizes,
        X_train=kept["X_train"],
        X_test=kept["X_test"],
        y_train=kept["y_train"].astype(np.int64),
        y_test=kept["y_test"].astype(np.int64),
        rankings=kept["rankings"].astype(np.int64),
        seed=seed,
        classes=classes,
        patients=patients,
    )


def score_cells(work: ScoringUnit) -> Arrays:
    """Score every cell on the held-out rows by its AUC (see `mean_auc`); equal columns are fitted once.

    Returns:
        `auc`: shape (n_classifiers, n_selectors, n_sizes), from probabilities, NaN where a class is missing in the
        rows that are fitted on or the others are of one class; `error`: its standard error, in the same shape,
        where patients are given; `fits`: how many fits it took; `seconds`: per classifier.

    Raises:
        ModelError: A classifier failed or gave something else than probabilities.
    """
    shape = (len(work.classifiers), len(work.rankings), len(work.sizes))
    auc, error = np.full(shape, np.nan), np.full(shape, np.nan)
    seconds = np.zeros(shape[0])
    sets = _distinct(work.rankings, work.sizes)
    whole = len(np.unique(work.y_train)) == work.classes
    both = whole and len(np.unique(work.y_test)) > 1
    # What these switches leave out was checked once, by the preparation and the selectors.
    with config_context(assume_finite=True, skip_parameter_validation=True):
        for number, use in enumerate(work.classifiers if both else ()):
            start = time.perf_counter()
            classifier = use.make(seed=work.seed, class_weight=work.settings.class_weight)
            quick = quick_scores(classifier, classes=work.classes) or partial(_fitted, classifier)
            for place, (columns, cells) in enumerate(sets):
                tell(number * len(sets) + place, len(sets) * shape[0], "fit")
                scores = _merged(classifier, _scores(quick, use, columns, cells, work))
                found = mean_auc(work.y_test, scores)
                spread = _standard_error(work, scores)
                for cell in cells:
                    auc[number][cell], error[number][cell] = found, spread
            seconds[number] = time.perf_counter() - start
    fits = np.array(len(sets) * shape[0] if both else 0)
    told = {"auc": auc, "fits": fits, "seconds": seconds}
    return told if work.patients is None else told | {"error": error}


def _distinct(rankings: Rows, sizes: Sequence[int]) -> list[tuple[Rows, list[tuple[int, int]]]]:
    """Return the distinct sets of columns, ascending, with the (selector, size) that use each."""
    found: dict[bytes, tuple[Rows, list[tuple[int, int]]]] = {}
    for selector, ranking in enumerate(rankings):
        for place, size in enumerate(sizes):
            columns = np.sort(ranking[:size])
            found.setdefault(columns.tobytes(), (columns, []))[1].append((selector, place))
    return list(found.values())


def _fitted(classifier: Any, X_train: Floats, y: npt.NDArray[np.int64], X_test: Floats) -> Floats:
    """Score the usual way, by probabilities, for whoever has no quicker one."""
    classifier.fit(X_train, y)
    return as_scores(np.asarray(classifier.predict_proba(X_test), dtype="float64"))


def _scores(
    fit_and_score: Quick, use: ClassifierUse, columns: Rows, cells: list[tuple[int, int]], work: ScoringUnit
) -> Floats:
    """Return the scores of the held-out rows by a classifier fitted to some columns."""
    try:
        X_train, X_test = work.X_train.take(columns, axis=1), work.X_test.take(columns, axis=1)
        scores = fit_and_score(X_train, work.y_train, X_test)
        wanted = (len(X_test),) if work.classes == 2 else (len(X_test), work.classes)
        if scores.shape != wanted or not np.isfinite(scores).all():
            raise ValueError(f"it gave scores of shape {scores.shape}, or some that are not finite")
    except Exception as error:
        selector, size = cells[0]
        raise ModelError(
            f"the classifier '{use.label}' failed on {len(work.X_train)} lesions and the {len(columns)} features "
            f"of '{work.selectors[selector]}' at size {work.sizes[size]}: {type(error).__name__}: {error}",
            where=f"model '{work.settings.name}'",
            remedy="change its parameters, or take it out of the grid",
        ) from error
    return scores


def _merged(classifier: Any, scores: Floats) -> Floats:
    """Give equal scores the same number: a machine's are distances, all others probabilities."""
    if scores.ndim == 2:
        return np.column_stack([merge_probabilities(column) for column in scores.T])
    if isinstance(classifier, SupportVectors):
        return merge_columns(scores[:, None])[:, 0]
    return merge_probabilities(scores)


def _standard_error(work: ScoringUnit, scores: Floats) -> float:
    if work.patients is None:
        return float("nan")
    return auc_error(work.y_test, scores, work.patients)


def fit_preparation(prepare: Pipeline, X: Any, y: Any, *, model: str) -> Floats:
    """Fit a preparation and transform with it.

    Raises:
        ModelError: No feature is left.
    """
    prepared = np.empty((len(X), 0))
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "No features were selected")  # it is an error here, see below
        try:
            prepared = np.asarray(prepare.fit_transform(X, y), dtype="float64")
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
