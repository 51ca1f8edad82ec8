"""The probabilities of another model, calibrated on lesions that it did not learn from."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from pydantic import Field, model_validator
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.calibration import CalibratedClassifierCV
from sklearn.frozen import FrozenEstimator

from samesplit.models.ensembles.fitted import FittedEnsemble, MemberPredictions
from samesplit.models.ensembles.members import SMALLEST, log_odds
from samesplit.models.protocol import Requirements, TrainingFold
from samesplit.models.settings import ModelSettings
from samesplit.models.task_classes import class_names
from samesplit.ordering import merge_probabilities
from samesplit.tasks import TaskKind

__all__ = ["CalibratedModel", "CalibratedSettings", "LogOdds"]

Floats = npt.NDArray[np.float64]
_METHODS = {"platt": "sigmoid", "isotonic": "isotonic", "temperature": "temperature"}


class CalibratedSettings(ModelSettings):
    """`kind: calibrated`: the probabilities of another model, mapped so that they mean what they say.

    The map is fitted on predictions of lesions that the model did not learn from. `platt`: a logistic regression
    on the log odds (Platt 1999). `temperature`: the log odds divided by one number (Guo et al. 2017, arXiv
    1706.04599); it and `platt` with a positive slope change no ranking. `isotonic`: a step function (Zadrozny and
    Elkan 2002, doi 10.1145/775047.775151), which needs hundreds of lesions, makes ties and gives probabilities of
    0 and 1. With more than two classes `platt` and `isotonic` are fitted for each class against the rest, and the
    results divided by their sum; `temperature` is one number for all. All are scikit-learn's
    `CalibratedClassifierCV`.
    """

    tasks: ClassVar[frozenset[TaskKind]] = frozenset({"binary", "multiclass"})
    kind: Literal["calibrated"] = "calibrated"
    member: str
    """Name of a model of the same benchmark; it stands beside the calibrated one in the report."""
    method: Literal["platt", "isotonic", "temperature"] = "platt"
    out_of_fold: Literal["validation", "inner"] = "validation"
    """Where the map is fitted: on the validation part, or on the training part, each lesion predicted by a model
    that was fitted without it on inner folds."""
    inner_folds: int = Field(default=5, ge=2)
    """With `out_of_fold: inner` the member is fitted so many times more, in every fold and for each of its
    seeds."""

    @model_validator(mode="after")
    def _member_is_another(self) -> CalibratedSettings:
        if self.name == self.member:
            raise ValueError(f"'{self.name}' cannot be a member of itself")
        return self

    @property
    def members(self) -> tuple[str, ...]:
        """The one member."""
        return (self.member,)

    def needs(self) -> Requirements:
        """Ask for the member's predictions."""
        inner = self.inner_folds if self.out_of_fold == "inner" else 0
        return Requirements(members=self.members, inner_folds=inner)

    def build(self, *, cache: Path | None = None) -> CalibratedModel:
        """Build a fresh model."""
        return CalibratedModel(self)


class CalibratedModel(FittedEnsemble):
    """A map from a model's probabilities to calibrated ones."""

    settings: CalibratedSettings
    trusted = ("sklearn.calibration.",)

    def __init__(self, settings: CalibratedSettings) -> None:
        super().__init__(settings)
        self.fitted: CalibratedClassifierCV | None = None
        self.table = pd.DataFrame()

    def learn(self, known: MemberPredictions, fold: TrainingFold) -> None:
        """Fit the map."""
        names, method = class_names(fold.task), self.settings.method
        X = np.column_stack([merge_probabilities(column) for column in known.probabilities[:, 0, :].T])
        scores = LogOdds(len(names), logarithms=method == "temperature").fit(X, known.labels)
        # A frozen model is not cut into folds: one map is fitted to all rows.
        self.fitted = CalibratedClassifierCV(
            FrozenEstimator(scores), method=_METHODS[method], ensemble=False, cv=2
        ).fit(X, known.labels)
        self.table = _parameters(self.fitted, method, names).assign(lesions=len(known))
        slopes = self.table["slope"].to_numpy()
        if (slopes < 0).any():
            turned = [name for name, slope in zip(self.table["class"], slopes, strict=True) if slope < 0]
            self.notes.append(
                f"Calibration turned the order of the probabilities around ({', '.join(turned)}): on the lesions "
                "that it was fitted to the model was worse than chance"
            )

    def combine(self, probabilities: Floats) -> Floats:
        """Map the probabilities."""
        assert self.fitted is not None
        return np.asarray(self.fitted.predict_proba(probabilities[:, 0, :]), dtype="float64")

    def details(self) -> dict[str, pd.DataFrame]:
        """Return `calibration_map`: class, method, slope and intercept on the log odds, lesions."""
        return super().details() | ({"calibration_map": self.table} if len(self.table) else {})

    def fitted_part(self) -> object | None:
        """Return the map."""
        return self.fitted

    def take_up(self, state: dict[str, Any], fitted: Any) -> None:
        """Take up the map."""
        self.fitted = fitted


class LogOdds(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Probabilities of classes handed to scikit-learn's calibration as log odds, or as logarithms.

    Args:
        n_classes: How many.
        logarithms: Of more than two classes: the logarithms of the probabilities, as a temperature divides them;
            else the log odds of each class against the rest.
    """

    def __init__(self, n_classes: int = 2, *, logarithms: bool = False) -> None:
        self.n_classes = n_classes
        self.logarithms = logarithms

    def fit(self, X: Floats, y: npt.NDArray[np.int64]) -> LogOdds:
        """Take the classes to be 0, 1, ...; nothing is learnt."""
        self.classes_ = np.arange(self.n_classes)
        return self

    def decision_function(self, X: Floats) -> Floats:
        """Return the log odds of the positive class, (n_lesions,), or one column a class."""
        X = np.asarray(X, dtype="float64")
        if self.n_classes == 2:
            return log_odds(X[:, 1])
        return np.asarray(np.log(np.maximum(X, SMALLEST))) if self.logarithms else log_odds(X)

    def predict(self, X: Floats) -> npt.NDArray[np.int64]:
        """Return the likeliest class; scikit-learn asks for the method and does not use it here."""
        return np.asarray(np.argmax(X, axis=1), dtype=np.int64)


def _parameters(fitted: CalibratedClassifierCV, method: str, names: tuple[str, ...]) -> pd.DataFrame:
    """Return the numbers of the map: calibrated log odds = intercept + slope x log odds."""
    calibrators = fitted.calibrated_classifiers_[0].calibrators
    mapped = ["all"] if method == "temperature" else list(names[1:] if len(names) == 2 else names)
    slopes, intercepts = [], []
    for one in calibrators:
        if method == "platt":  # scikit-learn's sigmoid is 1 / (1 + exp(a x + b))
            slopes.append(-float(one.a_))
            intercepts.append(-float(one.b_))
        elif method == "temperature":  # of two classes x and -x are its scores
            slopes.append(float(one.beta_) * (2 if len(names) == 2 else 1))
            intercepts.append(0.0)
        else:
            slopes.append(np.nan)
            intercepts.append(np.nan)
    return pd.DataFrame({"class": mapped, "method": method, "slope": slopes, "intercept": intercepts})
