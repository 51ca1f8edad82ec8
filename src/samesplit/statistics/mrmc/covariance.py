"""How figures of merit of several readers and modalities vary together over samples of cases."""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt

from samesplit.errors import StatisticsError
from samesplit.statistics.auc import auc_covariance, delong_covariance
from samesplit.statistics.checks import FloatArray, IntArray, check_labels, check_scores, codes_of
from samesplit.statistics.mrmc.auc_columns import column_placements
from samesplit.statistics.mrmc.figures_of_merit import AUC, FigureOfMerit, Figures, as_figure
from samesplit.statistics.mrmc.leave_one_out import leave_one_out
from samesplit.statistics.mrmc.study import ReaderStudy

__all__ = [
    "CovarianceMethod",
    "check_crossed",
    "jackknife_covariance",
    "reader_covariance",
    "score_covariance",
]

CovarianceMethod = Literal["jackknife", "delong", "unbiased"]

_CHUNK = 4_000_000  # comparisons of scores held at a time


def reader_covariance(
    study: ReaderStudy, figure: Figures = AUC, method: CovarianceMethod = "jackknife"
) -> tuple[FloatArray, FloatArray]:
    """Compute the figure of every reader under every modality, and their covariance over cases.

    Where patients have several cases they are what is resampled: the jackknife leaves out whole patients, and
    DeLong's estimator is Obuchowski's for clustered data (1997). No published MRMC program does that.

    Args:
        study: Crossed: every reader read every case under every modality.
        figure: What is computed of truth and scores.
        method: `jackknife` for any figure; `delong` for the AUC; `unbiased` for the AUC of cases that stand
            alone, Gallas' estimator, which has no bias but may leave variances of differences below zero. For
            sensitivity, specificity and accuracy the three are one and the same.

    Returns:
        The figures, shape (n modalities, n readers), and their covariance, shape (n modalities x n readers)
        in both directions with the readers of the first modality first.

    Raises:
        StatisticsError: A study that is not crossed, scores that are no calls where calls are needed, a
            method that is not defined for the figure, or too few cases.

    References:
        Obuchowski NA, Rockette HE. Commun Stat Simul Comput 1995;24:285-308. doi:10.1080/03610919508813243.
        Gallas BD, Pennello GA, Myers KJ. J Opt Soc Am A 2007;24:B70-80. doi:10.1364/JOSAA.24.000B70.

    Example:
        >>> study = ReaderStudy.from_columns(
        ...     reader=["r1"] * 4 + ["r2"] * 4, case=[1, 2, 3, 4] * 2, truth=[0, 0, 1, 1] * 2,
        ...     score=[1, 3, 2, 4, 1, 2, 3, 4])
        >>> values, covariance = reader_covariance(study)
        >>> values.tolist(), covariance.round(4).tolist()
        ([[0.75, 1.0]], [[0.1875, 0.0], [0.0, 0.0]])
    """
    check_crossed(study)
    columns = study.scores.reshape(-1, len(study.cases))
    values, covariance = score_covariance(
        study.truth, columns, figure, method, patients=study.patients if study.is_clustered else None
    )
    return values.reshape(study.scores.shape[:2]), covariance


def check_crossed(study: ReaderStudy) -> None:
    """Refuse a study in which somebody did not read something.

    Raises:
        StatisticsError: With the first reading that is missing, and what to use instead.
    """
    if not study.is_crossed:
        place = np.argwhere(~study.is_read)[0]
        modality, reader, case = (
            names[i] for names, i in zip((study.modalities, study.readers, study.cases), place, strict=True)
        )
        raise StatisticsError(
            f"reader {reader!r} did not read case {case!r} ({modality}): the Obuchowski-Rockette analysis needs "
            "every reader to read every case under every modality",
            remedy="use `u_statistic_analysis`, which takes split-plot and incomplete designs as they are",
        )


def score_covariance(
    truth: npt.ArrayLike,
    scores: npt.ArrayLike,
    figure: Figures = AUC,
    method: CovarianceMethod = "jackknife",
    *,
    patients: npt.ArrayLike | None = None,
) -> tuple[FloatArray, FloatArray]:
    """Compute the figure of several columns of scores of the same cases, and their covariance.

    Args:
        truth: Shape (n,), 0 or 1.
        scores: Shape (k, n).
        figure: What is computed.
        method: See `reader_covariance`.
        patients: Shape (n,), the patient of each case; None for one case a patient.

    Returns:
        The figures, shape (k,), and their covariance, shape (k, k).

    Raises:
        StatisticsError: See `reader_covariance`.
    """
    asked = as_figure(figure)
    labels = check_labels(truth, both_classes=asked.cases == "all" and not asked.is_proportion)
    columns = np.ascontiguousarray(check_scores(np.asarray(scores, dtype=np.float64).T, n=labels.size).T)
    if asked.of_calls and not np.isin(columns, (0, 1)).all():
        raise StatisticsError(
            f"{asked.name} needs calls, 0 and 1, and the scores have other values",
            remedy="give the decisions of the readers, or derive calls with `ReaderStudy.decisions`",
        )
    units = np.arange(labels.size) if patients is None else codes_of(patients, n=labels.size)
    clustered = bool(np.unique(units).size < labels.size)
    if asked.is_auc:
        values = column_placements(labels, columns).aucs
    else:
        values = np.array([asked.of(labels, column) for column in columns])
    if method == "jackknife" or (asked.is_proportion and method in ("delong", "unbiased") and not clustered):
        return values, jackknife_covariance(leave_one_out(labels, columns, asked, units))
    _check_defined(asked, method, clustered)
    if method == "unbiased":
        return values, _unbiased(labels, columns)
    if clustered:
        return values, auc_covariance(labels, columns.T, units)[1]
    return values, delong_covariance(labels, columns.T)[1]


def jackknife_covariance(replicates: npt.ArrayLike) -> FloatArray:
    """Estimate a covariance from figures that were computed without each unit in turn.

    Args:
        replicates: Shape (n units, k).

    Returns:
        Shape (k, k): (n - 1) / n times the sum of squares and products about the mean replicate.

    Example:
        >>> jackknife_covariance([[0.5, 0.0], [0.7, 0.1], [0.6, 0.2]]).round(4).tolist()
        [[0.0133, 0.0067], [0.0067, 0.0133]]
    """
    values = np.asarray(replicates, dtype=np.float64)
    about = values - values.mean(axis=0)
    return np.asarray((len(values) - 1) / len(values) * (about.T @ about))


def _check_defined(figure: FigureOfMerit, method: str, clustered: bool) -> None:
    if method not in ("delong", "unbiased"):
        raise StatisticsError(
            f"unknown covariance {method!r}", remedy="use 'jackknife', 'delong' or 'unbiased'"
        )
    if not figure.is_auc and not figure.is_proportion:
        raise StatisticsError(
            f"the covariance {method!r} is not defined for {figure.name}", remedy="use 'jackknife'"
        )
    if clustered and (method == "unbiased" or figure.is_proportion):
        raise StatisticsError(
            f"the covariance {method!r} of {figure.name} needs one case a patient, and some have several",
            remedy="use 'jackknife', which leaves out whole patients",
        )


def _unbiased(truth: IntArray, scores: FloatArray) -> FloatArray:
    """Estimate E[AB] - E[A]E[B] of AUCs without bias: pairs of comparisons that share no case estimate E[A]E[B].

    References:
        Gallas BD, Pennello GA, Myers KJ. J Opt Soc Am A 2007;24:B70-80. doi:10.1364/JOSAA.24.000B70.
    """
    positive, negative = scores[:, truth == 1], scores[:, truth == 0]
    m, n = positive.shape[1], negative.shape[1]
    if min(m, n) < 2:
        raise StatisticsError(
            "the unbiased covariance needs at least two positive and two negative cases",
            remedy="use more cases",
        )
    k = len(scores)
    same_pair, by_positive = np.zeros((k, k)), np.zeros((k, m))
    by_negative = np.zeros((k, n))
    step = max(1, _CHUNK // (k * n))
    for start in range(0, m, step):
        rows = slice(start, start + step)
        wins = (np.sign(positive[:, rows, np.newaxis] - negative[:, np.newaxis, :]) + 1) / 2
        by_positive[:, rows] = wins.sum(axis=2)
        by_negative += wins.sum(axis=1)
        flat = wins.reshape(k, -1)
        same_pair += flat @ flat.T
    total = by_positive.sum(axis=1)
    products = np.outer(total, total)
    same_positive, same_negative = by_positive @ by_positive.T, by_negative @ by_negative.T
    apart = (products - same_positive - same_negative + same_pair) / (m * (m - 1) * n * (n - 1))
    return np.asarray(products / (m * n) ** 2 - apart)
