"""Figures of merit of several score columns with each case, or each patient, left out in turn."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from samesplit.errors import StatisticsError
from samesplit.statistics.checks import FloatArray, IntArray
from samesplit.statistics.mrmc.auc_columns import column_placements
from samesplit.statistics.mrmc.curve_figures import curve_of_counts, score_places
from samesplit.statistics.mrmc.figures_of_merit import FigureOfMerit

__all__ = ["leave_one_out"]


def leave_one_out(truth: IntArray, scores: FloatArray, figure: FigureOfMerit, units: IntArray) -> FloatArray:
    """Compute a figure of several columns of scores without each unit in turn.

    The AUC and proportions take one pass over the cases. Any other figure is computed once for each different
    pair of truth and score where units are single cases, and once for each unit where they are not.

    Args:
        truth: Shape (n,), 0 or 1.
        scores: Shape (k, n), finite.
        figure: What is computed.
        units: Shape (n,), the unit of each case (itself, or its patient).

    Returns:
        Shape (n units, k). Only units with a case that the figure looks at are left out.

    Raises:
        StatisticsError: Fewer than two units, or a class that only one unit has.

    References:
        Quenouille MH. Biometrika 1956;43:353-360. doi:10.1093/biomet/43.3-4.353.
    """
    looked_at = figure.looks_at(truth)
    truth, scores, units = truth[looked_at], scores[:, looked_at], units[looked_at]
    codes = np.unique(units, return_inverse=True)[1].astype(np.int64)
    n_units = int(codes.max(initial=-1)) + 1
    _check_units(truth, codes, n_units, figure)
    if figure.is_auc:
        return _aucs(truth, scores, codes, n_units)
    if figure.per_case is not None:
        return _means(figure.per_case(truth, scores), codes, n_units)
    if figure.of_curve is not None:
        return _curves(truth, scores, codes, n_units, figure.of_curve)
    if n_units == truth.size:
        return _by_distinct_pairs(truth, scores, figure)[np.argsort(codes)]
    kept = [codes != unit for unit in range(n_units)]
    return np.array([[figure.of(truth[rows], column[rows]) for column in scores] for rows in kept])


def _check_units(truth: IntArray, codes: IntArray, n_units: int, figure: FigureOfMerit) -> None:
    classes = (0, 1) if figure.cases == "all" and not figure.is_proportion else tuple(np.unique(truth))
    if n_units < 2 or any(np.unique(codes[truth == value]).size < 2 for value in classes):
        raise StatisticsError(
            f"all cases of a class belong to one patient: {figure.name} has no jackknife variance",
            remedy="a study needs at least two patients with a positive and two with a negative case",
        )


def _aucs(truth: IntArray, scores: FloatArray, codes: IntArray, n_units: int) -> FloatArray:
    """Take what each unit adds to the sum over pairs of cases from it."""
    positive, negative = truth == 1, truth == 0
    m, n = int(positive.sum()), int(negative.sum())
    m_of = np.bincount(codes[positive], minlength=n_units)
    n_of = np.bincount(codes[negative], minlength=n_units)
    pairs_left = (m - m_of) * (n - n_of)
    mixed = np.flatnonzero((m_of > 0) & (n_of > 0))
    placed = column_placements(truth, scores)
    found = np.empty((n_units, len(scores)))
    for place, column in enumerate(scores):
        left = placed.aucs[place] * m * n - np.bincount(codes[positive], placed.positive[place] * n, n_units)
        left -= np.bincount(codes[negative], placed.negative[place] * m, n_units)
        for unit in mixed:  # pairs within the unit were taken off twice
            inside = codes == unit
            difference = np.subtract.outer(column[inside & positive], column[inside & negative])
            left[unit] += float((np.sign(difference) + 1).sum()) / 2
        found[:, place] = left / pairs_left
    return found


def _means(values: FloatArray, codes: IntArray, n_units: int) -> FloatArray:
    sizes = np.bincount(codes, minlength=n_units)
    of_units = np.array([np.bincount(codes, column, n_units) for column in values])
    return np.asarray(((values.sum(axis=1, keepdims=True) - of_units) / (codes.size - sizes)).T)


def _curves(
    truth: IntArray,
    scores: FloatArray,
    codes: IntArray,
    n_units: int,
    of_curve: Callable[[FloatArray, FloatArray], float],
) -> FloatArray:
    """Take the cases of each unit from the counts that the ROC curve is made of."""
    order = np.argsort(codes, kind="stable")
    ends = np.cumsum(np.bincount(codes, minlength=n_units))
    members = np.split(order, ends[:-1])
    found = np.empty((n_units, len(scores)))
    for place, column in enumerate(scores):
        places, n_places = score_places(column)
        counts = np.zeros((2, n_places))
        np.add.at(counts, (truth, places), 1.0)
        known: dict[bytes, float] = {}
        for unit, cases in enumerate(members):
            taken = np.sort(truth[cases] * n_places + places[cases])
            if taken.tobytes() not in known:
                left = counts.copy().ravel()
                np.subtract.at(left, taken, 1.0)
                negative, positive = left.reshape(2, n_places)
                known[taken.tobytes()] = of_curve(*curve_of_counts(negative, positive))
            found[unit, place] = known[taken.tobytes()]
    return found


def _by_distinct_pairs(truth: IntArray, scores: FloatArray, figure: FigureOfMerit) -> FloatArray:
    """Leave out one case of each different truth and score: five-point ratings need ten figures a column."""
    found = np.empty((truth.size, len(scores)))
    for place, column in enumerate(scores):
        pairs = np.column_stack([truth, column])
        _, first, inverse = np.unique(pairs, axis=0, return_index=True, return_inverse=True)
        without = [figure.of(np.delete(truth, case), np.delete(column, case)) for case in first]
        found[:, place] = np.array(without)[inverse.reshape(-1)]
    return found
