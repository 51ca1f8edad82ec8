"""Histogram features against the same quantities taken voxel by voxel."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from samesplit.errors import LesionError
from samesplit.features.families.histogram import TAGS, histogram, histogram_of_counts
from samesplit.features.families.statistics import TAGS as STATISTICS
from samesplit.features.families.statistics import statistics

LEVELS = arrays(np.int64, st.integers(1, 80), elements=st.integers(1, 40))


def named(levels: np.ndarray, n_levels: int | None = None) -> dict[str, float]:
    return dict(zip(TAGS, histogram(levels, n_levels).tolist(), strict=True))


@given(LEVELS)
def test_what_statistics_also_have_agrees_with_statistics_of_the_levels(levels: np.ndarray) -> None:
    found = named(levels)
    expected = dict(zip(STATISTICS, statistics(levels.astype(float)).tolist(), strict=True))
    shared = [tag for tag in TAGS if tag.replace("ih_", "stat_") in expected]
    assert len(shared) == 16
    for tag in shared:
        assert found[tag] == pytest.approx(
            expected[tag.replace("ih_", "stat_")], rel=1e-9, abs=1e-9, nan_ok=True
        )


@given(LEVELS)
def test_entropy_uniformity_and_gradients_follow_their_definitions(levels: np.ndarray) -> None:
    found = named(levels)
    counts = np.bincount(levels)[1:]
    share = counts[counts > 0] / levels.size
    assert found["ih_entropy"] == pytest.approx(-(share * np.log2(share)).sum(), abs=1e-12)
    assert found["ih_uniformity"] == pytest.approx((share**2).sum())
    if counts.size > 1:
        slope = np.gradient(counts)
        assert found["ih_max_grad"] == slope.max()
        assert found["ih_max_grad_g"] == slope.argmax() + 1
        assert found["ih_min_grad"] == slope.min()
        assert found["ih_min_grad_g"] == slope.argmin() + 1


@pytest.mark.parametrize(
    ("levels", "mode"),
    [([1, 1, 5, 5, 4], 5.0), ([2, 2, 4, 4], 2.0), ([1, 1, 3, 6, 6, 2], 1.0), ([7], 7.0)],
)
def test_of_several_modes_the_nearest_to_the_mean_then_the_lower_is_taken(
    levels: list[int], mode: float
) -> None:
    assert named(np.array(levels))["ih_mode"] == mode


def test_levels_that_do_not_occur_at_the_upper_end_change_nothing() -> None:
    levels = np.array([3, 4, 4, 6])
    assert histogram(levels, 32).tobytes() == histogram(levels).tobytes()


def test_a_single_level_has_no_spread() -> None:
    found = named(np.full(20, 3, dtype=np.uint8))
    assert found["ih_mean"] == found["ih_mode"] == found["ih_p90"] == 3.0
    assert {
        found[f"ih_{name}"] for name in ("var", "skew", "kurt", "mad", "rmad", "medad", "cov", "entropy")
    } == {0.0}
    assert found["ih_uniformity"] == 1.0


def test_a_histogram_of_level_one_alone_has_no_gradient() -> None:
    found = named(np.ones(4, dtype=np.int64))
    assert all(np.isnan(found[tag]) for tag in TAGS[-4:])


def test_between_the_percentiles_of_two_voxels_there_is_none() -> None:
    assert np.isnan(named(np.array([1, 4]))["ih_rmad"])


def test_no_voxels_are_an_error() -> None:
    with pytest.raises(LesionError, match="no voxel"):
        histogram_of_counts(np.zeros(4, dtype=np.int64))
