import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import map_coordinates

from samesplit.features.processing.grid import aligned_grid, input_box
from samesplit.features.processing.interpolation import Interpolator, mask_extent, resample_mask

ORDERS = {"nearest": 0, "linear": 1, "cubic": 3}
SPACING_MM = (3.1, 0.9, 0.8)


def by_scipy(image, grid, order, box=None):
    axes = [grid.coordinates(axis, part) for axis, part in enumerate(box or grid.whole)]
    points = np.meshgrid(*axes, indexing="ij")
    return map_coordinates(image.astype(np.float64), points, order=order, mode="nearest")


def off_half(grid, axis):
    points = grid.coordinates(axis, grid.whole[axis])
    return np.abs(points % 1 - 0.5) > 1e-6


@pytest.fixture(scope="module")
def image():
    """Rough enough that a spline rings, with a slope so that borders matter."""
    rng = np.random.default_rng(4)
    z, y, x = np.indices((40, 63, 71))
    return (rng.normal(0, 100, (40, 63, 71)) + 3 * x - 5 * y + 11 * z).astype(np.float32)


@pytest.mark.parametrize("spacing_mm", [(1, 1, 1), (2, 2, 2), (4, 3, 2.5), (None, 2, 2), (1, None, 0.3)])
@pytest.mark.parametrize("interpolation", ORDERS)
def test_the_whole_image_agrees_with_scipy_also_at_its_borders(image, spacing_mm, interpolation):
    grid = aligned_grid(image.shape, SPACING_MM, spacing_mm)
    ours = Interpolator(image).resample(grid, interpolation)
    assert ours.shape == grid.size
    assert ours.flags.c_contiguous
    difference = np.abs(ours - by_scipy(image, grid, ORDERS[interpolation]))
    if interpolation == "nearest":  # half-way between two voxels either is nearest
        difference = difference[np.ix_(*(off_half(grid, axis) for axis in range(3)))]
        assert difference.size > ours.size / 2
    assert difference.max() < 1e-9


@pytest.mark.parametrize("spacing_mm", [(1, 1, 1), (2, 2, 2), (3, 3, 3), (None, 2, 2)])
@pytest.mark.parametrize(
    "roi",
    [
        (slice(3, 9), slice(28, 36), slice(30, 41)),
        (slice(0, 4), slice(50, 63), slice(0, 9)),
        (slice(37, 40), slice(0, 3), slice(69, 71)),
    ],
    ids=["inside", "corner", "far corner"],
)
def test_a_box_agrees_with_scipy_on_the_whole_image(image, spacing_mm, roi):
    mask = np.zeros(image.shape, np.uint8)
    mask[roi] = 1
    grid = aligned_grid(image.shape, SPACING_MM, spacing_mm)
    inside, box = resample_mask(mask, grid, "linear")
    ours = Interpolator(image, input_box(grid, box, image.shape)).resample(grid, "cubic", box)
    theirs = by_scipy(image, grid, 3, box)
    spread = np.ptp(theirs[inside > 0])
    assert np.abs(ours - theirs).max() < 1e-9 * spread


@pytest.mark.parametrize("interpolation", ["nearest", "linear"])
@pytest.mark.parametrize("threshold", [0.3, 0.5, 1.0])
def test_masks_agree_with_the_whole_mask_by_scipy(interpolation, threshold):
    rng = np.random.default_rng(8)
    mask = np.zeros((24, 40, 44), np.uint8)
    mask[0:9, 5:30, 20:44] = rng.random((9, 25, 24)) < 0.7
    grid = aligned_grid(mask.shape, (3.0, 0.977, 0.977), (2.0, 2.0, 2.0))
    ours, box = resample_mask(mask, grid, interpolation, threshold=threshold)
    whole = np.zeros(grid.size, np.uint8)
    whole[box] = ours
    theirs = np.round(by_scipy(mask, grid, ORDERS[interpolation]), 6) >= threshold
    if interpolation == "nearest":
        part = np.ix_(*(off_half(grid, axis) for axis in range(3)))
        whole, theirs = whole[part], theirs[part]
    assert whole.any()
    np.testing.assert_array_equal(whole, theirs)


def test_a_share_of_exactly_one_half_belongs_to_the_mask():
    mask = np.zeros((2, 2, 12), np.uint8)
    mask[:, :, 3:8] = 1
    grid = aligned_grid(mask.shape, (1.0, 1.0, 1.0), (None, None, 1.0 / 3.0 * 6.0))
    ours, box = resample_mask(mask, grid, "linear")
    points = grid.coordinates(2, box[2])[ours[0, 0] > 0]
    assert points.tolist() == [2.5, 4.5, 6.5]


def test_a_lesion_between_the_points_of_a_coarse_grid_gives_an_empty_mask():
    mask = np.zeros((1, 1, 20), np.uint8)
    mask[0, 0, 2] = 1
    grid = aligned_grid(mask.shape, (1.0, 1.0, 1.0), (None, None, 10.0))
    ours, _ = resample_mask(mask, grid, "linear")
    assert not ours.any()


def test_nearest_takes_the_upper_neighbour_half_way_between_two():
    ramp = np.arange(8.0).reshape(1, 1, 8)
    grid = aligned_grid(ramp.shape, (1.0, 1.0, 1.0), (None, None, 2.0))
    assert Interpolator(ramp).resample(grid, "nearest").ravel().tolist() == [1, 3, 5, 7]


@pytest.mark.parametrize("interpolation", ORDERS)
def test_an_image_one_voxel_thin_can_be_interpolated(interpolation):
    image = np.arange(30.0).reshape(1, 5, 6)
    grid = aligned_grid(image.shape, (4.0, 1.0, 1.0), (1.0, 2.0, 2.0))
    ours = Interpolator(image).resample(grid, interpolation)
    assert ours.shape == (4, 3, 3)
    np.testing.assert_allclose(ours, ours[:1].repeat(4, axis=0), atol=1e-12)
    np.testing.assert_allclose(ours, by_scipy(image, grid, ORDERS[interpolation]), atol=1e-9)


@pytest.mark.parametrize("interpolation", ORDERS)
def test_the_images_own_grid_gives_the_images_own_values_in_a_new_array(image, interpolation):
    box = (slice(2, 9), slice(0, 20), slice(50, 71))
    grid = aligned_grid(image.shape, SPACING_MM, SPACING_MM)
    interpolator = Interpolator(image, box)
    ours = interpolator.resample(grid, interpolation, box)
    np.testing.assert_array_equal(ours, image[box])
    ours[:] = 0
    np.testing.assert_array_equal(interpolator.resample(grid, interpolation, box), image[box])


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.float32, np.float64])
def test_the_image_is_never_changed(dtype):
    image = np.arange(4 * 5 * 6).reshape(4, 5, 6).astype(dtype)
    image.setflags(write=False)
    grid = aligned_grid(image.shape, (1, 1, 1), (0.7, 0.7, 0.7))
    doubled = Interpolator(image, change=lambda values: np.multiply(values, 2, out=values))
    plain = Interpolator(image)
    for interpolation in ORDERS:
        np.testing.assert_allclose(
            doubled.resample(grid, interpolation), 2 * plain.resample(grid, interpolation), atol=1e-9
        )
    np.testing.assert_array_equal(image, np.arange(4 * 5 * 6).reshape(4, 5, 6))


def test_points_that_were_not_announced_are_refused(image):
    grid = aligned_grid(image.shape, SPACING_MM, (2, 2, 2))
    interpolator = Interpolator(image, (slice(10, 20), slice(10, 20), slice(10, 20)))
    with pytest.raises(ValueError, match="axis x need input voxels"):
        interpolator.resample(grid, "cubic")
    native = aligned_grid(image.shape, SPACING_MM, None)
    with pytest.raises(ValueError, match="announced were 8 to 21"):
        interpolator.resample(native, "linear")


def test_an_empty_mask_has_no_extent():
    with pytest.raises(ValueError, match="empty"):
        mask_extent(np.zeros((2, 2, 2), np.uint8))


@settings(max_examples=25, deadline=None)
@given(
    slope=st.tuples(*[st.integers(-50, 50)] * 3),
    spacing_mm=st.tuples(*[st.floats(0.4, 3.0)] * 3),
    interpolation=st.sampled_from(["linear", "cubic"]),
)
def test_straight_ramps_stay_straight_far_from_the_border(slope, spacing_mm, interpolation):
    z, y, x = np.indices((60, 62, 64), dtype=np.float64)
    ramp = slope[0] * z + slope[1] * y + slope[2] * x
    grid = aligned_grid(ramp.shape, (1.0, 1.0, 1.0), spacing_mm)
    box = tuple(slice(n // 2 - 1, n // 2 + 1) for n in grid.size)
    ours = Interpolator(ramp, input_box(grid, box, ramp.shape)).resample(grid, interpolation, box)
    points = np.meshgrid(*(grid.coordinates(axis, box[axis]) for axis in range(3)), indexing="ij")
    expected = sum(s * p for s, p in zip(slope, points, strict=True))
    np.testing.assert_allclose(ours, expected, rtol=0, atol=1e-9)
