"""Small cohorts to build benchmarks from."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

from samesplit.benchmarks.definition import BenchmarkDefinition, read_benchmark

DEFINITION: dict[str, Any] = {
    "title": "A study",
    "task": {"positive": "malignant", "negative": "benign", "question": "Which lesions are malignant?"},
    "cohort": {"sequences": ["T1C", "T2"], "clinical": {"age": "number", "sex": "category"}},
    "split": {"scheme": "kfold", "folds": 2},
    "models": ["zero-rule"],
}
LESIONS = """\
lesion_id,patient_id,label,site,date,age,sex
L1,P1,malignant,A,2020-01-01,61,female
L2,P2,benign,A,2020-02-01,48.5,male
L3,P3,malignant,B,2020-03-01,,female
L4,P4,benign,B,2020-04-01,70,male
"""
IMAGES = """\
lesion_id,sequence,rater,image,mask
L1,T1C,R1,L1/T1C.nii.gz,L1/mask.nii.gz
L1,T2,R1,L1/T2.nii.gz,L1/mask.nii.gz
L2,T1C,R1,L2/T1C.nii.gz,L2/mask.nii.gz
L3,T1C,R1,L3/T1C.nii.gz,L3/mask.nii.gz
L4,T1C,R1,L4/T1C.nii.gz,L4/mask.nii.gz
"""

Build = Callable[..., tuple[Path, BenchmarkDefinition]]
MakeCohort = Callable[..., tuple[pd.DataFrame, "pd.Series[int]"]]


@pytest.fixture
def benchmark_folder(tmp_path: Path) -> Build:
    """Write a benchmark of four lesions, with changes, and read its definition."""

    def build(
        *, lesions: str = LESIONS, images: str = IMAGES, files: bool = True, **changes: Any
    ) -> tuple[Path, BenchmarkDefinition]:
        folder = tmp_path / "study"
        folder.mkdir(exist_ok=True)
        (folder / "benchmark.yaml").write_text(yaml.safe_dump(DEFINITION | changes, sort_keys=False))
        (folder / "lesions.csv").write_text(lesions)
        (folder / "images.csv").write_text(images)
        if files:
            for line in images.splitlines()[1:]:
                for name in line.split(",")[3:5]:
                    path = folder / name
                    path.parent.mkdir(parents=True, exist_ok=True)
                    path.write_bytes(b"not opened here")
        return folder, read_benchmark(folder)

    return build


@pytest.fixture(scope="session")
def make_cohort() -> MakeCohort:
    """Lesions and labels of a cohort drawn at random."""

    def make(
        n_patients: int = 51, n_positive: int = 19, *, lesions_each: int = 1, seed: int = 0
    ) -> tuple[pd.DataFrame, pd.Series[int]]:
        rng = np.random.default_rng(seed)
        patients = [f"P{number:03d}" for number in range(n_patients)]
        positive = set(rng.permutation(patients)[:n_positive])
        rows = [
            {
                "lesion_id": f"{patient}-L{lesion}",
                "patient_id": patient,
                "label": "malignant" if patient in positive else "benign",
                "site": f"S{rng.integers(4)}" if lesion == 0 else None,
                "date": f"20{rng.integers(10, 20)}-0{rng.integers(1, 10)}-1{rng.integers(10)}",
                "size_mm": float(np.round(rng.gamma(4, 8), 1)) + 1,
                "sex": str(rng.choice(["female", "male"])),
            }
            for patient in patients
            for lesion in range(lesions_each)
        ]
        lesions = pd.DataFrame(rows)
        lesions["site"] = lesions.groupby("patient_id")["site"].transform("first")
        labels = pd.Series(
            (lesions["label"] == "malignant").astype("int64").to_numpy(),
            index=pd.Index(lesions["lesion_id"], name="lesion_id"),
            name="label",
        )
        return lesions, labels

    return make
