from __future__ import annotations

import numpy as np
import pytest

from samesplit.benchmarks.synthetic.shapes import capsule, cylinder, ellipsoid, rotation


def points(*rows: tuple[float, float, float]) -> np.ndarray:
    return np.array(rows, dtype=np.float32).T


def test_ellipsoid_is_zero_on_its_surface_and_negative_inside():
    values = ellipsoid(points((3, 0, 0), (0, 5, 0), (1, 1, 1), (0, 0, 9)), (0, 0, 0), (3, 5, 7))
    assert values[:2] == pytest.approx([0, 0], abs=1e-5)
    assert values[2] < 0 < values[3]
    assert values[3] == pytest.approx(2.0, rel=1e-3)


def test_cylinder_ignores_the_third_axis():
    values = cylinder(points((6, 0, 0), (6, 0, 99)), (0, 0), (4, 4))
    assert values == pytest.approx([2.0, 2.0], rel=1e-3)


def test_capsule_has_round_ends():
    values = capsule(points((12, 0, 0), (-3, 4, 0), (5, 0, 1)), (0, 0, 0), (10, 0, 0), 2.0)
    assert values == pytest.approx([0, 3, -1], abs=1e-5)


def test_rotation_is_orthonormal_and_turns_the_hilum_forwards():
    matrix = rotation(turn_deg=35, lean_deg=12)
    np.testing.assert_allclose(matrix @ matrix.T, np.eye(3), atol=1e-12)
    assert np.linalg.det(matrix) == pytest.approx(1.0)
    hilum, _, upper_pole = matrix
    assert hilum[1] > 0
    assert upper_pole[0] > 0
