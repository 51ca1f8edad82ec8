"""A part of the area under the ROC curve, raw or corrected, with a bootstrap interval over patients."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt
from scipy import stats

from samesplit.errors import StatisticsError
from samesplit.statistics.bootstrap import PatientBootstrap, Statistic, draw_patients
from samesplit.statistics.checks import FloatArray, IntArray, check_labels, check_scores, codes_of
from samesplit.statistics.interval import Interval
from samesplit.statistics.mrmc.curve_figures import curve_of_counts, partial_auc, score_places
from samesplit.statistics.mrmc.figures_of_merit import FigureOfMerit

__all__ = ["PartialScale", "corrected_partial_auc", "partial_auc_interval", "partial_auc_test"]

Band = Literal["specificity", "sensitivity"]
PartialScale = Literal["raw", "mean", "McClish"]
"""`raw` is the area, `mean` the area over the width of the band, `McClish` the area on a scale where 0.5 is chance
and 1 is perfect (pROC calls it corrected)."""


def corrected_partial_auc(low: float, high: float, *, over: Band = "specificity") -> FigureOfMerit:
    """Make the figure of merit: the partial AUC on McClish's scale, where 0.5 is chance and 1 is perfect.

    Args:
        low: The smallest specificity or sensitivity of the band.
        high: The largest.
        over: What `low` and `high` are.

    Raises:
        StatisticsError: A band that is empty or leaves [0, 1].

    References:
        McClish DK. Med Decis Making 1989;9:190-195, doi:10.1177/0272989X8900900307.

    Example:
        >>> figure = corrected_partial_auc(0.5, 1.0)
        >>> round(figure.of(np.array([0, 0, 1, 1]), np.array([0.1, 0.4, 0.35, 0.8])), 3)
        0.667
    """
    raw = partial_auc(low, high, over=over)
    of_curve = raw.of_curve
    assert of_curve is not None  # every figure of that function is read off the curve
    least, most = ((1 - low) ** 2 - (1 - high) ** 2) / 2, high - low

    def corrected(area: float) -> float:
        return 0.5 * (1 + (area - least) / (most - least))

    def of(truth: IntArray, scores: FloatArray) -> float:
        return corrected(raw.of(truth, scores))

    def on_curve(fpr: FloatArray, tpr: FloatArray) -> float:
        return corrected(of_curve(fpr, tpr))

    return FigureOfMerit(f"{raw.name}, McClish", of, bounds=None, of_curve=on_curve)


def partial_auc_interval(
    labels: npt.ArrayLike,
    scores: npt.ArrayLike,
    low: float,
    high: float,
    *,
    over: Band = "specificity",
    scale: PartialScale = "raw",
    patients: npt.ArrayLike | None = None,
    n_resamples: int = 2000,
    seed: int = 0,
    confidence: float = 0.95,
) -> Interval:
    """Estimate a partial AUC with its interval.

    Args:
        labels: Shape (n,), 0 or 1, both present.
        scores: Shape (n,), more means more likely positive.
        low: The smallest specificity (or sensitivity) of the band.
        high: The largest.
        over: Over a band of specificities it is the area below the curve, over a band of sensitivities the area to
            the right of it.
        scale: See `PartialScale`.
        patients: Shape (n,), the patient of each lesion; None for one lesion a patient.
        n_resamples: Bootstrap samples of patients, drawn by whether they have a positive lesion.
        seed: Of the random generator.
        confidence: Two-sided coverage.

    Returns:
        The partial AUC with its bootstrap interval.

    Raises:
        StatisticsError: A class is missing, a score is not finite, a band that is none, or an unknown scale.

    References:
        McClish DK 1989, doi:10.1177/0272989X8900900307; Jiang Y, Metz CE, Nishikawa RM 1996 (sensitivities),
        doi:10.1148/radiology.201.3.8939225.

    Example:
        >>> truth, scores = [0, 0, 0, 1, 1, 1], [0.1, 0.2, 0.6, 0.4, 0.7, 0.9]
        >>> found = partial_auc_interval(truth, scores, 0.5, 1.0, scale="McClish", n_resamples=200)
        >>> round(found.estimate, 3)
        0.852
    """
    truth, table, samples, codes = _drawn(labels, scores, patients, n_resamples, seed)
    figure = _figure(low, high, over, scale)
    found = samples.interval(_statistic(truth, table[:, 0], codes, figure), confidence=confidence)
    name = f"{figure.name}; {found.method}"
    return Interval(found.estimate, found.ci_low, found.ci_high, name, found.note)


def partial_auc_test(
    labels: npt.ArrayLike,
    first: npt.ArrayLike,
    second: npt.ArrayLike,
    low: float,
    high: float,
    *,
    over: Band = "specificity",
    scale: PartialScale = "raw",
    patients: npt.ArrayLike | None = None,
    n_resamples: int = 2000,
    seed: int = 0,
    confidence: float = 0.95,
) -> Interval:
    """Compare the partial AUCs of two scores of the same lesions.

    Args:
        labels: Shape (n,), 0 or 1, both present.
        first: Shape (n,), one score.
        second: Shape (n,), the other.
        low: The smallest specificity (or sensitivity) of the band.
        high: The largest.
        over: See `partial_auc_interval`, as the rest.
        scale: See `PartialScale`.
        patients: Shape (n,), the patient of each lesion; None for one lesion a patient.
        n_resamples: Bootstrap samples of patients, the same for both scores.
        seed: Of the random generator.
        confidence: Two-sided coverage.

    Returns:
        First minus second with its bootstrap interval; the p-value is that of the difference in standard
        deviations of the samples (as pROC does). Scores that rank alike have p = 1.

    Raises:
        StatisticsError: See `partial_auc_interval`.

    Example:
        >>> truth, one, two = [0, 0, 0, 1, 1, 1], [1, 2, 5, 4, 6, 7], [3, 1, 2, 4, 2, 5]
        >>> round(partial_auc_test(truth, one, two, 0.5, 1.0, n_resamples=200).estimate, 3)
        0.042
    """
    both = np.column_stack([np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)])
    truth, table, samples, codes = _drawn(labels, both, patients, n_resamples, seed)
    figure = _figure(low, high, over, scale)
    one, other = (_statistic(truth, column, codes, figure) for column in table.T)

    def difference(weights: FloatArray) -> FloatArray:
        return np.asarray(one(weights) - other(weights))

    found = samples.interval(difference, confidence=confidence)
    spread = float(samples.replicate(difference).std(ddof=1))
    if spread > 1e-12:
        p = 2 * float(stats.norm.sf(abs(found.estimate) / spread))
    else:
        p = 1.0 if abs(found.estimate) < 1e-12 else float("nan")
    name = f"{figure.name}; {found.method}"
    return Interval(found.estimate, found.ci_low, found.ci_high, name, found.note, p)


def _figure(low: float, high: float, over: Band, scale: PartialScale) -> FigureOfMerit:
    if scale not in get_args(PartialScale):
        raise StatisticsError(
            f"unknown scale {scale!r}", remedy=f"use one of {', '.join(get_args(PartialScale))}"
        )
    if scale == "McClish":
        return corrected_partial_auc(low, high, over=over)
    return partial_auc(low, high, over=over, normalised=scale == "mean")


def _drawn(
    labels: npt.ArrayLike,
    scores: npt.ArrayLike,
    patients: npt.ArrayLike | None,
    n_resamples: int,
    seed: int,
) -> tuple[IntArray, FloatArray, PatientBootstrap, IntArray]:
    truth = check_labels(labels)
    table = check_scores(scores, n=truth.size)
    owners = codes_of(np.arange(truth.size) if patients is None else patients, n=truth.size)
    samples = draw_patients(truth, owners, n_resamples=n_resamples, seed=seed, stratified=True)
    return truth, table.reshape(truth.size, -1), samples, owners


def _statistic(truth: IntArray, scores: FloatArray, codes: IntArray, figure: FigureOfMerit) -> Statistic:
    """Return the figure as a function of how often each patient was drawn."""
    of_curve: Callable[[FloatArray, FloatArray], float] | None = figure.of_curve
    assert of_curve is not None  # see corrected_partial_auc
    read = of_curve
    places, n_places = score_places(scores)
    positive = truth == 1

    def statistic(weights: FloatArray) -> FloatArray:
        of_cases = weights[:, codes]
        found = np.full(len(weights), np.nan)
        for row, weight in enumerate(of_cases):
            above = np.bincount(places[positive], weights=weight[positive], minlength=n_places)
            below = np.bincount(places[~positive], weights=weight[~positive], minlength=n_places)
            if above.sum() > 0 and below.sum() > 0:
                found[row] = read(*curve_of_counts(below.astype(np.float64), above.astype(np.float64)))
        return found

    return statistic
