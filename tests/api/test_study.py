from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

import samesplit as ss
from samesplit.errors import CohortError, DeclarationError, PredictionsError, WorkspaceError

pytestmark = pytest.mark.usefixtures("undrawn")


def train_and_submit(
    study: ss.Study, name: str, *, folds: int | None = None, validation: bool = False
) -> None:
    """A user's own loop: a logistic regression on age, fold by fold."""
    age = study.lesions[["age"]]
    for fold in study.folds()[:folds]:
        model = LogisticRegression().fit(age.loc[fold.train.lesions], fold.train.labels)
        held_out = model.predict_proba(age.loc[fold.validation.lesions]) if validation else None
        fold.submit(model.predict_proba(age.loc[fold.test.lesions]), held_out, name=name)


@pytest.mark.usefixtures("with_zero_rule")
def test_a_model_of_ones_own_loop_is_judged_in_the_benchmark(study: ss.Study, labels_alone: Path) -> None:
    train_and_submit(study, "My model", validation=True)

    report = study.evaluate(track=False, jobs=1)

    aucs = report.results.query("quantity == 'auc' and group == 'all'").set_index("model")["estimate"]
    assert aucs["zero-rule"] == 0.5
    truth = pd.read_csv(labels_alone / "lesions.csv").set_index("lesion_id")["label"] == "malignant"
    test = report.predictions.query("model == 'my-model' and subset == 'test'")
    by_fold = [
        roc_auc_score(truth[part["lesion_id"]], part["probability"]) for _, part in test.groupby("fold")
    ]
    assert aucs["my-model"] == pytest.approx(np.mean(by_fold), abs=1e-12)
    assert report.results.query("quantity == 'sensitivity' and model == 'my-model'")["estimate"].notna().all()
    assert set(report.thresholds["model"]) >= {"my-model"}
    assert "My model" in report.html.read_text(encoding="utf-8")
    assert not report.failures
    assert (labels_alone.parents[1] / "mlflow.db").exists() is False
    # Nothing is done again, and `samesplit run` finds the model as well.
    assert study.evaluate(track=False, jobs=1).folder == report.folder
    assert repr(report).startswith("<Report of labels-alone: ")
    assert report.table("curves/roc")["model"].nunique() == 2
    with pytest.raises(ss.SamesplitError, match=r"the run has no table 'curves'(.|\n)*curves/roc"):
        report.table("curves")


def test_a_loop_that_was_stopped_goes_on(study: ss.Study, labels_alone: Path) -> None:
    train_and_submit(study, "My model", folds=2)

    with pytest.raises(PredictionsError, match=r"1 of 3 folds .*the first is repeat 0 fold 2(.|\n)*withdraw"):
        study.evaluate(track=False)
    again = ss.open_benchmark(labels_alone)
    todo = [fold for fold in again.folds() if "My model" not in fold.submitted]

    assert [fold.number for fold in todo] == [2]
    assert again.submitted == ("My model",)


def test_a_fold_is_submitted_once(study: ss.Study) -> None:
    fold = study.folds()[0]
    fold.submit(np.linspace(0, 1, len(fold.test)), name="My model")
    fold.submit(np.linspace(0, 1, len(fold.test)), name="My model")  # the same again changes nothing

    with pytest.raises(
        PredictionsError, match=r"My model, repeat 0 fold 0: other predictions(.|\n)*replace=True"
    ):
        fold.submit(np.linspace(1, 0, len(fold.test)), name="My model")
    fold.submit(np.linspace(1, 0, len(fold.test)), name="My model", replace=True)

    assert fold.submitted == ("My model",)


@pytest.mark.usefixtures("with_zero_rule")
def test_a_name_of_the_benchmarks_own_models_is_refused(study: ss.Study) -> None:
    fold = study.folds()[0]
    with pytest.raises(PredictionsError, match="has a model called 'zero-rule' already"):
        fold.submit(np.full(len(fold.test), 0.5), name="Zero rule")


def test_a_model_that_is_withdrawn_leaves_no_trace(study: ss.Study) -> None:
    train_and_submit(study, "Good model")
    train_and_submit(study, "Poor model")
    train_and_submit(study, "Unfinished model", folds=1)
    study.withdraw("Unfinished model")
    study.evaluate(track=False, jobs=1)

    study.withdraw("Good model")

    assert study.submitted == ("Poor model",)
    assert set(study.evaluate(track=False, jobs=1).results["model"]) == {"poor-model"}
    with pytest.raises(PredictionsError, match="nothing was submitted under the name 'Good model'"):
        study.withdraw("Good model")


def test_validation_predictions_are_wanted_for_all_folds_or_for_none(study: ss.Study) -> None:
    train_and_submit(study, "My model", folds=1, validation=True)
    train_and_submit(study, "Other", folds=0)
    for fold in study.folds()[1:]:
        fold.submit(np.full(len(fold.test), 0.5), name="My model")

    with pytest.raises(PredictionsError, match="are there for some folds and not for repeat 0 fold 1"):
        study.evaluate(track=False)


def test_what_was_submitted_under_another_split_does_not_count(study: ss.Study, labels_alone: Path) -> None:
    from samesplit.workflows.split import freeze_split

    train_and_submit(study, "My model")
    freeze_split(labels_alone, changes={"seed": 6}, overwrite=True)

    changed = ss.open_benchmark(labels_alone)

    assert all(fold.submitted == () for fold in changed.folds())
    with pytest.raises(PredictionsError, match="3 of 3 folds have not been submitted"):
        changed.evaluate(track=False)


def test_a_study_shows_what_a_model_may_see_and_no_outcome(study: ss.Study) -> None:
    assert study.lesions.columns.tolist() == ["patient_id", "age"]
    assert study.classes == ("benign", "malignant")
    assert study.tasks == ()
    assert study.sequences == ()
    assert repr(study) == "<Study labels-alone: 45 lesions of 36 patients, 3 folds>"
    with pytest.raises(CohortError, match="the benchmark has no images"):
        study.case("L00")
    with pytest.raises(DeclarationError, match="has no task 'aggressive'"):
        study.task("aggressive")


def test_a_built_in_benchmark_is_evaluated_in_the_workspace_that_it_was_opened_from(
    labels_alone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("samesplit.workspace.builtin_folder", lambda: labels_alone.parents[1])
    monkeypatch.chdir(tmp_path)
    study = ss.open_benchmark("labels-alone")
    train_and_submit(study, "My model")
    monkeypatch.chdir("/")

    report = study.evaluate(track=False, jobs=1)

    assert report.folder.is_relative_to(tmp_path / "reports")
    assert set(report.results["model"]) == {"my-model"}
    assert not (labels_alone.parents[1] / "reports").exists()


def test_an_unknown_benchmark_is_told_with_the_nearest(labels_alone: Path) -> None:
    with pytest.raises(WorkspaceError, match="did you mean 'labels-alone'"):
        ss.open_benchmark("label-alone", workspace=labels_alone.parents[1])
