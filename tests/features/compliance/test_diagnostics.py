"""Diagnostics of images and masks small enough to count by hand."""

from __future__ import annotations

import numpy as np

from samesplit.features.compliance.diagnostics import diagnostics
from samesplit.features.compliance.reference import read_reference
from samesplit.features.families.region import Region


def region(*, empty: bool = False) -> Region:
    intensities = np.arange(24.0).reshape(2, 3, 4)
    morphological = np.zeros((2, 3, 4), dtype=np.uint8)
    morphological[0, :2, 1:4] = 1
    intensity = morphological * np.uint8(0 if empty else 1)
    intensity[0, 0, 1] = 0
    return Region(intensities, morphological, intensity, (3.0, 2.0, 1.0))


def test_tags_are_those_of_the_reference_table() -> None:
    table = read_reference()
    expected = set(table[table["diagnostic"]]["tag"])
    found = diagnostics(initial=region(), interpolated=region(), resegmented=region())
    assert set(found) == expected
    assert len(found) == 60


def test_sizes_boxes_counts_and_intensities_are_told_along_x_y_z() -> None:
    found = diagnostics(initial=region(), interpolated=region(), resegmented=region())
    assert [found[f"img_dim_{axis}_init_img"] for axis in "xyz"] == [4, 3, 2]
    assert [found[f"vox_dim_{axis}_interp_img"] for axis in "xyz"] == [1, 2, 3]
    assert [found[f"morph_mask_bb_dim_{axis}_reseg_roi"] for axis in "xyz"] == [3, 2, 1]
    assert (found["morph_mask_vox_count_init_roi"], found["int_mask_vox_count_init_roi"]) == (6, 5)
    assert (found["min_int_init_img"], found["max_int_init_img"]) == (0, 23)
    assert (found["int_mask_min_int_reseg_roi"], found["int_mask_mean_int_reseg_roi"]) == (2, 4.6)


def test_an_empty_mask_has_no_box_and_no_intensities() -> None:
    nothing = region(empty=True)
    found = diagnostics(initial=region(), interpolated=region(), resegmented=nothing)
    assert found["int_mask_vox_count_reseg_roi"] == 0
    assert np.isnan(found["int_mask_bb_dim_x_reseg_roi"])
    assert np.isnan(found["int_mask_max_int_reseg_roi"])
