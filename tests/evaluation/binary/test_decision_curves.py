from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from samesplit.errors import StatisticsError
from samesplit.evaluation.binary.decision_curves import (
    COLUMNS,
    TREAT_ALL,
    TREAT_NONE,
    decision_curve_table,
)
from samesplit.evaluation.binary.draws import make_draws
from samesplit.statistics.decision_curve import decision_curve

THRESHOLDS = (0.1, 0.3, 0.6)


def _table(n: int = 60, n_folds: int = 1) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    p = rng.uniform(0, 1, n)
    return pd.DataFrame(
        {
            "lesion_id": [f"L{i:03d}" for i in range(n)],
            "patient_id": [f"P{i // 2:03d}" for i in range(n)],
            "label": (rng.random(n) < p).astype(int),
            "score": p,
            "decision": (p > 0.5).astype(float),
            "run": 0,
            "cell": np.arange(n) // 2 % n_folds,
        }
    )


def _found(table: pd.DataFrame, n_bootstrap: int = 100) -> pd.DataFrame:
    reader = table.assign(decision=np.where(np.arange(len(table)) < 4, np.nan, table["decision"]))
    draws = make_draws(table, n_bootstrap=n_bootstrap, seed=0)
    return decision_curve_table({"grid": table}, {"unaided": {"anna": reader}}, draws, THRESHOLDS)


def _of(found: pd.DataFrame, who: str) -> pd.DataFrame:
    return found[found["model"] == who].reset_index(drop=True)


def test_models_strategies_and_readers_have_a_row_at_every_threshold() -> None:
    found = _found(_table())
    assert list(found.columns) == COLUMNS
    assert found.groupby("model", sort=False)["kind"].first().to_dict() == {
        "grid": "model", TREAT_ALL: "strategy", TREAT_NONE: "strategy", "reader:anna/unaided": "reader",
    }  # fmt: skip
    assert (found.groupby("model").size() == 3).all()
    assert ((found["ci_low"] <= found["net_benefit"]) & (found["net_benefit"] <= found["ci_high"])).all()


def test_the_net_benefit_is_that_of_the_statistics_and_stands_against_the_better_default() -> None:
    table = _table()
    found = _found(table)
    expected = decision_curve(table["label"], table["score"], THRESHOLDS)
    grid, everyone = _of(found, "grid"), _of(found, TREAT_ALL)
    assert grid["net_benefit"].to_numpy() == pytest.approx(expected["net_benefit"].to_numpy())
    better = np.maximum(everyone["net_benefit"], 0)
    assert grid["above_default"].to_numpy() == pytest.approx((grid["net_benefit"] - better).to_numpy())
    assert (grid["above_default_low"] <= grid["above_default"]).all()
    assert everyone["above_default"].max() == 0


def test_a_reader_is_judged_on_the_lesions_that_were_called() -> None:
    reader = _of(_found(_table()), "reader:anna/unaided")
    assert set(reader["n"]) == {56}
    assert np.ptp(reader["tp_rate"]) == 0  # the calls are the same at every threshold
    assert reader["net_benefit"].is_monotonic_decreasing


def test_models_trained_in_folds_are_taken_as_fitted_and_the_method_says_so() -> None:
    found = _found(_table(n_folds=5))
    assert _of(found, "grid")["method"].str.endswith("models as fitted").all()
    assert not _of(found, TREAT_ALL)["method"].str.endswith("models as fitted").any()


def test_without_samples_there_is_no_band() -> None:
    found = _found(_table(), n_bootstrap=0)
    assert found[["ci_low", "ci_high", "above_default_low"]].isna().all(axis=None)
    assert set(found["method"]) == {"no band"}


def test_one_class_has_no_decision_curve() -> None:
    found = _found(_table().query("label == 1"))
    assert found.empty
    assert list(found.columns) == COLUMNS


def test_a_threshold_that_nobody_could_act_from_is_an_error() -> None:
    table = _table()
    with pytest.raises(StatisticsError, match="of 1 is not"):
        decision_curve_table({"grid": table}, {}, make_draws(table, n_bootstrap=0, seed=0), (0.5, 1.0))
