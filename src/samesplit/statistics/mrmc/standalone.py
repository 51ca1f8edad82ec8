"""A model against the readers of the same cases: readers and cases random, the model the same one throughout."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from samesplit.errors import StatisticsError
from samesplit.statistics.checks import FloatArray
from samesplit.statistics.mrmc.components import estimate_components
from samesplit.statistics.mrmc.covariance import CovarianceMethod, score_covariance
from samesplit.statistics.mrmc.figures_of_merit import AUC, Figures, as_figure
from samesplit.statistics.mrmc.one_treatment import one_treatment
from samesplit.statistics.mrmc.single_readers import ONE_READER
from samesplit.statistics.mrmc.study import ReaderStudy
from samesplit.statistics.student import StudentInterval, student_interval

__all__ = ["StandaloneComparison", "StandaloneRandom", "model_against_readers", "one_by_one"]

StandaloneRandom = Literal["readers and cases", "cases"]
"""Whether the conclusion is to hold for other readers as well, or for these readers alone."""

NAIVE_NOTE = (
    "the model's figure taken as a constant, so that the sample of cases is ignored: its P value is too small and "
    "is shown as a warning only"
)


@dataclass(frozen=True)
class StandaloneComparison:
    """A model compared with readers of the same cases.

    Attributes:
        figure: The name of the figure of merit.
        higher_is_better: Whether more of it is better.
        difference: The model minus the mean of the readers, with its interval and the two-sided P value.
        superiority_p: One-sided P value of the null hypothesis that the model is no better than the mean
            reader.
        non_inferiority_p: One-sided P value of the null hypothesis that the model is worse than the mean
            reader by `margin` or more; NaN where no margin was declared.
        margin: How much worse counts as no worse, declared beforehand; None where none was.
        model: The model's figure, over cases.
        readers_mean: The mean of the readers, over what is random.
        readers: Each reader's figure, over cases.
        per_reader: The model minus each reader, over cases, not adjusted for their number.
        naive: The test that takes the model's figure as a constant: wrong, to be shown as a warning only.
        ms_reader: Mean square between readers.
        error: Variance over cases of one reader's difference from the model, the mean over readers; with
            `training_variance`.
        cov2: Covariance over cases of two readers' differences from the model; with `training_variance`.
        training_variance: Variance of the model's figure over training samples that was added.
        method: The analysis in words.
        n_readers: How many readers there are.
        n_cases: Cases that the figure looks at; patients where they have several cases.
    """

    figure: str
    higher_is_better: bool
    difference: StudentInterval
    superiority_p: float
    non_inferiority_p: float
    margin: float | None
    model: StudentInterval
    readers_mean: StudentInterval
    readers: dict[str, StudentInterval]
    per_reader: dict[str, StudentInterval]
    naive: StudentInterval
    ms_reader: float
    error: float
    cov2: float
    training_variance: float
    method: str
    n_readers: int
    n_cases: int


def model_against_readers(
    study: ReaderStudy,
    model_scores: npt.ArrayLike,
    figure: Figures = AUC,
    *,
    margin: float | None = None,
    confidence: float = 0.95,
    covariance: CovarianceMethod = "jackknife",
    random: StandaloneRandom = "readers and cases",
    training_variance: float = 0.0,
) -> StandaloneComparison:
    """Compare a model with the mean of the readers of the same cases.

    The difference of the model from reader j is modelled as `δ_j = δ + R_j + ε_j`, the
    errors coming from the sample of cases and so correlated (Cov2), for all readers and the model saw the
    same cases. The mean difference has the variance `(MS(R) + J max(Cov2, 0)) / J` with Hillis' degrees of
    freedom (one treatment, random readers and random cases, 1T-RRRC). The model is one score column, not a
    reader that is copied: with copies the degrees of freedom of other methods grow with their number.

    What it assumes: every reader read every case, and the model has a score for each; readers' figures are
    about normal. The sign is model minus readers; RJafroc has it the other way round.

    Args:
        study: Of one modality, crossed.
        model_scores: Shape (n cases,), in the order of `study.cases`; calls for a figure of calls.
        figure: A figure of merit, or any function of truth and scores.
        margin: For non-inferiority, how much worse (a positive number in units of the figure) counts as no
            worse. It must have been fixed before the results were seen.
        confidence: Two-sided coverage of all intervals.
        covariance: Of the figures over cases; see `reader_covariance`.
        random: `cases` for a conclusion about these readers alone.
        training_variance: Variance of the model's figure over training samples, where the claim is about the
            way of training and not about the one fitted model, as for predictions of cross-validation. It is
            common to the differences from all readers, so it is added to their variances and to Cov2.

    Returns:
        The comparison.

    Raises:
        StatisticsError: Several modalities, readings or model scores that are missing, a single reader where
            readers are random, a margin that is not positive, or what `reader_covariance` refuses.

    References:
        Hillis SL. Stat Med 2007;26:596-619, section 5.3. doi:10.1002/sim.2532.
        Chakraborty DP. Observer Performance Methods for Diagnostic Imaging. CRC Press 2017, chapter 22.
        doi:10.1201/9781351228190.

    Example:
        >>> rng = np.random.default_rng(3)
        >>> truth = np.repeat([0, 1], 40)
        >>> hard = rng.normal(size=80)
        >>> scores = 1.2 * truth + hard + rng.normal(size=(1, 5, 80))
        >>> study = ReaderStudy(scores, truth, ("unaided",), tuple("ABCDE"),
        ...     tuple(map(str, range(80))), np.arange(80))
        >>> found = model_against_readers(study, 1.5 * truth + hard + rng.normal(size=80), margin=0.05)
        >>> round(found.difference.estimate, 3), round(found.difference.p_value, 3)
        (0.055, 0.178)
    """
    asked = as_figure(figure)
    model = _checked(study, model_scores, margin, random, training_variance)
    readers = study.scores[0]
    values, matrix = score_covariance(
        study.truth,
        np.vstack([model, readers]),
        asked,
        covariance,
        patients=study.patients if study.is_clustered else None,
    )
    own, matrix_of_readers = values[1:], matrix[1:, 1:]
    differences = values[0] - own
    with_model = matrix[0, 1:]
    shared = matrix_of_readers - with_model[:, np.newaxis] - with_model + matrix[0, 0] + training_variance
    components = estimate_components(differences[np.newaxis], shared)
    words = _in_words(random, covariance, study.is_clustered, training_variance)
    variance, df = _mean_variance(differences, shared, random)
    difference = student_interval(
        float(differences.mean()), variance, df, method=words, confidence=confidence, null=0.0
    )
    readers_variance, readers_df = _mean_variance(own, matrix_of_readers, random)
    better = difference.p_above if asked.higher_is_better else difference.p_below
    worst = None if margin is None else (-margin if asked.higher_is_better else margin)
    square = float(differences.var(ddof=1)) if differences.size > 1 else math.nan
    return StandaloneComparison(
        figure=asked.name,
        higher_is_better=asked.higher_is_better,
        difference=difference,
        superiority_p=better(0.0),
        non_inferiority_p=math.nan if worst is None else better(worst),
        margin=margin,
        model=student_interval(
            float(values[0]),
            float(matrix[0, 0]) + training_variance,
            math.inf,
            method="model, cases random",
            confidence=confidence,
            bounds=asked.bounds,
        ),
        readers_mean=student_interval(
            float(own.mean()),
            readers_variance,
            readers_df,
            method=words.split(", training")[0],
            confidence=confidence,
            bounds=asked.bounds,
        ),
        readers=one_by_one(study, own, np.diag(matrix_of_readers), confidence, bounds=asked.bounds),
        per_reader=one_by_one(study, differences, np.diag(shared), confidence, null=0.0),
        naive=student_interval(
            float(differences.mean()),
            square / differences.size,
            differences.size - 1.0,
            method="one-sample t test over readers (1T-RRFC)",
            confidence=confidence,
            null=0.0,
            note=NAIVE_NOTE,
        ),
        ms_reader=square,
        error=components.error,
        cov2=components.cov2,
        training_variance=training_variance,
        method=words,
        n_readers=differences.size,
        n_cases=int(np.unique(study.patients[asked.looks_at(study.truth)]).size),
    )


def _checked(
    study: ReaderStudy,
    model_scores: npt.ArrayLike,
    margin: float | None,
    random: str,
    training_variance: float,
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
    missing = np.flatnonzero(~np.isfinite(model))
    if missing.size:
        raise StatisticsError(
            f"the model has no score for case {study.cases[missing[0]]!r}"
            + (f" and {missing.size - 1} others" if missing.size > 1 else ""),
            remedy="compare model and readers on the cases that all of them have",
        )
    not_read = np.argwhere(~study.is_read[0])
    if not_read.size:
        reader, case = not_read[0]
        raise StatisticsError(
            f"reader {study.readers[reader]!r} did not read case {study.cases[case]!r}: model and readers must be "
            "compared on the same cases",
            remedy="use `incomplete_standalone`, or keep the cases that every reader read",
        )
    if random not in get_args(StandaloneRandom):
        raise StatisticsError(
            f"unknown option {random!r}", remedy=f"use one of: {', '.join(get_args(StandaloneRandom))}"
        )
    if len(study.readers) < 2 and random == "readers and cases":
        raise StatisticsError(
            f"{study.readers[0]!r} is the only reader: nothing says how readers differ",
            remedy="use random='cases', whose conclusion holds for this reader alone",
        )
    if margin is not None and not margin > 0:
        raise StatisticsError(
            f"a non-inferiority margin of {margin!r} is not positive",
            remedy="give how much worse counts as no worse, such as 0.05",
        )
    if not training_variance >= 0:
        raise StatisticsError(f"a training variance of {training_variance!r} is not possible")
    return model


def one_by_one(
    study: ReaderStudy,
    figures: FloatArray,
    variances: FloatArray,
    confidence: float,
    *,
    bounds: tuple[float, float] | None = None,
    null: float | None = None,
) -> dict[str, StudentInterval]:
    """Make the interval of each reader's figure over cases.

    Args:
        study: Whose readers.
        figures: Shape (n readers,), a figure or a difference.
        variances: Shape (n readers,), over cases.
        confidence: Two-sided coverage.
        bounds: Where an interval is cut off.
        null: What is tested against; None for no test.
    """
    return {
        name: student_interval(
            float(figure),
            float(variance),
            math.inf,
            method=ONE_READER,
            confidence=confidence,
            bounds=bounds,
            null=null,
        )
        for name, figure, variance in zip(study.readers, figures, variances, strict=True)
    }


def _mean_variance(figures: FloatArray, matrix: FloatArray, random: str) -> tuple[float, float]:
    """Return variance and degrees of freedom of a mean over readers."""
    if figures.size == 1:
        return float(matrix[0, 0]), math.inf
    found = one_treatment(figures, matrix)
    if random == "cases":
        return found.variance_fixed_readers, math.inf
    return found.variance, found.df


def _in_words(random: str, covariance: str, clustered: bool, training_variance: float) -> str:
    estimator = {"jackknife": "jackknife", "delong": "DeLong", "unbiased": "unbiased"}[covariance]
    if clustered:
        estimator = "jackknife over patients" if covariance == "jackknife" else "Obuchowski's clustered"
    design = "1T-RRRC, Hillis df" if random == "readers and cases" else "1T-FRRC"
    training = ", training variance added" if training_variance else ""
    return f"model against readers, {design}, {estimator} covariance{training}"
