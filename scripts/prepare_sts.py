"""Write lesions.csv and images.csv of benchmarks/sts-lung-metastasis from the data folder's clinical.csv.

Usage: python scripts/prepare_sts.py DATA_FOLDER   (the folder that holds STS_001 ... STS_051)
"""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd

TARGET = Path(__file__).parents[1] / "benchmarks" / "sts-lung-metastasis"
SEQUENCES = ("CT", "MR_T1", "PET")
# Known before treatment. Treatment and whatever came after it (recurrence, status, times) are no predictors.
BASELINE = {"age": "age", "sex": "sex", "mskcc_type": "histology", "grade": "grade", "site": "location"}


def main(folder: Path) -> None:
    """Write both tables."""
    clinical = pd.read_csv(folder / "clinical.csv")
    lesions = pd.DataFrame(
        {
            "lesion_id": clinical["patient_id"],
            "patient_id": clinical["patient_id"],
            "label": clinical["lung_metastasis"].map({1: "metastasis", 0: "no-metastasis"}),
            **{new: clinical[old] for old, new in BASELINE.items()},
        }
    )
    images = pd.DataFrame(
        [
            (
                patient,
                sequence,
                "R1",
                f"{patient}/{sequence}_image.nii.gz",
                f"{patient}/{sequence}_mask.nii.gz",
                1,
            )
            for patient in lesions["patient_id"]
            for sequence in SEQUENCES
        ],
        columns=["lesion_id", "sequence", "rater", "image", "mask", "mask_label"],
    )
    TARGET.mkdir(parents=True, exist_ok=True)
    lesions.to_csv(TARGET / "lesions.csv", index=False, lineterminator="\n")
    images.to_csv(TARGET / "images.csv", index=False, lineterminator="\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
