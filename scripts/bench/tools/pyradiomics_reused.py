"""pyradiomics driven by hand: each voxel size is resampled once and its feature classes are called directly."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import SimpleITK as sitk
from radiomics import getFeatureClasses, imageoperations

_spec = importlib.util.spec_from_file_location(
    "bench_pyradiomics", Path(__file__).with_name("pyradiomics.py")
)
assert _spec is not None
assert _spec.loader is not None
_plain = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_plain)

NAME = "pyradiomics, resampling reused"
PACKAGE = "pyradiomics-bhklab"
REMARK = "not what its documentation shows: resampling shared by hand"
FAMILIES = ()


def sweep(case: dict[str, str], interpolation: str) -> int:
    """As pyradiomics.sweep, with eight resamplings (two images, four voxel sizes) instead of 33."""
    classes, values = getFeatureClasses(), 0
    mask = sitk.ReadImage(case["mask"])
    for name in ("image", "equalised"):
        image = sitk.ReadImage(case[name])
        for spacing in (1, 2, 3, 4):
            general: dict[str, Any] = {
                "resampledPixelSpacing": [spacing] * 3,
                "interpolator": _plain.INTERPOLATORS[interpolation],
                "label": 1,
                **_plain.outliers(),
            }
            small, roi = imageoperations.resampleImage(image, mask, **general)
            box, _ = imageoperations.checkMask(small, roi, label=1)
            inside = imageoperations.resegmentMask(small, roi, **general)
            cut, region = imageoperations.cropToTumorMask(small, inside, box)
            for bins in (8, 16, 32, 64):
                for family in _plain.TEXTURE:
                    values += _count(classes[family](cut, region, binCount=bins, label=1))
            if name == "image" and spacing == 1:
                shape = imageoperations.cropToTumorMask(small, roi, box)
                values += _count(classes["shape"](*shape, label=1))
                values += _count(classes["firstorder"](cut, region, binCount=64, label=1))
    return values


def _count(features: Any) -> int:
    features.enableAllFeatures()
    return len(features.execute())
