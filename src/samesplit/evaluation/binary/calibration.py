"""Calibration of a model as rows of the results table: bins, smooth curve, recalibration, Spiegelhalter's test.

All predictions are taken together, whatever their fold, since probabilities of all folds are on one scale.
"""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from samesplit.evaluation.binary.draws import Draws
from samesplit.statistics.absolute_sums import absolute_interval, absolute_sum_interval, signed_noise
from samesplit.statistics.calibration import (
    FlexibleCalibration,
    bin_of,
    calibration_in_the_large,
    calibration_intercept,
    calibration_slope,
    flexible_calibration,
    maximum_calibration_error,
    spiegelhalter,
)
from samesplit.statistics.checks import FloatArray, IntArray
from samesplit.statistics.interval import Interval

__all__ = ["calibration_rows", "recalibration_rows", "smooth_calibration"]

_FEW_IN_A_BIN = "the largest of bins that may hold a single lesion: no interval"
_ONE_PROBABILITY = "each fitted model gives all lesions one probability: not defined"


def calibration_rows(table: pd.DataFrame, draws: Draws, *, confidence: float) -> list[tuple[str, Interval]]:
    """Estimate all that is said of the calibration of a model.

    Args:
        table: Of the model.
        draws: The bootstrap samples of the patients.
        confidence: Two-sided coverage.

    Returns:
        `ece` and `mce` in ten bins of equal width, the same with `_equal_frequency`, the distances of the smooth
        curve (`ici`, `e50`, `e90`, `emax`), `calibration_slope`, `calibration_in_the_large`,
        `calibration_intercept`, and `spiegelhalter_z` with its p-value; `mce` and the last have no interval.
    """
    y, p = table["label"].to_numpy(dtype=np.int64), table["score"].to_numpy(dtype=np.float64)
    codes = draws.codes(table["patient_id"])
    found: list[tuple[str, Interval]] = []
    even = bin_of(p, binning="frequency")
    found.append(("ece", _expected_error(draws, codes, y - p, bin_of(p), confidence=confidence)))
    found.append(("ece_equal_frequency", _expected_error(draws, codes, y - p, even, confidence=confidence)))
    largest = maximum_calibration_error(y, p)
    found.append(("mce", Interval(largest, math.nan, math.nan, "no interval", _FEW_IN_A_BIN)))
    found.append(("mce_equal_frequency", _maximum_error(draws, codes, y - p, even, confidence=confidence)))
    found += smooth_calibration(table, draws, confidence=confidence).distances.items()
    found += recalibration_rows(table, y, p, confidence=confidence)
    found.append(("calibration_intercept", _intercept(table, y, p, confidence=confidence)))
    found.append(("spiegelhalter_z", spiegelhalter(y, p, patients=table["patient_id"])))
    return found


def smooth_calibration(table: pd.DataFrame, draws: Draws, *, confidence: float) -> FlexibleCalibration:
    """Smooth the share of positives over the probability; no curve for a model that gives all one probability.

    Args:
        table: Of a model.
        draws: The bootstrap samples of the patients.
        confidence: Two-sided coverage of the band and the intervals.
    """
    if _is_constant(table):
        nothing = Interval(math.nan, math.nan, math.nan, "no interval", _ONE_PROBABILITY)
        found = flexible_calibration([0, 1], [0.5, 0.5])
        return FlexibleCalibration(found.curve, dict.fromkeys(found.distances, nothing))
    found = flexible_calibration(
        table["label"],
        table["score"],
        samples=draws.samples,
        columns=draws.codes(table["patient_id"]),
        confidence=confidence,
    )
    if draws.samples is not None:
        return found
    distances = {
        name: Interval(one.estimate, math.nan, math.nan, one.method, one.note or draws.reason)
        for name, one in found.distances.items()
    }
    return FlexibleCalibration(found.curve, distances)


def recalibration_rows(
    table: pd.DataFrame, y: IntArray, p: FloatArray, *, confidence: float
) -> list[tuple[str, Interval]]:
    """Estimate the calibration slope, and the intercept at slope 1 (calibration in the large).

    Args:
        table: Predictions of a model, with the columns patient_id, cell and score.
        y: 1 for a positive lesion, else 0.
        p: The probabilities.
        confidence: Two-sided coverage.
    """
    names = ("calibration_slope", "calibration_in_the_large")
    nothing = _undefined(table, y)
    if nothing is not None and y.min() == y.max():
        return [(name, nothing) for name in names]
    patients = table["patient_id"]
    slope = nothing or calibration_slope(y, p, patients=patients, confidence=confidence)
    large = calibration_in_the_large(y, p, patients=patients, confidence=confidence)
    return list(zip(names, (slope, large), strict=True))


def _intercept(table: pd.DataFrame, y: IntArray, p: FloatArray, *, confidence: float) -> Interval:
    return _undefined(table, y) or calibration_intercept(
        y, p, patients=table["patient_id"], confidence=confidence
    )


def _undefined(table: pd.DataFrame, y: IntArray) -> Interval | None:
    """Say why there is no calibration slope, when there is none."""
    if y.min() == y.max():
        return Interval(math.nan, math.nan, math.nan, "no interval", "one class only: not defined")
    if _is_constant(table):
        return Interval(math.nan, math.nan, math.nan, "no interval", _ONE_PROBABILITY)
    return None


def _is_constant(table: pd.DataFrame) -> bool:
    return bool(table.groupby("cell")["score"].agg(np.ptp).eq(0).all())


def _expected_error(
    draws: Draws, codes: IntArray, gaps: FloatArray, bins: IntArray, *, confidence: float
) -> Interval:
    member = np.eye(int(bins.max()) + 1)[bins]

    def weighted_gaps(weights: FloatArray) -> FloatArray:
        w = weights[:, codes]
        result: FloatArray = ((w * gaps) @ member) / w.sum(axis=1, keepdims=True)
        return result

    if draws.samples is None:
        estimate = float(np.abs(weighted_gaps(np.ones((1, len(draws.patients))))).sum())
        return Interval(estimate, math.nan, math.nan, "no interval", draws.reason)
    return absolute_sum_interval(draws.samples, weighted_gaps, confidence=confidence)


def _maximum_error(
    draws: Draws, codes: IntArray, gaps: FloatArray, bins: IntArray, *, confidence: float
) -> Interval:
    member = np.eye(int(bins.max()) + 1)[np.unique(bins, return_inverse=True)[1]]
    member = member[:, member.any(axis=0)]
    plain = gaps @ member / member.sum(axis=0)

    def mean_gaps(weights: FloatArray) -> FloatArray:
        """Return the mean gap of each bin; that of all predictions where a sample has none of the bin."""
        w = weights[:, codes]
        sizes = w @ member
        result: FloatArray = np.tile(plain, (len(w), 1))
        np.divide((w * gaps) @ member, sizes, out=result, where=sizes > 0)
        return result

    if draws.samples is None:
        return Interval(float(np.abs(plain).max()), math.nan, math.nan, "no interval", draws.reason)
    values, noise = signed_noise(draws.samples, mean_gaps)
    return absolute_interval(values, noise, lambda v: v.max(axis=1), confidence=confidence)
