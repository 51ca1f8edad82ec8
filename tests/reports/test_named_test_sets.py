"""Named test sets: each apart and together, and the worst one named."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from samesplit.reports.conclusion import answer
from samesplit.reports.context import Context, make_context
from samesplit.reports.document import Figure, Section, Table
from samesplit.reports.named_test_sets import (
    lowest_site,
    lowest_test_set,
    names_of_test_sets,
    of_test_set,
    sets_in_more_folds,
)
from samesplit.reports.run_folder import read_tasks
from samesplit.reports.sections.fold_assignment import test_set_table as count_test_sets
from samesplit.reports.sections.named_test_sets import named_test_sets


@pytest.fixture
def context(task_contexts: tuple[Context, ...]) -> Context:
    return task_contexts[0]


@pytest.fixture
def section(context: Context, undrawn: Callable[[], None]) -> Section:
    found = named_test_sets(context)
    assert found is not None
    return found


def test_the_internal_set_comes_first(context: Context) -> None:
    assert names_of_test_sets(context) == ["internal", "external", "prospective"]


def test_the_worst_set_is_named_in_the_conclusion_beside_the_internal_one(context: Context) -> None:
    assert lowest_test_set(context, "radiomics")[0] == "prospective"  # type: ignore[index]
    assert (
        "Among the named test sets its AUC is lowest in prospective, 0.760 (0.680 to 0.820) on 18 lesions, "
        "against 0.860 (0.780 to 0.920) in internal." in answer(context)
    )


def test_the_table_has_each_set_all_together_and_the_drop(section: Section, context: Context) -> None:
    (figure, *_) = section.blocks
    assert isinstance(figure, Figure)
    assert figure.table is not None
    titles = [column.title for column in figure.table.columns]
    assert titles == [
        "Model", "internal", "external", "prospective", "all test sets", "external − internal",
        "prospective − internal", "Worst in",
    ]  # fmt: skip
    first = figure.table.rows[0].cells
    assert first["s0"].value == of_test_set(context, "radiomics", "internal").estimate  # type: ignore[union-attr]
    assert first["d1"].text == "−0.100"
    assert first["lowest"].text == "prospective"


def test_differences_to_the_reference_stand_apart_where_the_results_have_them(
    context: Context, undrawn: Callable[[], None]
) -> None:
    results = context.data.results
    one = results[results["quantity"] == "auc_difference"]
    more = pd.concat([results, one.assign(group="test_set=external", estimate=-0.2)], ignore_index=True)
    section = named_test_sets(make_context(replace(context.data, results=more)))
    assert section is not None
    table = section.blocks[1]
    assert isinstance(table, Table)
    assert [row.cells["s1"].text for row in table.rows] == ["−0.200"]
    assert named_test_sets(context).blocks[1:] == ()  # type: ignore[union-attr]


def test_a_set_without_the_quantity_is_named_in_the_conclusion_and_under_the_table(
    context: Context, undrawn: Callable[[], None]
) -> None:
    results = context.data.results
    unknown = results.assign(
        estimate=results["estimate"].mask(results["group"] == "test_set=prospective"),
        ci_low=results["ci_low"].mask(results["group"] == "test_set=prospective"),
        ci_high=results["ci_high"].mask(results["group"] == "test_set=prospective"),
    )
    changed = make_context(replace(context.data, results=unknown))
    assert "lowest in external" in answer(changed)
    assert "; its AUC is not defined in prospective." in answer(changed)
    figure = named_test_sets(changed).blocks[0]  # type: ignore[union-attr]
    assert "prospective: AUC not defined" in figure.table.notes[0]  # type: ignore[union-attr]
    assert "not defined" not in answer(context)
    apart = results["group"].str.startswith("test_set=")
    assert "named test sets" not in answer(make_context(replace(context.data, results=results[~apart])))


def test_a_site_with_few_lesions_of_a_class_is_not_called_the_worst(context: Context) -> None:
    results = context.data.results
    row = results[
        (results["model"] == "radiomics") & (results["quantity"] == "auc") & (results["group"] == "all")
    ]
    sites = [
        row.assign(
            group=f"site={name}", estimate=auc, ci_low=auc - 0.1, ci_high=auc + 0.1, n=n, n_positive=positive
        )
        for name, auc, n, positive in (("north", 0.8, 40, 20), ("east", 0.7, 30, 12), ("south", 0.5, 15, 12))
    ]
    changed = make_context(replace(context.data, results=pd.concat([results, *sites], ignore_index=True)))

    found = lowest_site(changed, "radiomics")

    assert found is not None
    assert found[0] == "east"


def test_sets_that_more_folds_test_than_others_weigh_more_together_which_is_said(
    context: Context, undrawn: Callable[[], None]
) -> None:
    splits = context.data.splits
    again = splits[splits["test_set"].isin(["external", "prospective"])].assign(fold=1)
    changed = make_context(replace(context.data, splits=pd.concat([splits, again], ignore_index=True)))
    assert sets_in_more_folds(changed) == {"external": 2, "prospective": 2}
    lead = named_test_sets(changed).lead  # type: ignore[union-attr]
    assert "Lesions of external and prospective are tested in 2 folds and count that often" in lead
    assert sets_in_more_folds(context) == {}


def test_lesions_and_classes_of_each_set_are_counted(context: Context) -> None:
    table = count_test_sets([context])
    assert table is not None
    assert [row.cells["set"].text for row in table.rows] == ["internal", "external", "prospective"]
    assert sum(int(row.cells["lesions"].value) for row in table.rows) == 54
    assert sum(int(row.cells["positive"].value) for row in table.rows) == int(
        context.numbers.get("auc", "radiomics").n_positive  # type: ignore[union-attr]
    )


def test_without_named_sets_there_is_no_section(small_run: Path) -> None:
    context = make_context(read_tasks(small_run)[0])
    assert names_of_test_sets(context) == []
    assert named_test_sets(context) is None
    assert count_test_sets([context]) is None
    assert lowest_test_set(context, "clinical") is None
