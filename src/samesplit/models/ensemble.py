"""A model made of models: the mean of their probabilities."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar, Literal

import pandas as pd
from pydantic import Field, model_validator

from samesplit.errors import ModelError
from samesplit.models.persistence import save_model
from samesplit.models.protocol import Cases, Requirements, TrainingFold
from samesplit.models.settings import ModelSettings
from samesplit.models.task_classes import check_classes
from samesplit.tasks import Task, TaskKind

__all__ = ["AverageModel", "AverageSettings"]


class AverageSettings(ModelSettings):
    """`kind: average`: the mean of the probabilities of other models."""

    tasks: ClassVar[frozenset[TaskKind]] = frozenset({"binary", "multiclass"})

    kind: Literal["average"] = "average"
    members: tuple[str, ...] = Field(min_length=2)
    """Names of models of the same benchmark."""

    @model_validator(mode="after")
    def _members_are_others(self) -> AverageSettings:
        if len(set(self.members)) < len(self.members):
            raise ValueError("a member is named twice")
        if self.name in self.members:
            raise ValueError(f"'{self.name}' cannot be a member of itself")
        return self

    def needs(self) -> Requirements:
        """Ask for the members' predictions."""
        return Requirements(members=self.members)

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
        missing = [member for member in self.settings.members if member not in cases.predictions]
        if missing:
            raise ModelError(
                f"there are no predictions of its member{'s' * (len(missing) > 1)} {', '.join(missing)}",
                where=f"model '{self.settings.name}'",
                remedy="name the members under 'models:' of the benchmark, too",
            )
        if self.task is None:
            raise ModelError("has not been fitted", where=f"model '{self.settings.name}'")
        table = cases.predictions[list(self.settings.members)].astype("float64").dropna()
        columns = list(self.task.prediction_columns)
        if len(columns) == 1:
            return table.mean(axis=1).to_frame(columns[0])
        members = [table[member][columns] for member in self.settings.members]
        mean: pd.DataFrame = pd.concat(members).groupby(level=0).mean()
        return mean.loc[table.index]

    def details(self) -> dict[str, pd.DataFrame]:
        """Nothing."""
        return {}

    def save(self, directory: Path) -> None:
        """Keep the names of the members."""
        save_model(directory, self.settings, task=self.task, state={})

    def restore(self, directory: Path, state: dict[str, Any]) -> None:
        """Take up what `save` left, which is nothing."""
