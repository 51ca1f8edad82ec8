"""Cox regression: hazard ratios with intervals, and whether hazards are proportional.

Ties are handled by Efron's method. Where several lesions are of one patient, standard errors are the robust
ones of Lin and Wei with patients as clusters.

References:
    Cox DR. J R Stat Soc B 1972;34:187-220. doi:10.1111/j.2517-6161.1972.tb00899.x.
    Lin DY, Wei LJ. J Am Stat Assoc 1989;84:1074-1078. doi:10.1080/01621459.1989.10478874.
    Grambsch PM, Therneau TM. Biometrika 1994;81:515-526. doi:10.1093/biomet/81.3.515.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from scipy import stats
from statsmodels.duration.hazard_regression import PHReg

from samesplit.errors import StatisticsError
from samesplit.statistics.checks import FloatArray, check_confidence, check_labels, check_numbers, codes_of
from samesplit.statistics.interval import Interval
from samesplit.statistics.survival.concordance import check_times
from samesplit.statistics.survival.cox_residuals import cox_residuals
from samesplit.statistics.survival.kaplan_meier import kaplan_meier

__all__ = ["CoxModel", "TimeTransform", "cox_regression", "wald_test"]

TimeTransform = Literal["km", "identity", "log"]
"""Against what the hazard ratio may drift: 1 - the survival, the time, or its logarithm."""

_LARGEST = 10.0
"""A coefficient per standard deviation beyond this has run away: somebody's hazard is 0."""


@dataclass(frozen=True, eq=False)
class CoxModel:
    """A fitted Cox model.

    Attributes:
        names: Of the terms.
        coefficients: Shape (k,), log hazard ratios.
        covariance: Shape (k, k), of the coefficients.
        hazard_ratios: By term, with interval and two-sided P value (Wald).
        proportional: By term, the P value of the test that its hazard ratio stays the same over time; a small
            one says that it does not.
        n: Lesions.
        n_events: Events seen.
        log_likelihood: Partial.
        log_likelihood_null: Without any term.
        method: In words.
    """

    names: tuple[str, ...]
    coefficients: FloatArray
    covariance: FloatArray
    hazard_ratios: dict[str, Interval]
    proportional: dict[str, float]
    n: int
    n_events: int
    log_likelihood: float
    log_likelihood_null: float
    method: str

    @property
    def likelihood_ratio_p(self) -> float:
        """P value of the test that no term matters; of lesions, not of patients."""
        gain = 2 * (self.log_likelihood - self.log_likelihood_null)
        return float(stats.chi2.sf(max(gain, 0.0), len(self.names)))


def cox_regression(
    times: npt.ArrayLike,
    events: npt.ArrayLike,
    covariates: npt.ArrayLike,
    names: Sequence[str],
    *,
    patients: npt.ArrayLike | None = None,
    strata: npt.ArrayLike | None = None,
    confidence: float = 0.95,
    transform: TimeTransform = "km",
) -> CoxModel:
    """Fit a Cox model.

    Args:
        times: Shape (n,), above 0.
        events: Shape (n,), 1 where the event was seen, 0 where follow-up ended without it.
        covariates: Shape (n, k), or (n,) for one.
        names: Of the k covariates.
        patients: Shape (n,), the patient of each lesion; None where every lesion is a patient of its own.
        strata: Shape (n,), each with a baseline hazard of its own; None for one.
        confidence: Two-sided coverage.
        transform: For the test of proportional hazards, which takes lesions as independent.

    Returns:
        The model. A term that predicts perfectly (no event in one group) has a hazard ratio without interval,
        and a note that says so.

    Raises:
        StatisticsError: No more events than terms, a covariate that is constant, not finite or made of the others,
            or lengths that differ.

    Example:
        >>> found = cox_regression([5, 8, 12, 3, 9, 2], [1, 1, 0, 1, 1, 1], [1, 0, 0, 1, 1, 0], ["smoker"])
        >>> round(found.hazard_ratios["smoker"].estimate, 2), found.n_events
        (1.6, 5)
    """
    seen = check_labels(events, both_classes=False)
    when, design = check_times(times, n=seen.size), _design(covariates, names, seen.size)
    n_events = int(seen.sum())
    if n_events <= len(names):
        raise StatisticsError(
            f"{n_events} events are too few for {len(names)} terms",
            remedy="fit fewer terms, or lesions that were followed up longer",
        )
    owners = None if patients is None else codes_of(patients, n=seen.size)
    clusters = owners if owners is not None and np.unique(owners).size < seen.size else None
    within = None if strata is None else codes_of(strata, n=seen.size)
    scale = design.std(axis=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = PHReg(when, design / scale, status=seen, strata=within, ties="efron")
        fitted: Any = model.fit(disp=0)
        null = float(model.loglike(np.zeros(len(names))))
    scaled = np.asarray(fitted.params, dtype=np.float64)
    plain = np.asarray(fitted.cov_params(), dtype=np.float64) / np.outer(scale, scale)
    beta = scaled / scale
    score, schoenfeld = cox_residuals(when, seen, design - design.mean(axis=0), beta, within)
    spread, method = plain, "Cox regression (Efron), Wald"
    if clusters is not None:
        sums = np.zeros((int(clusters.max()) + 1, len(names)))
        np.add.at(sums, clusters, score)
        spread, method = plain @ sums.T @ sums @ plain, f"{method}, patients as clusters"
    ratios = {
        name: _ratio(beta[i], spread[i, i], bool(abs(scaled[i]) > _LARGEST), method, confidence)
        for i, name in enumerate(names)
    }
    return CoxModel(
        names=tuple(names),
        coefficients=beta,
        covariance=spread,
        hazard_ratios=ratios,
        proportional=dict(zip(names, _drift(when, seen, schoenfeld, plain, transform), strict=True)),
        n=seen.size,
        n_events=n_events,
        log_likelihood=float(fitted.llf),
        log_likelihood_null=null,
        method=method,
    )


def wald_test(model: CoxModel, terms: Sequence[str]) -> float:
    """Test several terms together, for instance an interaction with a variable of several classes.

    Args:
        model: A fitted model.
        terms: Their names.

    Returns:
        The P value of chi-square with as many degrees of freedom as there are terms.

    Example:
        >>> terms = [[1, 0], [0, 1], [0, 0], [1, 1], [1, 0], [0, 1]]
        >>> model = cox_regression([5, 8, 12, 3, 9, 2], [1, 1, 0, 1, 1, 1], terms, ["smoker", "male"])
        >>> round(wald_test(model, ["smoker", "male"]), 2)
        0.22
    """
    places = [model.names.index(term) for term in terms]
    beta, spread = model.coefficients[places], model.covariance[np.ix_(places, places)]
    if not np.isfinite(spread).all() or np.linalg.matrix_rank(spread) < len(places):
        return math.nan
    return float(stats.chi2.sf(float(beta @ np.linalg.solve(spread, beta)), len(places)))


def _design(covariates: npt.ArrayLike, names: Sequence[str], n: int) -> FloatArray:
    table = check_numbers(covariates, what="covariates")
    table = table[:, np.newaxis] if table.ndim == 1 else table
    if table.shape != (n, len(names)) or not names:
        raise StatisticsError(
            f"{n} events and {len(names)} names do not fit covariates of shape {table.shape}"
        )
    if not np.isfinite(table).all():
        raise StatisticsError("covariates must be finite", remedy="leave out lesions with missing values")
    constant = [name for name, column in zip(names, table.T, strict=True) if np.ptp(column) == 0]
    if constant:
        raise StatisticsError(
            f"'{constant[0]}' is the same for all lesions", remedy="leave it out of the regression"
        )
    if np.linalg.matrix_rank((table - table.mean(axis=0)) / table.std(axis=0)) < len(names):
        raise StatisticsError(
            f"one of {', '.join(names)} is made of the others: their hazard ratios cannot be told apart",
            remedy="leave one of them out",
        )
    return table


def _ratio(beta: float, variance: float, ran_away: bool, method: str, confidence: float) -> Interval:
    if ran_away or not (math.isfinite(variance) and variance > 0):
        note = "no event on one side of it: the hazard ratio has no bound"
        return Interval(math.inf if beta > 0 else 0.0, math.nan, math.nan, method, note)
    error = math.sqrt(variance)
    step = float(stats.norm.isf((1 - check_confidence(confidence)) / 2)) * error
    p = 2 * float(stats.norm.sf(abs(beta) / error))
    low, ratio, high = (float(np.exp(min(beta + s, 700.0))) for s in (-step, 0.0, step))
    return Interval(ratio, low, high, method, p_value=p)


def _drift(
    times: FloatArray,
    events: npt.NDArray[np.int64],
    residuals: FloatArray,
    covariance: FloatArray,
    transform: TimeTransform,
) -> list[float]:
    """Correlate scaled Schoenfeld residuals with time: P values, one a term."""
    rows = np.flatnonzero(events == 1)
    when = times[rows]
    if transform == "identity":
        clock = when
    elif transform == "log":
        clock = np.log(when)
    elif transform == "km":
        curve = kaplan_meier(times, events)
        clock = 1 - curve["survival"].to_numpy()[np.searchsorted(curve["time"], when, side="left")]
    else:
        raise StatisticsError(f"unknown transform {transform!r}", remedy="use 'km', 'identity' or 'log'")
    centred = clock - clock.mean()
    d, own = rows.size, residuals[rows]
    scaled = d * own @ covariance
    below = d * np.diag(covariance) * (centred**2).sum()
    with np.errstate(invalid="ignore", divide="ignore"):
        found = (centred @ scaled) ** 2 / below
    return [float(stats.chi2.sf(value, 1)) for value in found]
