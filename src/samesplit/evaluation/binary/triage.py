"""Triage: the error that remains when a model defers the lesions it is least sure of, and conformal sets."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from samesplit.errors import StatisticsError
from samesplit.evaluation.binary.estimates import Draws
from samesplit.ordering import ranked
from samesplit.statistics.checks import FloatArray
from samesplit.statistics.proportions import proportion_interval
from samesplit.statistics.triage import calibrate_sets, deferral_curve
from samesplit.statistics.triage.kept_error import KeptError

__all__ = ["CONFORMAL", "DEFERRAL", "triage_tables"]

DEFERRAL, CONFORMAL = "deferral", "conformal_sets"
"""Names of the tables in a run."""

COVERAGE = 0.9
"""Of the conformal sets, in each class."""
SHARES = tuple(round(0.05 * step, 2) for step in range(11))
"""Shares of deferred lesions that are told: 0 to 50 %."""

_DEFERRAL_COLUMNS = ["model", "deferred", "n", "error", "ci_low", "ci_high", "ideal", "random", "gain"]
_CONFORMAL_COLUMNS = [
    "model", "label", "coverage", "n", "n_covered", "share_covered", "ci_low", "ci_high", "guaranteed",
    "one_class", "both_classes", "no_class", "folds_refused", "reason",
]  # fmt: skip
_FIT = ["seed", "repeat", "fold"]


def triage_tables(
    decisions: pd.DataFrame,
    validation: pd.DataFrame,
    truth: pd.DataFrame,
    draws: Draws,
    *,
    confidence: float = 0.95,
) -> dict[str, pd.DataFrame]:
    """Compute the deferral curve and the conformal sets of every model whose probabilities differ.

    A model is the surer of a lesion the further its log odds are from those of the threshold of its fold.
    Conformal sets are calibrated on the validation part of each fold, which the network stopped by and the
    threshold comes from, so that the coverage on the test part is measured as well as stated.

    Args:
        decisions: Test predictions of the primary rater with `threshold` and `decision`.
        validation: Validation predictions of the primary rater.
        truth: Indexed by lesion_id: label.
        draws: Bootstrap samples of the patients.
        confidence: Two-sided coverage of the intervals.

    Returns:
        `deferral`: one row a model and share of deferred lesions: the error among those that are kept with a
        bootstrap interval over patients, and the errors of deferring at random and of deferring wrong calls first.
        `conformal_sets`: one row a model and class.
    """
    deferral: list[dict[str, Any]] = []
    conformal: list[dict[str, Any]] = []
    for model, mine in decisions.groupby("model", sort=False):
        if mine["probability"].nunique() < 2 or mine["decision"].isna().all():
            continue
        deferral += _deferral(str(model), mine, truth, draws, confidence=confidence)
        own = validation[validation["model"] == model]
        conformal += _conformal(str(model), mine, own, truth, confidence=confidence)
    return {
        DEFERRAL: pd.DataFrame(deferral, columns=_DEFERRAL_COLUMNS),
        CONFORMAL: pd.DataFrame(conformal, columns=_CONFORMAL_COLUMNS),
    }


def _log_odds(probabilities: FloatArray) -> FloatArray:
    p = np.clip(probabilities, 1e-12, 1 - 1e-12)
    return np.log(p) - np.log1p(-p)


def _deferral(
    model: str, mine: pd.DataFrame, truth: pd.DataFrame, draws: Draws, *, confidence: float
) -> Iterator[dict[str, Any]]:
    known = mine[mine["decision"].notna()]
    labels = truth.loc[known["lesion_id"], "label"].to_numpy(dtype=np.int64)
    calls = known["decision"].to_numpy(dtype=np.int64)
    p, t = (known[name].to_numpy(dtype=np.float64) for name in ("probability", "threshold"))
    sure = np.abs(_log_odds(p) - _log_odds(t))
    curve = deferral_curve(labels, calls, sure)
    order = np.array(ranked(sure, descending=True))
    codes = draws.codes(truth.loc[known["lesion_id"], "patient_id"].astype(str))[order]
    wrong = (labels != calls).astype(np.float64)[order]
    for share in SHARES:
        place = min(round(share * wrong.size), wrong.size - 1)
        found = draws.interval(KeptError(codes, wrong, share, len(draws.patients)), confidence=confidence)
        error = float(curve.error[place])
        yield {
            "model": model,
            "deferred": share,
            "n": known["lesion_id"].nunique(),
            "error": error,
            "ci_low": min(found.ci_low, error),
            "ci_high": max(found.ci_high, error),
            "ideal": float(curve.ideal[place]),
            "random": curve.overall,
            "gain": curve.gain,
        }


def _conformal(
    model: str, test: pd.DataFrame, validation: pd.DataFrame, truth: pd.DataFrame, *, confidence: float
) -> Iterator[dict[str, Any]]:
    parts, guaranteed, refused, reason = [], [], 0, ""
    calibration = dict(list(validation.groupby(_FIT)))
    for fit, part in test.groupby(_FIT):
        own = calibration.get(fit)
        try:
            if own is None:
                raise StatisticsError("there are no validation predictions to calibrate on")
            rule = calibrate_sets(
                truth.loc[own["lesion_id"], "label"],
                _two(own),
                coverage=COVERAGE,
                classes=["negative", "positive"],
            )
        except StatisticsError as error:
            refused, reason = refused + 1, reason or error.problem
            continue
        of_class = truth.loc[part["lesion_id"], "label"].to_numpy(dtype=np.int64)
        sets = rule.sets(_two(part))
        guaranteed.append(rule.guaranteed)
        parts.append(
            pd.DataFrame(
                {
                    "lesion_id": part["lesion_id"].to_numpy(),
                    "label": of_class,
                    "covered": sets[np.arange(of_class.size), of_class],
                    "size": sets.sum(axis=1),
                }
            )
        )
    told = pd.concat(parts) if parts else pd.DataFrame(columns=["lesion_id", "label", "covered", "size"])
    for label in (0, 1):
        mine = told[told["label"] == label]
        row: dict[str, Any] = {
            "model": model,
            "label": label,
            "coverage": COVERAGE,
            "n": mine["lesion_id"].nunique(),
        }
        row |= {"folds_refused": refused, "reason": reason}
        if len(mine):
            yield row | _covered(mine, float(np.mean([one[label] for one in guaranteed])), confidence)
        else:
            yield row


def _covered(mine: pd.DataFrame, guaranteed: float, confidence: float) -> dict[str, Any]:
    """Sum up the sets of the lesions of a class; one that was tested several times counts once, by its mean."""
    of_lesion = mine.assign(covered=mine["covered"].astype(float)).groupby("lesion_id")[["covered"]].mean()
    covered, n = round(float(of_lesion["covered"].sum())), len(of_lesion)
    found = proportion_interval(covered, n, confidence=confidence)
    share = float(of_lesion["covered"].mean())
    return {
        "n_covered": covered,
        "share_covered": share,
        "ci_low": min(found.ci_low, share),
        "ci_high": max(found.ci_high, share),
        "guaranteed": guaranteed,
        "one_class": float((mine["size"] == 1).mean()),
        "both_classes": float((mine["size"] == 2).mean()),
        "no_class": float((mine["size"] == 0).mean()),
    }


def _two(predictions: pd.DataFrame) -> FloatArray:
    p = predictions["probability"].to_numpy(dtype=np.float64)
    return np.column_stack([1 - p, p])
