from __future__ import annotations

import math

import pytest

from samesplit.errors import StatisticsError
from samesplit.statistics import hanley_mcneil, hanley_mcneil_variance


def test_the_standard_error_is_that_of_the_paper() -> None:
    """Hanley and McNeil 1982, table II: A = 0.893, 51 abnormal and 58 normal cases, SE 0.0325."""
    assert math.sqrt(hanley_mcneil_variance(0.893, 51, 58)) == pytest.approx(0.0325, abs=5e-5)


@pytest.mark.parametrize(("auc", "low", "high"), [(0.73, 0.638, 0.822), (0.59, 0.485, 0.695)])
def test_intervals_of_published_aucs_on_63_and_49_lesions(auc: float, low: float, high: float) -> None:
    found = hanley_mcneil(auc, 63, 49)

    assert (found.ci_low, found.ci_high) == pytest.approx((low, high), abs=1e-3)


def test_the_interval_of_an_auc_below_one_half_is_that_of_the_classes_exchanged() -> None:
    below, above = hanley_mcneil(0.43, 63, 49), hanley_mcneil(0.57, 49, 63)

    assert (below.ci_low, below.ci_high) == pytest.approx((1 - above.ci_high, 1 - above.ci_low), rel=1e-12)


def test_an_interval_is_cut_off_at_1_and_a_perfect_auc_has_none() -> None:
    assert hanley_mcneil(0.99, 10, 10).ci_high == 1.0
    assert math.isnan(hanley_mcneil(1.0, 10, 10).ci_low)


def test_what_is_no_auc_or_has_no_class_is_refused() -> None:
    with pytest.raises(StatisticsError, match="no AUC"):
        hanley_mcneil(1.2, 10, 10)
    with pytest.raises(StatisticsError, match="have no AUC"):
        hanley_mcneil(0.7, 0, 10)
