"""The sections of a task with several classes, of survival and of segmentation."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from samesplit.reports.class_errors_found import class_misses
from samesplit.reports.conclusion import answer
from samesplit.reports.context import Context, make_context
from samesplit.reports.document import Details, Figure, Section, Table
from samesplit.reports.figures.class_confusion import ClassConfusion, draw_class_confusion
from samesplit.reports.sections.class_calibration import class_calibration
from samesplit.reports.sections.class_confusion import class_confusion
from samesplit.reports.sections.class_curves import class_curves
from samesplit.reports.sections.class_errors import class_errors
from samesplit.reports.sections.class_table import class_table
from samesplit.reports.sections.differences import differences
from samesplit.reports.sections.overlap import overlap
from samesplit.reports.sections.survival import survival
from samesplit.reports.sections.verdict import verdict
from samesplit.reports.task_info import TaskInfo

pytestmark = pytest.mark.usefixtures("undrawn")
CLASSES = ("AML", "clear cell", "cyst")


@pytest.fixture
def classes(task_contexts: tuple[Context, ...]) -> Context:
    return task_contexts[1]


@pytest.fixture
def times(task_contexts: tuple[Context, ...]) -> Context:
    return task_contexts[2]


def figure_of(section: Section | None, place: int = 0) -> Figure:
    assert section is not None
    block = section.blocks[place]
    assert isinstance(block, Figure)
    return block


def table_of(section: Section | None, place: int = 0) -> Table:
    assert section is not None
    block = section.blocks[place]
    assert isinstance(block, Table)
    return block


def changed(context: Context, **tables: pd.DataFrame) -> Context:
    return make_context(replace(context.data, tables=context.data.tables | tables))


def test_the_first_table_has_the_macro_auc_and_the_measures_of_all_classes(classes: Context) -> None:
    table = table_of(verdict(classes))
    assert [column.title for column in table.columns] == [
        "Model", "n", "Macro AUC", "", "Accuracy", "Balanced accuracy", "Kappa", "Brier score", "Δ Macro AUC",
        "Adjusted P",
    ]  # fmt: skip
    assert table.rows[0].cells["auc"].value == classes.numbers.get("auc", "radiomics").estimate  # type: ignore[union-attr]


def test_every_class_has_its_block_with_a_row_a_model(classes: Context) -> None:
    table = table_of(class_table(classes))
    assert [row.group for row in table.rows[::3]] == list(CLASSES)
    found = classes.numbers.get("ppv", "clinical", group="class=cyst")
    assert found is not None
    assert table.rows[7].cells["ppv"].value == found.estimate
    assert table.rows[7].cells["n"].value == found.n_positive


def test_curves_have_a_panel_a_class_and_the_constant_model_none(classes: Context) -> None:
    figure = figure_of(class_curves(classes))
    assert "2 models for each of 3 classes" in figure.alt
    assert figure.table is not None
    assert [column.title for column in figure.table.columns[2:]] == list(CLASSES)


def test_calibration_of_many_classes_is_one_click_away(classes: Context) -> None:
    names = tuple(f"class {i}" for i in range(5))
    task = replace(classes.data.task, classes=names)
    bins = classes.data.table("curves/calibration")
    one = bins[bins["class"] == "AML"]
    many = pd.concat([one.assign(**{"class": name}) for name in names])
    predictions = classes.data.predictions
    few = make_context(
        replace(
            classes.data, task=task, tables=classes.data.tables | {"curves/calibration": many},
            predictions=predictions.assign(**{"class": predictions["class"].replace("AML", "class 0")}),
        )
    )  # fmt: skip
    section = class_calibration(few)
    assert section is not None
    kinds = [type(block) for block in section.blocks]
    assert kinds == [Figure, Figure, Figure, Figure, Details, Table]


def test_confusion_counts_are_those_of_the_run_and_rows_sum_to_the_class(classes: Context) -> None:
    figure = figure_of(class_confusion(classes))
    assert figure.table is not None
    counts = classes.data.table("confusion_classes")
    for row in figure.table.rows[:3]:
        mine = counts[(counts["model"] == "radiomics") & (counts["true"] == row.cells["true"].text)]
        assert row.cells["n"].value == mine["n"].sum()
        called = [row.cells[f"c{i}"].value for i in range(3)]
        assert called == [int(mine.loc[mine["predicted"] == name, "n"].iloc[0]) for name in CLASSES]


def test_misclassified_lesions_name_the_called_class_with_its_probability(classes: Context) -> None:
    missed = class_misses(classes)
    assert [miss.share for miss in missed] == sorted((miss.share for miss in missed), reverse=True)
    assert all(miss.models == 2 for miss in missed)
    table = table_of(class_errors(classes, None))
    first = table.rows[0].cells
    called, probability = missed[0].called["radiomics"]
    assert first["truth"].text == missed[0].label
    assert first["m0"].text == f"{called} ({probability:.2f})"
    right = next(miss for miss in missed if 0 < miss.share < 1)
    assert right.caption.startswith(f"{right.label}; called ")
    assert "by 1 of 2 models" in right.caption


def test_without_errors_the_section_says_so(classes: Context) -> None:
    decisions = classes.data.table("decisions")
    truth = classes.data.lesions["number"]
    right = decisions.assign(decision=truth.reindex(decisions["lesion_id"]).to_numpy())
    section = class_errors(changed(classes, decisions=right), None)
    assert section is not None
    assert section.blocks[0].text == "No lesion was misclassified by half of the models."  # type: ignore[union-attr]


def test_a_run_without_these_tables_has_no_such_sections(classes: Context, times: Context) -> None:
    bare = make_context(replace(classes.data, tables={}))
    for build in (class_curves, class_confusion, overlap, survival, differences):
        assert build(bare) is None
    assert class_errors(bare, None) is None
    assert class_table(times) is None


def test_wide_matrices_get_a_line_each() -> None:
    rng = np.random.default_rng(0)
    matrices = [
        ClassConfusion(f"model {i}", "#0072B2", rng.integers(0, 9, (9, 9)).astype(float)) for i in range(2)
    ]
    svg = draw_class_confusion(matrices, classes=[f"k{i}" for i in range(9)], name="wide", alt="wide")
    assert svg.startswith("<svg")


def test_concordance_is_the_main_quantity_of_survival_with_events_counted(times: Context) -> None:
    table = table_of(verdict(times))
    assert [column.title for column in table.columns] == ["Model", "n", "Events", "C-index", ""]
    assert table.rows[0].cells["events"].value == int(
        times.data.lesions.loc[sorted(set(times.data.predictions["lesion_id"])), "positive"].sum()
    )
    assert "with an event" in answer(times)
    pairs = figure_of(differences(times))
    assert pairs.title == "Pairwise differences of C-index"
    assert pairs.table is not None
    assert pairs.table.rows[0].cells["c_index_a"].value == 0.84


def test_survival_has_the_numbers_at_risk_at_round_times(times: Context) -> None:
    figure = figure_of(survival(times))
    assert figure.table is not None
    assert [column.title for column in figure.table.columns] == [
        "Predicted risk", "Lesions", "20 months", "40 months",
    ]  # fmt: skip
    assert [row.cells["risk"].text for row in figure.table.rows[:3]] == ["low", "middle", "high"]
    assert figure.table.rows[0].cells["n"].value == 20
    assert figure.table.rows[0].cells["t1"].note == "12 at risk"


def test_masks_have_a_point_a_lesion_and_the_least_overlap_first(classes: Context) -> None:
    dice = pd.DataFrame(
        {
            "model": "radiomics", "lesion_id": ["L001", "L002", "L003"], "sequence": "T1C",
            "dice": [0.8, 0.2, np.nan],
        }
    )  # fmt: skip
    task = TaskInfo("mask", "segmentation", "Where is the mass?")
    masks = make_context(replace(classes.data, task=task, tables={"overlap": dice}))
    figure = figure_of(overlap(masks))
    assert figure.table is not None
    assert [row.cells["lesion"].text for row in figure.table.rows] == ["L002", "L001"]


def in_groups(context: Context) -> Context:
    """The context with its results once more, as those of two sizes of lesions."""
    results = context.data.results
    groups = results["group"]
    known = groups.eq("all") | groups.str.startswith("class=")
    tables = [results]
    for size in ("size_mm=under 5", "size_mm=5 and over"):
        named = groups.where(groups.eq("all"), f"{size}, " + groups).replace("all", size)
        tables.append(results[known].assign(group=named[known]))
    return make_context(replace(context.data, results=pd.concat(tables, ignore_index=True)))


def test_groups_of_lesions_have_the_measures_of_all_classes_and_of_each(classes: Context) -> None:
    section = class_table(in_groups(classes))

    overall = table_of(section, 2)
    assert overall.title == "All classes together, in groups of lesions"
    assert list(dict.fromkeys(row.group for row in overall.rows)) == ["size mm under 5", "size mm 5 and over"]
    assert {"accuracy", "balanced_accuracy"} <= {column.key for column in overall.columns}
    whole = table_of(section, 1).rows[0]
    first = next(row for row in overall.rows if row.key == whole.key)
    assert first.cells["accuracy"].text == whole.cells["accuracy"].text
    assert section is not None
    more = section.blocks[3]
    assert isinstance(more, Details)
    each = more.blocks[0]
    assert isinstance(each, Table)
    assert list(dict.fromkeys(row.group for row in each.rows))[:3] == [
        f"size mm under 5, {name}" for name in CLASSES
    ]


def test_the_first_chapter_names_groups_of_lesions_without_their_classes(classes: Context) -> None:
    section = verdict(in_groups(classes))
    assert section is not None
    groups = next(
        block for block in section.blocks if isinstance(block, Table) and block.id == "groups-table"
    )
    assert [column.title for column in groups.columns[1:]] == ["size_mm: under 5", "size_mm: 5 and over"]


def test_without_groups_there_are_no_tables_of_them(classes: Context) -> None:
    section = class_table(classes)
    assert section is not None
    assert len(section.blocks) == 2
