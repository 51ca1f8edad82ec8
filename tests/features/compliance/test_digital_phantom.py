"""Every value of the IBSI-1 digital phantom, without any data."""

from __future__ import annotations

import numpy as np
import pytest

from samesplit.features.catalogue import FAMILIES
from samesplit.features.compliance.check import Compliance
from samesplit.features.compliance.datasets import digital_phantom_values
from samesplit.features.compliance.phantom import digital_phantom, phantom_levels


def test_the_phantom_is_the_manuals() -> None:
    region = digital_phantom()
    assert region.intensities.shape == (4, 4, 5)
    assert np.bincount(region.values().astype(int)).tolist() == [0, 50, 0, 1, 16, 0, 7]
    assert region.intensities[2, 2, 2] == 9.0
    assert region.intensity[2, 2, 2] == 0
    assert np.array_equal(phantom_levels().levels[1:-1, 1:-1, 1:-1], region.intensities * region.intensity)


@pytest.mark.parametrize("family", [one.name for one in FAMILIES.values()])
def test_every_value_of_a_family_matches(phantom_compliance: Compliance, family: str) -> None:
    table = phantom_compliance.table
    rows = table[(table["dataset"] == "digital_phantom") & (table["family"] == family)]
    wrong = rows[~rows["state"].isin(["matched", "no reference"])]
    assert len(rows) > 0
    assert wrong.empty, wrong[["tag", "value", "reference_value", "tolerance"]].to_string()


def test_all_487_values_are_computed_and_482_have_a_reference(phantom_compliance: Compliance) -> None:
    table = phantom_compliance.table
    rows = table[table["dataset"] == "digital_phantom"]
    assert rows["state"].value_counts().to_dict() == {"matched": 482, "no reference": 5}
    assert rows["value"].notna().all()


def test_without_data_the_ct_phantom_counts_as_not_computed(phantom_compliance: Compliance) -> None:
    summary = phantom_compliance.summary.set_index(["dataset", "kind"])
    assert summary.loc[("config_A", "features"), "not_computed"] == 346
    assert "configurations A to E were not computed" in phantom_compliance.note
    assert not phantom_compliance.passed


def test_values_are_the_same_bits_at_every_run() -> None:
    first, second = digital_phantom_values(), digital_phantom_values()
    assert np.array_equal(np.array(list(first.values())), np.array(list(second.values())))
