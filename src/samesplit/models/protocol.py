"""What every model is: something that fits on one fold and answers a task for every lesion.

A model never meets a test label. `Cases` carries no labels at all; `TrainingFold` adds those of the
training and validation lesions only, and the test cases are handed to `Model.predict` afterwards.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol, runtime_checkable

import pandas as pd

from samesplit.execution.work_units import WorkUnit
from samesplit.features.perturbation.settings import Perturbations
from samesplit.imaging.repairs import GeometryRepair
from samesplit.tasks import BinaryTask, Task

__all__ = [
    "Cases",
    "Explains",
    "HasWorkUnits",
    "Model",
    "Prepares",
    "Requirements",
    "Scored",
    "Segments",
    "TrainingFold",
]


@dataclass(frozen=True)
class Cases:
    """Lesions as a model sees them, without their labels.

    Attributes:
        lesions: One row a lesion, indexed by `lesion_id`: `patient_id`, `site` and the clinical variables
            that the benchmark declares (numbers as float, categories as text), never the label.
        images: Rows of the images table of these lesions for one rater, `image` and `mask` being paths
            (or array references) that `samesplit.imaging.case.read_case` opens.
        features: One row a lesion, indexed by `lesion_id`, one float column per
            `<profile>/<sequence>/<feature>`, or as a table of one's own names them; missing values are NaN. No
            columns unless the model asks.
        predictions: One row a lesion, for models made of models: one column per member where the task has one
            column of predictions, else two levels of columns, the member and the class. Those of training lesions
            come from members that were fitted without them (see `Requirements.inner_folds`), else they are
            missing.
        sequences: The sequences the model was asked to use, in order.
        rater: Whose masks these are.
        geometry_repair: The repairs of images and masks that may be made; see `samesplit.imaging.repairs`.
        minimum_voxels: The smallest mask that counts.
        repeats: The same features after perturbations, for models that ask for them: `lesion_id`, `perturbation`,
            `repetition` and the columns of `features`; one row a measurement.
    """

    lesions: pd.DataFrame
    images: pd.DataFrame
    features: pd.DataFrame
    predictions: pd.DataFrame
    sequences: tuple[str, ...]
    rater: str
    geometry_repair: GeometryRepair | None = None
    minimum_voxels: int = 8
    repeats: pd.DataFrame = field(default_factory=lambda: pd.DataFrame({"lesion_id": []}, dtype=str))

    def __len__(self) -> int:
        return len(self.lesions)

    @property
    def lesion_ids(self) -> list[str]:
        """The ids in the order of the rows."""
        return [str(lesion_id) for lesion_id in self.lesions.index]

    def select(self, lesion_ids: list[str]) -> Cases:
        """Return the same cases cut down to some lesions, in the given order."""
        return replace(
            self,
            lesions=self.lesions.loc[lesion_ids],
            images=self.images[self.images["lesion_id"].isin(lesion_ids)],
            features=self.features.loc[lesion_ids],
            predictions=self.predictions.loc[lesion_ids],
            repeats=self.repeats[self.repeats["lesion_id"].isin(lesion_ids)],
        )


_TWO_CLASSES = BinaryTask(question="", positive="positive", negative="negative")


@dataclass(frozen=True)
class TrainingFold:
    """What a model may learn from: the training and validation lesions of one fold, with labels.

    Attributes:
        training: The cases to fit on.
        training_labels: Per `lesion_id`, in the order of `training`: the number of the class in `task.classes`
            (of two classes 1 is the positive one); of a survival task 1 where the event was seen, else 0; of a
            task of masks 0, since the masks of the cases are what is learnt.
        validation: The cases for early stopping and choosing; may be empty.
        validation_labels: Their labels.
        seed: The seed of every random choice of the model in this fold.
        directory: An existing folder of this fold's own. Checkpoints left here survive a kill and are found
            again by the next attempt.
        jobs: How many processes or threads the model may use.
        task: What is asked.
        training_times: Of a survival task the time to the event or to the end of follow-up, in the order of
            `training`; else None.
        validation_times: The same for the validation part.
    """

    training: Cases
    training_labels: pd.Series[int]
    validation: Cases
    validation_labels: pd.Series[int]
    seed: int
    directory: Path
    jobs: int = 1
    task: Task = _TWO_CLASSES
    training_times: pd.Series[float] | None = None
    validation_times: pd.Series[float] | None = None


class Model(Protocol):
    """Fits on a fold, answers its task, tells what it found, and can be kept."""

    def fit(self, fold: TrainingFold) -> None:
        """Learn from the training part; early stopping and choosing may use the validation part."""

    def predict(self, cases: Cases) -> pd.DataFrame:
        """Answer the task for each lesion, indexed by `lesion_id`; columns are the task's `prediction_columns`.

        Of two classes the probability of the positive one; of more one probability a class, which add up to 1; of
        a survival task a risk. A lesion that cannot be answered for has no row.
        """

    def details(self) -> dict[str, pd.DataFrame]:
        """Tables of what was found while fitting (grid, chosen features, training history); may be empty."""

    def save(self, directory: Path) -> None:
        """Keep the fitted model under the folder in open formats (skops, JSON, torch state dict)."""


@runtime_checkable
class HasWorkUnits(Protocol):
    """A model whose fit is many pieces of work, which a run may have done on many processes beforehand.

    The results of the pieces stand in `fold.directory / "pieces"`; `fit` does those that are missing itself,
    and is otherwise quick. A kind of model whose settings say `searches = True` is asked for its pieces.
    """

    def work_unit_stages(self, fold: TrainingFold) -> Sequence[Sequence[WorkUnit]]:
        """Return the pieces of a fold's fit; those of a later round may read the results of the earlier ones.

        It is called before any piece is done: what needs an earlier result is a `Deferred` payload.
        """


@runtime_checkable
class Segments(Protocol):
    """A model that answers a task of masks: it draws them into files."""

    def segment(self, cases: Cases, directory: Path) -> pd.DataFrame:
        """Draw masks from the images alone; the cases name no mask.

        Returns:
            Columns lesion_id, sequence and mask: the path inside the folder of a file on the grid of the image.
            Where nothing is found the mask is empty; what cannot be read has no row.
        """


@runtime_checkable
class Scored(Protocol):
    """A model that says how well it did on its validation part, so that the best of its folds can be told."""

    def validation_score(self) -> float | None:
        """Tell how well it did: the higher the better; None without a validation part."""


@runtime_checkable
class Explains(Protocol):
    """A model that can show what it looks at."""

    def explain(self, training: Cases, test: Cases) -> dict[str, pd.DataFrame]:
        """Return tables that are kept beside its details; asked for once a model, in the first repeat and seed."""


@runtime_checkable
class Prepares(Protocol):
    """A model that keeps prepared inputs in the folder that all folds share."""

    used_inputs: set[str]
    """The beginnings (16 letters) of the names of those that it was fitted on."""


@dataclass(frozen=True)
class Requirements:
    """What a model asks to be given.

    Attributes:
        profiles: Feature profiles to extract.
        sequences: Sequences to use; empty means all of the benchmark's.
        images: Whether it opens images.
        number_of_sequences: How many sequences it must be given; None: any number.
        members: Names of models whose predictions it combines.
        inner_folds: Into how many inner folds the training part is cut for predictions of its members that it can
            learn from: those of members that were fitted without the lesion. 0: it learns nothing from the
            training part.
        perturbations: What the features are to be measured again under, as `Cases.repeats`; None for not at all.
        clinical: Clinical variables without which it cannot begin; `*` stands for at least one.
        either: A clinical variable that it can take the place of features with, and the other way round.
        reference_sequence: The sequence in whose field all others are cut, if one is named.
        features_may_lack: Whether it judges a lesion too of which no features could be extracted.
        organ_masks: Whether it cannot begin without masks of the organ.
    """

    profiles: tuple[str, ...] = ()
    sequences: tuple[str, ...] = ()
    images: bool = False
    members: tuple[str, ...] = field(default=())
    inner_folds: int = 0
    perturbations: Perturbations | None = None
    clinical: tuple[str, ...] = ()
    either: str = ""
    reference_sequence: str = ""
    features_may_lack: bool = False
    number_of_sequences: int | None = None
    organ_masks: bool = False
