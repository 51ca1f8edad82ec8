"""Power and size of a reader study in which readers and cases may both be random.

A reader study tests the mean over readers of a difference: of two modalities read by the same readers (aided
minus unaided), or of each reader minus a model on the same cases. Its variance has three parts, whatever the
figure of merit: what true differences vary by between readers (B), the variance of one reader's difference over
cases (E) and the covariance of two readers' differences over the same cases (C). With J readers and K cases,
when the pilot study that gave E and C had K* cases of the same mix:

    variance = (B + (K* / K) (E + (J - 1) C)) / J
    df = (J - 1) ((B + (K* / K) (E + (J - 1) C)) / (B + (K* / K) (E - C)))^2

With fixed readers B is left out and the test is of chi-square; with fixed cases C is taken off E and df is J
- 1. Negative estimates of B and C count as 0, as in RJafroc.

References:
    Hillis SL, Obuchowski NA, Berbaum KS. Power estimation for multireader ROC methods: an updated and unified
    approach. Acad Radiol 2011;18:129-142. doi:10.1016/j.acra.2010.09.007.
    Hillis SL, Berbaum KS. Power estimation for the Dorfman-Berbaum-Metz method. Acad Radiol 2004;11:1260-1273.
    doi:10.1016/j.acra.2004.08.009.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from samesplit.errors import StatisticsError
from samesplit.ordering import at_least
from samesplit.statistics.checks import FloatArray
from samesplit.statistics.planning.power import (
    check_power,
    detectable_difference,
    power_of_difference,
    powers,
)

__all__ = [
    "DifferenceVariance",
    "RandomEffects",
    "ReaderStudyPower",
    "cases_needed",
    "reader_study_power",
    "reader_study_table",
    "readers_needed",
]

RandomEffects = Literal["readers and cases", "cases", "readers"]
"""To whom a study speaks: to other readers and cases, to these readers and other cases, or the reverse."""

_MOST_CASES = 100_000
_MOST_READERS = 500
_CHUNK = 2_000


@dataclass(frozen=True)
class DifferenceVariance:
    """The variance components of one reader's difference, from a pilot study, a simulation model or typed in.

    Attributes:
        between_readers: B, the variance of the true differences between readers.
        error: E, the variance of one reader's difference over samples of `cases` cases.
        covariance: C, the covariance of two readers' differences over the same samples.
        cases: K*, how many cases E and C are of.

    Raises:
        StatisticsError: A component that is not finite, an error variance not above 0 or below the
            covariance, or fewer than one case.
    """

    between_readers: float
    error: float
    covariance: float
    cases: float

    def __post_init__(self) -> None:
        """Check the components."""
        parts = (self.between_readers, self.error, self.covariance, self.cases)
        if not all(math.isfinite(part) for part in parts):
            raise StatisticsError(
                f"variance components must be finite numbers, found {', '.join(f'{part:g}' for part in parts)}",
                remedy="take them from the table of components of a reader study",
            )
        if not (self.error > 0 and self.error >= self.covariance and self.cases >= 1):
            raise StatisticsError(
                f"an error variance of {self.error:g}, a covariance of {self.covariance:g} and {self.cases:g} "
                "cases belong to no study: the error must be above 0 and no smaller than the covariance",
                remedy="take them from the table of components of a reader study, with its number of cases",
            )

    @classmethod
    def of_two_modalities(
        cls, *, modality_reader: float, error: float, cov1: float, cov2: float, cov3: float, cases: float
    ) -> DifferenceVariance:
        """Take the components of Obuchowski and Rockette for two modalities that the same readers read.

        Args:
            modality_reader: Var(TR), the variance of the interaction of modality and reader.
            error: The variance of a figure of merit over samples of cases.
            cov1: Of the same reader under two modalities.
            cov2: Of two readers under the same modality.
            cov3: Of two readers under two modalities.
            cases: How many cases the study of the components had.

        Example:
            >>> pilot = DifferenceVariance.of_two_modalities(
            ...     modality_reader=2e-4, error=8e-4, cov1=3.5e-4, cov2=3.4e-4, cov3=2.4e-4, cases=114
            ... )
            >>> round(pilot.between_readers, 6), round(pilot.error, 6), round(pilot.covariance, 6)
            (0.0004, 0.0009, 0.0002)
        """
        return cls(2 * modality_reader, 2 * (error - cov1), 2 * (cov2 - cov3), cases)

    @classmethod
    def of_one_modality(cls, *, reader: float, error: float, cov2: float, cases: float) -> DifferenceVariance:
        """Take the components of readers minus a model on the same cases, or of readers by themselves.

        Args:
            reader: The variance between readers.
            error: The variance of one reader's difference over samples of cases.
            cov2: The covariance of two readers' differences.
            cases: How many cases the study of the components had.
        """
        return cls(reader, error, cov2, cases)


@dataclass(frozen=True)
class ReaderStudyPower:
    """The power of a planned reader study.

    Attributes:
        readers: J.
        cases: K.
        effect: The true mean difference that is to be found.
        random: To whom the study speaks.
        power: The probability that the test finds it.
        standard_error: Of the mean difference.
        noncentrality: (effect + margin)^2 / variance.
        df: Denominator degrees of freedom; infinite with fixed readers.
        detectable: The smallest true difference found with a power of 80 %.
        margin: Of non-inferiority; None for a two-sided test against no difference.
    """

    readers: int
    cases: int
    effect: float
    random: RandomEffects
    power: float
    standard_error: float
    noncentrality: float
    df: float
    detectable: float
    margin: float | None = None


def reader_study_power(
    variance: DifferenceVariance,
    *,
    readers: int,
    cases: int,
    effect: float,
    margin: float | None = None,
    random: RandomEffects = "readers and cases",
    confidence: float = 0.95,
) -> ReaderStudyPower:
    """Compute the power of a study in which all readers read all cases.

    Args:
        variance: The components.
        readers: How many readers, 2 or more (1 or more with fixed readers).
        cases: How many cases, of the same mix of positive and negative ones as the components are of.
        effect: The true mean difference, in favour of what is tested when above 0.
        margin: The loss that still counts as not inferior; None for a two-sided test against no difference.
        random: To whom the study speaks.
        confidence: Of the two-sided interval.

    Raises:
        StatisticsError: Too few readers or cases, an unknown `random`, a margin below 0, or a confidence
            outside (0, 1).

    Example:
        >>> pilot = DifferenceVariance.of_two_modalities(
        ...     modality_reader=2.0e-4, error=8.02e-4, cov1=3.47e-4, cov2=3.44e-4, cov3=2.39e-4, cases=114
        ... )
        >>> planned = reader_study_power(pilot, readers=8, cases=200, effect=0.05)
        >>> round(planned.power, 3), round(planned.df, 1)
        (0.906, 33.8)
    """
    squared, df = _precision(variance, readers, cases, random)
    error, degrees = math.sqrt(float(squared)), float(df)
    usable = None if math.isinf(degrees) else degrees
    power = power_of_difference(effect, error, margin=margin, confidence=confidence, df=usable)
    smallest = detectable_difference(error, confidence=confidence, df=usable, margin=margin)
    return ReaderStudyPower(
        readers=readers,
        cases=cases,
        effect=effect,
        random=random,
        power=power,
        standard_error=error,
        noncentrality=(effect + (margin or 0.0)) ** 2 / float(squared),
        df=degrees,
        detectable=smallest,
        margin=margin,
    )


def reader_study_table(
    variance: DifferenceVariance,
    *,
    readers: Sequence[int],
    cases: Sequence[int],
    effect: float,
    margin: float | None = None,
    random: RandomEffects = "readers and cases",
    confidence: float = 0.95,
) -> list[ReaderStudyPower]:
    """Compute the power of every combination of a number of readers and a number of cases.

    Args:
        variance: The components.
        readers: Numbers of readers.
        cases: Numbers of cases.
        effect: The true mean difference.
        margin: Of non-inferiority; None for a two-sided test.
        random: To whom the study speaks.
        confidence: Of the two-sided interval.
    """
    return [
        reader_study_power(
            variance, readers=j, cases=k, effect=effect, margin=margin, random=random, confidence=confidence
        )
        for j in readers
        for k in cases
    ]


def cases_needed(
    variance: DifferenceVariance,
    *,
    readers: int,
    effect: float,
    power: float = 0.8,
    margin: float | None = None,
    random: RandomEffects = "readers and cases",
    confidence: float = 0.95,
) -> ReaderStudyPower:
    """Find the smallest number of cases that gives a number of readers the power asked for.

    Args:
        variance: The components.
        readers: How many readers.
        effect: The true mean difference.
        power: To be reached.
        margin: Of non-inferiority; None for a two-sided test.
        random: To whom the study speaks.
        confidence: Of the two-sided interval.

    Raises:
        StatisticsError: 100,000 cases are not enough: readers differ too much for so few of them.

    Example:
        >>> pilot = DifferenceVariance(between_readers=4e-4, error=9e-4, covariance=2e-4, cases=114)
        >>> cases_needed(pilot, readers=8, effect=0.05).cases
        130
    """
    check_power(power)
    for first in range(2, _MOST_CASES, _CHUNK):
        sizes = np.arange(first, min(first + _CHUNK, _MOST_CASES + 1))
        reached = _first_reaching(variance, readers, sizes, effect, power, margin, random, confidence)
        if reached is not None:
            return reader_study_power(
                variance,
                readers=readers,
                cases=int(sizes[reached]),
                effect=effect,
                margin=margin,
                random=random,
                confidence=confidence,
            )
    raise StatisticsError(
        f"no number of cases up to {_MOST_CASES:,} gives {readers} readers a power of {power:g} for a difference "
        f"of {effect:g}",
        remedy="plan with more readers: cases do not make up for what readers differ by",
    )


def readers_needed(
    variance: DifferenceVariance,
    *,
    cases: int,
    effect: float,
    power: float = 0.8,
    margin: float | None = None,
    random: RandomEffects = "readers and cases",
    confidence: float = 0.95,
) -> ReaderStudyPower:
    """Find the smallest number of readers that gives a number of cases the power asked for.

    Args:
        variance: The components.
        cases: How many cases.
        effect: The true mean difference.
        power: To be reached.
        margin: Of non-inferiority; None for a two-sided test.
        random: To whom the study speaks.
        confidence: Of the two-sided interval.

    Raises:
        StatisticsError: 500 readers are not enough: the cases are too few for any number of readers.

    Example:
        >>> pilot = DifferenceVariance(between_readers=4e-4, error=9e-4, covariance=2e-4, cases=114)
        >>> readers_needed(pilot, cases=200, effect=0.05).readers
        6
    """
    check_power(power)
    least = 1 if random == "cases" else 2
    sizes = np.arange(least, _MOST_READERS + 1)
    reached = _first_reaching(variance, sizes, cases, effect, power, margin, random, confidence)
    if reached is None:
        raise StatisticsError(
            f"no number of readers up to {_MOST_READERS} gives {cases} cases a power of {power:g} for a "
            f"difference of {effect:g}",
            remedy="plan with more cases: readers do not make up for what samples of cases differ by",
        )
    return reader_study_power(
        variance,
        readers=int(sizes[reached]),
        cases=cases,
        effect=effect,
        margin=margin,
        random=random,
        confidence=confidence,
    )


def _first_reaching(
    variance: DifferenceVariance,
    readers: int | npt.NDArray[np.int64],
    cases: int | npt.NDArray[np.int64],
    effect: float,
    power: float,
    margin: float | None,
    random: RandomEffects,
    confidence: float,
) -> int | None:
    """Return the place of the first size with the power asked for; power need not rise with every case."""
    squared, df = _precision(variance, readers, cases, random)
    found = powers(
        (effect + (margin or 0.0)) / np.sqrt(squared),
        df=None if random == "cases" else df,
        one_sided=margin is not None,
        confidence=confidence,
    )
    places = np.flatnonzero(at_least(found, power))
    return int(places[0]) if places.size else None


def _precision(
    variance: DifferenceVariance,
    readers: int | npt.NDArray[np.int64],
    cases: int | npt.NDArray[np.int64],
    random: RandomEffects,
) -> tuple[FloatArray, FloatArray]:
    """Return the variance of the mean difference and its degrees of freedom."""
    if random not in ("readers and cases", "cases", "readers"):
        raise StatisticsError(
            f"unknown random effects {random!r}", remedy="use 'readers and cases', 'cases' or 'readers'"
        )
    j, k = np.asarray(readers, dtype=np.float64), np.asarray(cases, dtype=np.float64)
    least = 1 if random == "cases" else 2
    if j.min() < least or k.min() < 2:
        raise StatisticsError(
            f"{j.min():g} readers and {k.min():g} cases make no study of random {random}",
            remedy=f"plan with {least} or more readers and 2 or more cases",
        )
    scale = variance.cases / k
    between, shared = max(variance.between_readers, 0.0), max(variance.covariance, 0.0)
    if random == "cases":
        return scale * (variance.error + (j - 1) * shared) / j, np.full(np.broadcast(j, k).shape, np.inf)
    own = between + scale * (variance.error - shared)
    if random == "readers":
        return own / j, (j - 1) * np.ones_like(own)
    whole = own + j * scale * shared
    with np.errstate(divide="ignore"):  # readers who differ in nothing: infinite
        return whole / j, (j - 1) * (whole / own) ** 2
