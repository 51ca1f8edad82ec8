"""Counting, finding the CT phantom, and writing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import SimpleITK as sitk

from samesplit.errors import DataMissingError
from samesplit.features.compliance.check import check, compare
from samesplit.features.compliance.location import ct_phantom_folder
from samesplit.features.compliance.reference import DATASETS, read_reference


def as_the_references(dataset: str) -> dict[str, float]:
    table = read_reference().query("dataset == @dataset")
    return dict(zip(table["tag"], table["reference_value"], strict=True))


def place_phantom(folder: Path) -> Path:
    for name in ("image/phantom.nii.gz", "mask/mask.nii.gz"):
        path = folder / "nifti" / name
        path.parent.mkdir(parents=True)
        path.touch()
    return folder


def test_the_references_themselves_pass() -> None:
    compliance = compare({dataset: as_the_references(dataset) for dataset in DATASETS})
    summary = compliance.summary
    assert compliance.passed
    assert summary.groupby("kind")["values"].sum().to_dict() == {"features": 1804, "diagnostics": 300}
    assert (summary["values"] == summary["matched"]).all()
    assert summary["no_reference"].sum() == 30


@pytest.mark.parametrize(
    ("change", "column"),
    [({"stat_mean": 2.17}, "mismatched"), ({"stat_mean": float("nan")}, "mismatched"), ({}, "not_computed")],
)
def test_one_wrong_or_missing_value_is_enough_not_to_pass(change: dict[str, float], column: str) -> None:
    computed = {dataset: as_the_references(dataset) for dataset in DATASETS}
    del computed["digital_phantom"]["stat_mean"]
    computed["digital_phantom"] |= change
    compliance = compare(computed)
    assert not compliance.passed
    assert compliance.summary[column].tolist() == [1] + [0] * 10


def test_values_without_reference_are_no_mismatch_whatever_they_are() -> None:
    computed = {dataset: as_the_references(dataset) for dataset in DATASETS}
    computed["config_C"]["ivh_auc"] = 12345.0
    assert compare(computed).passed


def test_all_datasets_are_computed_where_the_ct_phantom_is(tmp_path: Path) -> None:
    place_phantom(tmp_path / "ibsi1" / "ct_phantom")
    asked: list[str] = []

    def compute(dataset: str) -> dict[str, float]:
        asked.append(dataset)
        return as_the_references(dataset)

    assert check(tmp_path, compute=compute).passed
    assert asked == list(DATASETS)


def test_every_value_of_every_configuration_is_computed_by_the_built_in_profiles(tmp_path: Path) -> None:
    grid = np.indices((10, 24, 24)) - np.array([4.5, 11.5, 11.5])[:, None, None, None]
    mask = (grid[0] * 3) ** 2 + grid[1] ** 2 + grid[2] ** 2 < 100
    image = np.random.default_rng(5).normal(0, 100, mask.shape) + 5 * grid[2]
    for array, name in ((image.astype(np.float32), "image/phantom"), (mask.astype(np.uint8), "mask/mask")):
        volume = sitk.GetImageFromArray(array)
        volume.SetSpacing((0.977, 0.977, 3.0))
        path = tmp_path / "nifti" / f"{name}.nii.gz"
        path.parent.mkdir(parents=True)
        sitk.WriteImage(volume, str(path))
    compliance = check(tmp_path)
    assert compliance.table["value"].notna().all()
    assert compliance.summary.loc[0, "matched"] == 482
    assert (compliance.summary["mismatched"][1:] > 0).all()
    assert not compliance.passed


@pytest.mark.parametrize("name", ["", "ct_phantom", "ibsi1/ct_phantom", "ibsi_1_ct_radiomics_phantom"])
def test_the_ct_phantom_is_found_at_or_below_the_place_named(tmp_path: Path, name: str) -> None:
    folder = place_phantom(tmp_path / name)
    assert ct_phantom_folder(tmp_path) == folder


def test_an_absent_ct_phantom_is_an_error_that_says_where_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(DataMissingError) as caught:
        check(tmp_path)
    assert "ibsi1/ct_phantom" in caught.value.problem
    assert caught.value.remedy is not None
    assert "https://github.com/theibsi/data_sets" in caught.value.remedy


def test_every_value_is_written_beside_its_reference(tmp_path: Path) -> None:
    compliance = compare({"digital_phantom": {"stat_mean": 2.1486486}})
    compliance.write(tmp_path / "values.csv")
    table = pd.read_csv(tmp_path / "values.csv")
    assert len(table) == 2134
    row = table[(table["dataset"] == "digital_phantom") & (table["tag"] == "stat_mean")].iloc[0]
    assert (row["value"], row["reference_value"], row["state"]) == (2.1486486, 2.15, "matched")
