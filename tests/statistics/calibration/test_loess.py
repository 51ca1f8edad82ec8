from __future__ import annotations

import numpy as np
import pytest

from samesplit.errors import StatisticsError
from samesplit.statistics.calibration import Loess

X = np.repeat([0.05, 0.1, 0.2, 0.35, 0.4, 0.5, 0.55, 0.7, 0.8, 0.9], [1, 2, 4, 2, 2, 3, 2, 2, 3, 1])
Y = ((np.arange(X.size) * 7) % 5 < 2).astype(float)
PLACES = [0, 5, 12, 21]


def test_tied_values_and_weights_have_the_curve_of_the_published_code() -> None:
    # scikit-misc 0.5.3, which wraps the Fortran of Cleveland, Grosse and Shyu
    plain = [0.48703672707022655, 0.4227852143384434, 0.4264817259155636, 0.356953431728884]
    weighted = [0.17449702681055543, 0.4897140923146891, 0.3536945034256914, 0.6410839478890665]
    assert Loess(X).curve(Y)[0][PLACES] == pytest.approx(plain, rel=1e-9)
    weights = (np.arange(X.size) % 3 + 1.0)[np.newaxis]
    assert Loess(X).curve(Y, weights=weights)[0][PLACES] == pytest.approx(weighted, rel=1e-9)


def test_a_parabola_is_found_as_it_is() -> None:
    x = np.random.default_rng(0).uniform(-3, 5, 40)
    at = np.linspace(x.min(), x.max(), 9)
    assert Loess(x).curve(2 - x + 3 * x**2, at=at)[0] == pytest.approx(2 - at + 3 * at**2, abs=1e-9)


def test_many_weighted_samples_are_those_of_one_at_a_time() -> None:
    weights = np.random.default_rng(1).integers(0, 3, (5, X.size)).astype(float)
    smoother = Loess(X)
    together = smoother.curve(Y, at=[0.1, 0.5], weights=weights)
    for row, alone in zip(together, weights, strict=True):
        assert row == pytest.approx(smoother.curve(Y, at=[0.1, 0.5], weights=alone[np.newaxis])[0])


def test_few_values_have_a_knot_at_each() -> None:
    x = np.arange(6) / 5
    assert Loess(x).knots[1:-1] == pytest.approx(x, abs=1e-12)


def test_cells_are_not_cut_inside_a_run_of_equal_values() -> None:
    x = np.concatenate([np.linspace(0, 0.3, 20), np.full(12, 0.5), np.linspace(0.6, 1, 20)])
    knots = Loess(x).knots
    assert np.unique(knots).size == knots.size
    assert set(knots[1:-1]) <= set(x)


def test_too_few_distinct_values_are_an_error() -> None:
    with pytest.raises(StatisticsError, match="fewer than three"):
        Loess([0.1] * 10 + [0.9] * 10)


def test_a_place_beyond_the_data_is_an_error() -> None:
    with pytest.raises(StatisticsError, match="does not reach"):
        Loess(X).curve(Y, at=[1.0])
