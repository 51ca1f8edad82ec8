"""When a value matches its reference."""

from __future__ import annotations

import math

import pytest

from samesplit.features.compliance.reference import DATASETS, matches, read_reference, rounded


@pytest.mark.parametrize(
    ("value", "reference", "tolerance", "expected"),
    [
        (0.69849, 0.698, 0.0, True),
        (0.6986, 0.698, 0.0, False),
        (0.7024, 0.698, 0.004, True),
        (0.7026, 0.698, 0.004, False),
        (-0.0204, -0.0204, 0.0, True),
        (1234.4, 1230.0, 0.0, True),
        (0.0, 0.0, 0.0, True),
        (math.nan, 1.0, 10.0, False),
        (math.inf, 1.0, 10.0, False),
    ],
)
def test_values_are_rounded_to_three_digits_and_held_against_the_tolerance(
    value: float, reference: float, tolerance: float, expected: bool
) -> None:
    assert matches(value, reference, tolerance) is expected


def test_a_voxel_count_is_held_against_all_its_digits() -> None:
    table = read_reference().set_index(["dataset", "tag"])
    row = table.loc[("config_A", "int_mask_vox_count_init_roi")]
    assert row["digits"] == 6
    assert matches(125256.0, row["reference_value"], row["tolerance"], digits=row["digits"])
    assert not matches(125257.0, row["reference_value"], row["tolerance"], digits=row["digits"])


def test_features_are_compared_in_three_digits() -> None:
    table = read_reference()
    with_reference = table[~table["diagnostic"] & table["reference_value"].notna()]
    assert set(with_reference["digits"]) == {3}


def test_the_table_holds_what_the_consensus_holds() -> None:
    table = read_reference()
    assert tuple(table["dataset"].unique()) == DATASETS
    assert not table.duplicated(["dataset", "tag"]).any()
    with_reference = table[table["reference_value"].notna()]
    assert (with_reference["tolerance"] >= 0).all()
    counts = with_reference.groupby("diagnostic").size()
    assert counts.to_dict() == {False: 1804, True: 300}


def test_reading_gives_a_copy() -> None:
    table = read_reference()
    table["reference_value"] = 0.0
    assert read_reference()["reference_value"].max() > 0


def test_rounding_is_to_significant_digits() -> None:
    assert (rounded(-46.94), rounded(0.00012345), rounded(999.6)) == (-46.9, 0.000123, 1000.0)
