"""A scikit-learn-compatible classifier of one's own, trained by the suite on the same split."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.utils.class_weight import compute_sample_weight

from samesplit.errors import ModelError
from samesplit.models.design_tables import Impute, Scale, clinical_table, feature_table, preparation
from samesplit.models.protocol import Cases, Requirements, TrainingFold
from samesplit.models.tabular import TabularModel, estimator_seed
from samesplit.models.targets import TargetSettings
from samesplit.models.task_classes import class_names
from samesplit.tasks import TaskKind

__all__ = ["EstimatorModel", "EstimatorSettings", "PreparedEstimator"]

_SEEDS, _JOBS = ("random_state", "random_seed"), ("n_jobs", "thread_count")
_LONGEST = 200
"""Characters of a warning that are kept."""


class EstimatorSettings(TargetSettings):
    """`kind: estimator`: a class with `fit(X, y)` and `predict_proba(X)`."""

    tasks: ClassVar[frozenset[TaskKind]] = frozenset({"binary", "multiclass"})
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
    class_weight: Literal["balanced"] | None = None
    """`balanced` gives `fit` weights of rows, as `sample_weight`, under which all classes weigh alike."""

    def needs(self) -> Requirements:
        """Ask for the profiles, if features are wanted, and the variables."""
        profiles = () if self.inputs == "clinical" else self.profiles
        clinical = () if self.inputs == "features" else self.variables or ("*",)
        return Requirements(profiles=profiles, sequences=self.sequences, clinical=clinical)

    def check_ready(self) -> None:
        """Import the target and make it once."""
        self.build()

    def build(self, *, cache: Path | None = None) -> EstimatorModel:
        """Build a fresh model.

        Raises:
            ModelError: The target cannot be imported or made, or gives no probabilities.
        """
        return EstimatorModel(self)


class PreparedEstimator:
    """A fitted preparation and a fitted estimator, which need not derive from scikit-learn's."""

    def __init__(self, prepare: Any, estimator: Any, n_classes: int = 2) -> None:
        self.prepare = prepare
        self.estimator = estimator
        self.n_classes = n_classes

    @property
    def classes_(self) -> Iterable[int]:
        """The labels in the order of the columns of `predict_proba`."""
        classes: Iterable[int] = getattr(self.estimator, "classes_", range(self.n_classes))
        return classes

    def predict_proba(self, table: pd.DataFrame) -> npt.NDArray[np.float64]:
        """Tell what the estimator says of the prepared rows, shape (n_lesions, n_classes)."""
        return np.asarray(self.estimator.predict_proba(self.prepare.transform(table)), dtype="float64")


class EstimatorModel(TabularModel):
    """The target behind imputation and scaling, all fitted on the training part.

    X is a float64 array of shape (n_lesions, n_columns), y an int64 array of class numbers: 0 and 1, or more of
    several classes. Every `random_state` that is not set gets the fold's seed, every `n_jobs` (or `thread_count`)
    that is not set the fold's number of jobs. What the target warns of becomes a note of the run.
    """

    settings: EstimatorSettings

    def __init__(self, settings: EstimatorSettings) -> None:
        super().__init__(settings)
        self.warned: list[str] = []
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
        y = np.asarray(labels, dtype=np.int64)
        try:
            with warnings.catch_warnings(record=True) as warned:
                warnings.simplefilter("always")
                estimator.fit(X, y, **self._weights(estimator, y))
        except ModelError:
            raise
        except Exception as error:
            raise ModelError(
                f"fitting '{self.settings.target}' failed: {type(error).__name__}: {error}",
                where=self.settings.where,
                remedy=f"it was given X of shape {X.shape} and labels {_listed(len(np.unique(y)))}",
            ) from error
        self.warned = list(dict.fromkeys(_in_words(warning) for warning in warned))
        return PreparedEstimator(prepare, estimator, len(class_names(fold.task)))

    def details(self) -> dict[str, pd.DataFrame]:
        """Return `notes`: what the target warned of while it was fitted, if it did."""
        return {"notes": pd.DataFrame({"note": self.warned})} if self.warned else {}

    def _weights(self, estimator: Any, y: npt.NDArray[np.int64]) -> dict[str, npt.NDArray[np.float64]]:
        """Return the argument of `fit` for weights of rows, where the model file asks for it."""
        if self.settings.class_weight is None:
            return {}
        if "sample_weight" not in inspect.signature(estimator.fit).parameters:
            raise ModelError(
                f"'{self.settings.target}' takes no sample_weight in fit, so 'class_weight' can do nothing",
                where=self.settings.where,
                remedy="leave 'class_weight' out, or name the class's own parameter for it under 'parameters'",
            )
        return {"sample_weight": compute_sample_weight(self.settings.class_weight, y)}

    def _make(self, *, seed: int, jobs: int) -> Any:
        """Make an unfitted estimator with its parameters, seed and jobs."""
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
            set_already = {name for name, value in settings.parameters.items() if value is not None}
            free = {name for name, value in estimator.get_params(deep=True).items() if value is None}
            chosen = {"random_state": seed, "n_jobs": jobs}
            last = {name: name.rpartition("__")[2] for name in free - set_already}
            found = {name: chosen[key] for name, key in last.items() if key in chosen}
            estimator.set_params(**found, **self._not_told(estimator, set_already, seed, jobs))
        for method in ("fit", "predict_proba"):
            if not callable(getattr(estimator, method, None)):
                raise ModelError(
                    f"'{settings.target}' has no {method}",
                    where=settings.where,
                    remedy="a model must give probabilities: wrap a classifier that has none in "
                    "sklearn.calibration.CalibratedClassifierCV",
                )
        return estimator

    def _not_told(self, estimator: Any, set_already: set[str], seed: int, jobs: int) -> dict[str, int]:
        """Seed and threads of a class that hides what is not set from `get_params`, as CatBoost does."""
        hidden = set(self._signature()) - set(estimator.get_params(deep=False))
        wanted = {}
        for value, names in ((seed, _SEEDS), (jobs, _JOBS)):
            if not set_already & set(names) and (name := next((n for n in names if n in hidden), None)):
                wanted[name] = value
        return wanted

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


def _listed(classes: int) -> str:
    return "0 and 1" if classes == 2 else f"0 to {classes - 1}"


def _in_words(warning: warnings.WarningMessage) -> str:
    text = " ".join(str(warning.message).split())
    text = text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
    return f"{warning.category.__name__} while fitting ({text})"
