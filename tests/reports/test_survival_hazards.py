"""The survival section of a task whose hazards were estimated."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from samesplit.reports.context import Context, make_context
from samesplit.reports.document import Block, Figure, Table
from samesplit.reports.sections.survival import survival
from samesplit.reports.sections.survival_hazards import hazard_blocks

NAN = float("nan")


@pytest.fixture
def hazards(task_contexts: tuple[Context, ...]) -> Context:
    """The invented survival run with rates, a Cox table, subgroups and curves of low and high risk."""
    data = task_contexts[2].data
    curves = data.table("curves/kaplan_meier")
    rates = pd.DataFrame(
        [
            {"model": "cox", "risk": risk, "time": 36.0, "estimate": share, "ci_low": share - 0.1,
             "ci_high": share + 0.05, "n": 20, "n_events": 7, "at_risk": 9, "method": "Kaplan-Meier", "note": ""}
            for risk, share in (("low", 0.8), ("high", 0.4))
        ]
    )  # fmt: skip
    cox = pd.DataFrame(
        [
            {"model": model, "fit": fit, "term": term, "unit": unit, "hazard_ratio": ratio, "ci_low": ratio - 0.3,
             "ci_high": ratio + 0.5, "p_value": 0.02, "proportional_p": 0.4, "n": 40, "n_events": 14,
             "method": "Cox", "note": "7.0 events a term: unstable"}
            for model, fit, term, unit, ratio in (
                ("", "univariate", "age", "per unit", 1.2),
                ("cox", "univariate", "risk score", "per SD", 2.0),
                ("cox", "adjusted", "risk score", "per SD", 1.8),
                ("cox", "adjusted", "age", "per unit", NAN),
            )
        ]
    )  # fmt: skip
    subgroups = pd.DataFrame(
        [
            {"model": "cox", "column": column, "value": value, "hazard_ratio": ratio, "ci_low": ratio / 30,
             "ci_high": ratio * 30, "p_value": 0.1, "interaction_p": p, "n": 20, "n_events": 7, "note": note}
            for column, value, ratio, p, note in (
                ("", "all lesions", 2.0, NAN, ""),
                ("site", "north", 0.5, 0.03, ""),
                ("site", "south", NAN, 0.03, "1 events: too few to judge"),
            )
        ]
    )  # fmt: skip
    row = data.results.iloc[0].to_dict() | {"model": "cox", "group": "all", "reference": "", "subset": "test"}
    more = [
        row | {"quantity": "log_rank", "estimate": 9.1, "ci_low": NAN, "ci_high": NAN, "p_value": 0.0026},
        row | {"quantity": "hazard_ratio", "estimate": 2.0, "ci_low": 1.4, "ci_high": 2.9, "p_value": 0.001},
        row | {"quantity": "uno_c", "estimate": 0.8, "ci_low": 0.7, "ci_high": 0.9, "p_value": NAN},
    ]
    return make_context(
        replace(
            data,
            results=pd.concat([data.results, pd.DataFrame(more)], ignore_index=True),
            tables=data.tables
            | {
                "survival_rates": rates,
                "survival_cox": cox,
                "survival_subgroups": subgroups,
                "curves/kaplan_meier_cut": curves[curves["risk"] != "middle"],
            },
        )
    )


def by_id(context: Context) -> dict[str, Block]:
    section = survival(context)
    assert section is not None
    return {block.id: block for block in section.blocks if isinstance(block, Figure | Table)}


def test_the_section_goes_from_curves_to_hazards_to_subgroups(hazards: Context) -> None:
    assert list(by_id(hazards)) == [
        "kaplan-meier-cut", "survival-risk", "survival-cox", "survival-subgroups", "kaplan-meier",
    ]  # fmt: skip


def test_the_curves_of_low_and_high_risk_carry_the_log_rank_p(hazards: Context) -> None:
    figure = by_id(hazards)["kaplan-meier-cut"]
    assert isinstance(figure, Figure)
    assert "log-rank P 0.003" in figure.svg
    assert figure.table is not None
    assert {row.cells["risk"].text for row in figure.table.rows} == {"low", "high"}


def test_rates_ratios_and_p_stand_in_one_row_a_model(hazards: Context) -> None:
    table = by_id(hazards)["survival-risk"]
    assert isinstance(table, Table)
    (row,) = table.rows
    assert row.cells["low"].value == 0.8
    assert row.cells["sd"].value == 2.0
    assert row.cells["p"].value == 0.0026
    assert row.cells["ratio"].text == "–" or row.cells["ratio"].value is None
    assert {column.group for column in table.columns if column.key in ("low", "high")} == {
        "Without event at 36 months"
    }


def test_the_report_says_where_the_probability_of_another_task_was_cut(hazards: Context) -> None:
    plain = by_id(hazards)["survival-risk"]
    results = hazards.data.results.copy()
    results.loc[results["quantity"] == "log_rank", "note"] = (
        "cut where the other task calls a lesion positive"
    )
    scored = by_id(make_context(replace(hazards.data, results=results)))

    table, figure = scored["survival-risk"], scored["kaplan-meier-cut"]
    assert isinstance(plain, Table)
    assert "another task" not in plain.notes[0]
    assert isinstance(table, Table)
    assert isinstance(figure, Figure)
    for text in (table.notes[0], figure.caption):
        assert "is high where that task calls a lesion positive" in text


def test_the_cox_table_has_each_term_alone_and_with_the_others(hazards: Context) -> None:
    table = by_id(hazards)["survival-cox"]
    assert isinstance(table, Table)
    assert [row.group for row in table.rows] == ["Without a risk score", "Cox model", "Cox model"]
    score = table.rows[1].cells
    assert (score["alone"].value, score["adjusted"].value) == (2.0, 1.8)
    assert table.rows[2].cells["adjusted"].value is None
    assert "unstable" in score["term"].note


def test_subgroups_are_drawn_and_those_too_small_say_so(hazards: Context) -> None:
    figure = by_id(hazards)["survival-subgroups"]
    assert isinstance(figure, Figure)
    assert "too few to judge" in figure.svg
    assert figure.table is not None
    assert figure.table.rows[1].cells["interaction"].value == 0.03


def test_without_declared_subgroups_there_is_no_forest_plot(hazards: Context) -> None:
    whole = hazards.data.table("survival_subgroups").query("column == ''")
    tables = hazards.data.tables | {"survival_subgroups": whole, "survival_rates": pd.DataFrame()}
    found = hazard_blocks(make_context(replace(hazards.data, tables=tables)))
    assert [block.id for block in found if isinstance(block, Figure | Table)] == ["survival-cox"]


def test_tables_of_models_that_the_run_does_not_have_are_left_out(hazards: Context) -> None:
    tables = {
        name: table.assign(model="other")
        for name, table in hazards.data.tables.items()
        if name.startswith("survival_") and np.any(table["model"] != "")
    }
    assert hazard_blocks(make_context(replace(hazards.data, tables=tables))) == []
