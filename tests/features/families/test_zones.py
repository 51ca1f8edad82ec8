from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from scipy import ndimage

from features.families.volumes import odd_volumes, random_levels, small_levels, volume_of
from samesplit.features.families.neighbours import equal_bits
from samesplit.features.families.texture import LevelVolume
from samesplit.features.families.zones import zones

Zone = tuple[int, int, int]


def slow_zones(levels: np.ndarray, mask: np.ndarray) -> list[Zone]:
    """(level, size, distance) of each zone, by scipy; any number of dimensions, all neighbours connect."""
    distance = ndimage.distance_transform_cdt(np.pad(mask, 1), metric="taxicab")
    levels = np.pad(levels, 1)
    found = []
    for level in np.unique(levels[levels > 0]):
        labels, n = ndimage.label(levels == level, structure=np.ones((3,) * levels.ndim))
        for k in range(1, n + 1):
            found.append((int(level), int((labels == k).sum()), int(distance[labels == k].min())))
    return sorted(found)


def listed(volume: LevelVolume, *, in_plane: bool) -> list[Zone]:
    found = zones(volume, in_plane=in_plane)
    rows = (found.levels.tolist(), found.sizes.tolist(), found.distances.tolist())
    return sorted(zip(*rows, strict=True))


@pytest.mark.parametrize("n_levels", [1, 2, 3, 8, 300])
@pytest.mark.parametrize("filled", [0.15, 0.4, 0.9])
def test_zones_are_those_of_scipys_labelling(n_levels: int, filled: float) -> None:
    for seed in range(4):
        generator = np.random.default_rng(seed)
        shape = (8, 9, 10)
        mask = (generator.random(shape) < 0.9).astype(np.uint8)
        levels = generator.integers(1, n_levels + 1, shape) * mask * (generator.random(shape) < filled)
        volume = volume_of(levels, mask)
        assert listed(volume, in_plane=False) == slow_zones(levels, mask)
        by_slice = [zone for parts in zip(levels, mask, strict=True) for zone in slow_zones(*parts)]
        assert listed(volume, in_plane=True) == sorted(by_slice)


@settings(deadline=None)  # the first example may compile
@given(small_levels)
def test_zones_of_any_small_volume_are_those_of_scipys_labelling(levels: np.ndarray) -> None:
    mask = (levels > 0).astype(np.uint8)
    assert listed(volume_of(levels), in_plane=False) == slow_zones(levels, mask)


@settings(deadline=None)  # the first example may compile
@given(small_levels)
def test_zones_share_out_all_voxels_of_each_level_and_of_each_slice(levels: np.ndarray) -> None:
    volume = volume_of(levels)
    for in_plane in (False, True):
        found = zones(volume, in_plane=in_plane)
        voxels = np.bincount(found.levels, weights=found.sizes, minlength=4)
        np.testing.assert_array_equal(voxels[1:], np.bincount(levels.ravel(), minlength=4)[1:])
        assert found.starts[0] == 0
        assert found.starts[-1] == len(found.levels)
        assert (np.diff(found.starts) >= 0).all()
    ends = np.concatenate([[0], np.cumsum(found.sizes, dtype=np.int64)])
    np.testing.assert_array_equal(np.diff(ends[found.starts]), volume.geometry.n_voxels_per_slice)


def test_voxels_that_join_four_separate_zones_make_them_one() -> None:
    levels = np.zeros((2, 3, 3), dtype=np.uint8)
    levels[0, [0, 0, 2, 2], [0, 2, 0, 2]] = 1
    levels[1, 1, 1] = 1
    assert listed(volume_of(levels), in_plane=False) == [(1, 5, 1)]
    assert listed(volume_of(levels), in_plane=True) == [(1, 1, 1)] * 5


def test_a_spiral_and_a_comb_are_one_zone_each() -> None:
    comb = np.ones((1, 9, 9), dtype=np.uint8)
    comb[0, :-1, 1::2] = 2
    assert sorted(zones(volume_of(comb), in_plane=True).sizes.tolist()) == [8, 8, 8, 8, 49]


def test_zones_are_found_once_for_both_families() -> None:
    volume = volume_of(random_levels(1))
    assert zones(volume, in_plane=False) is zones(volume, in_plane=False)
    assert zones(volume, in_plane=True) is not zones(volume, in_plane=False)


def test_slices_without_voxels_have_no_zones() -> None:
    levels = np.zeros((5, 2, 2), dtype=np.uint8)
    levels[[0, 4]] = 1
    found = zones(volume_of(levels), in_plane=True)
    assert found.starts.tolist() == [0, 0, 1, 1, 1, 1, 2, 2]


def test_odd_lesions_have_the_zones_that_one_sees() -> None:
    found = {name: listed(volume, in_plane=False) for name, volume in odd_volumes().items()}
    assert found == {
        "one voxel": [(4, 1, 1)],
        "constant": [(7, 60, 1)],
        "two levels": [(1, 24, 1), (2, 36, 1)],
        "plane-thin": [(1, 6, 1), (2, 9, 1)],
        "line": [(1, 2, 1), (2, 3, 1)],
        "disconnected": [(1, 1, 1), (2, 3, 1), (3, 1, 1)],
    }


def test_what_is_as_large_as_the_lesion_is_let_go_and_made_again() -> None:
    volume = volume_of(random_levels(3, shape=(4, 5, 6), n_levels=3))
    made = zones(volume, in_plane=False), equal_bits(volume)
    assert zones(volume, in_plane=False) is made[0]
    assert equal_bits(volume) is made[1]
    volume.release()
    assert equal_bits(volume) is not made[1]
    np.testing.assert_array_equal(equal_bits(volume), made[1])
    assert zones(volume, in_plane=False).sizes.tolist() == made[0].sizes.tolist()
