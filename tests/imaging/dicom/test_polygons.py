"""Which voxels a contour holds: centres inside, centres on the line, holes, islands."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage.measure import find_contours, grid_points_in_poly

from samesplit.imaging.dicom.polygons import fill, polygon_area


def ring(radius: float, centre: tuple[float, float] = (20.3, 19.6), n: int = 400) -> np.ndarray:
    angle = np.linspace(0, 2 * np.pi, n, endpoint=False)
    return np.column_stack([centre[0] + radius * np.cos(angle), centre[1] + radius * np.sin(angle)])


def disc(radius: float, centre: tuple[float, float] = (20.3, 19.6)) -> np.ndarray:
    y, x = np.mgrid[:40, :44]
    return (x - centre[0]) ** 2 + (y - centre[1]) ** 2 < radius**2


def test_a_circle_holds_the_centres_within_its_radius() -> None:
    filled = fill([ring(9.87)], (40, 44))
    np.testing.assert_array_equal(filled.plane, disc(9.87))
    assert (filled.blank, filled.equal, filled.crossing) == ((), (), ())


def test_direction_and_a_repeated_first_point_change_nothing() -> None:
    contour = ring(7.3)
    expected = fill([contour], (40, 44)).plane
    for same in (contour[::-1], np.vstack([contour, contour[:1]]), np.roll(contour, 17, axis=0)):
        np.testing.assert_array_equal(fill([same], (40, 44)).plane, expected)


def test_an_inner_contour_is_a_hole_and_one_within_it_an_island() -> None:
    filled = fill([ring(3.1), ring(12.2), ring(7.7)], (40, 44))
    np.testing.assert_array_equal(filled.plane, disc(12.2) & ~disc(7.7) | disc(3.1))
    assert filled.crossing == ()


def test_a_hole_drawn_as_a_keyhole_is_a_hole() -> None:
    outer = np.array([[2, 2], [12, 2], [12, 12], [2, 12], [2, 7.5]], dtype=float)
    inner = np.array([[4.5, 7.5], [4.5, 9.5], [9.5, 9.5], [9.5, 4.5], [4.5, 4.5], [4.5, 7.5]])
    expected = np.zeros((15, 15), dtype=bool)
    expected[2:13, 2:13] = True
    expected[5:10, 5:10] = False
    np.testing.assert_array_equal(fill([np.vstack([outer, inner, [[2, 7.5]]])], (15, 15)).plane, expected)


def test_separate_contours_add_up() -> None:
    filled = fill([ring(4.2, (8.1, 9.2)), ring(5.3, (30.4, 25.2))], (40, 44))
    np.testing.assert_array_equal(filled.plane, disc(4.2, (8.1, 9.2)) | disc(5.3, (30.4, 25.2)))


@pytest.mark.parametrize("digits", [4, 6, 12])
def test_voxels_on_the_line_belong_to_it_however_many_digits_the_file_has(digits: int) -> None:
    spacing, origin = 0.703125, -180.3
    corners = origin + spacing * np.array([[3, 4], [9, 4], [9, 8], [3, 8]], dtype=float)
    contour = (np.round(corners, digits) - origin) / spacing
    expected = np.zeros((12, 13), dtype=bool)
    expected[4:9, 3:10] = True
    np.testing.assert_array_equal(fill([contour], (12, 13)).plane, expected)


def test_the_border_of_a_hole_written_as_voxels_stays_inside() -> None:
    mask = np.zeros((14, 14), dtype=bool)
    mask[2:12, 2:12] = True
    mask[5:8, 5:9] = False
    outer = np.array([[2, 2], [11, 2], [11, 11], [2, 11]], dtype=float)
    around_hole = np.array([[4, 4], [9, 4], [9, 8], [4, 8]], dtype=float)
    np.testing.assert_array_equal(fill([outer, around_hole], mask.shape).plane, mask)


def test_a_contour_between_centres_holds_none() -> None:
    sliver = np.array([[3.2, 3.2], [3.6, 3.2], [3.6, 3.6]])
    assert fill([ring(5.0), sliver], (40, 44)).blank == (1,)
    assert polygon_area(sliver) == pytest.approx(0.08)


def test_equal_and_crossing_contours_are_told_apart() -> None:
    one, shifted = ring(5.0), ring(5.0, (23.0, 19.6))
    assert fill([one, shifted, np.roll(one, 3, axis=0)], (40, 44)).equal == ((0, 2),)
    filled = fill([one, shifted], (40, 44))
    assert filled.crossing == ((0, 1),)
    np.testing.assert_array_equal(filled.plane, disc(5.0) ^ disc(5.0, (23.0, 19.6)))


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.integers(0, 10**6))
def test_any_shape_comes_back_from_its_own_half_level_contours(seed: int) -> None:
    rng = np.random.default_rng(seed)
    mask = np.zeros((12, 13), dtype=bool)
    mask[1:-1, 1:-1] = rng.random((10, 11)) < 0.6
    contours = [line[:-1, ::-1] for line in find_contours(mask.astype(float), 0.5)]
    np.testing.assert_array_equal(fill(contours, mask.shape).plane, mask)


def edges_through(contour: np.ndarray, x: int, y: int) -> int:
    """How many edges a point lies on; coordinates are whole numbers."""
    ends = np.roll(contour, -1, axis=0)
    cross = (ends[:, 0] - contour[:, 0]) * (y - contour[:, 1]) - (ends[:, 1] - contour[:, 1]) * (
        x - contour[:, 0]
    )
    low, high = np.minimum(contour, ends), np.maximum(contour, ends)
    return int(((cross == 0) & (low <= (x, y)).all(axis=1) & (high >= (x, y)).all(axis=1)).sum())


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.integers(0, 10**6), st.integers(3, 12), st.sampled_from([1, 2, 4, 10_000]))
def test_scikit_image_finds_the_same_voxels(seed: int, n: int, parts: int) -> None:
    """Also of contours that cut themselves; but it loses voxels on the line where two edges lie on each other."""
    steps = np.random.default_rng(seed).integers(0, 11 * parts + 1, size=(n, 2))
    known = grid_points_in_poly((12, 12), steps[:, ::-1] / parts, binarize=True)
    ours = fill([steps / parts], (12, 12)).plane
    assert not (known & ~ours).any()
    for y, x in np.argwhere(ours & ~known):
        assert edges_through(steps, x * parts, y * parts) >= 2


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.integers(0, 10**6), st.sampled_from([1, 2, 10_000]))
def test_what_leaves_the_plane_changes_nothing_within(seed: int, parts: int) -> None:
    contour = np.random.default_rng(seed).integers(0, 30 * parts, size=(7, 2)) / parts
    whole = fill([contour], (30, 30)).plane
    np.testing.assert_array_equal(fill([contour - [9, 8]], (11, 12)).plane, whole[8:19, 9:21])
