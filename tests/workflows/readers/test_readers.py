from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from samesplit.cli import app
from samesplit.errors import PredictionsError, ReadingsError, StatisticsError, WorkspaceError
from samesplit.workflows.readers import ColumnNames, ReaderStudyRequest, write_reader_study
from samesplit.workflows.readers.tables import read_study

Write = Callable[[str, str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def to_file(name: str, text: str) -> Path:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return to_file


def small_tables(n: int = 24) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    rng = np.random.default_rng(2)
    labels = np.array([0, 1] * (n // 2))
    cases = [f"c{k}" for k in range(n)]
    truth = pd.DataFrame({"case": cases, "truth": labels, "site": np.where(np.arange(n) < n // 2, "a", "b")})
    rows = [
        (reader, case, modality, round(float(label * skill + rng.normal()), 3))
        for modality, skill in (("unaided", 0.8), ("aided", 1.6))
        for reader in ("r1", "r2", "r3")
        for case, label in zip(cases, labels, strict=True)
    ]
    readings = pd.DataFrame(rows, columns=["readerID", "caseID", "modalityID", "score"])
    probability = np.clip(0.5 + 0.25 * (labels - 0.5) + 0.2 * rng.normal(size=n), 0, 1).round(3)
    return readings, truth, pd.DataFrame({"case": cases, "probability": probability})


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    found = {}
    for name, table in zip(("readings", "truth", "model"), small_tables(), strict=True):
        found[name] = tmp_path / f"{name}.csv"
        table.to_csv(found[name], index=False)
    return found


def test_a_study_is_written_with_every_table(files: dict[str, Path], tmp_path: Path) -> None:
    out = tmp_path / "study"
    found = write_reader_study(
        ReaderStudyRequest(
            readings=files["readings"],
            truth=files["truth"],
            predictions=(files["model"],),
            out=out,
            margin=0.1,
            threshold=0.5,
            groups=("site",),
            bootstraps=20,
        )
    )
    page = found.page.read_text()
    for section in ("test-set", "readers", "reader-models", "reader-agreement", "curves", "provenance"):
        assert f'<section id="{section}"' in page
    names = {path.stem for path in (out / "tables").iterdir()}
    assert {"mrmc", "mrmc_tests", "against_model", "hypotheses", "design", "similarity", "panel"} <= names
    mrmc = pd.read_csv(out / "tables" / "mrmc.csv", keep_default_na=False)
    assert set(mrmc["group"]) == {"all", "site=a", "site=b"}
    hypotheses = pd.read_csv(out / "tables" / "hypotheses.csv")
    assert hypotheses["hypothesis"].tolist() == ["non-inferiority", "superiority"]
    report = json.loads((out / "report.json").read_text())
    declared, change = report["answer"].split(". ", 1)
    assert declared.startswith("model against the readers' mean (unaided): the AUC ")
    assert "non-inferiority with a margin of 0.100: " in declared
    assert change.startswith("aided against unaided: the readers' mean AUC ")
    p = float(mrmc[(mrmc["quantity"] == "auc") & (mrmc["reference"] != "")]["p_value"].iloc[0])
    assert ("is not shown to differ" in change) == (p >= 0.05)
    record = json.loads((out / "record.json").read_text())
    assert record["models"] == ["model"]
    assert len(record["readings"]["sha256"]) == 64


def test_readings_alone_are_a_study(files: dict[str, Path], tmp_path: Path) -> None:
    request = ReaderStudyRequest(
        readings=files["readings"], truth=files["truth"], out=tmp_path / "study", bootstraps=0
    )
    found = write_reader_study(request)
    assert "readers/against_model" not in found.tables
    assert '<section id="reader-models"' not in found.page.read_text()
    again = write_reader_study(request)  # into the same folder
    assert again.page == found.page


def test_what_was_not_declared_is_answered_after_what_was(files: dict[str, Path], tmp_path: Path) -> None:
    readings = pd.read_csv(files["readings"])
    request = ReaderStudyRequest(
        readings=files["readings"], truth=files["truth"], predictions=(files["model"],), out=tmp_path / "a",
        bootstraps=0,
    )  # fmt: skip
    both = write_reader_study(request).report.answer
    assert both.startswith("aided against unaided: ")
    column = next(name for name in readings if set(readings[name].astype(str)) == {"aided", "unaided"})
    readings[readings[column] == "unaided"].to_csv(files["readings"], index=False)
    one = write_reader_study(replace(request, out=tmp_path / "b")).report.answer
    assert one.startswith("model against the readers' mean (unaided): ")
    assert "superiority" not in one
    alone = write_reader_study(replace(request, out=tmp_path / "c", predictions=())).report.answer
    assert alone.startswith("The readers' mean AUC is ")


def test_the_command_says_what_it_found(files: dict[str, Path], tmp_path: Path) -> None:
    done = CliRunner().invoke(
        app,
        ["readers", str(files["readings"]), "--truth", str(files["truth"]), "--predictions", str(files["model"]),
         "--margin", "0.1", "--bootstraps", "0", "--out", str(tmp_path / "study")],
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    assert "aided against unaided" in done.output
    assert "non-inferiority" in done.output
    assert "report.html" in done.output
    wrong = CliRunner().invoke(
        app, ["readers", str(files["readings"]), "--truth", str(files["truth"]), "--where", "x", "--out", "o"]
    )
    assert isinstance(wrong.exception, ReadingsError)


def test_truth_may_stand_beside_the_readings(tmp_path: Path) -> None:
    readings, truth, _ = small_tables()
    joined = readings.merge(truth, left_on="caseID", right_on="case").drop(columns="case")
    path = tmp_path / "all.csv.gz"
    with gzip.open(path, "wt") as file:
        joined.rename(columns={"truth": "cancer"}).to_csv(file, index=False)
    found = read_study(path, path, names=ColumnNames(truth="cancer"))
    assert found.truth["label"].sum() == 12
    assert "site" in found.truth
    assert "score" not in found.truth
    assert found.classes == ("negative", "positive")
    assert found.readings["reader_id"].nunique() == 3


def test_truth_may_be_a_reader_as_in_imrmc(write: Write) -> None:
    text = "readerID,caseID,modalityID,score\ntruth,a,truth,0\ntruth,b,truth,1\nr1,a,t,3\nr1,b,t,5\n"
    path = write("imrmc.csv", text)
    found = read_study(path, path)
    assert found.truth["label"].to_dict() == {"a": 0, "b": 1}
    assert found.readings["reader_id"].tolist() == ["r1", "r1"]


def test_classes_and_decisions_may_have_names(write: Write) -> None:
    readings = write("r.csv", "reader_id,case,decision\nr1,a,cancer\nr1,b,healthy\nr1,c,\n")
    truth = write("t.csv", "case,label,patient\na,cancer,p1\nb,healthy,\nc,cancer,p1\n")
    found = read_study(readings, truth, positive="cancer")
    assert found.classes == ("healthy", "cancer")
    assert found.truth["patient_id"].tolist() == ["p1", "b", "p1"]
    assert found.readings["decision"].isna().tolist() == [False, False, True]
    assert set(found.readings["modality"]) == {"unaided"}


def test_rows_of_one_part_of_a_file_may_be_kept(write: Write) -> None:
    path = write("r.csv", "reader,case,score,truth,part\nr1,a,1,0,x\nr1,b,2,1,x\nr1,a,5,0,y\n")
    found = read_study(path, path, where=("part", "x"))
    assert len(found.readings) == 2
    with pytest.raises(ReadingsError, match="no row has 'z' in 'part'"):
        read_study(path, path, where=("part", "z"))
    with pytest.raises(ReadingsError, match="no column 'nothing'"):
        read_study(path, path, where=("nothing", "z"))


def test_marks_have_positions(write: Write) -> None:
    readings = write("r.csv", "reader,case,score,x_mm,y_mm\nr1,a,1,2,3\nr1,a,4,5,6\nr1,b,,,\n")
    truth = write("t.csv", "case,label,x_mm,y_mm\na,1,2,3\nb,0,,\n")
    found = read_study(readings, truth)
    assert found.readings["mark"].tolist() == [1, 2, 1]
    assert found.truth["x_mm"].tolist()[0] == 2.0


def test_a_case_without_a_label_is_left_out_and_told(write: Write) -> None:
    readings = write("r.csv", "reader,case,score\nr1,a,1\nr1,b,2\nr1,c,3\n")
    truth = write("t.csv", "case,label\na,0\nb,1\nc,\n")
    found = read_study(readings, truth)
    assert found.notes[-1] == "1 cases have no label and are left out: c"
    assert len(found.readings) == 2


@pytest.mark.parametrize(
    ("readings", "truth", "told"),
    [
        ("reader,score\nr1,1\n", "case,label\na,0\n", "there is no column for the case"),
        ("reader,case\nr1,a\n", "case,label\na,0\n", "neither a column 'score' nor"),
        ("reader,case,score\nr1,z,1\n", "case,label\na,0\nb,1\n", "r.csv, line 2: the truth has no case 'z'"),
        ("reader,case,score\nr1,a,x\n", "case,label\na,0\nb,1\n", "must hold numbers, found 'x'"),
        ("reader,case,decision\nr1,a,maybe\n", "case,label\na,0\nb,1\n", "neither 'positive' (1) nor"),
        ("reader,case,score\nr1,a,1\nr1,a,2\n", "case,label\na,0\nb,1\n", "stands in 2 lines"),
        ("reader,case,score\nr1,a,1\n", "case,label\na,0\na,1\n", "has two values of label"),
        ("reader,case,score\nr1,a,1\n", "case,label\na,0\n,1\n", "line 3: a case has no id"),
        ("reader,case,score\nr1,a,1\n", "case,label\na,bad\nb,good\n", "labels are not 0 and 1"),
        ("reader,case,score\nr1,a,1\n", "case,label\na,0\nb,1\n", "all of one class"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_line(write: Write, readings: str, truth: str, told: str) -> None:
    paths = write("r.csv", readings), write("t.csv", truth)
    with pytest.raises(ReadingsError) as caught:
        read_study(*paths)
    assert told in str(caught.value)


def test_a_named_column_must_be_there(write: Write) -> None:
    paths = write("r.csv", "reader,case,score\nr1,a,1\n"), write("t.csv", "case,label\na,0\nb,1\n")
    with pytest.raises(ReadingsError, match="there is no column 'rating'"):
        read_study(*paths, names=ColumnNames(score="rating"))
    with pytest.raises(ReadingsError, match="'worse' and one other class are asked for"):
        read_study(*paths, positive="worse")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("case,probability\nc0,1.5\n", "m.csv, line 2: the probability 1.5 of case 'c0' lies outside [0, 1]"),
        ("case,probability\nc0,0.5\nc0,0.6\n", "line 3: the case 'c0' is predicted twice"),
        ("case,probability\nc0,high\n", "must hold numbers, found 'high'"),
    ],
)
def test_wrong_predictions_are_told_with_their_line(
    files: dict[str, Path], write: Write, text: str, told: str
) -> None:
    with pytest.raises(PredictionsError) as caught:
        read_study(files["readings"], files["truth"], [write("m.csv", text)])
    assert told in str(caught.value)


def test_two_files_cannot_have_the_same_model(files: dict[str, Path], write: Write) -> None:
    first = write("one.csv", "model,case,probability\nm,c0,0.5\nm,c1,\nm,unread,0.1\n")
    second = write("two.csv", "model,case,probability\nm,c0,0.5\n")
    found = read_study(files["readings"], files["truth"], [first])
    assert found.predictions["lesion_id"].tolist() == ["c0"]
    with pytest.raises(PredictionsError, match="two files have predictions of the model 'm'"):
        read_study(files["readings"], files["truth"], [first, second])


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"reference": "other"}, "no predictions of the model 'other'"),
        ({"margin": 1.5}, "the margin is 1.5"),
        ({"hypotheses": ("non-inferiority",)}, "needs a margin"),
        ({"groups": ("colour",)}, "no column 'colour' to group by"),
    ],
)
def test_options_that_cannot_be_used_are_refused(
    files: dict[str, Path], tmp_path: Path, options: dict[str, Any], told: str
) -> None:
    with pytest.raises(StatisticsError, match=told):
        write_reader_study(
            ReaderStudyRequest(
                readings=files["readings"], truth=files["truth"], out=tmp_path / "study", **options
            )
        )


def test_a_folder_with_other_files_is_left_alone(files: dict[str, Path], tmp_path: Path) -> None:
    for out in (tmp_path, files["truth"]):
        with pytest.raises(WorkspaceError):
            write_reader_study(ReaderStudyRequest(readings=files["readings"], truth=files["truth"], out=out))


@pytest.mark.data
@pytest.mark.parametrize("name", ["sim_roemetz", "sim_roemetz_splitplot"])
def test_tables_of_other_programs_are_read_as_they_are(name: str, shared_data: Path) -> None:
    path = shared_data / "reader_stats" / f"{name}.csv"
    found = read_study(path, path)
    assert found.readings["reader_id"].nunique() == 5
    assert set(found.readings["modality"]) == {"testA", "testB"}
