from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score, roc_curve

from samesplit.errors import StatisticsError
from samesplit.statistics.mrmc import (
    AUC,
    expected_utility,
    partial_auc,
    sensitivity_at_specificity,
    specificity_at_sensitivity,
)

# Scores from the highest on: + - + + - -, so the curve goes up 1/3, right 1/3, up to 1, right to the end.
TRUTH = np.array([1, 0, 1, 1, 0, 0])
SCORES = np.array([6.0, 5.0, 4.0, 3.0, 2.0, 1.0])


def _drawn(seed: int, *, levels: int | None = None) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    truth = np.arange(60) % 2
    scores = rng.normal(size=60) + truth
    return truth, scores if levels is None else np.round(scores * levels / 4)


@pytest.mark.parametrize(
    ("over", "ends"), [("specificity", "curve"), ("sensitivity", "curve"), ("specificity", "interpolated")]
)
def test_the_whole_range_is_the_whole_area(over: str, ends: str) -> None:
    truth, scores = _drawn(1, levels=5)
    figure = partial_auc(0.0, 1.0, over=over, ends=ends)  # type: ignore[arg-type]
    assert figure.of(truth, scores) == pytest.approx(AUC.of(truth, scores), rel=1e-12)


@pytest.mark.parametrize("levels", [None, 5])
def test_the_area_over_specificities_is_that_of_scikit_learn_before_its_correction(
    levels: int | None,
) -> None:
    truth, scores = _drawn(2, levels=levels)
    corrected = roc_auc_score(truth, scores, max_fpr=0.23)
    smallest = 0.23**2 / 2
    raw = (2 * corrected - 1) * (0.23 - smallest) + smallest
    assert partial_auc(0.77, 1.0).of(truth, scores) == pytest.approx(raw, rel=1e-12)


def test_areas_over_neighbouring_ranges_add_up() -> None:
    truth, scores = _drawn(3)
    for over in ("specificity", "sensitivity"):
        parts = [partial_auc(low, high, over=over) for low, high in ((0, 0.4), (0.4, 0.9), (0.9, 1))]  # type: ignore[arg-type]
        assert sum(part.of(truth, scores) for part in parts) == pytest.approx(
            AUC.of(truth, scores), rel=1e-12
        )


def test_the_area_right_of_the_curve_is_what_swapping_the_axes_gives() -> None:
    truth, scores = _drawn(4, levels=5)
    swapped = partial_auc(0.8, 1.0).of(1 - truth, -scores)
    assert partial_auc(0.8, 1.0, over="sensitivity").of(truth, scores) == pytest.approx(swapped, rel=1e-12)


def test_a_normalised_area_is_a_mean_rate() -> None:
    truth, scores = _drawn(5)
    raw = partial_auc(0.7, 0.9).of(truth, scores)
    assert partial_auc(0.7, 0.9, normalised=True).of(truth, scores) == pytest.approx(raw / 0.2, rel=1e-12)


def test_ends_that_are_interpolated_cut_a_step_by_a_slope() -> None:
    # Up to FPR 1/3 the sensitivity is 1/3, and there it rises to 1.
    assert partial_auc(2 / 3, 1.0).of(TRUTH, SCORES) == pytest.approx(1 / 9, rel=1e-12)
    interpolated = partial_auc(2 / 3, 1.0, ends="interpolated")
    assert interpolated.of(TRUTH, SCORES) == pytest.approx((1 / 3 + 1) / 2 / 3, rel=1e-12)


def test_sensitivity_is_read_at_either_end_of_a_step() -> None:
    upper, lower = (sensitivity_at_specificity(2 / 3, steps=steps) for steps in ("upper", "lower"))  # type: ignore[arg-type]
    assert upper.of(TRUTH, SCORES) == pytest.approx(1.0)
    assert lower.of(TRUTH, SCORES) == pytest.approx(1 / 3)


def test_specificity_is_read_at_either_end_of_a_flat_part() -> None:
    upper, lower = (specificity_at_sensitivity(1 / 3, steps=steps) for steps in ("upper", "lower"))  # type: ignore[arg-type]
    assert upper.of(TRUTH, SCORES) == pytest.approx(1.0)
    assert lower.of(TRUTH, SCORES) == pytest.approx(2 / 3)


def test_the_expected_utility_at_slope_1_is_the_best_youden_index() -> None:
    truth, scores = _drawn(6)
    fpr, tpr, _ = roc_curve(truth, scores)
    assert expected_utility().of(truth, scores) == pytest.approx((tpr - fpr).max(), rel=1e-12)
    assert expected_utility(2.0).of(truth, scores) == pytest.approx((tpr - 2 * fpr).max(), rel=1e-12)


@pytest.mark.parametrize(
    "make",
    [
        lambda: partial_auc(0.9, 0.8),
        lambda: partial_auc(0.9, 1.1),
        lambda: sensitivity_at_specificity(80),
        lambda: specificity_at_sensitivity(-0.1),
        lambda: expected_utility(0.0),
    ],
)
def test_what_cannot_be_is_refused(make: object) -> None:
    with pytest.raises(StatisticsError):
        make()  # type: ignore[operator]


def test_names_say_the_range() -> None:
    assert partial_auc(0.8, 1.0, normalised=True).name == "partial AUC (specificity 0.8 to 1, normalised)"
    assert sensitivity_at_specificity(0.9).name == "sensitivity at specificity 0.9"
