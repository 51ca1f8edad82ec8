from __future__ import annotations

from collections import Counter
from fractions import Fraction
from math import floor, log

import numpy as np
import pytest
from sklearn.metrics import mutual_info_score

from samesplit.models.radiomics.selectors.entropy import Information, equal_frequency_codes, level_codes


def entropy(*columns: np.ndarray) -> float:
    """-sum p ln p over the joint levels of the columns."""
    n = len(columns[0])
    cells = Counter(zip(*(column.tolist() for column in columns), strict=True))
    return -sum(count / n * log(count / n) for count in cells.values())


def table(seed: int, n: int, p: int = 9) -> tuple[np.ndarray, np.ndarray]:
    """Columns of every kind: floats, few values, many equal values, two values, a copy, a mirror image."""
    rng = np.random.default_rng(seed)
    y = rng.permutation(np.arange(n) % 3 == 0).astype(np.int64)
    X = rng.normal(size=(n, p)) + y[:, None] * rng.uniform(0, 1.5, p)
    X[:, 1] = X[:, 1].round()
    X[:, 2] = np.maximum(X[:, 2], 0.3)
    X[:, 3] = X[:, 3] > 0.8
    X[:, 5] = X[:, 0]
    X[:, 6] = -X[:, 0]
    return X, y


def test_bins_are_filled_equally_where_no_values_are_equal() -> None:
    X = np.random.default_rng(0).normal(size=(103, 700))
    codes = equal_frequency_codes(X, 5)
    assert codes.dtype == np.uint8
    assert codes.shape == (700, 103)
    for code, column in zip(codes[:20], X.T, strict=False):
        assert set(np.bincount(code)) == {20, 21}
        assert (np.diff(code[column.argsort()].astype(int)) >= 0).all()


@pytest.mark.parametrize("bins", [2, 3, 5, 10])
@pytest.mark.parametrize("seed", range(3))
def test_a_bin_is_the_share_of_rows_below_and_half_of_those_equal(seed: int, bins: int) -> None:
    X, _ = table(seed, n=61)
    X = np.column_stack((X, (3 * X[:, 4]).round()))  # equal values in many places
    for column, codes in zip(X.T, equal_frequency_codes(X, bins), strict=True):
        if len(set(column)) <= bins:
            expected = np.searchsorted(np.unique(column), column)
        else:
            expected = [
                floor(
                    bins * Fraction(2 * int((column < x).sum()) + int((column == x).sum()), 2 * len(column))
                )
                for x in column
            ]
        np.testing.assert_array_equal(codes, expected)


def test_equal_values_share_a_bin_and_a_rare_value_keeps_its_own() -> None:
    X = np.zeros((100, 3))
    X[:3, 0] = 1.0
    X[:3, 1] = -1.0
    X[:6, 2] = [-1, -2, -3, 1, 2, 3]  # more values than bins, nearly all equal
    codes = equal_frequency_codes(X, 5)
    assert np.bincount(codes[0]).tolist() == [97, 3]
    assert np.bincount(codes[1]).tolist() == [3, 97]
    assert np.bincount(codes[2]).tolist() == [3, 0, 94, 0, 3]


def test_bins_do_not_change_under_increasing_maps_and_follow_their_rows() -> None:
    X, _ = table(0, n=80)
    codes = equal_frequency_codes(X, 5)
    np.testing.assert_array_equal(equal_frequency_codes(np.exp(X) * 1e-3 + 2, 5), codes)
    order = np.random.default_rng(1).permutation(80)
    np.testing.assert_array_equal(equal_frequency_codes(X[order], 5), codes[:, order])


def test_a_column_of_two_values_or_more_never_ends_up_in_one_bin() -> None:
    rng = np.random.default_rng(0)
    for _ in range(200):
        n = int(rng.integers(2, 40))
        X = rng.integers(0, rng.integers(2, 9), size=(n, 4)).astype(float)
        several = X.max(axis=0) > X.min(axis=0)
        for bins in (2, 3, 5):
            codes = equal_frequency_codes(X, bins)
            assert codes.max() < bins
            np.testing.assert_array_equal(codes.max(axis=1) > codes.min(axis=1), several)


def test_levels_number_the_distinct_values_of_every_column() -> None:
    X, _ = table(0, n=50, p=300)
    for column, codes in zip(X.T, level_codes(X), strict=True):
        np.testing.assert_array_equal(codes, np.unique(column, return_inverse=True)[1])


@pytest.mark.parametrize("n", [6, 64, 129, 200])
@pytest.mark.parametrize("bins", [2, 5, 7])
def test_bits_measure_what_the_formulas_say(n: int, bins: int) -> None:
    X, y = table(n, n=n)
    codes = equal_frequency_codes(X, bins)
    _check(Information.of_bins(X, y, bins=bins), codes, y)


@pytest.mark.parametrize("n", [6, 64, 129])
def test_values_as_levels_measure_what_the_formulas_say(n: int) -> None:
    X, y = table(n, n=n)
    _check(Information.of_values(X, y), level_codes(X), y)


def _check(information: Information, codes: np.ndarray, y: np.ndarray) -> None:
    relevance = [mutual_info_score(f, y) for f in codes]
    np.testing.assert_allclose(information.relevance, relevance, rtol=0, atol=1e-9)
    for j, g in enumerate(codes):
        joint = [entropy(f, g, y) for f in codes]
        np.testing.assert_allclose(information.joint_entropy(j), joint, rtol=0, atol=1e-9)
        between = [entropy(f) + entropy(g) - entropy(f, g) for f in codes]
        np.testing.assert_allclose(information.between(j), between, rtol=0, atol=1e-9)
        given = [entropy(f, y) + entropy(g, y) - entropy(f, g, y) - entropy(y) for f in codes]
        np.testing.assert_allclose(information.between_given_label(j), given, rtol=0, atol=1e-9)
        both = [entropy(f, g) + entropy(y) - entropy(f, g, y) for f in codes]
        np.testing.assert_allclose(information.joint_relevance(j), both, rtol=0, atol=1e-9)


def test_what_is_equal_compares_equal() -> None:
    X, y = table(0, n=101)
    information = Information.of_bins(X, y, bins=5)  # column 5 copies column 0, column 6 mirrors it
    for numbers in (information.relevance, information.between(4), information.between_given_label(4)):
        assert numbers[0] == numbers[5] == numbers[6]
    independent = np.array([[0, 0], [0, 1], [1, 0], [1, 1]] * 7, dtype=float)
    same = Information.of_bins(independent, independent[:, 0].astype(np.int64), bins=2)
    assert same.relevance.tolist() == [pytest.approx(log(2), abs=1e-9), 0.0]
    assert same.between(0)[1] == 0.0
    assert same.between_given_label(0).tolist() == [0.0, 0.0]
