from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.pipeline import Pipeline

from samesplit.models.radiomics import preparation
from samesplit.models.radiomics.preparation import (
    DropCorrelated,
    DropMissing,
    DropNearConstant,
    preparation_steps,
)


def test_columns_with_too_many_gaps_go_and_others_stay() -> None:
    X = np.ones((10, 4))
    X[:5, 1], X[:6, 2], X[:, 3] = np.nan, np.nan, np.nan
    assert DropMissing(share=0.5).fit(X).get_support().tolist() == [True, True, False, False]
    assert DropMissing(share=0.999).fit(X).get_support().tolist() == [True, True, True, False]


def test_the_share_of_equal_values_decides_what_is_near_constant() -> None:
    X = np.arange(40.0).reshape(20, 2)
    X[:19, 0] = 5.0
    X[:18, 1] = -3.0
    assert DropNearConstant(share=0.95).fit(X).get_support().tolist() == [False, True]
    assert DropNearConstant(share=0.9).fit(X).get_support().tolist() == [False, False]
    assert DropNearConstant(share=1.0).fit(X).get_support().tolist() == [True, True]


def test_near_constancy_agrees_with_counting_on_random_columns() -> None:
    rng = np.random.default_rng(0)
    X = rng.integers(0, 3, size=(30, 200)) * (rng.random((30, 200)) < rng.uniform(0, 1, 200))
    for share in (0.5, 0.8, 0.95):
        most = np.array([np.unique(column, return_counts=True)[1].max() for column in X.T])
        np.testing.assert_array_equal(DropNearConstant(share=share).fit(X).get_support(), most < share * 30)


def test_of_correlated_columns_the_first_stays() -> None:
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, 200))
    X = np.column_stack([a, b, -2 * a + 0.01 * rng.normal(size=200), a + b, np.full(200, 3.0)])
    assert DropCorrelated(limit=0.95).fit(X).get_support().tolist() == [True, True, False, True, True]
    assert DropCorrelated(limit=0.5).fit(X).get_support().tolist() == [True, True, False, False, True]


def test_a_correlation_at_the_limit_is_decided_in_double_precision_and_by_no_last_digit() -> None:
    rng = np.random.default_rng(3)
    q = np.linalg.qr(np.column_stack([np.ones(200), rng.normal(size=(200, 2))]))[0]
    for beyond, stays in ((0.0, True), (1e-12, True), (-1e-8, True), (1e-8, False)):
        r = 0.95 + beyond
        X = np.column_stack([q[:, 1], r * q[:, 1] + np.sqrt(1 - r**2) * q[:, 2]])
        assert DropCorrelated(limit=0.95).fit(X).get_support().tolist() == [True, stays]


def test_values_that_differ_by_rounding_count_as_equal() -> None:
    noise = 1 + 1e-13 * np.random.default_rng(0).uniform(-1, 1, (40, 2))
    X = np.column_stack([np.r_[np.full(38, 0.1), 1, 2], np.r_[np.full(37, 0.1), 1, 2, 3]]) * noise
    assert DropNearConstant(share=0.95).fit(X).get_support().tolist() == [False, True]


@pytest.mark.parametrize("share", [0.07, 0.14, 0.28, 0.55, 0.56, 0.57, 0.95])
def test_a_share_that_a_float_cannot_hold_is_counted_as_it_is_written(share: float) -> None:
    filled = round(100 * share)
    X = np.where(np.arange(100) < filled, 0.0, np.arange(100.0))[:, None]
    assert not DropNearConstant(share=share).fit(X).get_support()[0]
    X[filled - 1] = 0.5
    assert DropNearConstant(share=share).fit(X).get_support()[0]


def test_no_correlation_is_above_a_limit_of_one() -> None:
    X = np.random.default_rng(0).normal(size=(50, 100))
    assert DropCorrelated(limit=1.0).fit(np.column_stack([X, 3 * X + 1])).get_support().all()


def test_a_column_that_was_dropped_does_not_drop_others() -> None:
    rng = np.random.default_rng(0)
    a = rng.normal(size=2000)
    b = a + 0.6 * rng.normal(size=2000)
    c = b + 0.6 * rng.normal(size=2000)
    correlation = np.corrcoef([a, b, c])
    limit = 0.82
    assert correlation[0, 1] > limit
    assert correlation[1, 2] > limit
    assert correlation[0, 2] < limit
    kept = DropCorrelated(limit=limit).fit(np.column_stack([a, b, c])).get_support()
    assert kept.tolist() == [True, False, True]


def dense(X: np.ndarray, limit: float) -> list[int]:
    """The filter with all correlations at once, in double precision."""
    follows = np.abs(np.corrcoef(X.T)) > limit
    keep = np.ones(X.shape[1], dtype=bool)
    for column in range(X.shape[1]):
        if keep[column]:
            keep[column + 1 :] &= ~follows[column, column + 1 :]
    return np.flatnonzero(keep).tolist()


@pytest.mark.parametrize("block", [1, 7, 64, 1000])
@pytest.mark.parametrize("limit", [0.3, 0.8, 0.95])
def test_blocks_of_any_size_keep_the_columns_that_all_correlations_at_once_keep(
    block: int, limit: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(2)
    X = rng.normal(size=(40, 12)) @ rng.normal(size=(12, 150)) + rng.uniform(0, 3, 150) * rng.normal(
        size=(40, 150)
    )
    X[:, 40:60] = -3 * X[:, 20:40]
    monkeypatch.setattr(preparation, "_BLOCK", block)
    found = np.flatnonzero(DropCorrelated(limit=limit).fit(X).get_support()).tolist()
    assert found == dense(X, limit)
    assert 3 < len(found) < 150


def test_memory_of_the_correlation_filter_grows_with_the_columns_and_not_with_their_square() -> None:
    X = np.random.default_rng(0).normal(size=(20, 12_000))
    tracemalloc.start()
    try:
        DropCorrelated(limit=0.6).fit(X)
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert most < 12 * X.nbytes  # all correlations at once: 300 times


@pytest.mark.parametrize("correlation", [None, 0.9])
def test_the_whole_preparation_is_fitted_on_training_rows_alone(correlation: float | None) -> None:
    rng = np.random.default_rng(0)
    train = rng.normal(5, 3, size=(40, 6))
    train[0, 0] = np.nan
    pipeline = Pipeline(
        preparation_steps(
            missing=0.5, near_constant=0.95, impute="median", scale="standard", correlation=correlation
        )
    )
    clone(pipeline)
    pipeline.fit(train)
    row = np.full((1, 6), np.nan)
    filled = np.nanmedian(train, axis=0)
    done = np.where(np.isnan(train), filled, train)
    expected = (filled - done.mean(axis=0)) / done.std(axis=0)
    np.testing.assert_allclose(pipeline.transform(row)[0], expected)
    np.testing.assert_allclose(pipeline.transform(np.vstack([row, 1e6 * np.ones((5, 6))]))[0], expected)
