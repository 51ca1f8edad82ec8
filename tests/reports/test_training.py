from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from samesplit.reports.document import Report, Table


def test_each_fit_shows_its_kept_epoch_and_the_auc_of_all_three_parts(
    full_run: Path, full_report: Report
) -> None:
    (section,) = (section for section in full_report.sections if section.id == "training")
    (table,) = (block for block in section.blocks if isinstance(block, Table))
    assert [column.title for column in table.columns] == [
        "Fit", "Selected epoch", "Epochs trained", "Training AUC", "Validation AUC", "Test AUC",
    ]  # fmt: skip
    kept = pd.read_parquet(full_run / "details" / "kept_epoch.parquet").sort_values(
        ["seed", "repeat", "fold"]
    )
    folds = pd.read_parquet(full_run / "folds.parquet")
    expected = kept.merge(folds, on=["model", "seed", "repeat", "fold"], validate="one_to_one")
    assert len(table.rows) == len(expected) == 10
    for row, found in zip(table.rows, expected.itertuples(), strict=True):
        shown = [row.cells[key].value for key in ("epoch", "epochs", "training", "validation", "test")]
        assert shown == pytest.approx(
            [found.epoch, found.epochs, found.training_auc, found.validation_auc, found.auc]
        )
        assert row.cells["fit"].text == f"fold {found.fold + 1}, seed {found.seed}"
