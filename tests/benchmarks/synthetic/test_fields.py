from __future__ import annotations

import numpy as np
import pytest

from samesplit.benchmarks.synthetic.fields import SmoothField, coverage


def grid(step_mm: float, count: int) -> np.ndarray:
    axis = np.arange(count, dtype=np.float32) * np.float32(step_mm)
    return np.stack(np.meshgrid(axis, axis, axis, indexing="ij"))[::-1].copy()


def test_field_has_unit_variance_and_the_stated_correlation_length():
    field = SmoothField(np.random.default_rng(1), correlation_mm=4.0, period_mm=160.0)
    values = field(grid(2.0, 80))
    assert values.std() == pytest.approx(1.0, abs=0.06)
    shifted = field(grid(2.0, 80) + np.array([4.0, 0, 0], dtype=np.float32)[:, None, None, None])
    assert np.corrcoef(values.ravel(), shifted.ravel())[0, 1] == pytest.approx(np.exp(-0.5), abs=0.05)


def test_field_is_periodic():
    field = SmoothField(np.random.default_rng(1), correlation_mm=4.0, period_mm=60.0)
    points = grid(3.0, 6)
    np.testing.assert_allclose(field(points + np.float32(60.0)), field(points), atol=1e-4)


def test_coarse_lookup_on_a_grid_agrees_with_looking_up_every_point():
    field = SmoothField(np.random.default_rng(2), correlation_mm=12.0, period_mm=100.0)
    for count in (1, 2, 3, 17, 20):
        points = grid(1.2, count)
        error = field.on_grid(points, stride=3) - field(points)
        assert np.sqrt(np.mean(error**2)) < 0.04


def test_coverage_keeps_the_volume_of_a_ball_on_thick_slices():
    axis = np.arange(-20, 21, dtype=np.float32)
    z, y, x = np.meshgrid(np.arange(-20, 21, 4, dtype=np.float32), axis, axis, indexing="ij")
    distance = np.sqrt(x**2 + y**2 + z**2) - np.float32(13.0)
    volume_mm3 = float(coverage(distance, edge_mm=1.0).sum()) * 4.0
    assert volume_mm3 == pytest.approx(4 / 3 * np.pi * 13.0**3, rel=0.03)


def test_coverage_is_wider_where_the_surface_runs_along_the_slices():
    z = np.arange(5, dtype=np.float32)[:, None, None] * np.float32(4.0) - np.float32(9.0)
    flat = coverage(np.broadcast_to(z, (5, 2, 2)).copy(), edge_mm=1.0)[:, 0, 0]
    np.testing.assert_allclose(flat, [1, 1, 0.734, 0, 0], atol=0.02)
