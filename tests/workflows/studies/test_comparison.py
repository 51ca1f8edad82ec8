"""Published studies beside one's own runs: the rows, and the files that are written."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from samesplit.errors import WorkspaceError
from samesplit.run.latest import point_latest
from samesplit.run_folder import RUN_RECORD
from samesplit.tables import RESULTS, write_table
from samesplit.workflows.studies.comparison import compare_studies
from samesplit.workflows.studies.own_rows import own_rows
from samesplit.workflows.studies.published_rows import published_rows
from samesplit.workspace import Workspace
from toy_study import write_toy_study


def result(model: str, estimate: float, **other: object) -> dict[str, object]:
    return {
        "quantity": "auc", "model": model, "reference": "", "subset": "test", "group": "all", "estimate": estimate,
        "ci_low": estimate - 0.1, "ci_high": estimate + 0.05, "p_value": float("nan"), "p_adjusted": float("nan"),
        "claim": "", "n": 40, "n_positive": 15, "method": "Obuchowski, logit", "note": "",
    } | other  # fmt: skip


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace with one run that is read, one of an older version, and none of a third benchmark; one study."""
    toy = write_toy_study(tmp_path / "designs" / "toy")
    monkeypatch.setattr("samesplit.workflows.studies.comparison.shipped_studies", lambda: [toy])
    for noun in ("benchmarks", "features", "models"):
        (tmp_path / noun).mkdir()
    run = tmp_path / "reports" / "mine" / "0123456789"
    task = {
        "name": "task",
        "kind": "binary",
        "question": "Which are malignant?",
        "reference": "ridge",
        "lesions": 90,
    }
    models = [("zero-rule", True), ("ridge", False), ("grid", False), ("net", False)]
    record = {
        "run": run.name,
        "benchmark": "mine",
        "title": "My masses",
        "data": {"synthetic": False},
        "cohort": {"sequences": ["T1C", "T2"]},
        "split": {"settings": {"scheme": "kfold", "folds": 5, "repeats": 2}},
        "models": [{"name": name, "title": name.title(), "control": control} for name, control in models],
        "tasks": [task],
    }
    run.mkdir(parents=True)
    (run / RUN_RECORD).write_text(json.dumps(record))
    results = [
        result("ridge", 0.75),
        result("ridge", 0.70, group="test_set=external"),
        result("ridge", 0.60, group="test_set=external, class=AML"),
        result("grid", 0.80),
        result("net", 0.80),
        result("net", 0.99, subset="validation"),
        result("zero-rule", 0.9),
        result("reader:A/unaided", 0.85),
        result("reader:A/aided", 0.86),
        result("reader:B/unaided", 0.65),
        result("readers:mean/unaided", 0.75),
        result("grid", 0.05, quantity="auc_difference", reference="ridge"),
    ]
    table = pd.DataFrame(results).astype({"p_value": "float64"})
    write_table(table, run / "results.parquet", RESULTS)
    checks = pd.DataFrame({"code": ["SS101", "SS102", "SS103"], "state": ["passed", "issue", "tip"]})
    write_table(checks, run / "checks.parquet")
    point_latest(run)
    old = tmp_path / "reports" / "old" / "abcdefabcd"
    old.mkdir(parents=True)
    (old / RUN_RECORD).write_text(json.dumps({"run": old.name}))
    point_latest(old)
    (tmp_path / "reports" / "never-run").mkdir()
    return tmp_path


def test_an_own_run_shows_its_reference_the_best_model_and_its_readers(workspace: Path) -> None:
    found = compare_studies(start=workspace)

    own = found.table[found.table["source"].eq("run")]
    assert own["label"].tolist() == ["Ridge", "Ridge, external", "Grid", "Mean of readers, unaided"]
    first = own.iloc[0]
    assert (first["quantity"], first["estimate"], first["n"], first["lesions"]) == ("AUC", 0.75, 40, 90)
    assert (first["readers"], first["flaws"]) == ("2 readers, unaided and aided", "SS102 SS103")
    assert first["validation"] == "5 folds, 2 times, test sets external"
    assert (first["modality"], first["cohort"]) == ("T1C, T2", "patients")
    assert found.notes == ("the latest run of old cannot be read (run.json is not what was put there)",)


def test_a_run_without_readers_says_none(workspace: Path) -> None:
    run = workspace / "reports" / "mine" / "0123456789"
    write_table(pd.DataFrame([result("ridge", 0.7)]), run / "results.parquet", RESULTS)

    (row,), _ = own_rows(Workspace(workspace), ["mine"])

    assert (row["label"], row["readers"]) == ("Ridge", "")


def test_a_task_without_answers_is_skipped_and_a_damaged_table_is_told(workspace: Path) -> None:
    run = workspace / "reports" / "mine" / "0123456789"
    (run / "results.parquet").write_bytes(b"half")
    assert "the latest run of mine is left out" in " ".join(own_rows(Workspace(workspace))[1])

    (run / "results.parquet").unlink()
    assert own_rows(Workspace(workspace), ["mine"]) == ([], [])


def test_everything_is_written_beside_each_other(workspace: Path) -> None:
    found = compare_studies(["mine"], start=workspace)

    assert found.folder == workspace / "reports" / "studies"
    assert {path.name for path in found.folder.iterdir()} == {
        "studies.csv", "studies.html", "studies.png", "studies.svg",
    }  # fmt: skip
    kept = pd.read_csv(found.folder / "studies.csv")
    assert kept["study"].tolist() == found.table["study"].tolist()
    assert found.table.loc[found.table["source"].eq("published"), "study"].tolist() == ["toy"]
    assert "The AUC has no interval." in (found.folder / "studies.html").read_text()


def test_a_benchmark_that_is_named_and_was_not_run_is_told(workspace: Path) -> None:
    with pytest.raises(WorkspaceError, match="has not been run"):
        compare_studies(["never-run"], start=workspace)


def test_with_nothing_to_compare_that_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("samesplit.workflows.studies.comparison.shipped_studies", lambda: [])

    with pytest.raises(WorkspaceError, match="no published study and no run"):
        compare_studies(start=tmp_path)


def test_an_auc_that_was_printed_without_interval_has_one_recomputed_and_marked(tmp_path: Path) -> None:
    (row,) = published_rows(write_toy_study(tmp_path / "toy"))

    assert (row["label"], row["quantity"], row["printed"]) == ("Radiomics", "AUC", "0.71")
    assert row["interval"] == "recomputed (Hanley-McNeil)"
    # Hanley and McNeil 1982: Q1 = A / (2 - A) = 0.5504, Q2 = 2 A^2 / (1 + A) = 0.5896, SE = 0.1537 at 7 and 5
    assert (row["ci_low"], row["ci_high"]) == pytest.approx((0.409, 1.0), abs=0.002)


def test_printed_intervals_and_ranges_stay_as_they_are_and_what_is_missing_is_said(tmp_path: Path) -> None:
    folder = write_toy_study(tmp_path / "toy")
    lines = [
        "Toy 2020,Text,segmentation,test,,,,Radiomics,DICE,0.769-0.855,,,,,",
        "Toy 2020,Text,segmentation,test,12,7,5,Radiomics,Accuracy,0.67,0.39,0.87,,,",
        "Toy 2020,Text,segmentation,test,,,,Radiomics,C_index,0.67,,,,,",
    ]
    with (folder / "published.csv").open("a") as file:
        file.write("\n".join(lines) + "\n")
    text = (folder / "study.yaml").read_text()
    wanted = "\n".join(
        f"  - {{label: Radiomics, task: segmentation, metric: {metric}}}"
        for metric in ("DICE", "Accuracy", "C_index")
    )
    (folder / "study.yaml").write_text(text.replace("headline:\n", f"headline:\n{wanted}\n"))

    rows = published_rows(folder)

    assert [row["interval"] for row in rows[:3]] == ["range as printed", "printed", "not available"]
    assert [row["quantity"] for row in rows[:3]] == ["Dice", "accuracy", "C-index"]
    assert (rows[0]["ci_low"], rows[1]["ci_high"]) == (0.769, 0.87)


def test_a_study_without_headline_has_one_row_without_estimate(tmp_path: Path) -> None:
    folder = write_toy_study(tmp_path / "toy")
    text = (folder / "study.yaml").read_text()
    start, end = text.index("headline:"), text.index("versions:")
    (folder / "study.yaml").write_text(text[:start] + text[end:])

    (row,) = published_rows(folder)

    assert "estimate" not in row
    assert row["readers"] == "2 radiologists, one binary call each"


def test_a_number_that_is_printed_in_several_places_is_shown_once_with_its_interval(tmp_path: Path) -> None:
    folder = write_toy_study(tmp_path / "toy")
    row = "Toy 2020,Table 3,malignant_vs_benign,test,12,7,5,Radiomics,ROC_AUC,0.71,"
    with (folder / "published.csv").open("a") as file:
        file.write(f"{row},,0.03,zero rule,\n{row}0.40,0.95,,,\n")

    (shown,) = published_rows(folder)

    assert (shown["interval"], shown["ci_low"], shown["ci_high"]) == ("printed", 0.40, 0.95)
