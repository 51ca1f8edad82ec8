from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial import ConvexHull

from samesplit.features.families import boxes
from samesplit.features.families.boxes import axis_aligned_box, oriented_box
from samesplit.features.families.hull import Hull, convex_hull


def random_hull(seed: int) -> Hull:
    mask = (np.random.default_rng(seed).random((4, 5, 6)) < 0.2).astype(np.uint8)
    mask[1, 2, 3] = 1
    return convex_hull(np.pad(mask, 1), (2.0, 1.0, 0.8))


def hull_of_points(points: np.ndarray) -> Hull:
    hull = ConvexHull(points)
    return Hull(points, hull.simplices, hull.equations[:, :3], hull.neighbors, hull.volume, hull.area)


def smallest_by_trying_all(hull: Hull) -> float:
    """Every face's plane with every edge of the hull's outline, by the hull of the projected points."""
    volumes = []
    for normal in hull.normals:
        plane = np.linalg.svd(normal[None])[2][1:]
        flat = hull.points_mm @ plane.T
        for start, end in ConvexHull(flat).simplices:
            along = (flat[end] - flat[start]) / np.linalg.norm(flat[end] - flat[start])
            turned = flat @ np.stack([along, [-along[1], along[0]]]).T
            volumes.append(np.ptp(hull.points_mm @ normal) * np.ptp(turned, axis=0).prod())
    return min(volumes)


@pytest.mark.parametrize("seed", range(8))
def test_the_oriented_box_is_the_smallest_of_all_that_lie_on_a_face(seed: int) -> None:
    hull = random_hull(seed)
    assert oriented_box(hull).volume_mm3 == pytest.approx(smallest_by_trying_all(hull), rel=1e-9)


@pytest.mark.parametrize("seed", range(4))
def test_a_turned_box_is_found(seed: int) -> None:
    turn = np.linalg.qr(np.random.default_rng(seed).normal(size=(3, 3)))[0]
    corners = np.array(np.meshgrid([-1, 1], [-2, 2], [-3, 3])).reshape(3, 8).T @ turn
    assert sorted(oriented_box(hull_of_points(corners)).edges_mm) == pytest.approx([2, 4, 6], rel=1e-9)


def test_the_oriented_box_lies_between_the_hull_and_the_box_along_the_axes() -> None:
    for seed in range(20):
        hull = random_hull(seed)
        assert (
            hull.volume_mm3 <= oriented_box(hull).volume_mm3 <= axis_aligned_box(hull).volume_mm3 * (1 + 1e-9)
        )


def test_the_box_along_the_axes_reaches_from_voxel_border_to_voxel_border() -> None:
    box = axis_aligned_box(convex_hull(np.pad(np.ones((2, 3, 4), np.uint8), 1), (5.0, 2.0, 1.0)))
    assert box.edges_mm == pytest.approx((10.0, 6.0, 4.0))
    assert box.area_mm2 == pytest.approx(2 * (60 + 24 + 40))


def test_directions_are_looked_along_in_portions_with_the_same_box(monkeypatch: pytest.MonkeyPatch) -> None:
    mask = np.random.default_rng(1).random((9, 8, 7)) < 0.5
    hull = convex_hull(np.pad(mask.astype(np.uint8), 1), (2.0, 1.0, 1.5))
    whole = oriented_box(hull).edges_mm
    monkeypatch.setattr(boxes, "_AT_ONCE", 3)
    np.testing.assert_allclose(oriented_box(hull).edges_mm, whole, rtol=1e-12)
