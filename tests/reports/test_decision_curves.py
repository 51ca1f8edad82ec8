from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

from samesplit.reports.context import Context, make_context
from samesplit.reports.document import Details, Figure, Section, Table
from samesplit.reports.run_folder import read_run
from samesplit.reports.sections.calibration import calibration
from samesplit.reports.sections.decision_curves import decision_curves


@pytest.fixture(scope="module")
def context(full_run: object) -> Context:
    return make_context(read_run(full_run))  # type: ignore[arg-type]


def _section(context: Context) -> Section:
    found = decision_curves(context)
    assert found is not None
    return found


@pytest.mark.usefixtures("undrawn")
def test_every_number_of_the_tables_stands_in_the_run(context: Context) -> None:
    section = _section(context)
    figure, above, details = section.blocks
    assert isinstance(figure, Figure)
    assert isinstance(above, Table)
    assert isinstance(details, Details)
    table = context.data.table("decision_curves")
    lowest = table[table["threshold"] == table["threshold"].min()].set_index("model")
    assert figure.table is not None
    assert {str(row.key) for row in figure.table.rows} == set(lowest.index)
    for row in figure.table.rows:
        cell = row.cells["at0"]
        assert (cell.value, cell.low, cell.high) == tuple(
            lowest.loc[str(row.key), ["net_benefit", "ci_low", "ci_high"]]
        )
    for row in above.rows:
        assert row.cells["at0"].value == lowest.loc[str(row.key), "above_default"]
    assert "treat all" not in {row.key for row in above.rows}


@pytest.mark.usefixtures("undrawn")
def test_reclassification_is_one_click_away_and_is_not_tested(context: Context) -> None:
    details = _section(context).blocks[-1]
    assert isinstance(details, Details)
    (table,) = details.blocks
    assert isinstance(table, Table)
    kept = context.data.table("reclassification")
    assert [row.cells["estimate"].value for row in table.rows] == kept["estimate"].tolist()
    assert "not tested" in table.notes[0]


@pytest.mark.usefixtures("undrawn")
def test_categories_have_a_column_where_there_are_any(context: Context) -> None:
    kept = context.data.table("reclassification").assign(categories="0.2")
    data = replace(context.data, tables=context.data.tables | {"reclassification": kept})
    details = _section(replace(context, data=data)).blocks[-1]
    assert isinstance(details, Details)
    (table,) = details.blocks
    assert isinstance(table, Table)
    assert "categories" in [column.key for column in table.columns]


@pytest.mark.usefixtures("undrawn")
def test_without_readers_reclassification_or_bands_the_curves_stand_alone(context: Context) -> None:
    curves = context.data.table("decision_curves")
    curves = curves[curves["kind"] != "reader"].assign(ci_low=float("nan"), ci_high=float("nan"))
    tables = context.data.tables | {"decision_curves": curves, "reclassification": pd.DataFrame()}
    section = _section(replace(context, data=replace(context.data, tables=tables)))
    assert len(section.blocks) == 2
    assert isinstance(section.blocks[0], Figure)
    assert "reader" not in section.blocks[0].alt


def test_without_the_table_there_is_no_section(context: Context) -> None:
    assert decision_curves(replace(context, data=replace(context.data, tables={}))) is None


@pytest.mark.usefixtures("undrawn")
def test_the_distances_of_calibration_are_those_of_the_results(context: Context) -> None:
    section = calibration(context)
    assert section is not None
    (table,) = [
        block for block in section.blocks if getattr(block, "id", "") == "calibration-distances-table"
    ]
    assert isinstance(table, Table)
    for row in table.rows:
        found = context.numbers.get("ici", str(row.key))
        tested = context.numbers.get("spiegelhalter_z", str(row.key))
        assert found is not None
        assert tested is not None
        assert row.cells["ici"].value == (found.estimate if found.is_known() else None)
        assert row.cells["spiegelhalter"].value == pytest.approx(tested.p_value)
