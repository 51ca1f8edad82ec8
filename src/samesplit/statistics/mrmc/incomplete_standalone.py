"""A model against readers who did not all read the same cases: split-plot and incomplete designs.

Every reading is compared with what the model says of the same case. The difference of the two is averaged
over all readings and judged by U-statistics, readers and cases random. The model is one fixed column of
scores: it adds no reader, so the degrees of freedom do not grow with how often its scores were needed.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from samesplit.errors import StatisticsError
from samesplit.statistics.checks import FloatArray
from samesplit.statistics.mrmc.kernels import Figure
from samesplit.statistics.mrmc.standalone import NAIVE_NOTE, StandaloneComparison, one_by_one
from samesplit.statistics.mrmc.study import ReaderStudy
from samesplit.statistics.mrmc.u_statistics import UAnalysis, u_statistic_analysis
from samesplit.statistics.mrmc.variances import VarianceRule
from samesplit.statistics.student import StudentInterval, student_interval

__all__ = ["incomplete_standalone"]

_MODEL, _READERS = "model", "readers"
_METHOD = (
    "model against readers, any design: U-statistics, readers and {} random, t with BDG degrees of freedom"
)


def incomplete_standalone(
    study: ReaderStudy,
    model_scores: npt.ArrayLike,
    figure: Figure = "auc",
    *,
    margin: float | None = None,
    confidence: float = 0.95,
    variance: VarianceRule = "centred",
    training_variance: float = 0.0,
) -> StandaloneComparison:
    """Compare a model with readers of an arbitrary design, on the readings that there are.

    What it estimates: the model's figure less the readers', both averaged over all readings, so that a case
    counts as often as it was read. For a crossed study it is the difference of `model_against_readers`, with
    the unbiased variance of U-statistics and BDG degrees of freedom instead of Hillis'.

    What it assumes: which reader reads which case does not depend on the scores.

    Args:
        study: Of one modality, any design. For sensitivity, specificity and accuracy the scores are calls.
        model_scores: Shape (n cases,), in the order of `study.cases`; NaN only for cases that nobody read.
        figure: `auc`, `sensitivity`, `specificity` or `accuracy`.
        margin: For non-inferiority, how much worse counts as no worse; fixed before the results were seen.
        confidence: Two-sided coverage of all intervals.
        variance: `centred`, `unbiased` or `mle`, see `u_statistic_analysis`.
        training_variance: Of the model's figure over training samples, where the claim is about the way of
            training.

    Returns:
        The comparison; `error` is the mean over readers of the variance over cases of a reader's difference,
        and `cov2`, which a design of this kind does not have, is NaN.

    Raises:
        StatisticsError: Several modalities, a missing model score, a margin that is not positive, a negative
            training variance, or what `u_statistic_analysis` refuses.

    References:
        Gallas BD, Brown DG. Reader studies for validation of CAD systems. doi:10.1016/j.neunet.2007.12.013.

    Example:
        >>> rng = np.random.default_rng(3)
        >>> truth = np.repeat([0, 1], 40)
        >>> hard = rng.normal(size=80)
        >>> scores = 1.2 * truth + hard + rng.normal(size=(1, 5, 80))
        >>> scores[rng.random(scores.shape) < 0.4] = np.nan
        >>> study = ReaderStudy(scores, truth, ("unaided",), tuple("ABCDE"),
        ...     tuple(map(str, range(80))), np.arange(80))
        >>> found = incomplete_standalone(study, 1.5 * truth + hard + rng.normal(size=80), margin=0.05)
        >>> round(found.difference.estimate, 3), round(found.non_inferiority_p, 3)
        (0.114, 0.003)
    """
    model = _checked(study, model_scores, margin, training_variance)
    paired = ReaderStudy(
        np.stack([np.where(study.is_read[0], model, np.nan), study.scores[0]]),
        study.truth,
        (_MODEL, _READERS),
        study.readers,
        study.cases,
        study.patients,
    )
    found = u_statistic_analysis(paired, figure, variance=variance, confidence=confidence)
    method = _METHOD.format("patients" if study.is_clustered else "cases")
    method += ", training variance added" if training_variance else ""
    difference = _difference(found, training_variance, method, confidence)
    apart = found.reader_values[0] - found.reader_values[1]
    covariances = found.reader_covariances
    of_difference = covariances[0, 0] + covariances[1, 1] - 2 * covariances[0, 1]
    known = apart[~np.isnan(apart)]
    square = float(known.var(ddof=1))
    looked_at = study.is_read[0].any(axis=0) & _cases_of(figure, study)
    return StandaloneComparison(
        figure=figure,
        higher_is_better=True,
        difference=difference,
        superiority_p=difference.p_above(0.0),
        non_inferiority_p=math.nan if margin is None else difference.p_above(-margin),
        margin=margin,
        model=found.modalities[_MODEL],
        readers_mean=found.modalities[_READERS],
        readers=one_by_one(study, found.reader_values[1], covariances[1, 1], confidence, bounds=(0.0, 1.0)),
        per_reader=one_by_one(study, apart, of_difference + training_variance, confidence, null=0.0),
        naive=student_interval(
            float(known.mean()),
            square / known.size,
            known.size - 1.0,
            method="one-sample t test over readers (1T-RRFC)",
            confidence=confidence,
            null=0.0,
            note=NAIVE_NOTE,
        ),
        ms_reader=square,
        error=float(np.nanmean(of_difference)),
        cov2=math.nan,
        training_variance=training_variance,
        method=method,
        n_readers=known.size,
        n_cases=int(np.unique(study.patients[looked_at]).size),
    )


def _difference(
    found: UAnalysis, training_variance: float, method: str, confidence: float
) -> StudentInterval:
    variance = found.difference_variances[_MODEL, _READERS]
    estimate = found.differences[_MODEL, _READERS].estimate
    total = variance.value + training_variance
    # The training variance counts as known: by Satterthwaite's rule it makes the degrees of freedom larger.
    df = variance.df * (total / variance.value) ** 2 if variance.value > 0 else variance.df
    name = method.replace("U-statistics", "V-statistics") if variance.used == "mle" else method
    return student_interval(
        estimate, total, df, method=name, confidence=confidence, null=0.0, note=variance.note
    )


def _cases_of(figure: Figure, study: ReaderStudy) -> npt.NDArray[np.bool_]:
    if figure in ("sensitivity", "specificity"):
        return np.asarray(study.truth == (figure == "sensitivity"))
    return np.ones(len(study.cases), dtype=bool)


def _checked(
    study: ReaderStudy, model_scores: npt.ArrayLike, margin: float | None, training_variance: float
) -> FloatArray:
    if len(study.modalities) != 1:
        raise StatisticsError(
            f"the study has {len(study.modalities)} modalities: {', '.join(study.modalities)}",
            remedy="select the one that the model is compared with, as in "
            "study.select(modalities=['unaided'])",
        )
    model = np.asarray(model_scores, dtype=np.float64)
    if model.shape != (len(study.cases),):
        raise StatisticsError(f"{len(study.cases)} cases do not fit model scores of shape {model.shape}")
    missing = np.flatnonzero(~np.isfinite(model) & study.is_read[0].any(axis=0))
    if missing.size:
        raise StatisticsError(
            f"the model has no score for case {study.cases[missing[0]]!r}, which was read"
            + (f", nor for {missing.size - 1} others" if missing.size > 1 else ""),
            remedy="compare model and readers on the cases that the model has",
        )
    if margin is not None and not margin > 0:
        raise StatisticsError(
            f"a non-inferiority margin of {margin!r} is not positive",
            remedy="give how much worse counts as no worse, such as 0.05",
        )
    if not training_variance >= 0:
        raise StatisticsError(f"a training variance of {training_variance!r} is not possible")
    return model
