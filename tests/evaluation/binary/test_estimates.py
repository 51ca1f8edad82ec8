from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from scipy.special import logit
from statsmodels.stats.proportion import proportion_confint

from samesplit.evaluation.binary.estimates import (
    auc_as_fitted_row,
    auc_row,
    make_draws,
    probability_rows,
    rate_rows,
    result_row,
)
from samesplit.statistics.auc import auc_interval
from samesplit.statistics.boundary import newcombe_interval
from samesplit.statistics.calibration import expected_calibration_error
from samesplit.statistics.proportions import confusion, proportion_interval
from samesplit.statistics.weighted import weighted_average_precision


def _table(n: int = 40, *, n_patients: int | None = None, n_folds: int = 1) -> pd.DataFrame:
    generator = np.random.default_rng(4)
    labels = np.arange(n) % 2
    score = np.clip(0.4 + 0.2 * labels + generator.normal(0, 0.2, n), 0.01, 0.99)
    return pd.DataFrame(
        {
            "lesion_id": [f"L{i:02d}" for i in range(n)],
            "patient_id": [f"P{i % (n_patients or n):02d}" for i in range(n)],
            "label": labels,
            "score": score,
            "decision": (score >= 0.5).astype(float),
            "seed": 0,
            "repeat": 0,
            "run": 0,
            "rank_alike": False,
            "fold": np.arange(n) // 2 % n_folds,
            "cell": np.arange(n) // 2 % n_folds,
        }
    )


def _draws(table: pd.DataFrame, n: int = 200):  # type: ignore[no-untyped-def]
    return make_draws(table, n_bootstrap=n, seed=0)


def test_auc_of_one_test_set_is_delongs() -> None:
    table = _table()
    expected = auc_interval(table["label"], table["score"])
    found = auc_row(table, confidence=0.95)
    assert (found.estimate, found.ci_low, found.ci_high) == pytest.approx(
        (expected.estimate, expected.ci_low, expected.ci_high), rel=1e-12
    )
    assert found.method == "DeLong, logit"


def test_models_trained_in_folds_have_the_interval_of_test_patients_alone_beside_the_wider_one() -> None:
    table = _table(n_folds=5)
    wide, narrow = auc_row(table, confidence=0.95), auc_as_fitted_row(table, confidence=0.95)
    assert narrow is not None
    assert narrow.estimate == wide.estimate
    # Equal folds: the training part adds 2 x 5 / 4 test parts; the logit interval is symmetric on its own scale.
    lengths = [np.diff(logit([item.ci_low, item.ci_high]))[0] for item in (wide, narrow)]
    assert lengths[0] / lengths[1] == pytest.approx(math.sqrt(1 + 2 * 5 / 4), rel=1e-9)
    assert narrow.method == "influence values, test patients, models as fitted, logit"


@pytest.mark.parametrize(
    "table", [_table(), _table(n_folds=5).assign(rank_alike=True), _table().query("label == 1")]
)
def test_where_nothing_was_trained_in_folds_there_is_one_interval(table: pd.DataFrame) -> None:
    assert auc_as_fitted_row(table, confidence=0.95) is None


def test_auc_without_both_classes_is_reported() -> None:
    found = auc_row(_table().query("label == 1"), confidence=0.95)
    assert math.isnan(found.estimate)
    assert "not defined" in found.note


def test_independent_calls_get_agresti_coull_and_an_exact_row() -> None:
    table = _table()
    found = rate_rows(table, _draws(table), confidence=0.95)
    methods = [item.method for name, item in found if name == "sensitivity"]
    assert methods == ["Agresti-Coull", "Clopper-Pearson"]
    counts = confusion(table["label"], table["decision"]).counts("sensitivity")
    assert dict(reversed(found))["sensitivity"] == proportion_interval(*counts)
    assert [item.method for name, item in found if name == "f1"] == ["bootstrap BCa"]


def test_calls_that_share_patients_get_the_bootstrap() -> None:
    table = _table(n_patients=25)
    found = dict(rate_rows(table, _draws(table), confidence=0.95))
    counts = confusion(table["label"], table["decision"])
    assert found["specificity"].method == "bootstrap BCa"
    assert found["specificity"].estimate == pytest.approx(np.divide(*counts.counts("specificity")))
    assert found["f1"].estimate == pytest.approx(counts.f1)


def test_missing_calls_are_left_out_and_counted_not_benign() -> None:
    table = _table()
    table.loc[:3, "decision"] = np.nan
    found = dict(rate_rows(table, _draws(table), confidence=0.95))
    counts = confusion(table["label"][4:], table["decision"][4:]).counts("accuracy")
    assert found["accuracy"].estimate == pytest.approx(np.divide(*counts))
    assert "4 of 40 without a call, left out" in found["accuracy"].note


def test_without_any_call_there_are_no_rates() -> None:
    table = _table().assign(decision=np.nan)
    found = rate_rows(table, _draws(table), confidence=0.95)
    assert all(math.isnan(item.estimate) for _, item in found)
    empty = rate_rows(table.iloc[:0], _draws(table), confidence=0.95)
    assert {item.note for _, item in empty} == {"no calls"}


def test_pr_auc_is_the_mean_over_folds() -> None:
    table = _table(n_folds=4)
    found = dict(probability_rows(table, _draws(table), confidence=0.95))["pr_auc"]
    y, p, ones = table["label"].to_numpy(), table["score"].to_numpy(), np.ones((1, 10))
    each = [weighted_average_precision(ones, y[i], p[i])[0] for i in table.groupby("cell").indices.values()]
    assert found.estimate == pytest.approx(np.mean(each), rel=1e-12)
    assert found.ci_low < found.estimate < found.ci_high


def test_one_class_leaves_calibration_undefined_but_not_the_brier_score() -> None:
    table = _table().query("label == 1")
    draws = _draws(table)
    assert draws.samples is None
    found = dict(probability_rows(table, draws, confidence=0.95))
    assert math.isnan(found["calibration_slope"].estimate)
    assert math.isnan(found["pr_auc"].estimate)
    assert found["brier"].estimate > 0
    assert math.isnan(found["brier"].ci_low)
    assert found["brier"].note == "one class or one patient only: no bootstrap"


def test_one_probability_for_all_has_no_calibration_slope_though_it_differs_between_folds() -> None:
    table = _table(n_folds=4)
    table["score"] = 0.4 + 0.05 * table["cell"]

    found = dict(probability_rows(table, _draws(table), confidence=0.95))

    assert math.isnan(found["calibration_slope"].estimate)
    assert "one probability" in found["calibration_slope"].note
    assert math.isfinite(found["calibration_in_the_large"].estimate)


def test_no_bootstrap_means_no_interval_and_says_so() -> None:
    table = _table()
    found = dict(probability_rows(table, _draws(table, 0), confidence=0.95))["brier"]
    assert found.method == "no interval"
    assert "no bootstrap samples were asked for" in found.note


def test_a_row_counts_lesions_not_predictions() -> None:
    table = pd.concat([_table(), _table()])
    row = result_row("auc", auc_row(_table(), confidence=0.9), table, model="m")
    assert (row["n"], row["n_positive"], row["reference"], row["group"]) == (40, 20, "", "all")


@pytest.mark.parametrize("right", [True, False])
def test_rates_at_their_bound_count_patients_and_have_an_exact_interval(right: bool) -> None:
    table = _table(n_patients=20)
    table["decision"] = (table["label"] if right else 1 - table["label"]).astype(float)
    found = dict(rate_rows(table, _draws(table), confidence=0.95))
    for rate in ("sensitivity", "specificity", "ppv", "npv", "accuracy"):
        n = 20 if rate == "accuracy" else table.loc[table["label"] == 1, "patient_id"].nunique()
        low, high = proportion_confint(n * right, n, method="beta")
        assert found[rate].estimate == right
        assert (found[rate].ci_low, found[rate].ci_high) == pytest.approx((low, high))
        assert found[rate].method == "Clopper-Pearson, patients counted once"
    concerned = 10 if right else 20  # patients with a lesion that is positive or called so
    low, high = proportion_confint(concerned * right, concerned, method="beta")
    assert (found["f1"].ci_low, found["f1"].ci_high) == pytest.approx(
        (2 * low / (1 + low), 2 * high / (1 + high))
    )


def test_only_estimates_at_their_bound_have_it() -> None:
    table = _table(n_patients=20)
    found = dict(rate_rows(table, _draws(table), confidence=0.95))
    assert not any("Clopper" in item.method for item in found.values())


def test_a_perfect_pr_auc_has_the_exact_interval_of_its_positive_patients() -> None:
    table = _table(n_patients=20)
    table["score"] = 0.1 + 0.8 * table["label"]
    found = dict(probability_rows(table, _draws(table), confidence=0.95))["pr_auc"]
    n = table.loc[table["label"] == 1, "patient_id"].nunique()
    assert (found.estimate, found.ci_low) == pytest.approx((1, proportion_confint(n, n, method="beta")[0]))


def test_calibration_errors_are_held_by_their_intervals() -> None:
    for n_folds in (1, 4):
        table = _table(n_folds=n_folds)
        found = dict(probability_rows(table, _draws(table), confidence=0.95))
        for name in ("ece", "ece_equal_frequency"):
            assert found[name].ci_low <= found[name].estimate <= found[name].ci_high
            assert found[name].method.startswith("bootstrap, test inversion")
        expected = expected_calibration_error(table["label"], table["score"])
        assert found["ece"].estimate == pytest.approx(expected)
    bare = dict(probability_rows(_table(), _draws(_table(), 0), confidence=0.95))["ece"]
    assert bare.method == "no interval"
    assert bare.estimate == pytest.approx(expected_calibration_error(_table()["label"], _table()["score"]))


def test_where_models_were_trained_in_folds_the_method_says_that_they_are_taken_as_fitted() -> None:
    table = _table(n_folds=4)
    rows = [
        *rate_rows(table, _draws(table), confidence=0.95),
        *probability_rows(table, _draws(table), confidence=0.95),
    ]
    words = {name: item.method for name, item in rows}
    assert all(
        words[name].endswith(", models as fitted") for name in ("f1", "brier", "ece", "calibration_slope")
    )
    assert "as fitted" not in auc_row(table, confidence=0.95).method
    alone = dict(probability_rows(_table(), _draws(_table()), confidence=0.95))
    assert not any("as fitted" in item.method for item in alone.values())


def test_folds_that_lack_a_class_do_not_count_where_the_interval_needs_sizes_alone() -> None:
    table = _table(n_folds=4)
    table["score"] = table["label"].astype(float)
    table.loc[table["cell"] == 0, "label"] = 0
    found = auc_row(table, confidence=0.95)
    assert found.method == "Newcombe method 5"
    assert found.ci_low == pytest.approx(newcombe_interval(1.0, [[(5, 5)] * 3]).ci_low)
