from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from samesplit.evaluation import interval_coverage as room
from samesplit.evaluation.interval_coverage import RELIABLE, interval_coverage


def _results(n: int, positive: int, *quantities: str) -> pd.DataFrame:
    rows = [(quantity, "m", "", "test", "all", n, positive) for quantity in quantities]
    rows += [("auc", "reader:R1/unaided", "", "test", "all", 3, 1), ("auc", "m", "", "test", "site=a", 4, 1)]
    return pd.DataFrame(
        rows, columns=["quantity", "model", "reference", "subset", "group", "n", "n_positive"]
    )


def test_the_nearest_simulated_study_is_looked_up() -> None:
    found = interval_coverage(
        _results(90, 20, "auc", "sensitivity", "specificity", "log_loss"), n_folds=1
    ).set_index("quantity")
    assert found.index.tolist() == ["auc", "sensitivity", "specificity"]  # log loss was not simulated
    assert (found["simulated_n"] == 100).all()
    assert found["simulated_prevalence"].to_dict() == {"auc": 0.2, "sensitivity": 0.2, "specificity": 0.5}
    assert (found["n"] == 90).all()


def test_the_verdict_is_that_of_the_simulation(monkeypatch: pytest.MonkeyPatch) -> None:
    line = {"n": 50, "prevalence": 0.5}
    lines = [("auc", 1, 0.91), ("brier", 1, 0.95), ("dice", 1, 0.99), ("auc", 5, 0.98)]
    simulated = pd.DataFrame([{"quantity": q, "folds": f, "coverage": c} | line for q, f, c in lines])
    monkeypatch.setattr(room, "_simulated", lambda: simulated)
    found = interval_coverage(_results(40, 20, "auc", "brier", "dice"), n_folds=1)
    assert found["verdict"].tolist() == ["unreliable at this size", "reliable", "wider than needed"]
    of_folds = interval_coverage(_results(40, 20, "auc"), n_folds=10)
    assert of_folds["verdict"].tolist() == ["wider than needed"]


def test_every_kind_of_study_was_simulated_often_enough() -> None:
    simulated = room._simulated()
    key = ["quantity", "n", "prevalence", "folds"]
    assert not simulated.duplicated(key).any()
    assert set(simulated["quantity"]) == {"auc", "sensitivity", "brier", "dice"}
    for quantity, part in simulated.groupby("quantity"):
        assert len(part) == (8 if quantity == "dice" else 16)
    assert (simulated["studies"] >= 1000).all()
    assert np.all((simulated["coverage"] > 0.5) & (simulated["coverage"] <= 1))
    assert RELIABLE == (0.93, 0.97)


def test_a_quantity_without_lesions_is_left_out() -> None:
    found = interval_coverage(_results(0, 0, "sensitivity"), n_folds=1)
    assert found.empty
