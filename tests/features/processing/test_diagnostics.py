import csv

import numpy as np
import pytest
import SimpleITK as sitk

from samesplit.features.processing.diagnostics import diagnostics
from samesplit.features.processing.discretisation import fixed_bin_number, fixed_bin_size
from samesplit.features.processing.preparation import prepare
from samesplit.features.processing.settings import ProcessingSettings
from samesplit.features.volume import Case, read_case

CONFIGURATIONS = {
    "config_A": {"rounding": "before", "range": (-500, 400)},
    "config_B": {"rounding": "both", "spacing_mm": (2, 2, 0), "range": (-500, 400)},
    "config_C": {"rounding": "both", "spacing_mm": 2, "range": (-1000, 400)},
    "config_D": {"rounding": "both", "spacing_mm": 2, "outliers_sd": 3},
    "config_E": {
        "rounding": "both",
        "spacing_mm": 2,
        "image_interpolation": "cubic",
        "range": (-1000, 400),
        "outliers_sd": 3,
    },
}
VOXELS = {
    "config_A": (125_256, 114_596),
    "config_B": (29_842, 27_359),
    "config_C": (45_985, 45_981),
    "config_D": (45_985, 44_465),
    "config_E": (45_985, 44_484),
}


def three_digits(value):
    return float(f"{value:.3g}")


@pytest.fixture(scope="module")
def phantom(shared_data):
    folder = shared_data / "ibsi1" / "ct_phantom" / "nifti"
    image, mask = (str(next((folder / part).iterdir())) for part in ("image", "mask"))
    return read_case(image, mask, lesion_id="phantom")


@pytest.fixture(scope="module")
def references(shared_data):
    with (shared_data / "ibsi1" / "reference.csv").open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["diagnostic"] == "1"]
    assert len(rows) == 300
    return rows


@pytest.mark.data
@pytest.mark.parametrize("configuration", CONFIGURATIONS)
def test_all_diagnostics_of_the_ct_phantom_match_the_references(phantom, references, configuration):
    declared = ProcessingSettings(unit="HU", **CONFIGURATIONS[configuration])
    prepared = prepare(phantom, declared)
    ours = diagnostics(prepared, declared.target_mm)
    rows = [row for row in references if row["dataset"] == configuration]
    assert {row["tag"] for row in rows} == set(ours)
    missed = {
        row["tag"]: (ours[row["tag"]], row["reference_value"])
        for row in rows
        if abs(three_digits(ours[row["tag"]]) - three_digits(float(row["reference_value"])))
        > float(row["tolerance"]) * (1 + 1e-9)
    }
    assert len(rows) == 60
    assert missed == {}
    counts = tuple(int(ours[f"{mask}_mask_vox_count_reseg_roi"]) for mask in ("morph", "int"))
    assert counts == VOXELS[configuration]


@pytest.mark.data
def test_grey_levels_of_configuration_c_start_at_the_third_bin(phantom):
    declared = ProcessingSettings(unit="HU", **CONFIGURATIONS["config_C"])
    levels = fixed_bin_size(prepare(phantom, declared).at(declared.target_mm).region.values(), 25, -1000)
    assert (levels.min(), levels.max()) == (3, 56)


@pytest.mark.data
def test_grey_levels_of_configuration_e_fill_32_bins(phantom):
    declared = ProcessingSettings(unit="HU", **CONFIGURATIONS["config_E"])
    levels = fixed_bin_number(prepare(phantom, declared).at(declared.target_mm).region.values(), 32)
    assert (levels.min(), levels.max()) == (1, 32)


def test_diagnostics_tell_the_image_before_and_after_interpolation_and_the_lesion_after_each_step():
    values = np.arange(4 * 6 * 8, dtype=np.float32).reshape(4, 6, 8)
    mask = np.zeros(values.shape, np.uint8)
    mask[1:3, 1:5, 2:6] = 1
    image, roi = sitk.GetImageFromArray(values), sitk.GetImageFromArray(mask)
    for picture in (image, roi):
        picture.SetSpacing((1.0, 1.0, 3.0))
    declared = ProcessingSettings(spacing_mm=(2, 2, 0), range=(70, None))
    found = diagnostics(prepare(Case(image, roi), declared), declared.target_mm)
    assert len(found) == 60
    assert [found[f"img_dim_{axis}_init_img"] for axis in "xyz"] == [8, 6, 4]
    assert [found[f"img_dim_{axis}_interp_img"] for axis in "xyz"] == [4, 3, 4]
    assert [found[f"vox_dim_{axis}_interp_img"] for axis in "xyz"] == [2, 2, 3]
    assert (found["min_int_init_img"], found["max_int_init_img"], found["mean_int_init_img"]) == (
        0,
        191,
        95.5,
    )
    assert (found["min_int_interp_img"], found["max_int_interp_img"]) == (4.5, 186.5)
    assert [found[f"int_mask_bb_dim_{axis}_init_roi"] for axis in "xyz"] == [4, 4, 2]
    # On the new grid: x at 0.5, 2.5, ..., y at 0.5, 2.5, 4.5; shares of the mask 1/2 x 1 at y = 0.5 and 4.5.
    assert found["morph_mask_vox_count_interp_roi"] == 12
    assert [found[f"morph_mask_bb_dim_{axis}_interp_roi"] for axis in "xyz"] == [2, 3, 2]
    assert found["morph_mask_vox_count_reseg_roi"] == 12
    assert found["int_mask_vox_count_reseg_roi"] == 10  # of z = 1 not 54.5 and 56.5
    assert found["int_mask_min_int_reseg_roi"] >= 70
    assert found["int_mask_max_int_reseg_roi"] == found["int_mask_max_int_interp_roi"]
