"""Every Python example of README.md and docs/python.md is run, as a reader would paste it."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from conftest import SmallStudy

ROOT = Path(__file__).parents[1]
BENCHMARK = """
title: Bright or dark balls
task: {question: "Which balls are bright?", positive: malignant, negative: benign}
cohort: {sequences: [T1C, T2], clinical: {age: number}}
split: {scheme: kfold, folds: 2, repeats: 1, validation: 0.3, seed: 3}
models: []
simple_arm: null
statistics: {bootstraps: 100}
"""
PROFILE = """
engine: ibsi
description: Statistics, for quick tests.
settings: {undefined: [], features: {statistics: all}}
"""


def python_blocks(page: str) -> list[str]:
    return re.findall(r"```python\n(.*?)```", (ROOT / page).read_text(encoding="utf-8"), re.DOTALL)


@pytest.fixture
def workspace(small_study: SmallStudy, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace with the benchmark `my-study`, quick profiles under the usual names, and an image and a mask."""
    small_study.folder.rename(small_study.folder.with_name("my-study"))
    folder = small_study.root / "benchmarks" / "my-study"
    (folder / "benchmark.yaml").write_text(BENCHMARK)
    for name in ("mr-default", "ct-default"):
        (small_study.root / "features" / f"{name}.yaml").write_text(PROFILE)
    shutil.copy(folder / "images" / "L01a_T1C.nii.gz", small_study.root / "image.nii.gz")
    shutil.copy(folder / "images" / "L01a_T1C_mask.nii.gz", small_study.root / "mask.nii.gz")
    monkeypatch.chdir(small_study.root)
    monkeypatch.setattr("samesplit.api.joining.has_extra", lambda _: False)  # MLflow takes seconds
    monkeypatch.setattr("samesplit.api.study_features.cores", lambda: 1)
    monkeypatch.setattr("samesplit.execution.processes.cores", lambda: 1)
    return small_study.root


@pytest.mark.usefixtures("undrawn")
@pytest.mark.filterwarnings("ignore:the run was not tracked")
@pytest.mark.parametrize("page", ["README.md", "docs/python.md"])
def test_the_python_examples_of_a_page_run(
    page: str, workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    blocks = python_blocks(page)
    assert blocks
    namespace: dict[str, Any] = {}

    for block in blocks:
        exec(compile(block, page, "exec"), namespace)

    report = namespace["report"]
    assert report.html.is_file()
    submitted = {name.lower().replace(" ", "-") for name in namespace["study"].submitted}
    assert set(report.results["model"]) == submitted != set()
    assert namespace["row"].notna().any()


def test_the_example_of_calibration_and_decision_curves_runs(capsys: pytest.CaptureFixture[str]) -> None:
    (block,) = python_blocks("docs/calibration-and-use.md")
    exec(compile(block, "calibration-and-use.md", "exec"), {})
    assert capsys.readouterr().out.startswith("1.4 0.124\n")


def test_the_page_names_all_that_the_package_offers() -> None:
    import samesplit

    text = (ROOT / "docs" / "python.md").read_text(encoding="utf-8")
    table = text.partition("| name |")[2].partition("\n\n")[0]

    assert set(re.findall(r"`ss\.(\w+)", table)) == set(samesplit.__all__) - {"__version__"}
