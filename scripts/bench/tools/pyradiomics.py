"""pyradiomics, called as its documentation shows: one `execute` a setting."""

from __future__ import annotations

import logging
from typing import Any

import radiomics
from radiomics.featureextractor import RadiomicsFeatureExtractor

NAME = "pyradiomics"
PACKAGE = "pyradiomics-bhklab"
REMARK = "no intensity histogram, IVH, local intensity, GLDZM, Moran and Geary; no equalisation in the lesion"
TEXTURE = ("glcm", "glrlm", "glszm", "gldm", "ngtdm")
_CLASSES = {
    "morphology": "shape",
    "statistics": "firstorder",
    "glcm": "glcm",
    "glrlm": "glrlm",
    "glszm": "glszm",
    "ngldm": "gldm",
    "ngtdm": "ngtdm",
}
FAMILIES = tuple(_CLASSES)
INTERPOLATORS = {"linear": "sitkLinear", "cubic": "sitkBSpline"}

logging.getLogger("radiomics").setLevel(logging.CRITICAL)
radiomics.setVerbosity(logging.CRITICAL)


def extractor(classes: tuple[str, ...], **settings: Any) -> RadiomicsFeatureExtractor:
    """An extractor of some feature classes of the unfiltered image."""
    made = RadiomicsFeatureExtractor(additionalInfo=False, **settings)
    made.disableAllFeatures()
    for name in classes:
        made.enableFeatureClassByName(name)
    return made


def one(case: dict[str, str], spacing_mm: float, family: str) -> int:
    """One setting; every family or one."""
    classes = tuple(_CLASSES.values()) if family == "all" else (_CLASSES[family],)
    made = extractor(classes, resampledPixelSpacing=[spacing_mm] * 3, binCount=32)
    return len(made.execute(case["image"], case["mask"]))


def outliers() -> dict[str, Any]:
    """Re-segmentation to 3 standard deviations, as in xi2020-mr."""
    return {"resegmentRange": [-3, 3], "resegmentMode": "sigma"}


def sweep(case: dict[str, str], interpolation: str) -> int:
    """Textures in 32 settings, half of them of the equalised image; shape and first order once at 1 mm."""
    values = 0
    common = {"interpolator": INTERPOLATORS[interpolation], **outliers()}
    for image in ("image", "equalised"):
        for spacing in (1, 2, 3, 4):
            for bins in (8, 16, 32, 64):
                made = extractor(TEXTURE, resampledPixelSpacing=[spacing] * 3, binCount=bins, **common)
                values += len(made.execute(case[image], case["mask"]))
    made = extractor(("shape", "firstorder"), resampledPixelSpacing=[1, 1, 1], binCount=64, **common)
    return values + len(made.execute(case["image"], case["mask"]))
