"""How good probabilities are: precision-recall, scoring rules, calibration."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq
from scipy.special import expit, logit
from sklearn.metrics import average_precision_score, brier_score_loss
from sklearn.metrics import log_loss as sklearn_log_loss
from statsmodels.genmod import families
from statsmodels.genmod.generalized_linear_model import GLM
from statsmodels.tools.tools import add_constant

from samesplit.errors import StatisticsError
from samesplit.ordering import RELATIVE, at_least, at_most, merge_probabilities
from samesplit.statistics.checks import (
    FloatArray,
    IntArray,
    check_confidence,
    check_labels,
    check_scores,
    codes_of,
)
from samesplit.statistics.interval import Interval

__all__ = [
    "average_precision",
    "bin_of",
    "brier",
    "brier_scaled",
    "calibration_in_the_large",
    "calibration_slope",
    "expected_calibration_error",
    "log_loss",
]

Binning = Literal["width", "frequency"]

PROBABILITY_FLOOR = 1e-6
"""Probabilities nearer to 0 or 1 than this are moved here before a logarithm is taken."""


def _both(
    labels: npt.ArrayLike, probabilities: npt.ArrayLike, *, both_classes: bool
) -> tuple[IntArray, FloatArray]:
    truth = check_labels(labels, both_classes=both_classes)
    return truth, check_scores(probabilities, n=truth.size, probabilities=True)


def average_precision(labels: npt.ArrayLike, scores: npt.ArrayLike) -> float:
    """Compute the area under the precision-recall curve as average precision.

    The sum of precision times step in recall, ties as one step. It is not the trapezoid under the curve,
    which interpolates between points that no threshold reaches and is too optimistic.

    Args:
        labels: Shape (n,), 0 or 1, both present.
        scores: Shape (n,), more means more likely positive.

    Returns:
        Between 0 and 1; a useless score gives about the share of positives.

    Raises:
        StatisticsError: A class is missing, or a score is not finite.

    Example:
        >>> round(average_precision([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8]), 4)
        0.8333
    """
    truth = check_labels(labels)
    return float(average_precision_score(truth, check_scores(scores, n=truth.size)))


def brier(labels: npt.ArrayLike, probabilities: npt.ArrayLike) -> float:
    """Compute the Brier score, the mean squared distance of probability and truth; 0 is perfect.

    Args:
        labels: Shape (n,), 0 or 1.
        probabilities: Shape (n,), in [0, 1].

    Raises:
        StatisticsError: Probabilities outside [0, 1], or labels other than 0 and 1.

    Example:
        >>> brier([0, 1], [0.5, 0.5])
        0.25
    """
    truth, values = _both(labels, probabilities, both_classes=False)
    return float(brier_score_loss(truth, values, pos_label=1, labels=[0, 1]))


def brier_scaled(labels: npt.ArrayLike, probabilities: npt.ArrayLike) -> float:
    """Compute the scaled Brier score (index of prediction accuracy): 1 - Brier / (share (1 - share)).

    1 is perfect, 0 as good as giving everyone the share of positives, negative worse than that.

    Args:
        labels: Shape (n,), 0 or 1, both present.
        probabilities: Shape (n,), in [0, 1].

    Raises:
        StatisticsError: A class is missing, or probabilities outside [0, 1].

    References:
        Kattan MW, Gerds TA. Diagn Progn Res 2018;2:7. doi:10.1186/s41512-018-0029-2.
    """
    truth, values = _both(labels, probabilities, both_classes=True)
    share = float(truth.mean())
    return 1 - brier(truth, values) / (share * (1 - share))


def log_loss(labels: npt.ArrayLike, probabilities: npt.ArrayLike) -> float:
    """Compute the mean negative log-likelihood, in nats; probabilities are kept 1e-6 away from 0 and 1.

    Args:
        labels: Shape (n,), 0 or 1.
        probabilities: Shape (n,), in [0, 1].

    Raises:
        StatisticsError: Probabilities outside [0, 1], or labels other than 0 and 1.
    """
    truth, values = _both(labels, probabilities, both_classes=False)
    safe = np.clip(values, PROBABILITY_FLOOR, 1 - PROBABILITY_FLOOR)
    return float(sklearn_log_loss(truth, safe, labels=[0, 1]))


def bin_of(probabilities: npt.ArrayLike, *, n_bins: int = 10, binning: Binning = "width") -> IntArray:
    """Assign each probability to a bin.

    Args:
        probabilities: Shape (n,), in [0, 1].
        n_bins: How many bins.
        binning: `width` makes the bins [k / n_bins, (k + 1) / n_bins), the last one closed; what is equal to an
            edge but for its last digits is in the bin above. `frequency` ranks
            the probabilities and cuts the ranks into equal parts; equal probabilities share the bin of their
            first rank, so that the order of the rows does not matter.

    Returns:
        Shape (n,), bin numbers from 0; bins may be empty.

    Raises:
        StatisticsError: Probabilities outside [0, 1], no bins, or an unknown binning.

    Example:
        >>> bin_of([0.0, 0.1, 0.95, 1.0]).tolist()
        [0, 1, 9, 9]
    """
    values = np.asarray(probabilities, dtype=np.float64)
    values = check_scores(values, n=values.size, probabilities=True)
    if n_bins < 1:
        raise StatisticsError(f"{n_bins} bins are too few")
    if binning == "width":
        edges = np.arange(1, n_bins) / n_bins
        return np.searchsorted(edges * (1 - RELATIVE), values, side="right").astype(np.int64)
    if binning == "frequency":
        merged = merge_probabilities(values)
        first_rank = np.searchsorted(np.sort(merged), merged, side="left")
        return (first_rank * n_bins // values.size).astype(np.int64)
    raise StatisticsError(f"unknown binning {binning!r}", remedy="use 'width' or 'frequency'")


def expected_calibration_error(
    labels: npt.ArrayLike,
    probabilities: npt.ArrayLike,
    *,
    n_bins: int = 10,
    binning: Binning = "width",
) -> float:
    """Compute the expected calibration error: the mean over bins of |share of positives - mean probability|.

    Bins count by their number of predictions; empty bins count nothing. It grows with the number of bins and
    is biased upwards in small samples, so it compares models on the same lesions and no others.

    Args:
        labels: Shape (n,), 0 or 1.
        probabilities: Shape (n,), in [0, 1].
        n_bins: How many bins.
        binning: See `bin_of`.

    Returns:
        Between 0 (calibrated in every bin) and 1.

    Raises:
        StatisticsError: Probabilities outside [0, 1], labels other than 0 and 1, or an unknown binning.

    Example:
        >>> round(expected_calibration_error([0, 1, 1, 1], [0.2, 0.2, 0.9, 0.9]), 6)
        0.2
    """
    truth, values = _both(labels, probabilities, both_classes=False)
    bins = bin_of(values, n_bins=n_bins, binning=binning)
    return float(np.abs(np.bincount(bins, weights=truth - values)).sum() / truth.size)


def calibration_slope(
    labels: npt.ArrayLike,
    probabilities: npt.ArrayLike,
    *,
    patients: npt.ArrayLike | None = None,
    confidence: float = 0.95,
) -> Interval:
    """Estimate Cox's calibration slope: the logistic regression of truth on logit(probability).

    1 is ideal; below 1 the probabilities are too extreme, above 1 not extreme enough.

    Args:
        labels: Shape (n,), 0 or 1, both present.
        probabilities: Shape (n,), in [0, 1]; kept 1e-6 away from 0 and 1, which is noted.
        patients: Shape (n,), the patient of each prediction; when one has several, the Wald interval uses the
            variance that is robust to their correlation.
        confidence: Two-sided coverage.

    Returns:
        The slope with its Wald interval; NaN with a note when the probabilities are all alike or separate the
        classes completely, since no finite slope fits best then.

    Raises:
        StatisticsError: A class is missing, or probabilities outside [0, 1].

    References:
        Cox DR. Two further applications of a model for binary regression. Biometrika 1958;45:562-565.
        doi:10.1093/biomet/45.3-4.562.
    """
    truth, x, note = _logits(labels, probabilities)
    if np.ptp(x) < 1e-9:
        return _no_fit("all probabilities are alike: no slope")
    above, below = x[truth == 1], x[truth == 0]
    size = float(np.abs(x).max())
    if at_most(below.max(), above.min(), scale=size) or at_least(below.min(), above.max(), scale=size):
        return _no_fit("the probabilities separate the classes completely: no finite slope")
    model = GLM(truth, add_constant(x), family=families.Binomial())
    return _wald(model, len(truth), patients=patients, confidence=confidence, note=note)


def calibration_in_the_large(
    labels: npt.ArrayLike,
    probabilities: npt.ArrayLike,
    *,
    patients: npt.ArrayLike | None = None,
    confidence: float = 0.95,
) -> Interval:
    """Estimate the calibration intercept at slope 1 (calibration in the large).

    0 is ideal; above 0 the probabilities are too low on the whole, below 0 too high.

    Args:
        labels: Shape (n,), 0 or 1, both present.
        probabilities: Shape (n,), in [0, 1]; kept 1e-6 away from 0 and 1, which is noted.
        patients: Shape (n,), the patient of each prediction; see `calibration_slope`.
        confidence: Two-sided coverage.

    Returns:
        The intercept, on the log-odds scale, with its Wald interval.

    Raises:
        StatisticsError: A class is missing, or probabilities outside [0, 1].
    """
    truth, x, note = _logits(labels, probabilities)
    model = GLM(truth, np.ones((truth.size, 1)), family=families.Binomial(), offset=x)
    found = _wald(model, len(truth), patients=patients, confidence=confidence, note=note)
    # The intercept at which as many positives are expected as there are. Fisher scoring overshoots it where many
    # probabilities are near 0 or 1, and is begun again from there.
    reach = float(np.abs(x).max()) + 40.0
    intercept = float(
        brentq(lambda shift: float((expit(x + shift) - truth).sum()), -reach, reach, xtol=1e-12)
    )
    if math.isfinite(found.ci_low) and abs(found.estimate - intercept) <= 1e-6 * max(1.0, abs(intercept)):
        return found
    return _wald(model, len(truth), patients=patients, confidence=confidence, note=note, start=intercept)


def _logits(labels: npt.ArrayLike, probabilities: npt.ArrayLike) -> tuple[IntArray, FloatArray, str]:
    truth, values = _both(labels, probabilities, both_classes=True)
    safe = np.clip(values, PROBABILITY_FLOOR, 1 - PROBABILITY_FLOOR)
    moved = int((safe != values).sum())
    note = f"{moved} probabilities moved to {PROBABILITY_FLOOR:g} from 0 or 1" if moved else ""
    return truth, logit(safe), note


def _no_fit(note: str) -> Interval:
    return Interval(math.nan, math.nan, math.nan, "logistic regression, Wald", note)


def _wald(
    model: GLM,
    n: int,
    *,
    patients: npt.ArrayLike | None,
    confidence: float,
    note: str,
    start: float | None = None,
) -> Interval:
    """Fit and report the last coefficient."""
    codes = np.arange(n) if patients is None else codes_of(patients, n=n)
    method = "logistic regression, Wald"
    settings: dict[str, object] = {"tol": 1e-13, "maxiter": 200}
    if codes.max() + 1 < n:
        settings |= {"cov_type": "cluster", "cov_kwds": {"groups": codes}}
        method = "logistic regression, Wald clustered by patient"
    if start is not None:
        settings["start_params"] = [start]
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        fit = model.fit(**settings)
    low, high = fit.conf_int(alpha=1 - check_confidence(confidence))[-1]
    return Interval(float(fit.params[-1]), float(low), float(high), method, note)
