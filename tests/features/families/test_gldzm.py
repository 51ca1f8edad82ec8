from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings

from features.families.volumes import (
    AGGREGATIONS,
    check_invariances,
    check_phantom,
    check_unknown_aggregation,
    odd_volumes,
    random_levels,
    small_levels,
    volume_of,
)
from samesplit.features.families.emphases import zone_emphases
from samesplit.features.families.gldzm import TAGS, gldzm
from samesplit.features.families.zones import zones


@pytest.mark.parametrize("aggregation", AGGREGATIONS)
def test_the_digital_phantom_has_the_reference_values(aggregation: str) -> None:
    check_phantom(gldzm, TAGS, aggregation)


@settings(deadline=None)  # the first example may compile
@given(small_levels)
def test_padding_moving_turning_and_the_integer_type_change_nothing(levels: np.ndarray) -> None:
    check_invariances(gldzm, levels)


def test_in_one_slice_every_voxel_is_at_the_border_unless_distances_stay_within_the_slice() -> None:
    volume = volume_of(random_levels(2)[:1])
    np.testing.assert_array_equal(gldzm(volume, "2D"), gldzm(volume, "2_5D"))
    values = {how: dict(zip(TAGS, gldzm(volume, how), strict=True)) for how in ("2D", "3D")}
    assert values["3D"]["dzm_lde"] == 1
    assert values["2D"]["dzm_lde"] > 1


def test_other_aggregations_are_refused() -> None:
    check_unknown_aggregation(gldzm)


@pytest.mark.parametrize("aggregation", AGGREGATIONS)
def test_every_lesion_has_every_value(aggregation: str) -> None:
    for name, volume in odd_volumes().items():
        assert np.isfinite(gldzm(volume, aggregation)).all(), name


def test_two_zones_give_values_worked_out_by_hand() -> None:
    levels = np.ones((2, 2, 3), dtype=np.uint8)
    levels[:, :, 1:] = 2
    # Both zones reach the border.
    values = dict(zip(TAGS, gldzm(volume_of(levels), "3D").tolist(), strict=True))
    assert values["dzm_sde"] == values["dzm_lde"] == 1
    assert values["dzm_ldhge"] == pytest.approx((1 + 4) / 2)
    assert values["dzm_z_perc"] == pytest.approx(2 / 12)
    assert values["dzm_zd_var"] == 0
    assert values["dzm_zd_entr"] == pytest.approx(1)


def test_2d_is_the_mean_of_slices_and_2_5d_one_matrix_of_all_their_zones() -> None:
    levels = random_levels(5)
    levels[3] = 0
    volume = volume_of(levels)
    slices = [gldzm(volume_of(part[None]), "2_5D") for part in levels if part.any()]
    np.testing.assert_allclose(gldzm(volume, "2D"), np.mean(slices, axis=0), rtol=1e-13)
    found = zones(volume, in_plane=True)
    merged = zone_emphases(found.levels, found.distances, volume.n_levels, volume.geometry.n_voxels)[:16]
    np.testing.assert_array_equal(gldzm(volume, "2_5D"), merged)


def test_levels_that_do_not_occur_change_nothing() -> None:
    levels = random_levels(6)
    for aggregation in AGGREGATIONS:
        np.testing.assert_array_equal(
            gldzm(volume_of(levels, n_levels=90), aggregation), gldzm(volume_of(levels), aggregation)
        )


def test_distances_are_taken_from_the_morphological_mask() -> None:
    levels = np.ones((5, 5, 5), dtype=np.uint8)
    levels[2, 2, 2] = 2
    levels[2, 2, 1] = 0
    whole = np.ones_like(levels)
    far = dict(zip(TAGS, gldzm(volume_of(levels, whole), "3D").tolist(), strict=True))
    near = dict(zip(TAGS, gldzm(volume_of(levels), "3D").tolist(), strict=True))
    assert far["dzm_lde"] == pytest.approx((1 + 9) / 2)
    assert near["dzm_lde"] == 1
