from __future__ import annotations

import hypothesis.extra.numpy as arrays
import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings
from skimage.measure import marching_cubes

from samesplit.features.families.mesh import mesh_surface

SPACING_MM = (3.0, 0.7, 1.1)
masks = arrays.arrays(np.uint8, (5, 4, 6), elements=st.integers(0, 1)).filter(np.any)


def surface_of_triangles(mask: np.ndarray, spacing_mm: tuple[float, float, float]) -> tuple[float, float]:
    vertices, faces, _, _ = marching_cubes(mask.astype(np.float32), 0.5)
    a, b, c = np.moveaxis((vertices.astype(float) * spacing_mm)[faces], 1, 0)
    volume = abs(np.einsum("ij,ij->", a, np.cross(b, c))) / 6
    return volume, np.linalg.norm(np.cross(b - a, c - a), axis=1).sum() / 2


@settings(deadline=None)  # the first example compiles
@given(masks)
def test_volume_and_area_are_those_of_the_triangles_of_scikit_image(mask: np.ndarray) -> None:
    padded = np.pad(mask, 1)
    surface = mesh_surface(padded, SPACING_MM)
    volume, area = surface_of_triangles(padded, SPACING_MM)
    assert surface.volume_mm3 == pytest.approx(volume, rel=1e-12)
    assert surface.area_mm2 == pytest.approx(area, rel=1e-12)


def test_a_box_has_the_volume_and_area_of_a_box_with_cut_edges() -> None:
    surface = mesh_surface(np.pad(np.ones((5, 7, 9), np.uint8), 2), (1.0, 1.0, 1.0))
    edges = 4 * (4 + 6 + 8)  # between the outermost voxel centres
    assert surface.volume_mm3 == pytest.approx(5 * 7 * 9 - edges / 8 - 8 * (1 / 8 - 1 / 48), rel=1e-12)
    faces = 2 * (4 * 6 + 6 * 8 + 4 * 8)
    assert surface.area_mm2 == pytest.approx(faces + edges * np.sqrt(0.5) + np.sqrt(3), rel=1e-12)


def test_the_volume_of_a_ball_converges() -> None:
    errors = []
    for radius in (5, 10, 20, 40):
        ball = (np.square(np.indices((2 * radius + 5,) * 3) - radius - 2).sum(axis=0) <= radius**2).astype(
            np.uint8
        )
        errors.append(abs(mesh_surface(ball, (1.0, 1.0, 1.0)).volume_mm3 / (4 / 3 * np.pi * radius**3) - 1))
    assert errors[-1] < 2e-3
    assert errors[-1] < errors[0] / 10
