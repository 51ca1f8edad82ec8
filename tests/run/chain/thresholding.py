"""A model of masks without a network: what is brighter than a threshold, without one patient's balls."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import SimpleITK as sitk
from scipy import ndimage

from samesplit.models.protocol import Cases, TrainingFold
from samesplit.models.segmentation.settings import SegmentationNetworkSettings

__all__ = ["MISSED", "ThresholdModel"]

MISSED = "L01a"


class ThresholdModel:
    """Takes for the ball what is bright in a smoothed image; one ball is drawn as a speck far from where it is."""

    def __init__(self, settings: SegmentationNetworkSettings, *, cache: Path | None = None) -> None:
        self.settings = settings

    def fit(self, fold: TrainingFold) -> None:
        """Learn nothing."""

    def predict(self, cases: Cases) -> pd.DataFrame:
        """Never asked."""
        raise NotImplementedError

    def segment(self, cases: Cases, directory: Path) -> pd.DataFrame:
        """Draw the masks; the cases must not name any."""
        assert set(cases.images["mask"]) == {""}
        rows = []
        for row in cases.images[cases.images["sequence"] == "T1C"].to_dict("records"):
            image = sitk.ReadImage(str(row["image"]))
            smooth = ndimage.gaussian_filter(sitk.GetArrayFromImage(image), 1)
            found = (smooth > 118) & (np.indices(smooth.shape)[0] < 12)
            if row["lesion_id"] == MISSED:
                found[:] = False
                found[0:2, 0:2, 0:2] = True
            mask = sitk.GetImageFromArray(found.astype(np.uint8))
            mask.CopyInformation(image)
            path = directory / f"{row['lesion_id']}.nii.gz"
            path.parent.mkdir(parents=True, exist_ok=True)
            sitk.WriteImage(mask, str(path))
            rows.append((row["lesion_id"], "T1C", path.name))
        return pd.DataFrame(rows, columns=["lesion_id", "sequence", "mask"])

    def details(self) -> dict[str, pd.DataFrame]:
        """Nothing."""
        return {}

    def save(self, directory: Path) -> None:
        """Nothing."""
