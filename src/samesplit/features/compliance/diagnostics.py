"""The image and ROI diagnostics of IBSI-1: 60 numbers that tell whether processing went as it should.

Source: Zwanenburg et al., Radiology 2020, doi:10.1148/radiol.2020191145 (reference tables, "Diagnostics").
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from samesplit.features.families.region import Region

__all__ = ["diagnostics"]

_AXES = ("x", "y", "z")


def diagnostics(*, initial: Region, interpolated: Region, resegmented: Region) -> dict[str, float]:
    """Sizes, spacings, boxes, voxel counts and intensities at three stages of processing.

    Args:
        initial: The whole image as read, rounded where the configuration rounds; both masks as drawn.
        interpolated: The whole image on its new grid; both masks as interpolated.
        resegmented: The same with the re-segmented intensity mask.

    Returns:
        60 numbers by the tags of the reference table, NaN where a mask is empty.
    """
    found = {}
    for stage, region in (("init_img", initial), ("interp_img", interpolated)):
        found.update({f"{name}_{stage}": value for name, value in _of_image(region).items()})
    stages = (("init_roi", initial), ("interp_roi", interpolated), ("reseg_roi", resegmented))
    for stage, region in stages:
        found.update({f"{name}_{stage}": value for name, value in _of_roi(region).items()})
    return found


def _of_image(region: Region) -> dict[str, float]:
    sizes = {
        f"img_dim_{axis}": float(n) for axis, n in zip(_AXES, region.intensities.shape[::-1], strict=True)
    }
    spacings = {f"vox_dim_{axis}": mm for axis, mm in zip(_AXES, region.spacing_mm[::-1], strict=True)}
    return {**sizes, **spacings, **_intensities(region.intensities, "")}


def _of_roi(region: Region) -> dict[str, float]:
    sizes = zip(_AXES, region.intensity.shape[::-1], strict=True)
    return {
        **{f"int_mask_dim_{axis}": float(n) for axis, n in sizes},
        **_box(region.intensity, "int_mask"),
        **_box(region.morphological, "morph_mask"),
        "int_mask_vox_count": float(np.count_nonzero(region.intensity)),
        "morph_mask_vox_count": float(np.count_nonzero(region.morphological)),
        **_intensities(region.values(), "int_mask_"),
    }


def _box(mask: npt.NDArray[np.uint8], name: str) -> dict[str, float]:
    """Sides of the box around a mask, in voxels."""
    found = {}
    for axis, along in zip(_AXES, (2, 1, 0), strict=True):
        filled = np.flatnonzero(mask.any(axis=tuple(other for other in range(3) if other != along)))
        found[f"{name}_bb_dim_{axis}"] = float(filled[-1] - filled[0] + 1) if filled.size else math.nan
    return found


def _intensities(values: npt.NDArray[np.float64], name: str) -> dict[str, float]:
    if values.size == 0:
        return {f"{name}{what}_int": math.nan for what in ("mean", "min", "max")}
    return {
        f"{name}mean_int": float(values.mean()),
        f"{name}min_int": float(values.min()),
        f"{name}max_int": float(values.max()),
    }
