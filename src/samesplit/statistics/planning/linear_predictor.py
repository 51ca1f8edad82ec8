"""How the predictions of a model are distributed among patients: what the size of a validation depends on.

A distribution is a sum over points: log odds, and the share of patients at each. Expectations over patients
are then sums, without any drawing of random numbers. All distributions are of a calibrated model: the share
of patients with the outcome at a log odds x is 1 / (1 + exp(-x)).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import special, stats

from samesplit.errors import StatisticsError
from samesplit.statistics.checks import FloatArray, check_scores

__all__ = ["LinearPredictor"]

_POINTS = 4001
_REACH = 10.0
"""How many standard deviations of a normal distribution are covered to either side."""


@dataclass(frozen=True, eq=False)
class LinearPredictor:
    """The log odds that a model gives to patients.

    Attributes:
        values: Shape (n points,), log odds.
        weights: Shape (n points,), the share of patients at each; they sum to 1.
        description: In words.
    """

    values: FloatArray
    weights: FloatArray
    description: str

    @classmethod
    def normal(cls, mean: float, standard_deviation: float) -> LinearPredictor:
        """Take log odds that are normal.

        Args:
            mean: Of the log odds.
            standard_deviation: Above 0.

        Raises:
            StatisticsError: A standard deviation not above 0.

        Example:
            >>> round(LinearPredictor.normal(-5.0, 2.5).prevalence, 3)
            0.052
        """
        if not standard_deviation > 0:
            raise StatisticsError(f"a standard deviation of {standard_deviation:g} is not above 0")
        z = np.linspace(-_REACH, _REACH, _POINTS)
        weights = np.exp(-(z**2) / 2)
        return cls(
            mean + standard_deviation * z,
            weights / weights.sum(),
            f"normal log odds, mean {mean:g}, SD {standard_deviation:g}",
        )

    @classmethod
    def beta(cls, alpha: float, beta: float) -> LinearPredictor:
        """Take probabilities that have a beta distribution.

        Args:
            alpha: Above 0.
            beta: Above 0.

        Raises:
            StatisticsError: A parameter not above 0.

        Example:
            >>> round(LinearPredictor.beta(0.5, 1.5).prevalence, 6)
            0.25
        """
        if not (alpha > 0 and beta > 0):
            raise StatisticsError(f"parameters {alpha:g} and {beta:g} of a beta distribution are not above 0")
        values = np.linspace(-40 / alpha, 40 / beta, 10 * _POINTS)
        # On the scale of log odds the density is p^alpha (1 - p)^beta / B(alpha, beta).
        logs = alpha * special.log_expit(values) + beta * special.log_expit(-values)
        weights = np.exp(logs - logs.max())
        return cls(values, weights / weights.sum(), f"beta probabilities, {alpha:g} and {beta:g}")

    @classmethod
    def from_c_statistic(cls, c_statistic: float, prevalence: float) -> LinearPredictor:
        """Take log odds that are normal with the same variance among patients with and without the outcome.

        Args:
            c_statistic: Above 0.5 and below 1.
            prevalence: The share of patients with the outcome.

        Raises:
            StatisticsError: Numbers outside their range.

        Example:
            >>> found = LinearPredictor.from_c_statistic(0.8, 0.174)
            >>> round(found.prevalence, 6), round(found.c_statistic, 6)
            (0.174, 0.8)
        """
        if not (0.5 < c_statistic < 1 and 0 < prevalence < 1):
            raise StatisticsError(
                f"a C statistic of {c_statistic:g} and a prevalence of {prevalence:g} belong to no useful model",
                remedy="give a C statistic between 0.5 and 1 and a prevalence between 0 and 1",
            )
        apart = math.sqrt(2) * float(stats.norm.ppf(c_statistic))
        centre = math.log(prevalence / (1 - prevalence))
        half = apart**2 / 2
        values = np.linspace(centre - half - _REACH * apart, centre + half + _REACH * apart, _POINTS)
        weights = prevalence * stats.norm.pdf(values, centre + half, apart)
        weights += (1 - prevalence) * stats.norm.pdf(values, centre - half, apart)
        return cls(
            values,
            weights / weights.sum(),
            f"normal log odds of equal variance in both classes, C statistic {c_statistic:g}",
        )

    @classmethod
    def observed(cls, probabilities: npt.ArrayLike) -> LinearPredictor:
        """Take the predictions of a model for patients like those of the planned study.

        Args:
            probabilities: Shape (n,), strictly between 0 and 1.

        Raises:
            StatisticsError: Fewer than two, or values outside (0, 1).
        """
        n = np.size(np.asarray(probabilities))
        p = check_scores(probabilities, n=n, probabilities=True)
        if n < 2 or p.min() <= 0 or p.max() >= 1:
            raise StatisticsError(
                f"{n} predictions from {p.min(initial=1):g} to {p.max(initial=0):g} have no log odds",
                remedy="give two or more probabilities strictly between 0 and 1",
            )
        order = np.sort(special.logit(p))
        return cls(order, np.full(n, 1 / n), f"predictions of {n} patients")

    @property
    def risks(self) -> FloatArray:
        """Shape (n points,), the probability of the outcome at each."""
        return np.asarray(special.expit(self.values), dtype=np.float64)

    @property
    def prevalence(self) -> float:
        """The share of patients with the outcome."""
        return float(self.weights @ self.risks)

    @property
    def c_statistic(self) -> float:
        """The probability that of two patients the one with the outcome has the higher log odds."""
        positive, negative = self.weights * self.risks, self.weights * (1 - self.risks)
        below = np.cumsum(negative) - negative / 2
        return float(positive @ below / (positive.sum() * negative.sum()))

    def at_threshold(self, threshold: float) -> tuple[float, float]:
        """Compute the sensitivity and specificity of calling positive from a probability on.

        Args:
            threshold: A probability.
        """
        called = self.values >= math.log(threshold / (1 - threshold))
        positive, negative = self.weights * self.risks, self.weights * (1 - self.risks)
        return (
            float(positive[called].sum() / positive.sum()),
            float(negative[~called].sum() / negative.sum()),
        )
