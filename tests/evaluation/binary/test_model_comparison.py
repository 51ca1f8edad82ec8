from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm
from sklearn.metrics import roc_auc_score

from samesplit.evaluation.binary.judging import tables_by_model
from samesplit.evaluation.binary.model_comparison import AUC
from samesplit.evaluation.binary.operating_point import apply_thresholds, choose_thresholds
from samesplit.evaluation.binary.scores import auc_difference, auc_of
from samesplit.evaluation.comparison import compare_models, measured_difference, seed_variance
from samesplit.evaluation.validation import check_truth
from samesplit.statistics.auc import auc_test
from samesplit.statistics.cross_validated import corrected_resampled_t, fold_aucs

Make = Callable[..., Any]


def model_pairs(tables: dict[str, pd.DataFrame], **settings: Any) -> pd.DataFrame:
    """Compare every two models by their AUC."""
    return compare_models(tables, AUC, **settings)


def _of(study: Any) -> dict[str, pd.DataFrame]:
    test = study.predictions.query("subset == 'test'")
    thresholds = choose_thresholds(study.predictions, study.truth, "youden")
    return tables_by_model(apply_thresholds(test, thresholds), check_truth(study.truth))


@pytest.mark.parametrize("n_patients", [60, 40])
def test_on_one_test_set_the_pairs_are_delongs_or_obuchowskis(make_study: Make, n_patients: int) -> None:
    tables = _of(make_study(n_patients=n_patients))
    pairs = model_pairs(tables)
    assert list(pairs.columns) == AUC.columns
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


def test_with_folds_a_difference_has_to_pass_both_tests(make_study: Make) -> None:
    tables = _of(make_study(n_folds=5, n_repeats=3))
    row = model_pairs(tables).query("model_a == 'cnn' and model_b == 'size'").iloc[0]
    a, b = (fold_aucs(t["label"], t["score"], t["cell"]) for t in (tables["cnn"], tables["size"]))
    resampled = corrected_resampled_t(a - b, test_train_ratio=1 / 4)
    patients = auc_difference(tables["cnn"], tables["size"], confidence=0.95)
    assert row["p_corrected_t"] == pytest.approx(resampled.p_value, rel=1e-10)
    assert row["p_influence"] == pytest.approx(patients.p_value, rel=1e-10)
    assert row["p_value"] == pytest.approx(max(resampled.p_value, patients.p_value), rel=1e-10)
    assert row["difference"] == pytest.approx((a - b).mean(), rel=1e-10)
    wider = min(resampled.ci_low, patients.ci_low), max(resampled.ci_high, patients.ci_high)
    assert (row["ci_low"], row["ci_high"]) == pytest.approx(wider, rel=1e-8)
    assert row["method"].startswith("stricter of")


def test_an_external_set_that_every_fold_tests_leaves_the_folds_as_large_as_they_were(
    make_study: Make,
) -> None:
    """Five folds whose patients are dealt share their training parts as before: n_test / n_train is 1 / 4."""
    tables = _of(make_study(n_folds=5))
    with_external = {}
    for seed, (name, table) in enumerate(tables.items()):
        rng = np.random.default_rng(seed)
        labels = np.tile([0, 1], 10)
        parts = [table]
        for (fold, cell), _ in table.groupby(["fold", "cell"]):
            names = [f"E{i}" for i in range(20)]
            rows = {"lesion_id": names, "patient_id": names, "label": labels, "fold": fold, "cell": cell}
            fixed = {"seed": 0, "repeat": 0, "run": 0, "rank_alike": False, "decision": 1.0}
            parts.append(pd.DataFrame(rows | fixed | {"score": labels * 0.2 + rng.uniform(size=20)}))
        with_external[name] = pd.concat(parts, ignore_index=True)
    row = model_pairs(with_external).query("model_a == 'cnn' and model_b == 'size'").iloc[0]
    a, b = (
        fold_aucs(t["label"], t["score"], t["cell"]) for t in (with_external["cnn"], with_external["size"])
    )
    assert row["p_corrected_t"] == pytest.approx(corrected_resampled_t(a - b, test_train_ratio=1 / 4).p_value)
    # Of the external set alone the fitted models are taken as they are.
    alone = {name: t[t["lesion_id"].str.startswith("E")] for name, t in with_external.items()}
    row = model_pairs(alone).query("model_a == 'cnn' and model_b == 'size'").iloc[0]
    assert math.isnan(row["p_corrected_t"])
    assert row["method"] == "influence values, test patients"


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("settings", [{}, {"n_folds": 5}, {"n_folds": 5, "n_repeats": 2}])
def test_interval_and_p_value_always_say_the_same(
    make_study: Make, seed: int, settings: dict[str, Any]
) -> None:
    pairs = model_pairs(_of(make_study(seed=seed, **settings)))
    leaves_zero_out = (pairs["ci_low"] > 0) | (pairs["ci_high"] < 0)
    assert (leaves_zero_out == (pairs["p_value"] < 0.05)).all()


def test_a_small_p_of_one_test_beside_a_large_one_of_the_other_is_no_claim(make_study: Make) -> None:
    tables = _of(make_study(n_folds=5, models=("a", "b")))
    # Far better in one fold alone: patients agree that it is better, folds do not.
    generator = np.random.default_rng(0)
    for name, folds in (("a", (0, 1, 2)), ("b", ())):
        label, fold = tables[name]["label"], tables[name]["fold"]
        tables[name]["score"] = np.where(fold.isin(folds), label, 0) + 0.05 * generator.random(len(label))
    row = model_pairs(tables).iloc[0]
    assert row["p_influence"] < 0.05 < row["p_corrected_t"]
    assert row["p_value"] == row["p_adjusted"] == row["p_corrected_t"]
    assert row["claim"] == "not shown"


def test_the_reference_comes_second_in_its_pairs(make_study: Make) -> None:
    pairs = model_pairs(_of(make_study()), reference="cnn")
    named = list(zip(pairs["model_a"], pairs["model_b"], strict=True))
    assert named == [("grid", "size"), ("grid", "cnn"), ("size", "cnn")]


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
    assert math.isnan(row["p_adjusted"])
    assert row["claim"] == "not shown"
    assert row["method"] == "no test"
    assert row["note"]


def test_one_model_has_no_pairs(make_study: Make) -> None:
    assert model_pairs(_of(make_study(models=("cnn",)))).empty


def test_how_a_model_moves_with_its_seeds_widens_the_interval_of_its_differences(make_study: Make) -> None:
    tables = _of(make_study(models=("a", "b")))
    generator = np.random.default_rng(0)
    seeds = []
    for seed in range(3):
        fit = tables["a"].assign(seed=seed, cell=seed)
        seeds.append(fit.assign(score=fit["score"] + 0.3 * generator.standard_normal(len(fit))))
    several = pd.concat(seeds, ignore_index=True)
    of_seed = [float(roc_auc_score(fit["label"], fit["score"])) for fit in seeds]
    assert seed_variance(several, AUC) == pytest.approx(np.var(of_seed, ddof=1) / 3)
    assert seed_variance(tables["a"], AUC) == 0
    one_class = several[(several["seed"] == 0) | (several["label"] == 1)]
    assert seed_variance(one_class, AUC) == 0  # one seed alone has an AUC
    widened = measured_difference(several, tables["b"], AUC, confidence=0.95)
    as_given = auc_of(several) - auc_of(tables["b"])
    variance = as_given.variance + seed_variance(several, AUC)
    assert widened.p_value == pytest.approx(2 * norm.sf(abs(as_given.estimate) / math.sqrt(variance)))
    assert widened.method.endswith(", seeds included")
