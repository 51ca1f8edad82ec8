"""The probability of a task of two classes, judged as the risk of a later event."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from conftest import SmallStudy
from samesplit.benchmarks.definition import read_benchmark
from samesplit.errors import SamesplitError
from samesplit.run import RunOptions, load_plan
from samesplit.tables import read_table
from samesplit.workflows.run import RunOutcome, run_benchmark
from samesplit.workflows.split import freeze_split

TASKS = """
tasks:
  malignant: {kind: binary, question: "Which balls are bright?", positive: malignant, negative: benign}
  survival: {kind: survival, question: "How long do balls last?", time: months, event: death}
"""
STATISTICS = """
statistics:
  bootstraps: 100
  prognosis:
    - {task: malignant, outcomes: [survival], adjust: [stage, grade], comparators: {grade: [1, 2, 3]}}
"""


def with_follow_up(study: SmallStudy, statistics: str = STATISTICS) -> SmallStudy:
    """The small study with follow-up: bright balls die earlier, and so do those of a high grade."""
    path = study.folder / "benchmark.yaml"
    text = path.read_text().replace(
        "models: [zero-rule, clinical-logistic, forest]", "models: [zero-rule, forest]"
    )
    body = text.split("statistics:")[0]
    kept = [line for line in body.splitlines() if not line.startswith("task:")]
    path.write_text("\n".join(kept) + TASKS + statistics)
    rng = np.random.default_rng(5)

    def follow(lesions: pd.DataFrame) -> pd.DataFrame:
        bright = (lesions["label"] == "malignant").to_numpy()
        months = np.round(rng.exponential(np.where(bright, 20.0, 60.0)) + 0.1, 1)
        return lesions.assign(
            months=[str(x) for x in months],
            death=[str(int(x < 50)) for x in months],
            grade=["", *(str(1 + (k + b) % 3) for k, b in enumerate(bright[1:]))],
            stage=["I" if k % 2 else "II" for k in range(len(lesions))],
        )

    study.edit("lesions.csv", follow)
    for name in ("splits.csv", "splits.json"):
        (study.folder / name).unlink()
    freeze_split(study.folder, changes={})
    return study


@pytest.fixture(scope="module")
def finished(
    small_study_template: SmallStudy, tmp_path_factory: pytest.TempPathFactory
) -> tuple[SmallStudy, RunOutcome]:
    """The study after a run; never change it."""
    root = tmp_path_factory.mktemp("prognosis") / "workspace"
    shutil.copytree(small_study_template.root, root)
    study = with_follow_up(SmallStudy(root, root / "benchmarks" / "balls"))
    return study, run_benchmark(load_plan(study.folder, RunOptions(jobs=1)))


def test_the_probability_of_a_model_is_judged_as_a_risk(finished: tuple[SmallStudy, RunOutcome]) -> None:
    _, outcome = finished
    results = pd.read_csv(outcome.folder / "results.csv").query("task == 'survival' and group == 'all'")

    found = results[results["quantity"] == "c_index"].set_index("model")["estimate"]
    assert {"malignant-by-forest", "grade"} <= set(found.index)
    assert found["malignant-by-forest"] > 0.55


def test_risks_are_cut_where_the_task_itself_calls_a_lesion_positive(
    finished: tuple[SmallStudy, RunOutcome],
) -> None:
    _, outcome = finished
    results = pd.read_csv(outcome.folder / "results.csv").query("task == 'survival' and group == 'all'")

    methods = results[results["quantity"] == "log_rank"].set_index("model")["note"]
    assert "where the other task calls a lesion positive" in methods["malignant-by-forest"]
    assert "where the other task" not in methods["grade"]


def test_hazard_ratios_stand_beside_stage_and_grade(finished: tuple[SmallStudy, RunOutcome]) -> None:
    _, outcome = finished
    cox = read_table(outcome.folder / "tasks/survival/survival_cox.parquet")

    terms = set(cox.loc[cox["model"] == "malignant-by-forest", "term"])
    assert {"risk score", "grade"} <= terms
    assert any(term.startswith("stage: ") for term in terms)


def test_the_report_gives_scores_a_title(finished: tuple[SmallStudy, RunOutcome]) -> None:
    _, outcome = finished
    record = json.loads((outcome.folder / "run.json").read_text())
    titles = {model["name"]: model["title"] for model in record["models"]}

    assert titles["malignant-by-forest"].endswith(": probability in the task malignant")
    assert titles["malignant-by-forest"] in outcome.report.read_text(encoding="utf-8")


def test_a_lesion_without_a_grade_has_no_row_of_that_score(finished: tuple[SmallStudy, RunOutcome]) -> None:
    study, outcome = finished
    first = pd.read_csv(study.folder / "lesions.csv")["lesion_id"].iloc[0]

    rows = read_table(outcome.folder / "tasks/survival/predictions.parquet")
    models = set(rows.loc[rows["lesion_id"] == first, "model"])
    assert "malignant-by-forest" in models
    assert "grade" not in models


def test_a_model_that_orders_nothing_is_no_score(finished: tuple[SmallStudy, RunOutcome]) -> None:
    _, outcome = finished

    rows = read_table(outcome.folder / "tasks/survival/predictions.parquet")
    assert "malignant-by-zero-rule" not in set(rows["model"])


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ("task: malign,", "names 'malign', which is no binary task"),
        ("task: malignant, outcomes: [malignant],", "names 'malignant', which is no survival task"),
        ("task: malignant, adjust: [months],", "'months' holds an outcome"),
        ("task: malignant, comparators: {forest: [1, 2]},", "is a model and a comparator"),
        ("task: malignant, comparators: {grade: [1]},", "needs two or more different values"),
    ],
)
def test_a_declaration_that_cannot_be_is_told(small_study: SmallStudy, changed: str, message: str) -> None:
    rest = "" if "outcomes" in changed else "outcomes: [survival]"
    statistics = f"\nstatistics:\n  prognosis:\n    - {{{changed} {rest}}}\n".replace(", }", "}")
    path: Path = small_study.folder / "benchmark.yaml"
    body = path.read_text().split("statistics:")[0]
    path.write_text("\n".join(x for x in body.splitlines() if not x.startswith("task:")) + TASKS + statistics)

    with pytest.raises(SamesplitError, match=message):
        read_benchmark(small_study.folder)


def test_a_column_that_is_not_there_is_told_with_the_nearest(small_study: SmallStudy) -> None:
    study = with_follow_up(small_study)
    path = study.folder / "benchmark.yaml"
    path.write_text(path.read_text().replace("adjust: [stage, grade]", "adjust: [stag]"))

    with pytest.raises(SamesplitError, match=r"no column 'stag', which statistics\.prognosis"):
        load_plan(study.folder, RunOptions(jobs=1))
