from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from samesplit.errors import StatisticsError
from samesplit.statistics.false_claims import (
    false_claim_from_counts,
    false_claim_from_p,
    false_claim_probability,
)


def test_a_normal_posterior_is_half_the_two_sided_p_value() -> None:
    p = 2 * stats.norm.sf(0.05 / 0.03)
    assert false_claim_probability(0.05, 0.03) == pytest.approx(p / 2, rel=1e-12)
    assert false_claim_probability(-0.05, 0.03) == pytest.approx(false_claim_from_p(p), rel=1e-12)


def test_the_formula_of_the_publication_for_paired_scores_comes_out() -> None:
    """t with n - 1 degrees of freedom at sqrt(n) (mean_b - mean_a) / sqrt(s_a^2 + s_b^2 - 2 s_a s_b r)."""
    rng = np.random.default_rng(3)
    a = rng.normal(0.81, 0.1, 40)
    b = a - 0.02 + rng.normal(0, 0.08, 40)
    s_a, s_b, r = a.std(ddof=1), b.std(ddof=1), np.corrcoef(a, b)[0, 1]
    published = stats.t.cdf(
        math.sqrt(40) * (b.mean() - a.mean()) / math.sqrt(s_a**2 + s_b**2 - 2 * s_a * s_b * r), 39
    )
    d = a - b
    ours = false_claim_probability(d.mean(), d.std(ddof=1) / math.sqrt(40), degrees_of_freedom=39)
    assert ours == pytest.approx(published, rel=1e-9)


def test_the_integral_of_the_publication_for_accuracies_comes_out_of_draws() -> None:
    """P(p_a <= p_b) under Dirichlet(x_a + 1, x_b + 1, n - x_a - x_b + 2)."""
    x_a, x_b, n = 14, 7, 100
    drawn = np.random.default_rng(5).dirichlet([x_a + 1, x_b + 1, n - x_a - x_b + 2], size=200_000)
    share = float((drawn[:, 0] <= drawn[:, 1]).mean())
    error = math.sqrt(share * (1 - share) / 200_000)
    assert false_claim_from_counts(x_a, x_b) == pytest.approx(share, abs=4 * error)


def test_nothing_known_is_nothing_claimed() -> None:
    assert math.isnan(false_claim_probability(0.1, 0.0))
    assert math.isnan(false_claim_probability(math.nan, 0.1))
    assert false_claim_probability(0.0, 0.1) == pytest.approx(0.5)
    assert false_claim_from_counts(0, 0) == pytest.approx(0.5)


def test_impossible_numbers_are_refused() -> None:
    with pytest.raises(StatisticsError, match="standard error of -1"):
        false_claim_probability(0.1, -1.0)
    with pytest.raises(StatisticsError, match="degrees of freedom"):
        false_claim_probability(0.1, 1.0, degrees_of_freedom=0)
    with pytest.raises(StatisticsError, match="negative"):
        false_claim_from_counts(-1, 3)
