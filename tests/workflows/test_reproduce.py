from __future__ import annotations

import json
import os
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from samesplit import cli
from samesplit.errors import WorkspaceError
from samesplit.workflows.reproduce import reproduce_study

HEADER = "study,table_figure,cohort_split,n,n_pos,n_neg,model_or_reader,metric,value,ci_low,ci_high,p_value"
LINES = f"""{HEADER},comparator
Own,Table 3,test,112,63,49,Network,accuracy,0.70,0.61,0.77,0.26,Reader
Own,Table 3,test,112,63,49,Network,sensitivity,0.92,0.82,0.97,,
Own,Table 3,test,112,63,49,Network,specificity,0.41,0.28,0.55,,
Own,Table 3,test,112,63,49,Network,PPV,0.69,,,,
Own,Table 3,test,112,63,49,Network,ROC_AUC,0.73,,,,
Own,Table 3,test,112,63,49,Reader,accuracy,0.62,0.52,0.70,,
Own,Table 3,test,112,63,49,Reader,sensitivity,0.79,0.68,0.88,,
Own,Table 3,test,112,63,49,Reader,specificity,0.39,0.26,0.53,,
"""


@pytest.fixture
def paper(tmp_path: Path) -> Path:
    folder = tmp_path / "my paper"
    folder.mkdir()
    (folder / "published.csv").write_text(LINES, encoding="utf-8")
    return folder


def test_the_numbers_of_any_paper_are_written_with_their_verdicts(paper: Path, tmp_path: Path) -> None:
    done = reproduce_study(str(paper), output=tmp_path / "out")

    written = pd.read_csv(done.folder / "reproduction.csv", keep_default_na=False, dtype=str)
    assert len(written) == len(done.found.table) == 21
    wrong = written[written["verdict"] == "inconsistent"]
    assert wrong[["metric", "printed"]].to_numpy().tolist() == [["PPV", "0.69"]]
    record = json.loads((done.folder / "reproduction.json").read_text(encoding="utf-8"))
    assert record["totals"] == done.found.totals
    assert {finding["title"] for finding in record["findings"]} >= {"Intervals of AUCs that are not printed"}
    page = (done.folder / "reproduction.html").read_text(encoding="utf-8")
    assert "<svg" in page
    assert "What does not hold" in page
    assert "58/87" in page


def test_a_comparison_of_two_models_is_reproduced_by_the_test_that_fits(paper: Path, tmp_path: Path) -> None:
    table = reproduce_study(str(paper), output=tmp_path / "out").found.table
    p = table[table["part"] == "p_value"].iloc[0]

    assert p["verdict"] == "reproduced"
    assert p["formula"].startswith("Fisher, as if of different lesions: 78/112 and 69/112")


def test_the_command_shows_what_does_not_hold_and_names_the_files(paper: Path, tmp_path: Path) -> None:
    before = Path.cwd()
    os.chdir(tmp_path)
    try:
        done = CliRunner().invoke(cli.app, ["reproduce", "my paper"])
        everything = CliRunner().invoke(cli.app, ["reproduce", "my paper", "--all", "-o", "elsewhere"])
    finally:
        os.chdir(before)

    assert done.exit_code == 0, done.output
    assert "0.69" in done.output
    assert "20 come out as printed" not in done.output
    assert "Page:   reports/my paper/reproduction.html" in done.output
    assert (tmp_path / "reports" / "my paper" / "reproduction.csv").is_file()
    assert everything.exit_code == 0, everything.output
    assert (tmp_path / "elsewhere" / "reproduction.html").is_file()


def test_a_name_that_is_nothing_is_one_clear_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(WorkspaceError, match="no benchmark 'nothing-like-it'"):
        reproduce_study("nothing-like-it")
