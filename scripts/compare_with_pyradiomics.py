"""Ten cases through pyradiomics and through `PyradiomicsExtractor`, with the same parameter files.

    python scripts/compare_with_pyradiomics.py $SAMESPLIT_DATA/sts

Prints the largest relative differences of each feature class and the processor time of both, as in
docs/from-pyradiomics.md. The files are those that pyradiomics ships as examples for CT and MR, in the words of
version 1, without filters.
"""

from __future__ import annotations

import logging
import sys
import time
import warnings
from pathlib import Path
from typing import Any

import pandas as pd
from radiomics.featureextractor import RadiomicsFeatureExtractor

import samesplit as ss
from samesplit.features.pyradiomics_names import CLASSES

SHAPE = ["SurfaceArea", "SurfaceVolumeRatio", "Sphericity", "SphericalDisproportion", "Maximum3DDiameter"]
SHAPE += [
    "Maximum2DDiameterSlice",
    "Maximum2DDiameterColumn",
    "Maximum2DDiameterRow",
    "Elongation",
    "Flatness",
]
OLD = ["Volume", *SHAPE, "MajorAxis", "MinorAxis", "LeastAxis"]
TODAY = ["VoxelVolume", *SHAPE, "MajorAxisLength", "MinorAxisLength", "LeastAxisLength"]
TEXTURES = ("firstorder", "glcm", "glrlm", "glszm", "gldm", "ngtdm")
SETTINGS: dict[str, dict[str, Any]] = {
    "CT": {"resampledPixelSpacing": [1, 1, 1], "padDistance": 10, "binWidth": 25, "voxelArrayShift": 1000},
    "MR_T1": {
        "normalize": True,
        "normalizeScale": 100,
        "resampledPixelSpacing": [2, 2, 2],
        "binWidth": 5,
        "voxelArrayShift": 300,
    },
    "PET": {"binWidth": 0.5, "label": 1},
}
CASES = [f"STS_{number:03}" for number in range(1, 11)]


def main(data: Path) -> None:
    """Extract, compare, print."""
    logging.getLogger("radiomics").setLevel(logging.CRITICAL)
    warnings.simplefilter("ignore")
    rows, seconds = [], {}
    for image, setting in SETTINGS.items():
        setting = {"interpolator": "sitkBSpline", **setting}
        classes: dict[str, Any] = dict.fromkeys(TEXTURES)
        ours = ss.PyradiomicsExtractor(
            {"inputImage": {"Original": {}}, "featureClass": {"shape": OLD, **classes}, "setting": setting}
        )
        theirs = RadiomicsFeatureExtractor(
            {"imageType": {"Original": {}}, "featureClass": {"shape": TODAY, **classes}, "setting": setting}
        )
        spent = [0.0, 0.0]
        for case in CASES:
            files = [str(data / case / f"{image}_{what}.nii.gz") for what in ("image", "mask")]
            if case == CASES[0]:
                ours.execute(*files)  # compiled, or loaded
            begun = time.process_time()
            found = ours.execute(*files)
            between = time.process_time()
            expected = theirs.execute(*files)
            spent = [spent[0] + between - begun, spent[1] + time.process_time() - between]
            expected = {key: float(value) for key, value in expected.items() if key.startswith("original_")}
            assert set(expected) == set(found.index)
            rows += [
                {
                    "image": image,
                    "case": case,
                    "feature": key.removeprefix("original_"),
                    "difference": abs(found[key] - value) / max(abs(value), 1e-12),
                }
                for key, value in expected.items()
            ]
        seconds[image] = spent
    _print(pd.DataFrame(rows), seconds)


def _print(table: pd.DataFrame, seconds: dict[str, list[float]]) -> None:
    table["class"] = table["feature"].str.partition("_")[0]
    largest = table.pivot_table("difference", "image", "class", aggfunc="max")[list(CLASSES)]
    count = table.drop_duplicates("feature").groupby("class")["feature"].size()
    print(
        "| image | " + " | ".join(f"{name} ({count[name]})" for name in CLASSES) + " | ours | pyradiomics |"
    )
    print("|---" * (len(CLASSES) + 3) + "|")
    for image in SETTINGS:
        cells = " | ".join(f"{value:.0e}" for value in largest.loc[image])
        ours, theirs = (f"{value / len(CASES):.2f} s" for value in seconds[image])
        print(f"| {image} | {cells} | {ours} | {theirs} |")
    print()
    worst = table.sort_values("difference", ascending=False).drop_duplicates(["image", "feature"]).head(25)
    print(worst.to_string(index=False))
    print(
        {image: int((rows["difference"] > 1e-6).sum()) for image, rows in table.groupby("image")}, len(table)
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
