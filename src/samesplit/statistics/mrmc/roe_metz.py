"""What the Roe-Metz model of ratings implies for the Obuchowski-Rockette model of AUCs."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.integrate import quad
from scipy.special import ndtr

from samesplit.errors import StatisticsError
from samesplit.statistics.mrmc.components import Components

__all__ = ["RoeMetz", "roe_metz_to_or"]


@dataclass(frozen=True)
class RoeMetz:
    """Parameters of the Roe-Metz model of two modalities, with variances that may be larger for positive cases.

    Case, modality x case, reader x case and error variances are those of negative cases and must sum to 1; of
    positive cases they are 1 / `b`^2 times as large.

    Attributes:
        separations: Distance between the means of positive and negative cases, of each of the two modalities.
        reader: Variance between readers.
        modality_reader: Of readers under one modality.
        case: Between cases.
        modality_case: Of cases under one modality.
        reader_case: Of cases for one reader.
        error: Of one reading.
        b: Ratio of the standard deviations of negative and positive cases; 1 in the original model.

    References:
        Roe CA, Metz CE. Acad Radiol 1997;4:298-303. doi:10.1016/S1076-6332(97)80032-3.
        Hillis SL. Acad Radiol 2012;19:1518-1528. doi:10.1016/j.acra.2012.09.011.
    """

    separations: tuple[float, float]
    reader: float
    modality_reader: float
    case: float
    modality_case: float
    reader_case: float
    error: float
    b: float = 1.0

    def mean_to_sigma(self, modality: int) -> float:
        """Compute the separation over the difference of the standard deviations; infinite where `b` is 1.

        Args:
            modality: 0 or 1.

        Returns:
            The ratio: below 2 or 3 a binormal ROC curve has a visible hook.

        References:
            Hillis SL, Berbaum KS. Acad Radiol 2011;18:129-142. doi:10.1016/j.acra.2010.09.009.
        """
        return self.separations[modality] / (1 / self.b - 1) if self.b != 1 else math.inf

    def hooked_share(self, modality: int) -> float:
        """Compute the share of readers whose ROC curve has a visible hook: a ratio between -3 and 2.

        Args:
            modality: 0 or 1.
        """
        if self.b == 1:
            return 0.0
        spread = math.sqrt(2 * (self.reader + self.modality_reader)) / abs(1 / self.b - 1)
        ratio = self.mean_to_sigma(modality)
        return float(ndtr((2 - ratio) / spread) - ndtr((-3 - ratio) / spread))


def roe_metz_to_or(
    model: RoeMetz, *, n_negative: int, n_positive: int
) -> tuple[tuple[float, float], Components]:
    """Compute the expected AUCs and the components of the Obuchowski-Rockette model from the Roe-Metz model.

    For planning: the components say how variable the AUCs of readers and their differences will be.

    Args:
        model: The parameters.
        n_negative: Negative cases that every reader reads.
        n_positive: Positive cases.

    Returns:
        The expected empirical AUC of each modality, and the components, where error and Cov2 are means over
        the two.

    Raises:
        StatisticsError: Variances below zero, or of cases that do not sum to 1, or no case of a class.

    References:
        Hillis SL. Relationship between Roe and Metz simulation model for multireader diagnostic data and
        Obuchowski-Rockette model parameters. Stat Med 2018;37:2067-2093. doi:10.1002/sim.7616.

    Example:
        >>> model = RoeMetz((0.75, 0.75), 0.0055, 0.0055, 0.3, 0.3, 0.2, 0.2)
        >>> aucs, components = roe_metz_to_or(model, n_negative=50, n_positive=50)
        >>> round(aucs[0], 3), round(components.error, 5), round(components.corr1, 3)
        (0.701, 0.00268, 0.465)
    """
    of_cases = model.case + model.modality_case + model.reader_case + model.error
    lowest = min(
        model.reader, model.modality_reader, model.case, model.modality_case, model.reader_case, model.error
    )
    if lowest < 0 or abs(of_cases - 1) > 1e-9 or not model.b > 0:
        raise StatisticsError(
            f"the variances of cases sum to {of_cases:g} or one of the parameters is negative",
            remedy="divide all variances by the sum of case, modality x case, reader x case and error",
        )
    if min(n_negative, n_positive) < 1:
        raise StatisticsError(f"{n_negative} negative and {n_positive} positive cases are too few")
    inverse = model.b**-2
    of_readers = 2 * (model.reader + model.modality_reader)
    total = 1 + inverse + of_readers
    z = [separation / np.sqrt(total) for separation in model.separations]
    same_reader, same_reading = 2 * model.reader / total, of_readers / total
    shares = (1 / (1 + inverse), inverse / (1 + inverse))  # of a negative, and of a positive case

    def covariance(first: int, second: int, common_cases: float, common_readers: float) -> float:
        """Return the covariance of two AUCs over cases, from pairs of readings that share one case or both."""
        counts = {(True, True): 1, (True, False): n_positive - 1, (False, True): n_negative - 1}
        found = (1 - n_negative - n_positive) * _excess(z[first], z[second], common_readers)
        for (negative, positive), count in counts.items():
            shared = common_cases * (negative * shares[0] + positive * shares[1]) * (1 - same_reading)
            found += count * _excess(z[first], z[second], shared + common_readers)
        return found / (n_negative * n_positive)

    modality = model.case + model.modality_case
    reader_variance = _excess(z[0], z[1], same_reader)
    with_modality = float(np.mean([_excess(one, one, same_reading) for one in z]))
    return (float(ndtr(z[0])), float(ndtr(z[1]))), Components(
        reader=reader_variance,
        modality_reader=with_modality - reader_variance,
        error=float(np.mean([covariance(i, i, 1.0, same_reading) for i in (0, 1)])),
        cov1=covariance(0, 1, model.case + model.reader_case, same_reader),
        cov2=float(np.mean([covariance(i, i, modality, 0.0) for i in (0, 1)])),
        cov3=covariance(0, 1, model.case, 0.0),
    )


def _excess(x: float, y: float, correlation: float) -> float:
    """Return P(X < x, Y < y) - P(X < x) P(Y < y) of two standard normal variables (Plackett's integral)."""

    def density(angle: float) -> float:
        sine, cosine = np.sin(angle), np.cos(angle)
        return float(np.exp(-(x * x + y * y - 2 * x * y * sine) / (2 * cosine * cosine)))

    limit = float(np.arcsin(min(correlation, 1.0)))
    return float(quad(density, 0.0, limit, epsabs=1e-15, epsrel=1e-13, limit=200)[0]) / (2 * np.pi)
