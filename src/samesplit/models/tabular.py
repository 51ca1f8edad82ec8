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
from samesplit.models.persistence import load_fitted, save_model
from samesplit.models.protocol import Cases, TrainingFold
from samesplit.models.settings import ModelSettings
from samesplit.models.task_classes import check_classes, class_names
from samesplit.tasks import Task

__all__ = ["TabularModel", "estimator_seed", "linear_terms"]


def estimator_seed(seed: int) -> int:
    """Return a fold's seed in the range that scikit-learn and XGBoost accept.

    Example:
        >>> estimator_seed(7), estimator_seed(2**31 + 6)
        (7, 7)
    """
    return seed % (2**31 - 1)


def linear_terms(
    names: list[str], coefficients: npt.NDArray[np.float64], classes: tuple[str, ...] = ()
) -> pd.DataFrame:
    """Return the terms of a logistic model: coefficient per SD (or per category) and its odds ratio.

    Args:
        names: Of the terms.
        coefficients: Shape (1, n_terms) for two classes, else (n_classes, n_terms).
        classes: Their names where there are more than two: the table then begins with a column `class`, and a
            coefficient is that of the class's score, of which the odds between two classes are the difference.
    """
    tables = [
        pd.DataFrame({"term": names, "coefficient": row, "odds_ratio": np.exp(row)})
        for row in np.asarray(coefficients, dtype="float64")
    ]
    if len(tables) == 1:
        return tables[0]
    for name, table in zip(classes, tables, strict=True):
        table.insert(0, "class", name)
    return pd.concat(tables, ignore_index=True)


_ADDS_UP = 1e-6
"""By how much the probabilities of all classes may miss 1 together."""


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
        self.task: Task | None = None

    @property
    def where(self) -> str:
        """How messages name the model."""
        return f"model '{self.settings.name}'"

    @abstractmethod
    def inputs(self, cases: Cases) -> pd.DataFrame:
        """One row a lesion, indexed by `lesion_id`, NaN where missing."""

    @abstractmethod
    def learn(self, inputs: pd.DataFrame, labels: pd.Series[int], fold: TrainingFold) -> Any:
        """Fit on the known training lesions and give back something with `predict_proba`, or `predict` for risks.

        Args:
            inputs: Rows sorted by `lesion_id`, none of them wholly missing.
            labels: Class numbers in the same order, every class being there; of a survival task 1 where the event
                was seen.
            fold: For task, seed, jobs and patients.
        """

    def fit(self, fold: TrainingFold) -> None:
        """Learn from the training part alone; the validation part is left for the operating point.

        Raises:
            ModelError: A class is missing, or there is nothing to learn from.
        """
        inputs, labels = self.known(fold)
        with threadpool_limits(fold.jobs):
            self.fitted = self.learn(inputs, labels, fold)
        self.task = fold.task
        self.columns = [str(column) for column in inputs.columns]

    def known(self, fold: TrainingFold) -> tuple[pd.DataFrame, pd.Series[int]]:
        """Return the inputs and labels of the lesions that are learnt from, sorted by `lesion_id`.

        Raises:
            ModelError: A class is missing.
        """
        survival = fold.task.kind == "survival"
        if not survival:
            check_classes(fold.training_labels, model=self.settings.name, task=fold.task)
        inputs = self.inputs(fold.training).sort_index()
        inputs = inputs[inputs.notna().any(axis=1)]
        labels = fold.training_labels.loc[inputs.index]
        if not survival and labels.nunique() < len(class_names(fold.task)):
            raise ModelError(
                "after leaving out the training lesions of which nothing is known, a class is missing",
                where=self.where,
                remedy="see the case ledger for why their values are missing",
            )
        return inputs, labels

    def predict(self, cases: Cases) -> pd.DataFrame:
        """Predict the probabilities, or the risk, of each lesion of which anything is known; see `Model.predict`.

        Raises:
            ModelError: The model is not fitted, lacks a column that it learnt from, or gives something
                else than probabilities, or than finite risks.
        """
        if self.fitted is None or self.task is None:
            raise ModelError("has not been fitted", where=self.where, remedy="call fit first")
        return self.predict_rows(self.inputs(cases))

    def predict_rows(self, inputs: pd.DataFrame) -> pd.DataFrame:
        """Predict from a table that has the columns the model learnt from (`columns`), whatever else is in it.

        Args:
            inputs: As `inputs` gives them: one row a lesion, NaN where missing.

        Raises:
            ModelError: As `predict`.
        """
        if self.fitted is None or self.task is None:
            raise ModelError("has not been fitted", where=self.where, remedy="call fit first")
        columns = list(self.task.prediction_columns)
        missing = [column for column in self.columns if column not in inputs]
        if missing:
            raise ModelError(
                f"{len(missing)} columns of the training part are not there, the first: {missing[0]}",
                where=self.where,
            )
        known = inputs.loc[inputs.notna().any(axis=1), self.columns]
        if known.empty:
            return pd.DataFrame(np.empty((0, len(columns))), index=known.index, columns=columns)
        with threadpool_limits(1):
            found = self._risks(known) if self.task.kind == "survival" else self._probabilities(known)
        return pd.DataFrame(found, index=known.index, columns=columns)

    def _risks(self, known: pd.DataFrame) -> npt.NDArray[np.float64]:
        """Take what `predict` of the fitted part gives, shape (n_lesions, 1), checked."""
        risks = np.asarray(self.fitted.predict(known), dtype="float64")
        if risks.shape != (len(known),) or not np.isfinite(risks).all():
            raise ModelError(
                f"predict gave {risks.shape} for {len(known)} lesions, or risks that are not finite",
                where=self.where,
                remedy="it must give one number a lesion, higher for an earlier event",
            )
        return risks[:, None]

    def _probabilities(self, known: pd.DataFrame) -> npt.NDArray[np.float64]:
        assert self.task is not None
        probabilities = np.asarray(self.fitted.predict_proba(known), dtype="float64")
        return self._checked(probabilities, len(known), class_names(self.task))

    def _checked(
        self, probabilities: npt.NDArray[np.float64], rows: int, names: tuple[str, ...]
    ) -> npt.NDArray[np.float64]:
        """Check the columns of the classes and put them in order; of two classes take that of the positive one."""
        named = ", ".join(names)
        if probabilities.shape != (rows, len(names)):
            count = {2: "two"}.get(len(names), str(len(names)))
            raise ModelError(
                f"predict_proba gave an array of shape {probabilities.shape} for {rows} lesions",
                where=self.where,
                remedy=f"it must give one row a lesion and {count} columns: {named}",
            )
        numbers = range(len(names))
        classes = [int(label) for label in getattr(self.fitted, "classes_", numbers)]
        wanted = [1] if len(names) == 2 else list(numbers)
        found = probabilities[:, [classes.index(number) for number in wanted]]
        if not (np.isfinite(found).all() and (found >= 0).all() and (found <= 1).all()):
            raise ModelError(
                "predict_proba gave values outside [0, 1]",
                where=self.where,
                remedy=f"it must give probabilities: {named}",
            )
        if len(names) > 2 and np.abs(found.sum(axis=1) - 1).max() > _ADDS_UP:
            raise ModelError(
                "predict_proba gave probabilities that do not add up to 1 over the classes",
                where=self.where,
                remedy=f"divide those of a lesion by their sum; the columns are {named}",
            )
        return found

    def details(self) -> dict[str, pd.DataFrame]:
        """Nothing, unless a kind of model has something to tell."""
        return {}

    def save(self, directory: Path) -> None:
        """Keep the fitted model as JSON and skops; see `samesplit.models.persistence`."""
        state = {"columns": self.columns}
        save_model(
            directory, self.settings, task=self.task, state=state, fitted=self.fitted, trusted=self.trusted
        )

    def restore(self, directory: Path, state: dict[str, Any]) -> None:
        """Take up what `save` left."""
        self.fitted = load_fitted(directory, trusted=self.trusted)
        self.columns = list(state["columns"])
