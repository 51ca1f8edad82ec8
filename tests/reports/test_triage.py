"""Triage in the report: deferral curves and sets of classes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from samesplit.reports.context import Context, make_context
from samesplit.reports.document import Figure, Section, Table
from samesplit.reports.run_folder import read_run
from samesplit.reports.sections.triage import triage


@pytest.fixture(scope="module")
def context(full_run: Path) -> Context:
    return make_context(read_run(full_run))


def with_tables(context: Context, **tables: pd.DataFrame) -> Context:
    return replace(context, data=replace(context.data, tables=context.data.tables | tables))


def built(context: Context) -> Section:
    section = triage(context)
    assert section is not None
    return section


def test_the_table_has_the_error_at_each_share_and_the_gain(context: Context) -> None:
    figure, sets = built(context).blocks
    assert isinstance(figure, Figure)
    assert isinstance(sets, Table)
    assert figure.table is not None
    told = context.data.table("deferral")
    assert {row.key for row in figure.table.rows} == set(told["model"])
    for row in figure.table.rows:
        mine = told[told["model"] == row.key].set_index("deferred")
        for share in (0.0, 0.1, 0.2, 0.3, 0.5):
            cell = row.cells[f"d{round(100 * share)}"]
            assert (cell.value, cell.low, cell.high) == tuple(mine.loc[share, ["error", "ci_low", "ci_high"]])
        assert row.cells["gain"].value == pytest.approx(mine["gain"].iloc[0])
    for word in ("at random", "wrong calls first", "least certain first"):
        assert word in figure.svg


def test_sets_are_told_by_class_with_what_was_asked_guaranteed_and_realised(
    context: Context, undrawn: None
) -> None:
    *_, table = built(context).blocks
    assert isinstance(table, Table)
    told = context.data.table("conformal_sets")
    assert len(table.rows) == len(told)
    by_row = {(row.key, row.cells["label"].text): row.cells for row in table.rows}
    names = {0: context.data.negative, 1: context.data.positive}
    for line in told.to_dict("records"):
        cells = by_row[line["model"], names[line["label"]]]
        if line["n"]:
            assert cells["realised"].value == pytest.approx(line["share_covered"])
            assert cells["one"].value == pytest.approx(line["one_class"])


def test_a_refused_set_says_why(context: Context, undrawn: None) -> None:
    told = context.data.table("conformal_sets").head(1).copy()
    told = told.assign(
        n=0, share_covered=np.nan, one_class=np.nan, folds_refused=5, reason="class 'benign' has 3"
    )
    *_, table = built(with_tables(context, conformal_sets=told)).blocks
    assert isinstance(table, Table)
    (row,) = table.rows
    assert (row.cells["realised"].text, row.cells["realised"].note) == (
        "refused",
        "refused in 5 fits: class 'benign' has 3",
    )
    title = context.title(str(told["model"].iloc[0]))
    assert table.notes[-1].startswith(f"{title}: refused in 5 fits: class 'benign' has 3. Lesions of these")
    assert row.cells["one"].value is None


def test_each_part_stands_alone_and_without_both_there_is_no_section(context: Context, undrawn: None) -> None:
    nothing = pd.DataFrame()
    assert len(built(with_tables(context, conformal_sets=nothing)).blocks) == 1
    assert len(built(with_tables(context, deferral=nothing)).blocks) == 1
    assert triage(with_tables(context, deferral=nothing, conformal_sets=nothing)) is None


def test_models_without_a_rank_are_drawn_all_the_same(context: Context, undrawn: None) -> None:
    deferral = context.data.table("deferral")
    only = deferral[deferral["model"] == deferral["model"].iloc[0]]
    results = context.data.results.iloc[:0]
    changed = make_context(
        replace(context.data, results=results, tables=context.data.tables | {"deferral": only})
    )
    changed = replace(changed, models=context.models)
    figure, *_ = built(changed).blocks
    assert isinstance(figure, Figure)
    assert figure.alt.startswith("Deferral curves of 1 model ")
