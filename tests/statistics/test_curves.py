from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from samesplit.errors import StatisticsError
from samesplit.statistics.auc import empirical_auc
from samesplit.statistics.cross_validated import fold_aucs
from samesplit.statistics.curves import calibration_points, pr_points, roc_points
from samesplit.statistics.metrics import average_precision
from samesplit.statistics.proportions import proportion_interval


@st.composite
def folds(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    labels, scores, cells = [0, 1], [draw(st.integers(0, 5)), draw(st.integers(0, 5))], [0, 0]
    for cell in range(draw(st.integers(1, 4))):
        for _ in range(draw(st.integers(1, 8))):
            labels.append(draw(st.integers(0, 1)))
            scores.append(draw(st.integers(0, 5)))
            cells.append(cell)
    return np.array(labels), np.array(scores, dtype=float), np.array(cells)


@given(folds())
@settings(max_examples=80, deadline=None)
def test_area_under_the_averaged_roc_curve_is_the_mean_of_the_fold_aucs(
    case: tuple[np.ndarray, np.ndarray, np.ndarray],
) -> None:
    labels, scores, cells = case
    curve = roc_points(labels, scores, cells)
    expected = fold_aucs(labels, scores, cells).dropna()
    assert np.trapezoid(curve["tpr"], curve["fpr"]) == pytest.approx(expected.mean(), abs=1e-12)
    assert (curve["n_folds"] == len(expected)).all()
    assert (curve["fpr"].iloc[0], curve["tpr"].iloc[0]) == (0, 0)
    assert curve[["fpr", "tpr"]].iloc[-1].to_numpy() == pytest.approx([1, 1])
    assert (np.diff(curve["fpr"]) >= 0).all()
    assert (np.diff(curve["tpr"]) >= -1e-12).all()


@given(folds())
@settings(max_examples=80, deadline=None)
def test_area_under_the_averaged_pr_staircase_is_the_mean_average_precision(
    case: tuple[np.ndarray, np.ndarray, np.ndarray],
) -> None:
    labels, scores, cells = case
    curve = pr_points(labels, scores, cells)
    kept = [c for c in np.unique(cells) if np.ptp(labels[cells == c]) == 1]
    expected = np.mean([average_precision(labels[cells == c], scores[cells == c]) for c in kept])
    area = (np.diff(curve["recall"], prepend=0) * curve["precision"]).sum()
    assert area == pytest.approx(expected, abs=1e-12)
    assert curve["recall"].iloc[-1] == pytest.approx(1)


def test_curves_of_one_test_set_have_thresholds() -> None:
    labels, scores = [0, 1, 0, 1, 1], [0.1, 0.4, 0.5, 0.7, 0.9]
    roc, pr = roc_points(labels, scores), pr_points(labels, scores)
    assert np.trapezoid(roc["tpr"], roc["fpr"]) == pytest.approx(empirical_auc(labels, scores))
    assert roc["threshold"].iloc[1:].tolist() == [0.9, 0.7, 0.5, 0.4, 0.1]
    assert pr["threshold"].tolist() == [0.9, 0.7, 0.4]
    assert pr["precision"].tolist() == pytest.approx([1, 1, 3 / 4])


def test_without_a_fold_of_both_classes_there_is_no_curve() -> None:
    with pytest.raises(StatisticsError, match="no curve"):
        roc_points([0, 0, 1], [1, 2, 3], [0, 0, 1])


def test_calibration_points_are_shares_with_wilson_intervals() -> None:
    labels, p = [0, 0, 1, 1, 1], [0.11, 0.15, 0.19, 0.81, 1.0]
    points = calibration_points(labels, p)
    assert points["bin"].tolist() == [1, 8, 9]
    first = points.iloc[0]
    wilson = proportion_interval(1, 3, method="Wilson")
    assert first["mean_probability"] == pytest.approx(0.15)
    assert (first["observed"], first["ci_low"], first["ci_high"]) == pytest.approx(
        (wilson.estimate, wilson.ci_low, wilson.ci_high)
    )
    assert points["n"].tolist() == [3, 1, 1]


def test_repeated_predictions_of_a_lesion_count_as_one_lesion() -> None:
    labels, p, lesions = np.array([0, 1, 1]), np.array([0.12, 0.15, 0.9]), np.array(["a", "b", "c"])
    once = calibration_points(labels, p, lesions=lesions)
    often = calibration_points(np.tile(labels, 7), np.tile(p, 7), lesions=np.tile(lesions, 7))
    assert often.to_numpy() == pytest.approx(once.to_numpy())


def test_calibration_bins_can_hold_equally_many() -> None:
    generator = np.random.default_rng(0)
    p = generator.random(50) ** 3
    points = calibration_points((p > 0.2).astype(int), p, n_bins=5, binning="frequency")
    assert points["n"].tolist() == [10] * 5
