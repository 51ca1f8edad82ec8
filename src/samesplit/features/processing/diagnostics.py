"""Sizes, counts and intensities of image and lesion after each step: IBSI's diagnostic values."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from samesplit.features.processing.grid import Grid, Spacing
from samesplit.features.processing.intensities import round_intensities
from samesplit.features.processing.interpolation import Interpolator, mask_extent
from samesplit.features.processing.preparation import PreparedImage

__all__ = ["diagnostics"]


def diagnostics(prepared: PreparedImage, spacing_mm: Spacing) -> dict[str, float]:
    """The 60 diagnostic values of one lesion on one grid.

    Of the image before and after interpolation (all of it: this takes the memory of the whole interpolated image),
    and of the lesion before interpolation, after it, and after re-segmentation.

    Args:
        prepared: The image and mask.
        spacing_mm: Along z, y, x, one of those that were announced.

    Returns:
        The value of each tag of the IBSI reference table, for example `int_mask_vox_count_reseg_roi`; lengths in
        mm, sizes in voxels. A dimension x is that along the array's last axis.
    """
    native = prepared.grid((None, None, None))
    grid = prepared.grid(spacing_mm)
    whole = Interpolator(prepared.image, change=prepared.change)
    initial = whole.resample(native, "nearest")
    found = {**_image(native, initial, "init_img")}
    roi = initial[prepared.mask > 0]
    del initial
    interpolated = whole.resample(grid, prepared.settings.image_interpolation)
    if prepared.settings.rounding in ("after", "both"):
        round_intensities(interpolated)
    found |= _image(grid, interpolated, "interp_img")
    del interpolated
    found |= _roi(native, prepared.mask, prepared.mask, roi, "init_roi")
    region = prepared.at(spacing_mm, margin_mm=0.0).region
    inside, kept = region.morphological, region.intensity
    found |= _roi(grid, inside, inside, region.intensities[inside > 0], "interp_roi")
    found |= _roi(grid, inside, kept, region.intensities[kept > 0], "reseg_roi")
    return found


def _image(grid: Grid, values: npt.NDArray[np.float64], suffix: str) -> dict[str, float]:
    found = {f"img_dim_{axis}_{suffix}": float(n) for axis, n in zip("zyx", grid.size, strict=True)}
    found |= {f"vox_dim_{axis}_{suffix}": mm for axis, mm in zip("zyx", grid.spacing_mm, strict=True)}
    return found | _intensities(values, suffix, "")


def _roi(
    grid: Grid,
    morphological: npt.NDArray[np.uint8],
    intensity: npt.NDArray[np.uint8],
    values: npt.NDArray[np.float64],
    suffix: str,
) -> dict[str, float]:
    found = {f"int_mask_dim_{axis}_{suffix}": float(n) for axis, n in zip("zyx", grid.size, strict=True)}
    for name, mask in (("int_mask", intensity), ("morph_mask", morphological)):
        low, high = mask_extent(mask)
        for axis, first, last in zip("zyx", low, high, strict=True):
            found[f"{name}_bb_dim_{axis}_{suffix}"] = float(last - first + 1)
        found[f"{name}_vox_count_{suffix}"] = float(np.count_nonzero(mask))
    return found | _intensities(values, suffix, "int_mask_")


def _intensities(values: npt.NDArray[Any], suffix: str, prefix: str) -> dict[str, float]:
    return {
        f"{prefix}mean_int_{suffix}": float(values.mean()),
        f"{prefix}min_int_{suffix}": float(values.min()),
        f"{prefix}max_int_{suffix}": float(values.max()),
    }
