"""The model at the operating points of several readers, averaged, with readers and cases both random."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from samesplit.errors import StatisticsError
from samesplit.statistics.bootstrap import draw_patients
from samesplit.statistics.checks import FloatArray, check_labels, codes_of
from samesplit.statistics.matched_operating_point import Matching, matched_threshold, of_those_read
from samesplit.statistics.mrmc.one_treatment import one_treatment
from samesplit.statistics.rematching import Rematching
from samesplit.statistics.student import StudentInterval, student_interval

__all__ = ["MeanReaderPoint", "model_at_mean_reader_point"]


@dataclass(frozen=True, eq=False)
class MeanReaderPoint:
    """A model beside several readers, at the operating point of each.

    Attributes:
        matched: `specificity` or `sensitivity`.
        readers_matched: The readers' mean specificity (or sensitivity).
        model_matched: The model's, at the threshold of each reader, averaged.
        readers_compared: The readers' mean sensitivity (or specificity).
        model_compared: The model's, at the threshold of each reader, averaged.
        difference: Model minus mean reader in what is compared, with readers and cases random and the thresholds
            chosen anew in every bootstrap sample.
        thresholds: Shape (n readers,), for the readers in `readers`.
        differences: Shape (n readers,), model minus each reader.
        readers: Places of the readers with cases of both classes.
    """

    matched: Matching
    readers_matched: float
    model_matched: float
    readers_compared: float
    model_compared: float
    difference: StudentInterval
    thresholds: FloatArray
    differences: FloatArray
    readers: tuple[int, ...]

    @property
    def n_readers(self) -> int:
        """How many readers there were."""
        return len(self.readers)


def model_at_mean_reader_point(
    labels: npt.ArrayLike,
    scores: npt.ArrayLike,
    calls: npt.ArrayLike,
    *,
    matching: Matching = "specificity",
    patients: npt.ArrayLike | None = None,
    n_resamples: int = 1000,
    seed: int = 0,
    confidence: float = 0.95,
) -> MeanReaderPoint:
    """Compare a model with the mean of several readers, each at their own specificity or sensitivity.

    The differences of `model_at_reader_point` are averaged over readers. Their covariance over cases is that of
    bootstrap samples of patients, the same for all readers, in which every threshold is chosen anew; the interval
    takes readers as random too (one treatment, random readers and cases, Hillis' degrees of freedom).

    Args:
        labels: Shape (n,), 0 or 1.
        scores: Shape (n,), of the model.
        calls: Shape (n readers, n), 0 or 1; NaN for a case that a reader did not read.
        matching: See `matched_operating_point.Matching`.
        patients: Shape (n,), the patient of each case; None for one case a patient.
        n_resamples: Bootstrap samples.
        seed: Of the random generator.
        confidence: Two-sided coverage.

    Returns:
        Both at the matched points, and the difference.

    Raises:
        StatisticsError: Calls other than 0, 1 and NaN, fewer than two readers with cases of both classes, or a
            score that is not finite.

    References:
        Hillis SL, Obuchowski NA, Schartz KM, Berbaum KS. Stat Med 2005;24:1579-1607, doi:10.1002/sim.2024.

    Example:
        >>> truth, scores = [0, 0, 0, 1, 1, 1], [0.1, 0.3, 0.2, 0.6, 0.9, 0.8]
        >>> found = model_at_mean_reader_point(truth, scores, [[0, 1, 0, 0, 1, 1], [0, 0, 0, 0, 1, 1]])
        >>> round(found.readers_matched, 3), round(found.difference.estimate, 3)
        (0.833, 0.333)
    """
    truth = check_labels(labels)
    table = np.atleast_2d(np.asarray(calls, dtype=np.float64))
    if table.shape[1] != truth.size or not np.isin(table[~np.isnan(table)], (0, 1)).all():
        raise StatisticsError(
            f"calls of shape {table.shape} do not fit {truth.size} cases, or are not 0, 1 or missing",
            remedy="give one row a reader and one column a case",
        )
    read = ~np.isnan(table)
    kept = tuple(row for row in range(len(table)) if np.unique(truth[read[row]]).size == 2)
    if len(kept) < 2:
        raise StatisticsError(
            f"{len(kept)} readers read cases of both classes: a mean over readers needs two",
            remedy="use `model_at_reader_point` for a single reader",
        )
    owners = codes_of(np.arange(truth.size) if patients is None else patients, n=truth.size)
    samples = draw_patients(truth, owners, n_resamples=n_resamples, seed=seed, stratified=True)
    matched_class = 0 if matching == "specificity" else 1
    rates, thresholds, replicates = np.empty((len(kept), 4)), np.empty(len(kept)), []
    made: dict[bytes, Rematching] = {}  # by the cases that were read
    for place, row in enumerate(kept):
        own, values, given, of_patient = of_those_read(truth, scores, table[row], owners)
        right = given.astype(np.int64) == own
        among, compared = own == matched_class, own != matched_class
        target = float(right[among].mean())
        thresholds[place], reached = matched_threshold(own, values, target, matching=matching)
        model_right = (values >= thresholds[place]).astype(np.int64) == own
        rates[place] = target, reached, right[compared].mean(), model_right[compared].mean()
        on_sensitivity = matching == "sensitivity"
        key = read[row].tobytes()
        if key not in made:
            made[key] = Rematching.of(own, values, samples.weights[:, of_patient])
        replicates.append(made[key].replicates(right, on_sensitivity=on_sensitivity))
    differences = rates[:, 3] - rates[:, 2]
    drawn = np.column_stack(replicates)
    covariance = np.cov(drawn[~np.isnan(drawn).any(axis=1)].T)
    mean = one_treatment(differences, covariance)
    difference = student_interval(
        mean.mean,
        mean.variance,
        mean.df,
        method="mean over readers, 1T-RRRC, bootstrap with thresholds chosen anew",
        confidence=confidence,
        bounds=(-1.0, 1.0),
        null=0.0,
    )
    theirs_matched, ours_matched, theirs, ours = (float(each) for each in rates.mean(axis=0))
    return MeanReaderPoint(
        matching, theirs_matched, ours_matched, theirs, ours, difference, thresholds, differences, kept
    )
