"""The choices of the kind `lasso-random-forest`: the penalty, the ranking, and how many features."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.ensemble import RandomForestClassifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import lasso_path
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import Pipeline

from samesplit.errors import ModelError
from samesplit.models.radiomics.fast_scoring import as_scores
from samesplit.models.radiomics.grid import inner_splits
from samesplit.models.radiomics.lasso_forest_settings import LassoForestSettings
from samesplit.models.radiomics.oversampling import oversample
from samesplit.models.radiomics.scoring import mean_auc
from samesplit.ordering import RELATIVE, first_best, merge_probabilities, ranked

__all__ = ["Ranking", "Search"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Ranking:
    """What the LASSO says of one set of training rows.

    Attributes:
        prepare: The preparation fitted on these rows.
        X: Their prepared features, shape (n_lesions, n_prepared).
        order: Columns of the prepared features with a coefficient, the largest absolute one first.
        coefficients: Per prepared column, per SD, shape (n_prepared,); of more than two classes their lengths.
        penalties: One row a penalty: penalty, inner_error, features, chosen.
    """

    prepare: Pipeline
    X: Floats
    order: Ints
    coefficients: Floats
    penalties: pd.DataFrame


@dataclass(frozen=True)
class Search:
    """The training rows of a fold and how they are searched.

    Attributes:
        table: One row a lesion, NaN where missing.
        labels: Class numbers from 0, shape (n_lesions,).
        patients: Shape (n_lesions,).
        settings: The model file.
        seed: Of the inner folds, the synthetic lesions and the forests.
        jobs: Threads that grow a forest's trees; the result does not depend on it.
    """

    table: pd.DataFrame
    labels: Ints
    patients: npt.NDArray[Any]
    settings: LassoForestSettings
    seed: int
    jobs: int = 1

    def splits(self) -> list[tuple[Ints, Ints]]:
        """Return the inner folds of these rows, grouped by patient.

        Raises:
            ModelError: A class has fewer than two patients.
        """
        folds, name = self.settings.inner_folds, self.settings.name
        return inner_splits(self.labels, self.patients, folds=folds, seed=self.seed, model=name)

    def part(self, rows: Ints) -> Search:
        """Return the same search on some of the rows."""
        return replace(
            self, table=self.table.iloc[rows], labels=self.labels[rows], patients=self.patients[rows]
        )

    @property
    def can_choose(self) -> bool:
        """Whether each class comes from two patients or more, so that inner folds can choose a penalty."""
        return all(len(np.unique(self.patients[self.labels == label])) > 1 for label in range(self.classes))

    @property
    def classes(self) -> int:
        """How many classes there are."""
        return max(2, int(self.labels.max(initial=0)) + 1)

    @property
    def whole(self) -> bool:
        """Whether there are lesions of each class."""
        return len(np.unique(self.labels)) == self.classes

    def rank(self, penalty: float | None = None) -> Ranking:
        """Choose the penalty by inner folds, then rank on all rows.

        A penalty that leaves no feature on all rows cannot be chosen; of equally good ones the larger is.

        Args:
            penalty: Chosen already: the largest up to it that leaves a feature is taken, or the largest of all.

        Raises:
            ModelError: No penalty leaves a feature.
        """
        penalties = np.asarray(self.settings.penalties)[::-1]
        errors = self._inner_errors(penalties) if penalty is None else np.full(len(penalties), np.nan)
        prepare = self.settings.preparation()
        X = np.asarray(prepare.fit_transform(self.table), dtype="float64")
        path, _ = _lasso(*self._balanced(X, self.labels), penalties, self.classes)
        path = _sizes(path)
        features = (np.abs(path) > RELATIVE).sum(axis=0)
        if not features.any():
            raise ModelError(
                f"no penalty of the LASSO from {penalties[-1]:g} to {penalties[0]:g} leaves a feature",
                where=f"model '{self.settings.name}'",
                remedy="add smaller 'penalties' to the model file",
            )
        if penalty is None:
            best = first_best(np.where(features > 0, errors, np.inf), largest=False)
        else:
            usable = np.flatnonzero(features > 0)
            best = int(next((place for place in usable if penalties[place] <= penalty), usable[0]))
        coefficients = path[:, best]
        order = ranked(np.abs(coefficients), descending=True)[: features[best]].astype(np.int64)
        table = pd.DataFrame(
            {
                "penalty": penalties,
                "inner_error": errors,
                "features": features,
                "chosen": np.arange(len(penalties)) == best,
            }
        )
        return Ranking(prepare, X, order, coefficients, table)

    def _inner_errors(self, penalties: Floats) -> Floats:
        """Mean squared error of the held-out inner folds, per penalty."""
        errors = [self._errors(fit, held, penalties) for fit, held in self.splits()]
        return np.asarray(np.mean(errors, axis=0), dtype="float64")

    def _errors(self, fit: Ints, held: Ints, penalties: Floats) -> Floats:
        """Squared error on the held-out rows, per penalty."""
        prepare = self.settings.preparation()
        X = np.asarray(prepare.fit_transform(self.table.iloc[fit]), dtype="float64")
        path, intercepts = _lasso(*self._balanced(X, self.labels[fit]), penalties, self.classes)
        outside = np.asarray(prepare.transform(self.table.iloc[held]), dtype="float64")
        if path.ndim == 3:
            told = np.einsum("np,kpa->nka", outside, path) + intercepts
            missed = np.eye(self.classes)[self.labels[held]][:, :, None] - told
            return np.asarray((missed**2).sum(axis=1).mean(axis=0))
        missed = self.labels[held][:, None] - (outside @ path + intercepts)
        return np.asarray((missed**2).mean(axis=0))

    def _balanced(self, X: Floats, y: Ints) -> tuple[Floats, Ints]:
        """With synthetic lesions of the rarer class, where the settings ask for them."""
        if self.settings.oversample is None:
            return X, y
        return oversample(X, y, neighbours=self.settings.oversample.neighbours, seed=self.seed)

    def _forest(self, X: Floats, y: Ints, *, repeat: int) -> RandomForestClassifier:
        forest = RandomForestClassifier(
            n_estimators=self.settings.trees, random_state=self.seed + repeat, n_jobs=self.jobs
        )
        return forest.fit(X, y).set_params(n_jobs=1)

    def without_each_fold(self, ranking: Ranking) -> list[tuple[Floats, Ints]]:
        """Return the prepared rows without each inner fold; synthetic lesions are made of what remains.

        An inner fold that holds all lesions of a class is passed over: a forest without it knows nothing of it.

        Raises:
            ModelError: Each inner fold is such a fold.
        """
        whole = [fit for fit, _ in self.splits() if len(np.unique(self.labels[fit])) == self.classes]
        if not whole:
            raise ModelError(
                "no inner fold of the training part has all classes to fit on",
                where=f"model '{self.settings.name}'",
                remedy="make a split with fewer folds, or leave this model out",
            )
        return [self._balanced(ranking.X[fit], self.labels[fit]) for fit in whole]

    def forests(
        self, parts: list[tuple[Floats, Ints]], columns: Ints, *, repeat: int = 0
    ) -> list[RandomForestClassifier]:
        """One forest for each of `without_each_fold`, on some columns of the prepared features."""
        return [self._forest(X[:, columns], y, repeat=repeat) for X, y in parts]

    def compare_sizes(self, ranking: Ranking, outside: pd.DataFrame, truth: Ints) -> pd.DataFrame:
        """Score every size and choose the best; of equally good ones the smallest.

        Args:
            ranking: Of all rows.
            outside: The validation lesions; none to compare on inner folds.
            truth: Their labels.

        Returns:
            One row a size: size, compared_on, auc, auc_sd, scores, chosen.

        Raises:
            ModelError: There is nothing to compare sizes on.
        """
        settings = self.settings
        if settings.size is not None:
            return _size_table([settings.size], np.full((1, 1), np.nan), "given")
        if len(np.unique(truth)) == self.classes:
            return _size_table(settings.sizes, self._on_validation(ranking, outside, truth), "validation")
        penalty = float(ranking.penalties.loc[ranking.penalties["chosen"], "penalty"].iloc[0])
        scores = [self._inside(fit, held, penalty) for fit, held in self.splits()]
        if all(np.isnan(each).all() for each in scores):
            raise ModelError(
                f"no inner fold holds out lesions of {'both' if self.classes == 2 else 'several'} classes, so "
                "sizes cannot be compared",
                where=f"model '{settings.name}'",
                remedy="say 'size:' in the model file",
            )
        return _size_table(settings.sizes, np.concatenate(scores, axis=1), "inner")

    def _on_validation(self, ranking: Ranking, outside: pd.DataFrame, truth: Ints) -> Floats:
        """Return the AUC of the mean of the inner folds' forests, shape (n_sizes, n_repeats)."""
        X = np.asarray(ranking.prepare.transform(outside), dtype="float64")
        parts = self.without_each_fold(ranking)

        def score(size: int, repeat: int) -> float:
            columns = ranking.order[:size]
            forests = self.forests(parts, columns, repeat=repeat)
            mean = np.mean([as_scores(forest.predict_proba(X[:, columns])) for forest in forests], axis=0)
            return _auc(truth, mean)

        return _scores(score, self.settings.sizes, self.settings.repeats, len(ranking.order))

    def borrows(self) -> int:
        """Count the inner folds whose other lesions keep one patient of a class, and so choose no penalty."""
        return sum(not self.part(fit).can_choose for fit, _ in self.splits())

    def _inside(self, fit: Ints, held: Ints, penalty: float) -> Floats:
        """Return the AUC on one inner fold of a forest fitted without it, shape (n_sizes, n_repeats).

        Where the other lesions keep one patient of a class they cannot choose a penalty by folds of their own, and
        take that of the whole training part.
        """
        truth, part = self.labels[held], self.part(fit)
        if len(np.unique(truth)) < 2 or not (part.whole and part.classes == self.classes):
            return np.full((len(self.settings.sizes), self.settings.repeats), np.nan)
        ranking = part.rank(None if part.can_choose else penalty)
        balanced, y = part._balanced(ranking.X, part.labels)
        X = np.asarray(ranking.prepare.transform(self.table.iloc[held]), dtype="float64")

        def score(size: int, repeat: int) -> float:
            columns = ranking.order[:size]
            forest = part._forest(balanced[:, columns], y, repeat=repeat)
            return _auc(truth, as_scores(forest.predict_proba(X[:, columns])))

        return _scores(score, self.settings.sizes, self.settings.repeats, len(ranking.order))


def _auc(truth: Ints, scores: Floats) -> float:
    if scores.ndim == 2:
        return mean_auc(truth, np.column_stack([merge_probabilities(column) for column in scores.T]))
    return float(roc_auc_score(truth, merge_probabilities(scores)))


def _scores(score: Any, sizes: tuple[int, ...], repeats: int, most: int) -> Floats:
    """Score each size and repeat; sizes beyond what the LASSO kept are the same model and scored once."""
    known: dict[int, list[float]] = {}
    for size in sizes:
        used = min(size, most)
        if used not in known:
            known[used] = [score(used, repeat) for repeat in range(repeats)]
    return np.asarray([known[min(size, most)] for size in sizes], dtype="float64")


def _lasso(X: Floats, y: Ints, penalties: Floats, classes: int) -> tuple[Floats, Floats]:
    """Coefficients, shape (n_features, n_penalties), and intercepts along falling penalties.

    Of more than two classes both have one more dimension in front, the classes.
    """
    if classes > 2:
        return _group_lasso(X, np.eye(classes)[y], penalties)
    mean, centre = X.mean(axis=0), float(y.mean())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # at the smallest penalties the order is settled
        _, path, _ = lasso_path(np.asfortranarray(X - mean), y - centre, alphas=penalties, max_iter=1000)
    return path, centre - mean @ path


def _group_lasso(X: Floats, labels: Floats, penalties: Floats) -> tuple[Floats, Floats]:
    """Fit several 0/1 labels, shape (n_lesions, n_classes), with one penalty for all coefficients of a feature."""
    mean, centre = X.mean(axis=0), labels.mean(axis=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        _, path, _ = lasso_path(
            np.asfortranarray(X - mean), np.asfortranarray(labels - centre), alphas=penalties, max_iter=1000
        )
    return path, centre[:, None] - np.einsum("p,kpa->ka", mean, path)


def _sizes(path: Floats) -> Floats:
    """Coefficients as they rank features, shape (n_features, n_penalties): lengths where a feature has several."""
    return np.asarray(np.sqrt((path**2).sum(axis=0))) if path.ndim == 3 else path


def _size_table(sizes: Any, scores: Floats, compared_on: str) -> pd.DataFrame:
    """One row a size; `scores` has a row a size and a column an AUC, NaN where there is none."""
    usable = scores[:, ~np.isnan(scores).any(axis=0)]
    mean = usable.mean(axis=1) if usable.size else np.full(len(sizes), np.nan)
    spread = usable.std(axis=1, ddof=1) if usable.shape[1] > 1 else np.full(len(sizes), np.nan)
    return pd.DataFrame(
        {
            "size": np.asarray(sizes, dtype="int64"),
            "compared_on": compared_on,
            "auc": mean,
            "auc_sd": spread,
            "scores": usable.shape[1],
            "chosen": np.arange(len(sizes)) == first_best(np.nan_to_num(mean, nan=-1.0)),
        }
    )
