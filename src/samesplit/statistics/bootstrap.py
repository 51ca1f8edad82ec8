"""The bootstrap over patients: whole patients are drawn, and all models see the same draws."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt
from scipy import stats

from samesplit.errors import StatisticsError
from samesplit.ordering import RELATIVE, at_least, at_most, below, nearly_equal
from samesplit.statistics.checks import (
    FloatArray,
    IntArray,
    check_classes,
    check_confidence,
    check_labels,
    codes_of,
)
from samesplit.statistics.interval import Interval

__all__ = ["PatientBootstrap", "Statistic", "WithoutEach", "bootstrap_interval", "draw_patients"]

Statistic = Callable[[FloatArray], FloatArray]
"""Takes weights of patients, shape (b, n patients), and returns b values, NaN where not defined."""


@runtime_checkable
class WithoutEach(Protocol):
    """A statistic that knows its value without each patient in turn; see `patient_sums`."""

    def without_each(self) -> FloatArray:
        """Shape (n patients,): the statistic of all patients but one."""


_CHUNK = 250  # samples at a time: bounds the memory to a few hundred rows of all predictions
_MAX_ROUNDS = 200


@dataclass(frozen=True)
class PatientBootstrap:
    """Drawn samples of patients.

    Attributes:
        weights: Shape (n resamples, n patients): how often each patient was drawn.
        n_redrawn: How many samples lacked a class and were drawn anew.
    """

    weights: FloatArray
    n_redrawn: int

    @property
    def n_patients(self) -> int:
        """The number of patients that are drawn from, and drawn."""
        return int(self.weights.shape[1])

    def replicate(self, statistic: Statistic) -> FloatArray:
        """Compute a statistic of every sample.

        Args:
            statistic: See `Statistic`.

        Returns:
            Shape (n resamples,).
        """
        return _in_chunks(statistic, self.weights)

    def leave_one_out(self, statistic: Statistic) -> FloatArray:
        """Compute a statistic without each patient in turn, for the acceleration of BCa.

        Args:
            statistic: See `Statistic`. One that knows these values by itself (`WithoutEach`) is asked for them; of
                others this takes time that grows with the square of the number of patients.

        Returns:
            Shape (n patients,).
        """
        if isinstance(statistic, WithoutEach):
            return statistic.without_each()
        n = self.n_patients
        blocks = [np.arange(start, min(start + _CHUNK, n)) for start in range(0, n, _CHUNK)]
        found = []
        for block in blocks:
            weights = np.ones((block.size, n))
            weights[np.arange(block.size), block] = 0.0
            found.append(statistic(weights))
        return np.concatenate(found)

    def interval(
        self,
        statistic: Statistic,
        *,
        confidence: float = 0.95,
        method: Literal["bca", "percentile"] = "bca",
    ) -> Interval:
        """Estimate a statistic with its bootstrap interval.

        Args:
            statistic: See `Statistic`.
            confidence: Two-sided coverage.
            method: `bca` (bias-corrected and accelerated) or `percentile`.

        Returns:
            The statistic of the original sample with the interval of the samples.
        """
        estimate = float(statistic(np.ones((1, self.n_patients)))[0])
        left_out = self.leave_one_out(statistic) if method == "bca" else None
        found = bootstrap_interval(estimate, self.replicate(statistic), left_out, confidence=confidence)
        if not self.n_redrawn:
            return found
        note = f"{self.n_redrawn} samples lacked a class and were drawn anew"
        notes = "; ".join(part for part in (found.note, note) if part)
        return Interval(found.estimate, found.ci_low, found.ci_high, found.method, notes)


def _in_chunks(statistic: Statistic, weights: FloatArray) -> FloatArray:
    parts = [statistic(weights[start : start + _CHUNK]) for start in range(0, len(weights), _CHUNK)]
    return np.concatenate(parts)


def draw_patients(
    labels: npt.ArrayLike,
    patients: npt.ArrayLike,
    *,
    n_resamples: int = 1000,
    seed: int = 0,
    stratified: bool = False,
    n_classes: int = 2,
) -> PatientBootstrap:
    """Draw whole patients with replacement, so that the lesions of a patient stay together.

    Samples that lack a class are drawn anew and counted: the interval is that of studies with both (or all of the
    several) classes that there are.

    Args:
        labels: Shape (n,), 0 or 1, both present, one a lesion; with `n_classes` numbers of classes.
        patients: Shape (n,), the patient of each lesion; column k of the weights is the k-th patient in
            sorted order.
        n_resamples: How many samples.
        seed: Of the random generator; the same seed gives the same samples.
        stratified: Whether to draw patients with a positive lesion and those without apart, which keeps
            their numbers. Of several classes: with a lesion of the last class.
        n_classes: How many classes the labels number; of more than two some may have no lesion.

    Returns:
        The samples.

    Raises:
        StatisticsError: A class is missing, fewer than two patients or one sample, or both classes so rarely
            drawn together that no samples can be had.

    Example:
        >>> draw_patients([0, 1, 1], ["a", "b", "c"], n_resamples=100).weights.sum(axis=1).tolist()[:2]
        [3.0, 3.0]
    """
    truth = check_labels(labels) if n_classes == 2 else check_classes(labels, n_classes=n_classes)
    codes = codes_of(patients, n=truth.size)
    n = int(codes.max()) + 1
    if n < 2 or n_resamples < 1:
        raise StatisticsError(f"cannot draw {n_resamples} samples of {n} patients")
    has = np.stack([np.bincount(codes[truth == label], minlength=n) > 0 for label in np.unique(truth)])
    positive = has[-1]
    strata = [np.flatnonzero(positive), np.flatnonzero(~positive)] if stratified else [np.arange(n)]
    generator = np.random.default_rng(seed)
    kept: list[FloatArray] = []
    n_kept = n_drawn = 0
    for _ in range(_MAX_ROUNDS):
        weights = _draw(generator, strata, n_patients=n, n_resamples=n_resamples - n_kept)
        good = weights[(weights @ has.T > 0).all(axis=1)]
        kept.append(good)
        n_kept, n_drawn = n_kept + len(good), n_drawn + len(weights)
        if n_kept == n_resamples:
            return PatientBootstrap(np.concatenate(kept), n_drawn - n_kept)
    raise StatisticsError(
        f"of {n_drawn} samples of patients only {n_kept} held {'both' if len(has) == 2 else 'all'} classes",
        remedy="draw stratified by class, or do without a bootstrap for so few patients",
    )


def _draw(
    generator: np.random.Generator, strata: list[IntArray], *, n_patients: int, n_resamples: int
) -> FloatArray:
    weights = np.zeros((n_resamples, n_patients))
    for members in strata:
        if members.size:
            even = np.full(members.size, 1 / members.size)
            weights[:, members] = generator.multinomial(members.size, even, size=n_resamples)
    return weights


def bootstrap_interval(
    estimate: float,
    replicates: npt.ArrayLike,
    left_out: npt.ArrayLike | None = None,
    *,
    confidence: float = 0.95,
) -> Interval:
    """Make the interval of an estimate from its bootstrap replicates.

    Args:
        estimate: The statistic of the original sample.
        replicates: Shape (b,), the statistic of the samples; NaN where it was not defined, left out and
            counted in the note.
        left_out: Shape (n,), the statistic without each patient in turn: gives a BCa interval; None gives the
            percentile interval.
        confidence: Two-sided coverage.

    Returns:
        The interval, which always holds the estimate. Where BCa is not defined (the estimate lies outside all
        replicates, or leaving out a patient changes nothing) or leaves the estimate out, it is the percentile
        interval and the method says so; where that leaves it out as well, it is widened to the estimate.

    References:
        Efron B. Better bootstrap confidence intervals. J Am Stat Assoc 1987;82:171-185.
        doi:10.1080/01621459.1987.10478410.

    Example:
        >>> found = bootstrap_interval(0.5, np.linspace(0.3, 0.7, 1001))
        >>> round(found.ci_low, 2), round(found.ci_high, 2)
        (0.31, 0.69)
    """
    alpha = (1 - check_confidence(confidence)) / 2
    values = np.asarray(replicates, dtype=np.float64)
    n_all = values.size
    values = values[~np.isnan(values)]
    note = f"not defined in {n_all - values.size} of {n_all} samples" if values.size < n_all else ""
    method = "bootstrap percentile" if left_out is None else "bootstrap BCa"
    if math.isnan(estimate) or values.size < 2:
        return Interval(estimate, math.nan, math.nan, method, note or "not defined")
    levels: tuple[float, float] | None = (alpha, 1 - alpha)
    if left_out is not None:
        levels = _bca_levels(estimate, values, np.asarray(left_out, dtype=np.float64), alpha)
    if levels is None:
        method, levels = "bootstrap percentile (BCa not defined)", (alpha, 1 - alpha)
    low, high = (float(bound) for bound in np.quantile(values, levels))
    scale = float(np.abs(values).max())

    def inside() -> bool:
        return bool(at_least(estimate, low, scale=scale) and at_most(estimate, high, scale=scale))

    if not inside() and method == "bootstrap BCa":
        method = "bootstrap percentile (BCa leaves the estimate out)"
        low, high = (float(bound) for bound in np.quantile(values, (alpha, 1 - alpha)))
    if not inside():
        method = f"{method}, widened to the estimate"
    if nearly_equal(low, high, scale=scale) and inside():
        note = "; ".join(
            part for part in (note, "all samples give the same: the interval is a point") if part
        )
    return Interval(estimate, min(low, estimate), max(high, estimate), method, note)


def _bca_levels(
    estimate: float, values: FloatArray, left_out: FloatArray, alpha: float
) -> tuple[float, float] | None:
    """Return the quantiles that BCa reads off, or None when it is not defined."""
    scale = float(np.abs(values).max())
    less, same = below(values, estimate, scale=scale), nearly_equal(values, estimate, scale=scale)
    share = float(less.mean() + same.mean() / 2)
    known = left_out[~np.isnan(left_out)]
    if not 0 < share < 1 or known.size < 2 or np.ptp(known) <= RELATIVE * scale:
        return None
    bias = float(stats.norm.ppf(share))
    deviations = known.mean() - known
    acceleration = float((deviations**3).sum() / (6 * (deviations**2).sum() ** 1.5))
    levels = []
    for z in (float(stats.norm.ppf(alpha)), float(stats.norm.ppf(1 - alpha))):
        rest = 1 - acceleration * (bias + z)
        if rest <= 0:
            return None
        levels.append(float(stats.norm.cdf(bias + (bias + z) / rest)))
    return levels[0], levels[1]
