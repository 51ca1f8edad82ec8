"""`samesplit submit` and `samesplit board` as they are typed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from board_study import BoardStudy, write_board_study
from samesplit import cli
from samesplit.errors import PredictionsError, WorkspaceError


def call(*words: str | Path, into: Path) -> Result:
    """Run a command in a folder."""
    before = Path.cwd()
    os.chdir(into)
    try:
        return CliRunner().invoke(cli.app, [str(word) for word in words])
    finally:
        os.chdir(before)


@pytest.fixture
def study(tmp_path: Path) -> BoardStudy:
    return write_board_study(tmp_path / "workspace")


@pytest.mark.usefixtures("undrawn")
def test_from_predictions_to_a_place_on_the_board(study: BoardStudy) -> None:
    study.predictions(2.0).to_csv(study.root / "predictions.csv", index=False)
    study.submissions.mkdir()
    card = ["--title", "My model", "--authors", "A. Author", "--code", "none", "--training-data", "none"]

    made = call("submit", "spots", "predictions.csv", *card, "-o", study.submissions, into=study.root)
    assert made.exit_code == 0, made.output
    assert "Wrote benchmarks/spots/submissions/my-model.csv" in made.output

    checked = call("submit", "spots", study.submissions / "my-model.csv", into=study.root)
    assert checked.exit_code == 0, checked.output
    assert "is a whole submission to spots" in checked.output
    assert "0." not in checked.output.split("operating point")[0]  # what it reaches is for the board to say

    assert call("board", "spots", "--check", into=study.root).exit_code == 1
    board = call("board", "spots", into=study.root)
    assert board.exit_code == 0, board.output
    assert "1 submissions" not in board.output
    assert "1 submission: 0 judged before, 1 new (judged), 0 stale, 0 refused." in board.output
    assert "Page:  reports/spots/board/board.html" in board.output
    assert call("board", "spots", "--check", into=study.root).exit_code == 0

    study.submit("old.csv", 1.0, split="ab" * 32)
    refused = call("board", "spots", into=study.root)
    assert refused.exit_code == 1
    assert "Refused old.csv: " in refused.output
    assert "Remedy: predict the lesions of the split as it is now" in refused.output


def test_submit_says_every_fault_and_asks_for_one_source(study: BoardStudy) -> None:
    bad = study.submit("bad.csv", 1.0, split="ab" * 32, code="x")

    result = call("submit", "spots", bad, into=study.root)
    assert isinstance(result.exception, PredictionsError)
    assert len(result.exception.more) == 1
    neither = call("submit", "spots", into=study.root)
    assert "from a file or from a model of a run" in str(neither.exception)


def test_an_option_that_would_do_nothing_is_refused(study: BoardStudy) -> None:
    study.predictions(2.0).to_csv(study.root / "p.csv", index=False)

    run = call("submit", "spots", "p.csv", "--from-run", "reports", into=study.root)
    threshold = call("submit", "spots", "--model", "ridge", "--threshold", "0.4", into=study.root)

    assert str(run.exception).startswith("--from-run: names the run of a --model")
    assert str(threshold.exception).startswith("--threshold: goes with a file")


def test_what_has_no_meaning_beside_a_hand_out_is_refused(study: BoardStudy) -> None:
    asked = call("board", "spots", "--hand-out", study.root / "out", "--check", into=study.root)

    assert isinstance(asked.exception, WorkspaceError)
    assert "no meaning beside it" in str(asked.exception)
    assert not (study.root / "out").exists()
