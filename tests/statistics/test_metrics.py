from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit, logit

from samesplit.errors import StatisticsError
from samesplit.statistics.checks import IntArray
from samesplit.statistics.metrics import (
    average_precision,
    bin_of,
    brier,
    brier_scaled,
    calibration_in_the_large,
    calibration_slope,
    expected_calibration_error,
    log_loss,
)

LABELS = np.tile([0, 0, 1], 20)
PROBABILITIES = np.clip(0.3 + 0.3 * LABELS + np.random.default_rng(2).normal(0, 0.2, 60), 0.02, 0.98)


def test_average_precision_is_not_the_trapezoid() -> None:
    # Precision 1/1, 1/2, 2/3 at recall 1/2, 1/2, 1: the staircase gives 1/2 + 1/2 * 2/3.
    assert average_precision([1, 0, 1], [0.9, 0.8, 0.7]) == pytest.approx(5 / 6)


def test_average_precision_takes_ties_as_one_step() -> None:
    assert average_precision([1, 0, 0, 1], [0.5, 0.5, 0.5, 0.5]) == 0.5


def test_brier_and_log_loss_of_one_class_are_defined() -> None:
    assert brier([1, 1], [0.5, 1.0]) == 0.125
    assert log_loss([1], [0.5]) == pytest.approx(math.log(2))


def test_log_loss_of_a_certain_error_is_finite() -> None:
    assert log_loss([1, 0], [0.0, 0.5]) == pytest.approx((-math.log(1e-6) + math.log(2)) / 2)


def test_scaled_brier_of_the_prevalence_is_0_and_of_the_truth_1() -> None:
    assert brier_scaled([0, 0, 0, 1], [0.25] * 4) == pytest.approx(0)
    assert brier_scaled([0, 0, 0, 1], [0, 0, 0, 1]) == 1


@pytest.mark.parametrize("statistic", [average_precision, brier_scaled, calibration_slope])
def test_a_missing_class_is_an_error(statistic: Callable[..., object]) -> None:
    with pytest.raises(StatisticsError, match="negative"):
        statistic([1, 1], [0.2, 0.3])


def test_probabilities_outside_0_and_1_are_an_error() -> None:
    with pytest.raises(StatisticsError, match="outside"):
        brier([0, 1], [0.5, 1.5])


def test_bins_of_equal_width_hold_their_lower_edge() -> None:
    edges = np.arange(11) / 10
    assert bin_of(edges).tolist() == [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9]
    just_below = np.nextafter(edges[1:-1], 0)
    assert bin_of(just_below).tolist() == [1, 2, 3, 4, 5, 6, 7, 8, 9]
    assert bin_of(edges[1:-1] - 1e-7).tolist() == [0, 1, 2, 3, 4, 5, 6, 7, 8]


@given(st.lists(st.floats(0, 1), min_size=1, max_size=40), st.integers(1, 12))
def test_every_probability_has_a_bin_and_equal_ones_share_it(values: list[float], n_bins: int) -> None:
    for binning in ("width", "frequency"):
        bins = bin_of(values, n_bins=n_bins, binning=binning)  # type: ignore[arg-type]
        assert bins.min() >= 0
        assert bins.max() < n_bins
        assert all(np.ptp(bins[np.array(values) == value]) == 0 for value in values)
        assert (np.diff(bins[np.argsort(values)]) >= 0).all()


def test_bins_of_equal_frequency_hold_equally_many() -> None:
    values = np.random.default_rng(0).random(100)
    assert np.bincount(bin_of(values, binning="frequency")).tolist() == [10] * 10


def test_unknown_or_no_bins_are_errors() -> None:
    with pytest.raises(StatisticsError, match="unknown binning"):
        bin_of([0.5], binning="mass")  # type: ignore[arg-type]
    with pytest.raises(StatisticsError, match="too few"):
        bin_of([0.5], n_bins=0)


def test_slope_of_calibrated_probabilities_is_near_1_and_intercept_near_0() -> None:
    generator = np.random.default_rng(0)
    p = generator.uniform(0.05, 0.95, 4000)
    y = (generator.random(4000) < p).astype(int)
    slope, large = calibration_slope(y, p), calibration_in_the_large(y, p)
    assert slope.ci_low < 1 < slope.ci_high
    assert large.ci_low < 0 < large.ci_high
    assert slope.method == "logistic regression, Wald"


def test_slope_halves_when_logits_double() -> None:
    odds = (PROBABILITIES / (1 - PROBABILITIES)) ** 2
    doubled = calibration_slope(LABELS, odds / (1 + odds)).estimate
    assert doubled == pytest.approx(calibration_slope(LABELS, PROBABILITIES).estimate / 2, rel=1e-6)


@pytest.mark.parametrize("flip", [False, True])
def test_slope_of_complete_separation_is_not_a_number(flip: bool) -> None:
    p = np.array([0.1, 0.2, 0.8, 0.9])
    found = calibration_slope([0, 0, 1, 1], 1 - p if flip else p)
    assert math.isnan(found.estimate)
    assert "separate" in found.note


def test_slope_of_equal_probabilities_is_not_a_number() -> None:
    found = calibration_slope([0, 0, 1, 1], [0.4] * 4)
    assert math.isnan(found.estimate)
    assert "alike" in found.note


def test_certain_probabilities_are_moved_and_noted() -> None:
    found = calibration_slope([0, 1, 0, 1], [0.0, 0.4, 0.6, 1.0])
    assert "2 probabilities moved" in found.note
    assert math.isfinite(found.estimate)


def test_predictions_of_the_same_patients_do_not_narrow_the_interval() -> None:
    patients = np.arange(60)
    once = calibration_slope(LABELS, PROBABILITIES, patients=patients)
    tiled = [np.tile(column, 4) for column in (LABELS, PROBABILITIES, patients)]
    clustered = calibration_slope(tiled[0], tiled[1], patients=tiled[2])
    naive = calibration_slope(tiled[0], tiled[1])
    assert clustered.method.endswith("clustered by patient")
    assert clustered.estimate == pytest.approx(once.estimate, rel=1e-6)
    width = once.ci_high - once.ci_low
    assert clustered.ci_high - clustered.ci_low > 0.6 * width
    assert naive.ci_high - naive.ci_low == pytest.approx(width / 2, rel=1e-6)


@pytest.mark.data
@pytest.mark.parametrize("column", ["p_ref", "p_new", "p_mis"])
def test_calibration_matches_r(reference: Callable[[str], pd.DataFrame], column: str) -> None:
    data = reference("calibration_binary.csv")
    table = reference("expected/calibration_nri_dca.csv").query("analysis_id == @column")
    table = table[~table["tool"].str.startswith(("rms", "dcurves", "Hmisc"))]
    value = table.set_index(["table", "row", "stat"])["value"]
    y, p = data["y"], data[column]
    assert brier(y, p) == pytest.approx(value["brier", np.nan, "brier"], rel=1e-9)
    assert brier_scaled(y, p) == pytest.approx(value["brier", np.nan, "brier_scaled"], rel=1e-9)
    assert log_loss(y, p) == pytest.approx(table.query("table == 'logloss'")["value"].item(), rel=1e-9)
    for n_bins in (10, 15):
        found = expected_calibration_error(y, p, n_bins=n_bins)
        assert found == pytest.approx(value["ece_equal_width", str(n_bins), "ECE"], rel=1e-9)
    even = expected_calibration_error(y, p, binning="frequency")
    assert even == pytest.approx(value["ece_equal_mass_rank10", "10", "ECE"], rel=1e-9)
    slope, large = calibration_slope(y, p), calibration_in_the_large(y, p)
    cox = table.query("table == 'cox_recalibration'").set_index("stat")["value"]
    assert slope.estimate == pytest.approx(cox["slope"], rel=1e-7)
    assert slope.ci_low == pytest.approx(cox["slope_ci_lower_wald"], rel=1e-7)
    assert slope.ci_high == pytest.approx(cox["slope_ci_upper_wald"], rel=1e-7)
    offset = table.query("stat == 'intercept_offset'")["value"].item()
    assert large.estimate == pytest.approx(offset, rel=1e-7, abs=1e-7)


@pytest.mark.parametrize("patients", [None, np.repeat(np.arange(11), 2)])
def test_the_intercept_is_found_where_probabilities_are_near_their_bounds(patients: IntArray | None) -> None:
    """Fisher scoring from the usual start overshoots here; as many positives are expected as there are."""
    y = np.array([0] * 10 + [1] * 12)
    p = np.array([1e-9] * 9 + [1 - 1e-9] + [1 - 1e-9] * 10 + [1e-9] * 2)
    found = calibration_in_the_large(y, p, patients=patients)
    shifted = expit(logit(np.clip(p, 1e-6, 1 - 1e-6)) + found.estimate)
    assert shifted.sum() == pytest.approx(12, abs=1e-6)
    assert found.ci_low < found.estimate < found.ci_high
    if patients is None:
        half = 1.959963984540054 / np.sqrt((shifted * (1 - shifted)).sum())
        assert found.ci_high - found.estimate == pytest.approx(half, rel=1e-6)
