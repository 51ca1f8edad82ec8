"""What all ensembles share that learn how to combine their members."""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any, ClassVar, Literal, Protocol, cast

import numpy as np
import numpy.typing as npt
import pandas as pd
from pydantic import Field, model_validator

from samesplit.errors import ModelError
from samesplit.models.ensembles.members import SMALLEST, member_probabilities
from samesplit.models.persistence import load_fitted, save_model
from samesplit.models.protocol import Cases, Requirements, TrainingFold
from samesplit.models.settings import ModelSettings
from samesplit.models.task_classes import check_classes, class_names
from samesplit.tasks import Task, TaskKind

__all__ = ["EnsembleSettings", "FittedEnsemble", "FittedEnsembleSettings", "MemberPredictions"]

Floats = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.int64]
_FEW = 10
"""Fewer lesions of a class to learn from are worth a note."""


class EnsembleSettings(ModelSettings):
    """The base of the settings of models made of two models or more."""

    tasks: ClassVar[frozenset[TaskKind]] = frozenset({"binary", "multiclass"})
    members: tuple[str, ...] = Field(min_length=2)
    """Names of models of the same benchmark."""

    @model_validator(mode="after")
    def _members_are_others(self) -> EnsembleSettings:
        if len(set(self.members)) < len(self.members):
            raise ValueError("a member is named twice")
        if self.name in self.members:
            raise ValueError(f"'{self.name}' cannot be a member of itself")
        return self

    def needs(self) -> Requirements:
        """Ask for the members' predictions."""
        return Requirements(members=self.members)


class FittedEnsembleSettings(EnsembleSettings):
    """The base of the settings of ensembles that learn from what their members say of lesions they never saw."""

    out_of_fold: Literal["inner", "validation"] = "inner"
    """`inner`: members are fitted again on inner folds of the training part, and the ensemble learns from what
    they say of the lesions held out. `validation`: it learns from the validation part, which costs no further fit
    but is smaller, and by which networks have chosen their epoch."""
    inner_folds: int = Field(default=5, ge=2)
    """With `out_of_fold: inner` each member is fitted so many times more, in every fold and for each of its
    seeds."""

    def needs(self) -> Requirements:
        """Ask for the members' predictions, of training lesions out of fold."""
        inner = self.inner_folds if self.out_of_fold == "inner" else 0
        return Requirements(members=self.members, inner_folds=inner)


class LearnsFromMembers(Protocol):
    """The settings of a model that learns from the predictions of others."""

    @property
    def name(self) -> str:
        """The model's name."""

    @property
    def members(self) -> tuple[str, ...]:
        """Whose predictions it learns from."""

    @property
    def out_of_fold(self) -> Literal["inner", "validation"]:
        """Of which lesions."""


class MemberPredictions:
    """What an ensemble learns from: lesions that all members predicted without having learnt from them.

    Attributes:
        lesions: Their ids.
        probabilities: Shape (n_lesions, n_members, n_classes).
        labels: Class numbers, shape (n_lesions,).
        patients: The patient of each, shape (n_lesions,).
    """

    def __init__(
        self, cases: Cases, labels: pd.Series[int], members: tuple[str, ...], task: Task, *, model: str
    ) -> None:
        self.lesions, self.probabilities = member_probabilities(cases, members, task, model=model)
        self.labels: Numbers = np.asarray(labels.reindex(self.lesions), dtype=np.int64)
        self.patients = cases.lesions.loc[self.lesions, "patient_id"].to_numpy(dtype=object)

    def __len__(self) -> int:
        return len(self.lesions)

    def log_losses(self) -> Floats:
        """Return the mean log loss of each member, shape (n_members,)."""
        true = self.probabilities[np.arange(len(self)), :, self.labels]
        return np.asarray(-np.log(np.maximum(true, SMALLEST)).mean(axis=0))


class FittedEnsemble(ABC):
    """Learns how to combine the members, from predictions of lesions that they did not learn from.

    A lesion that any member has not predicted is neither learnt from nor predicted: the opinion of fewer members
    would be that of another ensemble.
    """

    fewest = 2
    """So many lesions of each class it must have to learn from."""
    trusted: tuple[str, ...] = ()

    def __init__(self, settings: LearnsFromMembers) -> None:
        self.settings = settings
        self.task: Task | None = None
        self.notes: list[str] = []

    @property
    def where(self) -> str:
        """How messages name the model."""
        return f"model '{self.settings.name}'"

    @property
    def members(self) -> tuple[str, ...]:
        """The names of the members."""
        return self.settings.members

    @abstractmethod
    def learn(self, known: MemberPredictions, fold: TrainingFold) -> None:
        """Learn how to combine the members."""

    @abstractmethod
    def combine(self, probabilities: Floats) -> Floats:
        """Combine members' probabilities (n_lesions, n_members, n_classes) to (n_lesions, n_classes)."""

    def fit(self, fold: TrainingFold) -> None:
        """Learn from the members' predictions, of the training part out of fold or of the validation part.

        Raises:
            ModelError: A class is missing, or has too few lesions that all members predicted.
        """
        check_classes(fold.training_labels, model=self.settings.name, task=fold.task)
        self.notes = []
        inner = self.settings.out_of_fold == "inner"
        cases, labels = (
            (fold.training, fold.training_labels) if inner else (fold.validation, fold.validation_labels)
        )
        if not len(cases):
            raise ModelError(
                "the fold has no validation part to learn from",
                where=self.where,
                remedy="hold a validation part out in the split, or write 'out_of_fold: inner' in the model file",
            )
        known = MemberPredictions(cases, labels, self.members, fold.task, model=self.settings.name)
        self._check(known, fold.task, inner)
        self.learn(known, fold)
        self.task = fold.task

    def _check(self, known: MemberPredictions, task: Task, inner: bool) -> None:
        """See to it that there is enough to learn from, and note where there is little."""
        names = class_names(task)
        part = "training" if inner else "validation"
        counts = np.bincount(known.labels, minlength=len(names))
        least = int(counts.argmin())
        count = int(counts[least])
        told = f"{count} lesion{'s' * (count != 1)} of the class {names[least]}"
        if count < self.fewest:
            raise ModelError(
                f"the {part} part has {told} that all members predicted; {self.fewest} of each class are needed",
                where=self.where,
                remedy="make a split with fewer folds or a larger validation part"
                + ("" if inner else ", or write 'out_of_fold: inner' in the model file"),
            )
        if count < _FEW:
            self.notes.append(f"It was fitted to few lesions of the {part} part: {told}")

    def predict(self, cases: Cases) -> pd.DataFrame:
        """Combine the members, for the lesions that all of them predicted.

        Raises:
            ModelError: The model is not fitted, or a member's predictions are not there.
        """
        if self.task is None:
            raise ModelError("has not been fitted", where=self.where)
        lesions, probabilities = member_probabilities(
            cases, self.members, self.task, model=self.settings.name
        )
        columns = list(self.task.prediction_columns)
        index = pd.Index(lesions, dtype="str", name="lesion_id")
        if not lesions:
            return pd.DataFrame(np.empty((0, len(columns))), index=index, columns=columns)
        combined = np.clip(self.combine(probabilities), 0.0, 1.0)
        return pd.DataFrame(combined[:, 1:] if len(columns) == 1 else combined, index=index, columns=columns)

    def details(self) -> dict[str, pd.DataFrame]:
        """Return `notes`: what is to be known about the fit, if anything."""
        return {"notes": pd.DataFrame({"note": self.notes})} if self.notes else {}

    def plain_state(self) -> dict[str, Any]:
        """Return the plain part of what was learnt."""
        return {}

    def fitted_part(self) -> object | None:
        """Return the scikit-learn part of what was learnt."""
        return None

    @abstractmethod
    def take_up(self, state: dict[str, Any], fitted: Any) -> None:
        """Take up what `plain_state` and `fitted_part` gave."""

    def save(self, directory: Path) -> None:
        """Keep what was learnt; see `samesplit.models.persistence`."""
        save_model(
            directory,
            cast("ModelSettings", self.settings),
            task=self.task,
            state=self.plain_state(),
            fitted=self.fitted_part(),
            trusted=self.trusted,
        )

    def restore(self, directory: Path, state: dict[str, Any]) -> None:
        """Take up what `save` left."""
        there = (directory / "fitted.skops").exists()
        self.take_up(state, load_fitted(directory, trusted=self.trusted) if there else None)
