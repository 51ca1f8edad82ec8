from __future__ import annotations

import math

import numpy as np
import pytest

from samesplit.errors import StatisticsError
from samesplit.statistics.calibration import hosmer_lemeshow, spiegelhalter


def test_spiegelhalter_rejects_five_of_a_hundred_calibrated_models() -> None:
    rng = np.random.default_rng(0)
    p = rng.uniform(0.05, 0.95, (2000, 100))
    y = (rng.random(p.shape) < p).astype(int)
    rejected = np.mean([spiegelhalter(*one).p_value < 0.05 for one in zip(y, p, strict=True)])
    assert rejected == pytest.approx(0.05, abs=4 * math.sqrt(0.05 * 0.95 / 2000))


def test_repeated_predictions_of_a_patient_do_not_make_the_test_surer() -> None:
    rng = np.random.default_rng(1)
    p = rng.uniform(0.05, 0.95, 60)
    y = (rng.random(60) < p**2).astype(int)
    once = spiegelhalter(y, p)
    often = spiegelhalter(np.tile(y, 5), np.tile(p, 5), patients=np.tile(np.arange(60), 5))
    naive = spiegelhalter(np.tile(y, 5), np.tile(p, 5))
    assert often.method.endswith("clustered by patient")
    assert naive.estimate == pytest.approx(once.estimate * math.sqrt(5))
    assert abs(often.estimate) < 1.5 * abs(once.estimate)


def test_spiegelhalter_of_halves_and_certainties_is_not_a_number() -> None:
    found = spiegelhalter([0, 1, 1, 0], [0.5, 0.5, 1.0, 0.0])
    assert math.isnan(found.estimate)
    assert "no variance" in found.note


def test_groups_of_the_hosmer_lemeshow_test_are_independent_of_the_order_and_hold_their_upper_end() -> None:
    p = np.arange(1, 21) / 20
    y = (np.arange(20) % 3 == 0).astype(int)
    found, turned = hosmer_lemeshow(y, p, n_groups=4), hosmer_lemeshow(y[::-1], p[::-1], n_groups=4)
    assert (found.n_groups, found.df, hosmer_lemeshow(y, p, n_groups=4, fitted_here=True).df) == (4, 4, 2)
    assert turned.chi2 == pytest.approx(found.chi2)
    by_hand = 0.0
    for inside in np.split(np.arange(20), 4):
        told, n = p[inside].sum(), inside.size
        by_hand += (y[inside].sum() - told) ** 2 / (told * (1 - told / n))
    assert found.chi2 == pytest.approx(by_hand)


def test_groups_that_were_surely_told_and_wrong_can_not_be_calibrated() -> None:
    y, p = [0, 0, 1, 0, 1, 1], [0.0, 0.0, 0.5, 0.5, 1.0, 1.0]
    assert hosmer_lemeshow(y, p, n_groups=3).chi2 == 0
    found = hosmer_lemeshow([1, *y[1:]], p, n_groups=3)
    assert (found.chi2, found.p_value) == (math.inf, 0)


@pytest.mark.parametrize("n_groups", [1, 10])
def test_fewer_than_three_groups_are_an_error(n_groups: int) -> None:
    with pytest.raises(StatisticsError, match="too few for the Hosmer-Lemeshow test"):
        hosmer_lemeshow([0, 1, 0, 1], [0.2, 0.2, 0.8, 0.8], n_groups=n_groups)
