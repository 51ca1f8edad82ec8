"""Raw nnU-Net datasets become segmentation benchmarks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from public_cohorts import frozen_split, kidney_with_tumours, write_image
from samesplit.benchmarks.cohort import load_cohort
from samesplit.benchmarks.definition import read_benchmark
from samesplit.benchmarks.importing import import_nnunet
from samesplit.errors import CohortError


def dataset(
    root: Path, declared: dict[str, Any], *, channels: int = 1, cases: int = 10, plain: bool = False
) -> Path:
    """Write a dataset of nnU-Net: dataset.json, imagesTr, labelsTr."""
    folder = root / "Dataset220_Kidney"
    for number in range(cases):
        labels = kidney_with_tumours()
        for channel in range(channels):
            name = f"kidney_{number:03d}.nii.gz" if plain else f"kidney_{number:03d}_{channel:04d}.nii.gz"
            write_image(folder / "imagesTr" / name, labels.astype(np.int16) * 100)
        write_image(folder / "labelsTr" / f"kidney_{number:03d}.nii.gz", labels)
    (folder / "dataset.json").write_text(json.dumps(declared))
    return folder


VERSION_2 = {
    "channel_names": {"0": "CT", "1": "T2 w"},
    "labels": {"background": 0, "kidney": 1, "tumor": 2, "cyst": 3},
    "numTraining": 10,
    "file_ending": ".nii.gz",
}
VERSION_1 = {
    "modality": {"0": "CT"},
    "labels": {"0": "background", "1": "kidney", "2": "tumor"},
    "numTraining": 10,
    "reference": "a reference",
}


def test_a_dataset_of_version_2_becomes_a_segmentation_benchmark(tmp_path: Path) -> None:
    source = dataset(tmp_path, VERSION_2, channels=2)

    imported = import_nnunet(source, tmp_path / "study", label="tumor", organ=True)

    definition = read_benchmark(imported.folder)
    cohort = load_cohort(imported.folder, definition)
    assert definition.cohort.sequences == ("CT", "T2-w")
    assert (imported.n_lesions, imported.n_images) == (10, 20)
    assert cohort.images["mask_label"].eq("2").all()
    assert cohort.images["organ_mask"].equals(cohort.images["mask"])
    assert frozen_split(imported.folder)["fold"].nunique() == 5


def test_a_dataset_of_version_1_has_its_labels_the_other_way_round(tmp_path: Path) -> None:
    source = dataset(tmp_path, VERSION_1, plain=True)

    imported = import_nnunet(source, tmp_path / "study", label="tumor")

    assert pd.read_csv(imported.folder / "images.csv")["mask_label"].eq(2).all()
    assert read_benchmark(imported.folder).data.source == "a reference"


def test_the_folds_of_nnunet_become_the_frozen_split(tmp_path: Path) -> None:
    source = dataset(tmp_path, VERSION_1)
    cases = [f"kidney_{number:03d}" for number in range(10)]
    folds = [{"train": cases[2:], "val": cases[:2]}, {"train": cases[:8], "val": cases[8:]}]
    (tmp_path / "splits_final.json").write_text(json.dumps(folds))

    imported = import_nnunet(source, tmp_path / "study", label="tumor", splits=tmp_path / "splits_final.json")

    read_benchmark(imported.folder)
    split = frozen_split(imported.folder)
    tested = split.query("subset == 'test' and fold == 0")["patient_id"]
    assert sorted(tested) == cases[:2]


def test_outcomes_of_ones_own_join_the_lesions(tmp_path: Path) -> None:
    source = dataset(tmp_path, VERSION_1)
    (tmp_path / "outcomes.csv").write_text(
        "lesion_id,patient_id,label\nkidney_000,P0,benign\nkidney_001,P0,malignant\n"
    )

    imported = import_nnunet(source, tmp_path / "study", label="tumor", outcomes=tmp_path / "outcomes.csv")

    lesions = pd.read_csv(imported.folder / "lesions.csv", index_col="lesion_id")
    assert lesions.loc["kidney_001", "label"] == "malignant"
    assert lesions.loc["kidney_000", "patient_id"] == "P0"
    assert lesions["label"].isna()["kidney_005"]


@pytest.mark.parametrize(
    ("label", "message"), [(None, "several labels: kidney, tumor, cyst"), ("mass", "no label 'mass'")]
)
def test_which_label_is_the_lesion_is_never_guessed(tmp_path: Path, label: str | None, message: str) -> None:
    source = dataset(tmp_path, VERSION_2, channels=2, cases=1)

    with pytest.raises(CohortError, match=message):
        import_nnunet(source, tmp_path / "study", label=label)


def test_a_region_of_some_values_is_refused_and_one_of_all_is_taken(tmp_path: Path) -> None:
    labels = {"background": 0, "all": [1, 2, 3], "tumor": [2, 3]}
    source = dataset(tmp_path, VERSION_2 | {"labels": labels}, channels=2, cases=1)

    with pytest.raises(CohortError, match="region of several values"):
        import_nnunet(source, tmp_path / "study", label="tumor")
    imported = import_nnunet(source, tmp_path / "study", label="all")
    assert pd.read_csv(imported.folder / "images.csv")["mask_label"].eq("any").all()


def test_missing_images_are_told(tmp_path: Path) -> None:
    source = dataset(tmp_path, VERSION_1, cases=3)
    (source / "imagesTr" / "kidney_001_0000.nii.gz").unlink()

    imported = import_nnunet(source, tmp_path / "study", label="tumor")

    assert imported.notes == ("1 image is missing: kidney_001.nii.gz",)
    assert (imported.n_lesions, imported.n_images) == (3, 2)


def test_channels_in_one_file_are_told_with_the_command_that_splits_them(tmp_path: Path) -> None:
    source = dataset(tmp_path, VERSION_1 | {"modality": {"0": "FLAIR", "1": "T1w"}}, cases=1, plain=True)

    with pytest.raises(CohortError, match="nnUNetv2_convert_MSD_dataset"):
        import_nnunet(source, tmp_path / "study", label="tumor")
