"""Sequences on different grids, cut so that the same pixel shows the same place in the patient."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk

from samesplit.errors import LesionError
from samesplit.imaging.case import Case
from samesplit.imaging.views.cutting import prepare_case, share_cut_off
from samesplit.imaging.views.one_place import cut_at, on_another_image, places_of
from samesplit.imaging.views.settings import InputSettings
from samesplit.imaging.views.slices import centre_slice

CENTRE = np.array([12.0, -7.0, 30.0])  # of the lesion, x, y, z in mm


def scan(
    spacing_mm, size, *, angle_deg: float = 0.0, offset_mm=(0.0, 0.0, 0.0), radius_mm: float = 9.0
) -> Case:
    """A scan, x, y, z in order, in which each voxel tells its place: 100 + x + 2 y + 3 z; a ball is the lesion."""
    angle = np.deg2rad(angle_deg)
    turn = np.array([[1, 0, 0], [0, np.cos(angle), -np.sin(angle)], [0, np.sin(angle), np.cos(angle)]])
    origin = CENTRE + offset_mm - turn @ ((np.array(size) - 1) / 2 * spacing_mm)
    index = np.indices(size[::-1])[::-1].reshape(3, -1) * np.array(spacing_mm)[:, None]
    points = turn @ index + origin[:, None]
    grey = (100 + points[0] + 2 * points[1] + 3 * points[2]).reshape(size[::-1])
    mask = (np.linalg.norm(points - CENTRE[:, None], axis=0) < radius_mm).reshape(size[::-1])
    image, roi = (sitk.GetImageFromArray(array) for array in (grey.astype(np.float32), mask.astype(np.uint8)))
    for part in (image, roi):
        part.SetSpacing([float(step) for step in spacing_mm])
        part.SetOrigin(origin.tolist())
        part.SetDirection(turn.ravel().tolist())
    return Case(image, roi)


FINE = ((1.0, 1.0, 2.0), (64, 60, 30))
COARSE = ((1.6, 1.6, 3.5), (40, 44, 20))


@pytest.mark.parametrize("view", [{"view": "2.5d"}, {"view": "3d"}, {"view": "max-slice", "field_mm": 26}])
@pytest.mark.parametrize("mask", ["lesion", "box-with-mask-channel"])
def test_the_reference_itself_is_cut_as_round_its_own_mask(view, mask):
    case = scan(*FINE)
    settings = InputSettings(**view, size=16, mask=mask, grid="own")
    expected = prepare_case(case, settings, sequence="A")
    found = cut_at(places_of(case, settings), case, case, settings, sequence="A")
    np.testing.assert_allclose(found, expected, atol=2e-4)


@pytest.mark.parametrize("view", ["2.5d", "max-slice", "crop-3d"])
@pytest.mark.parametrize("angle_deg", [0.0, 11.0])
def test_a_pixel_shows_the_same_place_in_every_sequence_whatever_its_grid(view, angle_deg):
    """The grey value is linear in the place, so that interpolation between any voxels gives it exactly."""
    settings = InputSettings(view=view, size=20, field_mm=24, mask="box", scaling="none")
    reference = scan(*FINE)
    places = places_of(reference, settings)
    other = scan(*COARSE, angle_deg=angle_deg, offset_mm=(1.3, -2.1, 0.8))
    beside = on_another_image(reference, other.image, where="lesion L1")
    first = cut_at(places, reference, reference, settings, sequence="A")
    second = cut_at(places, beside, reference, settings, sequence="B")
    assert first.std() > 10
    np.testing.assert_allclose(second, first, atol=0.02)


def test_mask_channels_show_the_mask_of_the_reference_for_all_sequences():
    settings = InputSettings(view="crop-3d", size=16, mask="box-with-mask-channel")
    reference = scan(*FINE)
    other = scan(*COARSE, radius_mm=4.0)  # its own contour does not count
    places = places_of(reference, settings)
    beside = on_another_image(reference, other.image, where="lesion L1")
    one = cut_at(places, reference, reference, settings, sequence="A")
    two = cut_at(places, beside, reference, settings, sequence="B")
    np.testing.assert_array_equal(one[1], two[1])
    volume_ml = one[1].sum() * (28 / 16) ** 3 / 1000
    assert volume_ml == pytest.approx(4 / 3 * np.pi * 0.9**3, rel=0.06)


def test_what_an_image_does_not_show_is_zero_in_its_part_of_the_input():
    settings = InputSettings(view="max-slice", size=16, field_mm=32, mask="box", scaling="none")
    reference = scan(*FINE)
    cut = sitk.RegionOfInterest(scan(*COARSE).image, [20, 44, 20], [0, 0, 0])  # its left half is missing
    beside = on_another_image(reference, cut, where="lesion L1")
    found = cut_at(places_of(reference, settings), beside, reference, settings, sequence="B")[0]
    assert (found[:, :7] > 0).all()
    assert not found[:, 9:].any()


def test_an_image_of_another_place_is_refused_with_the_lesion():
    elsewhere = scan(*COARSE, offset_mm=(0, 0, 300)).image
    with pytest.raises(
        LesionError, match=r"lesion L7: the image does not reach the place where the lesion is"
    ):
        on_another_image(scan(*FINE), elsewhere, where="lesion L7")


def test_the_central_slice_is_the_one_nearest_to_the_centre_of_mass():
    mask = np.zeros((9, 8, 8), dtype=bool)
    mask[1:6, 2:4, 2:4] = True
    mask[7, 1:7, 1:7] = True  # the largest slice lies at the end
    case = Case(
        sitk.GetImageFromArray(np.indices(mask.shape)[0].astype(np.float32)),
        sitk.GetImageFromArray(mask.astype(np.uint8)),
    )
    assert centre_slice(mask, 0) == 5  # the centre, 5.4, lies nearer to slice 5
    for name, expected in (("largest", 7.0), ("centre", 5.0)):
        settings = InputSettings(view="2d", slice=name, size=8, mask="box", scaling="none", margin_mm=0)
        assert prepare_case(case, settings, sequence="CT")[0].max() == expected


def test_the_central_slice_of_a_ring_is_one_that_holds_some_of_it():
    mask = np.zeros((9, 4, 4), dtype=bool)
    mask[[0, 1, 6], 1:3, 1:3] = True
    assert centre_slice(mask, 0) == 1


def test_a_lesion_larger_than_the_field_is_told_and_one_as_large_is_not():
    case = scan(*FINE)
    assert share_cut_off(case, InputSettings(view="crop-3d", field_mm=20)) == 0
    assert share_cut_off(case, InputSettings(view="crop-3d")) == 0
    small = share_cut_off(case, InputSettings(view="crop-3d", field_mm=10))
    assert small == pytest.approx(1 - 1000 / (4 / 3 * np.pi * 9**3), abs=0.08)
