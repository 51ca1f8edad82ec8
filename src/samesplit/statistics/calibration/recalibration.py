"""Cox's recalibration: the logistic regression of truth on logit(probability), its slope and its intercepts."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq
from scipy.special import expit, logit
from statsmodels.genmod import families
from statsmodels.genmod.generalized_linear_model import GLM
from statsmodels.tools.tools import add_constant

from samesplit.ordering import at_least, at_most
from samesplit.statistics.calibration.scoring import PROBABILITY_FLOOR
from samesplit.statistics.checks import (
    FloatArray,
    IntArray,
    check_confidence,
    check_labels,
    check_scores,
    codes_of,
)
from samesplit.statistics.interval import Interval

__all__ = [
    "are_alike",
    "are_separated",
    "calibration_in_the_large",
    "calibration_intercept",
    "calibration_slope",
    "log_odds",
    "observed_to_expected",
]

_INTERCEPT, _SLOPE = 0, 1


def calibration_slope(
    labels: npt.ArrayLike,
    probabilities: npt.ArrayLike,
    *,
    patients: npt.ArrayLike | None = None,
    confidence: float = 0.95,
) -> Interval:
    """Estimate Cox's calibration slope: the logistic regression of truth on logit(probability).

    1 is ideal; below 1 the probabilities are too extreme, above 1 not extreme enough.

    Args:
        labels: Shape (n,), 0 or 1, both present.
        probabilities: Shape (n,), in [0, 1]; kept 1e-6 away from 0 and 1, which is noted.
        patients: Shape (n,), the patient of each prediction; when one has several, the Wald interval uses the
            variance that is robust to their correlation.
        confidence: Two-sided coverage.

    Returns:
        The slope with its Wald interval; NaN with a note when the probabilities are all alike or separate the
        classes completely, since no finite slope fits best then.

    Raises:
        StatisticsError: A class is missing, or probabilities outside [0, 1].

    References:
        Cox DR. Two further applications of a model for binary regression. Biometrika 1958;45:562-565.
        doi:10.1093/biomet/45.3-4.562.

    Example:
        >>> found = calibration_slope([0, 0, 1, 0, 1, 0, 1, 1], [0.1, 0.2, 0.3, 0.4, 0.6, 0.7, 0.8, 0.9])
        >>> round(found.estimate, 2)
        1.07
    """
    return _cox(labels, probabilities, _SLOPE, patients=patients, confidence=confidence)


def calibration_intercept(
    labels: npt.ArrayLike,
    probabilities: npt.ArrayLike,
    *,
    patients: npt.ArrayLike | None = None,
    confidence: float = 0.95,
) -> Interval:
    """Estimate the intercept that stands beside Cox's calibration slope in one regression.

    0 is ideal. It says by how much log odds of 0 (a probability of 0.5) have to be moved once the slope is
    right; whether the probabilities are too low or too high on the whole says `calibration_in_the_large`.

    Args:
        labels: Shape (n,), 0 or 1, both present.
        probabilities: Shape (n,), in [0, 1]; kept 1e-6 away from 0 and 1, which is noted.
        patients: Shape (n,), the patient of each prediction; see `calibration_slope`.
        confidence: Two-sided coverage.

    Returns:
        The intercept, on the log-odds scale, with its Wald interval; NaN where there is no slope.

    Raises:
        StatisticsError: A class is missing, or probabilities outside [0, 1].

    Example:
        >>> found = calibration_intercept([0, 0, 1, 0, 1, 1], [0.2, 0.3, 0.4, 0.6, 0.7, 0.8])
        >>> abs(found.estimate) < 1e-9  # the probabilities and labels are symmetric about 0.5
        True
    """
    return _cox(labels, probabilities, _INTERCEPT, patients=patients, confidence=confidence)


def _cox(
    labels: npt.ArrayLike,
    probabilities: npt.ArrayLike,
    which: int,
    *,
    patients: npt.ArrayLike | None,
    confidence: float,
) -> Interval:
    truth, x, note = log_odds(labels, probabilities)
    if are_alike(x):
        return _no_fit("all probabilities are alike: no slope")
    if are_separated(truth, x):
        return _no_fit("the probabilities separate the classes completely: no finite slope")
    model = GLM(truth, add_constant(x), family=families.Binomial())
    return _wald(model, len(truth), which, patients=patients, confidence=confidence, note=note)


def calibration_in_the_large(
    labels: npt.ArrayLike,
    probabilities: npt.ArrayLike,
    *,
    patients: npt.ArrayLike | None = None,
    confidence: float = 0.95,
) -> Interval:
    """Estimate the calibration intercept at slope 1 (calibration in the large).

    0 is ideal; above 0 the probabilities are too low on the whole, below 0 too high.

    Args:
        labels: Shape (n,), 0 or 1, both present.
        probabilities: Shape (n,), in [0, 1]; kept 1e-6 away from 0 and 1, which is noted.
        patients: Shape (n,), the patient of each prediction; see `calibration_slope`.
        confidence: Two-sided coverage.

    Returns:
        The intercept, on the log-odds scale, with its Wald interval.

    Raises:
        StatisticsError: A class is missing, or probabilities outside [0, 1].

    Example:
        >>> found = calibration_in_the_large([0, 0, 1, 0, 1, 1, 1, 1], [0.1, 0.2, 0.3, 0.4, 0.6, 0.7, 0.8, 0.9])
        >>> round(found.estimate, 2)
        0.72
    """
    truth, x, note = log_odds(labels, probabilities)
    model = GLM(truth, np.ones((truth.size, 1)), family=families.Binomial(), offset=x)
    found = _wald(model, len(truth), _INTERCEPT, patients=patients, confidence=confidence, note=note)
    # The intercept at which as many positives are expected as there are. Fisher scoring overshoots it where many
    # probabilities are near 0 or 1, and is begun again from there.
    reach = float(np.abs(x).max()) + 40.0
    intercept = float(
        brentq(lambda shift: float((expit(x + shift) - truth).sum()), -reach, reach, xtol=1e-12)
    )
    if math.isfinite(found.ci_low) and abs(found.estimate - intercept) <= 1e-6 * max(1.0, abs(intercept)):
        return found
    return _wald(
        model, len(truth), _INTERCEPT, patients=patients, confidence=confidence, note=note, start=intercept
    )


def observed_to_expected(labels: npt.ArrayLike, probabilities: npt.ArrayLike) -> float:
    """Divide the number of positives by the sum of the probabilities; above 1 these are too low on the whole.

    Args:
        labels: Shape (n,), 0 or 1.
        probabilities: Shape (n,), in [0, 1].

    Returns:
        The ratio; NaN where all probabilities are 0.

    Raises:
        StatisticsError: Probabilities outside [0, 1], or labels other than 0 and 1.

    Example:
        >>> observed_to_expected([0, 0, 1, 1], [0.25, 0.25, 0.25, 0.25])
        2.0
    """
    truth = check_labels(labels, both_classes=False)
    expected = float(check_scores(probabilities, n=truth.size, probabilities=True).sum())
    return float(truth.sum()) / expected if expected > 0 else math.nan


def log_odds(labels: npt.ArrayLike, probabilities: npt.ArrayLike) -> tuple[IntArray, FloatArray, str]:
    """Return labels and the log odds of probabilities, with a note on those that had to be moved from 0 or 1.

    Raises:
        StatisticsError: A class is missing, or probabilities outside [0, 1].
    """
    truth = check_labels(labels)
    values = check_scores(probabilities, n=truth.size, probabilities=True)
    safe = np.clip(values, PROBABILITY_FLOOR, 1 - PROBABILITY_FLOOR)
    moved = int((safe != values).sum())
    note = f"{moved} probabilities moved to {PROBABILITY_FLOOR:g} from 0 or 1" if moved else ""
    return truth, logit(safe), note


def are_alike(x: FloatArray) -> bool:
    """Whether log odds do not differ."""
    return bool(np.ptp(x) < 1e-9)


def are_separated(truth: IntArray, x: FloatArray) -> bool:
    """Whether log odds separate the classes completely, one way or the other."""
    above, below = x[truth == 1], x[truth == 0]
    size = float(np.abs(x).max())
    return bool(
        at_most(below.max(), above.min(), scale=size) or at_least(below.min(), above.max(), scale=size)
    )


def _no_fit(note: str) -> Interval:
    return Interval(math.nan, math.nan, math.nan, "logistic regression, Wald", note)


def _wald(
    model: GLM,
    n: int,
    which: int,
    *,
    patients: npt.ArrayLike | None,
    confidence: float,
    note: str,
    start: float | None = None,
) -> Interval:
    """Fit and report one coefficient."""
    codes = np.arange(n) if patients is None else codes_of(patients, n=n)
    method = "logistic regression, Wald"
    settings: dict[str, object] = {"tol": 1e-13, "maxiter": 200}
    if codes.max() + 1 < n:
        settings |= {"cov_type": "cluster", "cov_kwds": {"groups": codes}}
        method = "logistic regression, Wald clustered by patient"
    if start is not None:
        settings["start_params"] = [start]
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        fit = model.fit(**settings)
    low, high = fit.conf_int(alpha=1 - check_confidence(confidence))[which]
    return Interval(float(fit.params[which]), float(low), float(high), method, note)
