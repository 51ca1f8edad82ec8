"""The intensity-volume histogram: the manual's table, its three cases, and their borders."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from samesplit.errors import LesionError
from samesplit.features.families.ivh import TAGS, IvhMethod, ivh, ivh_of_counts

VALUES = arrays(np.float64, st.integers(2, 60), elements=st.integers(-50, 80).map(float))


def named(values: np.ndarray, **how: object) -> dict[str, float]:
    return dict(zip(TAGS, ivh(values, **how).tolist(), strict=True))  # type: ignore[arg-type]


def by_definition(values: np.ndarray, levels: np.ndarray, step: float) -> list[float]:
    """V10, V90, I10 and I90 as the manual writes them, for values that were already discretised."""
    nu = np.array([1 - (values < level - 1e-9).mean() for level in levels])
    gamma = (levels - levels[0]) / (levels[-1] - levels[0])
    volumes = [nu[gamma >= fraction - 1e-12].max() for fraction in (0.1, 0.9)]
    found = [levels[nu <= fraction + 1e-12] for fraction in (0.1, 0.9)]
    return [*volumes, *(one.min() if one.size else levels[-1] + step for one in found)]


def test_the_digital_phantom_gives_the_manuals_table() -> None:
    found = ivh_of_counts(np.array([50, 0, 1, 16, 0, 7]), first=1.0, step=1.0)
    assert found[:6] == pytest.approx([24 / 74, 7 / 74, 5, 2, 17 / 74, 3])
    volume = np.array([74, 24, 24, 23, 7, 7]) / 74
    assert found[6] == pytest.approx(np.trapezoid(volume, np.linspace(0, 1, 6)))


@given(VALUES, st.integers(0, 30), st.integers(1, 30))
def test_steps_over_a_range_follow_the_definition(values: np.ndarray, below: int, above: int) -> None:
    lower, upper = values.min() - below, values.max() + above
    found = ivh(values, lower=lower, upper=upper)
    assert found[:4] == pytest.approx(by_definition(values, np.arange(lower, upper + 1), 1.0))


@given(VALUES, st.integers(1, 20))
def test_bins_of_a_fixed_size_count_by_their_centres(values: np.ndarray, n_bins: int) -> None:
    lower = values.min() - 2.0
    upper = lower + 2.5 * (n_bins + np.ceil((values.max() - lower) / 2.5))
    centres = np.arange(lower + 1.25, upper, 2.5)
    discrete = lower + (np.floor((values - lower) / 2.5) + 0.5) * 2.5
    found = ivh(values, method="FBS", size=2.5, lower=lower, upper=upper)
    assert found[:4] == pytest.approx(by_definition(discrete, centres, 2.5))


@given(VALUES.filter(lambda values: np.ptp(values) > 0), st.sampled_from([10, 64, 1000]))
def test_a_fixed_number_of_bins_counts_by_bin_numbers(values: np.ndarray, n_bins: int) -> None:
    low, high = values.min(), values.max()
    bins = np.minimum(np.floor(n_bins * (values - low) / (high - low)) + 1, n_bins)
    found = ivh(values, method="FBN", size=n_bins)
    assert found[:4] == pytest.approx(by_definition(bins, np.arange(1.0, n_bins + 1), 1.0))


def test_without_a_range_the_levels_reach_from_the_lowest_to_the_highest_value() -> None:
    values = np.array([2.0, 3.0, 9.0])
    assert named(values) == named(values, lower=2.0, upper=9.0)
    assert named(values, upper=np.inf) == named(values)


def test_a_value_on_the_upper_end_belongs_to_the_last_bin() -> None:
    found = named(np.array([0.0, 10.0]), method="FBS", size=2.5, lower=0.0, upper=10.0)
    assert found["ivh_v90"] == 0.5


def test_values_below_the_range_count_as_volume_but_at_no_level() -> None:
    assert named(np.array([-5.0, 0.0, 4.0, 10.0]), lower=0.0, upper=10.0)["ivh_v10"] == 0.5


def test_where_the_highest_level_holds_too_much_the_intensity_is_one_step_above() -> None:
    assert named(np.array([1.0, 5.0, 5.0]))["ivh_i10"] == 6.0


@pytest.mark.parametrize("method", ["none", "FBS"])
def test_one_value_has_no_intensity_fraction(method: IvhMethod) -> None:
    found = named(np.full(5, 3.0), method=method)
    assert [tag for tag, value in found.items() if np.isnan(value)] == [
        "ivh_v10",
        "ivh_v90",
        "ivh_diff_v10_v90",
    ]
    assert found["ivh_auc"] == 0.0


def test_one_value_in_a_given_range_is_defined() -> None:
    found = named(np.full(5, 30.0), lower=0.0, upper=100.0)
    assert (found["ivh_v10"], found["ivh_v90"], found["ivh_i90"], found["ivh_auc"]) == (1.0, 0.0, 31.0, 0.0)


def test_one_value_in_a_fixed_number_of_bins_lies_in_the_first() -> None:
    found = named(np.full(5, 3.0), method="FBN", size=1000)
    assert (found["ivh_v10"], found["ivh_i90"]) == (0.0, 2.0)


@pytest.mark.parametrize(
    ("how", "problem"),
    [
        ({"size": 0.0}, "no levels"),
        ({"lower": 9.0, "upper": 1.0}, "no levels"),
        ({"size": 1e-9}, "larger step"),
        ({"method": "FBN", "size": 2.5}, "no number of bins"),
    ],
)
def test_levels_that_cannot_be_are_errors(how: dict[str, object], problem: str) -> None:
    with pytest.raises(LesionError, match=problem):
        named(np.array([1.0, 9.0]), **how)


@pytest.mark.parametrize("method", ["none", "FBN"])
def test_no_voxels_are_an_error(method: IvhMethod) -> None:
    with pytest.raises(LesionError, match="no voxel"):
        ivh(np.array([]), method=method)
    with pytest.raises(LesionError, match="no voxel"):
        ivh_of_counts(np.zeros(3, dtype=np.int64), first=0.0, step=1.0)
