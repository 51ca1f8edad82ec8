"""Figures of merit of free response, with each case, or patient, left out in turn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from samesplit.errors import StatisticsError
from samesplit.statistics.checks import FloatArray, IntArray
from samesplit.statistics.mrmc.covariance import jackknife_covariance
from samesplit.statistics.mrmc.free_response.study import FreeResponseStudy

__all__ = ["FreeResponseFigure", "FreeResponseValues", "free_response_values"]

FreeResponseFigure = Literal["wAFROC", "AFROC", "wAFROC1", "AFROC1", "ROC", "FROC"]
"""What a lesion's rating (minus infinity without a mark) is compared with.

`AFROC`: with the highest false mark of every case without lesions; `AFROC1`: with that of every case, for studies
with few cases without lesions; `w` weights lesions within their case, so that cases count alike however many
lesions they have. `ROC` compares the highest marks of cases, wherever they lie. `FROC` compares with every false
mark and divides by the number of cases: it can pass 1, rewards false marks, and is there for older studies."""


@dataclass(frozen=True, eq=False)
class FreeResponseValues:
    """A figure of merit of every reader under every modality, with its covariance over cases.

    Attributes:
        figure: Its name.
        figures: Shape (n modalities, n readers).
        covariance: Jackknife, shape (n modalities x n readers) in both directions, modality by modality.
        replicates: Shape (n units, n modalities, n readers), the figure without each unit in turn.
        pseudovalues: Shape (n units, n modalities, n readers): n times the figure less n - 1 times the replicate.
        n_cases: Units that were left out: cases, or patients where they have several.
    """

    figure: str
    figures: FloatArray
    covariance: FloatArray
    replicates: FloatArray
    pseudovalues: FloatArray
    n_cases: int


def free_response_values(
    study: FreeResponseStudy, figure: FreeResponseFigure = "wAFROC"
) -> FreeResponseValues:
    r"""Compute a figure of merit of free response and how it varies over cases.

    The weighted AFROC figure is :math:`\frac{1}{K_1 K_2} \sum_{k_1} \sum_{k_2} \sum_l W_{k_2 l}
    \psi(\text{FP}_{k_1}, z_{k_2 l})` over cases without (:math:`k_1`) and with lesions (:math:`k_2`), where
    :math:`\psi` is 1 where the lesion is rated higher than the highest false mark, a half where they are equal
    (both unmarked as well), else 0. So it is the chance that a lesion is rated above every mark of a case
    without lesions.

    Args:
        study: Crossed.
        figure: See `FreeResponseFigure`.

    Returns:
        The figures; several cases of a patient are left out together.

    Raises:
        StatisticsError: A study that is not crossed, an unknown figure, or too few cases of a kind.

    References:
        Chakraborty DP, Berbaum KS. Med Phys 2004;31:2313-2330, doi:10.1118/1.1769352. Chakraborty DP, Zhai X. Med
        Phys 2016;43:2548-2557, doi:10.1118/1.4947125.

    Example:
        >>> import pandas as pd
        >>> from samesplit.statistics.mrmc.free_response import HitRule
        >>> marks = pd.DataFrame({"reader": ["a"] * 4, "case": list("pqmn"), "rating": [4.0, 1.0, 2.0, np.nan],
        ...     "x_mm": [1.0, 2.0, 9.0, np.nan], "y_mm": [0.0, 0.0, 0.0, np.nan]})
        >>> lesions = pd.DataFrame({"lesion": ["l1", "l2"], "case": ["p", "q"], "x_mm": [0.0, 0.0], "y_mm": 0.0})
        >>> study = FreeResponseStudy.from_marks(marks, lesions, list("pqmn"), HitRule(5))
        >>> free_response_values(study).figures.tolist()
        [[0.75]]
    """
    if figure not in get_args(FreeResponseFigure):
        raise StatisticsError(
            f"unknown figure of merit {figure!r}",
            remedy=f"use one of {', '.join(get_args(FreeResponseFigure))}",
        )
    if not study.is_crossed:
        i, j, k = (int(place) for place in np.argwhere(~study.is_read)[0])
        raise StatisticsError(
            f"reader {study.readers[j]!r} did not read case {study.cases[k]!r} ({study.modalities[i]})",
            remedy="give a row without a position for a case that was read and not marked, or leave the case out",
        )
    units = np.unique(study.patients, return_inverse=True)[1].astype(np.int64)
    n_units = int(units.max()) + 1
    if any(np.unique(units[study.truth == kind]).size < 2 for kind in (0, 1)):
        raise StatisticsError(
            "fewer than two patients with, or without, lesions: no variance over cases",
            remedy="a study needs at least two of each",
        )
    n_modalities, n_readers = study.lesion_ratings.shape[:2]
    values = np.empty((n_modalities, n_readers))
    replicates = np.empty((n_units, n_modalities, n_readers))
    for i in range(n_modalities):
        for j in range(n_readers):
            values[i, j], replicates[:, i, j] = _left_out(_sides(study, i, j, figure), units, n_units)
    covariance = jackknife_covariance(replicates.reshape(n_units, -1))
    pseudovalues = n_units * values - (n_units - 1) * replicates
    return FreeResponseValues(figure, values, covariance, replicates, pseudovalues, n_units)


@dataclass(frozen=True)
class _Sides:
    """The two sides of a comparison: false marks against lesions.

    Attributes:
        false: Ratings of false marks, or of cases.
        false_case: Their cases.
        lesions: Ratings of lesions, or of cases.
        lesion_case: Their cases.
        weights: Of the lesions.
        per_false: What each case adds to the denominator on the side of false marks, shape (n cases,).
    """

    false: FloatArray
    false_case: IntArray
    lesions: FloatArray
    lesion_case: IntArray
    weights: FloatArray
    per_false: FloatArray


def _sides(study: FreeResponseStudy, modality: int, reader: int, figure: FreeResponseFigure) -> _Sides:
    """Return what a figure compares with what."""
    n_cases = len(study.cases)
    everyone, truth = np.arange(n_cases), study.truth
    highest = study.highest_false(modality, reader)
    lesions, lesion_case = study.lesion_ratings[modality, reader], study.lesion_case
    weights = study.lesion_weights if figure.startswith("w") else np.ones(lesions.size)
    if figure == "FROC":
        false, false_case = study.false_ratings[modality, reader], study.false_cases[modality, reader]
        return _Sides(false, false_case, lesions, lesion_case, weights, np.ones(n_cases))
    kept = everyone if figure.endswith("1") else np.flatnonzero(truth == 0)
    if figure == "ROC":
        best = highest.copy()
        np.maximum.at(best, lesion_case, lesions)
        diseased = np.flatnonzero(truth == 1)
        lesions, lesion_case, weights = best[diseased], diseased, np.ones(diseased.size)
    counted = np.isin(everyone, kept).astype(np.float64)
    return _Sides(highest[kept], kept.astype(np.int64), lesions, lesion_case, weights, counted)


def _left_out(sides: _Sides, units: IntArray, n_units: int) -> tuple[float, FloatArray]:
    """Return a figure, and the figure without each unit."""
    false, lesions = sides.false[:, np.newaxis], sides.lesions[np.newaxis]
    wins = ((lesions > false) + 0.5 * (lesions == false)) * sides.weights
    of_false, of_lesions = units[sides.false_case], units[sides.lesion_case]
    total = float(wins.sum())
    without = total - np.bincount(of_false, weights=wins.sum(axis=1), minlength=n_units)
    without -= np.bincount(of_lesions, weights=wins.sum(axis=0), minlength=n_units)
    row, column = np.nonzero(of_false[:, np.newaxis] == of_lesions)
    without += np.bincount(of_false[row], weights=wins[row, column], minlength=n_units)
    per_false = np.bincount(units, weights=sides.per_false, minlength=n_units)
    per_lesion = np.bincount(of_lesions, weights=sides.weights, minlength=n_units)
    left = (per_false.sum() - per_false) * (per_lesion.sum() - per_lesion)
    return total / float(per_false.sum() * per_lesion.sum()), without / left
