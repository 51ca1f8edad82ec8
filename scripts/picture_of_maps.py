"""Draws docs/images/feature-maps.png: `python scripts/picture_of_maps.py --data DIR` (the folder that holds sts).

The lesion is of the public cohort Soft-tissue-Sarcoma (Vallieres et al. 2015, CC BY 3.0,
doi:10.7937/K9/TCIA.2015.7GO2GSKS).
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

import numpy as np
import SimpleITK as sitk
from matplotlib.figure import Figure

import samesplit as ss
from samesplit.features.engines.ibsi.settings import IbsiSettings
from samesplit.features.profiles import Profile

CASE = "STS_010/MR_T1_{}.nii.gz"
FEATURES = {
    "stat_p90": "90th percentile",
    "cm_contrast_3D_avg": "GLCM contrast",
    "cm_joint_entr_3D_avg": "GLCM joint entropy",
    "szm_z_perc_3D": "GLSZM zone percentage",
    "ngt_coarseness_3D": "NGTDM coarseness",
}
PROFILE = {
    "processing": {"normalisation": {"over": "image", "scale": 100, "clip_sd": 3}, "spacing_mm": 1},
    "discretisation": {"method": "FBN", "bins": 32},
    "aggregation": ["3D_avg"],
    "features": {"statistics": "all"},
}


def main() -> None:
    """Draw."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=os.environ.get("SAMESPLIT_DATA"), help="sts is there")
    parser.add_argument("--output", type=Path, default=Path("docs/images/feature-maps.png"))
    given = parser.parse_args()
    image, mask = (given.data / "sts" / CASE.format(kind) for kind in ("image", "mask"))
    profile = Profile("example", "ibsi", "", "MR", IbsiSettings.model_validate(PROFILE))
    maps = ss.feature_maps(image, mask, profile=profile, features=list(FEATURES), radius=2)
    first = maps.image(next(iter(maps)))
    picture = sitk.GetArrayFromImage(
        sitk.Resample(sitk.ReadImage(str(image), sitk.sitkFloat32), first, sitk.Transform(), sitk.sitkLinear)
    )
    inside = ~np.isnan(maps["stat_p90"])
    z = int(np.argmax(inside.sum(axis=(1, 2))))
    figure = Figure(figsize=(10.5, 5.6), dpi=110, layout="constrained")
    axes = figure.subplots(2, 3).ravel()
    low, high = np.percentile(picture[inside], [1, 99])
    axes[0].imshow(picture[z], cmap="gray", vmin=low, vmax=high)
    axes[0].contour(inside[z], [0.5], colors="tab:orange", linewidths=1)
    axes[0].set_title("T1, with the lesion's outline", fontsize=10)
    codes = maps.table().set_index("feature")["ibsi_code"]
    for axis, (name, title) in zip(axes[1:], FEATURES.items(), strict=True):
        shown = axis.imshow(maps[name][z], cmap="viridis", interpolation="nearest")
        shown.set_clim(*np.nanpercentile(maps[name][z], [2, 98]))
        axis.set_title(f"{title} ({codes[name]})", fontsize=10)
        figure.colorbar(shown, ax=axis, shrink=0.8).ax.tick_params(labelsize=7)
    for axis in axes:
        axis.set_axis_off()
    given.output.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(given.output)


if __name__ == "__main__":
    main()
