"""Configurations A to E on the CT phantom: all feature values and all diagnostics."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from samesplit.features.compliance.check import Compliance, compare
from samesplit.features.compliance.datasets import (
    ct_phantom_diagnostics,
    ct_phantom_settings,
    read_ct_phantom,
)
from samesplit.features.compliance.location import ct_phantom_folder
from samesplit.features.compliance.reference import DATASETS
from samesplit.features.engines.ibsi import extraction
from samesplit.features.engines.ibsi.settings import Discretisation, FeatureChoice
from samesplit.features.families.morphology import SHAPE_TAGS
from samesplit.features.families.texture import MaskGeometry
from samesplit.imaging.case import Case


@pytest.mark.data
@pytest.mark.parametrize("diagnostic", [False, True], ids=["features", "diagnostics"])
@pytest.mark.parametrize("dataset", DATASETS[1:])
def test_every_value_of_a_configuration_matches(
    full_compliance: Compliance, dataset: str, diagnostic: bool
) -> None:
    table = full_compliance.table
    rows = table[(table["dataset"] == dataset) & (table["diagnostic"] == diagnostic)]
    wrong = rows[~rows["state"].isin(["matched", "no reference"])]
    assert len(rows) > 0
    assert wrong.empty, wrong[["tag", "value", "reference_value", "tolerance"]].to_string()
    assert rows["value"].notna().all()


@pytest.mark.data
def test_1804_values_and_300_diagnostics_match_in_all(full_compliance: Compliance) -> None:
    matched = full_compliance.summary.groupby("kind")["matched"].sum()
    assert matched.to_dict() == {"features": 1804, "diagnostics": 300}
    assert full_compliance.passed
    assert full_compliance.note == ""


def mismatches(dataset: str, found: dict[str, float]) -> dict[str, int]:
    """Family -> how many of its values do not match; diagnostics by the stage that they describe."""
    rows = compare({dataset: found}).table.query("dataset == @dataset and state == 'mismatched'")
    return {str(family): len(group) for family, group in rows.groupby("family")}


@pytest.fixture(scope="module")
def ct_phantom(shared_data: Path) -> Case:
    """The CT phantom as read."""
    return read_ct_phantom(ct_phantom_folder(shared_data))


@pytest.mark.data
@pytest.mark.parametrize(
    ("dataset", "change", "failures"),
    [
        ("config_B", {"mask_interpolation": "nearest"}, 1),
        ("config_C", {"mask_interpolation": "nearest"}, 12),
        ("config_C", {"mask_threshold": 0.50001}, 12),
        ("config_E", {"mask_threshold": 0.50001}, 12),
    ],
)
def test_another_mask_interpolation_is_noticed_in_the_diagnostics(
    ct_phantom: Case, dataset: str, change: dict[str, Any], failures: int
) -> None:
    processing = ct_phantom_settings(dataset).processing.model_copy(update=change)
    found = mismatches(dataset, ct_phantom_diagnostics(ct_phantom, processing))
    assert sum(found.values()) == failures


@pytest.mark.data
def test_one_mask_in_place_of_two_is_noticed_in_configuration_a(
    ct_phantom: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(extraction, "MaskGeometry", lambda _, intensity: MaskGeometry(intensity, intensity))
    settings = ct_phantom_settings("config_A").model_copy(
        update={"features": FeatureChoice(morphology=SHAPE_TAGS, gldzm="all")}
    )
    found = mismatches("config_A", extraction.extract(ct_phantom, settings))
    assert found["Grey level distance zone matrix"] == 20
    assert found["Morphology"] >= 15


@pytest.mark.data
def test_bins_and_volume_histogram_from_the_lesions_own_minimum_are_noticed_in_configuration_c(
    ct_phantom: Case,
) -> None:
    settings = ct_phantom_settings("config_C").model_copy(
        update={
            "discretisation": (Discretisation(method="FBS", width=25, origin=-939),),
            "features": FeatureChoice(histogram="all"),
        }
    )
    found = mismatches("config_C", extraction.extract(ct_phantom, settings))
    assert found == {"Intensity histogram": 12}
