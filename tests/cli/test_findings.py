from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pytest
from rich.console import Console

from samesplit.cli import main
from samesplit.cli.console import table_of
from samesplit.cli.findings import lines_of
from samesplit.workflows.validate import Findings

BENCHMARK = """\
title: Two faults
task: {question: "Which?", positive: malignant, negative: benign}
cohort: {clinical: {age: number}}
split: {scheme: kfold}
models: [zero-rule]
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    made = tmp_path / ("a-very-long-name-of-a-folder-" * 4) / "study"
    made.mkdir(parents=True)
    (made / "benchmark.yaml").write_text(BENCHMARK)
    (made / "lesions.csv").write_text(
        "lesion_id,patient_id,label,age\nL1,P1,malignant,old\nL2,P2,,3\nL3,P3,benign,3\n"
    )
    monkeypatch.setenv("COLUMNS", "40")
    return made


def typed(*words: object, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr("sys.argv", ["samesplit", *map(str, words)])
    with pytest.raises(SystemExit) as ended:
        main()
    return int(str(ended.value.code))


def test_tables_for_the_terminal_fold_long_names_and_cut_none_off(capsys: pytest.CaptureFixture[str]) -> None:
    name = "a/long/name/of/a/file/" * 4
    Console(width=40).print(table_of(pd.DataFrame({"file": [name], "n": [1]}), title="Files"))
    printed = capsys.readouterr().out
    assert "\N{HORIZONTAL ELLIPSIS}" not in printed
    assert name in "".join(re.findall(r"[a-z/]+", printed))


def test_run_tells_the_first_fault_and_how_many_more_there_are(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert typed("run", folder, monkeypatch=monkeypatch) == 1
    told = capsys.readouterr().err
    assert f"{folder}/lesions.csv, line 3: column 'label' is empty" in told
    assert "And 1 more fault: samesplit validate lists all" in told


def test_validate_prints_whole_paths_in_a_narrow_terminal(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert typed("validate", folder, monkeypatch=monkeypatch) == 1
    printed = capsys.readouterr().out.splitlines()
    assert f"  {folder}/lesions.csv" in printed
    assert "    line 2: clinical variable 'age' is declared a number, but lesion 'L1' holds 'old'" in printed


def test_validate_counts_the_lesions_that_a_task_leaves_out_by_reason() -> None:
    rows = [(f"L{i}", "", "", "task grade", "excluded", "'grade' is empty") for i in range(7)]
    rows += [("L9", "", "", "task grade", "excluded", "'grade' is 'unclear'")]
    rows += [("L3", "T2", "R1", "images", "missing", "there is no such file")]
    ledger = pd.DataFrame(rows, columns=["lesion_id", "sequence", "rater", "stage", "status", "reason"])
    found = Findings("study", {}, (), ledger, pd.DataFrame(), (), split=True)
    assert list(lines_of(found)) == [
        "Case ledger",
        "  missing   L3 T2 R1: there is no such file",
        "  excluded  task grade: 7 lesions (L0, L1, L2, L3, L4, ...): 'grade' is empty",
        "  excluded  task grade: 1 lesion (L9): 'grade' is 'unclear'",
    ]
