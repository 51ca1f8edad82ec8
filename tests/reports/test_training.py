from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from samesplit.reports.document import Figure, Prose, Report, Section, Table


@pytest.fixture
def section(full_report: Report) -> Section:
    (found,) = (section for section in full_report.sections if section.id == "training")
    return found


def test_each_fit_shows_its_kept_step_and_the_auc_of_all_three_parts(
    full_run: Path, section: Section
) -> None:
    table = next(block for block in section.blocks if isinstance(block, Table))
    assert [column.title for column in table.columns] == [
        "Fit", "Selected step", "Selected epoch", "Steps trained", "Steps planned", "Training AUC",
        "Validation AUC", "Test AUC", "Range of probabilities",
    ]  # fmt: skip
    kept = pd.read_parquet(full_run / "details" / "kept_epoch.parquet")
    folds = pd.read_parquet(full_run / "folds.parquet")
    expected = kept.merge(folds, on=["model", "seed", "repeat", "fold"], validate="one_to_one")
    expected = expected.sort_values(["seed", "repeat", "fold"])
    assert len(table.rows) == len(expected) == 10
    keys = ("step", "epoch", "trained", "most", "training", "validation", "test", "range")
    for row, found in zip(table.rows, expected.itertuples(), strict=True):
        assert [row.cells[key].value for key in keys] == pytest.approx(
            [
                found.steps,
                found.epoch,
                found.steps_trained,
                250,
                found.training_auc,
                found.validation_auc,
                found.auc,
                0.8,
            ]
        )
        assert row.cells["fit"].text == f"fold {found.fold + 1}, seed {found.seed}"


def test_the_candidates_and_the_gap_between_validation_and_test_are_told(
    full_run: Path, section: Section
) -> None:
    table = next(block for block in section.blocks if isinstance(block, Table))
    folds = pd.read_parquet(full_run / "folds.parquet")
    gap = 0.84 - folds.loc[folds.model == "resnet18-25d", "auc"].mean()
    note = table.notes[1]
    assert f"Mean validation AUC 0.840, test AUC {0.84 - gap:.3f}, difference {gap:.3f}" in note
    assert "3 networks fitted in every fold for each seed, of which the best was kept" in note
    trials = next(
        block for block in section.blocks if isinstance(block, Table) and block.id.startswith("trials")
    )
    assert [trials.rows[0].cells[key].value for key in ("trials", "chosen", "best", "median", "lowest")] == (
        pytest.approx([3, 3, 0.84, 0.82, 0.80])
    )


def test_a_network_that_seems_untrained_is_warned_of_and_others_are_not(section: Section) -> None:
    (warning,) = (block for block in section.blocks if isinstance(block, Prose))
    assert warning.tone == "warning"
    assert (
        "1 of 10 fitted networks seems untrained (fold 1, seed 0: kept after 10 of 250 steps)" in warning.text
    )


def test_the_history_is_drawn_against_steps_with_the_kept_ones(section: Section) -> None:
    figure = next(block for block in section.blocks if isinstance(block, Figure))
    assert "Step" in figure.svg
    assert "Dots: the weights that were kept" in figure.caption
    assert figure.table is not None
    assert any(column.title == "in step" for column in figure.table.columns)
