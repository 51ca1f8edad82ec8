"""Ensembles that learn from their members: of lesions that the members were fitted without, kept and resumed."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from samesplit.benchmarks.splits import Split
from samesplit.models.protocol import Model, TrainingFold
from samesplit.run import RunOptions, load_plan
from samesplit.run.feature_stage import _no_images
from samesplit.run.fold_parts import FoldPart, inner_parts
from samesplit.run.fold_tasks import FoldTask
from samesplit.run.model_stage import ModelStage, predict_folds
from samesplit.run.progress import SilentReporter
from samesplit.tasks import DEFAULT_TASK
from samesplit.uses import using
from samesplit.workflows.split import freeze_split

QUICK = RunOptions(jobs=1)
BENCHMARK = """
title: Telling and noise
task: {question: "Which?", positive: malignant, negative: benign}
cohort: {clinical: {age: number}}
features: table.csv
split: {scheme: kfold, folds: 2, repeats: 1, validation: 0.3, seed: 3}
models: [memory, honest, weighted, stacking, on-validation, platt]
simple_arm: null
statistics: {reference: honest, bootstraps: 200}
"""
MEMORY = '''
import numpy as np

class Memory:
    """Knows the label of each lesion that it has seen, and nothing of any other."""

    def fit(self, X, y):
        self.known = {tuple(row): int(label) for row, label in zip(X, y)}
        return self

    def predict_proba(self, X):
        p = np.array([self.known.get(tuple(row), 0.5) for row in X], dtype=float)
        return np.column_stack([1 - p, p])
'''
MODELS = {
    "memory": "kind: estimator\ntitle: Memory\ntarget: memory.py:Memory\nimpute: none\nscale: none\n",
    "honest": "kind: estimator\ntitle: Honest\ntarget: sklearn.naive_bayes.GaussianNB\n",
    "weighted": "kind: weighted-average\ntitle: W\nmembers: [memory, honest]\ninner_folds: 2\n",
    "stacking": "kind: stacking\ntitle: S\nmembers: [memory, honest]\ninner_folds: 2\npenalties: [0.1]\n",
    "on-validation": (
        "kind: weighted-average\ntitle: V\nmembers: [memory, honest]\nout_of_fold: validation\n"
    ),
    "platt": "kind: calibrated\ntitle: P\nmember: honest\nmethod: platt\n",
    "of-ensembles": "kind: stacking\ntitle: E\nmembers: [weighted, platt]\ninner_folds: 2\npenalties: [0.01]\n",
}


class Listener(SilentReporter):
    def __init__(self) -> None:
        self.heard: list[str] = []

    def say(self, text: str) -> None:
        self.heard.append(text)


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A benchmark of 96 lesions of 80 patients, each with one telling feature and one of noise; not yet run."""
    root = tmp_path_factory.mktemp("ensembles") / "workspace"
    folder = root / "benchmarks" / "telling"
    folder.mkdir(parents=True)
    (root / "models").mkdir()
    rng = np.random.default_rng(8)
    patients = [f"P{p:02d}" for p in range(80) for _ in range(1 + (p % 5 == 0))]
    label = np.array([int(patient[1:]) % 2 for patient in patients])
    ids = [f"L{i:03d}" for i in range(len(patients))]
    pd.DataFrame(
        {
            "lesion_id": ids,
            "patient_id": patients,
            "label": np.where(label, "malignant", "benign"),
            "age": rng.normal(60, 5, len(ids)).round(1),
        }
    ).to_csv(folder / "lesions.csv", index=False)
    table = pd.DataFrame(
        {"lesion_id": ids, "telling": rng.normal(1.5 * label), "noise": rng.normal(size=len(ids))}
    )
    table.to_csv(folder / "table.csv", index=False)
    (folder / "benchmark.yaml").write_text(BENCHMARK)
    (root / "models" / "memory.py").write_text(MEMORY)
    for name, text in MODELS.items():
        (root / "models" / f"{name}.yaml").write_text(text)
    freeze_split(folder, changes={})
    return root


@pytest.fixture(scope="module")
def told() -> Listener:
    return Listener()


@pytest.fixture(scope="module")
def ran(workspace: Path, told: Listener) -> ModelStage:
    plan = load_plan(workspace / "benchmarks" / "telling", QUICK)
    with using(plan.workspace.cache, workspace / "reports" / "telling"):
        return predict_folds(plan, _no_images(), told)


def detail(ran: ModelStage, name: str) -> pd.DataFrame:
    return ran.tasks[DEFAULT_TASK].details[name]


def test_a_member_that_only_remembers_does_not_take_all_weight(ran: ModelStage) -> None:
    """Fitted on predictions of lesions that the members learnt from, the weights would all be Memory's."""
    assert ran.failures == {}
    weights = detail(ran, "ensemble_weights").pivot_table(
        index=["model", "fold"], columns="member", values="weight"
    )
    assert len(weights) == 4
    assert (weights["honest"] > 0.4).all()
    assert weights.sum(axis=1).to_numpy() == pytest.approx(1.0)
    terms = detail(ran, "stacking_terms").pivot_table(index="fold", columns="term", values="coefficient")
    assert (terms["memory"].abs() < 1e-6).all()
    assert (terms["honest"] > 0.1).all()


def test_it_learns_from_the_training_part_or_from_the_validation_part(
    workspace: Path, ran: ModelStage
) -> None:
    lesions = detail(ran, "ensemble_weights").groupby(["model", "fold"])["lesions"].first()
    split = load_plan(workspace / "benchmarks" / "telling", QUICK)
    for fold in (0, 1):
        train, validation = (
            len(split.split.lesions(split.cohort.lesions, 0, fold, part)) for part in ("train", "validation")
        )
        assert lesions["weighted", fold] == train
        assert lesions["on-validation", fold] == validation


@pytest.mark.usefixtures("ran")
def test_the_cost_is_said_before_the_start_and_shared_by_ensembles(workspace: Path, told: Listener) -> None:
    """Two members, two folds, two inner folds; both ensembles cut alike, so each fit is done once."""
    (said,) = [text for text in told.heard if "inner folds" in text]
    assert said == (
        "W, S: learnt from predictions of lesions that the members were fitted without. For that the members are "
        "fitted 8 times more, on inner folds (Memory 4, Honest 4)."
    )
    kept = workspace / "reports" / ".cache" / "folds"
    assert len(list(kept.glob("*/*/done.json"))) == 2 * 6 + 8


@pytest.mark.usefixtures("ran")
def test_the_inner_fits_are_listed_so_that_clean_leaves_them(workspace: Path) -> None:
    listed = (workspace / "reports" / "telling" / "cache.json").read_text()
    kept = (workspace / "reports" / ".cache" / "folds").glob("*/*/done.json")
    assert all(path.parent.name in listed for path in kept)


def test_the_inner_fits_stand_in_no_result_and_cost_the_ensembles_time(ran: ModelStage) -> None:
    predictions = ran.tasks[DEFAULT_TASK].predictions
    counts = predictions.groupby("model").size()
    assert list(counts) == [counts["honest"]] * 6
    assert not predictions.duplicated(["model", "fold", "subset", "lesion_id"]).any()
    own = sum(fold.seconds for fold in ran.folds if fold.model == "stacking")
    members = sum(fold.seconds for fold in ran.folds if fold.model in ("memory", "honest"))
    assert len(ran.folds) == 2 * 6
    assert ran.seconds["memory"] + ran.seconds["honest"] == pytest.approx(members, abs=0.05)
    assert ran.seconds["stacking"] > own


def fitted(folder: Path, *models: str) -> ModelStage:
    """Fit models alone: no judging, no report."""
    return predict_folds(load_plan(folder, replace(QUICK, only=models)), _no_images(), SilentReporter())


@pytest.fixture
def fresh(workspace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The benchmark's folder in a copy of the workspace of which nothing is kept; only fold 0 is fitted."""
    monkeypatch.setattr(Split, "pairs", lambda _: [(0, 0)])
    root = shutil.copytree(workspace, tmp_path / "workspace", ignore=shutil.ignore_patterns("reports"))
    return Path(root) / "benchmarks" / "telling"


def test_no_inner_fit_meets_a_label_of_what_it_predicts_or_of_a_test_lesion(
    fresh: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = load_plan(fresh, QUICK)
    seen: list[tuple[str, set[str], FoldTask]] = []
    real = FoldTask.training_fold

    def watched(task: FoldTask) -> TrainingFold:
        fold = real(task)
        labelled = {*map(str, fold.training_labels.index), *map(str, fold.validation_labels.index)}
        seen.append((task.inner, labelled, task))
        return fold

    monkeypatch.setattr(FoldTask, "training_fold", watched)
    assert fitted(fresh, "stacking").failures == {}

    assert len(seen) == 3 + 4
    patients = plan.cohort.lesions.set_index("lesion_id")["patient_id"]
    for inner, labelled, task in seen:
        tested = set(plan.split.lesions(plan.cohort.lesions, 0, task.fold, "test"))
        held = {str(lesion) for lesion, subset in task.subsets.items() if subset == "test"}
        assert not labelled & (tested | held)
        assert bool(held & tested) != bool(inner)
        assert not set(patients[list(labelled)]) & set(patients[list(held)])
    held_out = [
        str(lesion)
        for inner, _, task in seen
        if inner and task.settings.name == "honest"
        for lesion, subset in task.subsets.items()
        if subset == "test"
    ]
    assert sorted(held_out) == plan.split.lesions(plan.cohort.lesions, 0, 0, "train")


def test_a_run_that_was_killed_goes_on_with_the_inner_fits_that_it_has(
    fresh: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    built: list[str] = []
    real = FoldTask.build

    def killed(task: FoldTask) -> Model:
        if len(built) == 4:
            raise KeyboardInterrupt
        built.append(task.what)
        return real(task)

    with monkeypatch.context() as patch:
        patch.setattr(FoldTask, "build", killed)
        with pytest.raises(KeyboardInterrupt):
            fitted(fresh, "weighted")

    def counted(task: FoldTask) -> Model:
        built.append(task.what)
        return real(task)

    monkeypatch.setattr(FoldTask, "build", counted)
    assert fitted(fresh, "weighted").failures == {}
    assert len(built) == len(set(built)) == 3 + 4
    assert "honest fold 0 inner fold 2 of 2" in built


def test_an_ensemble_of_ensembles_learns_from_ensembles_that_were_fitted_again(fresh: Path) -> None:
    path = fresh / "benchmark.yaml"
    path.write_text(path.read_text().replace("platt]", "platt, of-ensembles]"))
    stage = fitted(fresh, "of-ensembles")
    assert stage.failures == {}
    terms = stage.tasks[DEFAULT_TASK].details["stacking_terms"]
    assert set(terms["term"]) == {"weighted", "platt"}
    assert (terms["coefficient"] > 0.1).all()


def test_a_member_that_fails_on_an_inner_fold_costs_the_ensemble_and_not_the_member(
    fresh: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = FoldTask.build

    def broken(task: FoldTask) -> Model:
        if task.what == "memory fold 0 inner fold 2 of 2":
            raise RuntimeError("no memory left")
        return real(task)

    monkeypatch.setattr(FoldTask, "build", broken)
    stage = fitted(fresh, "weighted")
    assert list(stage.failures) == ["weighted"]
    assert "its member memory failed where it was fitted again" in stage.failures["weighted"]
    assert "fold 0, inner fold 2 of 2" in stage.failures["weighted"]
    assert "no memory left" in stage.failures["weighted"]


def test_too_few_patients_of_a_class_cost_the_ensemble_and_name_the_remedy(
    fresh: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def few(
        part: FoldPart, patients: dict[str, str], labels: dict[str, int], **settings: Any
    ) -> list[FoldPart]:
        first = min(lesion for lesion in part.lesions("train") if labels[lesion])
        return inner_parts(part, patients, {lesion: int(lesion == first) for lesion in labels}, **settings)

    monkeypatch.setattr("samesplit.run.fold_parts.inner_parts", few)
    stage = fitted(fresh, "weighted")
    assert list(stage.failures) == ["weighted"]
    assert "fewer than two patients" in stage.failures["weighted"]
    assert "out_of_fold: validation" in stage.failures["weighted"]
