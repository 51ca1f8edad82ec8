"""What all models that learn from a table have in common: rows in, probabilities out, nothing else seen."""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from threadpoolctl import threadpool_limits

from samesplit.errors import ModelError
from samesplit.models.persistence import keep, restore_fitted
from samesplit.models.protocol import Cases, TrainingFold
from samesplit.models.settings import ModelSettings

__all__ = ["TabularModel", "check_classes", "estimator_seed", "linear_terms"]


def check_classes(labels: pd.Series[int], *, model: str) -> None:
    """See to it that both classes are there to learn from.

    Raises:
        ModelError: A label is neither 0 nor 1, or one of the two classes is missing.
    """
    found = {int(label) for label in labels.unique()}
    if not found <= {0, 1}:
        raise ModelError(f"labels must be 0 or 1, found {sorted(found)}", where=f"model '{model}'")
    missing = sorted({0, 1} - found)
    if missing:
        names = {0: "negative", 1: "positive"}
        raise ModelError(
            f"the training part of the fold ({len(labels)} lesions) has no lesion of the "
            f"{' and no lesion of the '.join(names[label] for label in missing)} class",
            where=f"model '{model}'",
            remedy="make a split with fewer folds, or one that is stratified by the label",
        )


def estimator_seed(seed: int) -> int:
    """A fold's seed in the range that scikit-learn and XGBoost accept.

    Example:
        >>> estimator_seed(7), estimator_seed(2**31 + 6)
        (7, 7)
    """
    return seed % (2**31 - 1)


def linear_terms(names: list[str], coefficients: npt.NDArray[np.float64]) -> pd.DataFrame:
    """The terms of a logistic model: coefficient per SD (or per category) and its odds ratio."""
    return pd.DataFrame(
        {
            "term": names,
            "coefficient": np.asarray(coefficients, dtype="float64"),
            "odds_ratio": np.exp(np.asarray(coefficients, dtype="float64")),
        }
    )


class TabularModel(ABC):
    """A model that learns from one row of values per lesion.

    A lesion of which nothing is known (every value missing) is neither learnt from nor predicted: an
    imputed row would be a guess that looks like a prediction. Lesions of which something is known are
    completed from the training part. The result does not depend on the order of the rows.
    """

    trusted: tuple[str, ...] = ()
    """Types beyond samesplit's own that the fitted part may hold; see `samesplit.models.persistence`."""

    def __init__(self, settings: ModelSettings) -> None:
        self.settings = settings
        self.fitted: Any = None
        self.columns: list[str] = []

    @property
    def where(self) -> str:
        """How messages name the model."""
        return f"model '{self.settings.name}'"

    @abstractmethod
    def inputs(self, cases: Cases) -> pd.DataFrame:
        """One row a lesion, indexed by `lesion_id`, NaN where missing."""

    @abstractmethod
    def learn(self, inputs: pd.DataFrame, labels: pd.Series[int], fold: TrainingFold) -> Any:
        """Fit on the known training lesions and give back something with `predict_proba`.

        Args:
            inputs: Rows sorted by `lesion_id`, none of them wholly missing.
            labels: 0 or 1 in the same order.
            fold: For seed, jobs and patients.
        """

    def fit(self, fold: TrainingFold) -> None:
        """Learn from the training part alone; the validation part is left for the operating point.

        Raises:
            ModelError: A class is missing, or there is nothing to learn from.
        """
        inputs, labels = self.known(fold.training, fold.training_labels)
        with threadpool_limits(fold.jobs):
            self.fitted = self.learn(inputs, labels, fold)
        self.columns = [str(column) for column in inputs.columns]

    def known(self, training: Cases, labels: pd.Series[int]) -> tuple[pd.DataFrame, pd.Series[int]]:
        """The inputs and labels of the lesions that are learnt from, sorted by `lesion_id`.

        Raises:
            ModelError: A class is missing.
        """
        check_classes(labels, model=self.settings.name)
        inputs = self.inputs(training).sort_index()
        inputs = inputs[inputs.notna().any(axis=1)]
        labels = labels.loc[inputs.index]
        if labels.nunique() < 2:
            raise ModelError(
                "after leaving out the training lesions of which nothing is known, a class is missing",
                where=self.where,
                remedy="see the case ledger for why their values are missing",
            )
        return inputs, labels

    def predict(self, cases: Cases) -> pd.Series[float]:
        """The probability of the positive class for each lesion of which anything is known.

        Raises:
            ModelError: The model is not fitted, lacks a column that it learnt from, or gives something
                else than probabilities.
        """
        if self.fitted is None:
            raise ModelError("has not been fitted", where=self.where, remedy="call fit first")
        inputs = self.inputs(cases)
        missing = [column for column in self.columns if column not in inputs]
        if missing:
            raise ModelError(
                f"{len(missing)} columns of the training part are not there, the first: {missing[0]}",
                where=self.where,
            )
        known = inputs.loc[inputs.notna().any(axis=1), self.columns]
        if known.empty:
            nobody: list[float] = []
            return pd.Series(nobody, index=known.index, dtype="float64", name="probability")
        with threadpool_limits(1):
            probabilities = np.asarray(self.fitted.predict_proba(known), dtype="float64")
        return pd.Series(self._positive(probabilities, len(known)), index=known.index, name="probability")

    def _positive(self, probabilities: npt.NDArray[np.float64], rows: int) -> npt.NDArray[np.float64]:
        """The column of the positive class, checked."""
        if probabilities.shape != (rows, 2):
            raise ModelError(
                f"predict_proba gave an array of shape {probabilities.shape} for {rows} lesions",
                where=self.where,
                remedy="it must give one row a lesion and two columns: negative, positive",
            )
        classes = [int(label) for label in getattr(self.fitted, "classes_", (0, 1))]
        positive = probabilities[:, classes.index(1)]
        if not (np.isfinite(positive).all() and (positive >= 0).all() and (positive <= 1).all()):
            raise ModelError(
                "predict_proba gave values outside [0, 1]",
                where=self.where,
                remedy="it must give probabilities: negative, positive",
            )
        return positive

    def details(self) -> dict[str, pd.DataFrame]:
        """Nothing, unless a kind of model has something to tell."""
        return {}

    def save(self, directory: Path) -> None:
        """Keep the fitted model as JSON and skops; see `samesplit.models.persistence`."""
        state = {"columns": self.columns}
        keep(directory, self.settings, state=state, fitted=self.fitted, trusted=self.trusted)

    def restore(self, directory: Path, state: dict[str, Any]) -> None:
        """Take up what `save` left."""
        self.fitted = restore_fitted(directory, trusted=self.trusted)
        self.columns = list(state["columns"])
