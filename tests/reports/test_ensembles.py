"""What ensembles learnt, as the report tells it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from samesplit.reports.context import Context, make_context, make_contexts
from samesplit.reports.document import Table
from samesplit.reports.run_folder import read_tasks
from samesplit.reports.sections.ensembles import ensembles

GRID = "radiomics-grid"


@pytest.fixture
def context(small_run: Path) -> Context:
    (found,) = make_contexts(read_tasks(small_run))
    return found


def having(context: Context, **details: pd.DataFrame) -> Context:
    tables = {f"details/{name}": table.assign(model=GRID) for name, table in details.items()}
    return make_context(replace(context.data, tables=context.data.tables | tables))


def tables(context: Context) -> dict[str, Table]:
    section = ensembles(context)
    assert section is not None
    return {block.id: block for block in section.blocks if isinstance(block, Table)}


def texts(table: Table) -> list[list[str]]:
    return [[row.cells[column.key].text for column in table.columns] for row in table.rows]


def test_without_ensembles_there_is_no_section(context: Context) -> None:
    assert ensembles(context) is None


def test_weights_stand_by_member_from_lowest_to_highest(context: Context) -> None:
    weights = pd.DataFrame(
        {
            "member": ["clinical", "gone"] * 2,
            "weight": [0.25, 0.75, 0.4, 0.6],
            "log_loss": [0.7, 0.5, 0.69, 0.5],
            "lesions": [30, 30, 31, 31],
        }
    )
    found = texts(tables(having(context, ensemble_weights=weights))["ensemble-weights-table"])
    ensemble, clinical = context.title(GRID), context.title("clinical")
    assert found == [
        [ensemble, clinical, "0.25 to 0.40", "0.69 to 0.70", "30 to 31"],
        [ensemble, "gone", "0.60 to 0.75", "0.50", "30 to 31"],
    ]


def test_coefficients_name_the_class_where_there_are_several(context: Context) -> None:
    two = pd.DataFrame({"term": ["clinical"], "coefficient": [0.5]})
    table = tables(having(context, stacking_terms=two))["stacking-table"]
    assert texts(table) == [[context.title(GRID), context.title("clinical"), "0.50"]]
    three = pd.DataFrame({"class": ["A", "B"], "term": ["clinical: A"] * 2, "coefficient": [0.5, -0.25]})
    table = tables(having(context, stacking_terms=three))["stacking-table"]
    clinical = f"{context.title('clinical')}: A"
    assert texts(table) == [
        [context.title(GRID), clinical, "A", "0.50"],
        [context.title(GRID), clinical, "B", "−0.25"],
    ]


def test_candidates_are_counted_and_the_one_kept_is_told(context: Context) -> None:
    candidates = pd.DataFrame(
        {
            "candidate": [0, 1, 2] * 2,
            "validation_accuracy": [0.6, 0.7, 0.65, 0.5, 0.55, 0.8],
            "fold": [0] * 3 + [1] * 3,
        }
    ).assign(chosen=[False, True, False, False, False, True])
    table = tables(having(context, ensemble_candidates=candidates))["ensemble-candidates-table"]
    assert texts(table) == [[context.title(GRID), "3", "0.50 to 0.80", "0.70 to 0.80"]]
