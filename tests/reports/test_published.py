from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from samesplit.reports import make_report

Copy = Callable[[Path], Path]


def published(**changes: object) -> pd.DataFrame:
    row = {
        "study": "Smith 2020", "table_figure": "Table 2", "task": "", "cohort_split": "test", "n": 54.0,
        "n_pos": 30.0, "n_neg": 24.0, "model_or_reader": "Their network", "metric": "ROC_AUC", "value": "0.81",
        "ci_low": 0.70, "ci_high": 0.92, "p_value": "", "comparator": "", "note": "", "number": 0.81,
    }  # fmt: skip
    rows = [
        row,
        row | {"metric": "sensitivity", "value": "0.9", "number": 0.9, "ci_low": float("nan")},
        row | {"cohort_split": "train", "value": "0.99", "number": 0.99},
        row | {"metric": "ICC", "value": "0.62-0.91", "number": float("nan")},
    ]
    return pd.DataFrame([row | changes for row in rows])


@pytest.mark.usefixtures("undrawn")
def test_published_test_results_stand_apart_in_the_verdict(small_run: Path, copy_of: Copy) -> None:
    folder = copy_of(small_run)
    published().to_parquet(folder / "published.parquet")
    report = make_report(folder)
    (verdict,) = (section.blocks[0] for section in report.sections if section.id == "verdict")
    rows = [row for row in verdict.rows if row.group.startswith("Published")]
    assert [row.cells["who"].text for row in rows] == ["Their network (Smith 2020, test)"]
    assert (rows[0].cells["auc"].value, rows[0].cells["auc"].low) == (0.81, 0.7)
    assert rows[0].cells["sensitivity"].value == 0.9
    assert "difference" not in rows[0].cells
    (section,) = (section for section in report.sections if section.id == "published")
    assert [row.cells["value"].text for row in section.blocks[0].rows] == [
        "0.810",
        "0.900",
        "0.990",
        "0.62-0.91",
    ]


@pytest.mark.usefixtures("undrawn")
def test_without_published_results_there_is_no_such_section(small_run: Path, copy_of: Copy) -> None:
    folder = copy_of(small_run)
    assert "published" not in [section.id for section in make_report(folder).sections]
    published().iloc[:0].to_parquet(folder / "published.parquet")
    assert "published" not in [section.id for section in make_report(folder).sections]
