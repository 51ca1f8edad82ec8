"""Write lesions.csv, images.csv and official.csv of benchmarks/adrenalmnist3d from the MedMNIST arrays.

Usage: python scripts/prepare_adrenalmnist3d.py DATA_FOLDER   (the folder that holds adrenalmnist3d.npz)
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd

TARGET = Path(__file__).parents[1] / "benchmarks" / "adrenalmnist3d"
SUBSETS = {"train": "train", "val": "validation", "test": "test"}
# A cube of 64 mm, given on 64 and on 28 voxels a side (Yang et al. 2023, doi 10.1038/s41597-022-01721-8).
SIZES = {"MASK64": ("adrenalmnist3d_64.npz", 64 / 64), "MASK28": ("adrenalmnist3d.npz", 64 / 28)}


def main(folder: Path) -> None:
    """Write the tables."""
    arrays = np.load(folder / "adrenalmnist3d.npz")
    lesions, images, official = [], [], []
    for part, subset in SUBSETS.items():
        for row, label in enumerate(arrays[f"{part}_labels"][:, 0]):
            lesion = f"{part}-{row:04d}"
            lesions.append((lesion, lesion, "hyperplasia" if label else "normal"))
            official.append((lesion, subset))
            for sequence, (file, spacing) in SIZES.items():
                reference = f"{file}::{part}_images[{row}]"
                images.append((lesion, sequence, "R1", reference, reference, 255, round(spacing, 6)))
    columns = ["lesion_id", "sequence", "rater", "image", "mask", "mask_label", "spacing_mm"]
    _write(pd.DataFrame(lesions, columns=["lesion_id", "patient_id", "label"]), "lesions.csv")
    _write(pd.DataFrame(images, columns=columns), "images.csv")
    _write(pd.DataFrame(official, columns=["patient_id", "subset"]), "official.csv")


def _write(table: pd.DataFrame, name: str) -> None:
    TARGET.mkdir(parents=True, exist_ok=True)
    table.to_csv(TARGET / name, index=False, lineterminator="\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
