"""One neutral setting in the words of each engine, so that engines can be asked for the same numbers."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from samesplit.errors import DeclarationError
from samesplit.features.catalogue import AGGREGATIONS
from samesplit.features.engines import get_engine
from samesplit.features.processing.settings import SMALLEST_MM
from samesplit.features.profiles import Modality, Profile

__all__ = ["NeutralSetting", "equivalent_profile", "is_neutral", "neutral_setting"]

_HU_FROM = -1000.0
"""Lowest Hounsfield unit: air. Bins start here."""

_WORDS_OF = {one.suffix: one.name for one in AGGREGATIONS}
_SHORT = {"merged": ("3D_comb",), "averaged": ("3D_avg",), "all": tuple(_WORDS_OF)}

_IN_MIRP = {
    "2D_avg": "2d_average",
    "2D_comb": "2d_slice_merge",
    "2_5D_avg": "2.5d_direction_merge",
    "2_5D_comb": "2.5d_volume_merge",
    "3D_avg": "3d_average",
    "3D_comb": "3d_volume_merge",
}


@dataclass(frozen=True)
class NeutralSetting:
    """What all engines are asked for: cubic voxels, cubic splines, the features of IBSI-1.

    CT has bins of a fixed size from -1000 HU on and is rounded to whole HU where the engine can (IBSI's
    configurations do so); PET has bins of a fixed size from 0 on; all else has a fixed number of bins.

    Attributes:
        spacing_mm: Edge of the voxels; None keeps the image's own, so that only definitions are compared.
        aggregation: How the directions and slices of GLCM and GLRLM become one value, by IBSI's names (`2D_avg`,
            `2D_comb`, `2_5D_avg`, `2_5D_comb`, `3D_avg`, `3D_comb`); of the other textures, the part before
            `_avg` or `_comb` counts.
        bins: Number of grey levels where intensities have no unit.
        bin_width_hu: Width of a grey level in CT.
        bin_width_suv: Width of a grey level in PET.
    """

    spacing_mm: float | None = 2.0
    aggregation: tuple[str, ...] = ("3D_comb",)
    bins: int = 32
    bin_width_hu: float = 25.0
    bin_width_suv: float = 0.5

    def describe(self, modality: Modality) -> str:
        """Return the setting in words.

        Example:
            >>> NeutralSetting().describe("MR")
            '2 mm cubic voxels, cubic spline, 32 bins, textures 3D, merged'
        """
        grid = (
            "voxels as read"
            if self.spacing_mm is None
            else f"{self.spacing_mm:g} mm cubic voxels, cubic spline"
        )
        width = self.bin_width(modality)
        unit = "HU" if modality == "CT" else "SUV"
        bins = f"{self.bins} bins" if width is None else f"bins of {width:g} {unit}"
        textures = "; ".join(_WORDS_OF[suffix] for suffix in self.aggregation)
        return f"{grid}, {bins}, textures {textures}"

    def bin_width(self, modality: Modality) -> float | None:
        """Width of a bin in the modality's unit; None where the number of bins is fixed."""
        return {"CT": self.bin_width_hu, "PET": self.bin_width_suv}.get(modality)

    @property
    def dimensions(self) -> tuple[str, ...]:
        """`2D`, `2_5D` and `3D`, as far as the aggregations name them.

        Example:
            >>> NeutralSetting(aggregation=("2D_avg", "2D_comb", "3D_avg")).dimensions
            ('2D', '3D')
        """
        return tuple(dict.fromkeys(suffix.rsplit("_", 1)[0] for suffix in self.aggregation))

    def lowest(self, modality: Modality) -> float | None:
        """Where the first bin starts and re-segmentation cuts; None where nothing is cut."""
        return {"CT": _HU_FROM, "PET": 0.0}.get(modality)


def neutral_setting(*, spacing_mm: float, aggregation: str) -> NeutralSetting:
    """Return the neutral setting from what a command line says.

    Args:
        spacing_mm: Edge of the voxels; 0 keeps the image's own.
        aggregation: `merged` or `averaged` over the directions of the volume, one of IBSI's names, or `all` six.

    Raises:
        DeclarationError: There is no such aggregation, or the voxels are too small.

    Example:
        >>> neutral_setting(spacing_mm=0, aggregation="averaged")
        NeutralSetting(spacing_mm=None, aggregation=('3D_avg',), bins=32, bin_width_hu=25.0, bin_width_suv=0.5)
    """
    if spacing_mm != 0 and not SMALLEST_MM <= spacing_mm < math.inf:
        raise DeclarationError(
            f"voxels cannot be {spacing_mm:g} mm",
            remedy=f"use {SMALLEST_MM} mm or more; 0 keeps the image's own",
        )
    known = _SHORT | {suffix: (suffix,) for suffix in _WORDS_OF}
    if aggregation not in known:
        raise DeclarationError(
            f"matrices of directions and slices cannot be '{aggregation}'",
            remedy=f"use one of {', '.join(known)}",
        )
    return NeutralSetting(spacing_mm or None, known[aggregation])


def equivalent_profile(engine: str, setting: NeutralSetting, modality: Modality) -> Profile:
    """Return the neutral setting as a profile of an engine.

    Raises:
        DeclarationError: There is no such engine, it is not known how it says this, or it has none of the
            aggregations.

    Example:
        >>> equivalent_profile("pyradiomics", NeutralSetting(), "CT").settings.setting.binWidth
        25.0
    """
    kind = get_engine(engine).settings
    if engine not in _WORDS:
        raise DeclarationError(
            f"it is not known how the engine '{engine}' says the neutral setting",
            remedy="give a profile of this engine",
        )
    settings = kind.model_validate(_WORDS[engine](setting, modality))
    return Profile(f"neutral-{engine}", engine, setting.describe(modality), modality, settings)


def is_neutral(profile: Profile, setting: NeutralSetting, modality: Modality) -> bool:
    """Whether a profile says what the neutral setting says in the words of its engine.

    Example:
        >>> profile = equivalent_profile("mirp", NeutralSetting(1.0), "MR")
        >>> is_neutral(profile, NeutralSetting(1.0), "MR"), is_neutral(profile, NeutralSetting(), "MR")
        (True, False)
    """
    if profile.engine not in _WORDS:
        return False
    return profile.effective() == equivalent_profile(profile.engine, setting, modality).effective()


def _pyradiomics(setting: NeutralSetting, modality: Modality) -> dict[str, Any]:
    width, lowest = setting.bin_width(modality), setting.lowest(modality)
    aggregation = _in_pyradiomics(setting.aggregation)
    general: dict[str, Any] = {"binCount": setting.bins} if width is None else {"binWidth": width}
    if lowest is not None:
        general["resegmentRange"] = [lowest]
    if setting.spacing_mm is not None:
        general["resampledPixelSpacing"] = [setting.spacing_mm] * 3
    if aggregation.startswith("2_5D"):
        general["force2D"] = True
    if aggregation.endswith("_comb"):
        general["weightingNorm"] = "no_weighting"
    classes = ("shape", "firstorder", "glcm", "glrlm", "glszm", "gldm", "ngtdm")
    return {"setting": general, "featureClass": dict.fromkeys(classes, "all")}


def _in_pyradiomics(asked: tuple[str, ...]) -> str:
    """Return the aggregation that pyradiomics gives: it has one at a time, and none of slice after slice."""
    able = [suffix for suffix in asked if not suffix.startswith("2D_")]
    if not able:
        raise DeclarationError(
            f"pyradiomics cannot aggregate textures {' or '.join(_WORDS_OF[suffix] for suffix in asked)}",
            remedy="compare engines that can: --engines ibsi,mirp",
        )
    return "3D_comb" if "3D_comb" in able else able[0]


def _mirp(setting: NeutralSetting, modality: Modality) -> dict[str, Any]:
    width, lowest = setting.bin_width(modality), setting.lowest(modality)
    directional = tuple(_IN_MIRP[suffix] for suffix in setting.aggregation)
    others = tuple(one.lower().replace("_", ".") for one in setting.dimensions)
    said: dict[str, Any] = {
        "image_modality": "ct" if modality == "CT" else "generic",
        "ibsi_compliant": False,
        "no_approximation": True,
        "anti_aliasing": False,
        "glcm_spatial_method": directional,
        "glrlm_spatial_method": directional,
        "ivh_discretisation_method": "none" if modality == "CT" else "fixed_bin_number",
    }
    if others != ("3d",):
        said |= {f"{family}_spatial_method": others for family in ("glszm", "gldzm", "ngtdm", "ngldm")}
    if setting.spacing_mm is not None:
        said["new_spacing"] = setting.spacing_mm
    if lowest is not None:
        said["resegmentation_intensity_range"] = [lowest, None]
    if width is None:
        return said | {
            "base_discretisation_method": "fixed_bin_number",
            "base_discretisation_n_bins": setting.bins,
        }
    return said | {"base_discretisation_method": "fixed_bin_size", "base_discretisation_bin_width": width}


def _ibsi(setting: NeutralSetting, modality: Modality) -> dict[str, Any]:
    width, lowest = setting.bin_width(modality), setting.lowest(modality)
    families = (
        "morphology", "local_intensity", "statistics", "histogram", "ivh", "glcm", "glrlm", "glszm", "gldzm",
        "ngtdm", "ngldm",
    )  # fmt: skip
    processing: dict[str, Any] = {
        "unit": {"CT": "HU", "PET": "SUV"}.get(modality, "arbitrary"),
        "rounding": "both" if modality == "CT" else "none",
        "image_interpolation": "cubic",
    }
    if setting.spacing_mm is not None:
        processing["spacing_mm"] = setting.spacing_mm
    if lowest is not None:
        processing["range"] = [lowest, None]
    return {
        "processing": processing,
        "features": dict.fromkeys(families, "all"),
        "discretisation": [
            {"method": "FBN", "bins": setting.bins} if width is None else {"method": "FBS", "width": width}
        ],
        "ivh": {"method": "none"} if modality == "CT" else {"method": "FBN", "bins": 1000},
        "aggregation": setting.aggregation,
        "undefined": [],
    }


_WORDS: dict[str, Callable[[NeutralSetting, Modality], dict[str, Any]]] = {
    "ibsi": _ibsi,
    "mirp": _mirp,
    "pyradiomics": _pyradiomics,
}
