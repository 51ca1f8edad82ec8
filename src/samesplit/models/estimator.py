"""A scikit-learn-compatible classifier of one's own, trained by the suite on the same split."""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from samesplit.errors import ModelError
from samesplit.models.inputs import Impute, Scale, clinical_table, feature_table, preparation
from samesplit.models.protocol import Cases, Needs, TrainingFold
from samesplit.models.tabular import TabularModel, estimator_seed
from samesplit.models.targets import TargetSettings

__all__ = ["EstimatorModel", "EstimatorSettings", "PreparedEstimator"]


class EstimatorSettings(TargetSettings):
    """`kind: estimator`: a class with `fit(X, y)` and `predict_proba(X)`."""

    kind: Literal["estimator"] = "estimator"
    inputs: Literal["features", "clinical", "both"] = "features"
    """The columns of X: extracted features, declared clinical variables, or both."""
    profiles: tuple[str, ...] = ("*",)
    variables: tuple[str, ...] = ()
    """Clinical variables; empty means all that the benchmark declares."""
    impute: Impute = "median"
    """Missing numbers become the training median or mean; `none` leaves NaN to the estimator."""
    scale: Scale = "standard"
    """Fitted on the training part; `none` hands the numbers over as they are."""

    def needs(self) -> Needs:
        """The profiles, if features are wanted, and the variables."""
        profiles = () if self.inputs == "clinical" else self.profiles
        clinical = () if self.inputs == "features" else self.variables or ("*",)
        return Needs(profiles=profiles, sequences=self.sequences, clinical=clinical)

    def check_ready(self) -> None:
        """Import the target and make it once."""
        self.build()

    def build(self, *, cache: Path | None = None) -> EstimatorModel:
        """A fresh model.

        Raises:
            ModelError: The target cannot be imported or made, or gives no probabilities.
        """
        return EstimatorModel(self)


class PreparedEstimator:
    """A fitted preparation and a fitted estimator, which need not derive from scikit-learn's."""

    def __init__(self, prepare: Any, estimator: Any) -> None:
        self.prepare = prepare
        self.estimator = estimator

    @property
    def classes_(self) -> Iterable[int]:
        """The labels in the order of the columns of `predict_proba`."""
        classes: Iterable[int] = getattr(self.estimator, "classes_", (0, 1))
        return classes

    def predict_proba(self, table: pd.DataFrame) -> npt.NDArray[np.float64]:
        """What the estimator says of the prepared rows, shape (n_lesions, 2)."""
        return np.asarray(self.estimator.predict_proba(self.prepare.transform(table)), dtype="float64")


class EstimatorModel(TabularModel):
    """The target behind imputation and scaling, all fitted on the training part.

    X is a float64 array of shape (n_lesions, n_columns), y an int64 array of 0 and 1. Every `random_state`
    that is not set gets the fold's seed, every `n_jobs` that is not set the fold's number of jobs.
    """

    settings: EstimatorSettings

    def __init__(self, settings: EstimatorSettings) -> None:
        super().__init__(settings)
        self.target = settings.load()
        self.trusted = (f"{self.target.__module__.partition('.')[0]}.",)
        self._make(seed=0, jobs=1)

    def inputs(self, cases: Cases) -> pd.DataFrame:
        """Features, clinical variables, or both side by side."""
        settings = self.settings
        parts = []
        if settings.inputs != "clinical":
            parts.append(feature_table(cases, profiles=settings.profiles, model=settings.name))
        if settings.inputs != "features":
            parts.append(clinical_table(cases, variables=settings.variables, model=settings.name))
        return pd.concat(parts, axis=1)

    def learn(self, inputs: pd.DataFrame, labels: pd.Series[int], fold: TrainingFold) -> PreparedEstimator:
        """Prepare the training part and fit the target on it."""
        estimator = self._make(seed=estimator_seed(fold.seed), jobs=fold.jobs)
        prepare = preparation(inputs, impute=self.settings.impute, scale=self.settings.scale)
        X = np.asarray(prepare.fit_transform(inputs), dtype="float64")
        try:
            estimator.fit(X, labels.to_numpy(dtype="int64"))
        except Exception as error:
            raise ModelError(
                f"fitting '{self.settings.target}' failed: {type(error).__name__}: {error}",
                where=self.settings.where,
                remedy=f"it was given X of shape {X.shape} and labels 0 and 1",
            ) from error
        return PreparedEstimator(prepare, estimator)

    def _make(self, *, seed: int, jobs: int) -> Any:
        """An unfitted estimator with its parameters, seed and jobs."""
        settings = self.settings
        try:
            estimator = self.target(**settings.parameters, **self._from_signature(seed, jobs))
        except Exception as error:
            raise ModelError(
                f"'{settings.target}' cannot be made from the given parameters: {error}",
                where=settings.where,
                remedy=f"its parameters are: {', '.join(self._signature()) or '(none)'}",
            ) from error
        if hasattr(estimator, "get_params") and hasattr(estimator, "set_params"):
            free = {
                name: value
                for name, value in estimator.get_params(deep=True).items()
                if value is None and name not in settings.parameters
            }
            chosen = {"random_state": seed, "n_jobs": jobs}
            last = {name: name.rpartition("__")[2] for name in free}
            estimator.set_params(**{name: chosen[key] for name, key in last.items() if key in chosen})
        for method in ("fit", "predict_proba"):
            if not callable(getattr(estimator, method, None)):
                raise ModelError(
                    f"'{settings.target}' has no {method}",
                    where=settings.where,
                    remedy="a model must give probabilities: wrap a classifier that has none in "
                    "sklearn.calibration.CalibratedClassifierCV",
                )
        return estimator

    def _signature(self) -> list[str]:
        try:
            return [name for name in inspect.signature(self.target).parameters if name != "self"]
        except (TypeError, ValueError):
            return []

    def _from_signature(self, seed: int, jobs: int) -> dict[str, int]:
        """Seed and jobs for a class without `set_params` that takes them by name."""
        if hasattr(self.target, "set_params"):
            return {}
        chosen = {"random_state": seed, "n_jobs": jobs}
        names = set(self._signature()) - set(self.settings.parameters)
        return {name: value for name, value in chosen.items() if name in names}
