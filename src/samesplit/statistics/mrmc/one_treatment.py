"""The variance of a mean over random readers and random cases, from one difference a reader (1T-RRRC)."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from samesplit.errors import StatisticsError

__all__ = ["OneTreatment", "one_treatment"]


@dataclass(frozen=True)
class OneTreatment:
    """A mean over readers, with the variance that other readers and other cases give it.

    Attributes:
        mean: Over the readers.
        variance: For random readers and random cases; NaN where the covariance is not known.
        df: Hillis' degrees of freedom; infinite where the readers do not differ.
        variance_fixed_readers: For random cases alone.
        variance_fixed_cases: For random readers alone, with `n_readers` - 1 degrees of freedom: what a t test
            over the readers takes. It ignores the cases, and is here to be shown beside, never to be claimed
            by.
        ms_reader: The mean square of the readers.
        error: The mean variance of a reader's value over cases.
        cov2: The mean covariance of two readers' values over cases, as estimated; may be negative, when it
            counts as 0.
        n_readers: How many readers.
    """

    mean: float
    variance: float
    df: float
    variance_fixed_readers: float
    variance_fixed_cases: float
    ms_reader: float
    error: float
    cov2: float
    n_readers: int


def one_treatment(values: npt.ArrayLike, covariance: npt.ArrayLike) -> OneTreatment:
    """Average one value a reader, taking readers and cases as random.

    The values may be figures of merit of one modality, or each reader's figure minus a model's: then this is
    the one-treatment analysis of a model against readers. The variance of the mean is (MS_R + max(J Cov2, 0))
    / J with J readers, and its degrees of freedom (J - 1) (1 + max(J Cov2, 0) / MS_R)^2.

    Args:
        values: Shape (J,), one a reader, at least two.
        covariance: Shape (J, J), of the values over cases.

    Returns:
        The mean with its variances.

    Raises:
        StatisticsError: Fewer than two readers, or shapes that do not fit.

    References:
        Hillis SL, Obuchowski NA, Schartz KM, Berbaum KS. Stat Med 2005;24:1579-1607. doi:10.1002/sim.2024.
        Hillis SL. Stat Med 2007;26:596-619. doi:10.1002/sim.2532.
        Chakraborty DP. Observer performance methods for diagnostic imaging, chapter 22. CRC Press 2017.
        doi:10.1201/9781351228190.

    Example:
        >>> found = one_treatment([0.02, 0.05, 0.03], 0.0004 * np.eye(3) + 0.0002)
        >>> round(found.mean, 4), round(found.variance, 6), round(found.df, 1)
        (0.0333, 0.000278, 25.5)
    """
    psi = np.asarray(values, dtype=np.float64)
    matrix = np.asarray(covariance, dtype=np.float64)
    n = psi.size
    if n < 2 or matrix.shape != (n, n):
        raise StatisticsError(
            f"{n} values of readers with a covariance of shape {matrix.shape}: nothing can be said of other "
            "readers",
            remedy="give two readers or more, and the covariance of each pair",
        )
    error = float(np.trace(matrix)) / n
    cov2 = float(matrix.sum() - np.trace(matrix)) / (n * (n - 1))
    ms_reader = float(psi.var(ddof=1))
    common = max(n * cov2, 0.0) if not math.isnan(cov2) else math.nan
    ratio = common / ms_reader if ms_reader > 0 else math.inf
    df = math.nan if math.isnan(common) else (n - 1) * (1 + ratio) ** 2
    return OneTreatment(
        mean=float(psi.mean()),
        variance=(ms_reader + common) / n,
        df=df,
        variance_fixed_readers=(error + (n - 1) * max(cov2, 0.0)) / n,
        variance_fixed_cases=ms_reader / n,
        ms_reader=ms_reader,
        error=error,
        cov2=cov2,
        n_readers=n,
    )
