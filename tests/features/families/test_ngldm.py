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
from samesplit.features.families.emphases import table_emphases
from samesplit.features.families.ngldm import TAGS, ngldm


def slow_table(levels: np.ndarray, *, alpha: int, distance: int, in_plane: bool) -> np.ndarray:
    reach = range(-distance, distance + 1)
    steps = list(itertools.product((0,) if in_plane else reach, reach, reach))
    around = np.pad(levels, distance)
    table = np.zeros((len(steps), levels.max() + 1), dtype=np.int64)
    for place in zip(*np.nonzero(levels), strict=True):
        seen = [around[tuple(np.add(place, np.add(step, distance)))] for step in steps]
        near = sum(other > 0 and abs(int(other) - int(levels[place])) <= alpha for other in seen)
        table[near - 1, levels[place]] += 1
    return table


@pytest.mark.parametrize("aggregation", AGGREGATIONS)
def test_the_digital_phantom_has_the_reference_values(aggregation: str) -> None:
    check_phantom(ngldm, TAGS, aggregation)


@settings(deadline=None)  # the first example may compile
@given(small_levels)
def test_padding_moving_turning_and_the_integer_type_change_nothing(levels: np.ndarray) -> None:
    check_invariances(ngldm, levels)


def test_one_slice_is_the_same_in_all_aggregations() -> None:
    check_one_slice(ngldm, random_levels(2))


def test_other_aggregations_are_refused() -> None:
    check_unknown_aggregation(ngldm)


@pytest.mark.parametrize(("alpha", "distance"), [(-1, 1), (0, 0)])
def test_impossible_parameters_are_refused(alpha: int, distance: int) -> None:
    with pytest.raises(ValueError, match="alpha must be at least 0"):
        ngldm(volume_of(random_levels(1)), "3D", alpha=alpha, distance=distance)


@pytest.mark.parametrize(("alpha", "distance"), [(0, 1), (1, 1), (0, 2), (2, 2)])
def test_values_are_those_of_a_plain_count(alpha: int, distance: int) -> None:
    levels = random_levels(alpha + 10 * distance, (5, 6, 7), 5)
    volume, n = volume_of(levels), np.count_nonzero(levels)
    table = slow_table(levels, alpha=alpha, distance=distance, in_plane=False)
    found = ngldm(volume, "3D", alpha=alpha, distance=distance)
    np.testing.assert_array_equal(found, table_emphases(table, n))
    table = slow_table(levels, alpha=alpha, distance=distance, in_plane=True)
    found = ngldm(volume, "2_5D", alpha=alpha, distance=distance)
    np.testing.assert_array_equal(found, table_emphases(table, n))


def test_each_voxel_is_counted_once_so_that_the_percentage_is_one() -> None:
    volume = volume_of(random_levels(4))
    for aggregation in AGGREGATIONS:
        assert dict(zip(TAGS, ngldm(volume, aggregation), strict=True))["ngl_dc_perc"] == 1


def test_2d_is_the_mean_of_slices() -> None:
    levels = random_levels(5)
    levels[3] = 0
    slices = [ngldm(volume_of(part[None]), "3D") for part in levels if part.any()]
    np.testing.assert_allclose(ngldm(volume_of(levels), "2D"), np.mean(slices, axis=0), rtol=1e-13)


def test_parameters_do_not_mix_up_what_a_volume_remembers() -> None:
    levels = random_levels(7)
    volume = volume_of(levels)
    ngldm(volume, "2D", alpha=1)
    np.testing.assert_array_equal(ngldm(volume, "2D"), ngldm(volume_of(levels), "2D"))
    assert (ngldm(volume, "2D", alpha=1) != ngldm(volume, "2D")).any()


@pytest.mark.parametrize("aggregation", AGGREGATIONS)
def test_every_lesion_has_every_value(aggregation: str) -> None:
    for name, volume in odd_volumes().items():
        assert np.isfinite(ngldm(volume, aggregation)).all(), name


def test_one_voxel_depends_on_itself_only() -> None:
    values = dict(zip(TAGS, ngldm(odd_volumes()["one voxel"], "3D").tolist(), strict=True))
    assert values["ngl_lde"] == values["ngl_hde"] == values["ngl_dc_energy"] == 1
    assert values["ngl_hgce"] == 16
    assert values["ngl_dc_entr"] == values["ngl_dc_var"] == values["ngl_gl_var"] == 0
