"""Selection stability (Nogueira) and variability of scores when the training lesions change."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from samesplit.errors import StatisticsError
from samesplit.statistics.interval import Interval, normal_interval

__all__ = ["nogueira", "relative_standard_deviation", "selection_matrix"]

_METHOD = "Nogueira"


def selection_matrix(chosen: list[list[str]], features: list[str]) -> npt.NDArray[np.bool_]:
    """Which features each draw chose, as `nogueira` wants it.

    Args:
        chosen: The features of each draw, in any order.
        features: All that could be chosen.

    Returns:
        Shape (n_draws, n_features).

    Raises:
        StatisticsError: A draw chose what could not be chosen.

    Example:
        >>> selection_matrix([["b"], ["a", "b"]], ["a", "b", "c"]).astype(int).tolist()
        [[0, 1, 0], [1, 1, 0]]
    """
    place = {feature: column for column, feature in enumerate(features)}
    matrix = np.zeros((len(chosen), len(features)), dtype=np.bool_)
    for row, names in enumerate(chosen):
        unknown = [name for name in names if name not in place]
        if unknown:
            raise StatisticsError(
                f"'{unknown[0]}' was chosen but is not among the {len(features)} features",
                remedy="give all features that the selector could choose from",
            )
        matrix[row, [place[name] for name in names]] = True
    return matrix


def nogueira(selected: npt.NDArray[np.bool_], *, confidence: float = 0.95) -> Interval:
    """Return the stability of a feature selection over several draws of the training lesions.

    1 when every draw chooses the same features, 0 expected when each chooses at random, and it can be negative. It
    is corrected for chance and allows draws of different sizes. Below 0.4 agreement is called poor, above 0.75
    excellent. The interval is the asymptotic one of the paper, for independent draws: draws that share lesions,
    as the folds of a cross-validation and subsamples do, are more alike than that, and it is then only a guide.

    Args:
        selected: What each draw chose, shape (n_draws, n_features).
        confidence: Two-sided coverage.

    Returns:
        The estimate with its interval. NaN with a note where it is not defined: a single draw, or draws that
        choose nothing or everything.

    Raises:
        StatisticsError: The array is not two-dimensional, or the confidence is outside (0, 1).

    References:
        Nogueira, Sechidis, Brown: On the stability of feature selection algorithms. JMLR 18(174), 2018.
        https://jmlr.org/papers/v18/17-514.html

    Example:
        >>> found = nogueira(np.array([[1, 1, 0, 0], [1, 1, 0, 0], [1, 0, 1, 0]], dtype=bool))
        >>> round(found.estimate, 3)
        0.333
    """
    drawn = np.asarray(selected, dtype=np.float64)
    if drawn.ndim != 2:
        raise StatisticsError(f"selected has {drawn.ndim} dimensions, not draws x features")
    n_draws, n_features = drawn.shape
    per_draw = drawn.mean(axis=1) if n_features else np.zeros(n_draws)  # k_i / d
    share = float(per_draw.mean()) if n_draws else 0.0  # mean k / d
    if n_draws < 2 or not 0 < share < 1:
        note = "a single draw" if n_draws < 2 else "the draws choose nothing or everything"
        return Interval(math.nan, math.nan, math.nan, _METHOD, f"not defined: {note}")
    frequency = drawn.mean(axis=0)
    chance = share * (1 - share)
    disagreement = n_draws / (n_draws - 1) * float((frequency * (1 - frequency)).mean())
    estimate = 1 - disagreement / chance
    # Theorem 7 of the paper: the stability is a U-statistic, whose variance comes from each draw's own part in it.
    agreement = drawn @ frequency / n_features - per_draw * share
    parts = (agreement + estimate / 2 * (2 * per_draw * share - per_draw - share + 1)) / chance
    variance = 4 / n_draws**2 * float(((parts - parts.mean()) ** 2).sum())
    return normal_interval(estimate, variance, method=_METHOD, confidence=confidence)


def relative_standard_deviation(values: npt.ArrayLike) -> float:
    """Return the relative standard deviation of a score over training draws, in percent: 100 x SD / mean (n - 1).

    Args:
        values: One score a draw; NaN where it has none.

    Returns:
        Percent; NaN for fewer than two scores or a mean of zero.

    Example:
        >>> round(relative_standard_deviation([0.7, 0.8, 0.9]), 2)
        12.5
    """
    known = np.asarray(values, dtype=np.float64)
    known = known[np.isfinite(known)]
    if len(known) < 2 or known.mean() == 0:
        return math.nan
    return 100 * float(known.std(ddof=1)) / float(known.mean())
