from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings

from features.families.volumes import (
    AGGREGATIONS,
    check_invariances,
    check_one_slice,
    check_phantom,
    check_unknown_aggregation,
    odd_volumes,
    random_levels,
    small_levels,
    volume_of,
)
from samesplit.features.families.ngtdm import LARGEST_COARSENESS, TAGS, neighbour_counts, ngtdm
from samesplit.features.families.texture import MaskGeometry


def slow(levels: np.ndarray, *, in_plane: bool = False) -> np.ndarray:
    """The formulas of the IBSI manual, voxel by voxel and pair of levels by pair of levels."""
    steps = set(itertools.product((0,) if in_plane else (-1, 0, 1), (-1, 0, 1), (-1, 0, 1))) - {(0, 0, 0)}
    around = np.pad(levels, 1)
    s: dict[int, float] = {}
    n: dict[int, int] = {}
    for place in zip(*np.nonzero(levels), strict=True):
        seen = [int(around[tuple(np.add(place, np.add(step, 1)))]) for step in steps]
        seen = [level for level in seen if level > 0]
        if seen:
            level = int(levels[place])
            s[level] = s.get(level, 0.0) + abs(level - sum(seen) / len(seen))
            n[level] = n.get(level, 0) + 1
    voxels, total = sum(n.values()), sum(s.values())
    p = {level: n[level] / voxels for level in n}
    weighted = sum(p[i] * s[i] for i in p)
    pairs = list(itertools.product(p, p))
    contrast = sum(p[i] * p[j] * (i - j) ** 2 for i, j in pairs) / (len(p) * (len(p) - 1)) * total / voxels
    busyness = weighted / sum(abs(i * p[i] - j * p[j]) for i, j in pairs)
    complexity = sum(abs(i - j) * (p[i] * s[i] + p[j] * s[j]) / (p[i] + p[j]) for i, j in pairs) / voxels
    strength = sum((p[i] + p[j]) * (i - j) ** 2 for i, j in pairs) / total
    return np.array([1 / weighted, contrast, busyness, complexity, strength])


@pytest.mark.parametrize("aggregation", AGGREGATIONS)
def test_the_digital_phantom_has_the_reference_values(aggregation: str) -> None:
    check_phantom(ngtdm, TAGS, aggregation)


@settings(deadline=None)  # the first example may compile
@given(small_levels)
def test_padding_moving_turning_and_the_integer_type_change_nothing(levels: np.ndarray) -> None:
    check_invariances(ngtdm, levels)


def test_one_slice_is_the_same_in_all_aggregations() -> None:
    check_one_slice(ngtdm, random_levels(2))


def test_other_aggregations_are_refused() -> None:
    check_unknown_aggregation(ngtdm)


@pytest.mark.parametrize("n_levels", [2, 5, 300])
@pytest.mark.parametrize("filled", [0.2, 1.0])
def test_values_are_those_of_the_manuals_formulas(n_levels: int, filled: float) -> None:
    generator = np.random.default_rng(n_levels)
    levels = random_levels(n_levels, (5, 6, 7), n_levels) * (generator.random((5, 6, 7)) < filled)
    np.testing.assert_allclose(ngtdm(volume_of(levels), "3D"), slow(levels), rtol=1e-12)
    np.testing.assert_allclose(ngtdm(volume_of(levels), "2_5D"), slow(levels, in_plane=True), rtol=1e-12)


def test_2d_is_the_mean_of_slices() -> None:
    levels = random_levels(5)
    levels[3] = 0
    slices = [slow(part[None]) for part in levels if part.any()]
    np.testing.assert_allclose(ngtdm(volume_of(levels), "2D"), np.mean(slices, axis=0), rtol=1e-12)


def test_slices_that_define_nothing_are_left_out_of_the_mean() -> None:
    levels = random_levels(8, (3, 6, 6))
    levels[1] = 0
    levels[1, 2, 2] = 3
    expected = np.mean([slow(levels[:1]), slow(levels[2:])], axis=0)
    np.testing.assert_allclose(ngtdm(volume_of(levels), "2D"), expected, rtol=1e-12)


def test_voxels_without_neighbours_do_not_take_part() -> None:
    lonely = np.zeros((3, 4, 9), dtype=np.uint8)
    lonely[:, :, :4] = random_levels(9, (3, 4, 4)).astype(np.uint8)
    with_one = lonely.copy()
    with_one[0, 0, 8] = 4
    np.testing.assert_array_equal(ngtdm(volume_of(with_one), "3D"), ngtdm(volume_of(lonely), "3D"))


@pytest.mark.parametrize("aggregation", AGGREGATIONS)
def test_one_level_has_the_manuals_largest_coarseness_and_zeros(aggregation: str) -> None:
    values = ngtdm(odd_volumes()["constant"], aggregation)
    assert values.tolist() == [LARGEST_COARSENESS, 0, 0, 0, 0]


@pytest.mark.parametrize("aggregation", AGGREGATIONS)
def test_one_voxel_has_no_neighbours_and_no_values(aggregation: str) -> None:
    assert np.isnan(ngtdm(odd_volumes()["one voxel"], aggregation)).all()


def test_zones_of_different_level_that_do_not_touch_have_no_differences() -> None:
    levels = np.zeros((1, 2, 5), dtype=np.uint8)
    levels[..., :2], levels[..., 3:] = 1, 5
    values = dict(zip(TAGS, ngtdm(volume_of(levels), "3D").tolist(), strict=True))
    assert values["ngt_coarseness"] == LARGEST_COARSENESS
    assert values["ngt_contrast"] == values["ngt_busyness"] == values["ngt_strength"] == 0


def test_busyness_is_zero_where_all_levels_weigh_the_same() -> None:
    levels = np.array([[[1, 1, 2]]], dtype=np.uint8)  # 1 * 2/3 = 2 * 1/3
    assert dict(zip(TAGS, ngtdm(volume_of(levels), "3D").tolist(), strict=True))["ngt_busyness"] == 0


@pytest.mark.parametrize("name", ["two levels", "plane-thin", "line", "disconnected"])
def test_odd_lesions_have_every_value(name: str) -> None:
    for aggregation in AGGREGATIONS:
        assert np.isfinite(ngtdm(odd_volumes()[name], aggregation)).all(), (name, aggregation)


def test_neighbours_are_counted_within_the_intensity_mask_once_for_each_geometry() -> None:
    whole = np.ones((3, 3, 3), dtype=np.uint8)
    holed = whole.copy()
    holed[1, 1, 0] = 0
    geometry = MaskGeometry(whole, holed)
    counts = neighbour_counts(geometry, in_plane=False)
    assert counts[2, 2, 2] == 25
    assert counts[2, 2, 1] == 0
    assert counts[1, 1, 1] == 6
    assert neighbour_counts(geometry, in_plane=True)[2, 2, 2] == 7
    assert neighbour_counts(geometry, in_plane=False) is counts
