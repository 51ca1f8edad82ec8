"""Harrell's concordance index of risks and survival times and its variance on one test set.

What it estimates: the probability that of two lesions of which one is seen to have its event first, that one
has the higher risk. Two lesions are compared when the earlier of the two times is an event; at equal times an
event is earlier than the end of a follow-up, and two events are not compared. Equal risks of a pair that is
compared count as half. Lesions whose order nobody saw (the earlier was censored) are left out, so the index
depends on how long patients were followed up; it compares models on the same lesions.

The variance is the jackknife's: the index is computed without each patient in turn, so several lesions of a
patient are a cluster. Where nothing can be compared without a patient, as in a fold with a single event, it
is the infinitesimal one around the mean of the run's folds: (pairs of the patient in the right order - mean x
pairs of the patient) / all pairs. docs/intervals.md has the coverage that was measured.

References:
    Harrell FE, et al. Evaluating the yield of medical tests. JAMA 1982;247:2543-2546.
    doi:10.1001/jama.1982.03320430047030.
    Harrell FE, Lee KL, Mark DB. Stat Med 1996;15:361-387.
    doi:10.1002/(SICI)1097-0258(19960229)15:4<361::AID-SIM168>3.0.CO;2-4.
    Therneau T, Watson D. The concordance statistic and the Cox model. Mayo Clinic technical report 85, 2017.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from samesplit.errors import StatisticsError
from samesplit.statistics.checks import FloatArray, check_labels, check_scores
from samesplit.statistics.influence import Influence

__all__ = ["Concordance", "check_times", "concordance", "concordance_influence", "harrell_c"]

_CELLS = 4_000_000  # pairs held in memory at a time


@dataclass(frozen=True)
class Concordance:
    """The pairs of lesions that can be compared, by the patients that are in them.

    Attributes:
        patients: The patients in sorted order.
        won: Shape (n patients,), of each patient the pairs in the right order, equal risks as half; a pair of
            two lesions of the patient counts once.
        pairs: Shape (n patients,), of each patient all pairs.
        earlier: Shape (n patients,), whether a lesion of the patient is the earlier of a pair.
        later: Shape (n patients,), whether one is the later.
        n_won: All pairs in the right order.
        n_pairs: All pairs.
    """

    patients: pd.Index[str]
    won: FloatArray
    pairs: FloatArray
    earlier: npt.NDArray[np.bool_]
    later: npt.NDArray[np.bool_]
    n_won: float
    n_pairs: float

    @property
    def estimate(self) -> float:
        """The index; NaN without a pair."""
        return self.n_won / self.n_pairs if self.n_pairs else math.nan

    @property
    def varies(self) -> bool:
        """Whether it is still defined without any one of the patients."""
        return bool((self.n_pairs - self.pairs > 1e-9 * self.n_pairs).all())


def check_times(times: npt.ArrayLike, *, n: int) -> FloatArray:
    """Return `times` as floats, or say what is wrong with them.

    Args:
        times: Shape (n,), the time to the event or to the end of follow-up.
        n: The number of events.

    Raises:
        StatisticsError: Another shape, or times that are missing, infinite or not above 0.
    """
    values = np.asarray(times, dtype=np.float64)
    if values.shape != (n,):
        raise StatisticsError(f"{n} events do not fit times of shape {values.shape}")
    wrong = ~(np.isfinite(values) & (values > 0))
    if wrong.any():
        raise StatisticsError(
            f"{int(wrong.sum())} of {n} times are missing, infinite or not above 0",
            remedy="leave out the lesions without a time of follow-up",
        )
    return values


def concordance(
    times: npt.ArrayLike,
    events: npt.ArrayLike,
    risks: npt.ArrayLike,
    patients: npt.ArrayLike | None = None,
    *,
    weights: npt.ArrayLike | None = None,
) -> Concordance:
    """Count the pairs of lesions that can be compared, and those in the right order.

    Args:
        times: Shape (n,), above 0.
        events: Shape (n,), 1 where the event was seen, 0 where follow-up ended without it.
        risks: Shape (n,), higher for an earlier event.
        patients: Shape (n,), the patient of each lesion; None where every lesion is a patient of its own.
        weights: Shape (n,), 0 or above: what a pair counts, by its earlier lesion (see
            `censoring.uno_weights`); None for 1.

    Raises:
        StatisticsError: Events other than 0 and 1, times not above 0, risks that are not finite, or weights
            below 0.
    """
    seen = check_labels(events, both_classes=False)
    when, risk = check_times(times, n=seen.size), check_scores(risks, n=seen.size)
    counts = np.ones(seen.size) if weights is None else check_scores(weights, n=seen.size)
    if counts.min() < 0:
        raise StatisticsError(f"weights must not be below 0, found {counts.min():g}")
    owners = np.arange(seen.size) if patients is None else np.asarray(patients)
    names, codes = np.unique(owners.astype(str), return_inverse=True)
    if codes.shape != seen.shape:
        raise StatisticsError(f"{seen.size} events do not fit {codes.size} patients")
    won, pairs = np.zeros(names.size), np.zeros(names.size)
    earlier, later = np.zeros(names.size, bool), np.zeros(names.size, bool)
    n_won = n_pairs = 0.0
    starts = np.flatnonzero((seen == 1) & (counts > 0))
    step = max(1, _CELLS // seen.size)
    for first in range(0, starts.size, step):
        i = starts[first : first + step]
        tied = (when[i, np.newaxis] == when) & (seen == 0)
        compared = (when[i, np.newaxis] < when) | tied
        whole = np.where(compared, counts[i, np.newaxis], 0.0)
        right = whole * (np.sign(risk[i, np.newaxis] - risk) + 1) / 2
        own = codes[i, np.newaxis] == codes
        for total, counted in ((won, right), (pairs, whole)):
            np.add.at(total, codes[i], counted.sum(axis=1))
            np.add.at(total, codes, np.where(own, 0.0, counted).sum(axis=0))
        n_won, n_pairs = n_won + float(right.sum()), n_pairs + float(whole.sum())
        earlier[codes[i][compared.any(axis=1)]] = True
        later[codes[compared.any(axis=0)]] = True
    return Concordance(pd.Index(names, dtype=str), won, pairs, earlier, later, n_won, n_pairs)


def harrell_c(times: npt.ArrayLike, events: npt.ArrayLike, risks: npt.ArrayLike) -> float:
    """Compute Harrell's concordance index.

    Args:
        times: Shape (n,), above 0.
        events: Shape (n,), 1 where the event was seen, 0 where follow-up ended without it.
        risks: Shape (n,), higher for an earlier event.

    Returns:
        Between 0 and 1; 0.5 for risks that tell nothing.

    Raises:
        StatisticsError: No two lesions can be compared, or the input is not such.

    Example:
        >>> harrell_c([2, 4, 5, 9], [1, 0, 1, 0], [0.9, 0.3, 0.1, 0.2])
        0.75
    """
    return _with_pairs(concordance(times, events, risks)).estimate


def concordance_influence(
    times: npt.ArrayLike,
    events: npt.ArrayLike,
    risks: npt.ArrayLike,
    patients: npt.ArrayLike,
    *,
    centre: float | None = None,
    weights: npt.ArrayLike | None = None,
) -> Influence:
    """Compute Harrell's concordance index with the influence value of every patient.

    Args:
        times: Shape (n,), above 0.
        events: Shape (n,), 1 where the event was seen, 0 where follow-up ended without it.
        risks: Shape (n,), higher for an earlier event.
        patients: Shape (n,), the patient of each lesion.
        centre: Of a fold: the mean index of the folds of its run, for where nothing can be compared without
            one of its patients; None where it stands by itself.
        weights: Shape (n,), what a pair counts by its earlier lesion, taken as known: Uno's index with those of
            `censoring.uno_weights`; None for 1.

    Returns:
        The index; its variance is NaN when nothing can be compared without one of the patients, and there is no
        centre.

    Raises:
        StatisticsError: No two lesions can be compared, or the input is not such.
    """
    found = _with_pairs(concordance(times, events, risks, patients, weights=weights))
    n = found.patients.size
    parts = np.zeros((4, n))
    if found.varies:
        without = (found.n_won - found.won) / (found.n_pairs - found.pairs)
        parts[0] = (without.mean() - without) * math.sqrt((n - 1) / n)
        return Influence(found.estimate, found.patients, parts)
    if centre is None:
        notes = ("without one of the patients no two lesions can be compared: no variance",)
        return Influence(found.estimate, found.patients, np.full((4, n), np.nan), notes)
    parts[0] = (found.won - centre * found.pairs) / found.n_pairs
    return Influence(found.estimate, found.patients, parts)


def _with_pairs(found: Concordance) -> Concordance:
    """Return the pairs, if there are any.

    Raises:
        StatisticsError: There are none.
    """
    if not found.n_pairs:
        raise StatisticsError(
            "no two lesions can be compared: nobody was seen to have the event while another was followed up",
            remedy="evaluate on lesions with events, or with a longer follow-up",
        )
    return found
