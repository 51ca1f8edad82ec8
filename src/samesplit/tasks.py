"""The tasks of a benchmark: what is asked of its lesions, and what an answer to it looks like.

A task is a declaration (a part of `benchmark.yaml`) and a value that every later stage is handed: the cohort
reads its outcomes, models are fitted for it, the evaluation judges answers to it, the report shows them. What
belongs here is only what all of them must agree on; how a task is judged stands in `samesplit.evaluation`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from samesplit.declarations import Declaration

__all__ = [
    "DEFAULT_TASK",
    "BinaryTask",
    "ClassificationTask",
    "MulticlassTask",
    "SegmentationTask",
    "SurvivalTask",
    "Task",
    "TaskKind",
]

DEFAULT_TASK = "task"
"""The name of the one task of a benchmark that declares it under `task:`; no output names it."""

TaskKind = Literal["binary", "multiclass", "survival", "segmentation"]

_NEVER_A_CLASS = (
    "lesion_id",
    "model",
    "seed",
    "repeat",
    "fold",
    "subset",
    "rater",
    "class",
    "probability",
)
"""Columns of tables of predictions, in which every class may be a column too."""


class _AnyTask(Declaration):
    """What every task may say."""

    question: str
    """One sentence, the title question of the report."""
    among: Mapping[str, tuple[str, ...]] = Field(default_factory=dict)
    """The lesions that the task is asked of: columns of lesions.csv and the values that count (one, or a list).
    All must hold. The other lesions are shown in the cohort flow and left out of this task. Empty means all."""

    @field_validator("among", mode="before")
    @classmethod
    def _lists_of_values(cls, among: Any) -> Any:
        if not isinstance(among, Mapping):
            return among
        for column, given in among.items():
            if isinstance(given, list | tuple) and not given:
                raise ValueError(f"'{column}' lists no value")
        return {
            column: given if isinstance(given, list | tuple) else (given,) for column, given in among.items()
        }


class BinaryTask(_AnyTask):
    """Which of two classes a lesion belongs to.

    Example:
        >>> task = BinaryTask(question="Which masses are malignant?", positive="malignant", negative="benign")
        >>> task.classes, task.prediction_columns
        (('benign', 'malignant'), ('probability',))
    """

    kind: Literal["binary"] = "binary"
    """Two classes."""
    positive: str
    """The class whose probability the models give, as written in the column."""
    negative: str
    """The other class."""
    column: str = "label"
    """The column of lesions.csv that holds the class."""
    indeterminate: tuple[str, ...] = ()
    """Values that name no class: such a lesion, and one whose cell is empty, is left out of the task."""

    @model_validator(mode="after")
    def _two_classes(self) -> BinaryTask:
        if self.positive == self.negative:
            raise ValueError("positive and negative must be two different classes")
        _apart(self.classes, self.indeterminate)
        return self

    @property
    def classes(self) -> tuple[str, ...]:
        """The names of the classes by number: 0 is negative, 1 is positive."""
        return (self.negative, self.positive)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of lesions.csv that hold the outcome; no model may see them."""
        return (self.column,)

    @property
    def prediction_columns(self) -> tuple[str, ...]:
        """The columns of what a model predicts for a lesion: the probability of the positive class."""
        return ("probability",)


class MulticlassTask(_AnyTask):
    """Which of three to ten classes a lesion belongs to.

    Example:
        >>> task = MulticlassTask(question="Which subtype?", classes=("AML", "cystic", "solid"))
        >>> task.prediction_columns
        ('AML', 'cystic', 'solid')
    """

    kind: Literal["multiclass"] = "multiclass"
    """Three classes or more."""
    classes: Annotated[tuple[str, ...], Field(min_length=3, max_length=10)]
    """The classes, as written in the column, in the order in which they are shown and numbered."""
    column: str = "label"
    """The column of lesions.csv that holds the class."""
    indeterminate: tuple[str, ...] = ()
    """Values that name no class: such a lesion, and one whose cell is empty, is left out of the task."""

    @field_validator("classes", mode="before")
    @classmethod
    def _more_than_two(cls, classes: Any) -> Any:
        if isinstance(classes, list | tuple) and len(classes) == 2:
            raise ValueError(
                "two classes make a binary task: write 'kind: binary', and the classes as 'positive' and "
                "'negative'"
            )
        return classes

    @model_validator(mode="after")
    def _different_classes(self) -> MulticlassTask:
        if len(set(self.classes)) < len(self.classes):
            raise ValueError("the classes must be different from each other")
        taken = sorted(set(self.classes) & set(_NEVER_A_CLASS))
        if taken:
            raise ValueError(
                f"a class cannot be called {taken[0]!r}, since tables of predictions have a column of that name: "
                "write it in another way here and in lesions.csv"
            )
        _apart(self.classes, self.indeterminate)
        return self

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of lesions.csv that hold the outcome; no model may see them."""
        return (self.column,)

    @property
    def prediction_columns(self) -> tuple[str, ...]:
        """The columns of what a model predicts for a lesion: one probability a class; they sum to 1."""
        return self.classes


class SurvivalTask(_AnyTask):
    """How long it takes until an event, with lesions that were followed up without it (right-censored).

    Example:
        >>> task = SurvivalTask(question="How long until recurrence?", time="months", event="recurrence")
        >>> task.columns, task.prediction_columns
        (('months', 'recurrence'), ('risk',))
    """

    kind: Literal["survival"] = "survival"
    """Time until an event."""
    time: str
    """The column of lesions.csv that holds the time to the event, or to the end of follow-up; above 0."""
    event: str
    """The column that holds 1 where the event was seen and 0 where follow-up ended without it."""
    unit: str = "months"
    """The unit of the time, for axes and tables."""
    rates_at: float | None = Field(default=None, gt=0)
    """The time at which shares without an event are given; null: five years or, where fewer than a tenth of the
    lesions are followed up so long, the longest round time that a tenth reach."""

    @model_validator(mode="after")
    def _two_columns(self) -> SurvivalTask:
        if self.time == self.event:
            raise ValueError("time and event must be two different columns")
        return self

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of lesions.csv that hold the outcome; no model may see them."""
        return (self.time, self.event)

    @property
    def prediction_columns(self) -> tuple[str, ...]:
        """The columns of what a model predicts for a lesion: a risk, higher for an earlier event."""
        return ("risk",)


class SegmentationTask(_AnyTask):
    """Where the lesion is: a mask, compared with the mask of the benchmark's rater.

    Example:
        >>> SegmentationTask(question="Where is the mass?", sequences=("T1C",)).prediction_columns
        ('mask',)
    """

    kind: Literal["segmentation"] = "segmentation"
    """Masks."""
    sequences: tuple[str, ...] = ()
    """The sequences whose masks are asked for; empty means all of the benchmark's."""
    tolerance_mm: Annotated[float, Field(gt=0)] = 2.0
    """Up to which distance two surfaces count as the same in the normalised surface distance."""
    least_overlap: Annotated[float, Field(gt=0, le=1)] = 0.1
    """The intersection over union with its predicted components from which on a lesion counts as found."""
    small_below_mm: Annotated[float, Field(gt=0)] = 5.0
    """Lesions whose ball of the same volume is thinner than this are judged apart too."""
    by_side: bool = False
    """Whether lesions left and right of the middle of the image are judged apart too, for images of the whole body
    width."""
    groups: tuple[str, ...] | None = None
    """Columns of lesions.csv whose values are judged apart; left out: `scanner_vendor` and `site` where there are
    several."""
    lesion_type: str | None = None
    """The column of lesions.csv by whose values the Dice coefficients are compared."""
    covariates: tuple[str, ...] | None = None
    """Columns of lesions.csv on which the Dice coefficient is regressed, beside the diameter and the sequence;
    left out: `scanner_vendor` where there are several."""

    @property
    def columns(self) -> tuple[str, ...]:
        """No column of lesions.csv: the masks of images.csv are the truth."""
        return ()

    @property
    def prediction_columns(self) -> tuple[str, ...]:
        """The columns of what a model predicts for a lesion and sequence: the path of a mask."""
        return ("mask",)

    @property
    def judged_by(self) -> dict[str, tuple[str, ...]]:
        """The columns of lesions.csv by which results are shown apart or explained, by the key that names them."""
        return {
            "groups": self.groups or (),
            "lesion_type": (self.lesion_type,) if self.lesion_type else (),
            "covariates": self.covariates or (),
        }


ClassificationTask = BinaryTask | MulticlassTask
"""Tasks whose answer is a probability of each class."""

Task = Annotated[BinaryTask | MulticlassTask | SurvivalTask | SegmentationTask, Field(discriminator="kind")]
"""Any task, told apart by `kind:`."""


def _apart(classes: tuple[str, ...], indeterminate: tuple[str, ...]) -> None:
    both = sorted(set(classes) & set(indeterminate))
    if both:
        raise ValueError(
            f"{both[0]!r} stands under indeterminate and is a class too: take it out of one of them"
        )
