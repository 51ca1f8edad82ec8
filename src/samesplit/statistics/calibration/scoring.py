"""Scoring rules: Brier score, its parts and its scaled form, and the log loss."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sklearn.metrics import brier_score_loss
from sklearn.metrics import log_loss as sklearn_log_loss

from samesplit.statistics.calibration.binned import Binning, bin_of
from samesplit.statistics.checks import FloatArray, IntArray, check_labels, check_scores

__all__ = ["PROBABILITY_FLOOR", "BrierParts", "brier", "brier_parts", "brier_scaled", "log_loss"]

PROBABILITY_FLOOR = 1e-6
"""Probabilities nearer to 0 or 1 than this are moved here before a logarithm is taken."""


def _both(
    labels: npt.ArrayLike, probabilities: npt.ArrayLike, *, both_classes: bool
) -> tuple[IntArray, FloatArray]:
    truth = check_labels(labels, both_classes=both_classes)
    return truth, check_scores(probabilities, n=truth.size, probabilities=True)


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

    Example:
        >>> round(brier_scaled([0, 0, 1, 1], [0.1, 0.3, 0.6, 0.9]), 2)
        0.73
    """
    truth, values = _both(labels, probabilities, both_classes=True)
    share = float(truth.mean())
    return 1 - brier(truth, values) / (share * (1 - share))


@dataclass(frozen=True)
class BrierParts:
    """The parts of a Brier score: it is reliability - resolution + uncertainty + within_bins.

    Attributes:
        reliability: Mean squared distance of the bins' mean probability and share of positives; 0 is calibrated.
        resolution: Mean squared distance of the bins' shares from the share of all; more is better.
        uncertainty: The Brier score of giving everyone the share of positives.
        within_bins: What the probabilities vary inside the bins; 0 where a bin holds one probability.
    """

    reliability: float
    resolution: float
    uncertainty: float
    within_bins: float


def brier_parts(
    labels: npt.ArrayLike, probabilities: npt.ArrayLike, *, n_bins: int = 10, binning: Binning = "width"
) -> BrierParts:
    """Take a Brier score apart into reliability, resolution and uncertainty.

    Args:
        labels: Shape (n,), 0 or 1.
        probabilities: Shape (n,), in [0, 1].
        n_bins: How many bins.
        binning: See `bin_of`.

    Raises:
        StatisticsError: Probabilities outside [0, 1], labels other than 0 and 1, or an unknown binning.

    References:
        Murphy AH. A new vector partition of the probability score. J Appl Meteorol 1973;12:595-600.
        doi:10.1175/1520-0450(1973)012<0595:ANVPOT>2.0.CO;2. Stephenson DB, Coelho CAS, Jolliffe IT. Two extra
        components in the Brier score decomposition. Weather Forecast 2008;23:752-757.
        doi:10.1175/2007WAF2006116.1.

    Example:
        >>> brier_parts([0, 1, 1, 1], [0.25, 0.25, 0.75, 0.75])
        BrierParts(reliability=0.0625, resolution=0.0625, uncertainty=0.1875, within_bins=0.0)
    """
    truth, values = _both(labels, probabilities, both_classes=False)
    codes = np.unique(bin_of(values, n_bins=n_bins, binning=binning), return_inverse=True)[1]
    counts = np.bincount(codes)
    told = np.bincount(codes, weights=values) / counts
    seen = np.bincount(codes, weights=truth) / counts
    share = float(truth.mean())
    spread, excess = values - told[codes], truth - seen[codes]
    return BrierParts(
        reliability=float(counts @ (told - seen) ** 2 / truth.size),
        resolution=float(counts @ (seen - share) ** 2 / truth.size),
        uncertainty=share * (1 - share),
        within_bins=float((spread**2 - 2 * spread * excess).mean()),
    )


def log_loss(labels: npt.ArrayLike, probabilities: npt.ArrayLike) -> float:
    """Compute the mean negative log-likelihood, in nats; probabilities are kept 1e-6 away from 0 and 1.

    Args:
        labels: Shape (n,), 0 or 1.
        probabilities: Shape (n,), in [0, 1].

    Raises:
        StatisticsError: Probabilities outside [0, 1], or labels other than 0 and 1.

    Example:
        >>> round(log_loss([0, 0, 1, 1], [0.1, 0.3, 0.6, 0.9]), 3)
        0.27
    """
    truth, values = _both(labels, probabilities, both_classes=False)
    safe = np.clip(values, PROBABILITY_FLOOR, 1 - PROBABILITY_FLOOR)
    return float(sklearn_log_loss(truth, safe, labels=[0, 1]))
