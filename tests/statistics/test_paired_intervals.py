from __future__ import annotations

import re
from collections.abc import Callable
from typing import get_args

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from samesplit.errors import StatisticsError
from samesplit.statistics.paired_intervals import PairedInterval, paired_interval, tango_interval

METHODS = get_args(PairedInterval)


@pytest.mark.parametrize(("method", "bounds"), [("Tango", (-0.517, -0.026)), ("Newcombe", (-0.507, -0.026))])
def test_the_worked_example_of_fagerland_is_reproduced(method: str, bounds: tuple[float, float]) -> None:
    # Airway hyper-responsiveness before and after transplantation (Fagerland 2014, doi:10.1002/sim.6148).
    found = paired_interval(1, 1, 7, 12, method=method)
    assert (found.ci_low, found.ci_high) == pytest.approx(bounds, abs=5e-4)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("cells", [(40, 3, 10, 30), (0, 7, 0, 0), (5, 0, 0, 0), (0, 1, 2, 0), (12, 0, 1, 9)])
def test_swapping_the_two_mirrors_the_interval(method: str, cells: tuple[int, int, int, int]) -> None:
    a, b, c, d = cells
    one, other = paired_interval(a, b, c, d, method=method), paired_interval(a, c, b, d, method=method)
    assert (one.ci_low, one.ci_high) == pytest.approx((-other.ci_high, -other.ci_low), abs=1e-9)
    assert -1 <= one.ci_low <= one.estimate <= one.ci_high <= 1


@pytest.mark.parametrize(("b", "c", "n"), [(3, 10, 83), (0, 7, 77), (25, 10, 105), (2, 0, 5), (0, 0, 60)])
def test_tangos_bounds_are_where_the_score_test_stops_rejecting(b: int, c: int, n: int) -> None:
    found = tango_interval(b, c, n)

    def statistic(delta: float) -> float:
        """Tango's z with the constrained probability found on a grid, not by the formula."""
        q = np.linspace(max(0.0, -delta), (1 - delta) / 2, 400_001)[1:-1]
        with np.errstate(divide="ignore"):
            likelihood = (
                b * np.log(q + delta)
                + c * np.log(q)
                + (n - b - c) * np.log(np.maximum(1 - 2 * q - delta, 1e-300))
            )
        best = q[int(np.argmax(likelihood))]
        return (b - c - n * delta) / np.sqrt(n * (2 * best + delta * (1 - delta)))

    z = stats.norm.isf(0.025)
    for bound in (found.ci_low, found.ci_high):
        assert abs(statistic(bound)) == pytest.approx(z, rel=1e-3)


def test_a_confidence_so_low_that_the_estimate_would_fall_outside_keeps_it() -> None:
    found = paired_interval(5, 0, 5, 0, method="Agresti-Min", confidence=0.01)
    assert found.ci_low <= found.estimate <= found.ci_high


def test_newcombe_takes_no_correlation_where_a_margin_is_empty() -> None:
    found = paired_interval(10, 0, 0, 0, method="Newcombe")
    assert found.ci_low == -found.ci_high
    opposed = paired_interval(1, 10, 9, 1, method="Newcombe")  # a negative correlation is taken as it is
    assert opposed.ci_high - opposed.ci_low > 0.7


def test_impossible_cells_and_unknown_methods_are_errors() -> None:
    with pytest.raises(StatisticsError, match="cannot be"):
        paired_interval(0, 0, 0, 0)
    with pytest.raises(StatisticsError, match="cannot be"):
        tango_interval(5, 5, 8)
    with pytest.raises(StatisticsError, match="unknown interval"):
        paired_interval(1, 1, 1, 1, method="guess")


@pytest.mark.data
def test_three_of_the_methods_match_r(reference: Callable[[str], pd.DataFrame]) -> None:
    rows = reference("expected/agreement_paired.csv").query("table == 'paired_diff_ci'")
    names = {"wald": "Wald", "agresti_min_adjusted_wald": "Agresti-Min", "tango_score": "Tango"}
    for row in rows.itertuples():
        b, c = (int(x) for x in re.findall(r"_[bc](\d+)", row.analysis_id))
        found = paired_interval(40, c, b, 30, method=names[row.row])  # PropCIs reports (c - b) / n
        value = {"estimate": found.estimate, "lower": found.ci_low, "upper": found.ci_high}[row.stat]
        tolerance = 1e-7 if row.row == "tango_score" else 1e-12  # PropCIs stops its search at 1e-7
        assert value == pytest.approx(float(row.value), rel=1e-9, abs=tolerance)
    assert len(rows) == 42
