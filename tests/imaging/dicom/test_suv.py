"""PET becomes SUV by body weight, worked out by hand here, or the lesion fails with the reason."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from pydicom.dataset import Dataset

from samesplit.errors import LesionError
from samesplit.imaging.dicom.read import read_dicom_image

HALF_LIFE_S = 6586.2  # fluorine-18


def pet(scanner: Any, noise: np.ndarray, **changes: Any) -> Path:
    """A PET series injected at 09:00 with 350 MBq and scanned from 10:00; 70 kg; changes to header or drug."""

    def edit(dataset: Dataset, z: int) -> None:
        dataset.Units, dataset.DecayCorrection = "BQML", "START"
        dataset.CorrectedImage = ["DECY", "ATTN", "SCAT"]
        dataset.SeriesDate = dataset.AcquisitionDate = "20260102"
        dataset.SeriesTime, dataset.AcquisitionTime = "100000", f"10{z:02d}00"
        dataset.PatientWeight = 70
        dataset.RescaleSlope = 1.5 + z
        drug = Dataset()
        drug.RadiopharmaceuticalStartTime = "090000.00"
        drug.RadionuclideTotalDose, drug.RadionuclideHalfLife = 350e6, HALF_LIFE_S
        dataset.RadiopharmaceuticalInformationSequence = [drug]
        for keyword, value in changes.items():
            holder = (
                drug
                if keyword.startswith("Radionuclide") or "StartTime" in keyword or "StartDate" in keyword
                else dataset
            )
            if value is None:
                delattr(holder, keyword)
            elif keyword == "philips":
                dataset.add_new(0x70530010, "LO", "Philips PET Private Group")
                dataset.add_new(0x70531000, "DS", value)
            else:
                setattr(holder, keyword, value)

    folder: Path = scanner.series(np.abs(noise), "pet", modality="PT", edit=edit)
    return folder


def rescaled(noise: np.ndarray) -> np.ndarray:
    return np.abs(noise) * (1.5 + np.arange(6))[:, None, None]


def factor_of(folder: Path, noise: np.ndarray) -> tuple[float, list[str]]:
    image, notes = read_dicom_image(folder, None)
    values, known = sitk.GetArrayFromImage(image), rescaled(noise)
    factor = float(values.sum() / known.sum())
    np.testing.assert_allclose(values, known * factor, rtol=1e-9)
    return factor, notes


def test_activity_becomes_suv_with_decay_to_the_scan(scanner: Any, noise: np.ndarray) -> None:
    factor, notes = factor_of(pet(scanner, noise), noise)
    assert factor == pytest.approx(70_000 / (350e6 * 0.5 ** (3600 / HALF_LIFE_S)), rel=1e-9)
    assert factor == pytest.approx(2.9213e-4, rel=1e-4)  # 0.2 mL/kBq x 2 ** (3600 / 6586.2)
    assert notes == [
        "image: Bq/mL became SUV by body weight (70 kg, 350 MBq, 60.0 min after the injection by the series time)"
    ]


def test_a_patient_full_of_his_own_dose_has_suv_one(scanner: Any, noise: np.ndarray) -> None:
    """The definition: the dose that is left at the scan, spread evenly over the body, is SUV 1."""
    factor, _ = factor_of(pet(scanner, noise), noise)
    left_bq = 350e6 * np.exp(-np.log(2) / HALF_LIFE_S * 3600)
    assert left_bq / 70_000 * factor == pytest.approx(1.0, rel=1e-9)


def test_decay_corrected_to_the_injection_needs_no_decay(scanner: Any, noise: np.ndarray) -> None:
    factor, notes = factor_of(pet(scanner, noise, DecayCorrection="ADMIN"), noise)
    assert factor == pytest.approx(2e-4, rel=1e-9)
    assert "decay corrected to the injection" in notes[0]


def test_a_series_time_after_the_acquisition_is_not_the_scan_start(scanner: Any, noise: np.ndarray) -> None:
    factor, notes = factor_of(pet(scanner, noise, SeriesTime="173000"), noise)
    assert factor == pytest.approx(70_000 / (350e6 * 0.5 ** (3600 / HALF_LIFE_S)), rel=1e-9)
    assert "first acquisition time" in notes[0]


@pytest.mark.parametrize(
    "changes",
    [
        {"RadiopharmaceuticalStartDateTime": "20260102090000.000000"},
        {"RadiopharmaceuticalStartDateTime": "20260102090000+0000", "TimezoneOffsetFromUTC": "+0000"},
        {"RadiopharmaceuticalStartDateTime": "20260102080000+0000", "TimezoneOffsetFromUTC": "+0100"},
        {"RadiopharmaceuticalStartDateTime": "20260102140000.5+0000", "TimezoneOffsetFromUTC": "-0500"},
        {"RadiopharmaceuticalStartDateTime": "20260102090000", "TimezoneOffsetFromUTC": "-0500"},
        {"SeriesDate": "20260102", "SeriesTime": "100000.000000"},
    ],
)
def test_times_are_read_in_every_form(scanner: Any, noise: np.ndarray, changes: dict[str, str]) -> None:
    assert factor_of(pet(scanner, noise, **changes), noise)[0] == pytest.approx(2.9213e-4, rel=1e-4)


def test_an_injection_before_midnight(scanner: Any, noise: np.ndarray) -> None:
    folder = pet(
        scanner, noise, RadiopharmaceuticalStartTime="233000", SeriesTime="003000", AcquisitionTime="003000"
    )
    assert factor_of(folder, noise)[0] == pytest.approx(2.9213e-4, rel=1e-4)


def test_days_between_injection_and_scan_are_no_error_for_a_long_half_life(
    scanner: Any, noise: np.ndarray
) -> None:
    zirconium_s = 282_276.0
    folder = pet(
        scanner,
        noise,
        RadiopharmaceuticalStartDateTime="20251228100000",
        RadionuclideHalfLife=zirconium_s,
    )
    expected = 2e-4 * 2 ** (5 * 86_400 / zirconium_s)
    assert factor_of(folder, noise)[0] == pytest.approx(expected, rel=1e-9)


def test_suv_stays_suv(scanner: Any, noise: np.ndarray) -> None:
    factor, notes = factor_of(pet(scanner, noise, Units="GML", SUVType="BW"), noise)
    assert factor == 1
    assert notes == []


def test_the_factor_of_philips_scanners(scanner: Any, noise: np.ndarray) -> None:
    factor, notes = factor_of(pet(scanner, noise, Units="CNTS", philips="0.000425"), noise)
    assert factor == pytest.approx(0.000425)
    assert "the scanner's factor 0.000425" in notes[0]


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"PatientWeight": None}, "no usable PatientWeight (empty)"),
        ({"PatientWeight": 0}, "no usable PatientWeight (0"),
        ({"RadionuclideTotalDose": None}, "no usable RadionuclideTotalDose"),
        ({"RadionuclideHalfLife": None}, "no usable RadionuclideHalfLife"),
        ({"RadiopharmaceuticalStartTime": None}, "no time of injection"),
        ({"RadiopharmaceuticalInformationSequence": None}, "no RadiopharmaceuticalInformationSequence"),
        ({"CorrectedImage": ["ATTN"]}, "not corrected for attenuation and decay"),
        ({"DecayCorrection": "NONE"}, "corrected for decay to NONE"),
        ({"SeriesTime": None, "AcquisitionTime": None}, "neither a series time nor acquisition times"),
        ({"RadiopharmaceuticalStartDateTime": "20251230090000"}, "the scan starts 3 days, 1:00:00 after"),
        ({"RadiopharmaceuticalStartDateTime": "20260102100500"}, "starts 0:05:00 before the injection"),
        ({"RadiopharmaceuticalStartDateTime": "20260102090000+0100"}, "the series has none (TimezoneOffset"),
        ({"RadiopharmaceuticalStartTime": "100500"}, "23:55:00 after the injection, more than 10 half-lives"),
        (
            {"RadiopharmaceuticalStartTime": "140500", "SeriesTime": "140000", "AcquisitionTime": "140000"},
            "the scan starts 0:05:00 before the injection",
        ),
        ({"RadionuclideHalfLife": 282_276}, "the hour of the injection (09:00) but not its day"),
        ({"Units": "CNTS"}, "the PET unit is CNTS"),
        ({"Units": None}, "the PET unit is not given"),
        ({"Units": "GML", "SUVType": "LBM"}, "normalised by LBM, not by body weight"),
    ],
)
def test_what_cannot_become_suv_is_an_error(
    scanner: Any, noise: np.ndarray, changes: dict[str, Any], problem: str
) -> None:
    with pytest.raises(LesionError) as caught:
        read_dicom_image(pet(scanner, noise, **changes), None)
    assert problem in caught.value.problem
    assert "cannot become SUV by body weight" in caught.value.problem
    assert caught.value.remedy


def test_slices_of_several_units_are_an_error(scanner: Any, noise: np.ndarray) -> None:
    folder = pet(scanner, noise)
    path = sorted(folder.iterdir())[0]
    dataset = pydicom.dcmread(path)
    dataset.Units = "GML"
    dataset.save_as(path)
    with pytest.raises(LesionError, match="several units"):
        read_dicom_image(folder, None)
