import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from samesplit.errors import LesionError
from samesplit.features.processing.discretisation import (
    coarser,
    equal_probability,
    fixed_bin_number,
    fixed_bin_size,
)

FLOATS = st.floats(-1e6, 1e6, allow_subnormal=False)
VALUES = arrays(np.float64, st.integers(1, 60), elements=st.one_of(FLOATS, st.integers(-5, 5).map(float)))


def plain_fixed_bin_number(values, n_levels):
    span = values.max() - values.min()
    if span == 0:
        return np.ones(len(values), int)
    levels = np.floor(n_levels * (values - values.min()) / span) + 1
    return np.minimum(levels, n_levels).astype(int)  # the highest value, and what rounds to it


def plain_equal_probability(values, n_levels):
    below = np.array([np.sum(values < v) for v in values])
    equal = np.array([np.sum(values == v) for v in values])
    return n_levels * (2 * below + equal) // (2 * len(values)) + 1


@settings(deadline=None)
@given(VALUES, st.integers(1, 70))
def test_fixed_bin_number_is_its_formula(values, n_levels):
    values = np.round(values, 2)  # what differs by less than 1e-9 of the largest is equal, see below
    np.testing.assert_array_equal(
        fixed_bin_number(values, n_levels), plain_fixed_bin_number(values, n_levels)
    )


@settings(deadline=None)
@given(VALUES, st.integers(1, 300))
def test_equal_probability_is_its_formula(values, n_levels):
    values = np.round(values, 2)
    expected = plain_equal_probability(values, n_levels)
    np.testing.assert_array_equal(equal_probability(values, n_levels), expected)
    np.testing.assert_array_equal(equal_probability(values, n_levels, ordered=np.sort(values)), expected)


@settings(deadline=None)
@given(VALUES, st.sampled_from([fixed_bin_number, equal_probability]), st.sampled_from([64, 48, 512, 1000]))
def test_halving_the_bins_equals_discretising_anew(values, method, n_levels):
    levels = method(values, n_levels)
    while n_levels % 2 == 0:
        levels, n_levels = coarser(levels), n_levels // 2
        np.testing.assert_array_equal(levels, method(values, n_levels))


def test_halving_is_exact_on_many_voxels_of_every_kind():
    rng = np.random.default_rng(5)
    for values in (
        rng.normal(40, 20, 200_000),
        rng.integers(-100, 300, 50_000) * 1.0,
        rng.random(50_000) ** 9,
    ):
        for method in (fixed_bin_number, equal_probability):
            levels = method(values, 64)
            for n_levels in (32, 16, 8):
                levels = coarser(levels)
                np.testing.assert_array_equal(levels, method(values, n_levels))


def test_equalised_levels_hold_equally_many_voxels_without_ties():
    values = np.random.default_rng(6).lognormal(size=6400)
    counts = np.bincount(equal_probability(values, 64), minlength=65)[1:]
    assert set(counts) == {100}


@settings(deadline=None)
@given(st.integers(1, 12), st.integers(1, 40))
def test_the_mirrored_image_has_mirrored_equalised_levels(distinct, n_levels):
    values = np.random.default_rng(distinct).integers(0, distinct, 49).astype(float)
    below = np.array([np.sum(values < v) for v in values])
    equal = np.array([np.sum(values == v) for v in values])
    off_edge = n_levels * (2 * below + equal) % (2 * len(values)) != 0
    mirrored = n_levels + 1 - equal_probability(-values, n_levels).astype(int)
    np.testing.assert_array_equal(mirrored[off_edge], equal_probability(values, n_levels)[off_edge])


@settings(deadline=None)
@given(VALUES, st.sampled_from([0.5, 2.5, 25.0]), st.sampled_from([-1000.0, -500.0, 0.0]))
def test_fixed_bin_size_is_its_formula_above_the_origin_and_1_below(values, width, origin):
    values = np.round(np.clip(values, -1500, 3000), 3)
    expected = np.maximum(np.floor((values - origin) / width) + 1, 1)
    np.testing.assert_array_equal(fixed_bin_size(values, width, origin), expected)


@pytest.mark.parametrize("seed", range(5))
def test_last_digits_change_no_level(seed):
    rng = np.random.default_rng(seed)
    values = rng.integers(-20, 100, 500) / 3
    moved = values * (1 + 1e-13 * rng.uniform(-1, 1, values.size))
    for discretise in (
        lambda given: fixed_bin_number(given, 24),
        lambda given: fixed_bin_size(given, 1 / 3, -10 / 3),
        lambda given: equal_probability(given, 16),
    ):
        np.testing.assert_array_equal(discretise(moved), discretise(values))


def test_a_lesion_that_is_constant_but_for_rounding_has_one_level():
    values = 0.1 * (1 + 1e-15 * np.arange(50))
    assert set(fixed_bin_number(values, 32)) == {1}
    assert set(equal_probability(values, 4)) == {3}  # the upper one of the two in the middle


@settings(deadline=None)
@given(VALUES, st.integers(-100, 100))
def test_fixed_bin_number_does_not_see_a_whole_number_added_to_whole_numbers(values, offset):
    whole = np.rint(values)
    np.testing.assert_array_equal(fixed_bin_number(whole + offset, 32), fixed_bin_number(whole, 32))


def test_levels_take_a_byte_as_long_as_255_are_enough():
    values = np.arange(1000.0)
    for method in (fixed_bin_number, equal_probability):
        assert method(values, 255).dtype == np.uint8
        assert method(values, 256).dtype == np.uint16
        assert method(values, 1000).tolist() == list(range(1, 1001))
    assert fixed_bin_size(values, 4.0, 0.0).dtype == np.uint8
    assert fixed_bin_size(values, 1.0, 0.0).dtype == np.uint16
    assert coarser(np.array([255, 254], np.uint8)).tolist() == [128, 127]


def test_the_largest_number_of_levels_fits_and_one_more_is_an_error_with_a_remedy():
    assert fixed_bin_size(np.array([0.0, 65_534.5]), 1.0, 0.0).tolist() == [1, 65_535]
    with pytest.raises(LesionError, match="65,536 grey levels") as caught:
        fixed_bin_size(np.array([0.0, 65_535.0]), 1.0, 0.0)
    assert "wider bins" in caught.value.remedy


@pytest.mark.parametrize("values", [[5.0], [5.0] * 7])
def test_constant_lesions_have_one_level(values):
    assert set(fixed_bin_number(np.array(values), 32)) == {1}
    assert set(equal_probability(np.array(values), 32)) == {17}


def test_values_stay_as_they_were():
    values = np.array([3.0, 1.0, 2.0])
    fixed_bin_number(values, 8)
    fixed_bin_size(values, 1.0, 0.0)
    equal_probability(values, 8)
    assert values.tolist() == [3.0, 1.0, 2.0]
