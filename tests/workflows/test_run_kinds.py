"""Benchmarks of several kinds of task and with named test sets, from their tables to the report."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from matplotlib.figure import Figure

from samesplit.errors import ModelError, PredictionsError
from samesplit.models.survival.cox import CoxModel
from samesplit.run import RunOptions, load_plan
from samesplit.tables import read_table
from samesplit.workflows.run import RunOutcome, run_benchmark
from samesplit.workflows.split import freeze_split

CLASSES = ("AML", "cyst", "solid")
TASKS: dict[str, Any] = {
    "subtype": {
        "kind": "multiclass",
        "question": "Which subtype?",
        "column": "subtype",
        "classes": list(CLASSES),
        "indeterminate": ["unclear"],
    },
    "relapse": {
        "kind": "survival",
        "question": "How long without relapse?",
        "time": "months",
        "event": "relapse",
        "among": {"subtype": ["cyst", "solid"]},
    },
}
MODELS = {
    "zero-rule": "kind: zero-rule\ntitle: Zero rule\n",
    "grid": (
        "kind: radiomics-grid\ntitle: Grid\nselectors: [anova-f]\nclassifiers: [lda]\nsizes: [2]\ninner_folds: 2\n"
    ),
    "cox": "kind: cox\ntitle: Cox\nprofiles: ['*']\ninner_folds: 2\n",
}


def make_workspace(root: Path, definition: dict[str, Any]) -> Path:
    """Sixty lesions of 54 patients at three sites; two features tell the subtype, one of them the time."""
    rng = np.random.default_rng(3)
    number = np.arange(60)
    place = np.where(number < 54, number, number - 54)  # six patients have two lesions
    kind = rng.permutation(np.repeat([0, 1, 2], 20))
    first = rng.normal(size=60) + 1.5 * (kind == 1)
    second = rng.normal(size=60) + 1.5 * (kind == 2)
    until = rng.exponential(20 * np.exp(-second))
    ends = rng.uniform(5, 40, size=60)
    subtype = np.array(CLASSES, dtype=object)[kind]
    subtype[[7, 40]] = "unclear"
    lesions = pd.DataFrame(
        {
            "lesion_id": [f"L{i:02d}" for i in number],
            "patient_id": [f"P{i:02d}" for i in place],
            "label": np.where(kind == 0, "benign", "malignant"),
            "subtype": subtype,
            "months": np.maximum(np.minimum(until, ends), 0.1).round(1),
            "relapse": (until <= ends).astype(int),
            "site": np.array(["north", "east", "south"])[place % 3],
            "date": [f"{2015 + p % 8}-05-01" for p in place],
        }
    )
    folder = root / "benchmarks" / "study"
    folder.mkdir(parents=True)
    (root / "models").mkdir()
    (root / "features").mkdir()
    for name, text in MODELS.items():
        (root / "models" / f"{name}.yaml").write_text(text)
    lesions.to_csv(folder / "lesions.csv", index=False)
    noise = {f"noise {i}": rng.normal(size=60) for i in range(3)}
    table = pd.DataFrame({"lesion_id": lesions["lesion_id"], "first": first, "second": second, **noise})
    table.to_csv(folder / "table.csv", index=False)
    declared = {
        "title": "A study",
        "features": "table.csv",
        "simple_arm": None,
        "statistics": {"bootstraps": 100},
        **definition,
    }
    (folder / "benchmark.yaml").write_text(yaml.safe_dump(declared))
    freeze_split(folder, changes={})
    return folder


def run_of(folder: Path) -> RunOutcome:
    """Run without drawing: what the figures look like is looked at in tests of the report."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            Figure, "savefig", lambda _, target, **__: target.write('<svg viewBox="0 0 9 9"></svg>')
        )
        return run_benchmark(load_plan(folder, RunOptions(jobs=1)))


@pytest.fixture(scope="module")
def kinds(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, RunOutcome]:
    """A task of three classes and one of survival, on one split; never change it."""
    folder = make_workspace(
        tmp_path_factory.mktemp("kinds"),
        {"tasks": TASKS, "split": {"scheme": "kfold", "folds": 3}, "models": list(MODELS)},
    )
    return folder, run_of(folder)


class TestClassesAndSurvival:
    def test_every_model_answers_the_tasks_that_it_can(self, kinds: tuple[Path, RunOutcome]) -> None:
        _, outcome = kinds
        assert not outcome.failures
        record = json.loads((outcome.folder / "run.json").read_text())
        assert {model["name"]: model["tasks"] for model in record["models"]} == {
            "zero-rule": ["subtype"],
            "grid": ["subtype"],
            "cox": ["relapse"],
        }

    def test_probabilities_of_all_classes_sum_to_1_and_risks_are_finite(
        self, kinds: tuple[Path, RunOutcome]
    ) -> None:
        _, outcome = kinds
        classes = read_table(outcome.folder / "tasks" / "subtype" / "predictions.parquet")
        assert set(classes["class"]) == set(CLASSES)
        key = ["model", "seed", "repeat", "fold", "subset", "lesion_id"]
        assert np.allclose(classes.groupby(key)["probability"].sum(), 1)
        risks = read_table(outcome.folder / "tasks" / "relapse" / "predictions.parquet")
        assert np.isfinite(risks["risk"]).all()

    def test_lesions_without_an_outcome_take_no_part_in_that_task_alone(
        self, kinds: tuple[Path, RunOutcome]
    ) -> None:
        folder, outcome = kinds
        lesions = pd.read_csv(folder / "lesions.csv").set_index("lesion_id")
        classes = read_table(outcome.folder / "tasks" / "subtype" / "predictions.parquet")
        assert set(classes["lesion_id"]) == set(lesions.index[lesions["subtype"] != "unclear"])
        risks = read_table(outcome.folder / "tasks" / "relapse" / "predictions.parquet")
        assert set(risks["lesion_id"]) == set(lesions.index[lesions["subtype"].isin(["cyst", "solid"])])

    def test_models_that_learnt_are_better_than_chance(self, kinds: tuple[Path, RunOutcome]) -> None:
        _, outcome = kinds
        results = pd.read_csv(outcome.folder / "results.csv", keep_default_na=False)
        overall = results[results["group"] == "all"].set_index(["task", "quantity", "model"])["estimate"]
        assert float(overall["subtype", "auc", "grid"]) > 0.75
        assert float(overall["subtype", "auc", "zero-rule"]) == 0.5
        assert float(overall["relapse", "c_index", "cox"]) > 0.6
        of_class = results[(results["quantity"] == "auc") & results["group"].str.startswith("class=")]
        assert set(of_class["group"]) == {f"class={name}" for name in CLASSES}

    def test_the_report_has_a_chapter_a_task(self, kinds: tuple[Path, RunOutcome]) -> None:
        _, outcome = kinds
        page = (outcome.folder / "report.html").read_text()
        for text in ("Which subtype?", "How long without relapse?", *CLASSES, "Kaplan"):
            assert text in page


@pytest.fixture(scope="module")
def sets(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, RunOutcome]:
    """One task with two classes, tested at home, at another site and later; never change it."""
    folder = make_workspace(
        tmp_path_factory.mktemp("sets"),
        {
            "task": {"question": "Malignant?", "positive": "malignant", "negative": "benign"},
            "split": {
                "scheme": "holdout",
                "test": 0.3,
                "test_sets": {"external": {"site": ["south"]}, "prospective": {"from": "2021-01-01"}},
            },
            "models": ["zero-rule", "grid"],
        },
    )
    return folder, run_of(folder)


class TestNamedTestSets:
    def test_each_set_is_judged_apart_and_all_together(self, sets: tuple[Path, RunOutcome]) -> None:
        folder, outcome = sets
        lesions = pd.read_csv(folder / "lesions.csv")
        results = read_table(outcome.folder / "results.parquet")
        of_grid = results[(results["quantity"] == "auc") & (results["model"] == "grid")]
        n = of_grid[of_grid["subset"] == "test"].set_index("group")["n"]
        assert set(n.index) == {"all", "test_set=internal", "test_set=external", "test_set=prospective"}
        assert n["all"] == n.drop("all").sum()
        south = lesions["site"] == "south"
        assert n["test_set=external"] == south.sum()
        assert n["test_set=prospective"] == (~south & (lesions["date"] >= "2021-01-01")).sum()
        differences = results[results["quantity"] == "auc_difference"]
        assert set(differences["group"]) == set(n.index)

    def test_patients_of_the_declared_sets_were_never_learnt_from(
        self, sets: tuple[Path, RunOutcome]
    ) -> None:
        folder, outcome = sets
        lesions = pd.read_csv(folder / "lesions.csv").set_index("lesion_id")
        predictions = read_table(outcome.folder / "predictions.parquet")
        told = lesions.loc[predictions["lesion_id"]].reset_index()
        apart = (told["site"] == "south") | (told["date"] >= "2021-01-01")
        assert set(predictions.loc[apart.to_numpy(), "subset"]) == {"test"}

    def test_the_balance_and_the_report_show_every_set(self, sets: tuple[Path, RunOutcome]) -> None:
        _, outcome = sets
        balance = read_table(outcome.folder / "balance.parquet")
        assert {"test", "test_set=internal", "test_set=external"} <= set(balance["subset"])
        page = (outcome.folder / "report.html").read_text()
        for name in ("internal", "external", "prospective"):
            assert name in page


def test_where_every_model_fails_the_first_reason_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise ModelError("knows nothing", remedy="ask another")

    monkeypatch.setattr(CoxModel, "learn", fail)
    relapse = {"relapse": TASKS["relapse"]}
    folder = make_workspace(tmp_path, {"tasks": relapse, "split": {"scheme": "holdout"}, "models": ["cox"]})
    with pytest.raises(
        PredictionsError, match=r"no model gave any prediction. The first that failed: .*knows"
    ):
        run_benchmark(load_plan(folder, RunOptions(jobs=1)))
