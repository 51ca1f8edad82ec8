"""Flexible calibration curves: the observed share as a smooth function of the probability, and its distance."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from statsmodels.nonparametric.smoothers_lowess import lowess

from samesplit.errors import StatisticsError
from samesplit.ordering import merge_equals, merge_probabilities
from samesplit.statistics.absolute_sums import Summary, absolute_interval, signed_noise
from samesplit.statistics.bootstrap import PatientBootstrap
from samesplit.statistics.calibration.loess import Loess
from samesplit.statistics.checks import FloatArray, IntArray, check_confidence, check_labels, check_scores
from samesplit.statistics.interval import Interval

__all__ = ["CalibrationDistances", "FlexibleCalibration", "calibration_distances", "flexible_calibration"]

_REPRESENTATIVES = 50
"""Of more predictions the noise of the curve is looked at in so many places, at even ranks."""
_CURVE_COLUMNS = ["probability", "observed", "ci_low", "ci_high"]


@dataclass(frozen=True)
class CalibrationDistances:
    """How far a smooth calibration curve is from the diagonal, over the predictions that were made.

    Attributes:
        ici: The mean distance (integrated calibration index; Eavg of `val.prob`).
        e50: The median distance.
        e90: The 90th percentile of the distances.
        emax: The largest distance.
    """

    ici: float
    e50: float
    e90: float
    emax: float


def _mean(distances: FloatArray) -> FloatArray:
    result: FloatArray = distances.mean(axis=1)
    return result


def _quantile(share: float) -> Summary:
    """Return the quantile of every row, of R's type 7, by partial sorting."""

    def of_rows(distances: FloatArray) -> FloatArray:
        place = share * (distances.shape[1] - 1)
        low, high = math.floor(place), math.ceil(place)
        ordered = np.partition(distances, (low, high), axis=1)
        result: FloatArray = ordered[:, low] + (place - low) * (ordered[:, high] - ordered[:, low])
        return result

    return of_rows


def _largest(distances: FloatArray) -> FloatArray:
    result: FloatArray = distances.max(axis=1)
    return result


_SUMMARIES: dict[str, Summary] = {
    "ici": _mean,
    "e50": _quantile(0.5),
    "e90": _quantile(0.9),
    "emax": _largest,
}


def calibration_distances(
    labels: npt.ArrayLike,
    probabilities: npt.ArrayLike,
    *,
    smoother: Literal["loess", "lowess"] = "loess",
) -> CalibrationDistances:
    """Compute the mean, median, 90th percentile and maximum distance of probability and smoothed observed share.

    Tools differ in the curve, and so do the numbers (0.0134 and 0.0122 on the same 750 predictions): say which
    one was used.

    Args:
        labels: Shape (n,), 0 or 1.
        probabilities: Shape (n,), in [0, 1].
        smoother: `loess` is the local quadratic regression of Austin and Steyerberg (R's `loess` by default: span
            0.75, degree 2); `lowess` the local line of Harrell's `val.prob` (rms: f = 2/3, no robustness
            iterations).

    Returns:
        The distances, all 0 where the curve is the diagonal. The curve is not cut off at 0 and 1.

    Raises:
        StatisticsError: Probabilities outside [0, 1], labels other than 0 and 1, or too few distinct
            probabilities for a curve.

    References:
        Austin PC, Steyerberg EW. The integrated calibration index (ICI) and related metrics for quantifying the
        calibration of logistic regression models. Stat Med 2019;38:4051-4065. doi:10.1002/sim.8281.

    Example:
        >>> p = np.linspace(0.05, 0.95, 40)
        >>> found = calibration_distances((p > 0.5).astype(int), p)  # not extreme enough
        >>> round(found.ici, 2), round(found.emax, 2)
        (0.23, 0.38)
    """
    truth, p = _checked(labels, probabilities)
    if smoother == "loess":
        curve = Loess(p).curve(truth)[0]
    elif smoother == "lowess":
        if np.ptp(p) == 0:
            raise StatisticsError("all probabilities are alike: there is no curve", remedy="use bins instead")
        if np.unique(merge_equals(p), return_counts=True)[1].max() >= int(2 / 3 * p.size):
            raise StatisticsError(
                "two thirds of the probabilities or more are alike: lowess has no neighbours to smooth over",
                remedy="use bins instead",
            )
        curve = lowess(truth, p, frac=2 / 3, it=0, delta=0.01 * np.ptp(p), return_sorted=False)
    else:
        raise StatisticsError(f"unknown smoother {smoother!r}", remedy="use 'loess' or 'lowess'")
    return _distances(p, curve)


@dataclass(frozen=True)
class FlexibleCalibration:
    """A smooth calibration curve with its distances from the diagonal.

    Attributes:
        curve: Columns probability, observed, ci_low and ci_high (a pointwise band), all in [0, 1]; no rows where
            there is no curve.
        distances: `ici`, `e50`, `e90` and `emax`, each with its interval; NaN with a note where there is no curve.
    """

    curve: pd.DataFrame
    distances: dict[str, Interval]


def flexible_calibration(
    labels: npt.ArrayLike,
    probabilities: npt.ArrayLike,
    *,
    samples: PatientBootstrap | None = None,
    columns: npt.ArrayLike | None = None,
    n_points: int = 101,
    confidence: float = 0.95,
) -> FlexibleCalibration:
    """Smooth the observed share over the probability by loess, with a bootstrap band and intervals.

    Each sample of patients has a curve of its own; the neighbourhoods and the places at which distances are taken
    stay those of the data. The band is made of the curves' percentiles. Distances cannot fall below 0 and noise
    makes them larger, so their intervals invert a test, as that of the expected calibration error does; they end
    at 1.

    Args:
        labels: Shape (n,), 0 or 1.
        probabilities: Shape (n,), in [0, 1].
        samples: Bootstrap samples of patients; None gives no band and no intervals.
        columns: Shape (n,), the column of the samples' weights that belongs to the patient of each prediction;
            None where predictions and columns are in the same order.
        n_points: In how many places, evenly from the smallest to the largest probability, the curve is given.
        confidence: Two-sided coverage.

    Raises:
        StatisticsError: Probabilities outside [0, 1], or labels other than 0 and 1.

    References:
        Austin PC, Steyerberg EW. Stat Med 2019;38:4051-4065. doi:10.1002/sim.8281.

    Example:
        >>> p = np.linspace(0.05, 0.95, 40)
        >>> found = flexible_calibration((p > 0.5).astype(int), p, n_points=3)
        >>> np.round(found.curve["observed"], 2).tolist()
        [0.11, 0.49, 0.89]
    """
    truth, p = _checked(labels, probabilities)
    check_confidence(confidence)
    try:
        smoother = Loess(p)
    except StatisticsError:
        note = "too few distinct probabilities for a smooth calibration curve: not defined"
        nothing = Interval(math.nan, math.nan, math.nan, "no interval", note)
        return FlexibleCalibration(
            pd.DataFrame(columns=_CURVE_COLUMNS, dtype=float), dict.fromkeys(_SUMMARIES, nothing)
        )
    grid = np.linspace(p.min(), p.max(), n_points)
    exact = vars(_distances(p, smoother.curve(truth)[0]))
    if samples is None:
        observed = np.clip(smoother.curve(truth, at=grid)[0], 0, 1)
        curve = pd.DataFrame(
            {"probability": grid, "observed": observed, "ci_low": math.nan, "ci_high": math.nan}
        )
        none = {name: Interval(exact[name], math.nan, math.nan, "no interval") for name in _SUMMARIES}
        return FlexibleCalibration(curve, none)
    codes = np.arange(p.size) if columns is None else np.asarray(columns, dtype=np.int64)
    ranks = np.linspace(0, p.size - 1, min(p.size, _REPRESENTATIVES)).round().astype(np.int64)
    places = np.concatenate([np.sort(p)[ranks], grid])
    drawn, noise = signed_noise(samples, lambda w: smoother.curve(truth, at=places, weights=w[:, codes]))
    k = ranks.size
    distances = {}
    for name, summary in _SUMMARIES.items():
        found = absolute_interval(
            drawn[:k] - places[:k], noise[:, :k], summary, estimate=exact[name], confidence=confidence
        )
        distances[name] = replace(found, ci_high=min(found.ci_high, max(1.0, found.estimate)))
    return FlexibleCalibration(_with_band(grid, drawn[k:], noise[:, k:], confidence), distances)


def _with_band(grid: FloatArray, curve: FloatArray, noise: FloatArray, confidence: float) -> pd.DataFrame:
    alpha = (1 - confidence) / 2
    low, high = np.quantile(curve + noise, (alpha, 1 - alpha), axis=0)
    bounds = (np.minimum(low, curve), np.maximum(high, curve))
    columns = [np.clip(values, 0, 1) for values in (curve, *bounds)]
    return pd.DataFrame(dict(zip(_CURVE_COLUMNS, [grid, *columns], strict=True)))


def _checked(labels: npt.ArrayLike, probabilities: npt.ArrayLike) -> tuple[IntArray, FloatArray]:
    truth = check_labels(labels, both_classes=False)
    return truth, merge_probabilities(check_scores(probabilities, n=truth.size, probabilities=True))


def _distances(p: FloatArray, curve: FloatArray) -> CalibrationDistances:
    apart = np.abs(curve - p)[np.newaxis]
    return CalibrationDistances(**{name: float(summary(apart)[0]) for name, summary in _SUMMARIES.items()})
