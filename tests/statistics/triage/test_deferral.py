from __future__ import annotations

import numpy as np
import pytest

from samesplit.errors import StatisticsError
from samesplit.statistics.triage import deferral_curve


def test_deferring_the_least_certain_lesions_first_leaves_the_error_of_the_rest() -> None:
    labels, calls = [1, 1, 0, 0, 1], [1, 0, 0, 1, 1]
    certainty = [0.9, 0.2, 0.8, 0.5, 0.1]  # wrong: the second and the fourth
    curve = deferral_curve(labels, calls, certainty)
    np.testing.assert_allclose(curve.deferred, [0, 0.2, 0.4, 0.6, 0.8])
    np.testing.assert_allclose(curve.error, [2 / 5, 2 / 4, 1 / 3, 0, 0])
    np.testing.assert_allclose(curve.ideal, [2 / 5, 1 / 4, 0, 0, 0])
    assert curve.overall == pytest.approx(0.4)
    assert curve.area == pytest.approx(curve.error.mean())
    assert curve.gain == pytest.approx((0.4 - curve.error.mean()) / (0.4 - curve.ideal.mean()))


def test_where_certainty_says_nothing_the_order_of_the_lesions_decides_nothing() -> None:
    labels, calls = np.array([1, 0, 1, 0]), np.array([0, 0, 1, 1])
    for order in ([0, 1, 2, 3], [3, 1, 0, 2]):
        curve = deferral_curve(labels[order], calls[order], np.full(4, 0.1) * (1 + 1e-13 * np.arange(4)))
        np.testing.assert_allclose(curve.error, 0.5)
        assert curve.gain == pytest.approx(0)


def test_without_errors_there_is_nothing_to_gain() -> None:
    assert np.isnan(deferral_curve([1, 0], [1, 0], [0.1, 0.2]).gain)


def test_decisions_must_fit_the_labels() -> None:
    with pytest.raises(StatisticsError, match="do not fit"):
        deferral_curve([1, 0], [1], [0.1, 0.2])
