from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from samesplit.reports import make_report
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
