from __future__ import annotations

import pandas as pd
import pytest

from samesplit.evaluation.binary.network_fits import network_fits, untrained_notes
from samesplit.evaluation.binary.searches import summarise

KEY = ["model", "seed", "repeat", "fold"]
FOLDS = pd.DataFrame(
    [("net", 0, 0, 0, 0.70), ("net", 0, 0, 1, 0.80), ("grid", 0, 0, 0, 0.9)], columns=[*KEY, "auc"]
)
KEPT = pd.DataFrame(
    {
        "model": "net", "seed": 0, "repeat": 0, "fold": [1, 0, 2], "trials": 3, "epoch": [5.0, 60.0, 75.0],
        "steps": [10, 120, 150],
        "steps_trained": 200, "most_steps": 300, "training_auc": 1.0, "validation_auc": [0.85, 0.95, 0.9],
        "probability_range": [0.04, 0.9, 0.9], "untrained": ["kept after 10 of 300 steps", "", ""],
    }
)  # fmt: skip


def test_the_auc_that_chose_the_weights_stands_beside_that_of_the_test_part() -> None:
    found = summarise({"kept_epoch": KEPT}, FOLDS)["network_fits"].set_index("fold")
    assert found["gap"].to_dict() == pytest.approx({0: 0.25, 1: 0.05, 2: float("nan")}, nan_ok=True)
    assert found.loc[0, ["choosing_auc", "test_auc", "epoch", "steps", "trials"]].tolist() == [
        0.95,
        0.70,
        60,
        120,
        3,
    ]


def test_networks_that_seem_untrained_are_counted_by_model() -> None:
    (note,) = untrained_notes(network_fits(KEPT, FOLDS))
    assert note.startswith(
        "net: 1 of 3 fitted networks seem untrained (for instance kept after 10 of 300 steps)"
    )
    assert untrained_notes(network_fits(KEPT[1:], FOLDS)) == []
    assert untrained_notes(None) == []


def test_what_was_kept_before_networks_told_of_their_steps_is_not_summed_up() -> None:
    assert summarise({"kept_epoch": KEPT[[*KEY, "steps"]]}, FOLDS) == {}
