"""What is searched for around a lesion is the same however the lesion lies: turned and mirrored in all 48 ways."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import permutations, product

import numpy as np
import pytest

from samesplit.features.families.boxes import oriented_box
from samesplit.features.families.ellipsoids import enclosing_ellipsoid
from samesplit.features.families.hull import Hull, convex_hull
from samesplit.features.families.morphology import SHAPE_TAGS, shape
from samesplit.features.families.texture import MaskGeometry

Spacing = tuple[float, float, float]

CUBIC, UNEVEN = (1.0, 1.0, 1.0), (2.0, 1.25, 0.75)


def all_ways_to_lie(mask: np.ndarray, spacing_mm: Spacing) -> Iterator[tuple[np.ndarray, Spacing]]:
    """The 24 rotations by right angles and their mirror images, as masks with a border, and voxel sizes."""
    for axes, signs in product(permutations(range(3)), product((1, -1), repeat=3)):
        turned = mask.transpose(axes)[tuple(slice(None, None, sign) for sign in signs)]
        yield np.pad(turned, 1), tuple(spacing_mm[axis] for axis in axes)


def sizes(hull: Hull) -> list[float]:
    box, ellipsoid = oriented_box(hull), enclosing_ellipsoid(hull)
    return [box.volume_mm3, box.area_mm2, ellipsoid.volume_mm3, ellipsoid.area_mm2]


def check_all_ways(mask: np.ndarray, spacing_mm: Spacing) -> None:
    found = np.array([sizes(convex_hull(*way)) for way in all_ways_to_lie(mask, spacing_mm)])
    np.testing.assert_allclose(found, np.broadcast_to(found[0], found.shape), rtol=1e-9)


def little_region(seed: int) -> np.ndarray:
    """Up to 5 x 5 x 5 voxels, where boxes that are equally small are common."""
    generator = np.random.default_rng(seed)
    shape = generator.integers(1, 6, 3)
    mask = generator.random(shape) < generator.choice([0.15, 0.3, 0.7, 1.0])
    mask[tuple(n // 2 for n in shape)] = True
    return mask.astype(np.uint8)


def lumpy_region(seed: int, radius: float) -> np.ndarray:
    side = int(2 * radius + 8)
    generator = np.random.default_rng(seed)
    apart = np.sqrt(np.square(np.indices((side,) * 3) - side / 2).sum(axis=0))
    return (apart + generator.normal(0, 1.2, apart.shape) < radius).astype(np.uint8)


@pytest.mark.parametrize("spacing_mm", [CUBIC, UNEVEN])
@pytest.mark.parametrize("seed", range(12))
def test_little_regions_have_the_same_box_and_ellipsoid_however_they_lie(
    seed: int, spacing_mm: Spacing
) -> None:
    check_all_ways(little_region(seed), spacing_mm)


@pytest.mark.parametrize("spacing_mm", [CUBIC, UNEVEN])
@pytest.mark.parametrize("radius", [6.0, 20.0])
def test_large_regions_have_the_same_box_and_ellipsoid_however_they_lie(
    radius: float, spacing_mm: Spacing
) -> None:
    check_all_ways(lumpy_region(3, radius), spacing_mm)


DEGENERATE = {
    "one voxel": np.ones((1, 1, 1), np.uint8),
    "two voxels": np.ones((1, 1, 2), np.uint8),
    "line": np.ones((1, 9, 1), np.uint8),
    "oblique line": np.eye(7, dtype=np.uint8)[None],
    "line across space": np.array(np.indices((5, 5, 5)).max(0) == np.indices((5, 5, 5)).min(0), np.uint8),
    "plane": np.ones((1, 6, 7), np.uint8),
    "oblique plane": np.array(np.indices((5, 6, 6))[1] == np.indices((5, 6, 6))[2], np.uint8),
    "two voxels apart": np.array([[[1, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 1]]], np.uint8),
    "cube": np.ones((4, 4, 4), np.uint8),
}


@pytest.mark.parametrize("spacing_mm", [CUBIC, UNEVEN, (20.0, 0.5, 0.5)])
@pytest.mark.parametrize("name", DEGENERATE)
def test_points_lines_planes_and_cubes_have_the_same_however_they_lie(name: str, spacing_mm: Spacing) -> None:
    check_all_ways(DEGENERATE[name], spacing_mm)


def test_of_boxes_of_the_same_volume_that_with_the_smallest_surface_is_taken() -> None:
    """Around a rectangle of 2 x 3 voxels less one, boxes of 1 x 2.12 x 2.83 and 1.41 x 1.41 x 3 mm hold 6 mm3."""
    mask = np.array([[[1, 1, 0], [1, 1, 1]]], np.uint8)
    for way in all_ways_to_lie(mask, CUBIC):
        box = oriented_box(convex_hull(*way))
        assert sorted(box.edges_mm) == pytest.approx([np.sqrt(2), np.sqrt(2), 3.0], rel=1e-9)


def test_all_25_features_of_shape_are_the_same_however_a_region_lies() -> None:
    for seed in range(3):
        found = np.array(
            [
                shape(MaskGeometry(way, way), spacing)
                for way, spacing in all_ways_to_lie(little_region(seed), UNEVEN)
            ]
        )
        assert found.shape == (48, len(SHAPE_TAGS))
        np.testing.assert_allclose(found, np.broadcast_to(found[0], found.shape), rtol=1e-9, atol=1e-12)
