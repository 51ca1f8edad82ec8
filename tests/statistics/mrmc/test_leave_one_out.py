from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import average_precision_score

from samesplit.errors import StatisticsError
from samesplit.statistics.mrmc import (
    ACCURACY,
    AUC,
    SENSITIVITY,
    FigureOfMerit,
    as_figure,
    partial_auc,
    specificity_at_sensitivity,
)
from samesplit.statistics.mrmc.leave_one_out import leave_one_out

FIGURES = [
    AUC,
    ACCURACY,
    SENSITIVITY,
    partial_auc(0.6, 0.9),
    specificity_at_sensitivity(0.7),
    as_figure(average_precision_score),
]


def _drawn(seed: int, *, calls: bool) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    truth = rng.permutation(np.arange(24) % 2)
    scores = np.round(rng.normal(size=(3, 24)) + truth, 1)
    return truth, (scores > 0.5).astype(float) if calls else scores


def _plainly(truth: np.ndarray, scores: np.ndarray, figure: FigureOfMerit, units: np.ndarray) -> np.ndarray:
    looked_at = figure.looks_at(truth)
    truth, scores, units = truth[looked_at], scores[:, looked_at], units[looked_at]
    return np.array(
        [[figure.of(truth[units != u], column[units != u]) for column in scores] for u in np.unique(units)]
    )


@pytest.mark.parametrize("figure", FIGURES, ids=lambda figure: figure.name)
@pytest.mark.parametrize("n_units", [24, 9])
def test_every_figure_is_what_it_is_without_the_unit(figure: FigureOfMerit, n_units: int) -> None:
    truth, scores = _drawn(3, calls=figure.of_calls)
    units = np.random.default_rng(4).permutation(24) % n_units
    found = leave_one_out(truth, scores, figure, units)
    np.testing.assert_allclose(found, _plainly(truth, scores, figure, units), rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("figure", [AUC, SENSITIVITY, as_figure(average_precision_score)])
def test_a_class_that_one_patient_has_alone_cannot_be_left_out(figure: FigureOfMerit) -> None:
    truth = np.array([0, 0, 1, 1])
    with pytest.raises(StatisticsError, match="one patient"):
        leave_one_out(truth, np.zeros((1, 4)), figure, np.array([0, 1, 2, 2]))
