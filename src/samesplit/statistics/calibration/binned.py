"""Calibration in bins: shares of positives against mean probabilities, and how far they are apart."""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt

from samesplit.errors import StatisticsError
from samesplit.ordering import RELATIVE, merge_probabilities
from samesplit.statistics.checks import FloatArray, IntArray, check_labels, check_scores

__all__ = ["Binning", "bin_gaps", "bin_of", "expected_calibration_error", "maximum_calibration_error"]

Binning = Literal["width", "frequency"]


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


def bin_gaps(
    labels: npt.ArrayLike, probabilities: npt.ArrayLike, *, n_bins: int = 10, binning: Binning = "width"
) -> tuple[FloatArray, IntArray]:
    """Subtract the mean probability of each bin from its share of positives.

    Args:
        labels: Shape (n,), 0 or 1.
        probabilities: Shape (n,), in [0, 1].
        n_bins: How many bins.
        binning: See `bin_of`.

    Returns:
        The gaps and the numbers of predictions of the bins that are not empty, both of shape (k,).

    Raises:
        StatisticsError: Probabilities outside [0, 1], labels other than 0 and 1, or an unknown binning.

    Example:
        >>> gaps, counts = bin_gaps([0, 1, 1, 1], [0.25, 0.25, 0.75, 0.75])
        >>> gaps.tolist(), counts.tolist()
        ([0.25, 0.25], [2, 2])
    """
    truth = check_labels(labels, both_classes=False)
    values = check_scores(probabilities, n=truth.size, probabilities=True)
    bins = bin_of(values, n_bins=n_bins, binning=binning)
    counts = np.bincount(bins)
    filled = counts > 0
    sums = np.bincount(bins, weights=truth - values)
    return sums[filled] / counts[filled], counts[filled].astype(np.int64)


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
    gaps, counts = bin_gaps(labels, probabilities, n_bins=n_bins, binning=binning)
    return float(np.abs(gaps) @ counts / counts.sum())


def maximum_calibration_error(
    labels: npt.ArrayLike,
    probabilities: npt.ArrayLike,
    *,
    n_bins: int = 10,
    binning: Binning = "width",
) -> float:
    """Compute the maximum calibration error: the largest |share of positives - mean probability| of a bin.

    A bin of one prediction may decide it: of bins of equal width it is often the emptiest one.

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
        >>> round(maximum_calibration_error([0, 1, 1, 1], [0.2, 0.2, 0.9, 0.9]), 6)
        0.3
    """
    gaps, _ = bin_gaps(labels, probabilities, n_bins=n_bins, binning=binning)
    return float(np.abs(gaps).max())
