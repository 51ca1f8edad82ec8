"""Learning curves of a small benchmark with a table of features: three folds of 40 patients with 48 lesions."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from samesplit.cli import app
from samesplit.errors import DeclarationError
from samesplit.run import RunOptions, load_plan
from samesplit.workflows.learning_curve.curve import LearningCurve, run_learning_curve
from samesplit.workflows.learning_curve.subsets import default_sizes
from samesplit.workflows.split import freeze_split

BENCHMARK = """
title: Two features that tell
task: {question: "Which are positive?", positive: m, negative: b}
features: table.csv
split: {scheme: kfold, folds: 2, repeats: 1, validation: 0.25, seed: 1}
models: [bayes, small-grid, {name: both, use: average, settings: {members: [bayes, small-grid]}}]
simple_arm: null
statistics: {bootstraps: 100}
"""
BAYES = "kind: estimator\ntitle: Bayes\ntarget: sklearn.naive_bayes.GaussianNB\n"
GRID = """
kind: radiomics-grid
title: Small grid
selectors: [anova-f]
classifiers: [naive-bayes]
sizes: [1, 2]
inner_folds: 2
"""


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("curve") / "workspace"
    folder = root / "benchmarks" / "two"
    for name in (folder, root / "features", root / "models"):
        name.mkdir(parents=True)
    rng = np.random.default_rng(2)
    owners = [f"P{n:02d}" for n in range(40)]
    owners = sorted(owners + owners[:8])
    positive = np.array([int(owner[1:]) % 2 == 1 for owner in owners])
    ids = [f"L{n:02d}" for n in range(len(owners))]
    X = rng.normal(size=(len(ids), 4)) + np.outer(positive, [1.2, 0.8, 0, 0])
    pd.DataFrame(
        {"lesion_id": ids, "patient_id": owners, "label": np.where(positive, "m", "b"), "site": "A"}
    ).to_csv(folder / "lesions.csv", index=False)
    table = pd.DataFrame(X.round(6), columns=list("abcd"))
    table.insert(0, "lesion_id", ids)
    table.to_csv(folder / "table.csv", index=False)
    (folder / "benchmark.yaml").write_text(BENCHMARK)
    (root / "models" / "bayes.yaml").write_text(BAYES)
    (root / "models" / "small-grid.yaml").write_text(GRID)
    (root / "models" / "average.yaml").write_text("kind: average\ntitle: Average\nmembers: [bayes]\n")
    freeze_split(folder, changes={})
    return folder


@pytest.fixture(scope="module")
def drawn(study: Path) -> LearningCurve:
    return run_learning_curve(study, models=["bayes", "small-grid"], sizes=[8, 16, 12], draws=2, jobs=1)


def test_every_model_has_an_auc_at_every_size_and_all_is_written(drawn: LearningCurve) -> None:
    curve = drawn.tables.curve

    assert curve[["model", "size"]].to_numpy().tolist() == [
        [model, size] for model in ("bayes", "small-grid") for size in (8, 12, 16)
    ]
    assert curve["auc"].between(0.5, 1).all()
    assert (curve["ci_low"] <= curve["auc"]).all()
    assert (curve["auc"] <= curve["ci_high"]).all()
    assert curve["n"].unique().tolist() == [48]
    assert not drawn.failures
    written = pd.read_csv(drawn.folder / "learning_curve.csv")
    pd.testing.assert_frame_equal(written[["auc", "ci_low"]], curve[["auc", "ci_low"]])
    record = json.loads((drawn.folder / "record.json").read_text())
    assert record["sizes"] == [8, 12, 16]
    for name in ("differences.csv", "crossings.csv", "learning_curve.svg", "learning_curve.png"):
        assert (drawn.folder / name).stat().st_size > 0
    assert "Bayes" in (drawn.folder / "learning_curve.html").read_text()


def test_a_second_call_fits_nothing_and_a_further_size_only_itself(
    study: Path, drawn: LearningCurve, monkeypatch: pytest.MonkeyPatch
) -> None:
    fitted: list[int] = []
    from samesplit.run import fold_tasks

    fit = fold_tasks._fit_and_predict
    monkeypatch.setattr(
        fold_tasks,
        "_fit_and_predict",
        lambda task: (fitted.append(int((task.subsets == "train").sum())), fit(task))[1],
    )
    models = ["bayes", "small-grid"]
    again = run_learning_curve(study, models=models, sizes=[8, 12, 16], draws=2, jobs=1)
    assert not fitted
    pd.testing.assert_frame_equal(again.tables.curve, drawn.tables.curve)

    more = run_learning_curve(study, models=["bayes"], sizes=[8, 10], draws=2, jobs=1)
    assert fitted
    assert all(9 <= count <= 10 for count in fitted)
    kept = more.tables.curve.set_index("size").loc[8, "auc"]
    assert kept == pytest.approx(drawn.tables.curve.loc[0, "auc"], abs=1e-12)


def test_models_are_fitted_to_no_more_lesions_than_the_size_and_tested_on_all(study: Path) -> None:
    from samesplit.run.feature_stage import extract_features
    from samesplit.run.model_inputs import inputs_of
    from samesplit.run.progress import SilentReporter
    from samesplit.workflows.learning_curve.subsets import subset_fits

    plan = load_plan(study, RunOptions(only=("bayes",)))
    images = extract_features(plan, SilentReporter())
    inputs = {"bayes": inputs_of(plan.models[0], plan, images.features, set(), {})}
    fits = subset_fits(plan, "task", plan.models, inputs, sizes=(8, 16), draws=2, seed=0)
    whole = {(f.task.fold, part): set() for f in fits for part in ("validation", "test")}
    for fit in fits:
        subsets = fit.task.subsets
        train = set(subsets.index[subsets == "train"])
        assert len(train) == fit.lesions <= fit.size
        assert set(fit.task.outcomes.index) == train | set(subsets.index[subsets == "validation"])
        for part in ("validation", "test"):
            lesions = set(subsets.index[subsets == part])
            assert lesions == (whole[fit.task.fold, part] or lesions)
            whole[fit.task.fold, part] = lesions
    for fit in fits:
        larger = [f for f in fits if (f.task.fold, f.draw) == (fit.task.fold, fit.draw) and f.size > fit.size]
        mine = fit.task.subsets
        for other in larger:
            theirs = other.task.subsets
            assert set(mine.index[mine == "train"]) < set(theirs.index[theirs == "train"])


def test_on_the_whole_training_part_the_curve_takes_what_a_run_has_fitted(
    study: Path, tmp_path: Path
) -> None:
    from samesplit.run.feature_stage import extract_features
    from samesplit.run.model_stage import predict_folds
    from samesplit.run.progress import SilentReporter

    root = tmp_path / "copy"
    shutil.copytree(study.parents[1], root, ignore=shutil.ignore_patterns("reports"))
    folder = root / "benchmarks" / "two"
    plan = load_plan(folder, RunOptions(jobs=1, only=("bayes",)))
    predict_folds(plan, extract_features(plan, SilentReporter()), SilentReporter())
    kept = sorted((root / "reports" / ".cache" / "folds").glob("??/*"))
    least = min(len(plan.split.lesions(plan.cohort.lesions, *pair, "train")) for pair in plan.split.pairs())
    found = run_learning_curve(folder, models=["bayes"], sizes=[least], draws=1, jobs=1, seed=3)

    now = sorted((root / "reports" / ".cache" / "folds").glob("??/*"))
    assert set(kept) <= set(now)
    assert len(now) - len(kept) < len(plan.split.pairs())  # at least one fold was there already
    assert found.tables.curve["fits"].tolist() == [2]


@pytest.mark.parametrize(
    ("asked", "problem"),
    [
        ({"models": []}, "there is no curve to draw"),
        ({"models": ["bays"]}, "lists no model bays"),
        ({"models": ["both", "bayes", "small-grid"]}, "'both' is made of others"),
        ({"models": ["bayes"], "sizes": [8, 500]}, "subset of 500 training lesions cannot be drawn"),
        ({"models": ["bayes"], "sizes": [1]}, "subset of 1 training lesions cannot be drawn"),
        ({"models": ["bayes"], "sizes": [2]}, "holds no lesion of the class"),
        ({"models": ["bayes"], "task": "grade"}, "has no task 'grade'"),
    ],
)
def test_what_cannot_be_drawn_is_told_before_anything_is_fitted(
    study: Path, tmp_path: Path, asked: dict[str, object], problem: str
) -> None:
    with pytest.raises(DeclarationError, match=problem):
        run_learning_curve(study, output=tmp_path / "out", **asked)  # type: ignore[arg-type]


def test_a_model_of_which_fits_fail_is_told_and_the_command_ends_with_1(
    study: Path, drawn: LearningCurve, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sklearn.naive_bayes import GaussianNB

    fit = GaussianNB.fit

    def refuse(self: GaussianNB, X: np.ndarray, y: np.ndarray, *rest: object) -> GaussianNB:
        if len(X) <= 7:
            raise ValueError("too few")
        return fit(self, X, y, *rest)

    monkeypatch.setattr(GaussianNB, "fit", refuse)
    typed = [
        "learning-curve",
        str(study),
        "--model",
        "bayes",
        "--sizes",
        "6,12",
        "--repeats",
        "2",
        "--jobs",
        "1",
    ]
    done = CliRunner().invoke(app, typed)

    assert done.exit_code == 1
    assert "too few" in done.output
    assert "4 of 8 fits failed" in done.output


def test_sizes_are_numbers_with_commas_between(study: Path) -> None:
    for text in ("8;12", "0", "-4", ","):
        typed = ["learning-curve", str(study), "--model", "bayes", f"--sizes={text}"]
        done = CliRunner().invoke(app, typed)
        assert isinstance(done.exception, DeclarationError)
        assert "is not a number of lesions" in str(done.exception)


def test_by_default_sizes_are_halves_of_the_smallest_training_part() -> None:
    assert default_sizes({(0, 0): ["L"] * 700, (0, 1): ["L"] * 640}) == (40, 80, 160, 320, 640)
    assert default_sizes({(0, 0): ["L"] * 9}) == (9,)
