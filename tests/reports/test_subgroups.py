"""Subgroups in the report: what is drawn, what is said, and what cannot be judged."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from samesplit.reports.context import Context, make_context
from samesplit.reports.document import Details, Figure, Prose, Section, Table
from samesplit.reports.ranking import leading_models
from samesplit.reports.run_folder import read_run
from samesplit.reports.sections.subgroups import subgroups

BETWEEN = "between the 3 subgroups of site that can be judged"


@pytest.fixture(scope="module")
def context(full_run: Path) -> Context:
    return make_context(read_run(full_run))


def with_tables(context: Context, **tables: pd.DataFrame) -> Context:
    return replace(context, data=replace(context.data, tables=context.data.tables | tables))


def built(context: Context) -> tuple[Section, Figure, Table, Table]:
    section = subgroups(context)
    assert section is not None
    figure = next(block for block in section.blocks if isinstance(block, Figure))
    details = next(block for block in section.blocks if isinstance(block, Details))
    fairness = next(block for block in section.blocks if isinstance(block, Table))
    (tests,) = details.blocks
    assert isinstance(tests, Table)
    return section, figure, tests, fairness


def test_every_model_and_subgroup_stands_in_the_table_with_its_counts(
    context: Context, undrawn: None
) -> None:
    _, figure, *_ = built(context)
    assert figure.table is not None
    told = context.data.table("subgroups")
    varying = [model.name for model in context.models if not model.is_constant]
    assert len(figure.table.rows) == told["model"].isin(varying).sum()
    for row in figure.table.rows:
        mine = told[(told["model"] == row.key) & (told["value"] == row.cells["value"].text)].iloc[0]
        assert (row.cells["n"].value, row.cells["positive"].value) == (mine["n"], mine["n_positive"])
        if mine["reason"]:
            assert row.cells["auc"].text == "cannot be judged"
            assert "fewer than 10" in row.cells["auc"].note
        else:
            assert row.cells["auc"].value == pytest.approx(mine["auc"])
            assert row.cells["auc"].low == pytest.approx(mine["ci_low"])


def test_the_figure_holds_the_best_model_the_reference_and_one_more(context: Context) -> None:
    section, figure, *_ = built(context)
    leading = leading_models(context)
    assert len(leading) == 3
    assert context.reference in leading[:2]
    assert not any(model.is_control for model in leading)
    for model in leading:
        assert model.title in figure.svg
    assert "cannot be judged" in figure.svg
    assert len(figure.alt) > 15
    assert "equal" not in section.lead


def _tests_of_best(context: Context, p: float, claim: str) -> Context:
    tests = context.data.table("subgroup_tests").copy()
    mine = (tests["model"] == leading_models(context, 1)[0].name) & (tests["reference"] == "")
    tests.loc[mine, ["p_value", "p_adjusted"]] = p
    tests.loc[mine, "claim"] = claim
    return with_tables(context, subgroup_tests=tests)


@pytest.mark.parametrize(
    ("p", "claim", "sentence"),
    [
        (0.0004, "differs", f"is shown to differ {BETWEEN} (adjusted P < 0.001)."),
        (0.42, "not shown", f"is not shown to differ {BETWEEN} (adjusted P = 0.42)."),
        (np.nan, "", "Too few subgroups are large enough to test: site."),
    ],
)  # fmt: skip
def test_the_sentence_says_what_the_test_says(
    context: Context, undrawn: None, p: float, claim: str, sentence: str
) -> None:
    changed = _tests_of_best(context, p, claim)
    tests = changed.data.table("subgroup_tests")
    changed = with_tables(changed, subgroup_tests=tests.assign(n_groups=3))
    section, _, table, _ = built(changed)
    (said,) = [block.text for block in section.blocks if isinstance(block, Prose)]
    assert said.endswith(sentence)
    first = next(row for row in table.rows if row.key == leading_models(context, 1)[0].name)
    words = {"differs": "shown to differ", "not shown": "not shown to differ", "": "no test"}
    assert first.cells["claim"].text == words[claim]


def test_what_cannot_be_judged_for_fairness_says_why(context: Context, undrawn: None) -> None:
    fairness = context.data.table("fairness").copy()
    fairness["reason"] = "cannot be judged: fewer than two groups are large enough"
    *_, table = built(with_tables(context, fairness=fairness))
    cell = table.rows[0].cells["opportunity"]
    assert (cell.text, cell.note) == ("cannot be judged", "fewer than two groups are large enough")


def test_columns_beyond_the_figure_stand_in_the_table(context: Context, undrawn: None) -> None:
    told = context.data.table("subgroups")
    many = [told.assign(column=f"column {i}") for i in range(20)]
    _, figure, *_ = built(with_tables(context, subgroups=pd.concat(many, ignore_index=True)))
    assert "further columns in the table alone" in figure.caption


def test_without_subgroups_there_is_no_section_and_without_fairness_no_table(
    context: Context, undrawn: None
) -> None:
    assert subgroups(with_tables(context, subgroups=pd.DataFrame())) is None
    section = subgroups(
        with_tables(context, fairness=pd.DataFrame(), subgroup_tests=pd.DataFrame(columns=["model"]))
    )
    assert section is not None
    assert not any(isinstance(block, Table) for block in section.blocks)
