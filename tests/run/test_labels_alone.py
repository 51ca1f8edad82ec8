"""Labels, a split and predictions made elsewhere: a benchmark without images, features and models of its own."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from samesplit.errors import CohortError, DeclarationError
from samesplit.run import RunOptions, load_plan
from samesplit.tables import read_table
from samesplit.workflows.compare import compare
from samesplit.workflows.run import run_benchmark
from samesplit.workflows.split import freeze_split
from samesplit.workflows.validate import validate
from samesplit.workspace import init_workspace

BENCHMARK = """\
title: Labels alone
task: {question: "Which?", positive: malignant, negative: benign}
split: {scheme: holdout, test: 0.5}
statistics: {bootstraps: 100}
"""


@pytest.fixture
def study(tmp_path: Path) -> Path:
    """A workspace with labels of 60 lesions, and predictions of two models beside it."""
    root = tmp_path / "study"
    init_workspace(root)
    folder = root / "benchmarks" / "study"
    (folder / "benchmark.yaml").write_text(BENCHMARK)
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 2, 60)
    ids = [f"{number:03d}" for number in range(60)]
    patients = [f"P{number // 2}" for number in range(60)]
    lesions = {"lesion_id": ids, "patient_id": patients, "label": np.where(truth, "malignant", "benign")}
    pd.DataFrame(lesions).to_csv(folder / "lesions.csv", index=False)
    for name, noise in (("good", 0.5), ("poor", 3.0)):
        scores = 1 / (1 + np.exp(-(2 * truth - 1 + rng.normal(0, noise, 60))))
        pd.DataFrame({"lesion_id": ids, "probability": scores}).to_csv(tmp_path / f"{name}.csv", index=False)
    return folder


@pytest.mark.usefixtures("undrawn")
def test_predictions_are_judged_on_labels_alone(study: Path) -> None:
    found = validate(study)
    assert found.fine
    assert found.summary["lesions"] == "60 of 30 patients"
    freeze_split(study, changes={})
    with pytest.raises(
        DeclarationError, match=r"nothing to judge.*\n.*samesplit compare study predictions.csv"
    ):
        run_benchmark(load_plan(study, RunOptions(jobs=1)))
    for name in ("good", "poor"):
        plan = compare(study, study.parents[2] / f"{name}.csv", title=name, jobs=1)
    outcome = run_benchmark(plan)
    assert not outcome.failures
    assert outcome.report.exists()
    results = read_table(outcome.folder / "results.parquet")
    aucs = results[(results["quantity"] == "auc") & (results["group"] == "all")].set_index("model")[
        "estimate"
    ]
    assert aucs["good"] > aucs["poor"]
    assert run_benchmark(load_plan(study, RunOptions(jobs=1))).unchanged


def test_images_that_no_sequence_names_are_not_passed_over(study: Path) -> None:
    (study / "images.csv").write_text("lesion_id,sequence,image,mask\n000,CT,a.nii,b.nii\n")
    with pytest.raises(CohortError, match=r"images.csv: names images, but benchmark.yaml names no sequences"):
        load_plan(study, RunOptions())
