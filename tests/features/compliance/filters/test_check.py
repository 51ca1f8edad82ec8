"""Counting response maps and values of IBSI-2, finding its data, and writing."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import SimpleITK as sitk

from samesplit.errors import DataMissingError, LesionError
from samesplit.features.compliance.filters.check import (
    FilterCompliance,
    check_filters,
    compare_maps,
    compare_values,
)
from samesplit.features.compliance.filters.location import find_files
from samesplit.features.compliance.filters.reference import read_reference
from samesplit.features.compliance.filters.response_maps import TESTS

REFERENCED = [test for test in TESTS if test.has_reference]


def as_the_references(configuration: str = "") -> Mapping[str, float]:
    table = read_reference()
    rows = table[table["configuration"].isin([configuration] if configuration else ["A", "B"])]
    return dict(zip(rows["test"] + " " + rows["tag"], rows["reference_value"], strict=True))


def compliance(
    differences: Mapping[str, float] | None = None, values: Mapping[str, float] | None = None
) -> FilterCompliance:
    if differences is None:
        differences = dict.fromkeys((test.name for test in REFERENCED), 0.002)
    return FilterCompliance(
        compare_maps(differences), compare_values(as_the_references() if values is None else values)
    )


def place(path: Path, array: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    image = sitk.GetImageFromArray(array.astype(np.float32))
    image.SetSpacing((2.0, 2.0, 2.0))
    sitk.WriteImage(image, str(path))


def place_ct_phantom(data: Path) -> None:
    for name in ("image/phantom", "mask/mask"):
        place(data / "ibsi1" / "ct_phantom" / "nifti" / f"{name}.nii.gz", np.ones((2, 2, 2)))


def test_there_are_36_tests_with_33_maps_and_323_values() -> None:
    assert len(TESTS) == len({test.name for test in TESTS}) == 36
    assert len(REFERENCED) == 33
    assert read_reference()["reference_value"].notna().sum() == 323
    assert read_reference()["ibsi_code"].str.len().eq(4).all()


def test_the_references_themselves_pass() -> None:
    found = compliance()
    assert found.passed
    assert found.counts(found.response_maps, "filter_kind")["matched"].sum() == 33
    assert found.counts(found.feature_values, "configuration")["matched"].tolist() == [162, 161]
    assert found.counts(found.feature_values, "configuration")["no_reference"].tolist() == [0, 1]


@pytest.mark.parametrize("difference", [0.0101, math.nan])
def test_one_map_that_is_off_is_enough_not_to_pass(difference: float) -> None:
    differences = dict.fromkeys((test.name for test in REFERENCED), 0.01)
    assert compliance(differences).passed
    found = compliance(differences | {"8.a.2": difference})
    assert not found.passed
    assert found.response_maps.query("state == 'mismatched'")["test"].tolist() == ["8.a.2"]


def test_a_map_that_was_not_compared_is_enough_not_to_pass() -> None:
    differences = dict.fromkeys((test.name for test in REFERENCED[1:]), 0.0)
    found = compliance(differences)
    assert not found.passed
    assert found.response_maps.query("state == 'not computed'")["test"].tolist() == ["1.a.1"]


@pytest.mark.parametrize(
    ("change", "state"),
    [
        ({"3.B stat_mean": 1e6}, "mismatched"),
        ({"3.B stat_mean": math.nan}, "mismatched"),
        ({}, "not computed"),
    ],
)
def test_one_wrong_or_missing_value_is_enough_not_to_pass(change: dict[str, float], state: str) -> None:
    values = dict(as_the_references())
    del values["3.B stat_mean"]
    found = compliance(values=values | change)
    assert not found.passed
    row = found.feature_values.query("state == @state").iloc[0]
    assert (row["test"], row["tag"]) == ("3.B", "stat_mean")
    assert (found.feature_values["state"] == "matched").sum() == 322


def test_a_value_may_be_off_by_its_tolerance_and_no_more() -> None:
    row = read_reference().iloc[0]
    values = dict(as_the_references())
    name = f"{row['test']} {row['tag']}"
    values[name] = row["reference_value"] + row["tolerance"]
    assert compliance(values=values).passed
    values[name] += 0.01 * row["tolerance"]
    assert not compliance(values=values).passed


def test_what_has_no_reference_is_no_mismatch_whatever_it_is() -> None:
    assert compliance(values=dict(as_the_references()) | {"8.B stat_qcod": 12345.0}).passed


def test_every_row_is_written_beside_its_reference(tmp_path: Path) -> None:
    compliance().write(tmp_path / "found.csv")
    table = pd.read_csv(tmp_path / "found.csv")
    assert len(table) == 36 + 324
    assert table["kind"].value_counts().to_dict() == {"feature value": 324, "response map": 36}
    maps = table[table["kind"] == "response map"].set_index("test")
    assert maps.loc["8.a.1", ["filter", "value", "tolerance", "state"]].tolist() == [
        "simoncelli_1_periodic",
        0.002,
        0.01,
        "matched",
    ]


@pytest.mark.parametrize(
    ("phantom", "response"),
    [
        ("ibsi2/phantoms/impulse.nii.gz", "ibsi2/maps/2_a.nii.gz"),
        ("phantoms/impulse.nii.gz", "maps/2_a.nii.gz"),
        (
            "data_sets/ibsi_2_digital_phantom/nifti/impulse/image/impulse.nii.gz",
            "ibsi_2_reference_data/reference_response_maps/2_a-ValidCRM.nii",
        ),
    ],
)
def test_files_are_found_as_they_are_published_and_as_folders_of_files(
    phantom: str, response: str, tmp_path: Path
) -> None:
    for name in (phantom, response):
        place(tmp_path / name, np.zeros((2, 2, 2)))
    found = find_files(tmp_path, ["impulse", "sphere"], ["2_a", "2_b"])
    assert dict(found.phantoms) == {"impulse": tmp_path / phantom}
    assert dict(found.maps) == {"2_a": tmp_path / response}


def test_maps_are_computed_of_the_phantoms_that_are_there_and_the_note_names_the_others(
    tmp_path: Path,
) -> None:
    impulse = np.zeros((9, 9, 9))
    impulse[4, 4, 4] = 255
    place(tmp_path / "ibsi2" / "phantoms" / "impulse.nii.gz", impulse)
    place(tmp_path / "ibsi2" / "maps" / "5_a_1.nii.gz", impulse)
    told: list[tuple[int, int]] = []
    found = check_filters(tmp_path, progress=lambda done, total: told.append((done, total)))
    assert found.response_maps.query("state == 'mismatched'")["test"].tolist() == ["5.a.1"]
    assert not found.passed
    assert found.feature_values["state"].isin(["not computed", "no reference"]).all()
    assert "checkerboard, pattern_1, sphere" in found.note
    assert "32 reference response maps" in found.note
    assert "the CT phantom" in found.note
    assert told[0] == (0, 38)
    assert told[-1] == (38, 38)


def test_values_are_those_of_the_two_configurations(tmp_path: Path) -> None:
    place_ct_phantom(tmp_path)
    asked: list[str] = []

    def compute(configuration: str) -> Mapping[str, float]:
        asked.append(configuration)
        return as_the_references(configuration)

    found = check_filters(tmp_path, compute=compute)
    assert asked == ["A", "B"]
    assert (found.feature_values["state"] == "matched").sum() == 323


def test_without_data_nothing_is_computed_and_nothing_passes() -> None:
    found = check_filters(None)
    assert not found.passed
    assert set(found.response_maps["state"]) == {"not computed", "no reference"}
    assert "33 reference response maps and the CT phantom" in found.note


def test_a_folder_without_any_of_it_is_an_error_that_says_where_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(DataMissingError) as caught:
        check_filters(tmp_path)
    assert caught.value.remedy is not None
    assert "https://github.com/theibsi/ibsi_2_reference_data" in caught.value.remedy


def test_a_damaged_phantom_is_named(tmp_path: Path) -> None:
    broken = tmp_path / "phantoms" / "impulse.nii.gz"
    broken.parent.mkdir()
    broken.write_bytes(b"no image")
    with pytest.raises(LesionError, match=r"impulse\.nii\.gz"):
        check_filters(tmp_path)
