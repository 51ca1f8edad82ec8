"""Predictions of several classes: checked, and turned into one row a lesion."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from samesplit.errors import PredictionsError
from samesplit.evaluation.validation import (
    FITTED,
    PREDICTION_KEY,
    check_labels,
    name_some,
    refuse_doubled,
    with_text_ids,
)
from samesplit.ordering import merge_probabilities

__all__ = ["check_class_predictions", "check_class_truth"]

_SUM_TOLERANCE = 1e-6


def check_class_truth(truth: pd.DataFrame, classes: Sequence[str]) -> pd.DataFrame:
    """Return the truth with text ids and class numbers, or say what is wrong with it.

    Args:
        truth: Indexed by lesion_id, with patient_id, label (the number of the class) and columns to group by.
        classes: The names of the classes by number.

    Raises:
        StatisticsError: Columns are missing, a lesion is doubled, or a label numbers no class.
    """
    return check_labels(
        truth,
        range(len(classes)),
        problem=f"labels other than the class numbers 0 to {len(classes) - 1}",
        remedy="number the classes in the order of the task and leave out lesions without one",
    )


def check_class_predictions(
    predictions: pd.DataFrame, truth: pd.DataFrame, classes: Sequence[str]
) -> pd.DataFrame:
    """Return the predictions with one row a lesion and one column a class, or say what is wrong with them.

    Probabilities of one class of a fitted model that are equal but for their last digits become the same number,
    so that ties are ties on every machine.

    Args:
        predictions: Model, seed, repeat, fold, subset, rater, lesion_id, class (by name), probability.
        truth: As `check_class_truth` returns it.
        classes: The names of the classes by number.

    Returns:
        The key and the columns `p0`, `p1`, ... by class number, sorted by the key.

    Raises:
        PredictionsError: Columns are missing, no test rows, unknown lesions or classes, a class missing or doubled
            for a lesion, or probabilities outside [0, 1] or not summing to 1.
    """
    where = "predictions"
    table = with_text_ids(predictions, ["class", "probability"], truth)
    foreign = table.loc[~table["class"].isin(classes), "class"]
    if len(foreign):
        raise PredictionsError(
            f"classes that the task does not have: {name_some(foreign)}",
            where=where,
            remedy=f"it has {', '.join(classes)}",
        )
    refuse_doubled(table, [*PREDICTION_KEY, "class"])
    if not (table["subset"] == "test").any():
        raise PredictionsError("no predictions of the subset 'test'", where=where)
    columns = {
        f"p{number}": part.set_index(PREDICTION_KEY)["probability"]
        for number, part in ((number, table[table["class"] == name]) for number, name in enumerate(classes))
    }
    wide = pd.concat(columns, axis=1)
    _check_values(wide)
    merged = wide.groupby(FITTED).transform(
        lambda column: pd.Series(merge_probabilities(column), index=column.index)
    )
    return merged.reset_index().sort_values(PREDICTION_KEY, ignore_index=True)


def _check_values(wide: pd.DataFrame) -> None:
    """See to it that each lesion has a probability of each class, and that they sum to 1."""
    values = wide.to_numpy(dtype="float64")
    lesions = wide.index.get_level_values("lesion_id")
    remedy = "give one probability for each class of the task; leave out lesions without a prediction"
    with np.errstate(invalid="ignore"):
        wrong = ~((values >= 0) & (values <= 1)).all(axis=1)
        off = np.abs(values.sum(axis=1) - 1) > _SUM_TOLERANCE
    if wrong.any():
        raise PredictionsError(
            f"probabilities missing or outside [0, 1]: {name_some(lesions[np.flatnonzero(wrong)])}",
            where="predictions",
            remedy=remedy,
        )
    if off.any():
        raise PredictionsError(
            f"probabilities that do not sum to 1: {name_some(lesions[np.flatnonzero(off)])}",
            where="predictions",
            remedy=remedy,
        )
