"""Sizes for the validation of a model: those of pmvalsampsize 0.2.1, and what happens at the edges.

pmvalsampsize was run with four million simulated patients and increments of a millionth, for what it finds by
drawing and by stepping and is computed here.
"""

from __future__ import annotations

import pytest

from samesplit.errors import StatisticsError
from samesplit.statistics.planning.linear_predictor import LinearPredictor
from samesplit.statistics.planning.validation import validate_binary

NAMES = ("observed / expected", "calibration slope", "c statistic", "standardised net benefit")
NORMAL = LinearPredictor.normal(-1, 1.2)


@pytest.mark.parametrize(
    ("given", "sizes"),
    [
        (
            {
                "prevalence": 0.018,
                "c_statistic": 0.8,
                "predictor": LinearPredictor.normal(-5, 2.5),
                "widths": {"observed / expected": 1.0},
            },
            (906, 4552, 4252),
        ),
        (
            {
                "prevalence": 0.018,
                "c_statistic": 0.8,
                "predictor": LinearPredictor.beta(0.5, 0.5),
                "widths": {"observed / expected": 1.0},
            },
            (906, 1644, 4252),
        ),
        (
            {"prevalence": 0.3, "c_statistic": 0.78, "predictor": NORMAL, "threshold": 0.2},
            (900, 2442, 390, 361),
        ),
        (
            {
                "prevalence": 0.1,
                "c_statistic": 0.85,
                "predictor": LinearPredictor.beta(0.6, 5.4),
                "widths": {"observed / expected": 0.3, "calibration slope": 0.3, "c statistic": 0.08},
            },
            (1549, 2154, 1005),
        ),
        (
            {
                "prevalence": 0.5,
                "c_statistic": 0.7,
                "predictor": LinearPredictor.normal(0, 0.8),
                "observed_to_expected": 1.1,
            },
            (467, 3529, 416),
        ),
        (
            {"prevalence": 0.031, "c_statistic": 0.74, "predictor": LinearPredictor.normal(-4.02, 1.17)},
            (12048, 11365, 3110),
        ),
    ],
)
def test_sizes_are_those_of_pmvalsampsize(given, sizes):
    found = {criterion.name: criterion.n for criterion in validate_binary(**given).criteria}
    for name, n in zip(NAMES, sizes, strict=False):
        drawn = 2e-3 if name == "calibration slope" else 0
        assert found[name] == pytest.approx(n, rel=drawn), name


def test_another_expected_slope_changes_the_information():
    """pmvalsampsize leaves the information at a slope of 1 whatever slope is expected."""
    flat = validate_binary(
        prevalence=0.5, c_statistic=0.7, predictor=LinearPredictor.normal(0, 0.8), slope=0.9
    )
    assert flat.criteria[1].n == 3315


def test_sensitivity_and_specificity_come_from_the_predictions_where_they_are_not_given():
    found = validate_binary(prevalence=0.3, c_statistic=0.78, predictor=NORMAL, threshold=0.2)
    values = {criterion.name: criterion for criterion in found.criteria}
    assert values["sensitivity"].expected == pytest.approx(0.867, abs=1e-3)
    assert values["specificity"].expected == pytest.approx(0.484, abs=1e-3)
    assert values["sensitivity"].n == pytest.approx(592, abs=1)
    assert values["specificity"].n == 549


def test_the_largest_number_counts_and_all_intervals_are_narrow_enough_with_it():
    found = validate_binary(prevalence=0.2, c_statistic=0.8, threshold=0.3, confidence=0.9)
    assert found.n == max(criterion.n for criterion in found.criteria)
    assert all(criterion.width_at_n <= criterion.width for criterion in found.criteria)
    assert found.events == pytest.approx(0.2 * found.n)
    assert found.predictor.c_statistic == pytest.approx(0.8, abs=1e-4)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"prevalence": 1.0}, "prevalence"),
        ({"c_statistic": 0.4}, "C statistic"),
        ({"widths": {"auc": 0.1}}, "no estimate 'auc'"),
        ({"sensitivity": 0.8}, "give the threshold"),
        ({"sensitivity": 1.0, "threshold": 0.2}, "a sensitivity"),
    ],
)
def test_numbers_that_fit_no_validation_are_errors(given, message):
    with pytest.raises(StatisticsError, match=message):
        validate_binary(**({"prevalence": 0.2, "c_statistic": 0.8} | given))
