"""`samesplit perturb` and models that use stability, on the small study."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from samesplit.errors import DeclarationError
from samesplit.run import RunOptions, SilentReporter, load_plan
from samesplit.run.feature_stage import extract_features
from samesplit.run.model_stage import predict_folds
from samesplit.tasks import DEFAULT_TASK
from samesplit.workflows.perturb import STABILITY_COLUMNS, measure_robustness, read_perturbations

NOISE = ("noise", "displacement")


def _few(study: Any, patients: int = 6) -> None:
    """Leave a few patients and one sequence, to be quick; no split is needed here."""
    names = [f"P{p:02d}" for p in range(1, patients + 1)]
    table = pd.read_csv(study.folder / "lesions.csv", dtype=str)
    lesions = table.loc[table["patient_id"].isin(names), "lesion_id"]
    for file in ("lesions.csv", "images.csv"):
        study.edit(file, lambda rows: rows[rows["lesion_id"].isin(lesions)])
    _one_sequence(study)


def _one_sequence(study: Any) -> None:
    study.edit("images.csv", lambda rows: rows[rows["sequence"] == "T1C"])
    text = (study.folder / "benchmark.yaml").read_text()
    text = text.replace("sequences: [T1C, T2]", "sequences: [T1C]").replace(
        "first-order: [T1C, T2]", "first-order: [T1C]"
    )
    (study.folder / "benchmark.yaml").write_text(text)


def test_each_feature_has_its_icc_and_one_failed_lesion_costs_one(small_study: Any) -> None:
    _few(small_study)
    small_study.mask("L03a").write_bytes(b"no image")
    asked = read_perturbations(None, kinds=NOISE, repetitions=2)
    found = measure_robustness(small_study.folder, asked, jobs=2)
    assert found.folder == small_study.root / "reports" / "balls" / "stability"
    table = pd.read_csv(found.folder / "stability.csv")
    assert list(table.columns) == STABILITY_COLUMNS
    assert set(table["perturbation"]) == set(NOISE)
    assert set(table["n_lesions"]) == {5}
    assert set(table["family"]) == {"firstorder"}
    assert len(table) == 2 * table["feature"].nunique()
    mean = table.query("feature == 'original_firstorder_Mean'").set_index("perturbation")["icc"]
    assert mean["noise"] > 0.9  # the mean over a ball hardly feels noise
    wide = pd.read_csv(found.folder / "by_perturbation.csv").set_index("feature")
    assert wide.loc["original_firstorder_Mean", "lowest"] == pytest.approx(mean.min())
    ledger = pd.read_csv(found.folder / "ledger.csv")
    assert set(ledger.loc[ledger["status"] == "failed", "lesion_id"]) == {"L03a"}
    masks = pd.read_csv(found.folder / "masks.csv")
    assert masks.query("perturbation == 'noise'")["dice"].eq(1).all()
    assert masks.query("perturbation == 'displacement'")["dice"].between(0.5, 0.999).any()
    assert (found.folder / "stability.svg").read_text().startswith("<svg")
    assert json.loads((found.folder / "record.json").read_text())["perturbations"]["repetitions"] == 2
    repeats = pd.read_parquet(found.folder / "repeats" / "first-order.parquet")
    assert len(repeats) == 5 * 2 * 2


def test_a_second_call_takes_everything_from_the_cache_and_writes_the_same(
    small_study: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    _few(small_study, 3)
    asked = read_perturbations(None, kinds=["noise"], repetitions=2)
    first = measure_robustness(small_study.folder, asked, jobs=2)

    def never(*_: Any, **__: Any) -> Any:
        raise AssertionError("computed again")

    monkeypatch.setattr(
        "samesplit.execution.dispatch.map_in_processes", lambda f, c, jobs: iter(map(never, c))
    )
    again = measure_robustness(small_study.folder, asked, jobs=1, output=tmp_path / "elsewhere")
    pd.testing.assert_frame_equal(again.table, first.table)
    assert (again.folder / "stability.svg").read_bytes() == (first.folder / "stability.svg").read_bytes()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"profiles": ["shape"]}, "extracts no profile 'shape'"),
        ({"sequences": ["PET"]}, "extracts no sequence 'PET'"),
        ({"kinds": ["raters"]}, "the masks of one rater"),
        ({"kinds": ["contours"]}, "there is no perturbation 'contours'"),
        ({"kinds": ["noise", "noise"]}, "named more than once: noise"),
    ],
)
def test_what_is_not_there_is_an_error(small_study: Any, change: dict[str, Any], message: str) -> None:
    kinds = change.get("kinds", ())
    chosen = {name: value for name, value in change.items() if name != "kinds"}
    with pytest.raises(DeclarationError, match=message):
        measure_robustness(small_study.folder, read_perturbations(None, kinds=kinds), **chosen)


def test_a_file_says_how_strong_the_perturbations_are(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text("kinds: [rotation, volume+contour]\nrotation_degrees: 5\n")
    asked = read_perturbations(file, repetitions=4)
    assert (asked.kinds, asked.repetitions) == (("rotation", "volume+contour"), 4)
    assert asked.strength("rotation") == {"rotation_degrees": 5.0}
    file.write_text("rotation_degree: 5\n")
    with pytest.raises(DeclarationError, match="rotation_degree"):
        read_perturbations(file)


GRID = """
kind: radiomics-grid
title: Stable radiomics
selectors: [anova-f]
classifiers: [logistic]
sizes: [3]
inner_folds: 2
stability: {minimum_icc: 0.9, perturbations: {kinds: noise, repetitions: 2}}
"""


@pytest.mark.slow
def test_a_run_gives_a_model_the_repeats_of_its_training_lesions(small_study: Any) -> None:
    (small_study.root / "models" / "stable.yaml").write_text(GRID)
    _one_sequence(small_study)
    path = small_study.folder / "benchmark.yaml"
    path.write_text(
        path.read_text()
        .replace("models: [zero-rule, clinical-logistic, forest]", "models: [zero-rule, stable]")
        .replace("reference: forest", "reference: stable")
    )
    plan = load_plan(small_study.folder, RunOptions(jobs=1))
    images = extract_features(plan, SilentReporter())
    stage = predict_folds(plan, images, SilentReporter())
    assert not stage.failures
    details = stage.tasks[DEFAULT_TASK].details["stability"]
    assert set(details["fold"]) == {0, 1}
    counts = details.groupby("fold")["n_lesions"].max()
    lesions = plan.cohort.lesions
    for fold in (0, 1):
        assert counts[fold] == len(plan.split.lesions(lesions, 0, fold, "train"))
    kept = details.groupby(["fold", "feature"])["kept"].first()
    assert 0 < kept.sum() < len(kept)
    for row in stage.tasks[DEFAULT_TASK].details["chosen_features"].itertuples():
        assert kept[row.fold, row.feature]
    assert np.isfinite(details.loc[details["kept"], "icc"]).all()
    assert "first-order perturbed" in images.seconds
