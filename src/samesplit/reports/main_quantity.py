"""What a model is ranked by in each kind of task, and how the report calls it."""

from __future__ import annotations

from dataclasses import dataclass

from samesplit.tasks import TaskKind

__all__ = ["MainQuantity", "main_quantity"]


@dataclass(frozen=True)
class MainQuantity:
    """The quantity that the models of a task are ranked and compared by.

    Attributes:
        quantity: As in the results table; `<quantity>_difference` is that of two models.
        title: As the heading of a column.
        words: As in a sentence, with its article: `an AUC`.
        help: What it is, in a sentence.
        chance: What a model without any knowledge reaches; None where there is no such value.
    """

    quantity: str
    title: str
    words: str
    help: str
    chance: float | None

    @property
    def noun(self) -> str:
        """As in a sentence, without an article: `AUC`."""
        return self.words.split(" ", 1)[1]


_MAIN: dict[TaskKind, MainQuantity] = {
    "binary": MainQuantity(
        "auc", "AUC", "an AUC", "Area under the ROC curve; the mean over folds, if several", 0.5
    ),
    "multiclass": MainQuantity(
        "auc",
        "Macro AUC",
        "a macro-averaged AUC",
        "Mean over the classes of the area under the ROC curve of the class against the rest",
        0.5,
    ),
    "survival": MainQuantity(
        "c_index",
        "C-index",
        "a concordance index",
        "Harrell's C: share of comparable pairs of lesions in which the higher predicted risk has the "
        "earlier event",
        0.5,
    ),
    "segmentation": MainQuantity(
        "dice", "Dice", "a mean Dice coefficient", "Overlap with the rater's mask, mean over lesions", None
    ),
}


def main_quantity(kind: TaskKind) -> MainQuantity:
    """Say what the models of a kind of task are ranked by.

    Example:
        >>> main_quantity("multiclass").noun
        'macro-averaged AUC'
    """
    return _MAIN[kind]
