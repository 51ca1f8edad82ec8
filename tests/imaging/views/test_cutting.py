from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk

from samesplit.imaging.case import Case
from samesplit.imaging.views.cutting import prepare_case, scale_intensity
from samesplit.imaging.views.settings import InputSettings
from samesplit.imaging.views.slices import largest_slice


def make_case(grey: np.ndarray, mask: np.ndarray, spacing_mm: tuple[float, float, float]) -> Case:
    """From arrays in z, y, x order and spacing in the same order."""
    image = sitk.GetImageFromArray(grey.astype(np.float32))
    roi = sitk.GetImageFromArray(mask.astype(np.uint8))
    for part in (image, roi):
        part.SetSpacing(spacing_mm[::-1])
    return Case(image, roi)


@pytest.fixture
def phantom() -> tuple[np.ndarray, np.ndarray]:
    """Noise, and a lesion whose largest slice is unique in each plane: z 4, y 5, x 6."""
    grey = np.random.default_rng(0).normal(size=(12, 14, 16))
    mask = np.zeros(grey.shape, dtype=bool)
    mask[2:8, 3:9, 4:10] = True
    mask[2:8, 3:9, 4] &= np.arange(6)[:, None] > 1
    mask[[2, 3, 5, 6, 7], 3, 4:10] = False
    mask[2:8, [3, 4, 6, 7, 8], 9] = False
    return grey, mask


def test_at_the_images_own_resolution_the_three_channels_are_the_masked_slices(phantom):
    grey, mask = phantom
    z, y, x = (largest_slice(mask, axis) for axis in range(3))
    settings = InputSettings(size=8, margin_mm=1, scaling="none")
    channels = prepare_case(make_case(grey, mask, (1, 1, 1)), settings, sequence="T2")
    masked = (grey * mask).astype(np.float32)
    np.testing.assert_allclose(channels[0], masked[z, 2:10, 3:11], atol=1e-6)
    np.testing.assert_allclose(channels[1], masked[1:9, 2:10, x], atol=1e-6)
    np.testing.assert_allclose(channels[2], masked[1:9, y, 3:11], atol=1e-6)
    assert (z, y) == (4, 5)


def test_without_masking_the_surroundings_stay_and_outside_the_image_is_zero(phantom):
    grey, mask = phantom
    settings = InputSettings(size=14, margin_mm=4, scaling="none", mask_background=False, view="2d")
    channel = prepare_case(make_case(grey, mask, (1, 1, 1)), settings, sequence="T2")[0]
    expected = np.pad(grey[4], ((1, 0), (0, 0)))[:14, :14]
    np.testing.assert_allclose(channel, expected, atol=1e-6)


def test_pixels_stand_where_they_should_in_mm_when_the_spacing_is_anisotropic():
    spacing = (2.5, 0.8, 1.2)
    z, y, x = (np.arange(n) * s for n, s in zip((30, 60, 50), spacing, strict=True))
    grey = z[:, None, None] + 100 * y[None, :, None] + 10_000 * x[None, None, :]
    mask = np.zeros(grey.shape, dtype=bool)
    mask[10:14, 20:30, 15:25] = True
    centre = np.array([11.5 * 2.5, 24.5 * 0.8, 19.5 * 1.2])
    settings = InputSettings(size=12, view="3d", margin_mm=3, scaling="none", mask_background=False)
    cube = prepare_case(make_case(grey, mask, spacing), settings, sequence="CT")[0]
    side = 10 * 1.2 + 6  # the box's longest side is x with 12 mm
    offsets = (np.arange(12) + 0.5) * side / 12 - side / 2
    at_z, at_y, at_x = (part + offsets for part in centre)
    expected = at_z[:, None, None] + 100 * at_y[None, :, None] + 10_000 * at_x[None, None, :]
    np.testing.assert_allclose(cube, expected, rtol=2e-3)
    stretched = prepare_case(
        make_case(grey, mask, spacing), settings.model_copy(update={"aspect": "stretch"}), sequence="CT"
    )[0]
    rows = np.diff(stretched[:, 0, 0]).mean(), np.diff(stretched[0, :, 0]).mean() / 100
    np.testing.assert_allclose(rows, [(10 + 6) / 12, (8 + 6) / 12], rtol=2e-3)


def test_a_fixed_field_keeps_the_size_of_the_lesion():
    settings = InputSettings(size=32, view="2d", field_mm=32, scaling="none")
    areas = []
    for half in (3, 6):
        mask = np.zeros((5, 40, 40), dtype=bool)
        mask[:, 20 - half : 20 + half, 20 - half : 20 + half] = True
        channel = prepare_case(make_case(np.ones(mask.shape), mask, (3, 1, 1)), settings, sequence="T1")
        areas.append(float(channel.sum()))
    assert areas == [36.0, 144.0]


def test_a_turned_image_gives_the_same_input(phantom):
    case = make_case(*phantom, (2, 1, 1))
    turned = Case(sitk.DICOMOrient(case.image, "SAR"), sitk.DICOMOrient(case.mask, "SAR"))
    settings = InputSettings(size=10)
    upright = prepare_case(case, settings, sequence="T1")
    np.testing.assert_array_equal(upright, prepare_case(turned, settings, sequence="T1"))


def test_what_lies_far_from_the_lesion_changes_nothing():
    random = np.random.default_rng(1)
    grey, mask = random.normal(size=(40, 90, 90)), np.zeros((40, 90, 90), dtype=bool)
    mask[18:23, 40:48, 42:49] = True
    settings = InputSettings(size=8, margin_mm=4)
    before = prepare_case(make_case(grey, mask, (1, 1, 1)), settings, sequence="T1")
    grey[:, :10] = grey[:, :, 80:] = 1e6
    np.testing.assert_array_equal(
        before, prepare_case(make_case(grey, mask, (1, 1, 1)), settings, sequence="T1")
    )


def test_fine_texture_is_smoothed_before_it_is_made_coarser():
    grey = np.indices((3, 64, 64)).sum(axis=0) % 2 * 2.0 - 1
    mask = np.ones(grey.shape, dtype=bool)
    settings = InputSettings(size=10, view="2d", margin_mm=0, scaling="none")
    assert np.abs(prepare_case(make_case(grey, mask, (1, 1, 1)), settings, sequence="T1")).max() < 0.02


def test_z_scores_come_from_the_surroundings_and_undo_gain_and_offset(phantom):
    grey, mask = phantom
    settings = InputSettings(size=8, surroundings_mm=2)
    scaled = scale_intensity(grey.astype(np.float32), mask, np.ones(3), settings, sequence="T1")
    around = scaled[0:10, 1:11, 2:12]
    assert around.mean() == pytest.approx(0, abs=1e-6)
    assert around.std() == pytest.approx(1, abs=1e-6)
    again = scale_intensity((grey * 37 + 500).astype(np.float32), mask, np.ones(3), settings, sequence="T1")
    np.testing.assert_allclose(scaled, again, atol=1e-4)


def test_percentiles_become_minus_one_and_one(phantom):
    grey, mask = phantom
    settings = InputSettings(scaling="percentile", percentiles=(10, 90), surroundings_mm=100)
    scaled = scale_intensity(grey.astype(np.float32), mask, np.ones(3), settings, sequence="T1")
    low, high = np.percentile(grey, [10, 90])
    np.testing.assert_allclose(scaled, np.clip(2 * (grey - low) / (high - low) - 1, -1, 1), atol=1e-5)


def test_a_window_is_in_physical_units_and_for_its_sequence_only():
    settings = InputSettings(windows={"PET": (0, 10)}, scaling="none")
    suv = np.array([[[-1.0, 5.0, 7.5, 30.0]]], dtype=np.float32)
    mask = np.ones(suv.shape, dtype=bool)
    pet = scale_intensity(suv, mask, np.ones(3), settings, sequence="PET")
    assert pet.ravel().tolist() == [-1.0, 0.0, 0.5, 1.0]
    assert scale_intensity(suv, mask, np.ones(3), settings, sequence="CT") is suv


def test_constant_surroundings_become_zero():
    grey = np.full((4, 4, 4), 7, dtype=np.float32)
    scaled = scale_intensity(grey, grey > 0, np.ones(3), InputSettings(), sequence="T1")
    assert not scaled.any()


@pytest.mark.parametrize(("view", "images"), [("2.5d", 3), ("2d", 1), ("3d", 1)])
def test_the_mask_follows_as_channels_of_its_own_cut_like_the_image(phantom, view, images):
    grey, mask = phantom
    settings = InputSettings(size=8, margin_mm=1, view=view)
    case = make_case(grey, mask, (1, 1, 1))
    without = prepare_case(case, settings, sequence="T1")
    channels = prepare_case(case, settings.model_copy(update={"mask_channel": True}), sequence="T1")
    np.testing.assert_array_equal(channels[:images], without)
    only_mask = settings.model_copy(update={"scaling": "none", "mask_background": False})
    expected = prepare_case(make_case(mask, mask, (1, 1, 1)), only_mask, sequence="T1")
    np.testing.assert_array_equal(channels[images:], expected)
    assert set(np.unique(expected)) == {0.0, 1.0}
    assert len(channels) == 2 * images == InputSettings(view=view, mask_channel=True).channels_per_sequence


def test_a_lesion_as_bright_as_its_surroundings_is_seen_by_its_mask_or_on_a_dark_background():
    mask = np.zeros((12, 24, 24), dtype=bool)
    mask[4:8, 8:16, 8:16] = True
    grey = np.full(mask.shape, 100.0)
    grey[:, ::2] += 1  # what surrounds it, and it alike: mean 100.5
    settings = InputSettings(size=16, view="2d", field_mm=16)
    case = make_case(grey, mask, (1, 1, 1))

    def inside_less_outside(**changes) -> float:
        channel = prepare_case(case, settings.model_copy(update=changes), sequence="T1")[-1]
        inside = np.zeros((16, 16), dtype=bool)
        inside[4:12, 4:12] = True
        return float(channel[inside].mean() - channel[~inside].mean())

    assert inside_less_outside() == pytest.approx(0, abs=1e-5)
    assert inside_less_outside(background="lowest") == pytest.approx(
        1, abs=1e-5
    )  # of values 1 SD round the mean
    assert inside_less_outside(mask_channel=True) == 1


@pytest.mark.parametrize(
    ("scaling", "windows"), [("z-score", {}), ("percentile", {}), ("none", {}), ("none", {"CT": (-50, 90)})]
)
def test_above_the_lowest_of_the_surroundings_nothing_in_the_mask_is_darker_than_the_background(
    phantom, scaling, windows
):
    grey, mask = phantom
    case = make_case(grey * 50 - 20, mask, (1, 1, 1))
    settings = InputSettings(size=8, margin_mm=1, view="3d", scaling=scaling, windows=windows)
    mean = prepare_case(case, settings, sequence="CT")[0]
    lowest = prepare_case(case, settings.model_copy(update={"background": "lowest"}), sequence="CT")[0]
    inside = mask[1:9, 2:10, 3:11]
    assert mean[inside].min() < 0 <= lowest[inside].min()
    assert not lowest[~inside].any()
    moved = lowest[inside] - mean[inside]
    np.testing.assert_allclose(moved, moved[0], rtol=1e-5)
