from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from samesplit.reports.context import Context, make_context
from samesplit.reports.document import Details, Figure, Section, Table
from samesplit.reports.run_folder import read_run
from samesplit.reports.sections.readers import reader_sections


@pytest.fixture(scope="module")
def context(full_run: Path) -> Context:
    return make_context(read_run(full_run))


def changed(context: Context, **tables: pd.DataFrame) -> Context:
    named = {name.replace("__", "/"): table for name, table in tables.items()}
    return replace(context, data=replace(context.data, tables=context.data.tables | named))


def sections(context: Context) -> dict[str, Section]:
    return {section.id: section for section in reader_sections(context) if section is not None}


def blocks(section: Section) -> dict[str, Any]:
    found = {}
    for block in section.blocks:
        inside = block.blocks if isinstance(block, Details) else (block,)
        found |= {one.id: one for one in inside if isinstance(one, Table | Figure)}
    return found


def texts(section: Section) -> str:
    return " ".join(getattr(block, "text", "") for block in section.blocks)


def test_readers_are_told_in_the_order_of_a_reader_study(context: Context) -> None:
    found = sections(context)
    assert list(found) == ["readers", "reader-models", "reader-aid", "reader-agreement"]
    ids = [block.id for block in found["readers"].blocks if isinstance(block, Table | Figure)]
    assert ids == [
        "reader-design", "reader-points", "reader-changes", "mrmc", "mrmc-components", "readers-auc",
        "readers-sensitivity", "readers-specificity", "readers-accuracy", "readings-table",
    ]  # fmt: skip
    assert "readers and lesions are both random" in found["readers"].lead


def test_the_row_of_random_readers_stands_below_that_of_fixed_ones(context: Context) -> None:
    rows = blocks(sections(context)["readers"])["readers-auc"].rows
    assert [row.cells["who"].text for row in rows[-2:]] == [
        "Mean, readers fixed",
        "Mean, readers random (MRMC)",
    ]
    mrmc = context.data.table("readers/mrmc")
    change = mrmc[(mrmc["quantity"] == "auc") & (mrmc["reference"] != "") & (mrmc["group"] == "all")].iloc[0]
    assert rows[-1].cells["change"].value == change["estimate"]
    assert rows[-1].cells["change"].low == change["ci_low"]


def test_the_constant_is_a_warning_and_no_hypothesis_is_said_to_be_exploratory(context: Context) -> None:
    section = sections(context)["reader-models"]
    assert "Not to be claimed" in texts(section)
    assert "exploratory" in texts(section)


def test_hypotheses_declared_beforehand_are_listed_with_their_decision(context: Context) -> None:
    table = pd.DataFrame(
        {
            "place": [1, 2],
            "hypothesis": ["non-inferiority", "superiority"],
            "model": "radiomics-grid",
            "modality": "unaided",
            "quantity": "auc",
            "margin": [0.05, np.nan],
            "alpha": 0.025,
            "p_one_sided": [0.01, 0.2],
            "p_two_sided": [np.nan, 0.4],
            "decision": ["shown", "not shown"],
        }
    )
    against = context.data.table("readers/against_model").assign(margin=0.05, p_non_inferiority=0.01)
    found = blocks(
        sections(changed(context, readers__hypotheses=table, readers__against_model=against))["reader-models"]
    )
    rows = found["reader-hypotheses"].rows
    assert [row.cells["decision"].text for row in rows] == ["shown", "not shown"]
    assert any(column.key == "ni" for column in found["reader-models-table"].columns)


def test_dates_give_a_table_of_washout(context: Context) -> None:
    sessions = context.data.table("readers/sessions").assign(
        order="date", washout_days_least=28.0, washout_days_median=30.0, washout_days_most=35.0
    )
    found = sections(changed(context, readers__sessions=sessions))["readers"]
    row = blocks(found)["reader-sessions"].rows[0]
    assert (row.cells["washout"].text, row.cells["range"].text) == ("30", "28 to 35")
    assert "not recorded" in texts(sections(context)["readers"])


def test_marks_have_a_section_of_their_own(context: Context) -> None:
    estimates = pd.DataFrame(
        {
            "figure": "wAFROC", "modality": ["unaided", "aided", "aided"], "reference": ["", "", "unaided"],
            "estimate": [0.6, 0.7, 0.1], "ci_low": [0.5, 0.6, 0.0], "ci_high": [0.7, 0.8, 0.2],
            "p_value": [np.nan, np.nan, 0.04], "df": 10.0, "standard_error": 0.05, "n_readers": 4, "n": 50,
            "n_lesions": 30, "hit_radius_mm": 10.0, "method": "OR", "note": "",
        }
    )  # fmt: skip
    curve = pd.DataFrame(
        {
            "modality": ["unaided"] * 3, "reader_id": "R1", "threshold": [3.0, 2.0, 1.0],
            "false_marks_per_case": [0.0, 0.2, 0.4], "lesions_found": [0.1, 0.5, 0.7],
        }
    )  # fmt: skip
    found = sections(changed(context, readers__free_response=estimates, readers__free_response_curve=curve))
    assert "within 10 mm" in found["reader-marks"].lead
    rows = blocks(found["reader-marks"])["reader-marks-table"].rows
    assert rows[2].cells["what"].text == "aided − unaided"


def test_runs_from_before_the_analysis_show_readers_as_fixed(context: Context) -> None:
    bare = {name: table for name, table in context.data.tables.items() if not name.startswith("readers/")}
    old = replace(context, data=replace(context.data, tables=bare))
    found = sections(old)
    assert list(found) == ["readers"]
    assert "readers are taken as fixed" in found["readers"].lead
    assert blocks(found["readers"])["readers-auc"].rows[-1].cells["who"].text == "Mean, readers fixed"


def test_subgroups_and_incomplete_designs_are_told(context: Context) -> None:
    design = context.data.table("readers/design").assign(crossed=False)
    found = sections(changed(context, readers__design=design))["readers"]
    assert "Not crossed" in blocks(found)["reader-design"].caption
    assert "mrmc-subgroups" in blocks(found)
