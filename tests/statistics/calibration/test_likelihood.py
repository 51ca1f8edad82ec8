from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.special import expit, logit

from samesplit.statistics.calibration import logistic_indices

RNG = np.random.default_rng(5)
P = RNG.uniform(0.05, 0.95, 300)
Y = (RNG.random(300) < P).astype(int)


def test_probabilities_that_are_too_extreme_are_unreliable_and_calibrated_ones_are_not() -> None:
    right, extreme = logistic_indices(Y, P), logistic_indices(Y, expit(3 * logit(P)))
    assert extreme.unreliability_p < 1e-6 < 0.01 < right.unreliability_p
    assert extreme.quality < right.quality
    assert right.quality == right.discrimination - right.unreliability


def test_recalibration_is_what_unreliability_and_discrimination_differ_by() -> None:
    right, extreme = logistic_indices(Y, P), logistic_indices(Y, expit(3 * logit(P)))
    assert right.discrimination_chi2 + right.unreliability_chi2 == pytest.approx(
        extreme.discrimination_chi2 + extreme.unreliability_chi2, rel=1e-9
    )


def test_complete_separation_fits_perfectly_after_recalibration() -> None:
    found = logistic_indices([0, 0, 1, 1], [0.1, 0.2, 0.8, 0.9])
    assert found.unreliability_chi2 == pytest.approx(-4 * (math.log(0.9) + math.log(0.8)))


def test_one_probability_for_everyone_discriminates_nothing() -> None:
    found = logistic_indices([0, 0, 0, 1], [0.25] * 4)
    assert found.discrimination_chi2 == pytest.approx(0, abs=1e-12)
    assert found.unreliability_chi2 == pytest.approx(0, abs=1e-12)
    assert found.r2 == pytest.approx(0, abs=1e-12)
