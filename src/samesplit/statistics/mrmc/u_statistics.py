"""Readers and cases both random, for any design, by U-statistics (the one-shot estimate of iMRMC).

What it estimates: the figure of merit of each modality, averaged over the readings there are (the pairs of a
positive and a negative case that a reader read, or the cases), its variance over new readers and new cases,
and differences between modalities.

What it assumes: readers are drawn from readers, patients from patients, apart; which reader reads which case
does not depend on the scores. Whether all readers read all cases does not matter.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from samesplit.errors import StatisticsError
from samesplit.statistics.checks import FloatArray, IntArray
from samesplit.statistics.mrmc.kernels import Figure, Kernel, kernel_of
from samesplit.statistics.mrmc.moments import Moments, all_moments
from samesplit.statistics.mrmc.study import ReaderStudy
from samesplit.statistics.mrmc.variances import (
    DegreesRule,
    PairMoments,
    ReaderVariance,
    VarianceRule,
    degrees_for_t,
    difference_variance,
    mean_variance,
)
from samesplit.statistics.student import StudentInterval, student_interval

__all__ = ["UAnalysis", "u_statistic_analysis"]

Pair = tuple[str, str]


@dataclass(frozen=True, eq=False)
class UAnalysis:
    """A reader study judged by U-statistics.

    Attributes:
        figure: The figure of merit.
        method: The method in words, for a report.
        readers: Names along the axes of readers.
        reader_values: Shape (n modalities, n readers), each reader's figure; NaN where a reader has none.
        reader_covariances: Shape (n modalities, n modalities, n readers), unbiased, over cases alone: of each
            reader's figures under two modalities.
        n_read: Shape (n modalities, n readers, n factors), how many cases of each axis (negatives and
            positives, or cases) a reader read.
        modalities: Each modality's average over readers, with its t interval; no test.
        differences: First modality less second, with interval and two-sided test.
        variances: Of the averages.
        difference_variances: Of the differences.
        moments: By two modalities (the same one twice for its own), see `Moments`.
    """

    figure: Figure
    method: str
    readers: tuple[str, ...]
    reader_values: FloatArray
    reader_covariances: FloatArray
    n_read: IntArray
    modalities: Mapping[str, StudentInterval]
    differences: Mapping[Pair, StudentInterval]
    variances: Mapping[str, ReaderVariance]
    difference_variances: Mapping[Pair, ReaderVariance]
    moments: Mapping[Pair, Moments]


def u_statistic_analysis(
    study: ReaderStudy,
    figure: Figure = "auc",
    *,
    variance: VarianceRule = "unbiased",
    confidence: float = 0.95,
    degrees: DegreesRule = "exact",
) -> UAnalysis:
    """Judge the modalities of a reader study of any design.

    Negative variance: the unbiased estimate may come out negative. Then the one of centred kernels takes its
    place, and where that is not positive either the V-statistic estimate, which is too large and so the test
    too careful; the note of the interval says so. Without a positive one there is no interval. All three
    stand in `variances`.

    Centred kernels: a variance does not change when a constant is taken off every value, and in a crossed
    study neither does its estimate. Otherwise the estimate scatters the more, the larger the figure itself;
    with the average taken off it scatters least, with the same mean. iMRMC does not do that, so `unbiased`,
    which equals iMRMC, does not either.

    Several cases of a patient: readings of cases of one patient never count as independent, so that patients
    are drawn and not cases, also where a patient has cases of both classes. Kernels are always centred then.

    Memory and time of an AUC grow with the product of negative and positive cases: 68 readers of 391 of 1,130
    cases take a second, and 5,000 cases of each class under two modalities would need a gigabyte.

    Args:
        study: The readings. For sensitivity, specificity and accuracy the scores are calls.
        figure: `auc`, `sensitivity`, `specificity`, `accuracy` or `mean score`.
        variance: `unbiased` (as iMRMC), `centred` (better where not every reader read every case) or `mle`
            (the V-statistic, or ideal bootstrap, biased upwards).
        confidence: Two-sided coverage.
        degrees: `exact` gives t the degrees of freedom as they are, `imrmc` as iMRMC does.

    Raises:
        StatisticsError: Fewer than two readers with readings of different cases under a modality, or what
            `kernel_of` raises.

    References:
        Gallas BD. One-shot estimate of MRMC variance: AUC. doi:10.1016/j.acra.2005.11.030.
        Gallas BD, Brown DG. Reader studies for validation of CAD systems. doi:10.1016/j.neunet.2007.12.013.
        Obuchowski NA, Gallas BD, Hillis SL. Multi-reader ROC studies with split-plot designs: a comparison of
        statistical methods. doi:10.1016/j.acra.2012.09.012.

    Example:
        >>> study = ReaderStudy.from_columns(
        ...     reader=["r1"] * 4 + ["r2"] * 4, case=list("abcd") * 2, truth=[0, 0, 1, 1] * 2,
        ...     score=[1, 3, 2, 4, 2, 1, 4, 3],
        ... )
        >>> u_statistic_analysis(study).modalities["reading"].estimate
        0.875
    """
    kernel = kernel_of(study, figure)
    moments = all_moments(kernel)
    names = study.modalities
    for place, name in enumerate(names):
        if not moments.averages[place, place].is_estimable:
            raise StatisticsError(
                f"{name!r} has no two readers who read different cases: readers cannot be taken as random",
                remedy="analyse each reader alone, or read with at least two readers",
            )
    averages = moments.sums.sum(axis=1) / moments.counts.sum(axis=1)
    centred = (
        moments if study.is_crossed and not study.is_clustered else all_moments(kernel.centred(averages))
    )
    base = centred if study.is_clustered else moments
    pooled = {pair: PairMoments(base.averages[pair], centred.averages[pair]) for pair in moments.averages}
    n_units = kernel.n_units if kernel.is_mixed else None
    method = f"U-statistics, readers and {_in_words(study)} random, t with BDG degrees of freedom"
    variances, modalities = {}, {}
    bounds = None if figure == "mean score" else (0.0, 1.0)
    for i, name in enumerate(names):
        found = mean_variance(pooled[i, i], variance, n_units)
        variances[name] = found
        modalities[name] = _interval(
            averages[i], found, method, confidence, degrees, null=None, bounds=bounds
        )
    differences, difference_variances = {}, {}
    for i, j in combinations(range(len(names)), 2):
        found = difference_variance(pooled[i, i], pooled[j, j], pooled[i, j], variance, n_units)
        difference_variances[names[i], names[j]] = found
        differences[names[i], names[j]] = _interval(
            averages[i] - averages[j], found, method, confidence, degrees, null=0.0
        )
    with np.errstate(invalid="ignore"):
        values = moments.sums / moments.counts
    return UAnalysis(
        figure,
        method,
        study.readers,
        values,
        _reader_covariances(base.readers, len(names)),
        _n_read(kernel),
        modalities,
        differences,
        variances,
        difference_variances,
        {(names[i], names[j]): found for (i, j), found in moments.averages.items()},
    )


def _reader_covariances(single: Mapping[tuple[int, int], list[Moments]], n_modalities: int) -> FloatArray:
    n_readers = len(single[0, 0])
    found = np.full((n_modalities, n_modalities, n_readers), np.nan)
    for (i, j), readers in single.items():
        found[i, j] = found[j, i] = [one.covariance if one.is_estimable else np.nan for one in readers]
    return found


def _n_read(kernel: Kernel) -> IntArray:
    axes = (kernel.negatives, kernel.positives) if kernel.positives.size else (kernel.negatives,)
    return np.stack([kernel.study.is_read[:, :, places].sum(axis=2) for places in axes], axis=2)


def _in_words(study: ReaderStudy) -> str:
    return "patients" if study.is_clustered else "cases"


def _interval(
    estimate: float,
    variance: ReaderVariance,
    method: str,
    confidence: float,
    degrees: DegreesRule,
    *,
    null: float | None,
    bounds: tuple[float, float] | None = None,
) -> StudentInterval:
    name = method.replace("U-statistics", "V-statistics") if variance.used == "mle" else method
    return student_interval(
        float(estimate),
        variance.value,
        degrees_for_t(variance.df, degrees),
        method=name,
        confidence=confidence,
        null=null,
        bounds=bounds,
        note=variance.note,
    )
