"""The five ways in which IBSI-1 processes the CT phantom, and the digital phantom, which is not processed.

Source: Zwanenburg et al., Radiology 2020, doi:10.1148/radiol.2020191145 (Table 1 and reference manual, 5.2).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import SimpleITK as sitk

from samesplit.features.compliance.assembly import feature_values
from samesplit.features.compliance.diagnostics import diagnostics
from samesplit.features.compliance.phantom import digital_phantom, phantom_levels
from samesplit.features.families.region import Region
from samesplit.features.families.texture import Levels, LevelVolume, MaskGeometry
from samesplit.features.processing.discretisation import fixed_bin_number, fixed_bin_size
from samesplit.features.processing.grid import Spacing, aligned_grid
from samesplit.features.processing.interpolation import Interpolator, resample_mask
from samesplit.features.processing.resegmentation import resegment
from samesplit.features.volume import Case, read_case

__all__ = [
    "CONFIGURATIONS",
    "Configuration",
    "Stages",
    "ct_phantom_values",
    "digital_phantom_values",
    "process",
]

_SLICES = ("2D_avg", "2D_comb", "2_5D_avg", "2_5D_comb")
_VOLUME = ("3D_avg", "3D_comb")


@dataclass(frozen=True)
class Configuration:
    """How the CT phantom is processed.

    Attributes:
        spacing_mm: New spacing along z, y, x; None keeps an axis.
        interpolation: Of the image; the mask is always interpolated linearly and cut at one half.
        range_hu: Intensities that count, both ends included.
        outliers_sd: Intensities further from the mean do not count.
        levels: How intensities become grey levels: bins of 25 HU from the lower end of the range, or 32 bins.
        ivh: Levels of the intensity-volume histogram, as `samesplit.features.families.ivh` takes them.
        aggregations: Those that have reference values.
    """

    spacing_mm: Spacing
    interpolation: Literal["linear", "cubic"]
    range_hu: tuple[float, float] | None
    outliers_sd: float | None
    levels: Callable[[npt.NDArray[np.float64]], Levels]
    ivh: dict[str, Any] = field(default_factory=dict)
    aggregations: tuple[str, ...] = _VOLUME


CONFIGURATIONS = {
    "config_A": Configuration(
        spacing_mm=(None, None, None),
        interpolation="linear",
        range_hu=(-500, 400),
        outliers_sd=None,
        levels=partial(fixed_bin_size, width=25, origin=-500),
        ivh={"lower": -500, "upper": 400},
        aggregations=_SLICES,
    ),
    "config_B": Configuration(
        spacing_mm=(None, 2, 2),
        interpolation="linear",
        range_hu=(-500, 400),
        outliers_sd=None,
        levels=partial(fixed_bin_number, n_levels=32),
        ivh={"lower": -500, "upper": 400},
        aggregations=_SLICES,
    ),
    "config_C": Configuration(
        spacing_mm=(2, 2, 2),
        interpolation="linear",
        range_hu=(-1000, 400),
        outliers_sd=None,
        levels=partial(fixed_bin_size, width=25, origin=-1000),
        ivh={"method": "FBS", "size": 2.5, "lower": -1000, "upper": 400},
    ),
    "config_D": Configuration(
        spacing_mm=(2, 2, 2),
        interpolation="linear",
        range_hu=None,
        outliers_sd=3,
        levels=partial(fixed_bin_number, n_levels=32),
    ),
    "config_E": Configuration(
        spacing_mm=(2, 2, 2),
        interpolation="cubic",
        range_hu=(-1000, 400),
        outliers_sd=3,
        levels=partial(fixed_bin_number, n_levels=32),
        ivh={"method": "FBN", "size": 1000},
    ),
}
"""Dataset -> how it is made."""


@dataclass(frozen=True)
class Stages:
    """The whole CT phantom at the three stages that the diagnostics describe.

    Attributes:
        initial: As read.
        interpolated: On the new grid; both masks are the interpolated one.
        resegmented: With the voxels that count as the intensity mask.
    """

    initial: Region
    interpolated: Region
    resegmented: Region


def process(case: Case, how: Configuration) -> Stages:
    """Take the CT phantom through a configuration, the whole image at every stage."""
    image = np.rint(sitk.GetArrayFromImage(case.image).astype(np.float64))
    mask = np.ascontiguousarray(sitk.GetArrayFromImage(case.mask), dtype=np.uint8)
    x, y, z = (float(mm) for mm in case.image.GetSpacing())
    initial = Region(image, mask, mask, (z, y, x))
    grid = aligned_grid(image.shape, initial.spacing_mm, how.spacing_mm)
    resampled = np.rint(Interpolator(image).resample(grid, how.interpolation))
    part, box = resample_mask(mask, grid, "linear")
    morphological = np.zeros(grid.size, dtype=np.uint8)
    morphological[box] = part
    intensity = resegment(resampled, morphological, keep_range=how.range_hu, outliers_sd=how.outliers_sd)
    return Stages(
        initial,
        Region(resampled, morphological, morphological, grid.spacing_mm),
        Region(resampled, morphological, intensity, grid.spacing_mm),
    )


def ct_phantom_values(folder: Path, dataset: str) -> dict[str, float]:
    """Every feature and diagnostic of one configuration.

    Args:
        folder: The CT phantom, with `nifti/image/phantom.nii.gz` and `nifti/mask/mask.nii.gz`.
        dataset: `config_A` to `config_E`.

    Returns:
        Values by the tags of the reference table.

    Raises:
        LesionError: The image or the mask cannot be read.
    """
    how = CONFIGURATIONS[dataset]
    nifti = folder / "nifti"
    case = read_case(
        str(nifti / "image" / "phantom.nii.gz"),
        str(nifti / "mask" / "mask.nii.gz"),
        lesion_id="IBSI-1 CT phantom",
    )
    stages = process(case, how)
    region = stages.resegmented
    geometry = MaskGeometry(region.morphological, region.intensity)
    volume = LevelVolume(geometry, geometry.place(how.levels(region.values())))
    values = feature_values(region, volume, ivh_levels=how.ivh, aggregations=how.aggregations)
    checks = diagnostics(
        initial=stages.initial, interpolated=stages.interpolated, resegmented=stages.resegmented
    )
    return {**values, **checks}


def digital_phantom_values() -> dict[str, float]:
    """Every feature of the digital phantom in every aggregation, by the tags of the reference table."""
    return feature_values(
        digital_phantom(), phantom_levels(), ivh_levels={}, aggregations=(*_SLICES, *_VOLUME)
    )
