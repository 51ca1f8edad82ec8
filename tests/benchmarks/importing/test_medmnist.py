"""MedMNIST files become benchmarks in their official split."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from public_cohorts import frozen_split, voxels_of
from samesplit.benchmarks.cohort import load_cohort
from samesplit.benchmarks.definition import read_benchmark
from samesplit.benchmarks.importing import import_medmnist
from samesplit.errors import CohortError
from samesplit.imaging.case import read_case


def medmnist_file(path: Path, shape: tuple[int, ...], *, classes: int = 2, shapes: bool = False) -> Path:
    """Write a file as MedMNIST has them: 12, 6 and 6 cases of bytes."""
    rng = np.random.default_rng(0)
    arrays: dict[str, Any] = {}
    for part, count in (("train", 12), ("val", 6), ("test", 6)):
        images = rng.integers(0, 256, (count, *shape), dtype=np.uint8)
        arrays[f"{part}_images"] = np.where(images > 128, 255, 0).astype(np.uint8) if shapes else images
        arrays[f"{part}_labels"] = (np.arange(count) % classes)[:, np.newaxis]
    np.savez_compressed(path, **arrays)
    return path


def test_the_official_split_is_kept(tmp_path: Path) -> None:
    source = medmnist_file(tmp_path / "nodulemnist3d.npz", (8, 8, 8))

    imported = import_medmnist(source, tmp_path / "nodules")

    definition = read_benchmark(imported.folder)
    load_cohort(imported.folder, definition)
    split = frozen_split(imported.folder)
    subsets = split.set_index("patient_id")["subset"].to_dict()
    assert subsets["train-00000"] == "train"
    assert subsets["val-00005"] == "validation"
    assert list(subsets.values()).count("test") == 6
    assert definition.task is not None
    assert definition.task.positive == "malignant"


def test_volumes_of_two_values_are_their_own_masks(tmp_path: Path) -> None:
    source = medmnist_file(tmp_path / "adrenalmnist3d_64.npz", (8, 8, 8), shapes=True)

    imported = import_medmnist(source, tmp_path / "adrenal")

    images = pd.read_csv(imported.folder / "images.csv")
    assert images["image"].equals(images["mask"])
    assert images["spacing_mm"].eq(8.0).all()
    assert not (imported.folder / "arrays.npz").exists()
    assert set(pd.read_csv(imported.folder / "lesions.csv")["label"]) == {"normal", "hyperplasia"}


@pytest.mark.parametrize(
    ("name", "shape", "voxels"), [("nodulemnist3d", (8, 8, 8), 512), ("breastmnist", (9, 9), 81)]
)
def test_other_images_have_a_mask_of_all_voxels(
    tmp_path: Path, name: str, shape: tuple[int, ...], voxels: int
) -> None:
    imported = import_medmnist(medmnist_file(tmp_path / f"{name}.npz", shape), tmp_path / "study")

    row = pd.read_csv(imported.folder / "images.csv").iloc[13]
    case = read_case(
        row["image"],
        row["mask"],
        lesion_id="x",
        mask_label="any",
        spacing_mm=row["spacing_mm"],
        minimum_voxels=1,
    )
    assert voxels_of(case) == voxels


def test_several_classes_are_a_multiclass_task_with_names_of_ones_own(tmp_path: Path) -> None:
    source = medmnist_file(tmp_path / "mine.npz", (8, 8, 8), classes=3)

    imported = import_medmnist(source, tmp_path / "mine", classes=["one", "two", "three"])

    assert read_benchmark(imported.folder).tasks["class"].columns == ("label",)
    assert pd.read_csv(imported.folder / "lesions.csv")["label"].value_counts().to_dict() == {
        "one": 8,
        "two": 8,
        "three": 8,
    }


@pytest.mark.parametrize(
    ("shape", "change", "message"),
    [
        ((8, 8, 3), {}, "colour is not read"),
        ((8, 8), {"train_labels": np.zeros((12, 14), int)}, "14 labels"),
        ((8, 8), {"test_labels": np.arange(6)[:, np.newaxis] * 3}, "classes 0 to 15, and 2 names"),
    ],
)
def test_what_no_task_can_have_is_refused_before_anything_is_written(
    tmp_path: Path, shape: tuple[int, ...], change: dict[str, Any], message: str
) -> None:
    source = medmnist_file(tmp_path / "breastmnist.npz", shape)
    with np.load(source) as file:
        arrays = dict(file) | change
    if "train_labels" in change:
        arrays |= {f"{part}_labels": np.zeros((6, 14), int) for part in ("val", "test")}
    np.savez(source, **arrays)

    with pytest.raises(CohortError, match=message):
        import_medmnist(source, tmp_path / "study")
    assert not (tmp_path / "study").exists()


def test_another_file_is_named_as_none_of_medmnist(tmp_path: Path) -> None:
    np.savez(tmp_path / "other.npz", x=np.zeros(3))

    with pytest.raises(CohortError, match="lacks train_images"):
        import_medmnist(tmp_path / "other.npz", tmp_path / "study")
