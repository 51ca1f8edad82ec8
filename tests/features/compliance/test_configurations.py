"""Configurations A to E on the CT phantom: all feature values and all diagnostics."""

from __future__ import annotations

import pytest

from samesplit.features.compliance.check import Compliance
from samesplit.features.compliance.reference import DATASETS


@pytest.mark.data
@pytest.mark.slow
@pytest.mark.parametrize("diagnostic", [False, True], ids=["features", "diagnostics"])
@pytest.mark.parametrize("dataset", DATASETS[1:])
def test_every_value_of_a_configuration_matches(
    full_compliance: Compliance, dataset: str, diagnostic: bool
) -> None:
    table = full_compliance.values
    rows = table[(table["dataset"] == dataset) & (table["diagnostic"] == diagnostic)]
    wrong = rows[~rows["state"].isin(["matched", "no reference"])]
    assert len(rows) > 0
    assert wrong.empty, wrong[["tag", "value", "reference_value", "tolerance"]].to_string()
    assert rows["value"].notna().all()


@pytest.mark.data
@pytest.mark.slow
def test_1804_values_and_300_diagnostics_match_in_all(full_compliance: Compliance) -> None:
    matched = full_compliance.summary.groupby("kind")["matched"].sum()
    assert matched.to_dict() == {"features": 1804, "diagnostics": 300}
    assert full_compliance.passed
    assert full_compliance.note == ""
