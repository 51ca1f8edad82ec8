"""Tiny folders in the formats that the public cohorts are downloaded in."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import SimpleITK as sitk

from samesplit.imaging.case import Case
from samesplit.workflows.split import freeze_split


def write_image(path: Path, array: np.ndarray[Any, Any], spacing: float = 2.0) -> Path:
    """Write an array (z, y, x) as NIfTI."""
    path.parent.mkdir(parents=True, exist_ok=True)
    image = sitk.GetImageFromArray(array)
    image.SetSpacing((spacing,) * 3)
    sitk.WriteImage(image, str(path), True)
    return path


def kidney_with_tumours(tumours: int = 1) -> np.ndarray[Any, Any]:
    """Return labels as KiTS has them: 1 kidney, 2 tumour, 3 cyst; each tumour smaller than the one before."""
    labels = np.zeros((14, 14, 26), dtype=np.uint8)
    labels[1:13, 1:13, 1:25] = 1
    for number in range(tumours):
        side = 6 - 2 * number
        labels[3 : 3 + side, 3 : 3 + side, 3 + 10 * number : 3 + 10 * number + side] = 2
    labels[10:12, 10:12, 20:22] = 3
    return labels


def frozen_split(folder: Path) -> pd.DataFrame:
    """Freeze the split of a benchmark and return its rows."""
    freeze_split(folder, changes={})
    return pd.read_csv(folder / "splits.csv")


def voxels_of(case: Case) -> int:
    """Return how many voxels the mask of a case has."""
    return int(np.count_nonzero(sitk.GetArrayViewFromImage(case.mask)))


@pytest.fixture
def kits_folder(tmp_path: Path) -> Callable[..., Path]:
    """Make a folder of KiTS: cases with an image and labels, and kits.json."""

    def make(
        cases: int = 24,
        *,
        release: str = "kits23",
        tumours: int = 1,
        instances: bool = False,
        images: bool = True,
    ) -> Path:
        root = tmp_path / ("data" if release != "kits23" else "dataset")
        rng = np.random.default_rng(0)
        records = []
        for number in range(cases):
            name = f"case_{number:05d}"
            labels = kidney_with_tumours(tumours)
            image = (100 * labels + rng.normal(0, 10, labels.shape)).astype(np.int16)
            if images:
                write_image(root / name / "imaging.nii.gz", image)
            seg = "aggregated_MAJ_seg.nii.gz" if release == "kits21" else "segmentation.nii.gz"
            write_image(root / name / seg, labels)
            if instances:
                for annotation in (1, 2, 3):
                    for kind, value in (("tumor", 2), ("cyst", 3)):
                        file = f"{kind}_instance-1_annotation-{annotation}.nii.gz"
                        place = "segmentations" if release == "kits21" else "instances"
                        write_image(root / name / place / file, (labels == value).astype(np.uint8))
            records.append(kits_record(name, number, release))
        (root / ("kits23.json" if release == "kits23" else "kits.json")).write_text(json.dumps(records))
        return root

    return make


def kits_record(name: str, number: int, release: str) -> dict[str, Any]:
    """Return an entry of kits.json as the release spells it."""
    high, malignant = number % 2 == 1, number % 8 != 0
    subtype = ("clear_cell_rcc", "papillary", "chromophobe")[number % 3]
    old = release != "kits23"  # kits.json of KiTS21 spells as that of KiTS19 does
    record = {
        "case_id": name,
        "gender": "male" if number % 3 else "female",
        "age_at_nephrectomy": 40 + number if number else ">=90",
        ("body_mass_index" if old else "bmi"): 27.5,
        "radiographic_size": 2.4,
        "pathologic_size": 2.1,
        "malignant": malignant,
        "pathology_t_stage": ("3" if number % 4 == 1 else "1a") if malignant else None if old else "na",
        "tumor_histologic_subtype": subtype + ("" if old or subtype == "clear_cell_rcc" else "_rcc")
        if malignant
        else "oncocytoma",
        "tumor_necrosis": False,
        "tumor_isup_grade": _grade(3 if high else 2, old) if malignant else None if old else "na",
        "vital_status": "dead" if number % 5 == 0 else "censored",
        "vital_days_after_surgery": 300 + 10 * number,
    }
    return record if old else record | {"sarcomatoid_features": False}


def _grade(grade: int, old: bool) -> int | str:
    return grade if old else str(grade)
