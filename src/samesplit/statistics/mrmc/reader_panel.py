"""Readers taken together: their mean, their median or their majority vote, and a model against it."""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np
import numpy.typing as npt
from scipy import stats

from samesplit.errors import StatisticsError
from samesplit.statistics.auc import auc_test
from samesplit.statistics.checks import FloatArray
from samesplit.statistics.interval import Interval, z_test
from samesplit.statistics.mrmc.covariance import score_covariance
from samesplit.statistics.mrmc.figures_of_merit import AUC, FigureOfMerit, Figures, as_figure
from samesplit.statistics.mrmc.study import ReaderStudy
from samesplit.statistics.paired_proportions import paired_proportions

__all__ = ["Panel", "PanelScale", "Ties", "model_against_panel", "panel_scores"]

Panel = Literal["mean", "median", "majority"]
"""How readers are taken together: the mean or the median of their scores, or what more than half of them call."""

Ties = Literal["positive", "negative", "leave out"]
"""What a case is called that as many readers call positive as negative."""

PanelScale = Literal["raw", "ranks"]
"""Scores as they are, or each reader's ranks over the cases, between 0 and 1: readers use a scale differently."""


def panel_scores(
    study: ReaderStudy, how: Panel = "mean", *, ties: Ties = "positive", scale: PanelScale = "raw"
) -> FloatArray:
    """Take the readers of a study together, case by case.

    Args:
        study: Of one modality. Readers who did not read a case are left out of it.
        how: Mean, median or majority. A majority needs calls, 0 and 1.
        ties: Of a majority: what an even split is called.
        scale: Of a mean or median: whether scores are replaced by ranks first.

    Returns:
        Shape (n cases,): a score, or a call of the majority; NaN where no reader read a case, or for a tie
        that is left out.

    Raises:
        StatisticsError: Several modalities, an unknown option, or scores that are no calls for a majority.

    Example:
        >>> study = ReaderStudy.from_columns(
        ...     ["r1"] * 3 + ["r2"] * 3, ["a", "b", "c"] * 2, [0, 1, 1, 0, 0, 1], [0, 0, 1] * 2)
        >>> panel_scores(study, "mean").tolist()
        [0.0, 0.5, 1.0]
        >>> panel_scores(study, "majority", ties="negative").tolist()
        [0.0, 0.0, 1.0]
    """
    for value, known in ((how, get_args(Panel)), (ties, get_args(Ties)), (scale, get_args(PanelScale))):
        if value not in known:
            raise StatisticsError(f"unknown option {value!r}", remedy=f"use one of: {', '.join(known)}")
    if len(study.modalities) != 1:
        raise StatisticsError(
            f"the study has {len(study.modalities)} modalities: {', '.join(study.modalities)}",
            remedy="select one, as in study.select(modalities=['unaided'])",
        )
    scores, read = study.scores[0], study.is_read[0]
    n_read = read.sum(axis=0)
    if how == "majority":
        if not np.isin(scores[read], (0, 1)).all():
            raise StatisticsError(
                "a majority vote needs calls, 0 and 1, and the scores have other values",
                remedy="give the decisions of the readers, or derive calls with `ReaderStudy.decisions`",
            )
        twice = 2 * np.nansum(scores, axis=0)
        tied = {"positive": 1.0, "negative": 0.0, "leave out": np.nan}[ties]
        voted = np.where(twice == n_read, tied, (twice > n_read).astype(np.float64))
        return np.asarray(np.where(n_read > 0, voted, np.nan))
    if scale == "ranks":
        scores = stats.rankdata(scores, axis=1, nan_policy="omit") / read.sum(axis=1, keepdims=True)
    together = np.full(len(study.cases), np.nan)
    seen = n_read > 0
    together[seen] = (np.nanmean if how == "mean" else np.nanmedian)(scores[:, seen], axis=0)
    return together


def model_against_panel(
    study: ReaderStudy,
    model_scores: npt.ArrayLike,
    how: Panel = "mean",
    figure: Figures = AUC,
    *,
    ties: Ties = "positive",
    scale: PanelScale = "raw",
    confidence: float = 0.95,
) -> Interval:
    """Compare a model with the readers taken together, like two raters of the same cases.

    The panel is these readers: nothing is said of other panels. Several readers together usually do better
    than the mean reader, so a model may be no better than the panel and better than the mean reader.

    Args:
        study: Of one modality.
        model_scores: Shape (n cases,), in the order of `study.cases`; calls for a figure of calls.
        how: How readers are taken together.
        figure: A figure of merit, or any function of truth and scores.
        ties: Of a majority: what an even split is called.
        scale: Of a mean or median: whether scores are replaced by ranks first.
        confidence: Two-sided coverage.

    Returns:
        Model minus panel on the cases that both have: for the AUC DeLong's test (Obuchowski's for several
        cases a patient), for sensitivity, specificity and accuracy the interval of Agresti and Min with
        McNemar's exact test (where patients have one case), else the jackknife.

    Raises:
        StatisticsError: What `panel_scores` refuses, scores that do not fit, or no case of a class.

    Example:
        >>> study = ReaderStudy.from_columns(
        ...     ["r1"] * 4 + ["r2"] * 4, list("abcd") * 2, [1, 3, 2, 4, 2, 1, 4, 3], [0, 0, 1, 1] * 2)
        >>> model_against_panel(study, [1.0, 2.0, 3.0, 4.0]).estimate
        0.0
    """
    asked = as_figure(figure)
    panel = panel_scores(study, how, ties=ties, scale=scale)
    model = np.asarray(model_scores, dtype=np.float64)
    if model.shape != panel.shape:
        raise StatisticsError(f"{panel.size} cases do not fit model scores of shape {model.shape}")
    both = np.isfinite(model) & np.isfinite(panel)
    truth, patients = study.truth[both], study.patients[both]
    pair = np.vstack([model[both], panel[both]])
    note = f"{how} of {len(study.readers)} readers, taken as one reader"
    if how == "majority":
        note += f"; ties {ties if ties == 'leave out' else f'called {ties}'}"
    if not both.all():
        note += f"; {int((~both).sum())} cases left out that one of the two lacks"
    found = _paired(asked, truth, pair, patients, confidence)
    told = "; ".join(part for part in (note, found.note) if part)
    return Interval(found.estimate, found.ci_low, found.ci_high, found.method, told, found.p_value)


def _paired(
    figure: FigureOfMerit,
    truth: npt.NDArray[np.int64],
    pair: FloatArray,
    patients: npt.NDArray[np.int64],
    confidence: float,
) -> Interval:
    if figure.is_auc:
        return auc_test(truth, pair[0], pair[1], patients=patients, confidence=confidence)
    values, matrix = score_covariance(truth, pair, figure, patients=patients)
    if figure.per_case is not None and np.unique(patients).size == patients.size:
        rows = figure.looks_at(truth)
        right = figure.per_case(truth[rows], pair[:, rows])
        return paired_proportions(right[0], right[1], confidence=confidence)
    variance = float(matrix[0, 0] + matrix[1, 1] - 2 * matrix[0, 1])
    return z_test(float(values[0] - values[1]), variance, method="jackknife", confidence=confidence)
