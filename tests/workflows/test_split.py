"""The frozen split of a benchmark, as `samesplit split` makes and shows it."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
import yaml
from typer.testing import CliRunner

from samesplit import cli
from samesplit.workflows.split import freeze_split


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Forty lesions of three subtypes and two grades at four sites, in a workspace."""
    folder = tmp_path / "benchmarks" / "study"
    folder.mkdir(parents=True)
    for name in ("models", "features"):
        (tmp_path / name).mkdir()
    number = range(40)
    lesions = pd.DataFrame(
        {
            "lesion_id": [f"L{i:02d}" for i in number],
            "patient_id": [f"P{i // 2:02d}" if i < 8 else f"P{i:02d}" for i in number],
            "subtype": [("AML", "cyst", "solid")[i % 3] for i in number],
            "grade": [("low", "high", "")[i // 3 % 3] for i in number],
            "site": [f"S{(i // 2) % 4}" for i in number],
        }
    )
    lesions.to_csv(folder / "lesions.csv", index=False)
    declared = {
        "title": "A study",
        "tasks": {
            "type": {
                "kind": "multiclass",
                "question": "Which?",
                "column": "subtype",
                "classes": ["AML", "cyst", "solid"],
            },
            "grade": {
                "kind": "binary",
                "question": "High?",
                "column": "grade",
                "positive": "high",
                "negative": "low",
            },
        },
        "split": {"scheme": "holdout", "test_sets": {"external": {"site": ["S3"]}}},
    }
    (folder / "benchmark.yaml").write_text(yaml.safe_dump(declared, sort_keys=False))
    return folder


def test_classes_of_every_task_are_counted_in_every_part_and_test_set(folder: Path) -> None:
    frozen = freeze_split(folder, changes={})
    counts = frozen.counts.set_index("part")
    assert list(counts.columns[2:]) == [
        "patients", "lesions", "AML (type)", "cyst (type)", "solid (type)", "high (grade)",
    ]  # fmt: skip
    assert list(counts.index) == ["train", "validation", "test", "test: internal", "test: external"]
    parts = counts.iloc[:3]
    lesions = pd.read_csv(folder / "lesions.csv")
    assert parts["lesions"].sum() == 40
    assert parts["solid (type)"].sum() == (lesions["subtype"] == "solid").sum()
    assert counts.loc["test: external", "lesions"] == (lesions["site"] == "S3").sum()
    sets = counts.iloc[3:]
    assert (sets.sum() == counts.loc["test"])[["patients", "lesions", "high (grade)"]].all()


def test_the_command_line_keeps_the_test_sets_under_another_scheme(folder: Path) -> None:
    frozen = freeze_split(folder, changes={"scheme": "kfold", "folds": 2})
    counts = frozen.counts
    assert list(counts[counts["fold"] == 1]["part"])[-2:] == ["test: internal", "test: external"]


def test_notes_on_classes_that_a_part_lacks_are_shown(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table = pd.read_csv(folder / "lesions.csv", keep_default_na=False)
    table.loc[table["site"] == "S3", "subtype"] = "AML"
    table.to_csv(folder / "lesions.csv", index=False)
    monkeypatch.chdir(folder.parents[1])
    shown = CliRunner().invoke(cli.app, ["split", "study"])
    assert shown.exit_code == 0, shown.output
    text = " ".join(shown.output.split())
    assert "Note: task type: the test set 'external' is without a lesion of class 'cyst' and" in text
