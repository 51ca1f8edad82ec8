"""How well the classifiers' probabilities hold: measured on simulated lesions, stated in docs/models.md."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from samesplit.models.radiomics.classifiers import make_classifier
from samesplit.statistics.calibration.recalibration import calibration_slope

__all__ = ["CALIBRATION_SLOPES", "LESIONS", "simulated_slope"]

LESIONS = 150
"""What each simulated classifier is fitted on; ten features, five of which tell the classes half an SD apart."""
_JUDGED = 2000

CALIBRATION_SLOPES: dict[str, float] = {
    "logistic": 0.79,
    "lda": 0.77,
    "knn": 0.10,
    "decision-tree": 0.02,
    "naive-bayes": 0.70,
    "svm": 1.10,
    "bagging": 0.17,
    "mlp": 0.47,
    "random-forest": 1.06,
    "adaboost": 2.51,
    "xgboost": 0.46,
    "elastic-net": 0.82,
    "gradient-boosting": 0.36,
}
"""`simulated_slope` of every classifier with its settings, mean over 20 draws."""


def simulated_slope(key: str, *, draws: int = 20) -> float:
    """Measure the calibration slope of a classifier on lesions that it has not seen.

    A slope of 1 is right; below 1 probabilities are too extreme, above 1 too timid.

    Args:
        key: Of a classifier of the grid, with its stated settings.
        draws: How many data sets are drawn; their slopes are averaged.
    """
    slopes = []
    for seed in range(draws):
        rng = np.random.default_rng(seed)
        (X, y), (X_new, y_new) = (_lesions(rng, n) for n in (LESIONS, _JUDGED))
        probability = make_classifier(key, {}, seed=seed).fit(X, y).predict_proba(X_new)[:, 1]
        slopes.append(calibration_slope(y_new, probability).estimate)
    return float(np.mean(slopes))


def _lesions(rng: np.random.Generator, n: int) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]:
    y = rng.permutation(np.arange(n) % 2)
    X = rng.normal(size=(n, 10))
    X[:, :5] += 0.5 * y[:, None]
    return X, y
