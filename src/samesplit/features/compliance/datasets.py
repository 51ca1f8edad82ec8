"""What IBSI-1 measures: the digital phantom as it is, and the CT phantom under the built-in profiles ibsi-a to -e.

The values come from the engine `ibsi` as users run it: image and mask go in, a profile says what is done.
Source: Zwanenburg et al., Radiology 2020, doi:10.1148/radiol.2020191145.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import SimpleITK as sitk

from samesplit.features.catalogue import FAMILIES
from samesplit.features.compliance.diagnostics import diagnostics
from samesplit.features.compliance.location import IMAGE, MASK
from samesplit.features.compliance.phantom import SPACING_MM, digital_phantom
from samesplit.features.engines.ibsi.extraction import extract
from samesplit.features.engines.ibsi.settings import IbsiSettings
from samesplit.features.families.region import Region
from samesplit.features.processing.preparation import prepare
from samesplit.features.processing.settings import ProcessingSettings
from samesplit.features.profiles import read_profile
from samesplit.imaging.case import Case, read_case
from samesplit.workspace import builtin_folder

__all__ = [
    "ct_phantom_diagnostics",
    "ct_phantom_settings",
    "digital_phantom_values",
    "read_ct_phantom",
]

_WHOLE_IMAGE_MM = 1e6
_PHANTOM_SETTINGS = {
    "processing": {"unit": "quantitative"},
    "discretisation": {"method": "none"},
    "aggregation": ["2D_avg", "2D_comb", "2_5D_avg", "2_5D_comb", "3D_avg", "3D_comb"],
    "features": dict.fromkeys(FAMILIES, "all"),
}


def digital_phantom_values() -> dict[str, float]:
    """Every feature of the digital phantom in every aggregation, by the tags of the reference table."""
    settings = IbsiSettings.model_validate(_PHANTOM_SETTINGS)
    region = digital_phantom()
    image = sitk.GetImageFromArray(region.intensities)
    mask = sitk.GetImageFromArray(region.morphological)
    for one in (image, mask):
        one.SetSpacing(SPACING_MM[::-1])
    return extract(Case(image, mask), settings)


def read_ct_phantom(folder: Path) -> Case:
    """Return the CT phantom's image and mask.

    Raises:
        LesionError: One of the files cannot be read.
    """
    return read_case(str(folder / IMAGE), str(folder / MASK), lesion_id="IBSI-1 CT phantom")


def ct_phantom_settings(dataset: str) -> IbsiSettings:
    """Return what the built-in profile of a configuration says.

    Args:
        dataset: `config_A` to `config_E`.
    """
    letter = dataset.rpartition("_")[2].lower()
    settings = read_profile(builtin_folder() / "features" / f"ibsi-{letter}.yaml").settings
    assert isinstance(settings, IbsiSettings)
    return settings


def ct_phantom_diagnostics(case: Case, settings: ProcessingSettings) -> dict[str, float]:
    """Compute the 60 diagnostics of the CT phantom: image as read, as interpolated and as re-segmented."""
    image = sitk.GetArrayFromImage(case.image).astype(np.float64)
    mask = sitk.GetArrayFromImage(case.mask)
    x, y, z = case.image.GetSpacing()
    resegmented = prepare(case, settings, margin_mm=_WHOLE_IMAGE_MM).at(settings.target_mm).region
    interpolated = Region(
        resegmented.intensities,
        resegmented.morphological,
        resegmented.morphological,
        resegmented.spacing_mm,
    )
    return diagnostics(
        initial=Region(image, mask, mask, (z, y, x)), interpolated=interpolated, resegmented=resegmented
    )
