"""A parameter file in the words of the engine `ibsi`."""

from __future__ import annotations

import difflib
from typing import Any

from samesplit.features.pyradiomics_params.feature_classes import chosen_features, features_of
from samesplit.features.pyradiomics_params.harmless import BEFORE_FEATURES
from samesplit.features.pyradiomics_params.parameter_file import IMAGE_TYPES, FileContent, FileSettings
from samesplit.features.pyradiomics_params.processing import (
    ITSELF,
    aggregation_of,
    discretisation_of,
    distance_of,
    processing_of,
)

__all__ = ["ibsi_settings"]


def ibsi_settings(content: FileContent) -> dict[str, Any]:
    """Return `settings` of a profile of the engine `ibsi`.

    Args:
        content: The file; what cannot be done is added to its faults.
    """
    _check_image_types(content)
    said = _of_original(content)
    chosen = chosen_features(content)
    features, own = features_of(chosen, shift=said.voxelArrayShift or 0)
    settings: dict[str, Any] = {
        "processing": processing_of(content),
        "features": features,
        "pyradiomics": own,
        "undefined": (),
    }
    if chosen.keys() - {"shape"}:
        settings |= {
            "discretisation": discretisation_of(content, said),
            "aggregation": (aggregation_of(content, said),),
            "distance": distance_of(content, said, frozenset(chosen)),
            "ngldm_alpha": said.gldm_a or 0,
        }
    return settings


def _of_original(content: FileContent) -> FileSettings:
    """Return the settings that hold for the original image: those under its image type win."""
    own = (content.said.imageType or {}).get("Original")
    if own is None:
        return content.setting
    given = {key: getattr(own, key) for key in own.model_fields_set - BEFORE_FEATURES}
    return content.setting.model_copy(update=given)


def _check_image_types(content: FileContent) -> None:
    types = content.said.imageType or {"Original": None}
    for name in types:
        if name not in IMAGE_TYPES:
            near = difflib.get_close_matches(name, IMAGE_TYPES, n=1)
            guess = f"did you mean '{near[0]}'?" if near else f"There are: {', '.join(IMAGE_TYPES)}"
            content.fault(("imageType", name), f"there is no image type '{name}'", guess)
        elif name != "Original":
            content.fault(
                ("imageType", name),
                f"the filtered images of imageType '{name}' are not computed by the engine ibsi",
                f"take it out, {ITSELF}",
            )
    if "Original" not in types and not content.faults.found:
        content.fault(("imageType",), "imageType names no image", "write 'Original: {}' under it")
