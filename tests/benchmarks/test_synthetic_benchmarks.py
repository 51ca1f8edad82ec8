"""The benchmarks of synthetic cohorts hold the tables that their settings make."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

from samesplit.benchmarks.synthetic import SyntheticSettings, parse_settings, tables
from samesplit.benchmarks.synthetic.outcomes import INDETERMINATE

ROOT = Path(__file__).parents[2] / "benchmarks"
SHARED = ("synthetic-renal-subtypes", "synthetic-renal-tasks", "synthetic-renal-test-sets")


def declared(name: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / name / "benchmark.yaml").read_text(encoding="utf-8"))
    return found


def test_the_demonstration_is_the_cohort_of_its_settings() -> None:
    made = tables(SyntheticSettings.model_validate(declared("demo-renal-mass")["data"]["synthetic"]))
    for table, name in zip(made, ("lesions", "images", "readings"), strict=True):
        assert (ROOT / "demo-renal-mass" / f"{name}.csv").read_text() == table.to_csv(index=False)


def test_three_benchmarks_share_one_cohort_that_is_made_once() -> None:
    """Another setting in one of them would make its images anew and take away those of the others."""
    data = [declared(name)["data"] for name in SHARED]
    assert data[0] == data[1] == data[2]


@pytest.mark.parametrize("name", SHARED)
def test_their_tables_are_the_cohort_of_the_settings_with_what_the_question_needs(name: str) -> None:
    lesions, images, _ = tables(SyntheticSettings.model_validate(declared(name)["data"]["synthetic"]))
    if name != "synthetic-renal-tasks":
        lesions = lesions.drop(columns=["grade", "months", "recurrence"])
    if name == "synthetic-renal-test-sets":  # the one question asks every lesion for its class
        lesions = lesions[lesions["label"] != INDETERMINATE]
    of_rater = images[(images["rater"] == "R1") & images["lesion_id"].isin(lesions["lesion_id"])]
    assert (ROOT / name / "lesions.csv").read_text() == lesions.to_csv(index=False)
    assert (ROOT / name / "images.csv").read_text() == of_rater.to_csv(index=False)
    split = pd.read_csv(ROOT / name / "splits.csv")
    assert set(split["patient_id"]) == set(lesions["patient_id"])


@pytest.mark.parametrize("name", ["synthetic-renal-1200", "synthetic-renal-ct"])
def test_a_benchmark_with_a_cohort_of_its_own_holds_the_tables_of_its_settings(name: str) -> None:
    lesions, images, _ = tables(parse_settings(declared(name)["data"]["synthetic"]))
    assert (ROOT / name / "lesions.csv").read_text() == lesions.to_csv(index=False)
    assert (ROOT / name / "images.csv").read_text() == images.to_csv(index=False)
    split = pd.read_csv(ROOT / name / "splits.csv")
    assert set(split["patient_id"]) == set(lesions["patient_id"])


def test_the_large_cohort_has_a_thousand_lesions_to_train_on() -> None:
    split = pd.read_csv(ROOT / "synthetic-renal-1200" / "splits.csv")
    assert split["subset"].value_counts().to_dict() == {"train": 1000, "test": 400, "validation": 200}
