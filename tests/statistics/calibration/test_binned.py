from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from samesplit.errors import StatisticsError
from samesplit.statistics.calibration import (
    bin_gaps,
    bin_of,
    expected_calibration_error,
    maximum_calibration_error,
)


def test_bins_of_equal_width_hold_their_lower_edge() -> None:
    edges = np.arange(11) / 10
    assert bin_of(edges).tolist() == [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9]
    just_below = np.nextafter(edges[1:-1], 0)
    assert bin_of(just_below).tolist() == [1, 2, 3, 4, 5, 6, 7, 8, 9]
    assert bin_of(edges[1:-1] - 1e-7).tolist() == [0, 1, 2, 3, 4, 5, 6, 7, 8]


@given(st.lists(st.floats(0, 1), min_size=1, max_size=40), st.integers(1, 12))
def test_every_probability_has_a_bin_and_equal_ones_share_it(values: list[float], n_bins: int) -> None:
    for binning in ("width", "frequency"):
        bins = bin_of(values, n_bins=n_bins, binning=binning)  # type: ignore[arg-type]
        assert bins.min() >= 0
        assert bins.max() < n_bins
        assert all(np.ptp(bins[np.array(values) == value]) == 0 for value in values)
        assert (np.diff(bins[np.argsort(values)]) >= 0).all()


def test_bins_of_equal_frequency_hold_equally_many() -> None:
    values = np.random.default_rng(0).random(100)
    assert np.bincount(bin_of(values, binning="frequency")).tolist() == [10] * 10


def test_unknown_or_no_bins_are_errors() -> None:
    with pytest.raises(StatisticsError, match="unknown binning"):
        bin_of([0.5], binning="mass")  # type: ignore[arg-type]
    with pytest.raises(StatisticsError, match="too few"):
        bin_of([0.5], n_bins=0)


def test_gaps_are_those_of_the_bins_that_hold_a_prediction() -> None:
    gaps, counts = bin_gaps([0, 1, 1, 0], [0.02, 0.08, 0.95, 0.95])
    assert gaps == pytest.approx([0.45, -0.45])
    assert counts.tolist() == [2, 2]


@pytest.mark.parametrize("binning", ["width", "frequency"])
def test_the_maximum_is_no_less_than_the_mean_and_0_for_the_truth(binning: str) -> None:
    rng = np.random.default_rng(0)
    p = rng.random(80)
    y = (rng.random(80) < p**2).astype(int)
    mean = expected_calibration_error(y, p, binning=binning)  # type: ignore[arg-type]
    assert 0 < mean < maximum_calibration_error(y, p, binning=binning)  # type: ignore[arg-type]
    assert maximum_calibration_error(y, y.astype(float), binning=binning) == 0  # type: ignore[arg-type]
