"""Right and wrong calls under several modalities by generalised estimating equations, cases as clusters."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import statsmodels.api as sm
from scipy import stats

from samesplit.errors import StatisticsError
from samesplit.statistics.checks import check_confidence
from samesplit.statistics.interval import Interval
from samesplit.statistics.mrmc.study import ReaderStudy
from samesplit.statistics.student import StudentInterval, student_interval

__all__ = ["GeeAnalysis", "GeeTarget", "gee_correctness"]

GeeTarget = Literal["sensitivity", "specificity", "accuracy"]


@dataclass(frozen=True)
class GeeAnalysis:
    """A logistic model of right calls on the modality.

    Attributes:
        target: `sensitivity`, `specificity` or `accuracy`: which cases went in.
        reference: The modality that the others are compared with.
        log_odds: The intercept under the name of the reference, and for every other modality the log odds ratio
            against the reference; with robust standard errors and the two-sided p-value of 0.
        naive_standard_errors: Those that hold if readings of a case are all correlated alike; by modality.
        odds_ratios: For every modality but the reference: odds of a right call over those of the reference.
        shares: By modality: the modelled share of right calls, with the interval of its logit.
        correlation: The working correlation of two readings of a case.
        n_readings: Readings that went in.
        n_clusters: Cases, or patients where they have several.
        method: In words.
    """

    target: GeeTarget
    reference: str
    log_odds: dict[str, StudentInterval]
    naive_standard_errors: dict[str, float]
    odds_ratios: dict[str, Interval]
    shares: dict[str, Interval]
    correlation: float
    n_readings: int
    n_clusters: int
    method: str


def gee_correctness(
    study: ReaderStudy,
    target: GeeTarget = "accuracy",
    *,
    reference: str | None = None,
    confidence: float = 0.95,
) -> GeeAnalysis:
    """Compare how often calls are right under several modalities, with all readings of a case as one cluster.

    An exchangeable working correlation and robust standard errors. Readers are taken as they are: other readers
    could differ by more than the interval says, and with few readers the analyses with random readers
    (`obuchowski_rockette`, `u_statistic_analysis`) are the ones to report. It takes any design and is there for
    comparison with studies that report it.

    Args:
        study: Of calls, 0 and 1; any reading may be missing.
        target: `sensitivity` takes the positive cases, `specificity` the negative ones, `accuracy` all.
        reference: A modality; None takes the first.
        confidence: Two-sided coverage.

    Returns:
        Log odds, odds ratios and shares.

    Raises:
        StatisticsError: Scores other than calls, an unknown target or reference, fewer than two clusters, or a
            modality without a right, or without a wrong, call.

    References:
        Liang K-Y, Zeger SL. Biometrika 1986;73:13-22, doi:10.1093/biomet/73.1.13.

    Example:
        >>> from itertools import product
        >>> rows = list(product(["plain", "aided"], ["r1", "r2"], range(8)))
        >>> calls = [1, 1, 0, 0, 0, 0, 1, 0, 1, 0, 1, 0, 0, 1, 0, 0]
        >>> calls += [1, 1, 1, 0, 0, 0, 1, 0, 1, 1, 1, 0, 0, 0, 0, 1]
        >>> study = ReaderStudy.from_columns([r for _, r, _ in rows], [c for *_, c in rows], calls,
        ...     [int(c < 4) for *_, c in rows], modality=[m for m, *_ in rows])
        >>> round(gee_correctness(study).odds_ratios["aided"].estimate, 2)
        1.8
    """
    if target not in get_args(GeeTarget):
        raise StatisticsError(
            f"unknown target {target!r}", remedy=f"use one of {', '.join(get_args(GeeTarget))}"
        )
    check_confidence(confidence)
    first = study.modalities[0] if reference is None else reference
    if first not in study.modalities:
        raise StatisticsError(
            f"the study has no modality {first!r}", remedy=f"it has: {', '.join(study.modalities)}"
        )
    kept = np.ones(study.truth.shape, dtype=bool)
    if target != "accuracy":
        kept = study.truth == (1 if target == "sensitivity" else 0)
    scores = study.scores[:, :, kept]
    if not np.isin(scores[~np.isnan(scores)], (0, 1)).all():
        raise StatisticsError(
            "right and wrong need calls, 0 and 1, and the scores have other values",
            remedy="give the decisions of the readers, or derive calls with `ReaderStudy.decisions`",
        )
    modality, _, case = np.nonzero(~np.isnan(scores))
    right = (scores == study.truth[kept])[~np.isnan(scores)].astype(np.float64)
    clusters = study.patients[kept][case]
    for place, name in enumerate(study.modalities):
        if not 0 < right[modality == place].sum() < (modality == place).sum():
            raise StatisticsError(
                f"under {name!r} all calls, or none, are right ({target}): its odds are infinite or 0",
                remedy="compare the proportions with `u_statistic_analysis`",
            )
    if np.unique(clusters).size < 2:
        raise StatisticsError("all readings are of one patient", remedy="a comparison needs several patients")
    order = np.argsort(clusters, kind="stable")
    others = [name for name in study.modalities if name != first]
    columns = [np.ones(right.size), *(modality == study.modalities.index(name) for name in others)]
    design = np.column_stack(columns).astype(np.float64)
    fitted = sm.GEE(
        right[order],
        design[order],
        groups=clusters[order],
        family=sm.families.Binomial(),
        cov_struct=sm.cov_struct.Exchangeable(),
    ).fit()
    method = "GEE, logistic, exchangeable, robust; cases as clusters, readers as they are"
    return _written(fitted, study, first, others, target, clusters, confidence, method)


def _written(
    fitted: sm.GEE,
    study: ReaderStudy,
    first: str,
    others: list[str],
    target: GeeTarget,
    clusters: np.ndarray[tuple[int], np.dtype[np.int64]],
    confidence: float,
    method: str,
) -> GeeAnalysis:
    """Write a fitted model as intervals."""
    z = float(stats.norm.isf((1 - confidence) / 2))
    estimates = np.asarray(fitted.params, dtype=np.float64)
    robust, naive = np.asarray(fitted.cov_robust), np.asarray(fitted.cov_naive)
    dispersion = float((np.asarray(fitted.resid_pearson) ** 2).sum()) / (clusters.size - estimates.size)
    names = [first, *others]
    log_odds = {
        name: student_interval(
            float(estimates[place]),
            float(robust[place, place]),
            math.inf,
            method=method,
            confidence=confidence,
            null=0.0,
        )
        for place, name in enumerate(names)
    }
    shares = {}
    for place, name in enumerate(names):
        take = np.zeros(estimates.size)
        take[[0, place]] = 1.0
        centre, error = float(take @ estimates), math.sqrt(float(take @ robust @ take))
        value, low, high = (
            float(stats.logistic.cdf(each)) for each in (centre, centre - z * error, centre + z * error)
        )
        shares[name] = Interval(value, low, high, method)
    odds = {
        name: Interval(
            math.exp(each.estimate),
            math.exp(each.ci_low),
            math.exp(each.ci_high),
            method,
            each.note,
            each.p_value,
        )
        for name, each in log_odds.items()
        if name != first
    }
    return GeeAnalysis(
        target,
        first,
        log_odds,
        {
            name: math.sqrt(
                float(naive[place, place]) * dispersion
            )  # the scale is estimated, as R's gee does
            for place, name in enumerate(names)
        },
        odds,
        {name: shares[name] for name in study.modalities},
        float(fitted.model.cov_struct.dep_params),
        clusters.size,
        int(np.unique(clusters).size),
        method,
    )
