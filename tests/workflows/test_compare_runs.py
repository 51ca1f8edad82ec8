from __future__ import annotations

import importlib.util
import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from samesplit.cli import app
from samesplit.errors import WorkspaceError
from samesplit.workflows.compare_runs import compare_runs

pytestmark = pytest.mark.usefixtures("undrawn")

Other = Callable[..., Path]


@pytest.fixture(scope="module")
def maker() -> ModuleType:
    path = Path(__file__).parents[1] / "reports" / "make_run.py"
    spec = importlib.util.spec_from_file_location("make_run_for_comparisons", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def first(maker: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder: Path = maker.make_run(
        tmp_path_factory.mktemp("runs") / "benchmark" / "first", n_lesions=80, folds=2, seeds=(0,),
        models=("radiomics-grid", "clinical", "zero-rule"), n_readers=2, bootstraps=0,
    )  # fmt: skip
    return folder


@pytest.fixture
def other(first: Path, tmp_path: Path) -> Other:
    """Another run: the first with some keys of its record changed and the probabilities of a model drawn anew."""

    def make(*, redrawn: str = "radiomics-grid", towards: float = 0.0, **changes: Any) -> Path:
        folder = Path(shutil.copytree(first, tmp_path / "benchmark" / "second"))
        predictions = pd.read_parquet(folder / "predictions.parquet")
        rng = np.random.default_rng(5)
        drawn = rng.uniform(0, 1, len(predictions))
        if towards:
            lesions = (
                pd.read_parquet(folder / "lesions.parquet").set_index("lesion_id")["label"] == "malignant"
            )
            drawn = (drawn + towards * predictions["lesion_id"].map(lesions)) / (1 + towards)
        mine = predictions["model"] == redrawn
        predictions.loc[mine, "probability"] = drawn[mine]
        predictions.to_parquet(folder / "predictions.parquet")
        record = json.loads((folder / "run.json").read_text())
        (folder / "run.json").write_text(json.dumps(record | {"run": "second"} | changes))
        return folder

    return make


def _read(page: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(page.with_name("report.json").read_text(encoding="utf-8"))
    return content


def test_a_model_that_changed_is_compared_and_the_others_are_said_to_be_the_same(
    first: Path, other: Other, tmp_path: Path
) -> None:
    page = compare_runs(first, other(), tmp_path / "out")
    assert sorted(path.name for path in page.parent.iterdir()) == [
        "report-tables", "report.html", "report.json", "report.md",
    ]  # fmt: skip
    report = _read(page)
    assert [section["id"] for section in report["sections"]] == ["verdicts", "paired", "settings", "runs"]
    assert report["answer"] == (
        "Radiomics grid: a lower AUC in the second run is shown. 2 models gave the same predictions in both runs."
    )
    table = pd.read_csv(page.parent / "report-tables" / "paired-table.csv").set_index("Model")
    assert table.loc["Radiomics grid", "Difference shown"] == "lower"
    assert table.loc["Radiomics grid", "Difference, high"] < 0
    assert table.loc["Zero rule", "Difference shown"] == "same predictions"
    assert "equal" not in report["answer"]


def test_what_is_not_shown_is_said_so(first: Path, other: Other, tmp_path: Path) -> None:
    found = _read(compare_runs(first, other(towards=1.0), tmp_path / "out"))
    assert "not shown to differ between the runs" in found["answer"]


def test_settings_that_differ_are_listed_place_by_place(first: Path, other: Other, tmp_path: Path) -> None:
    record = json.loads((first / "run.json").read_text())
    models = [*record["models"][:2], {"name": "new", "title": "New", "kind": "external", "seeds": [0]}]
    models[0] = models[0] | {"settings": {"folds": 7}}
    second = other(models=models, versions=record["versions"] | {"torch": "9"}, seconds={}, machine=None)
    page = compare_runs(first, second, tmp_path / "out")
    found = pd.read_csv(
        page.parent / "report-tables" / "settings-table.csv", dtype=str, keep_default_na=False
    )
    rows = {row["Setting"]: (row["First run"], row["Second run"]) for row in found.to_dict("records")}
    assert rows["models / radiomics-grid / settings / folds"] == ("3", "7")
    assert rows["models / zero-rule"] == ("listed", "")
    assert rows["models / new"] == ("", "listed")
    assert rows["versions / torch"] == ("2.13.0", "9")
    assert not any(place.startswith(("seconds", "run")) for place in rows)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"split": {"sha256": "f" * 64}}, "different frozen splits"),
        ({"options": {"shuffle_labels": True}}, "label permutation"),
        ({"cohort": {"rater": "R2"}}, "masks of R2"),
        ({"statistics": {"confidence": 0.9}}, "levels of confidence"),
    ],
)
def test_without_the_same_ground_no_difference_is_computed_and_the_page_says_why(
    first: Path, other: Other, tmp_path: Path, changes: dict[str, Any], reason: str
) -> None:
    report = _read(compare_runs(first, other(**changes), tmp_path / "out"))
    assert report["answer"].startswith("No difference between the two runs is computed: ")
    assert reason in report["answer"]


def test_other_outcomes_and_other_lesions_are_told(first: Path, other: Other, tmp_path: Path) -> None:
    second = other()
    lesions = pd.read_parquet(second / "lesions.parquet")
    lesions["label"] = lesions["label"].replace({"benign": "malignant", "malignant": "benign"})
    lesions.to_parquet(second / "lesions.parquet")
    answer = _read(compare_runs(first, second, tmp_path / "out"))["answer"]
    assert "another outcome in the second run: L0000, L0001, L0002 and others" in answer
    lesions["lesion_id"] = "other-" + lesions["lesion_id"]
    lesions.to_parquet(second / "lesions.parquet")
    answer = _read(compare_runs(first, second, tmp_path / "out"))["answer"]
    assert "no lesion with an outcome in common" in answer


def test_runs_without_a_common_model_have_no_difference(first: Path, other: Other, tmp_path: Path) -> None:
    second = other()
    for name in ("predictions", "results"):
        table = pd.read_parquet(second / f"{name}.parquet")
        table["model"] = table["model"].where(table["model"].str.startswith("reader"), "x-" + table["model"])
        table.to_parquet(second / f"{name}.parquet")
    assert _read(compare_runs(first, second, tmp_path / "out"))["answer"].startswith(
        "No model stands in both"
    )


def test_another_question_is_an_error(first: Path, other: Other, tmp_path: Path) -> None:
    with pytest.raises(WorkspaceError, match="asks something else than first") as caught:
        compare_runs(first, other(positive="tall", negative="small"), tmp_path / "out")
    assert "benign, malignant" in str(caught.value)
    assert caught.value.remedy


def test_a_run_is_not_compared_with_itself(first: Path, tmp_path: Path) -> None:
    with pytest.raises(WorkspaceError, match="compared with itself"):
        compare_runs(first, first, tmp_path / "out")


def test_on_the_command_line_the_page_stands_beside_the_benchmarks(first: Path, other: Other) -> None:
    done = CliRunner().invoke(app, ["report", str(other()), str(first)])
    assert done.exit_code == 0, done.output
    assert "comparisons" in done.output
    assert "second--benchmark-first" in done.output.replace("\n", "")


def test_the_same_folders_give_the_same_bytes(first: Path, other: Other, tmp_path: Path) -> None:
    second = other()
    pages = [compare_runs(first, second, tmp_path / name) for name in ("one", "two")]
    assert pages[0].read_bytes() == pages[1].read_bytes()
