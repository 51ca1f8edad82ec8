from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from sklearn import metrics as theirs

from samesplit.errors import StatisticsError
from samesplit.statistics import metrics, multiclass_metrics
from samesplit.statistics.multiclass_metrics import (
    accuracy,
    balanced_accuracy,
    call_classes,
    class_confusion,
    classwise_calibration_error,
    cohen_kappa,
    f1_macro,
    multiclass_brier,
    multiclass_log_loss,
)
from samesplit.statistics.proportions import confusion


def _lesions(k: int = 4, n: int = 80, seed: int = 0) -> tuple[Any, Any]:
    generator = np.random.default_rng(seed)
    labels = generator.permutation(np.arange(n) % k)
    scores = np.exp(generator.normal(size=(n, k)) + np.eye(k)[labels])
    return labels, scores / scores.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("k", [2, 3, 6])
def test_calls_are_judged_as_scikit_learn_judges_them(k: int) -> None:
    labels, p = _lesions(k)
    calls = call_classes(p)
    assert calls.tolist() == p.argmax(axis=1).tolist()
    counts = class_confusion(labels, calls, n_classes=k)
    np.testing.assert_array_equal(counts, theirs.confusion_matrix(labels, calls))
    assert accuracy(counts) == pytest.approx(theirs.accuracy_score(labels, calls), rel=1e-12)
    assert balanced_accuracy(counts) == pytest.approx(
        theirs.balanced_accuracy_score(labels, calls), rel=1e-12
    )
    assert f1_macro(counts) == pytest.approx(theirs.f1_score(labels, calls, average="macro"), rel=1e-12)
    assert cohen_kappa(counts) == pytest.approx(theirs.cohen_kappa_score(labels, calls), rel=1e-12)


@pytest.mark.parametrize("k", [2, 3, 6])
def test_probabilities_are_judged_as_scikit_learn_judges_them(k: int) -> None:
    labels, p = _lesions(k)
    half = theirs.brier_score_loss(labels, p, scale_by_half=True)
    assert multiclass_brier(labels, p) == pytest.approx(half, rel=1e-12)
    assert multiclass_log_loss(labels, p) == pytest.approx(theirs.log_loss(labels, p), rel=1e-12)


def test_two_classes_are_judged_as_binary_ones() -> None:
    labels, p = _lesions(2)
    assert multiclass_brier(labels, p) == pytest.approx(metrics.brier(labels, p[:, 1]), abs=1e-12)
    assert multiclass_log_loss(labels, p) == pytest.approx(metrics.log_loss(labels, p[:, 1]), abs=1e-12)
    counts = class_confusion(labels, call_classes(p), n_classes=2)
    binary = confusion(labels, p[:, 1] > 0.5)
    assert counts.ravel().tolist() == [binary.tn, binary.fp, binary.fn, binary.tp]


def test_calibration_error_is_the_mean_of_the_classes_binary_ones() -> None:
    labels, p = _lesions(3)
    each = [metrics.expected_calibration_error(labels == k, p[:, k]) for k in range(3)]
    assert classwise_calibration_error(labels, p) == pytest.approx(np.mean(each), abs=1e-12)
    two, q = _lesions(2)
    # A probability on an edge of the bins belongs to another bin when it is seen from the other class; none is.
    assert classwise_calibration_error(two, q) == pytest.approx(
        metrics.expected_calibration_error(two, q[:, 1]), abs=1e-12
    )


def test_many_matrices_are_judged_at_once() -> None:
    stack = np.random.default_rng(0).integers(1, 9, size=(5, 3, 3)).astype(float)
    for judge in (accuracy, balanced_accuracy, f1_macro, cohen_kappa):
        together = judge(stack)
        assert together.tolist() == pytest.approx([float(judge(one)) for one in stack])


def test_equal_probabilities_call_the_class_that_is_declared_first() -> None:
    almost = 0.4 * (1 + 1e-12)
    assert call_classes([[0.4, almost, 1 - 0.4 - almost], [0.2, 0.4, 0.4]]).tolist() == [0, 1]


def test_classes_without_lesions_do_not_count_in_means() -> None:
    counts = np.array([[3.0, 1.0, 0.0], [1.0, 3.0, 0.0], [0.0, 0.0, 0.0]])
    assert balanced_accuracy(counts) == pytest.approx(0.75)
    assert f1_macro(counts) == pytest.approx(0.75)


def test_what_is_not_defined_is_nan() -> None:
    nothing = np.zeros((3, 3))
    for judge in (accuracy, balanced_accuracy, f1_macro, cohen_kappa):
        assert math.isnan(float(judge(nothing)))
    assert math.isnan(float(cohen_kappa(np.diag([5.0, 0.0, 0.0]))))


def test_a_sure_and_wrong_probability_costs_no_more_than_its_floor() -> None:
    assert multiclass_log_loss([1], [[1.0, 0.0, 0.0]]) == pytest.approx(-math.log(1e-6))


@pytest.mark.parametrize("judge", ["multiclass_brier", "multiclass_log_loss", "classwise_calibration_error"])
def test_what_is_no_table_of_probabilities_is_told(judge: str) -> None:
    with pytest.raises(StatisticsError, match="a column a class"):
        getattr(multiclass_metrics, judge)([0, 1], [0.5, 0.5])
    with pytest.raises(StatisticsError, match="a column a class"):
        call_classes([0.5, 0.5])
    with pytest.raises(StatisticsError, match="a column a class"):
        call_classes(0.5)
