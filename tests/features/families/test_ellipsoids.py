from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial import ConvexHull
from scipy.special import ellipeinc, ellipkinc, eval_legendre

from samesplit.features.families.ellipsoids import Ellipsoid, enclosing_ellipsoid, principal_ellipsoid
from samesplit.features.families.hull import Hull, convex_hull


def exact_area(a: float, b: float, c: float) -> float:
    phi = np.arccos(c / a)
    m = a**2 * (b**2 - c**2) / (b**2 * (a**2 - c**2))
    bent = ellipeinc(phi, m) * np.sin(phi) ** 2 + ellipkinc(phi, m) * np.cos(phi) ** 2
    return float(2 * np.pi * c**2 + 2 * np.pi * a * b / np.sin(phi) * bent)


def area_as_ibsi_writes_it(a: float, b: float, c: float) -> float:
    alpha, beta, n = np.sqrt(1 - (b / a) ** 2), np.sqrt(1 - (c / a) ** 2), np.arange(21)
    legendre = eval_legendre(n, (alpha**2 + beta**2) / (2 * alpha * beta))
    return float(4 * np.pi * a * b * ((alpha * beta) ** n / (1 - 4 * n**2) * legendre).sum())


def hull_of_points(points: np.ndarray) -> Hull:
    hull = ConvexHull(points)
    return Hull(points, hull.simplices, hull.equations[:, :3], hull.neighbors, hull.volume, hull.area)


@pytest.mark.parametrize("axes", [(5.0, 4.5, 4.0), (3.0, 2.0, 1.5), (2.0, 1.99, 0.5)])
def test_the_area_is_the_series_of_ibsi(axes: tuple[float, float, float]) -> None:
    assert Ellipsoid(axes).area_mm2 == pytest.approx(area_as_ibsi_writes_it(*axes), rel=1e-12)


def test_the_area_of_a_ball_is_exact_and_that_of_roundish_ellipsoids_nearly() -> None:
    assert Ellipsoid((3.0, 3.0, 3.0)).area_mm2 == pytest.approx(36 * np.pi, rel=1e-12)
    assert Ellipsoid((5.0, 4.8, 4.6)).area_mm2 == pytest.approx(exact_area(5.0, 4.8, 4.6), rel=0.05)


def test_an_ellipsoid_without_size_has_no_area() -> None:
    assert np.isnan(Ellipsoid((0.0, 0.0, 0.0)).area_mm2)
    assert np.isnan(Ellipsoid((float("nan"),) * 3).area_mm2)


def test_the_principal_axes_of_an_ellipsoid_are_its_own_shrunk_by_the_square_root_of_five_quarters() -> None:
    z, y, x = np.indices((50, 50, 50)) - 24.5
    mask = ((z / 10) ** 2 + (y / 14) ** 2 + (x / 22) ** 2 <= 1).astype(np.uint8)
    expected = [2 / np.sqrt(5) * axis for axis in (22 * 0.5, 10, 14 * 0.5)]
    assert principal_ellipsoid(mask, (1.0, 0.5, 0.5)).semi_axes_mm == pytest.approx(expected, rel=5e-3)


def test_the_principal_axes_divide_by_the_number_of_voxels_less_one() -> None:
    points = np.array([(0, 0, 0), (0, 0, 1), (2, 1, 0), (1, 3, 2)])
    mask = np.zeros((3, 4, 3), np.uint8)
    mask[tuple(points.T)] = 1
    expected = 2 * np.sqrt(np.linalg.eigvalsh(np.cov((points * (3.0, 1.0, 2.0)).T)))[::-1]
    assert principal_ellipsoid(mask, (3.0, 1.0, 2.0)).semi_axes_mm == pytest.approx(expected, rel=1e-12)


def test_flat_and_thin_masks_have_axes_of_exactly_zero_and_one_voxel_has_none() -> None:
    plane = principal_ellipsoid(np.ones((1, 7, 9), np.uint8), (1.0, 0.3, 0.7)).semi_axes_mm
    assert plane[2] == 0 < plane[1]
    line = principal_ellipsoid(np.ones((1, 7, 1), np.uint8), (1.0, 0.3, 0.7)).semi_axes_mm
    assert line[1] == line[2] == 0
    diagonal = principal_ellipsoid(np.eye(9, dtype=np.uint8)[None], (1.0, 0.3, 0.7)).semi_axes_mm
    assert diagonal[1] == diagonal[2] == 0
    assert np.isnan(principal_ellipsoid(np.ones((1, 1, 1), np.uint8), (1.0, 1.0, 1.0)).semi_axes_mm).all()


def smallest_volume_by_duality(points: np.ndarray) -> float:
    """The largest ellipsoid volume of all weights on the points, which is the smallest of all that enclose them.

    By Titterington's multiplications (doi 10.2307/2347001): every one enlarges the volume, there is no step to
    choose and no line to search, so the way to the maximum does not hang on last digits.
    """
    lifted = np.column_stack([points, np.ones(len(points))])
    weights = np.full(len(points), 1 / len(points))
    for _ in range(8_000):
        moments = (lifted.T * weights) @ lifted
        weights *= np.einsum("ij,ji->i", lifted, np.linalg.solve(moments, lifted.T)) / 4
    return 4 / 3 * np.pi * float(np.sqrt(27 * np.linalg.det((lifted.T * weights) @ lifted)))


@pytest.mark.parametrize("seed", range(5))
def test_the_enclosing_ellipsoid_is_the_smallest_there_is(seed: int) -> None:
    generator = np.random.default_rng(seed)
    points = generator.normal(size=(14, 3)) @ generator.normal(size=(3, 3))
    points = points[ConvexHull(points).vertices]
    points -= points.mean(axis=0)
    found = enclosing_ellipsoid(hull_of_points(points)).volume_mm3
    assert found == pytest.approx(smallest_volume_by_duality(points), rel=1e-6)


def test_the_enclosing_ellipsoid_of_a_turned_box_has_axes_of_root_three_half_edges() -> None:
    turn = np.linalg.qr(np.random.default_rng(0).normal(size=(3, 3)))[0]
    corners = np.array(np.meshgrid([-1, 1], [-2, 2], [-50, 50])).reshape(3, 8).T @ turn
    axes = enclosing_ellipsoid(hull_of_points(corners)).semi_axes_mm
    assert axes == pytest.approx(np.sqrt(3) * np.array([50, 2, 1]), rel=1e-7)


def test_a_looser_tolerance_costs_no_more_than_it_says() -> None:
    mask = (np.random.default_rng(3).random((6, 7, 8)) < 0.3).astype(np.uint8)
    hull = convex_hull(np.pad(mask, 1), (1.0, 2.0, 1.5))
    tight, loose = (enclosing_ellipsoid(hull, tolerance=t).volume_mm3 for t in (1e-9, 1e-2))
    assert tight < loose <= tight * 1.01**2
