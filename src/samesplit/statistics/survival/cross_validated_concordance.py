"""Harrell's concordance index of predictions from folds, repeats and seeds.

Over folds, repeats and seeds everything is as for the AUC (`cross_validated`): the mean of the indices inside
the folds, whose risks come from different models and share no scale, and a second part of the variance for
the training patients.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pandas as pd

from samesplit.errors import StatisticsError
from samesplit.statistics.boundary import Sizes, newcombe_interval
from samesplit.statistics.checks import (
    AnyArray,
    FloatArray,
    IntArray,
    check_labels,
    check_scores,
    codes_of,
)
from samesplit.statistics.cross_validated import training_factor
from samesplit.statistics.influence import Influence, mean_influence
from samesplit.statistics.interval import Interval, is_degenerate, normal_interval
from samesplit.statistics.survival.concordance import check_times, concordance, concordance_influence

__all__ = [
    "concordance_interval",
    "concordance_sizes",
    "cross_validated_concordance",
    "fold_concordances",
]


def fold_concordances(
    times: npt.ArrayLike, events: npt.ArrayLike, risks: npt.ArrayLike, cells: npt.ArrayLike
) -> pd.Series[float]:
    """Compute the concordance index inside each fold.

    Args:
        times: Shape (n,), above 0, one for each prediction.
        events: Shape (n,), 0 or 1.
        risks: Shape (n,), higher for an earlier event.
        cells: Shape (n,), the fold (of a seed and repeat) of each prediction.

    Returns:
        One index a fold, indexed 0, 1, ... in sorted order of the cells; NaN where no two lesions can be
        compared.

    Raises:
        StatisticsError: The input is not such.
    """
    seen, when, risk, codes = _checked(times, events, risks, cells)
    folds = _folds(codes)
    return pd.Series([concordance(when[i], seen[i], risk[i]).estimate for i in folds], dtype="float64")


def cross_validated_concordance(
    times: npt.ArrayLike,
    events: npt.ArrayLike,
    risks: npt.ArrayLike,
    patients: npt.ArrayLike,
    cells: npt.ArrayLike,
    *,
    repeats: npt.ArrayLike | None = None,
    seeds: npt.ArrayLike | None = None,
    weights: npt.ArrayLike | None = None,
) -> Influence:
    """Estimate the mean of the folds' concordance indices with the influence of every patient.

    Args:
        times: Shape (n,), above 0, one for each prediction.
        events: Shape (n,), 0 or 1.
        risks: Shape (n,), higher for an earlier event.
        patients: Shape (n,), the patient of each prediction's lesion.
        cells: Shape (n,), the fold (of a seed and repeat) of each prediction.
        repeats: Shape (n,), the repeat of each prediction; None for a single one.
        seeds: Shape (n,), the seed of each prediction; None for a single one.
        weights: Shape (n,), what a pair counts by its earlier lesion; None for 1.

    Returns:
        The mean with influence values, and the training part where folds have different test patients. Folds in
        which no two lesions can be compared are left out and counted in the notes.

    Raises:
        StatisticsError: In no fold can two lesions be compared, or the input is not such.
    """
    seen, when, risk, codes = _checked(times, events, risks, cells)
    owners = np.asarray(patients, dtype=str)
    repeat_of = np.zeros(seen.size, np.int64) if repeats is None else codes_of(repeats, n=seen.size)
    seed_of = np.zeros(seen.size, np.int64) if seeds is None else codes_of(seeds, n=seen.size)
    counts = np.ones(seen.size) if weights is None else check_scores(weights, n=seen.size)
    everyone = _folds(codes)
    folds = [i for i in everyone if concordance(when[i], seen[i], risk[i], weights=counts[i]).n_pairs]
    if not folds:
        raise StatisticsError(
            f"in none of the {len(everyone)} test folds can two lesions be compared: no fold has an index",
            remedy="use fewer folds, stratified by the event",
        )
    notes: tuple[str, ...] = ()
    if len(folds) < len(everyone):
        left_out = len(everyone) - len(folds)
        notes = (f"{left_out} of {len(everyone)} folds have no two lesions to compare and are left out",)
    found: dict[int, list[Influence]] = {}
    centres = _means_of_runs(when, seen, risk, counts, folds, repeat_of, seed_of)
    for i, centre in zip(folds, centres, strict=True):
        one = concordance_influence(when[i], seen[i], risk[i], owners[i], centre=centre, weights=counts[i])
        found.setdefault(int(repeat_of[i[0]]), []).append(one)
    mean = mean_influence([item for items in found.values() for item in items])
    whole = np.concatenate(folds)
    runs = None if repeats is None else (repeat_of * (int(seed_of.max()) + 1) + seed_of)[whole]
    factor = training_factor(owners[whole], codes[whole], runs)
    trained = None
    if factor > 0:
        each = [mean_influence(items) for items in found.values()]
        trained = np.zeros((len(each), 4, len(mean.patients)))
        for row, item in zip(trained, each, strict=True):
            row[:, mean.patients.get_indexer(item.patients)] = math.sqrt(factor) * item.parts
    return Influence(mean.estimate, mean.patients, mean.parts, (*notes, *mean.notes), trained)


def concordance_sizes(
    times: npt.ArrayLike,
    events: npt.ArrayLike,
    patients: npt.ArrayLike,
    cells: npt.ArrayLike,
    runs: npt.ArrayLike,
) -> list[list[tuple[int, int]]]:
    """Count the patients who are the earlier and the later of pairs, for an interval that needs nothing else.

    A patient who is both counts as half in each, and at least one is in each.

    Args:
        times: Shape (n,), above 0, one for each prediction.
        events: Shape (n,), 0 or 1.
        patients: Shape (n,), the patient of each prediction's lesion.
        cells: Shape (n,), the fold (of a seed and repeat) of each prediction.
        runs: Shape (n,), the seed and repeat of each prediction, numbered.

    Returns:
        See `boundary.Sizes`; folds without a pair are left out.
    """
    seen, when, _, codes = _checked(times, events, np.zeros(np.asarray(events).size), cells)
    owners, run_of = np.asarray(patients, dtype=str), codes_of(runs, n=seen.size)
    found: dict[int, list[tuple[int, int]]] = {}
    for i in _folds(codes):
        counted = concordance(when[i], seen[i], np.zeros(i.size), owners[i])
        if counted.n_pairs:
            both = float((counted.earlier & counted.later).sum()) / 2
            pair = tuple(max(1, int(side.sum() - both)) for side in (counted.earlier, counted.later))
            found.setdefault(int(run_of[i[0]]), []).append((pair[0], pair[1]))
    return list(found.values())


def concordance_interval(
    found: Influence, sizes: Sizes, *, method: str, confidence: float = 0.95
) -> Interval:
    """Make the interval of a concordance index that comes with influence values, on the logit scale.

    Args:
        found: The index.
        sizes: The numbers of patients, for where it has no variance; see `concordance_sizes`.
        method: The name of the variance.
        confidence: Two-sided coverage.

    Returns:
        The interval with the notes of the estimate; Newcombe's method 5 where there is no variance (an index
        of 0 or 1, equal risks throughout).
    """
    if is_degenerate(found.variance):
        made = newcombe_interval(found.estimate, sizes, confidence=confidence)
    else:
        made = normal_interval(
            found.estimate, found.variance, method=method, confidence=confidence, scale="logit"
        )
    note = "; ".join(part for part in (*found.notes, made.note) if part)
    return Interval(made.estimate, made.ci_low, made.ci_high, made.method, note)


def _means_of_runs(
    when: FloatArray,
    seen: IntArray,
    risk: FloatArray,
    counts: FloatArray,
    folds: list[AnyArray],
    *run_of: IntArray,
) -> list[float | None]:
    """Return for each fold the mean index of the folds of its run; None for a run of one fold."""
    index = pd.Series([concordance(when[i], seen[i], risk[i], weights=counts[i]).estimate for i in folds])
    runs = [[int(number[i[0]]) for i in folds] for number in run_of]
    means = index.groupby(runs)
    return [
        None if size == 1 else float(mean)
        for mean, size in zip(means.transform("mean"), means.transform("size"), strict=True)
    ]


def _checked(
    times: npt.ArrayLike, events: npt.ArrayLike, risks: npt.ArrayLike, cells: npt.ArrayLike
) -> tuple[IntArray, FloatArray, FloatArray, IntArray]:
    seen = check_labels(events, both_classes=False)
    return (
        seen,
        check_times(times, n=seen.size),
        check_scores(risks, n=seen.size),
        codes_of(cells, n=seen.size),
    )


def _folds(codes: IntArray) -> list[AnyArray]:
    """Return the rows of each fold."""
    return [np.flatnonzero(codes == cell) for cell in range(int(codes.max()) + 1)]
