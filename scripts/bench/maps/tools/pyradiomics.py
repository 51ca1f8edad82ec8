"""pyradiomics' voxel-based extraction, called as its documentation shows."""

from __future__ import annotations

import logging
import warnings
from pathlib import Path

import numpy as np
import radiomics
import SimpleITK as sitk
from radiomics.featureextractor import RadiomicsFeatureExtractor

NAME = "pyradiomics"
PACKAGE = "pyradiomics-bhklab"
REMARK = "in batches of 1,000 voxels (`voxelBatch`), which bound its memory"
FAMILIES = ("firstorder", "glcm", "glrlm", "glszm", "gldm", "ngtdm")

logging.getLogger("radiomics").setLevel(logging.CRITICAL)
radiomics.setVerbosity(logging.CRITICAL)
np.seterr(all="ignore")
warnings.simplefilter("ignore")


def maps(case: dict[str, str], spacing_mm: float, radius: int, classes: list[str], save: str = "") -> int:
    """Maps of some classes of features; no resampling at spacing 0."""
    if not set(classes) <= set(FAMILIES):
        raise NotImplementedError(f"no {', '.join(set(classes) - set(FAMILIES))}")
    resampled = {"resampledPixelSpacing": [spacing_mm] * 3} if spacing_mm else {}
    made = RadiomicsFeatureExtractor(
        additionalInfo=False, binCount=32, kernelRadius=radius, voxelBatch=1000, **resampled
    )
    made.disableAllFeatures()
    for name in classes:
        made.enableFeatureClassByName(name)
    found = made.execute(case["image"], case["mask"], voxelBased=True)
    if save:
        mask = sitk.ReadImage(case["mask"])
        values = {}
        for name, box in found.items():
            laid = sitk.Resample(box, mask, sitk.Transform(), sitk.sitkNearestNeighbor, np.nan)
            values[name] = sitk.GetArrayFromImage(laid)[sitk.GetArrayFromImage(mask) == 1]
        np.savez(Path(save), **values)
    return len(found)
