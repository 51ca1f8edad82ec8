"""Sizes for comparing two models and for knowing one number precisely."""

from __future__ import annotations

import math

import pytest

from samesplit.errors import StatisticsError
from samesplit.statistics.planning.comparison import (
    auc_comparison,
    auc_comparison_size,
    auc_precision_size,
    auc_variance,
    paired_proportions_size,
    proportion_precision_size,
)
from samesplit.statistics.proportions import proportion_interval


def test_the_variance_of_hanley_and_mcneil_is_that_of_their_example():
    assert math.sqrt(auc_variance(0.893, 51, 58, method="exponential")) == pytest.approx(0.032, abs=1e-3)


def test_the_two_variances_are_near_each_other():
    binormal = auc_variance(0.8, 60, 120)
    assert binormal == pytest.approx(auc_variance(0.8, 60, 120, method="exponential"), rel=0.15)


@pytest.mark.parametrize("margin", [None, 0.02])
def test_the_size_is_the_smallest_with_the_power_asked_for(margin):
    planned = auc_comparison_size(0.8, 0.86, prevalence=0.4, correlation=0.6, margin=margin)
    one_less = auc_comparison(0.8, 0.86, n=planned.n - 1, prevalence=0.4, correlation=0.6, margin=margin)
    assert one_less.power < 0.8 <= planned.power
    assert planned.detectable == pytest.approx(0.06, rel=0.01)
    assert planned.positives == round(0.4 * planned.n)


def test_correlated_models_need_fewer_patients():
    sizes = [auc_comparison_size(0.8, 0.85, prevalence=0.3, correlation=r).n for r in (0.0, 0.5, 0.8)]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[2] == pytest.approx(sizes[0] / 5, rel=0.05)


def test_the_size_for_an_auc_has_an_interval_no_wider():
    n = auc_precision_size(0.85, prevalence=0.3, width=0.1)
    widths = [2 * 1.959964 * math.sqrt(auc_variance(0.85, 0.3 * k, 0.7 * k)) for k in (n - 1, n)]
    assert widths[1] <= 0.1 < widths[0]


def test_the_size_for_a_proportion_has_an_interval_no_wider():
    n = proportion_precision_size(0.9, width=0.1)
    found = proportion_interval(0.9 * n, n, method="Wilson")
    assert found.ci_high - found.ci_low <= 0.1


def test_the_size_of_a_paired_comparison_is_connors():
    expected = (1.959964 * math.sqrt(0.2) + 0.841621 * math.sqrt(0.2 - 0.01)) ** 2 / 0.01
    assert paired_proportions_size(0.05, 0.15) == math.ceil(expected)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: auc_variance(0.4, 10, 10), "expected AUC"),
        (lambda: auc_variance(0.8, 0, 10), "have no AUC"),
        (lambda: auc_variance(0.8, 10, 10, method="other"), "unknown variance"),
        (lambda: auc_comparison(0.8, 0.9, n=100, prevalence=0.3, correlation=1.0), "correlation"),
        (
            lambda: auc_comparison_size(0.8, 0.8, prevalence=0.3, correlation=0.5),
            "have no difference to find",
        ),
        (lambda: paired_proportions_size(0.1, 0.1), "no difference"),
    ],
)
def test_numbers_that_fit_no_comparison_are_errors(call, message):
    with pytest.raises(StatisticsError, match=message):
        call()
