"""A model made of models: the mean of their probabilities."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd

from samesplit.errors import ModelError
from samesplit.models.ensembles.fitted import EnsembleSettings
from samesplit.models.ensembles.members import member_probabilities
from samesplit.models.persistence import save_model
from samesplit.models.protocol import Cases, TrainingFold
from samesplit.models.task_classes import check_classes
from samesplit.tasks import Task

__all__ = ["AverageModel", "AverageSettings"]


class AverageSettings(EnsembleSettings):
    """`kind: average`: the mean of the probabilities of other models."""

    kind: Literal["average"] = "average"

    def build(self, *, cache: Path | None = None) -> AverageModel:
        """Build a fresh ensemble."""
        return AverageModel(self)


class AverageModel:
    """The unweighted mean of the members' probabilities; nothing is fitted, so nothing can leak.

    A lesion that any member has not predicted is not predicted: the mean of fewer members would be the
    opinion of another ensemble.
    """

    def __init__(self, settings: AverageSettings) -> None:
        self.settings = settings
        self.task: Task | None = None

    def fit(self, fold: TrainingFold) -> None:
        """Only see to it that the fold could be learnt from.

        Raises:
            ModelError: A class is missing.
        """
        check_classes(fold.training_labels, model=self.settings.name, task=fold.task)
        self.task = fold.task

    def predict(self, cases: Cases) -> pd.DataFrame:
        """Predict the mean of the members, for the lesions that all of them predicted.

        Raises:
            ModelError: The model is not fitted, or a member's predictions are not there.
        """
        name = self.settings.name
        if self.task is None:
            raise ModelError("has not been fitted", where=f"model '{name}'")
        lesions, probabilities = member_probabilities(cases, self.settings.members, self.task, model=name)
        columns = list(self.task.prediction_columns)
        mean = probabilities.mean(axis=1) if lesions else np.empty((0, max(2, len(columns))))
        index = pd.Index(lesions, dtype="str", name="lesion_id")
        return pd.DataFrame(mean[:, 1:] if len(columns) == 1 else mean, index=index, columns=columns)

    def details(self) -> dict[str, pd.DataFrame]:
        """Nothing."""
        return {}

    def save(self, directory: Path) -> None:
        """Keep the names of the members."""
        save_model(directory, self.settings, task=self.task, state={})

    def restore(self, directory: Path, state: dict[str, Any]) -> None:
        """Take up what `save` left, which is nothing."""
