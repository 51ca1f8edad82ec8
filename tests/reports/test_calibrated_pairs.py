"""A calibrated model and the one whose probabilities it maps stand side by side."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from samesplit.reports.context import Context, make_context, make_contexts
from samesplit.reports.document import Figure, Section, Table
from samesplit.reports.run_folder import read_tasks
from samesplit.reports.sections.calibrated_pairs import in_pairs
from samesplit.reports.sections.calibration import calibration
from samesplit.reports.sections.class_calibration import class_calibration

pytestmark = pytest.mark.usefixtures("undrawn")


def calibrating(context: Context, model: str, member: str, maps: pd.DataFrame) -> Context:
    """The run with a model declared to be another's calibrated probabilities."""
    declared = [
        item | {"kind": "calibrated", "settings": {"member": member}} if item.get("name") == model else item
        for item in context.data.run["models"]
    ]
    data = replace(
        context.data,
        run=context.data.run | {"models": declared},
        tables=context.data.tables | {"details/calibration_map": maps.assign(model=model)},
    )
    return make_context(data)


def block(section: Section | None, name: str) -> Table:
    assert section is not None
    (found,) = [each for each in section.blocks if isinstance(each, Table) and each.id == name]
    return found


@pytest.fixture
def binary(small_run: Path) -> Context:
    (context,) = make_contexts(read_tasks(small_run))
    return context


def test_the_scores_before_and_after_are_rows_of_one_table(binary: Context) -> None:
    maps = pd.DataFrame(
        {
            "class": ["positive"] * 2,
            "method": "platt",
            "slope": [0.4, 0.55],
            "intercept": [0.1, 0.1],
            "lesions": [20, 20],
        }
    )
    context = calibrating(binary, "radiomics-grid", "clinical", maps)
    assert [model.name for model in in_pairs(context)] == ["clinical", "radiomics-grid"]
    section = calibration(context)
    assert section is not None
    assert section.lead.startswith("A calibrated model stands behind the model")
    table = block(section, "before-and-after-table")
    assert [row.cells["state"].text for row in table.rows] == ["before", "after (Platt)"]
    titles = [column.title for column in table.columns]
    assert {"ECE", "Calibration slope", "Calibration in the large"} <= set(titles)
    for row, name in zip(table.rows, ("clinical", "radiomics-grid"), strict=True):
        found = context.numbers.get("ece", name)
        assert found is not None
        assert row.cells["ece"].value == found.estimate
        assert row.cells["who"].text == context.title("clinical")
    (told,) = block(section, "calibration-maps-table").rows
    assert told.cells["slope"].text == "0.40 to 0.55"
    assert (told.cells["intercept"].text, told.cells["lesions"].text) == ("0.10", "20")
    figure = section.blocks[0]
    assert isinstance(figure, Figure)
    assert figure.table is not None
    assert figure.table.rows[0].key == "clinical"


def test_without_a_calibrated_model_nothing_is_added(binary: Context) -> None:
    section = calibration(binary)
    assert section is not None
    tables = [each.id for each in section.blocks if isinstance(each, Table)]
    assert tables == ["calibration-table", "calibration-distances-table"]
    assert "without recalibration" in section.lead


def test_a_calibrated_model_whose_member_was_not_judged_stands_alone(binary: Context) -> None:
    context = calibrating(binary, "radiomics-grid", "lost", pd.DataFrame({"method": ["platt"]}))
    section = calibration(replace(context, models=context.models))
    assert section is not None
    assert len(in_pairs(context)) == len(binary.models)
    assert "before-and-after-table" not in [each.id for each in section.blocks if isinstance(each, Table)]


def test_several_classes_have_the_table_too(task_contexts: tuple[Context, ...]) -> None:
    maps = pd.DataFrame(
        {
            "class": ["all"],
            "method": ["isotonic"],
            "slope": [float("nan")],
            "intercept": [float("nan")],
            "lesions": [9],
        }
    )
    context = calibrating(task_contexts[1], "clinical", "radiomics", maps)
    section = class_calibration(context)
    table = block(section, "before-and-after-table")
    assert [row.cells["state"].text for row in table.rows] == ["before", "after (isotonic regression)"]
    assert block(section, "calibration-maps-table").rows[0].cells["slope"].text == "–"
    by_class = block(section, "before-and-after-classes-table")
    assert [row.cells["class"].text for row in by_class.rows] == [
        name for name in context.data.task.classes for _ in range(2)
    ]
    found = context.numbers.get("calibration_slope", "clinical", group="class=cyst")
    assert found is not None
    assert by_class.rows[-1].cells["calibration_slope"].value == found.estimate
