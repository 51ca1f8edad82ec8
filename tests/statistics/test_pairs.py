from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from samesplit.statistics.auc import auc_test
from samesplit.statistics.cross_validated import corrected_resampled_t, fold_aucs
from samesplit.statistics.evaluate import _tables
from samesplit.statistics.inputs import check_truth
from samesplit.statistics.operating_point import apply_thresholds, choose_thresholds
from samesplit.statistics.pairs import PAIR_COLUMNS, holm, model_pairs

Make = Callable[..., Any]


def _of(study: Any) -> dict[str, pd.DataFrame]:
    test = study.predictions.query("subset == 'test'")
    thresholds = choose_thresholds(study.predictions, study.truth, "youden")
    return _tables(apply_thresholds(test, thresholds), check_truth(study.truth))


@pytest.mark.parametrize("n_patients", [60, 40])
def test_on_one_test_set_the_pairs_are_delongs_or_obuchowskis(make_study: Make, n_patients: int) -> None:
    tables = _of(make_study(n_patients=n_patients))
    pairs = model_pairs(tables)
    assert list(pairs.columns) == PAIR_COLUMNS
    assert len(pairs) == 3
    row = pairs.query("model_a == 'cnn' and model_b == 'size'").iloc[0]
    a, b = (tables[name].set_index("lesion_id").sort_index() for name in ("cnn", "size"))
    expected = auc_test(a["label"], a["score"], b["score"], patients=a["patient_id"])
    assert row["difference"] == pytest.approx(expected.estimate, rel=1e-10)
    assert row["ci_low"] == pytest.approx(expected.ci_low, rel=1e-10)
    assert row["p_value"] == pytest.approx(expected.p_value, rel=1e-10)
    assert row["method"] == expected.method
    assert math.isnan(row["p_corrected_t"])
    assert (row["n"], row["n_positive"]) == (60, 24)


def test_with_folds_the_p_value_belongs_to_the_interval_and_the_corrected_t_stands_beside(
    make_study: Make,
) -> None:
    tables = _of(make_study(n_folds=5, n_repeats=3))
    row = model_pairs(tables).query("model_a == 'cnn' and model_b == 'size'").iloc[0]
    a, b = (fold_aucs(t["label"], t["score"], t["cell"]) for t in (tables["cnn"], tables["size"]))
    expected = corrected_resampled_t(a - b, test_train_ratio=1 / 4)
    assert row["p_corrected_t"] == pytest.approx(expected.p_value, rel=1e-10)
    assert row["difference"] == pytest.approx((a - b).mean(), rel=1e-10)
    assert row["method"] == "influence values, mean over folds"
    standard_error = (row["ci_high"] - row["ci_low"]) / (2 * norm.ppf(0.975))
    assert row["p_value"] == pytest.approx(2 * norm.sf(abs(row["difference"]) / standard_error), rel=1e-8)


def test_seeds_are_averaged_inside_a_fold(make_study: Make) -> None:
    tables = _of(make_study(n_folds=5, seeds=(0, 1)))
    found = model_pairs(tables).query("model_a == 'cnn' and model_b == 'size'").iloc[0]
    by_fold = []
    for table in (tables["cnn"], tables["size"]):
        each = fold_aucs(table["label"], table["score"], table["cell"]).to_numpy().reshape(2, 5)
        by_fold.append(each.mean(axis=0))
    expected = corrected_resampled_t(by_fold[0] - by_fold[1], test_train_ratio=1 / 4)
    assert found["p_corrected_t"] == pytest.approx(expected.p_value, rel=1e-10)


@pytest.mark.parametrize("settings", [{"seeds": (0, 1)}, {"n_repeats": 2}])
def test_seeds_or_repeats_on_one_test_set_have_no_t_test(make_study: Make, settings: dict[str, Any]) -> None:
    tables = _of(make_study(**settings))
    found = model_pairs(tables).query("model_a == 'cnn' and model_b == 'size'").iloc[0]
    assert found["method"] == "influence values, mean over folds"
    assert math.isnan(found["p_corrected_t"])
    assert 0 < found["p_value"] < 1


def test_only_lesions_that_both_predicted_count(make_study: Make) -> None:
    tables = _of(make_study())
    tables["cnn"] = tables["cnn"][tables["cnn"]["lesion_id"] >= "L010"]
    pairs = model_pairs(tables).set_index(["model_a", "model_b"])
    assert pairs.loc[("cnn", "size"), "n"] == 50
    assert pairs.loc[("grid", "size"), "n"] == 60


def test_a_pair_without_common_lesions_is_reported_and_not_tested(make_study: Make) -> None:
    tables = _of(make_study())
    tables["cnn"] = tables["cnn"][tables["cnn"]["lesion_id"] < "L030"]
    tables["grid"] = tables["grid"][tables["grid"]["lesion_id"] >= "L030"]
    row = model_pairs(tables).set_index(["model_a", "model_b"]).loc[("cnn", "grid")]
    assert row["n"] == 0
    assert math.isnan(row["p_value"])
    assert math.isnan(row["p_holm"])
    assert row["method"] == "no test"
    assert row["note"]


def test_one_model_has_no_pairs(make_study: Make) -> None:
    assert model_pairs(_of(make_study(models=("cnn",)))).empty


def test_holm_counts_only_the_tests_that_were_made() -> None:
    found = holm(pd.Series([0.01, np.nan, 0.02, 0.5]))
    assert found.tolist() == pytest.approx([0.03, np.nan, 0.04, 0.5], nan_ok=True)
    assert holm(pd.Series([np.nan])).isna().all()


def test_equal_p_values_are_adjusted_alike_whatever_their_last_digits() -> None:
    p = pd.Series([0.02, 0.01, 0.01, 0.3, 0.01])
    expected = [0.05, 0.05, 0.05, 0.3, 0.05]
    for seed in range(5):
        noise = 1 + 1e-13 * np.random.default_rng(seed).uniform(-1, 1, 5)
        found = holm(p * noise)
        assert found.tolist() == pytest.approx(expected, rel=1e-9)
        assert found[1] == found[2] == found[4]


@pytest.mark.data
def test_holm_matches_r(reference: Callable[[str], pd.DataFrame]) -> None:
    table = reference("expected/agreement_paired.csv")
    rows = table[table["command"] == "p.adjust(p,'holm')"]
    assert len(rows) == 10
    p_values = pd.Series([float(p) for p in rows["dataset"].iloc[0].split(";")])
    assert holm(p_values).tolist() == pytest.approx(rows["value"].tolist(), rel=1e-9)
