"""Classifiers fitted for one AUC alone: scikit-learn's own trees and machines without what surrounds them.

On thirty lesions scikit-learn spends nine tenths of a forest's time on what surrounds its trees: copies of the
estimator, checks of the same input a hundred times. A grid fits tens of thousands of ensembles whose only use
is one AUC. Here the trees are grown one after the other by scikit-learn's builder, with the random numbers that
scikit-learn would draw; a test compares the probabilities with `fit` and `predict_proba` digit by digit. A
support vector machine's scores have the order of its probabilities, whose curve always rises: the curve, five
machines more, need not be fitted for an AUC. A classifier with settings that are not covered here takes the
usual way, and so does the chosen cell, which is fitted and kept as an ordinary scikit-learn object.

The builder and its parts are scikit-learn's own and not promised to stay: they may go, move or take other
arguments with any release. So the quick way is optional. Where one of its names is gone there is none, and each
kind of ensemble is compared with scikit-learn's own probabilities on a few rows, once in a process, before it
is used; where they differ or an error comes, the usual way is taken.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.ensemble import BaggingClassifier, RandomForestClassifier
from sklearn.tree import DecisionTreeClassifier
from sklearn.utils.extmath import softmax

from samesplit.models.radiomics.estimators import AdaptiveBoosting, SupportVectors

try:
    from sklearn.ensemble._bagging import _generate_bagging_indices
    from sklearn.tree._criterion import Gini
    from sklearn.tree._splitter import BestSplitter
    from sklearn.tree._tree import DepthFirstTreeBuilder, Tree
except ImportError:
    _FOUND = False
else:
    _FOUND = True

__all__ = ["Quick", "as_scores", "quick_scores"]

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]
Quick = Callable[[Floats, Rows, Floats], Floats]
"""From rows to fit on, their labels (class numbers, each there) and held-out rows to the held-out rows' scores.

Of two classes one score for each row, of more one for each row and class.
"""

_NO_LIMIT = np.iinfo(np.int32).max
_TREE = {
    "ccp_alpha": 0.0, "class_weight": None, "criterion": "gini", "max_leaf_nodes": None,
    "min_impurity_decrease": 0.0, "min_samples_split": 2, "min_weight_fraction_leaf": 0.0, "monotonic_cst": None,
}  # fmt: skip
"""Settings of trees that must be as here; those left out are free."""
_FOREST = _TREE | {
    "bootstrap": True,
    "max_samples": None,
    "oob_score": False,
    "verbose": 0,
    "warm_start": False,
}
_BAGGING = {
    "bootstrap": True, "bootstrap_features": False, "estimator": None, "max_features": 1.0, "oob_score": False,
    "verbose": 0, "warm_start": False,
}  # fmt: skip


def quick_scores(classifier: Any, *, classes: int = 2) -> Quick | None:
    """Find what ranks held-out rows as `classifier.fit(X, y).predict_proba(held)[:, 1]` does, if there is a way.

    The scores are those probabilities themselves, but for a support vector machine its distances to the boundary.
    Of more than two classes they are the probabilities of all; a machine has no quicker way then, since a
    probability that is divided by the sum of all has another order than its score.

    Args:
        classifier: Unfitted, with an integer as `random_state`; it stays unfitted.
        classes: How many there are.
    """
    kind: Any = type(classifier)
    if kind is SupportVectors:
        return _machine(classifier) if classes == 2 else None
    quick = _ensemble(classifier)
    return quick if quick is not None and _agrees(kind, min(classes, 3)) else None


def _ensemble(classifier: Any) -> Quick | None:
    """Return the quick way of an ensemble of trees, or of one tree; None where its settings are not covered."""
    given = classifier.get_params(deep=False) if hasattr(classifier, "get_params") else {}
    seed = given.get("random_state")
    if not isinstance(seed, int | np.integer):
        return None
    if type(classifier) is RandomForestClassifier and _as(given, _FOREST):
        return _forest(given, int(seed)) if _plain_limits(given) else None
    if type(classifier) is DecisionTreeClassifier and _as(given, _TREE | {"splitter": "best"}):
        return _single(given, int(seed)) if _plain_limits(given) else None
    if type(classifier) is BaggingClassifier and _as(given, _BAGGING) and _all_rows(given["max_samples"]):
        return _bagged(given["n_estimators"], int(seed))
    if type(classifier) is AdaptiveBoosting and given["estimator"] is None:
        return _boosted(given["n_estimators"], given["learning_rate"], int(seed))
    return None


_TRIED: dict[Any, dict[str, Any]] = {
    RandomForestClassifier: {"n_estimators": 3, "min_samples_leaf": 2, "max_features": "sqrt"},
    DecisionTreeClassifier: {"max_depth": 3},
    BaggingClassifier: {"n_estimators": 3},
    AdaptiveBoosting: {"n_estimators": 3},
}
"""What each kind is tried with before it is trusted."""


@cache
def _agrees(kind: Hashable, classes: int = 2) -> bool:
    """Whether the quick way of a kind gives scikit-learn's own probabilities on a few rows."""
    if not _FOUND:
        return False
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(20, 6)), np.arange(20) % classes
    make: Any = kind
    classifier = make(**_TRIED[kind], random_state=1)
    quick = _ensemble(classifier)
    try:
        found = quick(X, y, X[::-1] + 0.1) if quick is not None else np.empty(0)
        expected = as_scores(classifier.fit(X, y).predict_proba(X[::-1] + 0.1))
    except Exception:  # names that stayed and take other arguments fail in any way
        return False
    return found.shape == expected.shape and np.allclose(found, expected, rtol=1e-9, atol=0)


def as_scores(probabilities: Floats) -> Floats:
    """Take what is compared of the probabilities: of two classes the second's, shape (n,), of more all of them.

    Args:
        probabilities: Shape (n, n_classes).
    """
    return np.asarray(probabilities[:, 1] if probabilities.shape[1] == 2 else probabilities)


def _as(given: dict[str, Any], wanted: dict[str, Any]) -> bool:
    """Whether settings are as wanted, in kind too: 1 is one feature, 1.0 is all of them."""
    return all(
        name in given and type(given[name]) is type(value) and given[name] == value
        for name, value in wanted.items()
    )


def _all_rows(share: Any) -> bool:
    return share is None or (isinstance(share, float) and share == 1.0)


def _plain_limits(given: dict[str, Any]) -> bool:
    """Whether the free settings of trees are numbers of rows and features, and no shares."""
    depth, leaf, features = given["max_depth"], given["min_samples_leaf"], given["max_features"]
    return isinstance(leaf, int) and (depth is None or isinstance(depth, int)) and features in (None, "sqrt")


def _grow(
    X: npt.NDArray[np.float32],
    y: Floats,
    weight: Floats | None,
    random_state: np.random.RandomState,
    *,
    depth: int | None = None,
    leaf: int = 1,
    features: str | None = None,
) -> Any:
    """One classification tree by Gini impurity, as `DecisionTreeClassifier._fit` grows it.

    Args:
        X: Shape (n, p), C order.
        y: Class numbers from 0 as floats, each there, shape (n, 1).
        weight: Of each row, shape (n,).
        random_state: As the tree would begin with.
        depth: Most splits above a leaf.
        leaf: Fewest rows in a leaf.
        features: How many features are looked at in a split: all, or the root of their number.
    """
    n_features = X.shape[1]
    looked_at = max(1, int(np.sqrt(n_features))) if features == "sqrt" else n_features
    n_classes = np.array([_count(y)], dtype=np.intp)
    splitter = BestSplitter(Gini(1, n_classes), looked_at, leaf, 0.0, random_state, None)
    tree = Tree(n_features, n_classes, 1)
    most = _NO_LIMIT if depth is None else depth
    DepthFirstTreeBuilder(splitter, max(2, 2 * leaf), leaf, 0.0, most, 0.0).build(tree, X, y, weight, None)
    return tree


def _count(y: npt.NDArray[Any]) -> int:
    """How many classes there are; two at least."""
    return max(2, int(y.max()) + 1)


def _single_precision(X: Floats) -> npt.NDArray[np.float32]:
    return np.ascontiguousarray(X, dtype=np.float32)


def _column(y: Rows) -> Floats:
    return np.ascontiguousarray(y, dtype=np.float64)[:, None]


def _limits(given: dict[str, Any]) -> dict[str, Any]:
    return {
        "depth": given["max_depth"], "leaf": given["min_samples_leaf"], "features": given["max_features"]
    }  # fmt: skip


def _single(given: dict[str, Any], seed: int) -> Quick:
    limits = _limits(given)

    def probabilities(X: Floats, y: Rows, held: Floats) -> Floats:
        tree = _grow(_single_precision(X), _column(y), None, np.random.RandomState(seed), **limits)
        return as_scores(tree.predict(_single_precision(held)))

    return probabilities


def _forest(given: dict[str, Any], seed: int) -> Quick:
    limits, count = _limits(given), given["n_estimators"]

    def probabilities(X: Floats, y: Rows, held: Floats) -> Floats:
        rows, labels, judged = _single_precision(X), _column(y), _single_precision(held)
        draws, total = np.random.RandomState(seed), np.zeros((len(held), _count(y)))
        for _ in range(count):
            own = draws.randint(_NO_LIMIT)
            drawn = np.random.RandomState(own).randint(0, len(X), len(X))
            weight = np.bincount(drawn, minlength=len(X)).astype(np.float64)
            total += _grow(rows, labels, weight, np.random.RandomState(own), **limits).predict(judged)
        return as_scores(total / count)

    return probabilities


def _bagged(count: int, seed: int) -> Quick:
    def probabilities(X: Floats, y: Rows, held: Floats) -> Floats:
        rows, labels = _single_precision(X), _column(y)
        n, p = X.shape
        total = np.zeros((len(held), _count(y)))
        for own in np.random.RandomState(seed).randint(_NO_LIMIT, size=count):
            columns, drawn = _generate_bagging_indices(own, False, True, p, n, p, n, None)
            weight = np.bincount(drawn, minlength=n).astype(np.float64)
            grown = np.random.RandomState(np.random.RandomState(own).randint(_NO_LIMIT))
            total += _grow(rows, labels, weight, grown).predict(_single_precision(held[:, columns]))
        return as_scores(total / count)

    return probabilities


def _boosted(count: int, rate: float, seed: int) -> Quick:
    """Discrete SAMME with stumps, as `AdaBoostClassifier` does it."""

    def probabilities(X: Floats, y: Rows, held: Floats) -> Floats:
        rows, labels, judged = _single_precision(X), _column(y), _single_precision(held)
        random, smallest = np.random.RandomState(seed), np.finfo(np.float64).eps
        weight = np.ones(len(X)) / len(X)
        votes: list[npt.NDArray[np.int64]] = []
        strengths, classes = np.zeros(count), _count(y)
        for turn in range(count):
            weight = np.clip(weight, smallest, None)
            stump = _grow(rows, labels, weight, np.random.RandomState(random.randint(_NO_LIMIT)), depth=1)
            wrong = stump.predict(rows).argmax(axis=1) != y
            error = float(np.average(wrong, weights=weight))
            if error >= 1.0 - 1.0 / classes:
                break
            votes.append(stump.predict(judged).argmax(axis=1))
            if error <= 0:
                strengths[turn] = 1.0
                break
            strengths[turn] = rate * (np.log((1.0 - error) / error) + np.log(classes - 1.0))
            if turn < count - 1:
                weight = np.exp(np.log(weight) + strengths[turn] * wrong)
                total = np.sum(weight)
                if not np.isfinite(total) or total <= 0:
                    break
                weight /= total
        return as_scores(_agreed(votes, strengths, len(held), classes))

    return probabilities


def _machine(classifier: SupportVectors) -> Quick:
    def scores(X: Floats, y: Rows, held: Floats) -> Floats:
        return np.asarray(classifier.machine().fit(X, y).decision_function(held))

    return scores


def _agreed(votes: list[npt.NDArray[np.int64]], strengths: Floats, n_held: int, classes: int) -> Floats:
    """Return the probabilities of a weighted vote, shape (n_held, classes); all alike where nobody votes."""
    if not votes:
        return np.full((n_held, classes), 1 / classes)
    numbers = np.arange(classes)[:, None]
    counted: Floats = sum(
        np.where((vote == numbers).T, strength, -1 / (classes - 1) * strength)
        for vote, strength in zip(votes, strengths, strict=False)
    )
    counted = counted / strengths.sum()
    if classes > 2:
        return np.asarray(softmax(counted / (classes - 1)))
    counted[:, 0] *= -1
    decision = counted.sum(axis=1)
    return np.asarray(softmax(np.vstack([-decision, decision]).T / 2))
