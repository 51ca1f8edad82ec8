"""The first and last voxel of a mask along each axis are those that looking at every voxel finds."""

from __future__ import annotations

import numpy as np
import pytest

from samesplit.imaging.mask_extent import mask_extent


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32, bool])
def test_the_extent_of_scattered_voxels(dtype: type) -> None:
    generator = np.random.default_rng(1)
    mask = np.zeros((9, 8, 7), dtype=dtype)
    for z, y, x in generator.integers((1, 2, 0), (8, 7, 6), (4, 3)):
        mask[z, y, x] = 200 if dtype is not bool else True
    places = np.argwhere(mask)
    assert mask_extent(mask) == (places.min(axis=0).tolist(), places.max(axis=0).tolist())


def test_an_empty_mask_has_none() -> None:
    with pytest.raises(ValueError, match="the mask is empty"):
        mask_extent(np.zeros((2, 2, 2), np.uint8))
