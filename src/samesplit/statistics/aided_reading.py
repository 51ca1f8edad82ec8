"""What readers do with a model's advice: followed when right, followed when wrong, and the time it takes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from samesplit.errors import StatisticsError
from samesplit.statistics.checks import FloatArray, IntArray, check_confidence, check_labels, codes_of
from samesplit.statistics.crossed_clusters import crossed_mean, crossed_share
from samesplit.statistics.interval import Interval
from samesplit.statistics.proportions import proportion_interval

__all__ = [
    "AdviceCounts",
    "AdviceFollowed",
    "AdviceRates",
    "ReadingTime",
    "advice_followed",
    "reading_time",
]


@dataclass(frozen=True)
class AdviceCounts:
    """Pairs of an unaided and an aided call of one reader and case, by the advice and what became of it.

    Attributes:
        right_kept: Advice right, unaided right, aided right.
        right_lost: Advice right, unaided right, aided wrong: turned away from a right call against the advice.
        right_corrected: Advice right, unaided wrong, aided right.
        right_refused: Advice right, unaided wrong, aided wrong.
        wrong_kept: Advice wrong, unaided right, aided right: resisted.
        wrong_misled: Advice wrong, unaided right, aided wrong.
        wrong_recovered: Advice wrong, unaided wrong, aided right, against the advice.
        wrong_shared: Advice wrong, unaided wrong, aided wrong.
    """

    right_kept: int
    right_lost: int
    right_corrected: int
    right_refused: int
    wrong_kept: int
    wrong_misled: int
    wrong_recovered: int
    wrong_shared: int

    @property
    def n(self) -> int:
        """All pairs of calls."""
        return self.n_advice_right + self.n_advice_wrong

    @property
    def n_advice_right(self) -> int:
        """Pairs of calls where the advice was right."""
        return self.right_kept + self.right_lost + self.right_corrected + self.right_refused

    @property
    def n_advice_wrong(self) -> int:
        """Pairs of calls where the advice was wrong."""
        return self.wrong_kept + self.wrong_misled + self.wrong_recovered + self.wrong_shared

    @property
    def n_changed(self) -> int:
        """Pairs whose two calls differ."""
        return self.right_lost + self.right_corrected + self.wrong_misled + self.wrong_recovered

    @property
    def n_gained(self) -> int:
        """Calls turned right less calls turned wrong."""
        return self.right_corrected + self.wrong_recovered - self.right_lost - self.wrong_misled


@dataclass(frozen=True)
class AdviceRates:
    """How often advice was followed.

    Attributes:
        counts: The pairs of calls.
        followed_when_right: Share of aided calls that are as advised, where the advice was right.
        followed_when_wrong: Share of aided calls that are as advised, where the advice was wrong.
        corrected: Of unaided calls that were wrong where the advice was right, the share that was corrected.
        misled: Of unaided calls that were right where the advice was wrong, the share that was given up for it:
            automation bias.
        changed: Share of calls that were changed.
        gain: Aided minus unaided accuracy, with p-value where it was tested.
    """

    counts: AdviceCounts
    followed_when_right: Interval
    followed_when_wrong: Interval
    corrected: Interval
    misled: Interval
    changed: Interval
    gain: Interval


@dataclass(frozen=True)
class AdviceFollowed:
    """How often advice was followed, by each reader and by all.

    Attributes:
        overall: Of all readers, with readers and patients as clusters.
        by_reader: Of each reader, by name.
        n_unpaired: Readings that were left out because the other reading, or the advice, is missing.
    """

    overall: AdviceRates
    by_reader: dict[str, AdviceRates]
    n_unpaired: int


@dataclass(frozen=True)
class ReadingTime:
    """How long readings took with and without aid, on cases that the same reader read both ways.

    Attributes:
        ratio: Geometric mean of aided over unaided time of the same reader and case, with the interval and p-value
            of its logarithm; below 1 is faster.
        difference_seconds: Mean of aided minus unaided time, in seconds.
        median_unaided_seconds: Median time of an unaided reading.
        median_aided_seconds: Median time of an aided reading.
        by_reader: The ratio of each reader, with patients as clusters.
        n_pairs: Pairs of readings.
    """

    ratio: Interval
    difference_seconds: Interval
    median_unaided_seconds: float
    median_aided_seconds: float
    by_reader: dict[str, Interval]
    n_pairs: int


def advice_followed(
    labels: npt.ArrayLike,
    advice: npt.ArrayLike,
    unaided: npt.ArrayLike,
    aided: npt.ArrayLike,
    *,
    readers: Sequence[str] | None = None,
    patients: npt.ArrayLike | None = None,
    confidence: float = 0.95,
) -> AdviceFollowed:
    """Estimate how often readers followed a model's advice when it was right, and when it was wrong.

    An unaided call differs from right advice exactly when it is wrong, and from wrong advice exactly when it is
    right: so `corrected` and `misled` are the shares of disagreements that the advice won. What readers would
    have changed at a second reading without advice is in them as well; a control arm alone can tell the two apart.

    Args:
        labels: Shape (n,), 0 or 1.
        advice: Shape (n,), what the model said, 0 or 1; NaN for none.
        unaided: Shape (n readers, n), calls without aid, 0 or 1; NaN for none.
        aided: Shape (n readers, n), calls of the same readers with aid.
        readers: Their names; None numbers them from 1.
        patients: Shape (n,), the patient of each case; None for one case a patient.
        confidence: Two-sided coverage.

    Returns:
        Counts and shares. Of a reader with one case a patient the intervals are Agresti and Coull's; else
        patients, and of all readers readers and patients, are clusters (`crossed_share`).

    Raises:
        StatisticsError: Shapes that differ, calls other than 0, 1 and NaN, or no pair of calls.

    References:
        Goddard K, Roudsari A, Wyatt JC. Automation bias: a systematic review. J Am Med Inform Assoc
        2012;19:121-127, doi:10.1136/amiajnl-2011-000089.

    Example:
        >>> truth, advice = [1, 1, 0, 0, 1], [1, 1, 0, 1, 0]
        >>> unaided, aided = [[0, 1, 0, 0, 1], [0, 0, 0, 0, 1]], [[1, 1, 0, 1, 1], [1, 0, 0, 0, 1]]
        >>> found = advice_followed(truth, advice, unaided, aided)
        >>> found.overall.counts.right_corrected, found.overall.counts.wrong_misled
        (2, 1)
        >>> round(found.overall.corrected.estimate, 2), round(found.overall.misled.estimate, 2)
        (0.67, 0.25)
    """
    check_confidence(confidence)
    truth = check_labels(labels, both_classes=False)
    before, after, names = _two_tables(unaided, aided, truth.size, readers)
    told = np.asarray(advice, dtype=np.float64)
    if told.shape != truth.shape:
        raise StatisticsError(f"{truth.size} labels do not fit {told.size} pieces of advice")
    for calls in (before, after, told):
        if not np.isin(calls[~np.isnan(calls)], (0, 1)).all():
            raise StatisticsError("calls must be 0, 1 or missing", remedy="cut scores at a threshold first")
    owners = codes_of(np.arange(truth.size) if patients is None else patients, n=truth.size)
    paired = ~np.isnan(before) & ~np.isnan(after) & ~np.isnan(told)
    n_unpaired = int((~np.isnan(before)).sum() + (~np.isnan(after)).sum()) - 2 * int(paired.sum())
    if not paired.any():
        raise StatisticsError(
            "no reader has an unaided and an aided call of the same case with advice",
            remedy="give both readings of the same cases",
        )
    by_reader = {
        name: _rates(truth, told, before[row], after[row], paired[row], owners, row, confidence)
        for row, name in enumerate(names)
        if paired[row].any()
    }
    rows, cases = np.nonzero(paired)
    overall = _rates(
        truth[cases],
        told[cases],
        before[rows, cases],
        after[rows, cases],
        None,
        owners[cases],
        rows,
        confidence,
    )
    return AdviceFollowed(overall, by_reader, n_unpaired)


def reading_time(
    unaided_seconds: npt.ArrayLike,
    aided_seconds: npt.ArrayLike,
    *,
    readers: Sequence[str] | None = None,
    patients: npt.ArrayLike | None = None,
    confidence: float = 0.95,
) -> ReadingTime:
    """Compare how long readings of the same reader and case took with and without aid.

    Args:
        unaided_seconds: Shape (n readers, n cases), above 0; NaN where the time is not known.
        aided_seconds: The same with aid.
        readers: Names; None numbers them from 1.
        patients: Shape (n cases,), the patient of each case; None for one case a patient.
        confidence: Two-sided coverage.

    Returns:
        Ratio and difference over pairs of readings, with readers and patients as clusters.

    Raises:
        StatisticsError: Shapes that differ, a time of 0 or less, or no pair of readings.

    Example:
        >>> found = reading_time([[60, 80, 50], [40, 90, 70]], [[45, 60, 50], [30, 80, 50]])
        >>> round(found.ratio.estimate, 2), found.median_unaided_seconds, found.n_pairs
        (0.8, 65.0, 6)
    """
    before = np.atleast_2d(np.asarray(unaided_seconds, dtype=np.float64))
    before, after, names = _two_tables(unaided_seconds, aided_seconds, before.shape[1], readers)
    for times in (before, after):
        known = times[~np.isnan(times)]
        if not (np.isfinite(known) & (known > 0)).all():
            raise StatisticsError(
                f"a reading took {known[~(known > 0)].min(initial=math.inf):g} seconds",
                remedy="give times above 0, or leave them empty where they are not known",
            )
    paired = ~np.isnan(before) & ~np.isnan(after)
    if not paired.any():
        raise StatisticsError(
            "no reader has times of the same case with and without aid",
            remedy="give both times of the same cases",
        )
    n_cases = before.shape[1]
    owners = codes_of(np.arange(n_cases) if patients is None else patients, n=n_cases)
    rows, cases = np.nonzero(paired)
    logs = np.log(after[paired] / before[paired])
    by_reader = {
        name: _exponential(
            crossed_mean(
                logs[rows == row], rows[rows == row], owners[cases[rows == row]], confidence=confidence
            )
        )
        for row, name in enumerate(names)
        if paired[row].any()
    }
    return ReadingTime(
        _exponential(crossed_mean(logs, rows, owners[cases], confidence=confidence)),
        crossed_mean(after[paired] - before[paired], rows, owners[cases], confidence=confidence),
        float(np.median(before[paired])),
        float(np.median(after[paired])),
        by_reader,
        int(paired.sum()),
    )


def _two_tables(
    first: npt.ArrayLike, second: npt.ArrayLike, n_cases: int, readers: Sequence[str] | None
) -> tuple[FloatArray, FloatArray, tuple[str, ...]]:
    """Return two tables of readers and cases, and the readers' names."""
    one, other = (np.atleast_2d(np.asarray(each, dtype=np.float64)) for each in (first, second))
    names = tuple(f"reader {row + 1}" for row in range(len(one))) if readers is None else tuple(readers)
    if one.shape != other.shape or one.shape[1] != n_cases or len(names) != len(one):
        raise StatisticsError(
            f"unaided readings of shape {one.shape}, aided ones of shape {other.shape} and {len(names)} readers "
            f"do not fit {n_cases} cases",
            remedy="give one row a reader and one column a case, NaN for a reading that there is not",
        )
    return one, other, names


def _rates(
    truth: IntArray,
    told: FloatArray,
    before: FloatArray,
    after: FloatArray,
    kept: npt.NDArray[np.bool_] | None,
    owners: IntArray,
    readers: IntArray | int,
    confidence: float,
) -> AdviceRates:
    """Return the counts and rates of some pairs of calls: those of one reader, or all."""
    kept = np.ones(truth.size, dtype=bool) if kept is None else kept
    truth, told, before, after, owners = truth[kept], told[kept], before[kept], after[kept], owners[kept]
    who = np.broadcast_to(readers, truth.shape)
    advised, was, became = told == truth, before == truth, after == truth
    cells = [
        int(((advised == right) & (was == first) & (became == last)).sum())
        for right in (True, False)
        for first, last in ((True, True), (True, False), (False, True), (False, False))
    ]
    counts = AdviceCounts(*cells)
    independent = np.unique(who).size == 1 and np.unique(owners).size == owners.size

    def share(hits: npt.NDArray[np.bool_], among: npt.NDArray[np.bool_]) -> Interval:
        if independent:
            return proportion_interval(int((hits & among).sum()), int(among.sum()), confidence=confidence)
        return crossed_share(hits[among], who[among], owners[among], confidence=confidence)

    followed = after == told
    gain = crossed_mean(
        became.astype(np.float64) - was, who, owners, confidence=confidence, bounds=(-1.0, 1.0)
    )
    return AdviceRates(
        counts,
        share(followed, advised),
        share(followed, ~advised),
        share(became, advised & ~was),
        share(~became, ~advised & was),
        share(before != after, np.ones(truth.size, dtype=bool)),
        gain,
    )


def _exponential(found: Interval) -> Interval:
    """Return a ratio from the mean of its logarithm."""
    low, high = math.exp(found.ci_low), math.exp(found.ci_high)
    method = f"geometric mean, {found.method}"
    return Interval(math.exp(found.estimate), low, high, method, found.note, found.p_value)
