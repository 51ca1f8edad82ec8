from __future__ import annotations

import shutil
from pathlib import Path

import pandas as pd

from samesplit.evaluation.interval_coverage import interval_coverage
from samesplit.reports.context import make_context
from samesplit.reports.run_folder import read_run
from samesplit.reports.sections.verdict import verdict


def test_the_performance_table_says_where_intervals_are_unreliable_or_too_wide(
    small_run: Path, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    shutil.copytree(small_run, run)
    results = pd.read_parquet(run / "results.parquet")
    table = interval_coverage(results, n_folds=5)
    table.loc[table["quantity"] == "auc", ["coverage", "verdict"]] = [0.91, "unreliable at this size"]
    table.loc[table["quantity"] == "sensitivity", ["coverage", "verdict"]] = [0.95, "reliable"]
    table.loc[table["quantity"] == "brier", ["coverage", "verdict"]] = [0.99, "wider than needed"]
    table.to_parquet(run / "interval_coverage.parquet")
    notes = " ".join(
        note for block in verdict(make_context(read_run(run))).blocks for note in getattr(block, "notes", ())
    )
    assert "Intervals of the AUC are unreliable at this size: too narrow." in notes
    assert "95 % intervals held the truth in 91 % (docs/interval-coverage.md)" in notes
    assert "Intervals of the Brier score are wider than they would have to be at this size." in notes
    assert "Intervals of the sensitivity" not in notes
