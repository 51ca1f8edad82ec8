from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import samesplit as ss
from samesplit.errors import DeclarationError, PredictionsError
from samesplit.workflows.split import freeze_split

BENCHMARK = """\
title: Three questions
tasks:
  malignant: {kind: binary, question: "Which are malignant?", positive: malignant, negative: benign}
  subtype: {kind: multiclass, question: "Which subtype?", classes: [AML, clear cell, cyst], column: histology}
  recurrence: {kind: survival, question: "How long until recurrence?", time: months, event: recurrence}
cohort: {clinical: {age: number}}
split: {scheme: kfold, folds: 2, validation: 0.25, seed: 5}
models: []
simple_arm: null
statistics: {bootstraps: 100}
"""


@pytest.fixture
def study(tmp_path: Path) -> ss.Study:
    """A study of 60 lesions with three tasks; five lesions have no known subtype."""
    folder = tmp_path / "workspace" / "benchmarks" / "three"
    for noun in ("benchmarks/three", "features", "models"):
        (tmp_path / "workspace" / noun).mkdir(parents=True)
    (folder / "benchmark.yaml").write_text(BENCHMARK)
    rng = np.random.default_rng(1)
    number = np.arange(60)
    table = {
        "lesion_id": [f"L{one:02d}" for one in number],
        "patient_id": [f"P{one:02d}" for one in number],
        "label": np.where(number % 2, "malignant", "benign"),
        "histology": np.where(number < 5, "", np.array(["AML", "clear cell", "cyst"])[number % 3]),
        "months": np.round(rng.exponential(20, 60) + 1, 1),
        "recurrence": rng.integers(0, 2, 60),
        "age": np.round(60 + rng.normal(0, 8, 60), 1),
    }
    pd.DataFrame(table).to_csv(folder / "lesions.csv", index=False)
    freeze_split(folder, changes={})
    return ss.open_benchmark(folder)


@pytest.mark.usefixtures("undrawn")
def test_each_task_has_its_own_labels_lesions_and_predictions(study: ss.Study) -> None:
    assert study.tasks == ("malignant", "subtype", "recurrence")
    assert study.lesions.columns.tolist() == ["patient_id", "age"]
    with pytest.raises(DeclarationError, match=r"none has been chosen(.|\n)*study.task\('malignant'\)"):
        study.folds()
    with pytest.raises(DeclarationError, match="did you mean 'subtype'"):
        study.task("subtypes")
    rng = np.random.default_rng(2)
    for fold in study.task("malignant").folds():
        assert set(fold.train.labels) == {0, 1}
        fold.submit(rng.random(len(fold.test)), name="My model")
    subtype = ss.open_benchmark(study.folder, task="subtype")
    assert subtype.classes == ("AML", "clear cell", "cyst")
    for fold in subtype.folds():
        assert not {f"L{number:02d}" for number in range(5)} & {*fold.train.lesions, *fold.test.lesions}
        given = rng.dirichlet([1, 1, 1], len(fold.test))
        fold.submit(given, rng.dirichlet([1, 1, 1], len(fold.validation)), name="My model")
    for fold in study.task("recurrence").folds():
        assert set(fold.train.labels) == {0, 1}
        assert fold.train.times.gt(0).all()
        assert fold.train.times.index.tolist() == fold.train.lesions
        fold.submit(rng.normal(size=len(fold.test)), name="My model")

    report = subtype.evaluate(track=False, jobs=1)

    assert report.task == "subtype"
    assert set(report.results["model"]) == {"my-model"}
    assert "auc_hand_till" in set(report.results["quantity"])
    assert "c_index" in set(report.for_task("recurrence").results["quantity"])
    everything = study.evaluate(track=False, jobs=1)
    assert everything.folder == report.folder
    assert everything.tasks == study.tasks
    assert set(everything.results["task"]) == set(study.tasks)
    pd.testing.assert_frame_equal(
        everything.results.query("task == 'subtype'").drop(columns="task").reset_index(drop=True),
        report.results,
    )
    with pytest.raises(ss.SamesplitError, match="the run has no task 'grade'"):
        report.for_task("grade")


@pytest.mark.usefixtures("undrawn")
def test_an_unfinished_model_of_another_task_is_told_and_a_task_without_models_stops_nothing(
    study: ss.Study,
) -> None:
    for fold in study.task("malignant").folds():
        fold.submit(np.full(len(fold.test), 0.5), name="Finished")
    fold = study.task("recurrence").folds()[0]
    fold.submit(np.zeros(len(fold.test)), name="Unfinished")

    with pytest.raises(PredictionsError, match=r"Unfinished: 1 of 2 folds"):
        study.evaluate(track=False)
    study.task("recurrence").withdraw("Unfinished")

    report = study.task("malignant").evaluate(track=False, jobs=1)
    assert set(report.results["model"]) == {"finished"}


def test_the_ledger_does_not_tell_the_outcome_by_which_lesions_are_left_out_of_a_task(
    study: ss.Study,
) -> None:
    text = BENCHMARK.replace("event: recurrence}", "event: recurrence, among: {label: [malignant]}}")
    (study.folder / "benchmark.yaml").write_text(text)
    freeze_split(study.folder, changes={}, overwrite=True)

    ledger = ss.open_benchmark(study.folder).ledger.set_index("stage")["reason"]

    assert ledger.loc["task recurrence"].str.startswith("left out of the task").sum() == 30
    assert not ledger.str.contains("benign").any()
    assert set(ledger.loc["task subtype"]) == {"no outcome: 'histology' is empty"}
