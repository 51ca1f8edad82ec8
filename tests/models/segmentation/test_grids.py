"""The grids of segmentation networks: they cover what is to be seen, and lead back to where it lies."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk

from samesplit.models.segmentation.grids import Region, onto_grid, regions_of, stage_grid, whole_region
from samesplit.models.segmentation.settings import StageSettings


def image(values: np.ndarray, *, oblique: bool = False) -> sitk.Image:
    made = sitk.GetImageFromArray(values)
    made.SetSpacing((1.0, 1.0, 3.0))
    made.SetOrigin((5.0, -7.0, 100.0))
    if oblique:
        c, s = np.cos(0.3), np.sin(0.3)
        made.SetDirection((c, -s, 0, s, c, 0, 0, 0, 1))
    return made


def test_a_region_reaches_to_the_outer_faces_of_the_voxels() -> None:
    region = whole_region(image(np.zeros((4, 10, 20), np.float32)))
    np.testing.assert_allclose(region.low, (4.5, -7.5, 98.5))
    np.testing.assert_allclose(region.high, (24.5, 2.5, 110.5))


@pytest.mark.parametrize("voxel_mm", [2.0, None])
def test_a_grid_is_centred_on_its_region_and_never_smaller_than_the_patch(voxel_mm: float | None) -> None:
    stage = StageSettings(voxel_mm=voxel_mm, patch=8, levels=2)
    grid = stage_grid(Region((0, 0, 0), (40, 10, 3)), stage)
    size, spacing = np.array(grid.GetSize()), np.array(grid.GetSpacing())
    np.testing.assert_allclose(np.array(grid.GetOrigin()) + (size - 1) / 2 * spacing, (20, 5, 1.5))
    assert size.tolist() == ([20, 8, 8] if voxel_mm else [8, 8, 8])
    np.testing.assert_allclose(spacing, (2, 2, 2) if voxel_mm else (5, 1.25, 0.375))


@pytest.mark.parametrize("oblique", [False, True])
def test_a_ball_keeps_its_place_and_its_volume_on_a_coarser_grid(oblique: bool) -> None:
    z, y, x = np.indices((24, 60, 60)).astype(float)
    values = (((z - 11.5) * 3) ** 2 + (y - 30) ** 2 + (x - 25) ** 2 <= 15**2).astype(np.float32)
    source = image(values, oblique=oblique)
    grid = stage_grid(whole_region(source), StageSettings(voxel_mm=3.0, patch=8, levels=2))
    found = onto_grid(source, grid)
    assert (found >= 0.5).sum() * 27 == pytest.approx(values.sum() * 3, rel=0.05)
    centre = np.argwhere(found >= 0.5).mean(axis=0)[::-1]
    there = grid.TransformContinuousIndexToPhysicalPoint(centre.tolist())
    wanted = source.TransformContinuousIndexToPhysicalPoint([25.0, 30.0, 11.5])
    np.testing.assert_allclose(there, wanted, atol=0.5)


def test_parts_of_an_organ_are_regions_of_their_own_and_specks_are_none() -> None:
    labels = np.zeros((10, 20, 40), np.uint8)
    labels[2:6, 5:15, 3:13], labels[2:6, 5:15, 13:20] = 1, 2  # two numbers that touch
    labels[8, 0, 39] = 2
    first, second = regions_of(image(labels))
    np.testing.assert_allclose((first.low, first.high), ((7.5, -2.5, 104.5), (17.5, 7.5, 116.5)))
    np.testing.assert_allclose(second.low, (17.5, -2.5, 104.5))
    assert len(regions_of(image(labels), smallest_share=0.0)) == 3
    assert regions_of(image(labels * 0)) == []


def test_a_margin_ends_where_the_image_does() -> None:
    wide = Region((0, 0, 0), (10, 10, 10)).widened(5, Region((-2, -9, -9), (99, 99, 12)))
    assert (wide.low, wide.high) == ((-2, -5, -5), (15, 15, 12))
