from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from samesplit.reports.context import Context, make_context
from samesplit.reports.document import Figure, Section, Table
from samesplit.reports.run_folder import read_run
from samesplit.reports.sections.rater_masks import rater_masks
from samesplit.tables import write_table

CHANGES = {
    ("resnet18-25d", "R2"): (-0.06, -0.1, -0.02, 0.004, 0.81),
    ("resnet18-25d", "R3"): (0.01, -0.03, 0.05, 0.6, 0.93),
    ("radiomics-grid", "R2"): (-0.01, -0.04, 0.02, 0.5, 0.9),
}


@pytest.fixture(scope="module")
def rescored(full_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Context:
    """The full run, of which two models were asked again under the masks of other raters."""
    folder = tmp_path_factory.mktemp("rescored") / "run"
    shutil.copytree(full_run, folder)
    rows = []
    for (model, rater), (difference, low, high, p, agreement) in CHANGES.items():
        own = {"rater": rater, "model": model, "n": 120, "n_patients": 100, "method": "m", "note": ""}
        nothing = {"p_value": np.nan, "p_adjusted": np.nan}
        rows.append(
            own | nothing | {"quantity": "auc_primary", "estimate": 0.8, "ci_low": 0.7, "ci_high": 0.9}
        )
        tested = {"estimate": difference, "ci_low": low, "ci_high": high, "p_value": p, "p_adjusted": p}
        rows.append(own | tested | {"quantity": "auc_difference"})
        rows.append(
            own | nothing | {"quantity": "icc", "estimate": agreement, "ci_low": 0.7, "ci_high": 0.95}
        )
    write_table(pd.DataFrame(rows), folder / "raters.parquet")
    pair = {"rater_a": "R1", "rater_b": "R2", "sequence": "T1C", "n": 120, "method": "m", "note": ""}
    values = [("all", "dice", 0.81), ("label=benign", "dice", 0.76), ("all", "icc_volume", 0.98)]
    masks = [
        pair
        | {"group": group, "quantity": quantity, "estimate": value}
        | {"ci_low": value - 0.02, "ci_high": value + 0.01}
        for group, quantity, value in values
    ]
    write_table(pd.DataFrame(masks), folder / "rater_masks.parquet")
    return make_context(read_run(folder))


@pytest.fixture(scope="module")
def section(rescored: Context) -> Section:
    found = rater_masks(rescored)
    assert found is not None
    return found


def test_each_model_and_rater_has_its_difference_adjusted_p_and_icc(section: Section) -> None:
    figure = next(block for block in section.blocks if isinstance(block, Figure))
    assert figure.table is not None
    shown = {(row.cells["model"].text, row.cells["rater"].text): row.cells for row in figure.table.rows}
    cells = shown["ResNet-18, 2.5D", "R2"]
    assert (cells["auc_difference"].value, cells["p"].value, cells["icc"].value) == (-0.06, 0.004, 0.81)
    assert len(shown) == len(CHANGES)
    assert "auc_rater" not in {column.key for column in figure.table.columns}  # nobody has it here


def test_the_raters_masks_have_their_dice_by_class_and_the_icc_of_their_volume(section: Section) -> None:
    table = next(block for block in section.blocks if isinstance(block, Table))
    (row,) = table.rows
    assert row.cells["pair"].text == "R1 and R2"
    assert [row.cells[key].value for key in ("dice:all", "dice:label=benign", "volume")] == [0.81, 0.76, 0.98]
    assert [column.title for column in table.columns][3:5] == ["Dice", "Dice, benign"]


def test_a_run_with_one_rater_has_no_such_section(full_run: Path) -> None:
    assert rater_masks(make_context(read_run(full_run))) is None
