from __future__ import annotations

import itertools
import math
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from samesplit.errors import StatisticsError
from samesplit.statistics.auc import (
    auc_covariance,
    auc_influence,
    auc_interval,
    auc_test,
    delong_covariance,
    empirical_auc,
    placements,
)
from samesplit.statistics.boundary import newcombe_interval

Reference = Callable[[str], pd.DataFrame]


@st.composite
def labelled_scores(draw: st.DrawFn, *, n_scores: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """At least two lesions of each class, with many ties."""
    n = draw(st.integers(4, 25))
    labels = np.array([0, 0, 1, 1, *draw(st.lists(st.integers(0, 1), min_size=n - 4, max_size=n - 4))])
    score = st.lists(st.integers(0, 8), min_size=n, max_size=n)
    columns = [draw(score) for _ in range(n_scores)]
    return labels, np.array(columns, dtype=float).T


def _kernel(labels: np.ndarray, scores: np.ndarray) -> np.ndarray:
    above, below = scores[labels == 1][:, None], scores[labels == 0][None, :]
    return (above > below) + 0.5 * (above == below)


@given(labelled_scores())
@settings(max_examples=60, deadline=None)
def test_placements_equal_counting_all_pairs(case: tuple[np.ndarray, np.ndarray]) -> None:
    labels, scores = case[0], case[1][:, 0]
    kernel = _kernel(labels, scores)
    found = placements(labels, scores)
    np.testing.assert_allclose(found.positive, kernel.mean(axis=1), atol=1e-12)
    np.testing.assert_allclose(found.negative, kernel.mean(axis=0), atol=1e-12)
    assert found.auc == pytest.approx(kernel.mean(), abs=1e-12)
    assert found.auc == pytest.approx(roc_auc_score(labels, scores), abs=1e-12)


@given(labelled_scores(n_scores=2))
@settings(max_examples=60, deadline=None)
def test_delong_covariance_equals_the_formula_over_all_pairs(case: tuple[np.ndarray, np.ndarray]) -> None:
    labels, scores = case
    kernels = [_kernel(labels, column) for column in scores.T]
    _, found = delong_covariance(labels, scores)
    m, n = kernels[0].shape
    for i, j in itertools.product(range(2), repeat=2):
        a, b = kernels[i], kernels[j]
        s10 = ((a.mean(axis=1) - a.mean()) * (b.mean(axis=1) - b.mean())).sum() / (m - 1)
        s01 = ((a.mean(axis=0) - a.mean()) * (b.mean(axis=0) - b.mean())).sum() / (n - 1)
        assert found[i, j] == pytest.approx(s10 / m + s01 / n, abs=1e-12)


@given(labelled_scores(n_scores=3))
@settings(max_examples=40, deadline=None)
def test_clustered_covariance_of_single_lesions_is_delongs(case: tuple[np.ndarray, np.ndarray]) -> None:
    labels, scores = case
    aucs, plain = delong_covariance(labels, scores)
    clustered_aucs, clustered = auc_covariance(labels, scores, np.arange(labels.size))
    np.testing.assert_allclose(clustered_aucs, aucs, atol=1e-12)
    np.testing.assert_allclose(clustered, plain, atol=1e-12)


@given(labelled_scores())
@settings(max_examples=40, deadline=None)
def test_auc_ignores_monotone_transforms_and_mirrors_under_reversal(
    case: tuple[np.ndarray, np.ndarray],
) -> None:
    labels, scores = case[0], case[1][:, 0]
    plain, variance = delong_covariance(labels, scores)
    bent, bent_variance = delong_covariance(labels, np.exp(scores / 3) - 7)
    mirrored, mirrored_variance = delong_covariance(labels, -scores)
    swapped = empirical_auc(1 - labels, scores)
    assert bent == pytest.approx(plain, abs=1e-12)
    assert bent_variance == pytest.approx(variance, abs=1e-12)
    assert mirrored == pytest.approx(1 - plain, abs=1e-12)
    assert mirrored_variance == pytest.approx(variance, abs=1e-12)
    assert swapped == pytest.approx(1 - plain[0], abs=1e-12)


def _obuchowski(labels: np.ndarray, a: np.ndarray, b: np.ndarray, patients: np.ndarray) -> float:
    """The covariance of two AUCs as the paper writes it, patient by patient."""
    ka, kb = _kernel(labels, a), _kernel(labels, b)
    m, n = ka.shape
    names = np.unique(patients)
    s10 = s01 = s11 = 0.0
    for name in names:
        pos, neg = patients[labels == 1] == name, patients[labels == 0] == name
        xa, xb = ((k.mean(axis=1)[pos] - k.mean()).sum() for k in (ka, kb))
        ya, yb = ((k.mean(axis=0)[neg] - k.mean()).sum() for k in (ka, kb))
        s10, s01, s11 = s10 + xa * xb, s01 + ya * yb, s11 + xa * yb + xb * ya
    i10, i01 = (np.unique(patients[labels == value]).size for value in (1, 0))
    s10 *= i10 / ((i10 - 1) * m)
    s01 *= i01 / ((i01 - 1) * n)
    s11 *= names.size / (names.size - 1)
    return s10 / m + s01 / n + s11 / (m * n)


@given(labelled_scores(n_scores=2), st.integers(2, 5), st.integers(0, 99))
@settings(max_examples=40, deadline=None)
def test_clustered_covariance_is_obuchowskis(
    case: tuple[np.ndarray, np.ndarray], n_patients: int, seed: int
) -> None:
    labels, scores = case
    patients = np.random.default_rng(seed).integers(0, n_patients, labels.size)
    if min(np.unique(patients[labels == value]).size for value in (0, 1)) < 2:
        return
    _, found = auc_covariance(labels, scores, patients)
    for i, j in itertools.product(range(2), repeat=2):
        expected = _obuchowski(labels, scores[:, i], scores[:, j], patients)
        assert found[i, j] == pytest.approx(expected, abs=1e-12)


def test_direction_is_not_guessed() -> None:
    assert empirical_auc([1, 1, 0, 0], [0.1, 0.2, 0.3, 0.4]) == 0


def test_a_missing_class_is_an_error() -> None:
    with pytest.raises(StatisticsError, match="is positive"):
        empirical_auc([0, 0], [0.1, 0.2])


def test_placements_take_one_score_a_lesion() -> None:
    with pytest.raises(StatisticsError, match="one score a lesion"):
        placements([0, 1], [[0.1, 0.2], [0.3, 0.4]])


def test_patients_must_fit_the_labels() -> None:
    with pytest.raises(StatisticsError, match="do not fit 1 patients"):
        auc_influence([0, 1], [0.1, 0.2], ["a"])


def test_a_single_lesion_of_a_class_leaves_no_variance() -> None:
    aucs, matrix = delong_covariance([0, 0, 1], [0.1, 0.4, 0.2])
    assert aucs.tolist() == [0.5]
    assert np.isnan(matrix).all()
    found = auc_influence([0, 0, 1], [0.1, 0.4, 0.2], ["a", "b", "c"])
    assert math.isnan(found.variance)
    assert "no variance" in found.notes[0]
    made = auc_interval([0, 0, 1], [0.1, 0.4, 0.2])
    assert made.method == "Newcombe method 5"
    assert 0 < made.ci_low < 0.5 < made.ci_high < 1


@pytest.mark.parametrize("sign", [1, -1])
def test_perfect_separation_has_newcombes_interval_and_nothing_else_has(sign: int) -> None:
    found = auc_interval([0, 0, 1, 1], [sign * s for s in (1, 2, 3, 4)])
    expected = newcombe_interval((sign + 1) / 2, [[(2, 2)]])
    assert (found.estimate, found.ci_low, found.ci_high) == (
        (sign + 1) / 2, expected.ci_low, expected.ci_high,
    )  # fmt: skip
    assert found.method == "Newcombe method 5"
    assert auc_interval([0, 0, 1, 1], [1, 3, 2, 4]).method == "DeLong, logit"


def test_ties_throughout_have_newcombes_interval_about_one_half() -> None:
    found = auc_interval([0] * 10 + [1] * 10, [0.3] * 20)
    assert (found.estimate, found.method) == (0.5, "Newcombe method 5")
    assert 0.2 < found.ci_low < 0.5 < found.ci_high < 0.8


def test_clustered_perfect_separation_counts_patients_not_lesions() -> None:
    labels, scores = [0, 0, 0, 0, 1, 1, 1, 1], range(8)
    alone, shared = auc_interval(labels, scores), auc_interval(labels, scores, patients=list("aabbccdd"))
    assert shared.ci_low == newcombe_interval(1.0, [[(2, 2)]]).ci_low < alone.ci_low


def test_identical_scores_have_p_1_and_no_interval() -> None:
    scores = [0.1, 0.5, 0.3, 0.9, 0.4]
    found = auc_test([0, 0, 1, 1, 0], scores, scores)
    assert (found.estimate, found.p_value) == (0, 1)
    assert math.isnan(found.ci_low)


def test_perfect_against_constant_scores_is_tested_by_their_two_intervals() -> None:
    for n, shown in ((2, False), (40, True)):
        labels = np.repeat([0, 1], n)
        found = auc_test(labels, np.arange(2 * n), np.zeros(2 * n))
        assert found.estimate == 0.5
        assert (found.p_value < 0.05) is (found.ci_low > 0) is shown


def test_interval_says_whether_lesions_are_clustered() -> None:
    labels, scores = [0, 0, 0, 1, 1, 1], [0.1, 0.2, 0.6, 0.4, 0.7, 0.9]
    assert auc_interval(labels, scores, patients=list("abcdef")).method == "DeLong, logit"
    assert auc_interval(labels, scores, patients=list("aabbcd")).method == "Obuchowski, logit"
    assert auc_test(labels, scores, scores[::-1], patients=list("aabbcd")).method == "Obuchowski"


@pytest.mark.data
def test_delong_matches_proc(reference: Reference) -> None:
    ratings, expected = reference("sim_roemetz.csv"), reference("expected/proc.csv")
    found = 0
    for row in expected.itertuples():
        words = row.analysis_id.split()
        if row.table in ("auc", "var"):
            part = ratings[(ratings["treatment"] == words[1]) & (ratings["reader"] == int(words[2]))]
            aucs, matrix = delong_covariance(part["truth"], part["rating"])
            value = aucs[0] if row.table == "auc" else matrix[0, 0]
        else:
            part = ratings[ratings["reader"] == int(words[2])]
            wide = part.pivot_table(
                index=["case", "truth"], columns="treatment", values="rating"
            ).reset_index()
            test = auc_test(wide["truth"], wide["testA"], wide["testB"])
            _, matrix = delong_covariance(wide["truth"], wide[["testA", "testB"]])
            error = math.sqrt(matrix[0, 0] + matrix[1, 1] - 2 * matrix[0, 1])
            value = test.p_value if row.stat == "p" else test.estimate / error
        assert value == pytest.approx(row.value, rel=1e-9)
        found += 1
    assert found == 30


@pytest.mark.data
def test_delong_matches_proc_on_probabilities(reference: Reference) -> None:
    data, expected = reference("calibration_binary.csv"), reference("expected/calibration_nri_dca.csv")
    p = expected.query("tool == 'pROC 1.18.0' and stat == 'p'")["value"].item()
    assert auc_test(data["y"], data["p_new"], data["p_ref"]).p_value == pytest.approx(p, rel=1e-9)


@pytest.mark.data
def test_clustered_auc_matches_the_reference_implementation(reference: Reference) -> None:
    data = reference("sim_clustered_lesions.csv")
    expected = reference("expected/clustered_auc.csv").query("table == 'doAUCcluster'")
    value = expected.set_index(["analysis_id", "row"])["value"]
    for model in ("model_a", "model_b"):
        found = auc_interval(data["truth"], data[model], patients=data["patient"], scale="plain")
        assert found.estimate == pytest.approx(value[model, "auc"], rel=1e-9)
        assert found.ci_low == pytest.approx(value[model, "ci.bot"], rel=1e-9)
        assert found.ci_high == pytest.approx(value[model, "ci.top"], rel=1e-9)
    test = auc_test(data["truth"], data["model_a"], data["model_b"], patients=data["patient"])
    both = value.loc["model_a vs model_b"]
    assert test.estimate == pytest.approx(both["auc.AminusB"], rel=1e-9)
    assert test.ci_low == pytest.approx(both["ci.bot.AminusB"], rel=1e-9)
    assert test.ci_high == pytest.approx(both["ci.top.AminusB"], rel=1e-9)
    assert test.p_value == pytest.approx(both["p.value"], rel=1e-9)
    _, matrix = auc_covariance(data["truth"], data[["model_a", "model_b"]], data["patient"])
    assert matrix[0, 0] == pytest.approx(both["auc.var.A"], rel=1e-9)
    naive = auc_test(data["truth"], data["model_a"], data["model_b"])
    assert naive.p_value == pytest.approx(0.12060411517204687, rel=1e-9)
