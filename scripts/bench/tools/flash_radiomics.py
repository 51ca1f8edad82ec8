"""flash-radiomics on the processor; it writes every extraction to an HDF5 file, which cannot be turned off."""

from __future__ import annotations

import logging
import tempfile
import warnings
from typing import Any

from flash_radiomics.featureextractor import RadiomicsFeatureExtractor

NAME = "flash-radiomics"
PACKAGE = "flash-radiomics"
REMARK = "processor only; writes an HDF5 file at each call; no local intensity, Moran and Geary"
_CLASSES = {
    "morphology": "shape",
    "statistics": "firstorder",
    "histogram": "ih",
    "ivh": "ivh",
    "glcm": "glcm",
    "glrlm": "glrlm",
    "glszm": "glszm",
    "gldzm": "gldzm",
    "ngldm": "gldm",
    "ngtdm": "ngtdm",
}
_TEXTURE = ("glcm", "glrlm", "glszm", "gldzm", "gldm", "ngtdm")
_INTERPOLATORS = {"linear": "sitkLinear", "cubic": "sitkBSpline"}
FAMILIES = tuple(_CLASSES)

logging.disable(logging.WARNING)
warnings.simplefilter("ignore")


def _count(image: str, mask: str, classes: tuple[str, ...], **settings: Any) -> int:
    made = RadiomicsFeatureExtractor(backend="cpu", additionalInfo=False, **settings)
    made.disableAllFeatures()
    for name in classes:
        made.enableFeatureClassByName(name)
    with tempfile.TemporaryDirectory() as folder:
        found = made.execute(image, mask, output_hdf5_path=f"{folder}/out.h5")
    return sum(not name.startswith("diagnostics") for name in found)


def one(case: dict[str, str], spacing_mm: float, family: str) -> int:
    """One setting; every family or one."""
    classes = tuple(_CLASSES.values()) if family == "all" else (_CLASSES[family],)
    return _count(case["image"], case["mask"], classes, resampledPixelSpacing=[spacing_mm] * 3, binCount=32)


def sweep(case: dict[str, str], interpolation: str) -> int:
    """Textures in 32 settings, half of them of the equalised image; all else once at 1 mm."""
    common: dict[str, Any] = {
        "interpolator": _INTERPOLATORS[interpolation],
        "resegmentRange": [-3, 3],
        "resegmentMode": "sigma",
    }
    values = 0
    for image in ("image", "equalised"):
        for spacing in (1, 2, 3, 4):
            for bins in (8, 16, 32, 64):
                values += _count(
                    case[image], case["mask"], _TEXTURE,
                    resampledPixelSpacing=[spacing] * 3, binCount=bins, **common,
                )  # fmt: skip
    once = ("shape", "firstorder", "ih", "ivh")
    return values + _count(
        case["image"], case["mask"], once, resampledPixelSpacing=[1, 1, 1], binCount=64, **common
    )
