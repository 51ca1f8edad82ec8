"""Intensity statistics against numpy, scipy and what the manual says about special cases."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from samesplit.errors import LesionError
from samesplit.features.families.statistics import TAGS, statistics

VALUES = arrays(np.float64, st.integers(1, 60), elements=st.integers(-2000, 3000).map(float))


def named(values: np.ndarray) -> dict[str, float]:
    return dict(zip(TAGS, statistics(values).tolist(), strict=True))


@pytest.mark.parametrize("n", [3, 7, 10, 11, 1001, 4096])
def test_values_agree_with_numpy_and_scipy(n: int) -> None:
    values = np.random.default_rng(n).gamma(2.0, 30.0, n)
    found = named(values)
    p10, p25, p50, p75, p90 = np.percentile(values, [10, 25, 50, 75, 90])
    middle = values[(values >= p10) & (values <= p90)]
    assert found == pytest.approx(
        {
            "stat_mean": values.mean(),
            "stat_var": values.var(),
            "stat_skew": stats.skew(values),
            "stat_kurt": stats.kurtosis(values),
            "stat_median": p50,
            "stat_min": values.min(),
            "stat_p10": p10,
            "stat_p90": p90,
            "stat_max": values.max(),
            "stat_iqr": p75 - p25,
            "stat_range": np.ptp(values),
            "stat_mad": np.abs(values - values.mean()).mean(),
            "stat_rmad": np.abs(middle - middle.mean()).mean(),
            "stat_medad": np.abs(values - p50).mean(),
            "stat_cov": values.std() / values.mean(),
            "stat_qcod": (p75 - p25) / (p75 + p25),
            "stat_energy": (values**2).sum(),
            "stat_rms": np.sqrt((values**2).mean()),
        },
        rel=1e-12,
        abs=1e-9,
    )


@pytest.mark.parametrize("values", [np.full(1, 7.5), np.full(50, 0.1), np.full(9, -3.0)])
def test_equal_values_have_no_spread_and_by_ibsi_no_skewness_nor_kurtosis(values: np.ndarray) -> None:
    found = named(values)
    assert found["stat_mean"] == found["stat_median"] == found["stat_min"] == values[0]
    spread = ("var", "skew", "kurt", "iqr", "range", "mad", "rmad", "medad", "cov", "qcod")
    assert {found[f"stat_{name}"] for name in spread} == {0.0}


def test_coefficients_that_divide_by_zero_are_nan_without_a_warning() -> None:
    found = named(np.array([-1.0, 0.0, 1.0]))
    assert np.isnan(found["stat_cov"])
    assert np.isnan(found["stat_qcod"])


def test_differences_too_small_to_square_do_not_divide_by_zero() -> None:
    found = named(np.array([0.0, 1e-170, 1e-90]))
    assert found["stat_skew"] == found["stat_kurt"] == 0.0


def test_a_rank_without_fraction_is_a_value_that_occurs() -> None:
    values = np.arange(31) + 0.1
    found = named(values)
    assert (found["stat_p10"], found["stat_p90"]) == (values[3], values[27])


def test_between_the_percentiles_of_two_values_there_is_none() -> None:
    assert np.isnan(named(np.array([1.0, 4.0]))["stat_rmad"])


def test_no_values_are_an_error() -> None:
    with pytest.raises(LesionError, match="no voxel"):
        statistics(np.array([]))


def test_the_given_values_stay_as_they_are() -> None:
    values = np.array([3.0, 1.0, 2.0])
    statistics(values)
    assert values.tolist() == [3.0, 1.0, 2.0]


@given(VALUES, st.integers(-500, 500))
def test_an_offset_moves_positions_and_leaves_spread_and_shape(values: np.ndarray, offset: int) -> None:
    before, after = named(values), named(values + offset)
    for name in ("mean", "median", "min", "p10", "p90", "max"):
        assert after[f"stat_{name}"] == pytest.approx(before[f"stat_{name}"] + offset, rel=1e-9, abs=1e-9)
    for name in ("var", "skew", "kurt", "iqr", "range", "mad", "rmad", "medad"):
        assert after[f"stat_{name}"] == pytest.approx(before[f"stat_{name}"], rel=1e-7, abs=1e-7, nan_ok=True)


@given(VALUES)
def test_the_order_of_voxels_does_not_change_a_bit(values: np.ndarray) -> None:
    assert statistics(values[::-1]).tobytes() == statistics(values).tobytes()
