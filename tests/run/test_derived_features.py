"""Declared derived features reach models, the catalogue of the run and the study in Python like any other."""

from __future__ import annotations

from pathlib import Path

import pytest

from conftest import SmallStudy
from samesplit.api.study import open_benchmark
from samesplit.errors import DeclarationError
from samesplit.run import RunOptions, load_plan
from samesplit.run.feature_stage import extract_features
from samesplit.run.model_inputs import inputs_of
from samesplit.run.progress import SilentReporter

DECLARED = """
derived_features:
  ratio: {{formula: "(T2 - T1C) / T1C", profile: first-order, feature: {feature}}}
"""
MEAN = "original_firstorder_Mean"


def declare(study: SmallStudy, feature: str = MEAN) -> Path:
    path = study.folder / "benchmark.yaml"
    path.write_text(path.read_text() + DECLARED.format(feature=feature))
    return study.folder


def test_a_model_sees_the_ratio_and_a_lesion_without_a_part_has_none(small_study: SmallStudy) -> None:
    small_study.edit("images.csv", lambda t: t[(t["lesion_id"] != "L01a") | (t["sequence"] != "T1C")])
    plan = load_plan(declare(small_study), RunOptions(jobs=1))
    stage = extract_features(plan, SilentReporter())
    forest = next(model for model in plan.models if model.name == "forest")
    cases = inputs_of(forest, plan, stage.features, stage.unreadable, stage.repeats).by_rater["R1"]
    ratio, table = cases.features["first-order/T2/ratio"], cases.features
    parts = [table[f"first-order/{sequence}/{MEAN}"] for sequence in ("T2", "T1C")]
    assert ratio.drop("L01a").tolist() == pytest.approx((parts[0] / parts[1] - 1).drop("L01a").tolist())
    assert ratio.isna().tolist() == [lesion == "L01a" for lesion in ratio.index]
    told = stage.ledger[stage.ledger["stage"] == "derived features"]
    assert told["lesion_id"].tolist() == ["L01a"]
    assert f"no {MEAN} on T1C" in told["reason"].iloc[0]


def test_the_study_in_python_has_it_too(small_study: SmallStudy) -> None:
    study = open_benchmark(declare(small_study))
    assert "first-order/T2/ratio" in study.features().columns
    assert "first-order/T2/ratio" not in study.features(sequences=["T2"]).columns


@pytest.mark.parametrize(
    ("feature", "told"),
    [("original_firstorder_Maen", "did you mean 'original_firstorder_Mean'"), ("volume", "features list")],
)
def test_a_feature_that_the_profile_lacks_is_told(small_study: SmallStudy, feature: str, told: str) -> None:
    with pytest.raises(DeclarationError, match=told):
        load_plan(declare(small_study, feature), RunOptions(jobs=1))


def test_a_name_that_the_profile_has_already_is_told(small_study: SmallStudy) -> None:
    path = declare(small_study) / "benchmark.yaml"
    path.write_text(path.read_text().replace("  ratio:", f"  {MEAN}:"))
    with pytest.raises(DeclarationError, match="has a feature of this name already"):
        load_plan(small_study.folder, RunOptions(jobs=1))
