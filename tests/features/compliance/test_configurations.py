"""Configurations A to E on the CT phantom: all feature values and all diagnostics."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from samesplit.features.compliance import configurations
from samesplit.features.compliance.check import Compliance, compare, ct_phantom_folder
from samesplit.features.compliance.configurations import CONFIGURATIONS, Configuration, Stages, process
from samesplit.features.compliance.reference import DATASETS
from samesplit.features.processing.discretisation import fixed_bin_size
from samesplit.features.volume import Case


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


def mismatches(shared_data: Path, dataset: str) -> dict[str, int]:
    """Family code -> how many of its features do not match; diagnostics by the stage they describe."""
    found = configurations.ct_phantom_values(ct_phantom_folder(shared_data), dataset)
    rows = compare({dataset: found}).values.query("dataset == @dataset and state == 'mismatched'")
    return {str(family): len(group) for family, group in rows.groupby("family")}


@pytest.mark.data
@pytest.mark.slow
def test_one_mask_in_place_of_two_is_noticed_in_configuration_a(
    shared_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def with_one_mask(case: Case, how: Configuration) -> Stages:
        stages = process(case, how)
        region = stages.resegmented
        return replace(stages, resegmented=replace(region, morphological=region.intensity))

    monkeypatch.setattr(configurations, "process", with_one_mask)
    found = mismatches(shared_data, "config_A")
    assert found == {
        "Morphology": 19,
        "Grey level distance zone matrix": 20,
        "Diagnostics-resegmented ROI": 1,
    }


@pytest.mark.data
@pytest.mark.slow
def test_bins_and_volume_histogram_from_the_lesions_own_minimum_are_noticed_in_configuration_c(
    shared_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = replace(CONFIGURATIONS["config_C"], levels=partial(fixed_bin_size, width=25, origin=-939), ivh={})
    monkeypatch.setitem(CONFIGURATIONS, "config_C", other)
    found = mismatches(shared_data, "config_C")
    assert found["Intensity histogram"] == 12
    assert found["Intensity-volume histogram"] == 3
