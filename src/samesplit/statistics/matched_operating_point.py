"""The model at a reader's operating point: as specific as the reader, is it more sensitive (or the reverse)?"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from samesplit.errors import StatisticsError
from samesplit.ordering import at_least, merge_equals
from samesplit.statistics.bootstrap import draw_patients
from samesplit.statistics.checks import (
    FloatArray,
    IntArray,
    check_labels,
    check_numbers,
    check_scores,
    codes_of,
)
from samesplit.statistics.interval import Interval, is_degenerate, z_test
from samesplit.statistics.mcnemar import mcnemar_p_value
from samesplit.statistics.paired_intervals import tango_interval
from samesplit.statistics.proportions import proportion_influence
from samesplit.statistics.rematching import Rematching
from samesplit.statistics.student import StudentInterval, student_interval

__all__ = [
    "TIE_RULE",
    "MatchedPoint",
    "Matching",
    "matched_threshold",
    "model_at_reader_point",
]

Matching = Literal["specificity", "sensitivity"]
"""Which of the two is made the same; the other is compared."""

TIE_RULE = {
    "specificity": "the lowest threshold at which the model is at least as specific",
    "sensitivity": "the highest threshold at which the model is at least as sensitive",
}
"""How the threshold is chosen, never interpolated between two scores. Where scores are tied the model can be
better than asked for in what is matched, never worse; what is compared pays for it."""

_REMATCHED = "bootstrap, threshold chosen anew"


@dataclass(frozen=True)
class MatchedPoint:
    """A model beside one reader at the reader's operating point.

    Attributes:
        matched: `specificity` or `sensitivity`.
        threshold: The model calls a case positive from this score on.
        reader_matched: The reader's specificity (or sensitivity).
        model_matched: The model's at the threshold, at least the reader's.
        reader_compared: The reader's sensitivity (or specificity).
        model_compared: The model's at the threshold.
        difference: Model minus reader in what is compared, with Tango's interval and the exact McNemar p-value;
            with several cases a patient the clustered interval and p-value of Obuchowski (1998).
        rematched: The same difference with the interval and p-value of a bootstrap in which every sample
            chooses its own threshold: for the claim that the model is better at the reader's operating point.
            `difference` and `mid_p` take the threshold as given, and say too much of that claim
            (docs/agreement.md).
        mid_p: The mid-p McNemar p-value; NaN with several cases a patient.
        only_model: Cases that only the model has right, of those compared.
        only_reader: Cases that only the reader has right.
        n_matched: Cases of the class that is matched on.
        n_compared: Cases of the class that is compared on.
    """

    matched: Matching
    threshold: float
    reader_matched: float
    model_matched: float
    reader_compared: float
    model_compared: float
    difference: Interval
    rematched: StudentInterval
    mid_p: float
    only_model: int
    only_reader: int
    n_matched: int
    n_compared: int


def matched_threshold(
    labels: npt.ArrayLike, scores: npt.ArrayLike, target: float, *, matching: Matching = "specificity"
) -> tuple[float, float]:
    """Find the threshold at which a model reaches a specificity or sensitivity, and what it has there.

    Args:
        labels: Shape (n,), 0 or 1, both present.
        scores: Shape (n,), more means more likely positive; scores within a relative 1e-9 are equal.
        target: The specificity or sensitivity to reach.
        matching: `specificity` takes the lowest threshold at which the specificity is at least the target,
            `sensitivity` the highest at which the sensitivity is. Never between two scores.

    Returns:
        The threshold (cases from it on are positive) and the specificity or sensitivity there. Infinity, where no
        case may be called positive.

    Raises:
        StatisticsError: A class is missing, a score is not finite, or a target outside 0 to 1.

    Example:
        >>> matched_threshold([0, 0, 0, 0, 1, 1], [0.1, 0.2, 0.2, 0.7, 0.6, 0.9], 0.7)
        (0.6, 0.75)
    """
    truth = check_labels(labels)
    values = merge_equals(check_scores(scores, n=truth.size))
    if matching not in get_args(Matching):
        raise StatisticsError(f"unknown matching {matching!r}", remedy="use 'specificity' or 'sensitivity'")
    if not 0 <= target <= 1:
        raise StatisticsError(f"a {matching} of {target!r} is not between 0 and 1")
    candidates = np.append(np.unique(values), np.inf)
    if matching == "specificity":
        negatives = np.sort(values[truth == 0])
        reached = np.searchsorted(negatives, candidates, side="left") / negatives.size
        place = int(np.flatnonzero(at_least(reached, target))[0])
    else:
        positives = np.sort(values[truth == 1])
        reached = 1 - np.searchsorted(positives, candidates, side="left") / positives.size
        place = int(np.flatnonzero(at_least(reached, target, scale=1.0))[-1])
    return float(candidates[place]), float(reached[place])


def model_at_reader_point(
    labels: npt.ArrayLike,
    scores: npt.ArrayLike,
    calls: npt.ArrayLike,
    *,
    matching: Matching = "specificity",
    patients: npt.ArrayLike | None = None,
    n_resamples: int = 1000,
    seed: int = 0,
    confidence: float = 0.95,
    known: dict[bytes, Rematching] | None = None,
) -> MatchedPoint:
    """Compare a model with one reader at the reader's own specificity or sensitivity.

    The threshold is read off the same cases, so it varies with them, and so does the reader's own rate. McNemar's
    test and Tango's interval (`difference`, `mid_p`) take it as given: they compare two sets of calls, and
    reject far too often when the question is whether the model's ROC curve passes above the reader's point.
    `rematched` answers that. A threshold for use is chosen on other patients.

    Args:
        labels: Shape (n,), 0 or 1.
        scores: Shape (n,), of the model.
        calls: Shape (n,), of the reader, 0 or 1; NaN for a case that the reader did not read, which is left out
            for both.
        matching: See `Matching`; the threshold is chosen by `TIE_RULE`.
        patients: Shape (n,), the patient of each case; None for one case a patient.
        n_resamples: Bootstrap samples of patients for `rematched`.
        seed: Of the random generator.
        confidence: Two-sided coverage.
        known: Keeps what is the same for all readers of the same cases; give one dictionary for all readers and
            both matchings of a model, with the same labels, scores, patients, samples and seed.

    Returns:
        Both at the matched point, and the difference.

    Raises:
        StatisticsError: Calls other than 0, 1 and NaN, a class missing among the cases that were read, or a score
            that is not finite.

    References:
        Tango 1998, doi:10.1002/(SICI)1097-0258(19980430)17:8<891::AID-SIM780>3.0.CO;2-B; Fagerland 2013,
        doi:10.1186/1471-2288-13-91; Obuchowski 1998,
        doi:10.1002/(SICI)1097-0258(19980715)17:13<1495::AID-SIM863>3.0.CO;2-I.

    Example:
        >>> truth, scores = [0, 0, 0, 0, 1, 1, 1], [0.1, 0.3, 0.2, 0.7, 0.6, 0.9, 0.8]
        >>> found = model_at_reader_point(truth, scores, [0, 1, 0, 0, 0, 1, 1])
        >>> found.threshold, found.model_matched, round(found.difference.estimate, 3)
        (0.6, 0.75, 0.333)
    """
    truth, values, given, owners = of_those_read(labels, scores, calls, patients)
    called = given.astype(np.int64)
    right = called == truth
    matched_class = 0 if matching == "specificity" else 1
    among, compared = truth == matched_class, truth != matched_class
    target = float(right[among].mean())
    threshold, reached = matched_threshold(truth, values, target, matching=matching)
    model_right = (values >= threshold).astype(np.int64) == truth
    ours, theirs = model_right[compared], right[compared]
    only_model, only_reader = int((ours & ~theirs).sum()), int((theirs & ~ours).sum())
    if np.unique(owners).size < owners.size:
        difference, mid_p = _clustered(ours, theirs, owners[compared], confidence), float("nan")
    else:
        made = tango_interval(only_model, only_reader, ours.size, confidence=confidence)
        exact = mcnemar_p_value(only_model, only_reader)
        difference = Interval(made.estimate, made.ci_low, made.ci_high, "Tango; exact McNemar", p_value=exact)
        mid_p = mcnemar_p_value(only_model, only_reader, method="mid-p")
    drawn = {} if known is None else known
    read = (~np.isnan(check_numbers(calls, what="calls"))).tobytes()
    if read not in drawn:
        owners = codes_of(owners, n=owners.size)  # of those that the reader read
        samples = draw_patients(truth, owners, n_resamples=n_resamples, seed=seed, stratified=True)
        drawn[read] = Rematching.of(truth, values, samples.weights[:, owners])
    replicates = drawn[read].replicates(right, on_sensitivity=matching == "sensitivity")
    rematched = student_interval(
        difference.estimate,
        float(replicates.var(ddof=1)),
        math.inf,
        method=_REMATCHED,
        confidence=confidence,
        bounds=(-1.0, 1.0),
        null=0.0,
    )
    return MatchedPoint(
        matching,
        threshold,
        target,
        reached,
        float(theirs.mean()),
        float(ours.mean()),
        difference,
        rematched,
        mid_p,
        only_model,
        only_reader,
        int(among.sum()),
        int(compared.sum()),
    )


def of_those_read(
    labels: npt.ArrayLike, scores: npt.ArrayLike, calls: npt.ArrayLike, patients: npt.ArrayLike | None
) -> tuple[IntArray, FloatArray, FloatArray, IntArray]:
    """Return truth, scores, calls and patients of the cases that a reader read.

    Args:
        labels: Shape (n,), 0 or 1.
        scores: Shape (n,), of the model.
        calls: Shape (n,), of the reader, 0, 1 or NaN.
        patients: Shape (n,), or None.

    Raises:
        StatisticsError: See `model_at_reader_point`.
    """
    truth = check_labels(labels, both_classes=False)
    given = check_numbers(calls, what="calls")
    if given.shape != truth.shape or not np.isin(given[~np.isnan(given)], (0, 1)).all():
        raise StatisticsError(
            f"calls of shape {given.shape} do not fit {truth.size} cases, or are not 0, 1 or missing",
            remedy="give one call a case: 0, 1, or NaN for a case that was not read",
        )
    read = ~np.isnan(given)
    owners = codes_of(np.arange(truth.size) if patients is None else patients, n=truth.size)
    values = check_numbers(scores, what="scores")
    if values.shape != truth.shape:
        raise StatisticsError(f"{truth.size} labels do not fit scores of shape {values.shape}")
    kept = check_labels(truth[read])
    return kept, merge_equals(check_scores(values[read], n=kept.size)), given[read], owners[read]


def _clustered(
    ours: npt.NDArray[np.bool_], theirs: npt.NDArray[np.bool_], owners: IntArray, confidence: float
) -> Interval:
    everyone = np.ones(ours.size)
    found = proportion_influence(ours, everyone, owners) - proportion_influence(theirs, everyone, owners)
    made = z_test(found.estimate, found.variance, method="Obuchowski 1998", confidence=confidence)
    if is_degenerate(found.variance):
        return made
    low, high = max(-1.0, made.ci_low), min(1.0, made.ci_high)
    return Interval(made.estimate, low, high, made.method, made.note, made.p_value)
