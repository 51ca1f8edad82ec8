"""Decision curves: what acting on a model is worth, in net true positives, at each threshold probability.

Whoever acts from a probability of t on holds one missed positive for as bad as (1 - t) / t needless actions. The
net benefit counts the true positives, less the false positives at that rate, per lesion.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pandas as pd

from samesplit.errors import StatisticsError
from samesplit.ordering import probability_at_least
from samesplit.statistics.bootstrap import PatientBootstrap
from samesplit.statistics.checks import FloatArray, check_confidence, check_labels, check_scores

__all__ = [
    "calls_at",
    "check_thresholds",
    "decision_curve",
    "decision_curve_of_calls",
    "net_benefit",
    "net_benefit_band",
]


def check_thresholds(thresholds: npt.ArrayLike) -> FloatArray:
    """Return threshold probabilities as floats, or say what is wrong with them.

    Args:
        thresholds: Shape (t,).

    Raises:
        StatisticsError: None are given, they do not rise, or one is not strictly between 0 and 1.
    """
    values = np.asarray(thresholds, dtype=np.float64)
    if values.ndim != 1 or not values.size:
        raise StatisticsError("a decision curve needs at least one threshold probability")
    wrong = values[~((values > 0) & (values < 1))]
    if wrong.size:
        raise StatisticsError(
            f"a threshold probability of {wrong[0]:g} is not between 0 and 1",
            remedy="give the probabilities from which somebody would act, such as 0.05 to 0.5",
        )
    if (np.diff(values) <= 0).any():
        raise StatisticsError("the threshold probabilities do not rise", remedy="list each once, in order")
    return values


def calls_at(probabilities: npt.ArrayLike, thresholds: npt.ArrayLike) -> npt.NDArray[np.bool_]:
    """Call positive what reaches a threshold.

    Args:
        probabilities: Shape (n,), in [0, 1].
        thresholds: Shape (t,).

    Returns:
        Shape (n, t).

    Example:
        >>> calls_at([0.1, 0.3], [0.1, 0.2]).tolist()
        [[True, False], [True, True]]
    """
    p = np.asarray(probabilities, dtype=np.float64)
    return np.asarray(probability_at_least(p[:, np.newaxis], np.asarray(thresholds)[np.newaxis]))


def decision_curve(
    labels: npt.ArrayLike,
    probabilities: npt.ArrayLike,
    thresholds: npt.ArrayLike,
    *,
    prevalence: float | None = None,
) -> pd.DataFrame:
    """Compute the net benefit of acting on probabilities, at each threshold.

    Probabilities of 1 throughout give the curve of treating all, of 0 throughout that of treating none.

    Args:
        labels: Shape (n,), 0 or 1, both present.
        probabilities: Shape (n,), in [0, 1]; a lesion is acted on when its probability reaches the threshold.
        thresholds: Shape (t,), rising, strictly between 0 and 1.
        prevalence: The share of positives where the model is to be used; None for that of the labels. It must be
            given where positives and negatives were sampled apart, as in a case-control study.

    Returns:
        See `decision_curve_of_calls`.

    Raises:
        StatisticsError: A class is missing, or a threshold, prevalence or probability is not usable.

    References:
        Vickers AJ, Elkin EB. Decision curve analysis: a novel method for evaluating prediction models. Med Decis
        Making 2006;26:565-574. doi:10.1177/0272989X06295361.

    Example:
        >>> decision_curve([0, 0, 1, 1], [0.1, 0.4, 0.3, 0.9], [0.2])["net_benefit"].tolist()
        [0.4375]
    """
    truth = check_labels(labels)
    p = check_scores(probabilities, n=truth.size, probabilities=True)
    t = check_thresholds(thresholds)
    return decision_curve_of_calls(truth, calls_at(p, t), t, prevalence=prevalence)


def decision_curve_of_calls(
    labels: npt.ArrayLike,
    called: npt.ArrayLike,
    thresholds: npt.ArrayLike,
    *,
    prevalence: float | None = None,
) -> pd.DataFrame:
    """Compute the net benefit of calls at each threshold.

    A reader calls once and has the same calls at every threshold, worth what they are to whoever acts from there.

    Args:
        labels: Shape (n,), 0 or 1, both present.
        called: Shape (n, t), or (n, 1) for calls that are the same at every threshold.
        thresholds: Shape (t,), rising, strictly between 0 and 1.
        prevalence: See `decision_curve`.

    Returns:
        A row a threshold: threshold; tp_rate and fp_rate, true and false positives per lesion; net_benefit;
        standardised_net_benefit, as a share of the prevalence, which is the most that can be had; and
        interventions_avoided, the net reduction of needless actions per lesion against treating all.

    Raises:
        StatisticsError: A class is missing, or a threshold or the prevalence is not usable.

    References:
        Kerr KF et al. Assessing the clinical impact of risk prediction models with decision curves. J Clin Oncol
        2016;34:2534-2540. doi:10.1200/JCO.2015.65.5654.

    Example:
        >>> found = decision_curve_of_calls([0, 0, 1, 1], [[False], [True], [True], [True]], [0.2, 0.5])
        >>> found["net_benefit"].tolist()
        [0.4375, 0.25]
    """
    truth, t = check_labels(labels), check_thresholds(thresholds)
    acted = np.broadcast_to(np.asarray(called, dtype=bool), (truth.size, t.size))
    share = float(truth.mean()) if prevalence is None else prevalence
    if not 0 < share < 1:
        raise StatisticsError(f"a prevalence of {share:g} is not between 0 and 1")
    tp = acted[truth == 1].mean(axis=0) * share
    fp = acted[truth == 0].mean(axis=0) * (1 - share)
    benefit = net_benefit(tp, fp, t)
    all_treated = net_benefit(share, 1 - share, t)
    return pd.DataFrame(
        {
            "threshold": t,
            "tp_rate": tp,
            "fp_rate": fp,
            "net_benefit": benefit,
            "standardised_net_benefit": benefit / share,
            "interventions_avoided": (benefit - all_treated) * (1 - t) / t,
        }
    )


def net_benefit(tp_rate: npt.ArrayLike, fp_rate: npt.ArrayLike, thresholds: npt.ArrayLike) -> FloatArray:
    """Compute the net benefit from true and false positives per lesion: tp - fp t / (1 - t).

    It serves the calls of a reader as well, who calls once and has a net benefit at every threshold.

    Args:
        tp_rate: True positives per lesion.
        fp_rate: False positives per lesion.
        thresholds: Strictly between 0 and 1.

    Example:
        >>> net_benefit(0.25, 0.1, [0.5]).tolist()
        [0.15]
    """
    t = np.asarray(thresholds, dtype=np.float64)
    result: FloatArray = np.asarray(tp_rate, float) - np.asarray(fp_rate, float) * (t / (1 - t))
    return result


def net_benefit_band(
    labels: npt.ArrayLike,
    called: npt.ArrayLike,
    thresholds: npt.ArrayLike,
    *,
    samples: PatientBootstrap | None,
    columns: npt.ArrayLike,
    minus: npt.ArrayLike | None = None,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Estimate the net benefit of calls, or its difference to that of other calls, with its bootstrap band.

    Whole patients are drawn; the band is made of percentiles, at each threshold by itself.

    Args:
        labels: Shape (n,), 0 or 1.
        called: Shape (n, t), or (n, 1) for calls that are the same at every threshold; see `calls_at`.
        thresholds: Shape (t,), rising, strictly between 0 and 1.
        samples: Samples of patients; None gives no band.
        columns: Shape (n,), the column of the samples' weights that belongs to the patient of each row.
        minus: As `called`, other calls on the same lesions whose net benefit is subtracted.
        confidence: Two-sided coverage.

    Returns:
        A row a threshold: estimate, ci_low, ci_high (NaN without samples).

    Raises:
        StatisticsError: A threshold or a label is not usable.

    Example:
        >>> y, p = [0, 0, 1, 1], [0.1, 0.4, 0.3, 0.9]
        >>> net_benefit_band(y, calls_at(p, [0.2]), [0.2], samples=None, columns=range(4))["estimate"].tolist()
        [0.4375]
    """
    truth, t = check_labels(labels, both_classes=False), check_thresholds(thresholds)
    alpha = (1 - check_confidence(confidence)) / 2
    codes = np.asarray(columns, dtype=np.int64)
    acted = np.asarray(called, dtype=np.float64) - (0.0 if minus is None else np.asarray(minus, np.float64))
    gains = np.where(truth[:, np.newaxis] == 1, 1.0, -t / (1 - t)) * acted
    found = pd.DataFrame({"estimate": gains.mean(axis=0), "ci_low": math.nan, "ci_high": math.nan})
    if samples is None:
        return found
    per_patient = np.zeros((samples.n_patients, t.size))
    np.add.at(per_patient, codes, gains)
    lesions = np.bincount(codes, minlength=samples.n_patients).astype(np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        drawn = (samples.weights @ per_patient) / (samples.weights @ lesions)[:, np.newaxis]
    low, high = np.nanquantile(drawn, (alpha, 1 - alpha), axis=0)
    return found.assign(
        ci_low=np.minimum(low, found["estimate"]), ci_high=np.maximum(high, found["estimate"])
    )
