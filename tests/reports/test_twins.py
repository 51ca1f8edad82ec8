"""The Markdown and the CSV files beside the page say what the page says."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pytest

from samesplit.reports.csv_twins import as_frame, tables_of, write_csv_twins
from samesplit.reports.document import (
    Cell,
    Chapter,
    Column,
    Details,
    Fact,
    Facts,
    Figure,
    Flow,
    FlowStep,
    Gallery,
    GalleryItem,
    Prose,
    Report,
    Row,
    Section,
    Table,
)
from samesplit.reports.markdown import to_markdown

HOSTILE = "<img src=x onerror=alert(1)> [click](javascript:alert(1)) | *a* `b`"


def table(name: str, **cells: Cell) -> Table:
    columns = (
        Column(key="who", title="Model"),
        Column(key="auc", title="AUC", kind="interval"),
        Column(key="drawn", title="", kind="forest", of="auc"),
    )
    rows = (Row(cells={"who": Cell(text="grid", value="grid"), **cells}, group="Models"),)
    return Table(id=name, title=f"Table {name}", columns=columns, rows=rows, notes=("A note.",))


def everything() -> Report:
    """A report with a block of every kind."""
    auc = Cell(text="0.84", value=0.8412345, low=0.7, high=0.9, note="as fitted")
    figure = Figure(
        id="f",
        title="A figure",
        caption="A caption.",
        alt="What it shows.",
        svg="<svg/>",
        table=table("behind", auc=auc),
    )
    lesion = GalleryItem(lesion_id="L1", caption="wrong", pictures=())
    blocks = (
        Prose(text="A warning.", tone="warning"),
        Prose(text="Plain words."),
        table("first", auc=auc),
        figure,
        Gallery(id="g", title="Images", rule="The rule.", items=(lesion,)),
        Flow(
            id="w", title="The way",
            steps=(
                FlowStep(title="found", lesions=9, patients=8, text="of all", leaving=("1: no image",)),
                FlowStep(title="scored", lesions=8),
            ),
        ),
        Facts(title="Facts", facts=(Fact(name="seed", text="0"),)),
        Facts(facts=(Fact(name="fold", text="1"),)),
        Details(summary="More", blocks=(table("inside"),)),
        Table(id="none", title="Nothing", columns=(Column(key="a", title="A", group="G"),), rows=()),
    )  # fmt: skip
    section = Section(id="s", title="Results", lead="The lead.", blocks=blocks)
    return Report(
        samesplit="1", benchmark="b", run="r", title=HOSTILE, question="Which?", answer="None.",
        banner="Permuted.", notice="Synthetic.", sections=(section,),
    )  # fmt: skip


def test_markdown_holds_every_block_in_order() -> None:
    text = to_markdown(everything())
    places = [
        text.index(words)
        for words in (
            "**Permuted.**", "**Synthetic.**", "Which?", "> None.", "## Results", "The lead.", "**A warning.**",
            "Plain words.", "### Table first", "*Models*", "0.84 (0.70 to 0.90) \\[as fitted\\]", "A note.",
            "### A figure", "Figure: What it shows.", "A caption.", "Table: Table behind", "### Images",
            "- L1: wrong", "### The way", "1. found: 9 lesions of 8 patients: of all", "   - 1: no image",
            "2. scored: 8 lesions", "### Facts", "- seed: 0", "- fold: 1", "### More", "#### Table inside",
            "### Nothing", "| G: A |",
        )
    ]  # fmt: skip
    assert places == sorted(places)
    assert text.endswith("|\n")


def test_signs_of_markdown_and_html_mean_themselves() -> None:
    first = to_markdown(everything()).splitlines()[0]
    assert not re.search(r"(?<!\\)[<>|*`\[\]]", first)
    assert first.count("\\<img") == 1


def test_several_tasks_stand_below_each_other_with_what_they_share_last() -> None:
    section = Section(id="x", title="Of the task", blocks=())
    chapter = Chapter(
        id="t", title="Malignant", kind="two classes", question="Q?", answer="Yes.", sections=(section,)
    )
    text = to_markdown(everything().model_copy(update={"chapters": (chapter,)}))
    order = [
        "## Malignant (two classes)",
        "> Yes.",
        "### Of the task",
        "## What all tasks share",
        "### Results",
    ]
    assert [text.index(words) for words in order] == sorted(text.index(words) for words in order)
    assert "> None." not in text


def test_a_csv_has_full_precision_bounds_and_notes_and_nothing_that_is_drawn() -> None:
    found = as_frame(table("t", auc=Cell(text="0.84", value=0.8412345, low=0.7, high=0.9, note="as fitted")))
    assert found.to_dict("records") == [
        {
            "group": "Models",
            "Model": "grid",
            "AUC": 0.8412345,
            "AUC, low": 0.7,
            "AUC, high": 0.9,
            "AUC, note": "as fitted",
        }
    ]


def test_headings_that_occur_twice_are_told_apart() -> None:
    columns = (
        Column(key="a", title="AUC"),
        Column(key="b", title="AUC"),
        Column(key="c", title=""),
        Column(key="d", title="n", group="First run"),
    )
    cells = {"a": Cell(text="1", value=1), "b": Cell(text="–"), "d": Cell(text="reference")}
    found = as_frame(Table(id="t", title="T", columns=columns, rows=(Row(cells=cells),)))
    assert list(found) == ["AUC (a)", "AUC (b)", "(c)", "First run: n"]
    assert found.iloc[0].tolist() == [1, None, None, "reference"]


def test_every_table_is_written_and_none_of_an_older_report_stays(tmp_path: Path) -> None:
    report = everything()
    (tmp_path / "report-tables").mkdir()
    (tmp_path / "report-tables" / "old.csv").write_text("gone")
    folder = write_csv_twins(report, tmp_path / "report-tables")
    assert sorted(path.stem for path in folder.iterdir()) == ["behind", "first", "inside", "none"]
    assert [one.id for one in tables_of(report)] == ["first", "behind", "inside", "none"]


@pytest.mark.usefixtures("full_report")
def test_the_twins_of_a_run_carry_its_verdict(full_run: Path, full_report: Report) -> None:
    text = (full_run / "report.md").read_text(encoding="utf-8")
    assert f"> {full_report.answer}" in text
    results = pd.read_parquet(full_run / "results.parquet")
    auc = results[(results["quantity"] == "auc") & (results["group"] == "all")].set_index("model")
    verdict = pd.read_csv(full_run / "report-tables" / "verdict-table.csv").set_index("Model or reader")
    row = verdict.loc["Radiomics grid"]
    expected = auc.loc["radiomics-grid", ["estimate", "ci_low", "ci_high"]]
    assert row[["AUC", "AUC, low", "AUC, high"]].tolist() == pytest.approx(expected.tolist(), rel=1e-15)
    ages = next(line for line in text.splitlines() if line.startswith("| Age, years"))
    assert ages.count(" to ") == ages.count("(")  # each quartile once
    names = [path.stem for path in (full_run / "report-tables").iterdir()]
    assert sorted(names) == sorted({one.id for one in tables_of(full_report)})


@pytest.mark.usefixtures("full_report")
def test_the_performance_table_has_the_columns_that_papers_print(full_run: Path, full_report: Report) -> None:
    (found,) = (one for one in tables_of(full_report) if one.id == "performance-table")
    titles = [column.title for column in found.columns]
    assert titles[3:] == ["F1", "ROC AUC", "PR AUC", "Accuracy", "TPR", "TNR", "PPV", "NPV", "FDR"]
    groups = list(dict.fromkeys(row.group for row in found.rows))
    assert groups == [
        "Test part: models", "Test part: controls", "Test part: readers", "Validation part: models",
        "Validation part: controls",
    ]  # fmt: skip
    for row in found.rows:
        for column in found.columns[3:]:
            cell = row.cells[column.key]
            assert cell.value is None or cell.low is not None, (row.cells["who"].text, column.title)
    assert "has no rows" in found.notes[-1]
    results = pd.read_parquet(full_run / "results.parquet")
    mine = results[(results["model"] == "clinical") & (results["subset"] == "validation")]
    expected = mine[mine["quantity"] == "auc"].iloc[0]
    (row,) = (row for row in found.rows if row.group == "Validation part: models" and row.key == "clinical")
    assert (row.cells["auc"].value, row.cells["n"].value) == (expected["estimate"], expected["n"])
