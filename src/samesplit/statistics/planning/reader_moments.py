"""Power of a reader study from the moments of a pilot study of any design, as iMRMC sizes a new trial.

The moments of a U-statistic analysis say what pairs of readings share; a planned crossed study weighs them by
its own numbers of readers, positive and negative cases, which may have another mix than the pilot study.
"""

from __future__ import annotations

import math
from dataclasses import replace
from functools import reduce

import numpy as np

from samesplit.errors import StatisticsError
from samesplit.statistics.checks import FloatArray
from samesplit.statistics.mrmc.u_statistics import UAnalysis
from samesplit.statistics.mrmc.variances import PairMoments, VarianceRule, difference_variance
from samesplit.statistics.planning.power import detectable_difference, power_of_difference
from samesplit.statistics.planning.reader_study import ReaderStudyPower

__all__ = ["moment_power"]


def moment_power(
    pilot: UAnalysis,
    first: str,
    second: str,
    *,
    readers: int,
    positives: int,
    negatives: int,
    effect: float,
    margin: float | None = None,
    confidence: float = 0.95,
    rule: VarianceRule = "unbiased",
) -> ReaderStudyPower:
    """Compute the power of a crossed study of two modalities from a pilot study of any design.

    Variance, noncentrality and degrees of freedom are those that iMRMC finds with the rule of Gallas (BDG).
    Its Java program then cuts the degrees of freedom to a whole number, takes one more off below 50, and none
    at all from 50 on; here they are used as they are.

    Args:
        pilot: The analysis of the pilot study, of an AUC.
        first: A modality.
        second: Another.
        readers: How many readers are planned.
        positives: How many positive cases.
        negatives: How many negative cases.
        effect: The true mean difference, in favour of what is tested when above 0.
        margin: Of non-inferiority; None for a two-sided test against no difference.
        confidence: Of the two-sided interval.
        rule: Which variance is taken; where the unbiased one is not positive, the larger, biased one is.

    Raises:
        StatisticsError: A pilot study of another figure, a modality that it does not have, too few readers or
            cases, or a pilot study without variance.

    References:
        Gallas BD. One-shot estimate of MRMC variance: AUC. Acad Radiol 2006;13:353-362.
        doi:10.1016/j.acra.2005.11.030.
        Hillis SL, Obuchowski NA, Berbaum KS. Acad Radiol 2011;18:129-142. doi:10.1016/j.acra.2010.09.007.
    """
    if pilot.figure != "auc":
        raise StatisticsError(
            f"the pilot study was judged by its {pilot.figure}, not by an AUC",
            remedy="analyse it with the figure 'auc'",
        )
    if min(readers, positives, negatives) < 2:
        raise StatisticsError(
            f"{readers} readers, {positives} positive and {negatives} negative cases make no study",
            remedy="plan with 2 or more of each",
        )
    known = {name for pair in pilot.moments for name in pair}
    for name in (first, second):
        if name not in known:
            raise StatisticsError(
                f"the pilot study has no modality {name!r}", remedy=f"it has: {', '.join(sorted(known))}"
            )
    weights = _coefficients(readers, positives, negatives)
    cross = pilot.moments.get((first, second)) or pilot.moments[second, first]
    planned = [
        PairMoments.of_crossed(replace(moments, coefficients=weights))
        for moments in (pilot.moments[first, first], pilot.moments[second, second], cross)
    ]
    found = difference_variance(planned[0], planned[1], planned[2], rule)
    squared, df = found.value, found.df
    if not squared > 0:
        raise StatisticsError(
            "the pilot study has no variance to plan with: its readers and cases do not differ",
            remedy="plan from another pilot study, or from variance components",
        )
    error = math.sqrt(squared)
    usable = df if math.isfinite(df) else None
    return ReaderStudyPower(
        readers=readers,
        cases=positives + negatives,
        effect=effect,
        random="readers and cases",
        power=power_of_difference(effect, error, margin=margin, confidence=confidence, df=usable),
        standard_error=error,
        noncentrality=(effect + (margin or 0.0)) ** 2 / squared,
        df=df,
        detectable=detectable_difference(error, confidence=confidence, df=usable, margin=margin),
        margin=margin,
    )


def _coefficients(readers: int, positives: int, negatives: int) -> FloatArray:
    """Weights of the moments in a crossed study, in their order; see `Moments`."""
    each = [np.array([1 / n, 1 - 1 / n]) for n in (readers, positives, negatives)]
    weights = np.asarray(reduce(np.kron, each), dtype=np.float64)
    weights[-1] -= 1
    return weights
