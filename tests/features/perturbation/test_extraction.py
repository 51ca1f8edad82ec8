"""Repeats from the masks of several raters, and repeats set side by side."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import SimpleITK as sitk

from samesplit.features.perturbation.changes import with_changes
from samesplit.features.perturbation.extraction import KEY, extract_repeats
from samesplit.features.perturbation.feature_matrix import wide_repeats
from samesplit.features.perturbation.settings import Perturbations
from samesplit.features.perturbation.supervoxels import SupervoxelTask, cut_into_supervoxels
from samesplit.features.perturbation.work_units import PerturbedTask, extract_perturbed
from samesplit.features.profiles import read_profile
from samesplit.imaging.case_tasks import case_files

PROFILE = """
engine: pyradiomics
description: The voxels of the mask.
settings:
  setting: {binCount: 8}
  featureClass: {firstorder: [Mean], shape: [VoxelVolume]}
"""


@pytest.fixture
def images(tmp_path: Path) -> pd.DataFrame:
    """Two lesions, each with the masks of two raters, the second one's a slice thicker."""
    rng, rows = np.random.default_rng(0), []
    for lesion in ("L1", "L2"):
        image = tmp_path / f"{lesion}.nii.gz"
        sitk.WriteImage(
            sitk.GetImageFromArray(rng.normal(100, 9, (14, 14, 14)).astype("float32")), str(image)
        )
        for place, rater in enumerate(("A", "B")):
            mask = np.zeros((14, 14, 14), dtype=np.uint8)
            mask[4 : 9 + place, 4:9, 4:9] = 1
            path = tmp_path / f"{lesion}{rater}.nii.gz"
            sitk.WriteImage(sitk.GetImageFromArray(mask), str(path))
            rows.append((lesion, "T1", rater, str(image), str(path), 1, np.nan))
    columns = ["lesion_id", "sequence", "rater", "image", "mask", "mask_label", "spacing_mm"]
    return pd.DataFrame(rows, columns=columns)


@pytest.fixture
def measure(images: pd.DataFrame, tmp_path: Path) -> Callable[..., pd.DataFrame]:
    """Extract repeats in this very process."""
    (tmp_path / "few.yaml").write_text(PROFILE)
    profile = read_profile(tmp_path / "few.yaml")

    def run(*kinds: str) -> pd.DataFrame:
        asked = Perturbations(kinds=kinds, repetitions=2)
        found = extract_repeats(images, profile, asked, raters=("A", "B"), cache=tmp_path / "cache", jobs=1)
        assert found.ledger.empty
        return found.table

    return run


def test_the_masks_of_all_raters_are_compared_and_those_of_the_first_perturbed(
    measure: Callable[..., pd.DataFrame],
) -> None:
    table = measure("raters", "noise")
    assert list(table.columns[:4]) == KEY
    assert table.groupby("perturbation").size().to_dict() == {"noise": 4, "raters": 4}
    volume = table.set_index(["perturbation", "repetition"])["original_shape_VoxelVolume"].groupby(
        level=[0, 1]
    )
    assert volume.first().to_dict() == {
        ("noise", 0): 125,
        ("noise", 1): 125,
        ("raters", 0): 125,
        ("raters", 1): 150,
    }
    alone = measure("raters")
    assert set(alone["perturbation"]) == {"raters"}
    assert len(alone) == 4


def test_supervoxels_are_found_once_a_case_whatever_is_measured_in_them(
    measure: Callable[..., pd.DataFrame],
    images: pd.DataFrame,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def kept() -> list[str]:
        records = [json.loads(path.read_text()) for path in (tmp_path / "cache").rglob("*.json")]
        return [record["supervoxels"] for record in records if "supervoxels" in record]

    table = measure("contour", "contour+volume")
    assert len(table) == 8
    found = kept()
    assert len(found) == 2
    # Another kind and another profile on the same cases find nothing anew.
    (tmp_path / "few.yaml").write_text(PROFILE.replace("Mean", "Median"))
    other = read_profile(tmp_path / "few.yaml")
    asked = Perturbations(kinds=("contour+noise",), repetitions=2)
    extract_repeats(images, other, asked, raters=("A", "B"), cache=tmp_path / "cache", jobs=1)
    assert kept() == found
    # A repetition does not look for them again.
    case = case_files(images[images["rater"] == "A"], jobs=1, geometry_repair=None, minimum_voxels=8)[0]
    known = cut_into_supervoxels(SupervoxelTask(case, asked))["supervoxels"]
    assert known in found
    monkeypatch.setattr("samesplit.features.perturbation.perturb.supervoxels", None)
    values = extract_perturbed(PerturbedTask(case, other, "1", "contour", 1, asked, known))
    row = table[(table["lesion_id"] == "L1") & (table["perturbation"] == "contour")].iloc[1]
    assert values["values"]["original_shape_VoxelVolume"] == row["original_shape_VoxelVolume"]


def test_wide_repeats_have_a_row_a_measurement_and_the_columns_of_the_features_table() -> None:
    long = pd.DataFrame(
        [("L1", "T1", "noise", 0, 1.0), ("L1", "T2", "noise", 0, 2.0), ("L2", "T1", "noise", 0, 3.0)],
        columns=[*KEY, "mean"],
    )
    wide = wide_repeats({"p": long, "q": long[long["sequence"] == "T2"]})
    assert list(wide.columns) == [
        "lesion_id", "perturbation", "repetition", "p/T1/mean", "p/T2/mean", "q/T2/mean"
    ]  # fmt: skip
    assert wide.iloc[0, 3:].tolist() == [1.0, 2.0, 2.0]
    assert wide.iloc[1, 3:].isna().tolist() == [False, True, True]
    assert list(wide_repeats({}).columns) == ["lesion_id", "perturbation", "repetition"]


def test_changes_are_taken_within_a_repetition() -> None:
    long = pd.DataFrame(
        [
            ("L1", s, "noise", r, v)
            for s, r, v in (("T1", 0, 2.0), ("T1", 1, 0.0), ("T2", 0, 3.0), ("T2", 1, 3.0))
        ],
        columns=[*KEY, "mean"],
    )
    changed = with_changes(long, "T1")["mean_change_from_T1"]
    assert changed.iloc[2] == 0.5
    assert changed.isna().tolist() == [True, True, False, True]
