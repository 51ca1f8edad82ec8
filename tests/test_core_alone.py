"""What `pip install samesplit` gives without any extra: extraction, radiomics and clinical models, a report."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import SmallStudy
from samesplit.errors import MissingExtraError, SamesplitError
from samesplit.extras import EXTRAS
from samesplit.run.plan import RunOptions, load_plan

BLOCKED = sorted({package for packages in EXTRAS.values() for package in packages} | {"dask", "lightgbm"})
WITHOUT = f"""
import sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {BLOCKED!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Absent())
"""


class Absent:
    """Finds no package of an extra."""

    def find_spec(self, name: str, path: object = None, target: object = None) -> None:
        if name.partition(".")[0] in BLOCKED:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


@pytest.fixture
def no_extras(monkeypatch: pytest.MonkeyPatch) -> None:
    """In this process too, no package of an extra can be imported."""
    for name in [name for name in sys.modules if name.partition(".")[0] in BLOCKED]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(sys, "meta_path", [Absent(), *sys.meta_path])


PROFILE = """
engine: ibsi
description: Statistics, for quick tests.
settings: {undefined: [], features: {statistics: all}}
"""
BENCHMARK = """
title: Bright or dark balls
task: {question: "Which balls are bright?", positive: malignant, negative: benign}
cohort: {sequences: [T1C], clinical: {age: number, sex: category}}
split: {scheme: kfold, folds: 2, repeats: 1, validation: 0.3, seed: 3}
profiles: {quick: [T1C]}
models: [clinical-logistic, grid]
simple_arm: null
statistics: {bootstraps: 100}
"""
GRID = """
kind: radiomics-grid
title: Grid
selectors: [anova-f]
classifiers: [logistic, lda]
sizes: [3]
"""


@pytest.fixture
def core_study(small_study: SmallStudy) -> SmallStudy:
    """A study that needs no extra."""
    (small_study.folder / "benchmark.yaml").write_text(BENCHMARK)
    (small_study.root / "features" / "quick.yaml").write_text(PROFILE)
    (small_study.root / "models" / "grid.yaml").write_text(GRID)
    small_study.edit("images.csv", lambda rows: rows[rows["sequence"] == "T1C"])
    return small_study


def without_extras(script: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run Python in a process of its own in which no extra can be imported."""
    environment = os.environ | {"PYTHONWARNINGS": "error", "COLUMNS": "200"}
    environment.pop("COVERAGE_PROCESS_START", None)
    return subprocess.run(
        [sys.executable, "-c", WITHOUT + script],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


def test_radiomics_and_clinical_models_run_and_images_are_extracted_without_any_extra(
    core_study: SmallStudy,
) -> None:
    done = without_extras(
        f"""
import numpy as np, samesplit as ss
from matplotlib.figure import Figure
from samesplit.cli import main

assert not set({BLOCKED!r}) & set(sys.modules)
Figure.savefig = lambda figure, target, **more: target.write('<svg viewBox="0 0 9 9"></svg>')  # saves seconds
z, y, x = np.indices((12, 12, 12)) - 5.5
ball = z**2 + y**2 + x**2 <= 20
print(ss.extract(100.0 * ball + x, ball, profile="features/quick.yaml", spacing=1.0)["stat_max"])
print(ss.statistics.empirical_auc(np.array([0, 0, 1, 1]), np.array([0.1, 0.4, 0.35, 0.8])))
for verb in (["ui"], ["run", "balls", "--scheduler", "tcp://nowhere:1"], ["run", "balls", "--jobs", "1"]):
    sys.argv = ["samesplit", *verb]
    try:
        main()
    except SystemExit as stopped:
        print("exit code", stopped.code)
""",
        core_study.root,
    )

    assert done.stdout.split()[:8] == ["103.5", "0.75", "exit", "code", "1", "exit", "code", "1"], done.stderr
    assert "samesplit ui needs mlflow, which is not installed" in done.stderr
    assert "--scheduler needs distributed, which is not installed" in done.stderr
    assert "Not tracked, since MLflow is not installed: pip install 'samesplit[tracking]'" in done.stdout
    assert done.stdout.endswith("exit code 0\n"), done.stdout
    assert not (core_study.root / "mlflow.db").exists()
    report = core_study.root / "reports" / "balls" / "latest" / "report.html"
    assert "Grid" in report.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("kind: network\ntitle: ResNet\n", "the model 'grid' needs torch and lightning and monai"),
        ("kind: tpot\ntitle: TPOT\n", "the model 'grid' needs tpot"),
        (GRID.replace("lda", "xgboost"), "the model 'grid' needs xgboost"),
        (
            "kind: estimator\ntitle: CatBoost\ntarget: catboost.CatBoostClassifier\n",
            "the module 'catboost' is not installed here",
        ),
    ],
    ids=["network", "tpot", "xgboost", "catboost"],
)
@pytest.mark.usefixtures("no_extras")
def test_a_model_that_needs_an_extra_is_refused_before_anything_runs(
    core_study: SmallStudy, text: str, message: str
) -> None:
    (core_study.root / "models" / "grid.yaml").write_text(text)

    with pytest.raises(SamesplitError, match=message) as caught:
        load_plan(core_study.folder, RunOptions())

    assert "pip install 'samesplit[" in str(caught.value)
    assert not (core_study.root / "reports").exists()


@pytest.mark.usefixtures("no_extras")
def test_a_model_that_needs_an_extra_and_is_not_asked_for_hinders_no_other(core_study: SmallStudy) -> None:
    more = BENCHMARK.replace("clinical-logistic, grid]", "clinical-logistic, grid, resnet18-25d]")
    (core_study.folder / "benchmark.yaml").write_text(more)

    plan = load_plan(core_study.folder, RunOptions(only=("clinical-logistic",)))

    assert [model.name for model in plan.models] == ["clinical-logistic"]


@pytest.mark.usefixtures("no_extras")
def test_a_profile_whose_engine_is_missing_is_refused_before_anything_runs(small_study: SmallStudy) -> None:
    with pytest.raises(
        MissingExtraError,
        match=r"first-order.yaml: the engine 'pyradiomics' needs radiomics(.|\n)*pyradiomics\]",
    ):
        load_plan(small_study.folder, RunOptions())
