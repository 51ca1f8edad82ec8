"""Intraclass correlation with exact F-based intervals, for many quantities at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt
from scipy.stats import f as f_distribution

from samesplit.errors import StatisticsError
from samesplit.statistics.checks import FloatArray, IntArray, check_confidence

__all__ = ["ICC", "AverageBounds", "IccForm", "icc"]

IccForm = Literal["ICC(1,1)", "ICC(A,1)", "ICC(C,1)", "ICC(1,k)", "ICC(A,k)", "ICC(C,k)"]
"""1: one-way, repeated measures without an order. A: two-way, absolute agreement (Shrout and Fleiss' 2,1). C:
two-way, consistency (3,1). The second letter: of a single measure, or of the mean of all k."""

AverageBounds = Literal["McGraw-Wong", "Spearman-Brown"]
"""How ICC(A,k) gets its interval: with the mean's ICC in McGraw and Wong's degrees of freedom, as the R package
irr does it, or by stepping the interval of ICC(A,1) up to k measures, as psych does it."""

_ROUNDING = 1e-12


@dataclass(frozen=True)
class ICC:
    """Intraclass correlations of one form.

    Attributes:
        estimate: Of each quantity, NaN where it is not defined.
        ci_low: Lower bound of the two-sided interval.
        ci_high: Upper bound.
        n_subjects: Complete subjects that went into each.
        f_value: Mean square between subjects over that within (one-way) or the error's (two-way).
        df1: Degrees of freedom of the numerator.
        df2: Of the denominator.
        p_value: Of the F test that subjects do not differ, which is what an ICC of 0 says.
        df2_interval: The second degrees of freedom behind the interval: those of Satterthwaite for absolute
            agreement, else `df2`. The R package irr reads its p-values of ICC(A) from these, psych from `df2`.
    """

    estimate: FloatArray
    ci_low: FloatArray
    ci_high: FloatArray
    n_subjects: IntArray
    f_value: FloatArray
    df1: FloatArray
    df2: FloatArray
    p_value: FloatArray
    df2_interval: FloatArray


@dataclass(frozen=True)
class _MeanSquares:
    """Of the two-way table: between subjects, between raters, what is left, and within subjects."""

    n: FloatArray
    k: int
    subjects: FloatArray
    raters: FloatArray
    error: FloatArray
    within: FloatArray


def icc(
    values: npt.ArrayLike,
    *,
    form: IccForm = "ICC(A,1)",
    confidence: float = 0.95,
    average_bounds: AverageBounds = "McGraw-Wong",
) -> ICC:
    """Estimate how much of the variance of measurements lies between subjects.

    Args:
        values: Shape (n_subjects, n_raters, ...): every subject measured by the same raters (or repeated as
            often); the further axes are quantities, each judged by itself.
        form: See `IccForm`. ICC(1,1) for repetitions that are exchangeable, ICC(A,1) for named raters or
            methods that should give the same value.
        confidence: Of the two-sided intervals.
        average_bounds: See `AverageBounds`; plays no part in the other forms.

    Returns:
        Arrays of the shape of one measurement (of no dimension for a table of subjects and raters). A subject with
        a missing or infinite value of a quantity is left out of that quantity (complete cases). Not defined, and
        NaN, where fewer than two subjects are left or all their values are the same to rounding.

    Raises:
        StatisticsError: There is no second rater, the form is unknown, or the confidence is not in (0, 1).

    References:
        Shrout and Fleiss 1979, https://doi.org/10.1037/0033-2909.86.2.420; McGraw and Wong 1996,
        https://doi.org/10.1037/1082-989X.1.1.30.

    Example:
        >>> ratings = [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]
        >>> round(float(icc(ratings, form="ICC(A,1)").estimate), 2)
        0.29
    """
    table = _checked(values, form, confidence, average_bounds)
    complete: npt.NDArray[np.bool_] = np.asarray(np.isfinite(table).all(axis=1))
    with np.errstate(divide="ignore", invalid="ignore"):
        squares = _mean_squares(table, complete)
        estimate, low, high, freedom = _bounds(squares, form, 1 - confidence, average_bounds)
        noise, df2 = _noise(squares, form)
        f_value, df1 = squares.subjects / noise, squares.n - 1
        p_value = f_distribution.sf(f_value, df1, df2)
    unknown = (squares.n < 2) | _alike(table, complete) | np.isnan(estimate)
    estimate, low, high, f_value, p_value = (
        np.where(unknown, np.nan, each) for each in (estimate, low, high, f_value, p_value)
    )
    return ICC(estimate, low, high, complete.sum(axis=0), f_value, df1, df2, p_value, freedom)


def _checked(values: npt.ArrayLike, form: str, confidence: float, average_bounds: str) -> FloatArray:
    table = np.asarray(values, dtype=np.float64)
    if table.ndim < 2 or table.shape[1] < 2:
        raise StatisticsError(
            f"an intraclass correlation needs two measurements of each subject; the shape is {table.shape}",
            remedy="give an array of shape (subjects, raters) or (subjects, raters, quantities)",
        )
    for what, given, known in (("form", form, IccForm), ("bounds", average_bounds, AverageBounds)):
        if given not in get_args(known):
            raise StatisticsError(
                f"unknown {what} {given!r}", remedy=f"use one of {', '.join(get_args(known))}"
            )
    check_confidence(confidence)
    return table


def _alike(table: FloatArray, complete: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Where all complete values of a quantity are the same to rounding."""
    kept = np.broadcast_to(complete[:, np.newaxis], table.shape)
    axes = (0, 1)
    highest = np.max(table, axis=axes, where=kept, initial=-np.inf)
    lowest = np.min(table, axis=axes, where=kept, initial=np.inf)
    return np.asarray(highest - lowest <= _ROUNDING * np.maximum(np.abs(highest), np.abs(lowest)))


def _mean_squares(table: FloatArray, complete: npt.NDArray[np.bool_]) -> _MeanSquares:
    """Return the analysis of variance over the complete subjects of each quantity."""
    kept = np.broadcast_to(complete[:, np.newaxis], table.shape)
    n, k = complete.sum(axis=0).astype(np.float64), table.shape[1]
    filled = np.where(kept, table, 0.0)
    grand = filled.sum(axis=(0, 1)) / (n * k)
    centred = np.where(kept, table - grand, 0.0)
    by_subject = centred.mean(axis=1)
    by_rater = centred.sum(axis=0) / n
    left = np.where(kept, centred - by_subject[:, np.newaxis] - by_rater[np.newaxis], 0.0)
    between_raters = n * (by_rater**2).sum(axis=0)
    rest = (left**2).sum(axis=(0, 1))
    return _MeanSquares(
        n=n,
        k=k,
        subjects=k * (by_subject**2).sum(axis=0) / (n - 1),
        raters=between_raters / (k - 1),
        error=rest / ((n - 1) * (k - 1)),
        within=(between_raters + rest) / (n * (k - 1)),
    )


def _noise(squares: _MeanSquares, form: str) -> tuple[FloatArray, FloatArray]:
    """Return the mean square that subjects are compared with, and its degrees of freedom."""
    n, k = squares.n, squares.k
    return (squares.within, n * (k - 1)) if form[4] == "1" else (squares.error, (n - 1) * (k - 1))


def _bounds(
    squares: _MeanSquares, form: str, alpha: float, average_bounds: str
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Return the estimate, its bounds, and the second degrees of freedom that they were made with."""
    if form[4] == "A":
        return _agreement(squares, average=form.endswith("k)"), alpha=alpha, average_bounds=average_bounds)
    n, k = squares.n, squares.k
    noise, df = _noise(squares, form)
    upper = f_distribution.ppf(1 - alpha / 2, n - 1, df)
    lower = f_distribution.ppf(1 - alpha / 2, df, n - 1)
    others = 0 if form.endswith("k)") else k - 1

    def ratio(signal: FloatArray) -> FloatArray:
        return np.asarray((signal - noise) / (signal + others * noise))

    return ratio(squares.subjects), ratio(squares.subjects / upper), ratio(squares.subjects * lower), df


def _agreement(
    squares: _MeanSquares, *, average: bool, alpha: float, average_bounds: str
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """ICC(A,1) or ICC(A,k); the interval's second degree of freedom is Satterthwaite's."""
    n, k, rows, columns, error = squares.n, squares.k, squares.subjects, squares.raters, squares.error
    single = (rows - error) / (rows + (k - 1) * error + k * (columns - error) / n)
    mean = (rows - error) / (rows + (columns - error) / n)
    own = average and average_bounds == "McGraw-Wong"
    r = mean if own else single
    a, b = k * r * columns, (n * (1 - r) + k * r * (n - 1)) * error
    freedom = (a + b) ** 2 / (a**2 / (k - 1) + b**2 / ((n - 1) * (k - 1)))
    freedom = np.where((columns == 0) & (error == 0), 1.0, freedom)  # perfect agreement: F plays no part
    upper = f_distribution.ppf(1 - alpha / 2, n - 1, freedom)
    lower = f_distribution.ppf(1 - alpha / 2, freedom, n - 1)
    if own:
        low = n * (rows - upper * error) / (upper * (columns - error) + n * rows)
        high = n * (lower * rows - error) / (columns - error + n * lower * rows)
        return mean, low, high, freedom
    noise = k * columns + (k * n - k - n) * error
    low = n * (rows - upper * error) / (upper * noise + n * rows)
    high = n * (lower * rows - error) / (noise + n * lower * rows)
    if average:
        return mean, k * low / (1 + (k - 1) * low), k * high / (1 + (k - 1) * high), freedom
    return single, low, high, freedom
