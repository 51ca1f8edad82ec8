"""A benchmark with several named tasks, from its tables to the report."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from conftest import SmallStudy
from samesplit.errors import DeclarationError, PredictionsError
from samesplit.run import RunOptions, load_plan
from samesplit.tables import read_table
from samesplit.workflows.compare import compare
from samesplit.workflows.run import RunOutcome, run_benchmark
from samesplit.workflows.split import freeze_split
from samesplit.workflows.validate import validate

QUICK = RunOptions(jobs=1)
TASKS = """
tasks:
  malignant: {kind: binary, question: "Which balls are bright?", positive: malignant, negative: benign}
  aggressive:
    kind: binary
    question: Which bright balls grow?
    column: grade
    positive: high
    negative: low
    among: {label: [malignant]}
    indeterminate: [unclear]
"""


def with_tasks(study: SmallStudy, text: str = TASKS) -> SmallStudy:
    """The small study with two questions: the second is asked of the malignant balls, two of which are unclear."""
    path = study.folder / "benchmark.yaml"
    lines = path.read_text().splitlines()
    kept = [line for line in lines if not line.startswith("task:")]
    body = "\n".join(kept).replace(
        "models: [zero-rule, clinical-logistic, forest]", "models: [zero-rule, forest]"
    )
    path.write_text(body + text)

    def grades(lesions: pd.DataFrame) -> pd.DataFrame:
        number = np.arange(len(lesions)) // 2
        grade = np.where(number % 2 == 0, "high", "low").astype(object)
        grade[np.flatnonzero(lesions["label"] == "malignant")[:2]] = "unclear"
        return lesions.assign(grade=np.where(lesions["label"] == "malignant", grade, ""))

    study.edit("lesions.csv", grades)
    for name in ("splits.csv", "splits.json"):
        (study.folder / name).unlink()
    freeze_split(study.folder, changes={})
    return study


@pytest.fixture(scope="module")
def finished(
    small_study_template: SmallStudy, tmp_path_factory: pytest.TempPathFactory
) -> tuple[SmallStudy, RunOutcome]:
    """The study after a run; never change it."""
    import shutil

    root = tmp_path_factory.mktemp("tasks") / "workspace"
    shutil.copytree(small_study_template.root, root)
    study = with_tasks(SmallStudy(root, root / "benchmarks" / "balls"))
    return study, run_benchmark(load_plan(study.folder, QUICK))


def test_each_task_has_its_tables_in_a_folder_of_its_own(finished: tuple[SmallStudy, RunOutcome]) -> None:
    _, outcome = finished
    assert not outcome.failures
    for task, count in (("malignant", 27), ("aggressive", 10)):
        folder = outcome.folder / "tasks" / task
        outcomes = read_table(folder / "outcomes.parquet")
        tested = read_table(folder / "predictions.parquet").query("subset == 'test' and model == 'forest'")
        assert sorted(tested["lesion_id"]) == sorted(outcomes["lesion_id"])
        assert len(outcomes) == count
        auc = read_table(folder / "results.parquet").query("quantity == 'auc' and group == 'all'")
        assert set(auc["model"]) >= {"zero-rule", "forest"}
        assert (auc["n"] == count).all()
        for name in ("confusion", "folds", "pairs", "decisions", "thresholds", "curves/roc"):
            assert (folder / f"{name}.parquet").exists()
        assert any((folder / "models" / "forest").iterdir())
    assert not (outcome.folder / "predictions.parquet").exists()


def test_the_tables_of_all_tasks_stand_together_at_the_root(finished: tuple[SmallStudy, RunOutcome]) -> None:
    _, outcome = finished
    results = pd.read_csv(outcome.folder / "results.csv")
    predictions = pd.read_csv(outcome.folder / "predictions.csv")
    for table in (results, predictions):
        assert table.columns[0] == "task"
        assert table["task"].unique().tolist() == ["malignant", "aggressive"]
    record = json.loads((outcome.folder / "run.json").read_text())
    assert [(task["name"], task["kind"], task["lesions"]) for task in record["tasks"]] == [
        ("malignant", "binary", 27),
        ("aggressive", "binary", 10),
    ]
    assert record["tasks"][1]["classes"] == ["low", "high"]
    assert {model["name"]: model["tasks"] for model in record["models"]} == {
        "zero-rule": ["malignant", "aggressive"],
        "forest": ["malignant", "aggressive"],
    }


def test_a_lesion_that_is_left_out_is_never_cast_to_a_class(finished: tuple[SmallStudy, RunOutcome]) -> None:
    study, outcome = finished
    lesions = pd.read_csv(study.folder / "lesions.csv", dtype=str, keep_default_na=False)
    unclear = set(lesions.loc[lesions["grade"].isin(["unclear", ""]), "lesion_id"])
    predictions = read_table(outcome.folder / "tasks" / "aggressive" / "predictions.parquet")
    assert not unclear & set(predictions["lesion_id"])
    ledger = read_table(outcome.folder / "ledger.parquet")
    told = ledger[ledger["stage"] == "task aggressive"].set_index("lesion_id")["reason"]
    assert set(told.index) == unclear
    assert told.str.startswith("indeterminate: 'grade' is 'unclear'").sum() == 2


def test_the_second_run_finds_everything_done(finished: tuple[SmallStudy, RunOutcome]) -> None:
    study, outcome = finished
    again = run_benchmark(load_plan(study.folder, QUICK))
    assert again.unchanged
    assert again.folder == outcome.folder
    assert (outcome.folder / "report.html").stat().st_size > 10_000


def test_a_task_gives_the_numbers_of_a_benchmark_that_asks_it_alone(
    finished: tuple[SmallStudy, RunOutcome], small_study: SmallStudy, undrawn: None
) -> None:
    """The same lesions, split and models under `task` and as one of `tasks`."""
    study, outcome = finished
    path = small_study.folder / "benchmark.yaml"
    text = path.read_text().replace("[zero-rule, clinical-logistic, forest]", "[zero-rule, forest]")
    path.write_text(text)
    alone = load_plan(small_study.folder, QUICK)
    # The split of two tasks is another one: the single task is judged on it too.
    named = load_plan(study.folder, QUICK)
    object.__setattr__(alone, "split", named.split)
    object.__setattr__(alone, "run_id", "alone")
    single = run_benchmark(alone)
    results = pd.read_csv(single.folder / "results.csv")
    of_task = pd.read_csv(outcome.folder / "results.csv").query("task == 'malignant'").drop(columns="task")
    pd.testing.assert_frame_equal(results, of_task.reset_index(drop=True), check_exact=True)


class TestComparing:
    @staticmethod
    def write(study: SmallStudy, path: Path) -> Path:
        ids = pd.read_csv(study.folder / "lesions.csv")["lesion_id"]
        pd.DataFrame({"lesion_id": ids, "probability": np.linspace(0, 1, len(ids))}).to_csv(path, index=False)
        return path

    def test_predictions_answer_the_task_that_is_named(self, small_study: SmallStudy, tmp_path: Path) -> None:
        study = with_tasks(small_study)
        path = self.write(study, tmp_path / "mine.csv")
        with pytest.raises(
            PredictionsError, match="the benchmark has several tasks\nRemedy: say with --task"
        ):
            compare(study.folder, path, title="Mine", jobs=1)
        with pytest.raises(
            PredictionsError, match=r"no task 'agressive'\nRemedy: did you mean 'aggressive'\?"
        ):
            compare(study.folder, path, title="Mine", task="agressive", jobs=1)
        plan = compare(study.folder, path, title="Mine", task="aggressive", jobs=1)
        (mine,) = plan.externals
        assert (mine.name, mine.task, len(mine.predictions)) == ("mine", "aggressive", 10)
        assert mine.notes == (
            "mine.csv: predictions of 17 lesions that have no outcome in the task were left out",
        )
        assert (study.root / "reports/balls/external/aggressive/mine.parquet").exists()

    def test_a_benchmark_with_one_question_names_no_task(
        self, small_study: SmallStudy, tmp_path: Path
    ) -> None:
        path = self.write(small_study, tmp_path / "mine.csv")
        with pytest.raises(PredictionsError, match="the benchmark has no task 'task'"):
            compare(small_study.folder, path, title="Mine", task="task", jobs=1)


def test_a_model_named_for_a_task_is_fitted_for_no_other(small_study: SmallStudy) -> None:
    study = with_tasks(small_study)
    path = study.folder / "benchmark.yaml"
    use = "models: [zero-rule, {name: grower, use: forest, tasks: [aggressive]}]"
    path.write_text(
        path.read_text().replace("models: [zero-rule, forest]", use).replace("reference: forest, ", "")
    )
    plan = load_plan(study.folder, QUICK)
    assert plan.model_tasks == {"zero-rule": ("malignant", "aggressive"), "grower": ("aggressive",)}
    assert (plan.reference_of("malignant"), plan.reference_of("aggressive")) == ("zero-rule", "grower")
    assert plan.clinical_of("malignant") is None
    path.write_text(path.read_text().replace("[aggressive]", "[agressive]"))
    with pytest.raises(
        DeclarationError, match=r"line \d+: the model 'grower' is named for the task 'agressive'"
    ):
        load_plan(study.folder, QUICK)


def test_validate_counts_each_task(small_study: SmallStudy) -> None:
    found = validate(with_tasks(small_study).folder, jobs=1)
    assert found.fine
    assert found.summary["task malignant"] == "15 benign, 12 malignant"
    assert found.summary["task aggressive"].endswith("; 17 of 27 lesions left out")
    assert (found.problems["status"] == "excluded").sum() == 17


def test_shuffled_labels_are_those_of_all_tasks(small_study: SmallStudy) -> None:
    study = with_tasks(small_study)
    shuffled = load_plan(study.folder, RunOptions(jobs=1, shuffle_labels=1))
    malignant, aggressive = (shuffled.outcomes[name]["label"] for name in ("malignant", "aggressive"))
    assert not malignant.equals(shuffled.cohort.labels)
    assert (malignant.loc[aggressive.index] == 1).all()
