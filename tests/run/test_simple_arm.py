"""The strong simple model beside whatever learns from features: added, listed, chosen, or left out."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from conftest import SmallStudy
from samesplit.benchmarks.definition import read_benchmark
from samesplit.errors import DeclarationError, WorkspaceError
from samesplit.run import RunOptions, load_plan
from samesplit.run.external_predictions import keep_external
from samesplit.tasks import DEFAULT_TASK
from samesplit.workflows.run import run_benchmark
from samesplit.workflows.show import effective_settings
from samesplit.workspace import Workspace

QUICK = RunOptions(jobs=1)
GRID = "kind: radiomics-grid\ntitle: Grid\nselectors: [anova-f]\nclassifiers: [lda]\nsizes: [2]\ninner_folds: 2\n"


def declare(study: SmallStudy, models: str, arm: str = "") -> SmallStudy:
    """The study with some models, and what it says of the simple arm."""
    (study.root / "models" / "grid.yaml").write_text(GRID)
    path = study.folder / "benchmark.yaml"
    text = path.read_text().replace("models: [zero-rule, clinical-logistic, forest]", f"models: [{models}]")
    path.write_text(text.replace("simple_arm: null\n", arm).replace("reference: forest", "reference: grid"))
    return study


def names(study: SmallStudy, **options: object) -> tuple[list[str], str | None, tuple[str, ...]]:
    plan = load_plan(study.folder, replace(QUICK, **options))  # type: ignore[arg-type]
    return [model.name for model in plan.models], plan.simple_arm, plan.added


def test_ridge_stands_beside_a_model_that_learns_from_features(small_study: SmallStudy) -> None:
    study = declare(small_study, "zero-rule, grid")
    assert names(study) == (["zero-rule", "grid", "ridge"], "ridge", ("ridge",))
    assert "kind: ridge" in effective_settings(study.folder)


def test_nothing_is_added_where_nothing_learns_from_features_or_none_is_wanted(
    small_study: SmallStudy,
) -> None:
    study = declare(small_study, "zero-rule, clinical-logistic")
    text = (study.folder / "benchmark.yaml").read_text()
    (study.folder / "benchmark.yaml").write_text(text.replace("reference: grid, ", ""))
    assert names(study) == (["zero-rule", "clinical-logistic"], None, ())


def test_untuned_catboost_may_be_the_arm_that_stands_beside_a_grid(small_study: SmallStudy) -> None:
    pytest.importorskip("catboost")
    study = declare(small_study, "zero-rule, grid", "simple_arm: catboost\n")
    assert names(study) == (["zero-rule", "grid", "catboost"], "catboost", ("catboost",))


def test_null_leaves_it_out(small_study: SmallStudy) -> None:
    assert names(declare(small_study, "grid", "simple_arm: null\n")) == (["grid"], None, ())


def test_a_listed_model_is_the_arm_and_counts_as_a_model(small_study: SmallStudy) -> None:
    assert names(declare(small_study, "ridge, grid")) == (["ridge", "grid"], "ridge", ())


def test_another_model_file_may_be_the_arm(small_study: SmallStudy) -> None:
    study = declare(small_study, "grid", "simple_arm: forest\n")
    assert names(study) == (["grid", "forest"], "forest", ("forest",))


def test_an_added_arm_that_fails_fails_no_run(small_study: SmallStudy) -> None:
    study = declare(small_study, "zero-rule", "simple_arm: forest\n")
    path = study.folder / "benchmark.yaml"
    path.write_text(path.read_text().replace("models: [zero-rule]", "models: [zero-rule, grid]"))
    forest = study.root / "models" / "forest.yaml"
    forest.write_text(forest.read_text().replace("n_estimators: 20", "n_estimators: -1"))

    outcome = run_benchmark(load_plan(study.folder, QUICK))

    assert outcome.failures == {}
    assert sum("left out" in note and "n_estimators" in note for note in outcome.notes) == 1
    assert run_benchmark(load_plan(study.folder, QUICK)).unchanged


def test_a_run_of_some_models_takes_it_when_it_is_named(small_study: SmallStudy) -> None:
    study = declare(small_study, "zero-rule, grid")
    assert names(study, only=("grid",)) == (["grid"], None, ())
    assert names(study, only=("ridge", "grid")) == (["ridge", "grid"], "ridge", ("ridge",))


def test_an_arm_that_is_not_there_or_learns_from_no_features_is_refused(small_study: SmallStudy) -> None:
    study = declare(small_study, "grid", "simple_arm: lesion-size\n")
    with pytest.raises(DeclarationError, match=r"does not learn from features[\s\S]*simple_arm: ridge"):
        names(study)
    path = study.folder / "benchmark.yaml"
    path.write_text(path.read_text().replace("simple_arm: lesion-size", "simple_arm: rigde"))
    with pytest.raises(WorkspaceError, match="did you mean 'ridge'"):
        names(study)


def test_predictions_that_were_joined_under_its_name_keep_it(small_study: SmallStudy) -> None:
    study = declare(small_study, "zero-rule, grid")
    one = {"model": "ridge", "seed": 0, "repeat": 0, "fold": 0, "subset": "test", "rater": "R1"}
    table = pd.DataFrame([one | {"lesion_id": "L1", "probability": 0.5}])
    workspace, task = Workspace(study.root), read_benchmark(study.folder).all_tasks()[DEFAULT_TASK]
    keep_external(workspace, "balls", title="Ridge", predictions=table, source=Path("ridge.csv"), task=task)

    plan = load_plan(study.folder, QUICK)

    assert names(study) == (["zero-rule", "grid"], None, ())
    assert [external.name for external in plan.externals] == ["ridge"]


def judged(study: SmallStudy) -> tuple[pd.DataFrame, dict[str, object], str]:
    outcome = run_benchmark(load_plan(study.folder, QUICK))
    record = json.loads((outcome.folder / "run.json").read_text())
    return pd.read_parquet(outcome.folder / "results.parquet"), record, outcome.report.read_text()


def test_it_changes_no_other_result_and_is_a_control_of_the_report(
    small_study: SmallStudy, undrawn: None, tmp_path: Path
) -> None:
    study = declare(small_study, "zero-rule, clinical-logistic, grid", "simple_arm: null\n")
    before, _, page = judged(study)
    assert "Gain of the grid search over a simple model" not in page
    path = study.folder / "benchmark.yaml"
    path.write_text(path.read_text().replace("simple_arm: null\n", ""))
    after, record, page = judged(study)

    assert record["simple_arm"] == "ridge"
    assert [model["control"] for model in record["models"]] == [False, False, False, True]
    others = after[(after["model"] != "ridge") & (after["reference"] != "ridge")].reset_index(drop=True)
    pd.testing.assert_frame_equal(others, before.reset_index(drop=True))
    differences = after[
        (after["quantity"] == "auc_difference")
        & ((after["model"] == "ridge") | (after["reference"] == "ridge"))
    ]
    assert len(differences) == 3
    assert differences["p_adjusted"].notna().any()
    assert "Gain of the grid search over a simple model" in page
    assert "P is adjusted over 3 pairs, and over the 3 with Ridge on all features apart" in page
