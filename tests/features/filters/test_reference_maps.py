"""The reference response maps of the IBSI's standard 2, phase 1, on its digital phantoms."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from samesplit.features.filters.respond import respond
from samesplit.features.filters.settings import (
    Filter,
    GaborFilter,
    LawsFilter,
    LogFilter,
    MeanFilter,
    RieszFilter,
    SimoncelliFilter,
    WaveletFilter,
)

pytestmark = pytest.mark.data

SPACING_MM = (2.0, 2.0, 2.0)
TOLERANCE = 0.01  # of the range of the reference map
INVARIANT = {"rotation_invariant": True}
ENERGY = {"rotation_invariant": True, "energy_distance": 7}
ZERO = {"boundary": "zero"}
PERIODIC = {"boundary": "periodic"}
NEAREST = {"boundary": "nearest"}
NARROW = {"sigma_mm": 10, "wavelength_mm": 4, "aspect_ratio": 0.5, **ZERO}
WIDE = {"sigma_mm": 20, "wavelength_mm": 8, "aspect_ratio": 2.5}
E5L5S5 = {"kernels": "E5L5S5", **ZERO}
L5S5 = {"kernels": "L5S5", "dimensions": 2}
DB2 = {"wavelet": "db2", "subband": "LHL", **ZERO}
COIF1 = {"wavelet": "coif1", "subband": "HHL", **PERIODIC}

MAPS: dict[str, tuple[str, Filter]] = {
    "1_a_1": ("checkerboard", MeanFilter(support_voxels=15, boundary="zero")),
    "1_a_2": ("checkerboard", MeanFilter(support_voxels=15, boundary="nearest")),
    "1_a_3": ("checkerboard", MeanFilter(support_voxels=15, boundary="periodic")),
    "1_a_4": ("checkerboard", MeanFilter(support_voxels=15)),
    "1_b_1": ("impulse", MeanFilter(support_voxels=15, boundary="zero", dimensions=2)),
    "2_a": ("impulse", LogFilter(sigma_mm=3, boundary="zero")),
    "2_b": ("checkerboard", LogFilter(sigma_mm=5)),
    "2_c": ("checkerboard", LogFilter(sigma_mm=5, dimensions=2)),
    "3_a_1": ("impulse", LawsFilter(**E5L5S5)),
    "3_a_2": ("impulse", LawsFilter(**E5L5S5, **INVARIANT)),
    "3_a_3": ("impulse", LawsFilter(**E5L5S5, **ENERGY)),
    "3_b_1": ("checkerboard", LawsFilter(kernels="E3W5R5")),
    "3_b_2": ("checkerboard", LawsFilter(kernels="E3W5R5", **INVARIANT)),
    "3_b_3": ("checkerboard", LawsFilter(kernels="E3W5R5", **ENERGY)),
    "3_c_1": ("checkerboard", LawsFilter(**L5S5)),
    "3_c_2": ("checkerboard", LawsFilter(**L5S5, **INVARIANT)),
    "3_c_3": ("checkerboard", LawsFilter(**L5S5, **ENERGY)),
    "4_a_1": ("impulse", GaborFilter(**NARROW, angle_degrees=60)),
    "4_a_2": ("impulse", GaborFilter(**NARROW, angle_step_degrees=45, planes="orthogonal")),
    "4_b_1": ("sphere", GaborFilter(**WIDE, angle_degrees=225)),
    "4_b_2": ("sphere", GaborFilter(**WIDE, angle_step_degrees=22.5, planes="orthogonal")),
    "5_a_1": ("impulse", WaveletFilter(**DB2)),
    "5_a_2": ("impulse", WaveletFilter(**DB2, **INVARIANT)),
    "6_a_1": ("sphere", WaveletFilter(**COIF1)),
    "6_a_2": ("sphere", WaveletFilter(**COIF1, **INVARIANT)),
    "7_a_1": ("checkerboard", WaveletFilter(wavelet="haar", subband="LLL", level=2, **INVARIANT)),
    "7_a_2": ("checkerboard", WaveletFilter(wavelet="haar", subband="HHH", level=2, **INVARIANT)),
    "8_a_1": ("checkerboard", SimoncelliFilter(level=1, **PERIODIC)),
    "8_a_2": ("checkerboard", SimoncelliFilter(level=2, **PERIODIC)),
    "8_a_3": ("checkerboard", SimoncelliFilter(level=3, **PERIODIC)),
    "9_a": ("impulse", RieszFilter(order=(1, 0, 0), of=LogFilter(sigma_mm=3, **ZERO), **ZERO)),
    "9_b_1": ("sphere", RieszFilter(order=(0, 2, 0), of=LogFilter(sigma_mm=3, **ZERO), **ZERO)),
    "10_b_1": ("pattern_1", RieszFilter(order=(0, 2, 0), of=SimoncelliFilter(**NEAREST), **NEAREST)),
}


def read(path: Path) -> np.ndarray:
    return sitk.GetArrayFromImage(sitk.ReadImage(str(path))).astype(np.float64)


@pytest.mark.parametrize("name", MAPS)
def test_a_response_map_is_that_of_the_reference(name: str, shared_data: Path) -> None:
    phantom, one = MAPS[name]
    image = read(shared_data / "ibsi2" / "phantoms" / f"{phantom}.nii.gz")
    reference = read(shared_data / "ibsi2" / "maps" / f"{name}.nii.gz")
    ((_, response),) = respond(image, SPACING_MM, [one])
    assert np.abs(response - reference).max() <= TOLERANCE * np.ptp(reference)
