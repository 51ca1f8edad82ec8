from __future__ import annotations

import pytest
from pydantic import ValidationError

from samesplit.imaging.views.settings import InputSettings


@pytest.mark.parametrize(
    ("mask", "background", "channel", "planes"),
    [("lesion", True, False, 3), ("box", False, False, 3), ("box-with-mask-channel", False, True, 6)],
)
def test_a_mask_regime_is_one_name_for_two_keys(mask, background, channel, planes):
    settings = InputSettings(mask=mask)
    assert (settings.mask_background, settings.mask_channel) == (background, channel)
    assert settings.channels_per_sequence == planes
    again = InputSettings.model_validate(settings.model_dump(mode="json"))
    assert again == settings


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"mask": "box", "mask_background": True}, "'mask: box' means 'mask_background: false'"),
        ({"mask": "lesion", "mask_channel": True}, "'mask: lesion' means 'mask_channel: false'"),
        ({"mask": "contour"}, "Input should be 'lesion', 'box' or 'box-with-mask-channel'"),
        ({"mask": "box", "background": "lowest"}, "goes with 'mask_background: true'"),
        ({"view": "max-slice"}, "'view: max-slice' needs 'field_mm'"),
        ({"view": "crop-3d", "slice": "centre"}, "for views made of slices"),
        ({"mm_per_pixel": 0.5}, "'mm_per_pixel' needs 'field_mm'"),
        ({"mm_per_pixel": 0.5, "field_mm": 64, "size": 64}, "are 128 pixels, and 'size' says 64"),
        ({"mm_per_pixel": 0.1, "field_mm": 140}, "are 1400 pixels, which must be 8 to 512"),
    ],
)
def test_what_contradicts_itself_is_refused(given, problem):
    with pytest.raises(ValidationError, match=problem):
        InputSettings(**given)


def test_the_size_follows_from_the_field_and_the_size_of_a_pixel():
    settings = InputSettings(view="max-slice", field_mm=140, mm_per_pixel=0.625)
    assert settings.size == 224
    assert InputSettings.model_validate(settings.model_dump(mode="json")) == settings


@pytest.mark.parametrize(
    ("given", "one_place", "named"),
    [
        ({}, False, ""),
        ({"view": "3d", "grid": "first"}, True, ""),
        ({"view": "crop-3d"}, True, ""),
        ({"view": "crop-3d", "grid": "own"}, False, ""),
        ({"view": "max-slice", "field_mm": 60, "grid": "A"}, True, "A"),
    ],
)
def test_views_of_several_phases_are_cut_at_one_place_unless_told_otherwise(given, one_place, named):
    settings = InputSettings(**given)
    assert (settings.one_place, settings.reference_sequence) == (one_place, named)
