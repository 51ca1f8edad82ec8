from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pytest
from scipy import ndimage

from samesplit.errors import StatisticsError
from samesplit.statistics.surface_distances import surface_distances

CUBIC, THICK = (1.0, 1.0, 1.0), (5.0, 0.7, 0.7)
SHAPES = {CUBIC: (48, 48, 56), THICK: (11, 66, 76)}

Mask = npt.NDArray[np.bool_]


def ball(spacing: tuple[float, ...], radius_mm: float, shift_mm: float = 0.0) -> Mask:
    """A ball in the middle of the image, moved along the last axis."""
    axes = [(np.arange(n) - (n - 1) / 2) * s for n, s in zip(SHAPES[spacing], spacing, strict=True)]
    z, y, x = np.meshgrid(*axes, indexing="ij")
    return np.asarray(z**2 + y**2 + (x - shift_mm) ** 2 <= radius_mm**2)


def half_a_voxel(spacing: tuple[float, ...]) -> float:
    """Half the diagonal of a voxel: how far the corner of a voxel may lie from a surface that cuts the voxel."""
    return math.hypot(*spacing) / 2


@pytest.mark.parametrize("spacing", [CUBIC, THICK])
def test_concentric_balls_lie_apart_by_the_difference_of_their_radii(spacing: tuple[float, ...]) -> None:
    found = surface_distances(ball(spacing, 20), ball(spacing, 15), spacing)
    for value in (found.hausdorff_mm, found.hd95_mm, found.average_mm):
        assert value == pytest.approx(5.0, abs=half_a_voxel(spacing))
    assert found.average_mm <= found.hd95_mm <= found.hausdorff_mm


@pytest.mark.parametrize("spacing", [CUBIC, THICK])
def test_moved_balls_lie_apart_by_what_they_were_moved(spacing: tuple[float, ...]) -> None:
    shift = 8 * spacing[2]
    found = surface_distances(ball(spacing, 18), ball(spacing, 18, shift), spacing)
    assert found.hausdorff_mm == pytest.approx(shift, abs=half_a_voxel(spacing))
    # Along the axis a surface moves by the shift, beside it by the shift times the cosine: half of it on average.
    assert found.average_mm == pytest.approx(shift / 2, abs=half_a_voxel(spacing))


def test_a_shell_and_its_ball_share_the_outer_surface() -> None:
    outer, inner = ball(CUBIC, 20), ball(CUBIC, 14)
    found = surface_distances(outer & ~inner, outer, CUBIC)
    assert found.hausdorff_mm == pytest.approx(6.0, abs=half_a_voxel(CUBIC))
    share = (2 * 20**2) / (2 * 20**2 + 14**2)  # the two outer surfaces among all three, 4 pi left out
    assert found.normalised == pytest.approx(share, abs=0.01)
    assert found.average_mm == pytest.approx((1 - share) * 6.0, abs=half_a_voxel(CUBIC))


@pytest.mark.parametrize(("axis", "edge"), [(0, 5.0), (1, 0.7), (2, 0.7)])
def test_a_box_moved_by_a_voxel_is_off_by_the_edge_of_that_axis(axis: int, edge: float) -> None:
    box = np.zeros((6, 20, 20))
    box[1:4, 3:12, 3:12] = 1
    found = surface_distances(box, np.roll(box, 1, axis=axis), THICK, tolerance_mm=edge)
    assert found.hausdorff_mm == pytest.approx(edge, rel=1e-12)
    assert found.normalised == 1.0
    assert (
        surface_distances(box, np.roll(box, 1, axis=axis), THICK, tolerance_mm=0.99 * edge).normalised < 1.0
    )


def test_equal_masks_are_nowhere_apart_even_at_the_border_of_the_image_or_of_one_voxel() -> None:
    whole, corner, voxel = np.ones((4, 5, 6)), np.zeros((4, 5, 6)), np.zeros((4, 5, 6))
    corner[2:, 3:, 4:] = voxel[0, 0, 0] = 1
    for mask in (whole, corner, voxel):
        found = surface_distances(mask, mask, THICK)
        assert (found.hausdorff_mm, found.hd95_mm, found.average_mm, found.normalised) == (0, 0, 0, 1)


def test_single_voxels_at_the_border_are_measured_from_face_to_face() -> None:
    first, second = np.zeros((1, 1, 9)), np.zeros((1, 1, 9))
    first[0, 0, 0] = second[0, 0, 8] = 1
    assert surface_distances(first, second, (1.0, 1.0, 0.5)).hausdorff_mm == pytest.approx(4.0, rel=1e-12)


def test_the_hausdorff_distance_is_that_of_the_corners_of_the_voxels() -> None:
    from scipy.spatial.distance import directed_hausdorff

    rng = np.random.default_rng(0)
    first, second = (ndimage.binary_dilation(rng.random((8, 9, 10)) > 0.99, iterations=2) for _ in range(2))

    def corners(mask: Mask) -> npt.NDArray[np.float64]:
        padded = np.pad(mask, 1).astype(int)
        cells = sum(np.roll(padded, shift, (0, 1, 2)) for shift in np.ndindex(2, 2, 2))
        return np.argwhere((cells > 0) & (cells < 8)) * np.array(THICK)

    a, b = corners(first), corners(second)
    expected = max(directed_hausdorff(a, b)[0], directed_hausdorff(b, a)[0])
    assert surface_distances(first, second, THICK).hausdorff_mm == pytest.approx(expected, rel=1e-9)


def test_a_missed_lesion_is_as_far_away_as_the_caller_says() -> None:
    mask, nothing = np.ones((3, 3, 3)), np.zeros((3, 3, 3))
    for pair in ((mask, nothing), (nothing, mask)):
        found = surface_distances(*pair, CUBIC, when_empty_mm=12.5)
        assert (found.hausdorff_mm, found.hd95_mm, found.average_mm, found.normalised) == (
            12.5,
            12.5,
            12.5,
            0,
        )
    assert math.isinf(surface_distances(mask, nothing, CUBIC).hd95_mm)


def test_two_empty_masks_other_shapes_and_flat_masks_are_refused() -> None:
    with pytest.raises(StatisticsError, match="both masks are empty"):
        surface_distances(np.zeros((2, 2, 2)), np.zeros((2, 2, 2)), CUBIC)
    with pytest.raises(StatisticsError, match=r"the shapes \(2, 2, 2\) and \(2, 2, 3\)"):
        surface_distances(np.ones((2, 2, 2)), np.ones((2, 2, 3)), CUBIC)
    with pytest.raises(StatisticsError, match="give two masks of one 3D grid"):
        surface_distances(np.ones((2, 2)), np.ones((2, 2)), (1.0, 1.0))
