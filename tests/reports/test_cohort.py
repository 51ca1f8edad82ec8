from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from samesplit.reports import make_report
from samesplit.reports.csv_twins import tables_of
from samesplit.reports.document import Flow

Copy = Callable[[Path], Path]


@pytest.mark.usefixtures("undrawn")
def test_the_flow_counts_down_and_names_every_reason(small_run: Path, copy_of: Copy) -> None:
    folder = copy_of(small_run)
    ledger = pd.read_parquet(folder / "ledger.parquet")
    ledger.loc[len(ledger)] = ["L0030", "", "", "readings", "missing", "no aided call"]
    ledger.to_parquet(folder / "ledger.parquet")
    predictions = pd.read_parquet(folder / "predictions.parquet")
    predictions[predictions["lesion_id"] != "L0014"].to_parquet(folder / "predictions.parquet")
    (section,) = (section for section in make_report(folder).sections if section.id == "cohort")
    (flow,) = (block for block in section.blocks if isinstance(block, Flow))
    counts = [step.lesions for step in flow.steps]
    assert counts[0] == 60
    assert counts == sorted(counts, reverse=True)
    assert [step.title for step in flow.steps][-1] == "Evaluated: the same lesions for all models"
    reasons = " | ".join(flow.steps[1].leaving)
    assert "2 without T2: no T2 image" in reasons
    assert "1 failed, T1C: the mask is empty" in reasons
    assert "aided call" not in reasons


@pytest.mark.usefixtures("undrawn")
def test_the_baseline_table_by_subset_has_counts_spread_and_standardised_differences(small_run: Path) -> None:
    (table,) = (one for one in tables_of(make_report(small_run)) if one.id == "balance-table")
    assert table.title == "Baseline characteristics by subset"
    assert [column.title for column in table.columns] == [
        "Variable", "train", "validation", "test", "SMD validation", "SMD test", "Largest |SMD|",
    ]  # fmt: skip
    rows = {row.cells["what"].text: row.cells for row in table.rows}
    assert list(rows)[:3] == ["Patients", "Lesions", "class: malignant"]
    known = pd.read_parquet(small_run / "balance.parquet")
    tested = known[known["subset"] == "test"]
    age = tested[tested["variable"] == "age"].groupby("level")[["value", "smd"]].mean()
    mean, spread = age.loc["mean", "value"], age.loc["sd", "value"]
    assert rows["age"]["test"].text == f"{mean:.1f} ({spread:.1f})"
    assert rows["age"]["smd-test"].value == pytest.approx(age.loc["mean", "smd"])
    lesions = tested.loc[tested["variable"] == "lesions", "value"].mean()
    assert rows["Lesions"]["test"].value == pytest.approx(lesions)
    assert "smd-test" not in rows["Lesions"]
