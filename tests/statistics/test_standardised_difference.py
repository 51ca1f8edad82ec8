from __future__ import annotations

import math

import numpy as np
import pytest

from samesplit.statistics import standardised_difference, standardised_difference_of_shares


def test_means_are_compared_in_pooled_standard_deviations() -> None:
    found = standardised_difference([1.0, 3.0, np.nan], [2.0, 6.0])
    assert found == pytest.approx((2 - 4) / math.sqrt((2 + 8) / 2))


def test_a_constant_that_cannot_be_written_in_binary_is_no_difference() -> None:
    assert np.mean([0.1] * 3) != np.mean([0.1] * 10)
    assert standardised_difference([0.1] * 3, [0.1] * 10) == 0.0


@pytest.mark.parametrize(
    ("values", "reference"),
    [([0.1] * 3, [0.7] * 3), ([1.0], [2.0, 3.0]), ([], [1.0]), ([math.nan], [1.0, 2.0])],
)
def test_without_spread_or_values_there_is_no_difference_to_state(
    values: list[float], reference: list[float]
) -> None:
    assert math.isnan(standardised_difference(values, reference))


@pytest.mark.parametrize("pair", [(0.0, 1.0), (math.nan, 0.2), (0.2, math.nan)])
def test_shares_without_spread_have_none(pair: tuple[float, float]) -> None:
    assert math.isnan(standardised_difference_of_shares(*pair))


def test_shares_that_differ_in_the_last_digit_are_equal() -> None:
    assert standardised_difference_of_shares(0.1 + 0.2, 0.3) == 0.0
