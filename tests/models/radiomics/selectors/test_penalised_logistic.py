from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.feature_selection import SelectFromModel
from sklearn.linear_model import LogisticRegression

from samesplit.models.radiomics.selectors import L1Logistic


def planted(n: int = 80, p: int = 30, seed: int = 3) -> tuple[np.ndarray, np.ndarray]:
    """Columns 4 and 17 tell the class, 4 better; the others are noise."""
    rng = np.random.default_rng(seed)
    y = np.arange(n) % 2
    X = rng.normal(size=(n, p))
    X[:, 4] += 3.0 * y
    X[:, 17] -= 2.0 * y
    return X, y


def test_planted_features_come_first_whatever_their_units() -> None:
    X, y = planted()
    scaled = X * np.geomspace(1e-3, 1e3, X.shape[1]) + 7

    found = L1Logistic(C=0.3).fit(X, y)

    assert found.ranking_[:2].tolist() == [4, 17]
    np.testing.assert_array_equal(L1Logistic(C=0.3).fit(scaled, y).ranking_, found.ranking_)


@pytest.mark.parametrize("C", [0.1, 1.0])
def test_it_selects_what_scikit_learns_wrapper_selects(C: float) -> None:
    X, y = planted()
    order = np.lexsort((X[:, 0], y))  # the order of rows in which every selector looks at them
    model = LogisticRegression(l1_ratio=1.0, solver="liblinear", C=C, tol=1e-4, max_iter=100, random_state=42)

    for size in (1, 5, 20):
        theirs = SelectFromModel(model, max_features=size, threshold=-np.inf).fit(X[order], y[order])
        ours = L1Logistic(
            size=size, C=C, standardise=False, tolerance=1e-4, iterations=100, random_state=42
        ).fit(X, y)
        np.testing.assert_array_equal(ours.get_support(), theirs.get_support())
        np.testing.assert_allclose(ours.scores_, np.abs(theirs.estimator_.coef_[0]), atol=1e-12)


def test_a_weaker_penalty_gives_more_features_a_coefficient() -> None:
    X, y = planted()
    counts = [int((L1Logistic(C=C).fit(X, y).scores_ > 0).sum()) for C in (0.05, 0.5, 5.0)]

    assert counts[0] < counts[1] < counts[2]


def test_features_without_a_coefficient_follow_in_the_order_of_their_columns() -> None:
    X, y = planted()
    found = L1Logistic(C=0.05).fit(X, y)
    zero = np.flatnonzero(found.scores_ == 0)

    np.testing.assert_array_equal(found.ranking_[-len(zero) :], zero)


@pytest.mark.parametrize(
    ("given", "message"),
    [({"C": 0}, "C must be"), ({"tolerance": -1.0}, "tolerance"), ({"iterations": 0}, "iterations")],
)
def test_parameters_out_of_range_are_refused(given: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        L1Logistic(**given).fit(*planted())


def test_equal_columns_are_as_scikit_learns_wrapper_has_them_only_where_all_take_part() -> None:
    rng = np.random.default_rng(4)
    y = np.arange(60) % 2
    X = rng.normal(size=(60, 20)) + 0.6 * y[:, None] * (np.arange(20) < 8)
    X = np.hstack([X, X])[:, rng.permutation(40)]
    model = LogisticRegression(l1_ratio=1.0, solver="liblinear", C=1.0, random_state=42).fit(X, y)
    given = {"C": 1.0, "standardise": False, "tolerance": 1e-4, "iterations": 100, "random_state": 42}
    agree = {}
    for equal in ("first", "all"):
        ranking = L1Logistic(size=None, equal_columns=equal, **given).fit(X, y).ranking_
        agree[equal] = [
            set(ranking[:size]) == set(SelectFromModel(model, max_features=size, threshold=-np.inf, prefit=True)
                                       .get_support(indices=True))
            for size in (1, 2, 4, 8)
        ]  # fmt: skip
    assert all(agree["all"])
    assert not all(agree["first"])
    with pytest.raises(ValueError, match="'first' or 'all'"):
        L1Logistic(equal_columns="none").fit(X, y)  # type: ignore[arg-type]
