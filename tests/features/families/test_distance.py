from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from samesplit.features.families.distance import border_distance, city_block_distance
from samesplit.features.families.texture import MaskGeometry


def random_mask(seed: int, shape: tuple[int, int, int]) -> np.ndarray:
    noise = np.random.default_rng(seed).normal(size=shape)
    return np.pad(ndimage.gaussian_filter(noise, 1.5) > -0.03, 1).astype(np.uint8)


@pytest.mark.parametrize("shape", [(12, 15, 18), (1, 20, 20), (20, 1, 9), (3, 3, 1)])
def test_distances_are_those_of_scipys_taxicab_transform(shape: tuple[int, int, int]) -> None:
    for seed in range(3):
        mask = random_mask(seed, shape)
        expected = ndimage.distance_transform_cdt(mask, metric="taxicab")
        np.testing.assert_array_equal(city_block_distance(mask, in_plane=False), expected)
        slices = [ndimage.distance_transform_cdt(part, metric="taxicab") for part in mask]
        np.testing.assert_array_equal(city_block_distance(mask, in_plane=True), np.stack(slices))


def test_the_distance_goes_up_to_the_middle_of_a_thick_box() -> None:
    mask = np.zeros((42, 302, 302), dtype=np.uint8)
    mask[1:-1, 1:-1, 1:-1] = 1
    assert city_block_distance(mask, in_plane=False).max() == 20
    assert city_block_distance(mask, in_plane=True).max() == 150


def test_the_border_is_the_morphological_masks_and_holes_of_resegmentation_are_none() -> None:
    whole = np.ones((5, 5, 5), dtype=np.uint8)
    holed = whole.copy()
    holed[2, 2, 1] = 0
    geometry = MaskGeometry(whole, holed)
    assert border_distance(geometry, in_plane=False)[3, 3, 3] == 3
    assert border_distance(geometry, in_plane=False) is border_distance(geometry, in_plane=False)
    assert border_distance(geometry, in_plane=True)[1, 3, 3] == 3
