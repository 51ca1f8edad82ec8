"""The grid, the border, the cut decimals and the bins that pyradiomics has, number by number."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk

from samesplit.features.processing.discretisation import fixed_bin_size, lowest_edge
from samesplit.features.processing.grid import corner_grid
from samesplit.features.processing.intensities import cut_decimals, moments
from samesplit.features.processing.interpolation import Interpolator


def test_the_first_voxel_starts_where_the_image_starts_and_the_last_one_lies_inside() -> None:
    for spacing in (0.7, 1.3, 2.0, 3.7):
        grid = corner_grid((10, 11, 12), (2.0, 1.0, 1.0), (spacing,) * 3)
        for axis, (n, given) in enumerate(zip((10, 11, 12), (2.0, 1.0, 1.0), strict=True)):
            places_mm = (grid.coordinates(axis, grid.whole[axis]) + 0.5) * given
            assert places_mm[0] == pytest.approx(spacing / 2)
            assert places_mm[-1] < n * given
            assert places_mm[-1] + spacing >= n * given


def test_spacings_that_differ_by_nothing_to_speak_of_are_the_same() -> None:
    assert corner_grid((4, 4, 4), (2.000001, 1.0, 1.0), (2.0, 1.0, 1.0)).kept == (True, True, True)
    assert corner_grid((4, 4, 4), (2.1, 1.0, 1.0), (2.0, 1.0, 1.0)).kept == (False, True, True)


def test_a_mirrored_spline_is_itk_s_up_to_the_image_s_ends() -> None:
    voxels = np.random.default_rng(3).normal(size=(5, 9, 12))
    grid = corner_grid(voxels.shape, (3.0, 1.0, 1.0), (1.4, 1.4, 1.4))
    image = sitk.GetImageFromArray(voxels)
    image.SetSpacing((1.0, 1.0, 3.0))
    by_itk = sitk.ResampleImageFilter()
    by_itk.SetInterpolator(sitk.sitkBSpline)
    by_itk.SetOutputSpacing((1.4, 1.4, 1.4))
    by_itk.SetOutputOrigin((0.2, 0.2, -0.8))
    by_itk.SetSize(grid.size[::-1])
    expected = sitk.GetArrayFromImage(by_itk.Execute(image))
    found = Interpolator(voxels, mirrored=True).resample(grid, "cubic")
    assert np.abs(found - expected).max() < 1e-9
    assert np.abs(Interpolator(voxels).resample(grid, "cubic") - expected).max() > 0.01


def test_a_part_of_a_mirrored_image_has_the_values_of_the_whole() -> None:
    voxels = np.random.default_rng(4).normal(size=(40, 3, 60))
    grid = corner_grid(voxels.shape, (1.0, 1.0, 1.0), (0.8, 0.8, 0.8))
    whole = Interpolator(voxels, mirrored=True).resample(grid, "cubic")
    box = (slice(0, 3), slice(1, 3), slice(70, 75))
    near = (slice(0, 3), slice(0, 3), slice(55, 60))
    part = Interpolator(voxels, near, mirrored=True).resample(grid, "cubic", box)
    assert np.abs(part - whole[box]).max() < 1e-12


def test_decimals_are_cut_off_towards_zero_and_rounding_errors_cost_nothing() -> None:
    values = np.array([1.99, -1.99, 3 - 1e-12, -0.2])
    assert cut_decimals(values).tolist() == [1, -1, 3, 0]
    assert not np.signbit(cut_decimals(np.array([-0.2])))[0]


def test_the_lesion_s_lowest_bin_is_the_first_and_edges_are_multiples_of_the_width() -> None:
    values = np.array([-51.0, -50.0, 24.9, 25.0, 166.0])
    origin = lowest_edge(values, 25)
    assert origin == -75
    assert fixed_bin_size(values, 25, origin).tolist() == [1, 2, 4, 5, 10]


def test_the_sample_s_deviation_divides_by_one_less() -> None:
    assert moments(np.array([[[1.0, 3.0]]]), sample=True)[1] == pytest.approx(2**0.5)
