import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from samesplit.features.processing.grid import aligned_grid, input_box, mask_box

SIZE = (60, 201, 204)
HEADER_MM = (3.0, 0.9769999980926514, 0.9769999980926514)


@pytest.mark.parametrize(
    ("spacing_mm", "size"),
    [((2.0, 2.0, 2.0), (90, 99, 100)), ((None, 2.0, 2.0), (60, 99, 100)), ((3.0, 0.977, 0.977), SIZE)],
)
def test_grid_sizes_are_those_of_the_ibsi_configurations_in_spite_of_a_float32_header(spacing_mm, size):
    assert aligned_grid(SIZE, HEADER_MM, spacing_mm).size == size


@settings(deadline=None)
@given(n=st.integers(1, 300), old=st.floats(0.2, 10), new=st.floats(0.2, 10))
def test_grid_centre_is_the_images_centre_and_no_point_lies_half_a_voxel_outside(n, old, new):
    grid = aligned_grid((n, 1, 1), (old, 1.0, 1.0), (new, None, None))
    points = grid.coordinates(0, grid.whole[0])
    assert len(points) == max(math.ceil(round(n * old / new, 6)), 1)
    assert (points[0] + points[-1]) / 2 == pytest.approx((n - 1) / 2, abs=1e-9)
    assert points[0] > -0.5 - 1e-6
    assert points[-1] < n - 0.5 + 1e-6
    if len(points) > 1:
        assert np.diff(points) * old == pytest.approx(new)


def test_axes_without_a_target_or_with_the_same_spacing_are_kept():
    grid = aligned_grid((5, 6, 7), (3.0, 1.5, 0.5), (None, 0, 0.5))
    assert grid.kept == (True, True, True)
    assert grid.size == (5, 6, 7)
    assert grid.spacing_mm == (3.0, 1.5, 0.5)
    assert aligned_grid((5, 6, 7), (3.0, 1.5, 0.5), None) == grid


def test_a_part_of_the_grid_has_the_bits_of_the_whole_grid():
    grid = aligned_grid(SIZE, HEADER_MM, (0.7, 1.3, 2.9))
    for axis in range(3):
        whole = grid.coordinates(axis, grid.whole[axis])
        np.testing.assert_array_equal(grid.coordinates(axis, slice(7, 31)), whole[7:31])


@settings(deadline=None)
@given(
    n=st.integers(1, 40),
    old=st.floats(0.5, 5),
    new=st.floats(0.5, 5),
    ends=st.tuples(st.integers(0, 39), st.integers(0, 39)),
)
def test_the_mask_box_leaves_out_only_points_a_whole_voxel_away_from_the_mask(n, old, new, ends):
    low, high = sorted(min(end, n - 1) for end in ends)
    grid = aligned_grid((n, 1, 1), (old, 1.0, 1.0), (new, None, None))
    box = mask_box(grid, (low, 0, 0), (high, 0, 0))
    points = grid.coordinates(0, grid.whole[0])
    near = np.flatnonzero((points > low - 1 + 1e-9) & (points < high + 1 - 1e-9))
    assert box[0].start < box[0].stop <= grid.size[0]
    assert set(near) <= set(range(box[0].start, box[0].stop))
    needed = input_box(grid, box, (n, 1, 1))
    inside = points[box[0]].clip(0, n - 1)
    assert needed[0].start <= inside[0]
    assert inside[-1] <= needed[0].stop - 1
