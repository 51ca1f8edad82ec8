"""Shift between training and test in the report."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from samesplit.benchmarks.splits import shift
from samesplit.benchmarks.splits.split import Split
from samesplit.reports.context import Context, make_context
from samesplit.reports.document import Prose, Table
from samesplit.reports.run_folder import read_run
from samesplit.reports.sections.shift import shift_blocks


@pytest.fixture(scope="module")
def context(full_run: Path) -> Context:
    return make_context(read_run(full_run))


def _shifted(context: Context, columns: list[str]) -> Context:
    cohort = context.data.cohort.reset_index(drop=True).assign(lesion_id=context.data.cohort.index)
    patients = sorted(cohort["patient_id"].unique())
    sides = ["train" if place < len(patients) // 2 else "test" for place in range(len(patients))]
    table = pd.DataFrame({"patient_id": patients, "repeat": 0, "fold": 0, "subset": sides})
    found = shift(Split(table, "fixed", 0, "", "", {}), cohort, context.data.lesions["positive"], columns)
    return replace(context, data=replace(context.data, tables=context.data.tables | {"shift": found}))


def test_prevalence_and_large_differences_are_said_and_all_stands_in_the_table(context: Context) -> None:
    changed = _shifted(context, ["age", "sex"])
    told = changed.data.table("shift")
    told["large"] = [True, *[False] * (len(told) - 2), True]
    prose, table = shift_blocks([changed])
    assert isinstance(prose, Prose)
    assert isinstance(table, Table)
    assert prose.text.startswith("The test part: share of malignant lesions, ")
    assert " % in training (difference " in prose.text
    assert prose.text.endswith("Standardised differences above 0.25: sex: male.")
    assert len(table.rows) == len(told)
    first = told.iloc[0]
    assert table.rows[0].cells["difference"].value == pytest.approx(first["difference"])
    assert table.rows[0].cells["difference"].low == pytest.approx(first["ci_low"])
    assert [row.emphasis for row in table.rows] == told["large"].tolist()


def test_without_large_differences_that_is_said(context: Context) -> None:
    changed = _shifted(context, ["age"])
    changed.data.table("shift")["large"] = False
    prose, _ = shift_blocks([changed])
    assert isinstance(prose, Prose)
    assert prose.text.endswith("No variable has a standardised difference above 0.25.")


def test_many_large_differences_are_counted_and_sets_have_names(context: Context) -> None:
    told = _shifted(context, ["age"]).data.table("shift")
    (age,) = told[(told["variable"] == "age") & (told["level"] == "mean")].to_dict("records")
    rows = [age | {"variable": f"v{place}", "large": True, "test_set": "external"} for place in range(10)]
    tables = context.data.tables | {"shift": pd.DataFrame(rows)}
    prose, _ = shift_blocks([replace(context, data=replace(context.data, tables=tables))])
    assert isinstance(prose, Prose)
    assert prose.text.startswith("The test set external: standardised differences above 0.25: v0, v1, ")
    assert prose.text.endswith("v7 and 2 further ones.")


def test_a_cross_validation_says_that_it_is_not_applicable_and_an_older_run_nothing(context: Context) -> None:
    assert shift_blocks([context]) == []
    nothing = context.data.tables | {"shift": pd.DataFrame()}
    (prose,) = shift_blocks([replace(context, data=replace(context.data, tables=nothing))])
    assert isinstance(prose, Prose)
    assert "not applicable" in prose.text
