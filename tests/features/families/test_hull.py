from __future__ import annotations

import hypothesis.extra.numpy as arrays
import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings
from scipy.spatial import ConvexHull
from scipy.spatial.distance import pdist
from skimage.measure import marching_cubes

from samesplit.features.families.hull import convex_hull

SPACING_MM = (3.0, 0.7, 1.1)
masks = arrays.arrays(np.uint8, st.tuples(*[st.integers(1, 6)] * 3), elements=st.integers(0, 1)).filter(
    np.any
)


def all_mesh_corners(mask: np.ndarray) -> np.ndarray:
    return marching_cubes(mask.astype(np.float32), 0.5)[0].astype(float) * SPACING_MM


def check_against_all_corners(mask: np.ndarray) -> None:
    corners = all_mesh_corners(mask)
    hull, expected = convex_hull(mask, SPACING_MM), ConvexHull(corners)
    assert hull.volume_mm3 == pytest.approx(expected.volume, rel=1e-12)
    assert hull.area_mm2 == pytest.approx(expected.area, rel=1e-12)
    assert hull.largest_distance_mm() == pytest.approx(pdist(corners).max(), rel=1e-12)


@settings(deadline=None)  # the first example compiles
@given(masks)
def test_the_hull_is_that_of_all_mesh_corners(mask: np.ndarray) -> None:
    check_against_all_corners(np.pad(mask, 1))


@pytest.mark.parametrize("seed", range(3))
def test_the_hull_of_a_ragged_ball_is_that_of_all_mesh_corners(seed: int) -> None:
    distance = np.sqrt(np.square(np.indices((19, 23, 21)) - 10).sum(axis=0))
    noise = np.random.default_rng(seed).normal(0, 1.5, distance.shape)
    check_against_all_corners(np.pad((distance + noise < 7).astype(np.uint8), 1))


def test_a_line_is_as_long_as_its_voxels() -> None:
    hull = convex_hull(np.pad(np.ones((1, 1, 9), np.uint8), 1), SPACING_MM)
    assert hull.largest_distance_mm() == pytest.approx(9 * 1.1)


def test_every_face_turns_outwards_and_knows_its_neighbours() -> None:
    hull = convex_hull(np.pad(np.ones((3, 4, 5), np.uint8), 1), SPACING_MM)
    middles = hull.points_mm[hull.faces].mean(axis=1)
    assert (np.einsum("ij,ij->i", middles, hull.normals) > 0).all()
    for face, beside in enumerate(hull.neighbours):
        for other in beside:
            assert len(set(hull.faces[face]) & set(hull.faces[other])) == 2
