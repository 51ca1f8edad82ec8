from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from samesplit.errors import StatisticsError
from samesplit.statistics.auc import auc_interval, auc_test
from samesplit.statistics.correlated_aucs import correlated_aucs

Reference = Callable[[str], pd.DataFrame]


@pytest.fixture(scope="module")
def study() -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(12)
    truth = (generator.random(120) < 0.4).astype(int)
    shared = generator.normal(0, 1, (120, 1))
    return truth, truth[:, None] * np.array([1.5, 1.2, 0.6]) + shared + generator.normal(0, 0.7, (120, 3))


def test_every_pair_is_the_test_of_two_aucs(study: tuple[np.ndarray, np.ndarray]) -> None:
    truth, scores = study
    found = correlated_aucs(truth, scores, ["a", "b", "c"])
    for pair, columns in ((("a", "b"), (0, 1)), (("a", "c"), (0, 2)), (("b", "c"), (1, 2))):
        expected = auc_test(truth, scores[:, columns[0]], scores[:, columns[1]])
        assert found.differences[pair].estimate == pytest.approx(expected.estimate)
        assert found.differences[pair].ci_low == pytest.approx(expected.ci_low)
        assert found.differences[pair].p_value == pytest.approx(expected.p_value)
    assert found.intervals["b"] == auc_interval(truth, scores[:, 1])
    assert found.method == "DeLong"


def test_the_global_test_is_delongs_chi_square(study: tuple[np.ndarray, np.ndarray]) -> None:
    truth, scores = study
    found = correlated_aucs(truth, scores)
    contrast = np.array([[1, -1, 0], [0, 1, -1]])
    between = contrast @ found.aucs
    expected = between @ np.linalg.solve(contrast @ found.covariance @ contrast.T, between)
    assert found.global_test is not None
    assert found.global_test.statistic == pytest.approx(expected)
    assert found.global_test.p_value == pytest.approx(stats.chi2.sf(expected, 2))
    pair = correlated_aucs(truth, scores[:, :2])
    assert pair.global_test is not None
    assert pair.global_test.p_value == pytest.approx(next(iter(pair.differences.values())).p_value)


def test_non_inferiority_is_one_sided_against_the_margin(study: tuple[np.ndarray, np.ndarray]) -> None:
    truth, scores = study
    difference = correlated_aucs(truth, scores[:, [2, 0]], ["c", "a"]).differences["c", "a"]
    z = (difference.estimate + 0.1) / difference.standard_error
    assert difference.p_above(-0.1) == pytest.approx(stats.norm.sf(z))


def test_scores_that_rank_alike_take_no_degree_of_freedom(study: tuple[np.ndarray, np.ndarray]) -> None:
    truth, scores = study
    doubled = np.column_stack([scores[:, 0], 3 * scores[:, 0] + 1, scores[:, 1]])
    found = correlated_aucs(truth, doubled, ["a", "a again", "b"])
    assert found.global_test is not None
    assert found.global_test.df1 == 1
    assert found.global_test.note == "1 of the differences do not vary"
    assert found.global_test.p_value == pytest.approx(found.differences["a", "b"].p_value)
    assert found.differences["a", "a again"].p_value == 1.0
    same = correlated_aucs(truth, doubled[:, :2])
    assert same.global_test is not None
    assert same.global_test.p_value == 1.0


def test_perfect_scores_and_scores_always_wrong_have_no_test() -> None:
    truth, score = np.array([0, 0, 1, 1]), np.array([1.0, 2, 3, 4])
    found = correlated_aucs(truth, np.column_stack([score, -score]))
    assert found.global_test is not None
    assert math.isnan(found.global_test.p_value)
    assert found.global_test.note == "the variance is zero: no test"


def test_one_lesion_of_a_class_leaves_no_covariance() -> None:
    found = correlated_aucs([0, 0, 1], [[1, 2], [2, 1], [3, 0]])
    assert found.global_test is not None
    assert math.isnan(found.global_test.p_value)


def test_a_single_score_has_an_interval_and_no_comparison(study: tuple[np.ndarray, np.ndarray]) -> None:
    found = correlated_aucs(study[0], study[1][:, 0])
    assert found.names == ("score 1",)
    assert found.global_test is None
    assert not found.differences


def test_names_must_fit(study: tuple[np.ndarray, np.ndarray]) -> None:
    with pytest.raises(StatisticsError, match="do not fit 3 scores"):
        correlated_aucs(*study, ["a", "b", "b"])


@pytest.mark.data
def test_all_pairs_of_five_readers_match_proc(reference: Reference) -> None:
    rows, expected = reference("sim_roemetz.csv"), reference("expected/proc.csv")
    value = expected.set_index(["analysis_id", "stat"])["value"]
    wide = rows.pivot_table(index=["case", "truth"], columns=["treatment", "reader"], values="rating")
    names = [f"{treatment} {reader}" for treatment, reader in wide.columns]
    truth = wide.index.get_level_values("truth").to_numpy()
    found = correlated_aucs(truth, wide.to_numpy(), names, scale="plain")
    for place, name in enumerate(names):
        assert found.aucs[place] == pytest.approx(value[f"sim {name}", "auc"], rel=1e-9)
        assert found.covariance[place, place] == pytest.approx(value[f"sim {name}", "delong_var"], rel=1e-9)
    for reader in range(1, 6):
        difference = found.differences[f"testA {reader}", f"testB {reader}"]
        assert difference.statistic == pytest.approx(value[f"sim reader {reader}", "Z"], rel=1e-9)
        assert difference.p_value == pytest.approx(value[f"sim reader {reader}", "p"], rel=1e-9)


@pytest.mark.data
def test_lesions_clustered_in_patients_match_obuchowski(reference: Reference) -> None:
    data = reference("sim_clustered_lesions.csv")
    table = reference("expected/clustered_auc.csv")
    assert len(table) == 32
    clustered = table[table["table"] == "doAUCcluster"].set_index(["analysis_id", "row"])["value"]
    apart = table[table["table"] == "naive_delong"].set_index(["analysis_id", "stat"])["value"]
    scores, names = data[["model_a", "model_b"]].to_numpy(), ["model_a", "model_b"]
    found = correlated_aucs(data["truth"], scores, names, patients=data["patient"], scale="plain")
    assert found.method == "Obuchowski"
    both = clustered.loc["model_a vs model_b"]
    difference = found.differences["model_a", "model_b"]
    matched = 0
    for place, (name, letter) in enumerate(zip(names, "AB", strict=True)):
        interval = found.intervals[name]
        variance = found.covariance[place, place]
        own = clustered.loc[name]
        pairs = {
            "auc": found.aucs[place],
            "auc.var": variance,
            "auc.se": math.sqrt(variance),
            "ci.bot": interval.ci_low,
            "ci.top": interval.ci_high,
        }
        for stat, number in pairs.items():
            assert number == pytest.approx(own[stat], rel=1e-9)
            assert number == pytest.approx(both[f"{stat}.{letter}"], rel=1e-9)
            matched += 2
    pairs = {
        "auc.AminusB": difference.estimate,
        "auc.var.AminusB": difference.standard_error**2,
        "auc.se.AminusB": difference.standard_error,
        "ci.bot.AminusB": difference.ci_low,
        "ci.top.AminusB": difference.ci_high,
        "p.value": difference.p_value,
    }
    for stat, number in pairs.items():
        assert number == pytest.approx(both[stat], rel=1e-9)
        matched += 1
    naive = correlated_aucs(data["truth"], scores, names)
    for place, name in enumerate(names):
        assert naive.aucs[place] == pytest.approx(apart[name, "auc"], rel=1e-9)
        assert math.sqrt(naive.covariance[place, place]) == pytest.approx(apart[name, "se"], rel=1e-9)
        matched += 2
    tested = naive.differences["model_a", "model_b"]
    assert tested.p_value == pytest.approx(apart["model_a vs model_b", "p"], rel=1e-9)
    assert tested.statistic == pytest.approx(apart["model_a vs model_b", "z"], rel=1e-9)
    assert matched + 2 == 32
