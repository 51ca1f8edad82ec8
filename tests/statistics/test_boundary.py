from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from samesplit.errors import StatisticsError
from samesplit.statistics.boundary import apart, exact_interval, newcombe_interval
from samesplit.statistics.interval import Interval


def _polynomial_bounds(area: float, m: int, n: int) -> list[float]:
    """The bounds as roots of the polynomial that the paper's equation is."""
    z2, s = stats.norm.ppf(0.975) ** 2, (m + n) / 2 - 1
    a = np.polynomial.Polynomial([0, 1])
    left = (a - area) ** 2 * m * n * (2 - a) * (1 + a)
    right = z2 * a * (1 - a) * ((2 - a) * (1 + a) + s * (1 - a) * (1 + a) + s * a * (2 - a))
    roots = (left - right).roots()
    return sorted(float(r.real) for r in roots if abs(r.imag) < 1e-9 and -1e-9 < r.real < 1 + 1e-9)


@pytest.mark.parametrize(("area", "m", "n"), [(0.8, 20, 30), (0.95, 10, 40), (0.5, 5, 5), (0.9, 1, 19)])
def test_bounds_solve_the_equation_of_the_paper(area: float, m: int, n: int) -> None:
    found = newcombe_interval(area, [[(m, n)]])
    assert [found.ci_low, found.ci_high] == pytest.approx(_polynomial_bounds(area, m, n), abs=1e-8)


@pytest.mark.parametrize("m", [2, 10, 100])
def test_perfect_separation_has_a_lower_bound_and_its_mirror_an_upper_one(m: int) -> None:
    best, worst = (newcombe_interval(area, [[(m, m)]]) for area in (1.0, 0.0))
    assert best.ci_low == pytest.approx(_polynomial_bounds(1.0, m, m)[0], abs=1e-8)
    assert best.ci_high == 1
    assert (worst.ci_low, worst.ci_high) == pytest.approx((0, 1 - best.ci_low))


def test_repeats_add_no_patients_and_folds_share_them() -> None:
    once, twice = (newcombe_interval(1.0, [[(20, 20)]] * repeats) for repeats in (1, 2))
    assert twice.ci_low == once.ci_low
    folds = newcombe_interval(1.0, [[(4, 4)] * 5])
    assert folds.ci_low < once.ci_low  # fewer pairs are compared
    assert folds.ci_low == pytest.approx(once.ci_low, abs=0.02)


@pytest.mark.parametrize(("area", "sizes"), [(1.2, [[(2, 2)]]), (0.5, []), (0.5, [[(0, 2)]])])
def test_what_is_no_auc_is_an_error(area: float, sizes: list[list[tuple[int, int]]]) -> None:
    with pytest.raises(StatisticsError, match="cannot be"):
        newcombe_interval(area, sizes)


@pytest.mark.parametrize(("area", "n"), [(0.9, 20), (0.95, 20), (0.98, 20), (0.98, 50)])
def test_it_covers_near_the_bound(area: float, n: int) -> None:
    generator, m = np.random.default_rng(0), n // 2
    scores = generator.normal(size=(2000, n)) + (np.arange(n) < m) * math.sqrt(2) * stats.norm.ppf(area)
    aucs = (scores[:, :m, None] > scores[:, None, m:]).mean(axis=(1, 2))
    values, counts = np.unique(aucs, return_counts=True)
    made = [newcombe_interval(float(value), [[(m, m)]]) for value in values]
    held = sum(count for one, count in zip(made, counts, strict=True) if one.ci_low <= area <= one.ci_high)
    assert 0.945 <= held / 2000 <= 0.99


def test_a_share_at_its_bound_has_the_exact_interval_of_its_patients() -> None:
    for share in (0.0, 1.0):
        found = exact_interval(share, 12)
        assert (found.ci_low, found.ci_high) == pytest.approx(
            proportion_confint(12 * share, 12, method="beta"), rel=1e-12
        )
        assert found.method == "Clopper-Pearson, patients counted once"


def test_the_difference_is_newcombes_of_two_wilson_intervals() -> None:
    # Newcombe 1998, table II: 56/70 minus 48/80 by method 10 is 0.2 with 0.0524 to 0.3339.
    made = [
        Interval(count / n, *proportion_confint(count, n, method="wilson"), "Wilson")
        for count, n in ((56, 70), (48, 80))
    ]
    found = apart(*made)
    assert (found.ci_low, found.ci_high) == pytest.approx((0.0524, 0.3339), abs=5e-5)
    assert found.method == "squared distances of Wilson"


@pytest.mark.parametrize(("first", "second"), [(1.0, 0.5), (0.5, 1.0), (0.0, 0.5), (1.0, 1.0)])
def test_the_p_value_belongs_to_the_interval(first: float, second: float) -> None:
    for m in range(2, 60):
        a, b = (newcombe_interval(area, [[(m, m)]]) for area in (first, second))
        found = apart(a, b)
        assert (found.p_value < 0.05) is (found.ci_low > 0 or found.ci_high < 0)


def test_two_intervals_without_width_have_no_test() -> None:
    flat = Interval(0.5, 0.5, 0.5, "m")
    assert math.isnan(apart(flat, flat).p_value)
