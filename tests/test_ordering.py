from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from samesplit.ordering import (
    RELATIVE,
    above,
    at_least,
    at_most,
    below,
    first_best,
    merge_columns,
    merge_equals,
    merge_probabilities,
    nearly_equal,
    ranked,
)

Floats = npt.NDArray[np.float64]

# Few different sizes, so that equals are common, each moved by what another processor may make of it.
some = st.sampled_from([0.0, -0.0, 1e-300, 2e-300, 1e-12, 0.05, 0.5, 0.7, 1.0, 3.0, -0.7, -1e5, 1e300])
numbers = st.lists(some, min_size=1, max_size=12).map(np.array)
noises = arrays.arrays(float, 12, elements=st.floats(-1, 1))


def moved(values: Floats, noise: Floats, by: float = 1e-13) -> Floats:
    return values * (1 + by * noise[: len(values)])


@given(numbers, noises, st.booleans())
def test_last_digits_change_no_order(values: Floats, noise: Floats, descending: bool) -> None:
    exact = np.argsort(-values if descending else values, kind="stable")
    assert ranked(values, descending=descending).tolist() == exact.tolist()
    assert ranked(moved(values, noise), descending=descending).tolist() == exact.tolist()


@given(
    arrays.arrays(float, st.integers(1, 12), elements=st.floats(allow_nan=False, allow_infinity=False)),
    noises,
)
def test_last_digits_change_no_order_of_any_numbers(values: Floats, noise: Floats) -> None:
    ordered = np.sort(values)
    with np.errstate(over="ignore"):
        size = np.maximum(np.abs(ordered[1:]), np.abs(ordered[:-1]))
        gaps = (ordered[1:] - ordered[:-1]) / np.where(size > 0, size, 1)
    assume(not ((gaps > 0.99 * RELATIVE) & (gaps < 1.01 * RELATIVE)).any())
    assume((np.abs(values)[values != 0] > 1e-290).all() and np.abs(values).max() < 1e300)
    assert ranked(moved(values, noise)).tolist() == ranked(values).tolist()
    assert first_best(moved(values, noise)) == first_best(values)


@given(numbers, noises, st.booleans())
def test_the_first_best_is_the_first_of_the_order(values: Floats, noise: Floats, largest: bool) -> None:
    near = moved(values, noise, by=3e-10)  # chains of numbers that are close to their neighbours
    assert first_best(near, largest=largest) == ranked(near, descending=largest)[0]


@given(numbers, noises)
def test_merged_numbers_compare_exactly_as_the_rule_says(values: Floats, noise: Floats) -> None:
    merged = merge_equals(moved(values, noise))
    assert (merged[:, None] == merged[None, :]).tolist() == (values[:, None] == values[None, :]).tolist()
    assert (merged[:, None] < merged[None, :]).tolist() == (values[:, None] < values[None, :]).tolist()
    assert nearly_equal(merged, values).all()
    assert merge_equals(merged).tolist() == merged.tolist()


@given(numbers, noises)
def test_groups_do_not_depend_on_order_or_sign(values: Floats, noise: Floats) -> None:
    near = moved(values, noise, by=3e-10)
    merged = merge_equals(near)
    assert merge_equals(near[::-1])[::-1].tolist() == merged.tolist()
    mirrored = merge_equals(-near)
    assert (mirrored[:, None] == mirrored).tolist() == (merged[:, None] == merged).tolist()


def test_equals_keep_the_order_in_which_they_were_given() -> None:
    assert ranked([0.3, 0.5, 0.1 + 0.2, 0.2]).tolist() == [3, 0, 2, 1]
    assert ranked([0.1 + 0.2, 0.5, 0.3, 0.2]).tolist() == [3, 0, 2, 1]
    assert ranked([0.3, 0.1 + 0.2], descending=True).tolist() == [0, 1]
    assert ranked([0.1 + 0.2, 0.3], descending=True).tolist() == [0, 1]
    assert first_best([0.1, 0.3, 0.1 + 0.2]) == first_best([0.1, 0.1 + 0.2, 0.3]) == 1


def test_a_chain_of_close_numbers_is_one_group() -> None:
    chain = 1 + 0.9 * RELATIVE * np.arange(5)
    assert not nearly_equal(chain[0], chain[-1])
    assert ranked(chain[::-1]).tolist() == [0, 1, 2, 3, 4]
    assert first_best(chain) == 0
    assert set(merge_equals([*chain, 1.1])) == {1.0, 1.1}


def test_small_numbers_are_told_apart_and_noise_around_zero_needs_a_scale() -> None:
    assert ranked([2e-300, 1e-300, 0.0]).tolist() == [2, 1, 0]
    noise = np.array([1e-17, -3e-18, 0.0])
    assert ranked(noise).tolist() == [1, 2, 0]
    assert ranked(noise, scale=0.5).tolist() == [0, 1, 2]
    assert first_best([0.0, 1e-12, 1e-3], scale=1) == 2


@pytest.mark.parametrize("descending", [False, True])
def test_nan_comes_last_and_infinities_are_themselves(descending: bool) -> None:
    values = [np.nan, np.inf, 1e308, -np.inf, np.inf, np.nan]
    expected = [1, 4, 2, 3, 0, 5] if descending else [3, 2, 1, 4, 0, 5]
    assert ranked(values, descending=descending).tolist() == expected
    assert first_best(values) == 1
    assert first_best(values, largest=False) == 3


def test_without_a_number_there_is_no_best() -> None:
    for values in ([], [np.nan, np.nan]):
        with pytest.raises(ValueError, match="no number"):
            first_best(values)
    assert ranked([]).tolist() == []
    assert merge_equals(np.zeros((0, 3))).shape == (0, 3)


@given(some, some, st.floats(-1, 1), st.floats(-1, 1))
def test_comparisons_are_those_of_the_exact_numbers(a: float, b: float, first: float, second: float) -> None:
    x, y = a * (1 + 1e-13 * first), b * (1 + 1e-13 * second)
    found = [bool(compare(x, y)) for compare in (nearly_equal, at_least, at_most, above, below)]
    assert found == [a == b, a >= b, a <= b, a > b, a < b]


def test_comparisons_take_arrays_and_no_nan() -> None:
    assert at_least([0.3, np.nan, 1], [0.1 + 0.2, 0, np.nan]).tolist() == [True, False, False]
    assert above([np.inf, np.inf, 5], [1e308, np.inf, -np.inf]).tolist() == [True, False, True]
    assert below(np.array([[1.0], [2.0]]), [1.5, 3.0]).tolist() == [[True, True], [False, True]]
    assert at_most(-1e308, 1e308)


def test_columns_are_merged_by_themselves() -> None:
    X = np.array([[1.0, 5.0, 1e-17], [1.0 + 1e-12, 5.0 + 1e-7, 0.0], [2.0, 5.0, np.nan]])
    merged = merge_equals(X, scale=[0.0, 0.0, 1.0])
    assert merged[:, 0].tolist() == [1.0, 1.0, 2.0]
    assert merged[:, 1].tolist() == [5.0, 5.0 + 1e-7, 5.0]
    np.testing.assert_array_equal(merged[:, 2], [0.0, 0.0, np.nan])
    np.testing.assert_array_equal(merge_equals(X.T, scale=[0.0, 0.0, 1.0], axis=1), merged.T)
    assert X[1, 0] == 1.0 + 1e-12  # what was handed in stays


def test_values_of_a_column_are_compared_by_its_range() -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(40, 3))
    X[7], X[8] = X[3], X[3] * (1 + 1e-13)
    merged = merge_columns(X)
    assert (merged[7] == merged[8]).all()
    far = merge_columns(X * 10 + 1000)
    for column in range(3):
        assert len(set(merged[:, column])) == len(set(far[:, column])) == 38
    np.testing.assert_allclose(merged, X, rtol=1e-12)
    assert merge_columns(np.zeros((0, 3))).shape == (0, 3)


@given(arrays.arrays(float, 12, elements=st.floats(-1, 1)))
def test_probabilities_near_1_are_told_apart_as_those_near_0_are(noise: Floats) -> None:
    near_0 = np.array([0.0, 1e-300, 1e-12, 1e-12, 2e-12, 0.25, 0.5, 0.5])
    for values in (near_0, 1 - near_0[2:]):
        merged = merge_probabilities(values + np.minimum(values, 1 - values) * 1e-13 * noise[: len(values)])
        assert (merged[:, None] == merged).tolist() == (values[:, None] == values).tolist()
        assert (merged[:, None] < merged).tolist() == (values[:, None] < values).tolist()
    mirrored = merge_probabilities([0.5, np.nextafter(0.5, 1), 1.0, np.nextafter(1.0, 0), np.nan])
    assert mirrored[0] == mirrored[1]
    assert mirrored[2] == mirrored[3]
    assert np.isnan(mirrored[4])


@pytest.mark.parametrize("kind", [int, bool, "float32", object])
def test_numbers_of_any_kind_are_taken(kind: Any) -> None:
    assert ranked(np.array([1, 0, 1]).astype(kind), descending=True).tolist() == [0, 2, 1]
