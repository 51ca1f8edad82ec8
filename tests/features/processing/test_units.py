import numpy as np
import pytest
import SimpleITK as sitk

from samesplit.errors import LesionError
from samesplit.features.processing.units import check_unit
from samesplit.imaging.case import read_case


def with_lesion(image, lesion):
    values = np.array([*image, *lesion], dtype=np.float32)
    return values, np.array([0] * len(image) + [1] * len(lesion), dtype=np.uint8)


@pytest.mark.parametrize(
    "image",
    [[-1024, 3071], [-120, 180], [-3024, 900], [-20, 60], [-1, 9.5]],
    ids=["whole body", "soft tissue without air", "padded", "liver patch", "narrow but real"],
)
def test_real_ranges_of_hounsfield_units_pass_in_silence(image):
    assert check_unit(*with_lesion(image, [5.0]), "HU") == ()


@pytest.mark.parametrize("image", [[0, 1], [-1, 1], [-3, 5]], ids=["0..1", "-1..1", "z-scores"])
def test_a_rescaled_ct_is_an_error_with_a_remedy(image):
    with pytest.raises(LesionError, match="cannot be in HU") as caught:
        check_unit(*with_lesion(image, [0.5]), "HU")
    assert "Hounsfield" in caught.value.remedy


@pytest.mark.parametrize("image", [[0, 4095], [0, 255], [12, 130]])
def test_a_ct_without_negative_values_is_noted_and_not_refused(image):
    (note,) = check_unit(*with_lesion(image, [40.0]), "HU")
    assert "no voxel is below 0 HU" in note


def test_becquerels_are_no_suv_and_the_bladder_outside_the_lesion_is():
    with pytest.raises(LesionError, match="as in Bq/mL") as caught:
        check_unit(*with_lesion([0.0], [3000.0, 21000.0]), "SUV")
    assert "body weight" in caught.value.remedy
    assert check_unit(*with_lesion([-0.01, 350.0], [0.4, 22.0]), "SUV") == ()


def test_negative_uptake_is_an_error_and_a_small_undershoot_is_not():
    with pytest.raises(LesionError, match="lowest voxel is -40"):
        check_unit(*with_lesion([0.0], [-40.0, 60.0]), "SUV")
    assert check_unit(*with_lesion([0.0], [-0.2, 6.0]), "SUV") == ()


@pytest.mark.parametrize("unit", ["arbitrary", "quantitative"])
def test_other_units_are_not_checked(unit):
    assert check_unit(*with_lesion([-5.0, 1e6], [0.5]), unit) == ()


@pytest.mark.data
@pytest.mark.parametrize(("sequence", "unit"), [("CT", "HU"), ("PET", "SUV")])
@pytest.mark.parametrize("patient", ["STS_003", "STS_008"])
def test_real_patients_pass(shared_data, patient, sequence, unit):
    stem = shared_data / "sts" / patient / sequence
    case = read_case(f"{stem}_image.nii.gz", f"{stem}_mask.nii.gz", lesion_id=patient)
    arrays = sitk.GetArrayViewFromImage(case.image), sitk.GetArrayViewFromImage(case.mask)
    assert check_unit(*arrays, unit) == ()
