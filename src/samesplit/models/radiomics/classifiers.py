"""The classifiers of the radiomics grid, by the key that model files use, with their settings stated."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from xgboost import XGBClassifier

__all__ = ["CLASSIFIERS", "Classifier", "make_classifier"]


@dataclass(frozen=True)
class Classifier:
    """A scikit-learn classifier that gives probabilities.

    Attributes:
        make: Its class.
        settings: What differs from the library's defaults. One thread each: the grid is run side by side,
            and the result does not depend on the number of cores.
    """

    make: Callable[..., Any]
    settings: Mapping[str, Any] = field(default_factory=dict)

    def parameters(self) -> list[str]:
        """The parameters that a model file may set."""
        return sorted(set(self.make().get_params(deep=False)) - {"random_state", "n_jobs"})


CLASSIFIERS: dict[str, Classifier] = {
    "logistic": Classifier(LogisticRegression, {"C": 1.0, "max_iter": 1000}),
    "random-forest": Classifier(
        RandomForestClassifier, {"n_estimators": 100, "min_samples_leaf": 2, "n_jobs": 1}
    ),
    "xgboost": Classifier(
        XGBClassifier,
        {
            "n_estimators": 100,
            "max_depth": 3,
            "learning_rate": 0.1,
            "subsample": 0.8,
            "colsample_bytree": 0.8,
            "tree_method": "hist",
            "objective": "binary:logistic",
            "n_jobs": 1,
        },
    ),
}
"""Every classifier by its key. logistic: L2-penalised."""


def make_classifier(key: str, parameters: Mapping[str, Any] | None = None, *, seed: int = 0) -> Any:
    """An unfitted classifier with its stated settings, the given ones, and a seed where it uses one.

    Raises:
        KeyError: There is no such classifier.

    Example:
        >>> make_classifier("logistic", {"C": 0.5}).C
        0.5
    """
    classifier = CLASSIFIERS[key]
    made = classifier.make(**{**classifier.settings, **(parameters or {})})
    if "random_state" in made.get_params(deep=False):
        made.set_params(random_state=seed)
    return made
