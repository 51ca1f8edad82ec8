"""MIRP, called as its documentation shows: lists of voxel sizes and bin numbers in one call."""

from __future__ import annotations

import logging
import warnings
from typing import Any

from mirp import extract_features

NAME = "MIRP"
PACKAGE = "mirp"
REMARK = "Moran's I and Geary's C are estimates (MIRP's default); no equalisation in the lesion"
FAMILIES = (
    "morphology",
    "local_intensity",
    "statistics",
    "histogram",
    "ivh",
    "glcm",
    "glrlm",
    "glszm",
    "gldzm",
    "ngtdm",
    "ngldm",
)
_NAMES = {"histogram": "intensity_histogram"}
_TEXTURE = ["glcm", "glrlm", "glszm", "gldzm", "ngtdm", "ngldm"]
_ORDER = {"linear": 1, "cubic": 3}

logging.disable(logging.INFO)
warnings.simplefilter("ignore")


def _count(image: str, mask: str, **settings: Any) -> int:
    tables = extract_features(
        image=image,
        mask=mask,
        image_modality="mr",
        anti_aliasing=False,
        base_discretisation_method="fixed_bin_number",
        ivh_discretisation_method="fixed_bin_number",
        **settings,
    )
    return sum(not name.startswith(("sample", "image_")) for table in tables for name in table.columns)


def one(case: dict[str, str], spacing_mm: float, family: str) -> int:
    """One setting; every family or one."""
    families = "all" if family == "all" else [_NAMES.get(family, family)]
    return _count(
        case["image"],
        case["mask"],
        new_spacing=float(spacing_mm),
        base_discretisation_n_bins=32,
        base_feature_families=families,
    )


def sweep(case: dict[str, str], interpolation: str) -> int:
    """Textures in 32 settings, half of them of the equalised image; all else once at 1 mm."""
    common: dict[str, Any] = {"spline_order": _ORDER[interpolation], "resegmentation_sigma": 3.0}
    values = 0
    for image in ("image", "equalised"):
        values += _count(
            case[image],
            case["mask"],
            new_spacing=[[1.0], [2.0], [3.0], [4.0]],
            base_discretisation_n_bins=[8, 16, 32, 64],
            base_feature_families=_TEXTURE,
            **common,
        )
    return values + _count(
        case["image"],
        case["mask"],
        new_spacing=1.0,
        base_discretisation_n_bins=64,
        base_feature_families=[
            "morphology",
            "local_intensity",
            "statistics",
            "intensity_histogram",
            "intensity_volume_histogram",
        ],
        **common,
    )
