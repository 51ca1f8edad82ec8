"""Text, empty columns, ties and studies without variance: refused with words, or answered with a note."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from samesplit.errors import StatisticsError
from samesplit.statistics import (
    adjust,
    auc_interval,
    bland_altman,
    brier,
    calibrate_sets,
    calibration_distances,
    cohen_kappa_interval,
    correlated_aucs,
    cox_regression,
    fleiss_kappa,
    fleiss_kappa_by_category,
    group_rates,
    heterogeneity,
    krippendorff_alpha,
    log_rank,
    model_at_reader_point,
    partial_auc_interval,
    proportion_interval,
    tost,
)
from samesplit.statistics.planning import (
    DifferenceVariance,
    auc_comparison_size,
    cases_needed,
    power_of_difference,
    reader_study_power,
)

LABELS = [0, 0, 1, 1]
TEXT = ["a", "b", "c", "d"]


@pytest.mark.parametrize(
    "call",
    [
        lambda: auc_interval(LABELS, TEXT),
        lambda: brier(LABELS, TEXT),
        lambda: correlated_aucs(LABELS, TEXT),
        lambda: partial_auc_interval(LABELS, TEXT, 0.8, 1.0),
        lambda: model_at_reader_point(LABELS, TEXT, [0, 0, 1, 1]),
        lambda: model_at_reader_point(LABELS, [0.1, 0.2, 0.3, 0.4], TEXT),
        lambda: cohen_kappa_interval(TEXT, TEXT),
        lambda: fleiss_kappa([TEXT, TEXT]),
        lambda: bland_altman(TEXT, TEXT),
        lambda: calibrate_sets(LABELS, [["a", "b"]] * 4),
    ],
)
def test_text_in_place_of_numbers_is_refused_by_name(call: Callable[[], Any]) -> None:
    with pytest.raises(StatisticsError, match=r"must be numbers: .*'a'"):
        call()


def test_no_lesions_at_all_are_refused() -> None:
    with pytest.raises(StatisticsError, match="0 labels do not fit scores of shape"):
        calibrate_sets([], np.empty((0, 2)))


def test_lowess_needs_neighbours_that_differ() -> None:
    with pytest.raises(StatisticsError, match="two thirds of the probabilities or more"):
        calibration_distances([0, 1] * 10, [0.3] * 4 + [0.7] * 16, smoother="lowess")
    found = calibration_distances([0, 1] * 10, [0.3] * 8 + [0.7] * 12, smoother="lowess")
    assert found.ici == pytest.approx(0.2)


def test_readers_who_agree_in_everything_have_an_interval_that_is_called_a_point() -> None:
    ratings = np.repeat(np.array([[0.0], [1.0], [1.0], [2.0]]), 3, axis=1)
    for found in (fleiss_kappa(ratings), krippendorff_alpha(ratings, n_resamples=50)):
        assert (found.ci_low, found.ci_high) == (1.0, 1.0)
        assert "the interval is a point" in found.note


def test_a_perfect_partial_auc_says_that_its_interval_is_a_point() -> None:
    found = partial_auc_interval([0] * 5 + [1] * 5, np.arange(10.0), 0.8, 1.0, n_resamples=50)
    assert "the interval is a point" in found.note


def test_a_category_of_incomplete_cases_alone_has_no_kappa() -> None:
    found = fleiss_kappa_by_category([[1, np.nan], [np.nan, 2], [1, 1], [3, 3]])
    assert math.isnan(found[2.0].estimate)
    assert found[1.0].estimate == 1.0


def test_measurements_that_differ_by_a_constant_have_no_test_of_the_bias() -> None:
    first = np.array([0.1, 0.3, 0.7, 1.9, 2.3])
    found = bland_altman(first + 0.1, first)
    assert np.ptp(found.differences) > 0  # rounding
    assert found.bias.estimate == pytest.approx(0.1)
    assert math.isnan(found.bias.p_value)
    assert found.standard_deviation == 0.0


def test_a_reader_who_always_says_the_same_has_a_slope_without_test() -> None:
    found = bland_altman([1.0, 1.0, 1.0, 1.0], [0.0, 1.0, 0.0, 3.0])
    assert found.slope.estimate == pytest.approx(-2.0)
    assert math.isnan(found.slope.p_value)
    assert "no test" in found.slope.note


def test_an_event_after_all_others_left_compares_nothing() -> None:
    with pytest.raises(StatisticsError, match="nobody at risk beside another"):
        log_rank([2, 4, 5, 9, 12], [0, 0, 0, 0, 1], [0, 1, 0, 1, 0])


def test_a_test_has_its_level_as_power_where_nothing_differs() -> None:
    assert power_of_difference(0.0, 0.02) == pytest.approx(0.05)
    assert power_of_difference(0.0, 0.02, df=20) == pytest.approx(0.05)
    with pytest.raises(StatisticsError, match="a difference of nan is no number"):
        power_of_difference(math.nan, 0.02)


def test_readers_who_differ_in_nothing_leave_the_cases_to_decide() -> None:
    variance = DifferenceVariance(between_readers=0, error=4e-4, covariance=4e-4, cases=100)
    found = reader_study_power(variance, readers=5, cases=100, effect=0.05)
    assert found.df == math.inf
    assert found.power == pytest.approx(power_of_difference(0.05, 0.02))
    assert cases_needed(variance, readers=5, effect=0.05).cases == 126
    assert cases_needed(variance, readers=5, effect=0.0, margin=0.05).cases == 126


def test_equal_models_have_no_size_without_a_margin() -> None:
    with pytest.raises(StatisticsError, match=r"AUCs of 0\.8 and 0\.8 have no difference to find"):
        auc_comparison_size(0.8, 0.8, prevalence=0.3, correlation=0.5)
    with pytest.raises(StatisticsError, match=r"inferior to 0\.8 by the margin of 0\.02 or more"):
        auc_comparison_size(0.8, 0.75, prevalence=0.3, correlation=0.5, margin=0.02)


def test_equivalence_does_not_hang_on_the_last_digit_of_a_p_value() -> None:
    found = tost(0.0, 1.0, low=-1.0, high=1.0)
    assert tost(0.0, 1.0, low=-1.0, high=1.0, level=found.p_value * (1 - 1e-14)).verdict == "equivalent"


@pytest.mark.parametrize("method", ["Wilson", "Agresti-Coull", "Clopper-Pearson"])
@pytest.mark.parametrize("n", [10, 17, 49])
def test_the_interval_of_all_or_none_holds_the_share(method: str, n: int) -> None:
    everyone, nobody = (proportion_interval(k, n, method=method) for k in (n, 0))  # type: ignore[arg-type]
    assert everyone.ci_high == 1.0
    assert nobody.ci_low == 0.0


def test_terms_of_a_cox_model_that_say_the_same_are_refused() -> None:
    terms = np.arange(8.0)[:, np.newaxis] * [1.0, 2.0]
    with pytest.raises(StatisticsError, match="a, b is made of the others"):
        cox_regression([2, 4, 5, 9, 10, 12, 3, 7], [1, 0, 1, 1, 0, 1, 1, 1], terms, ["a", "b"])


def test_a_p_value_without_a_family_is_not_lost() -> None:
    p = pd.Series([0.01, 0.02, 0.03])
    with pytest.raises(StatisticsError, match="2 p-values belong to no family"):
        adjust(p, families=pd.Series(["a", None, None]))
    with pytest.raises(StatisticsError, match="another index"):
        adjust(p, families=pd.Series(list("aab"), index=[2, 1, 0]))


def test_a_lesion_without_a_group_counts_nowhere() -> None:
    found = group_rates([0, 1, 1, 1], [0, 1, 1, 0], ["a", None, math.nan, "b"])
    assert [(rate.group, rate.n_positive, rate.n_negative) for rate in found] == [("a", 0, 1), ("b", 1, 0)]


def test_groups_without_an_estimate_are_not_tested() -> None:
    found = heterogeneity([0.5, math.nan], np.eye(2))
    assert math.isnan(found.p_value)
    assert "missing" in found.note
