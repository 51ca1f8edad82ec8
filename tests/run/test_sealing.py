from __future__ import annotations

import json
from pathlib import Path

import pytest

from samesplit.run.sealing import MARK, reseal, seal, sealed


@pytest.fixture
def finished(tmp_path: Path) -> Path:
    """A finished run of three files."""
    for name in ("report.html", "results.csv", "tables.parquet"):
        (tmp_path / name).write_text(f"content of {name}")
    seal(tmp_path, {"run": "abc", "failures": {}})
    return tmp_path


def test_a_finished_run_is_whole_while_every_file_is_as_it_was(finished: Path) -> None:
    assert sealed(finished)["run"] == "abc"
    assert set(sealed(finished)["files"]) == {"report.html", "results.csv", "tables.parquet"}


@pytest.mark.parametrize("damage", ["changed", "removed"])
def test_a_damaged_file_makes_the_run_unfinished_and_is_noted(
    finished: Path, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    if damage == "changed":
        (finished / "results.csv").write_text("other numbers")
    else:
        (finished / "results.csv").unlink()

    assert sealed(finished) == {}
    assert "results.csv" in caplog.text


def test_what_other_commands_write_does_not_count(finished: Path) -> None:
    (finished / "report.pdf").write_bytes(b"%PDF")
    (finished / "mlflow.json").write_text("{}")

    assert sealed(finished)["run"] == "abc"


def test_a_report_that_was_written_again_is_taken_into_the_mark(finished: Path) -> None:
    (finished / "report.html").write_text("the report, anew")
    assert sealed(finished) == {}

    reseal(finished)

    assert sealed(finished)["run"] == "abc"


def test_an_unfinished_run_is_not_finished_by_writing_its_report_again(tmp_path: Path) -> None:
    (tmp_path / "report.html").write_text("a report")

    reseal(tmp_path)

    assert not (tmp_path / MARK).exists()
    assert sealed(tmp_path) == {}


def test_a_mark_that_is_cut_off_is_none(finished: Path) -> None:
    (finished / MARK).write_text(json.dumps({"run": "abc"})[:-3])

    assert sealed(finished) == {}
