from __future__ import annotations

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
from samesplit.features.families.emphases import zone_emphases
from samesplit.features.families.glszm import TAGS, glszm
from samesplit.features.families.zones import zones


@pytest.mark.parametrize("aggregation", AGGREGATIONS)
def test_the_digital_phantom_has_the_reference_values(aggregation: str) -> None:
    check_phantom(glszm, TAGS, aggregation)


@settings(deadline=None)  # the first example may compile
@given(small_levels)
def test_padding_moving_turning_and_the_integer_type_change_nothing(levels: np.ndarray) -> None:
    check_invariances(glszm, levels)


def test_one_slice_is_the_same_in_all_aggregations() -> None:
    check_one_slice(glszm, random_levels(2))


def test_other_aggregations_are_refused() -> None:
    check_unknown_aggregation(glszm)


@pytest.mark.parametrize("aggregation", AGGREGATIONS)
def test_every_lesion_has_every_value(aggregation: str) -> None:
    for name, volume in odd_volumes().items():
        assert np.isfinite(glszm(volume, aggregation)).all(), name


def test_two_zones_give_values_worked_out_by_hand() -> None:
    levels = np.ones((2, 2, 3), dtype=np.uint8)
    levels[:, :, 1:] = 2
    # One zone of 4 voxels at level 1, one of 8 at level 2.
    values = dict(zip(TAGS, glszm(volume_of(levels), "3D").tolist(), strict=True))
    assert values["szm_sze"] == pytest.approx((1 / 16 + 1 / 64) / 2)
    assert values["szm_lzhge"] == pytest.approx((16 + 4 * 64) / 2)
    assert values["szm_z_perc"] == pytest.approx(2 / 12)
    assert values["szm_zs_var"] == pytest.approx(4)
    assert values["szm_zs_entr"] == pytest.approx(1)


def test_2d_is_the_mean_of_slices_and_2_5d_one_matrix_of_all_their_zones() -> None:
    levels = random_levels(5)
    levels[3] = 0
    volume = volume_of(levels)
    slices = [glszm(volume_of(part[None]), "2_5D") for part in levels if part.any()]
    np.testing.assert_allclose(glszm(volume, "2D"), np.mean(slices, axis=0), rtol=1e-13)
    found = zones(volume, in_plane=True)
    merged = zone_emphases(found.levels, found.sizes, volume.n_levels, volume.geometry.n_voxels)[:16]
    np.testing.assert_array_equal(glszm(volume, "2_5D"), merged)


def test_levels_that_do_not_occur_change_nothing() -> None:
    levels = random_levels(6)
    for aggregation in AGGREGATIONS:
        np.testing.assert_array_equal(
            glszm(volume_of(levels, n_levels=90), aggregation), glszm(volume_of(levels), aggregation)
        )
