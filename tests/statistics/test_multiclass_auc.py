from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from samesplit.errors import StatisticsError
from samesplit.statistics.auc import Strata, auc_influence
from samesplit.statistics.cross_validated import cross_validated_auc
from samesplit.statistics.influence import covariance
from samesplit.statistics.multiclass_auc import (
    Average,
    fold_multiclass_aucs,
    multiclass_auc,
    multiclass_auc_influence,
)

AVERAGES: tuple[Average, ...] = ("one-versus-rest", "hand-till")
SKLEARN = {"one-versus-rest": "ovr", "hand-till": "ovo"}


def _lesions(n: int = 90, k: int = 4, *, effect: float = 1.0, seed: int = 0) -> tuple[Any, Any]:
    generator = np.random.default_rng(seed)
    labels = generator.permutation(np.arange(n) % k)
    scores = np.exp(generator.normal(size=(n, k)) + effect * np.eye(k)[labels])
    return labels, scores / scores.sum(axis=1, keepdims=True)


def _two_classes(seed: int = 0) -> tuple[Any, Any]:
    labels, four = _lesions(seed=seed)
    positive = four[:, 2:].sum(axis=1)
    return (labels > 1).astype(int), np.column_stack([1 - positive, positive])


@pytest.mark.parametrize("average", AVERAGES)
@pytest.mark.parametrize("k", [3, 6])
def test_auc_is_that_of_scikit_learn(average: Average, k: int) -> None:
    labels, p = _lesions(k=k)
    theirs = roc_auc_score(labels, p, multi_class=SKLEARN[average], average="macro")
    assert multiclass_auc(labels, p, average=average) == pytest.approx(theirs, abs=1e-9)


def test_hand_and_tills_auc_is_that_of_proc() -> None:
    """The lesions and the value, 0.6480791667, are those of a test of pROC's multiclass.roc (R's seed 42)."""
    uniform = _uniform_of_r(42)
    sizes = (100, 80, 150)
    uniform(330 + 230 + 100 + 150 + 180, 0, 1)  # what that test draws before
    own = [uniform(n, 0.4, 0.6) for n in sizes]
    scores = np.column_stack(
        [
            np.concatenate([own[0], uniform(230, 0, 0.7)]),
            np.concatenate([uniform(100, 0.1, 0.4), own[1], uniform(150, 0.2, 0.8)]),
            np.concatenate([uniform(180, 0.3, 0.7), own[2]]),
        ]
    )
    close_to_one = 1 / 3 + 1e-7 * (scores - 0.5)  # pROC asks for no sum; the order of each column is the same
    found = multiclass_auc(np.repeat([0, 1, 2], sizes), close_to_one, average="hand-till")
    assert found == pytest.approx(0.6480791667, abs=1e-9)


def _uniform_of_r(seed: int) -> Any:
    """R's runif after set.seed: the Mersenne Twister with R's own way of filling its state."""
    words = []
    for step in range(675):
        seed = (69069 * seed + 1) % 2**32
        if step >= 50:
            words.append(seed)
    bits = np.random.MT19937()
    state = {"key": np.array(words[1:], dtype=np.uint32), "pos": 624}
    bits.state = {"bit_generator": "MT19937", "state": state}
    return lambda n, low, high: low + (high - low) * bits.random_raw(n) * 2.3283064365386963e-10


@pytest.mark.parametrize("average", AVERAGES)
@pytest.mark.parametrize(
    ("n_patients", "n_folds", "n_seeds"), [(90, 1, 1), (60, 1, 1), (60, 5, 1), (90, 6, 2), (90, 30, 1)]
)
def test_two_classes_are_the_binary_auc_with_its_variance(
    average: Average, n_patients: int, n_folds: int, n_seeds: int
) -> None:
    labels, p = _two_classes()
    patients = np.arange(90) % n_patients
    labels, p, patients = np.tile(labels, n_seeds), np.tile(p, (n_seeds, 1)), np.tile(patients, n_seeds)
    seeds = np.repeat(np.arange(n_seeds), 90)
    cells = patients % n_folds + 100 * seeds
    several = multiclass_auc_influence(labels, p, patients, cells, seeds=seeds, average=average)
    binary = cross_validated_auc(labels, p[:, 1], patients, cells, seeds=seeds)
    assert several.estimate == pytest.approx(binary.estimate, abs=1e-12)
    assert several.variance == pytest.approx(binary.variance, rel=1e-12)
    assert several.training_variance == pytest.approx(binary.training_variance, rel=1e-12)
    assert several.notes == binary.notes
    assert multiclass_auc(labels, p, average=average) == pytest.approx(
        roc_auc_score(labels, p[:, 1]), abs=1e-12
    )


@pytest.mark.parametrize("average", AVERAGES)
@pytest.mark.parametrize("n_patients", [150, 100])
def test_variance_is_near_that_of_the_jackknife_over_patients(average: Average, n_patients: int) -> None:
    labels, p = _lesions(150, 3)
    patients = np.arange(150) % n_patients
    left_out = np.array(
        [
            multiclass_auc(labels[patients != one], p[patients != one], average=average)
            for one in range(n_patients)
        ]
    )
    jackknife = (n_patients - 1) / n_patients * ((left_out - left_out.mean()) ** 2).sum()
    found = multiclass_auc_influence(labels, p, patients, np.zeros(150), average=average)
    assert found.variance == pytest.approx(jackknife, rel=0.05)


@pytest.mark.parametrize("average", AVERAGES)
def test_variance_of_a_difference_takes_the_correlation_into_account(average: Average) -> None:
    labels, p = _lesions(150, 3)
    noise = np.random.default_rng(1).dirichlet([5, 5, 5], size=150)
    other = 0.8 * p + 0.2 * noise
    patients, folds = np.arange(150), np.zeros(150)
    a, b = (
        multiclass_auc_influence(labels, scores, patients, folds, average=average) for scores in (p, other)
    )
    each = [
        multiclass_auc(labels[patients != one], p[patients != one], average=average)
        - multiclass_auc(labels[patients != one], other[patients != one], average=average)
        for one in range(150)
    ]
    jackknife = 149 / 150 * ((np.array(each) - np.mean(each)) ** 2).sum()
    assert (a - b).variance == pytest.approx(jackknife, rel=0.06)
    assert (a - b).variance == pytest.approx(a.variance + b.variance - 2 * covariance(a, b), rel=1e-9)
    assert (a - a).variance == pytest.approx(0, abs=1e-18)


@pytest.mark.parametrize("average", AVERAGES)
def test_the_order_of_the_classes_and_of_the_rows_does_not_matter(average: Average) -> None:
    labels, p = _lesions(80, 4)
    patients, cells = np.arange(80) % 50, np.arange(80) % 50 % 4
    found = multiclass_auc_influence(labels, p, patients, cells, average=average)
    order = np.array([2, 0, 3, 1])
    rows = np.random.default_rng(2).permutation(80)
    again = multiclass_auc_influence(
        np.argsort(order)[labels][rows], p[:, order][rows], patients[rows], cells[rows], average=average
    )
    assert again.estimate == pytest.approx(found.estimate, rel=1e-12)
    assert again.variance == pytest.approx(found.variance, rel=1e-12)


@pytest.mark.parametrize("average", AVERAGES)
def test_folds_are_averaged_and_never_pooled(average: Average) -> None:
    labels, p = _lesions(100, 3)
    cells = np.arange(100) % 4
    by_hand = [
        roc_auc_score(labels[cells == k], p[cells == k], multi_class=SKLEARN[average]) for k in range(4)
    ]
    found = multiclass_auc_influence(labels, p, np.arange(100), cells, average=average)
    assert found.estimate == pytest.approx(np.mean(by_hand), abs=1e-9)
    assert fold_multiclass_aucs(labels, p, cells, average=average).tolist() == pytest.approx(by_hand)


def test_repeats_of_the_same_predictions_do_not_narrow_the_interval() -> None:
    labels, p = _lesions(60, 3)
    patients, cells = np.arange(60), np.arange(60) % 5
    once = multiclass_auc_influence(labels, p, patients, cells)
    twice = multiclass_auc_influence(
        np.tile(labels, 2),
        np.tile(p, (2, 1)),
        np.tile(patients, 2),
        np.concatenate([cells, cells + 5]),
        repeats=np.repeat([0, 1], 60),
    )
    assert twice.estimate == pytest.approx(once.estimate, rel=1e-12)
    assert twice.variance == pytest.approx(once.variance, rel=1e-12)


def test_a_fold_that_lacks_a_class_counts_for_the_others() -> None:
    labels, p = _lesions(90, 3)
    cells = np.arange(90) % 3
    keep = ~((labels == 2) & (cells == 0))
    labels, p, cells = labels[keep], p[keep], cells[keep]
    found = multiclass_auc_influence(labels, p, np.arange(labels.size), cells)
    by_class = [
        cross_validated_auc(labels == k, p[:, k], np.arange(labels.size), cells).estimate for k in range(3)
    ]
    assert found.estimate == pytest.approx(np.mean(by_class), rel=1e-12)
    assert found.notes == ("1 of 3 folds lack a class in their test part and are left out",)
    assert fold_multiclass_aucs(labels, p, cells).notna().all()


def test_folds_with_one_class_alone_have_no_auc() -> None:
    labels, p = _lesions(30, 3)
    cells = np.where(labels == 0, 0, 1)
    for average in AVERAGES:
        assert math.isnan(fold_multiclass_aucs(labels, p, cells, average=average)[0])


def test_all_lesions_of_a_class_in_one_patient_give_no_variance() -> None:
    labels, p = _lesions(60, 3)
    patients = np.where(labels == 0, 0, np.arange(60) + 1)
    found = multiclass_auc_influence(labels, p, patients, np.zeros(60))
    assert 0.5 < found.estimate < 1
    assert math.isnan(found.variance)


def test_influence_by_class_leaves_the_variance_of_one_auc_as_it_is() -> None:
    labels, p = _lesions(60, 3)
    plain = auc_influence(labels == 1, p[:, 1], np.arange(60))
    by_class = auc_influence(labels == 1, p[:, 1], np.arange(60), strata=Strata(labels, 3))
    assert by_class.parts.shape == (6, 60)
    assert by_class.variance == pytest.approx(plain.variance, rel=1e-12)


@pytest.mark.parametrize(
    ("labels", "p", "message"),
    [
        ([0, 1, 2], [[0.5, 0.5, 0.0]] * 2, "3 labels do not fit scores"),
        ([0, 1, 2], [0.1, 0.2, 0.3], "class numbers from 0 to 1"),
        ([0, 1, 1], [0.1, 0.2, 0.3], "a column a class"),
        ([0, 1, 3], [[0.5, 0.5, 0.0]] * 3, "class numbers from 0 to 2, found 3"),
        ([0, 1, 1], [[0.5, 0.5, 0.0]] * 3, "class number 2"),
        ([0, 1, 2], [[0.5, 0.4, 0.0]] * 3, "do not sum to 1, the first to 0.9"),
        ([0, 1, 2], [[1.5, -0.5, 0.0]] * 3, "outside"),
        ([0, 0, 0], [[1.0]] * 3, "1 class is too few"),
        ([], [[0.5, 0.5, 0.0]], "non-empty"),
    ],
)
def test_wrong_input_is_told(labels: Any, p: Any, message: str) -> None:
    with pytest.raises(StatisticsError, match=message):
        multiclass_auc(labels, p)


def test_an_unknown_average_is_told() -> None:
    labels, p = _lesions(30, 3)
    with pytest.raises(StatisticsError, match="unknown average 'micro'"):
        multiclass_auc(labels, p, average="micro")  # type: ignore[arg-type]
