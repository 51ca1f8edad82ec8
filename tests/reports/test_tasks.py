"""One report of several tasks: a chapter each, and what they share once."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pandas as pd
import pytest

from samesplit.errors import SamesplitError
from samesplit.reports import make_report
from samesplit.reports.conclusion import answer
from samesplit.reports.context import make_contexts
from samesplit.reports.document import Figure, Flow, Report, Section, Table
from samesplit.reports.run_folder import read_run, read_tasks
from samesplit.reports.sections.verdict import verdict

Copy = Callable[[Path], Path]


def section(report: Report, name: str) -> Section:
    every = [*report.sections, *(s for chapter in report.chapters for s in chapter.sections)]
    (found,) = (each for each in every if each.id == name)
    return found


def table(part: Section, name: str) -> Table:
    for block in part.blocks:
        for found in (block, getattr(block, "table", None)):
            if isinstance(found, Table) and found.id == name:
                return found
    raise AssertionError(name)


def test_each_task_has_its_chapter_and_what_they_share_stands_once(task_report: Report) -> None:
    assert [chapter.title for chapter in task_report.chapters] == ["Malignant", "Subtype", "Recurrence"]
    assert [chapter.kind for chapter in task_report.chapters] == [
        "classification, two classes", "classification, 3 classes", "time to event",
    ]  # fmt: skip
    shared = ["cohort", "ledger", "split", "methods-text", "checklists", "provenance"]
    assert [each.id for each in task_report.sections] == shared
    for chapter in task_report.chapters:
        assert chapter.sections[0].id == f"{chapter.id}-verdict"


def test_the_conclusion_of_every_task_stands_on_top(task_run: Path, task_report: Report) -> None:
    page = (task_run / "report.html").read_text(encoding="utf-8")
    top = page[: page.index('class="badges"')]
    for chapter in task_report.chapters:
        assert chapter.answer in top
        assert f'<a href="#{chapter.id}">{chapter.title}</a>' in top
    assert "has the highest macro-averaged AUC of 2 models, 0.840" in task_report.chapters[1].answer
    assert "reaches a concordance index of 0.840" in task_report.chapters[2].answer
    assert "with an event" in task_report.chapters[2].answer


@pytest.mark.usefixtures("task_report")
def test_no_id_is_used_twice_and_every_link_has_its_target(task_run: Path) -> None:
    page = (task_run / "report.html").read_text(encoding="utf-8")
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'href="#([^"]+)"', page)) <= set(ids)
    assert set(re.findall(r"url\(#([^)]+)\)", page)) <= set(ids)


def test_the_contents_fold_up_by_task(task_run: Path, task_report: Report) -> None:
    page = (task_run / "report.html").read_text(encoding="utf-8")
    contents = page[page.index('<nav class="contents"') : page.index("</nav>")]
    assert contents.count("<details") == 3
    assert contents.count("<details open") == 1
    for chapter in task_report.chapters:
        for each in chapter.sections:
            assert f'<a href="#{each.id}">' in contents


@pytest.mark.usefixtures("task_report")
def test_results_of_all_tasks_stand_in_one_file_and_beside_each_task(task_run: Path) -> None:
    every = pd.read_csv(task_run / "results.csv")
    assert list(every.columns[:2]) == ["task", "quantity"]
    assert list(every["task"].unique()) == ["malignant", "subtype", "recurrence"]
    own = pd.read_csv(task_run / "tasks" / "subtype" / "results.csv")
    assert list(own.columns) == list(every.columns[1:])
    assert len(own) == (every["task"] == "subtype").sum()


def test_a_model_is_drawn_alike_in_every_task(task_run: Path) -> None:
    contexts = make_contexts(read_tasks(task_run))
    assert all(context.styles == contexts[0].styles for context in contexts)
    assert {"radiomics", "cox", "lesion-size"} <= set(contexts[0].styles)


def test_a_lesion_left_out_of_a_task_is_shown_with_the_reason_and_counted_nowhere(
    task_run: Path, task_report: Report
) -> None:
    flows = {b.id: b for b in section(task_report, "cohort").blocks if isinstance(b, Flow)}
    assert set(flows) == {"flow", "flow-task-malignant", "flow-task-subtype", "flow-task-recurrence"}
    assert flows["flow"].steps[0].lesions == 90
    (reason,) = flows["flow-task-subtype"].steps[0].leaving
    count, _, words = reason.partition(" ")
    assert words == "left out: indeterminate: subtype is 'unclear'"
    assert flows["flow-task-subtype"].steps[0].lesions == 90 - int(count)
    assert flows["flow-task-malignant"].steps[0].lesions == 90
    unclear = read_tasks(task_run)[1]
    assert "unclear" not in set(unclear.lesions["label"])
    assert len(unclear.cohort) == 90
    assert f"{count} lesions left out of the task subtype" in section(task_report, "ledger").lead


def test_lesions_left_out_are_counted_by_reason_and_are_no_cases(task_report: Report) -> None:
    ledger = section(task_report, "ledger")
    assert ledger.blocks[0].kind == "prose"
    left = table(ledger, "left-out-table")
    (row,) = left.rows
    assert row.cells["task"].text == "subtype"
    assert str(row.cells["which"].text).count("L") == row.cells["count"].value
    assert not any(block.kind == "gallery" for block in ledger.blocks)


def test_many_columns_of_the_baseline_table_are_stacked(task_run: Path, task_report: Report) -> None:
    columns = table(section(task_report, "cohort"), "cohort-table").columns
    assert {column.kind for column in columns[1:]} == {"stacked"}
    page = (task_run / "report.html").read_text(encoding="utf-8")
    assert re.search(
        r'<td class="number"[^>]*>\d+\.\d<span class="ci">\(\d+\.\d to \d+\.\d\)</span></td>', page
    )


def test_baseline_characteristics_have_the_classes_of_every_task(task_report: Report) -> None:
    columns = table(section(task_report, "cohort"), "cohort-table").columns
    assert [(column.group, column.title) for column in columns[1:]] == [
        ("", "All"), ("Malignant", "malignant"), ("Malignant", "benign"), ("Subtype", "AML"),
        ("Subtype", "clear cell"), ("Subtype", "cyst"), ("Recurrence", "event"), ("Recurrence", "censored"),
    ]  # fmt: skip


@pytest.mark.usefixtures("undrawn")
def test_one_declared_task_alone_has_no_chapters(maker_of_tasks: ModuleType, tmp_path: Path) -> None:
    report = make_report(maker_of_tasks.make_task_run(tmp_path / "run", tasks=("subtype",)))
    assert report.chapters == ()
    assert report.question == "Which subtype is it?"
    ids = [each.id for each in report.sections]
    assert ids[:2] == ["verdict", "test-sets"]
    assert {"classes", "curves", "calibration", "confusion", "errors", "cohort", "split"} <= set(ids)


def test_the_run_of_one_task_is_read_as_the_first_of_several(small_run: Path) -> None:
    (data,) = read_tasks(small_run)
    assert data.task.name == ""
    assert data.task.classes == ("benign", "malignant")
    assert read_run(small_run).lesions.equals(data.lesions)
    assert set(data.lesions["label"]) == {"benign", "malignant"}


def test_a_task_without_predictions_is_an_error_that_names_the_file(task_run: Path, copy_of: Copy) -> None:
    folder = copy_of(task_run)
    (folder / "tasks" / "subtype" / "predictions.parquet").unlink()
    with pytest.raises(SamesplitError, match=r"subtype/predictions\.parquet"):
        read_tasks(folder)


def test_damaged_predictions_of_a_class_are_an_error_that_names_the_file(
    task_run: Path, copy_of: Copy
) -> None:
    folder = copy_of(task_run)
    path = folder / "tasks" / "subtype" / "predictions.parquet"
    pd.read_parquet(path).drop(columns="class").to_parquet(path)
    with pytest.raises(SamesplitError, match="class"):
        read_tasks(folder)


def test_readings_belong_to_the_task_that_they_name(task_run: Path, copy_of: Copy) -> None:
    folder = copy_of(task_run)
    row = {
        "reader_id": "A",
        "lesion_id": "L001",
        "modality": "unaided",
        "decision": 1,
        "score": 0.5,
        "seconds": 9.0,
    }
    pd.DataFrame([row]).astype({"decision": "Int8"}).to_parquet(folder / "readings.parquet")
    assert [len(data.readings) for data in read_tasks(folder)] == [1, 0, 0]


def test_the_models_of_all_tasks_stand_in_the_provenance_with_their_tasks(task_report: Report) -> None:
    rows = table(section(task_report, "provenance"), "models-table").rows
    tasks = {row.cells["name"].text: row.cells["tasks"].text for row in rows}
    assert tasks == {
        "radiomics": "Malignant, Subtype", "clinical": "Malignant, Subtype", "zero-rule": "Malignant, Subtype",
        "cox": "Recurrence", "lesion-size": "Recurrence",
    }  # fmt: skip


@pytest.mark.usefixtures("task_report")
def test_the_json_twin_has_the_chapters(task_run: Path) -> None:
    report = json.loads((task_run / "report.json").read_text(encoding="utf-8"))
    assert [chapter["id"] for chapter in report["chapters"]] == [
        "task-malignant", "task-subtype", "task-recurrence",
    ]  # fmt: skip


def test_every_figure_of_every_chapter_has_a_description_and_its_table(task_report: Report) -> None:
    figures = [
        block
        for chapter in task_report.chapters
        for each in chapter.sections
        for block in each.blocks
        if isinstance(block, Figure)
    ]
    assert len(figures) >= 12
    for figure in figures:
        assert figure.alt
        assert figure.table is not None
        assert figure.table.rows


def test_a_task_that_no_model_could_be_evaluated_in_says_so(task_run: Path, copy_of: Copy) -> None:
    folder = copy_of(task_run)
    (folder / "tasks" / "recurrence" / "results.parquet").unlink()
    context = make_contexts(read_tasks(folder))[2]
    assert answer(context) == (
        "No model could be evaluated: no concordance index is defined on the test lesions."
    )
    assert context.models == ()
    assert verdict(context).lead == ""
