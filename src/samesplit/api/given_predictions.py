"""Predictions as a user has them (arrays, series, dictionaries, tables), turned into one checked table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from samesplit.errors import PredictionsError
from samesplit.tasks import BinaryTask, MulticlassTask, Task

__all__ = ["MOST_NAMED", "SUM_TOLERANCE", "as_predictions"]

SUM_TOLERANCE = 1e-4
"""How far the probabilities of a lesion may sum to something else than 1: float32 softmax is not exact."""

MOST_NAMED = 10
"""How many lesions a message lists."""


def as_predictions(
    given: Any,
    *,
    lesions: Sequence[str],
    task: Task,
    where: str,
    elsewhere: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """Turn predictions into a table with one row for each lesion, or say what is wrong with them.

    Args:
        given: One of these, n being the number of lesions and K that of the classes:

            - an array, list or tensor of shape (n,) in the order of `lesions`: the probability of the
            positive
              class (binary) or the risk (survival);
            - an array of shape (n, K), as `predict_proba` gives it: one column a class in the order of
              `task.classes`; for a binary task the negative class comes first;
            - a `pandas.Series` or a dictionary by lesion_id;
            - a `pandas.DataFrame` indexed by lesion_id, with one column `probability`, or one column a
            class by
              name (`risk` for survival).
        lesions: The lesions that are to be predicted, in order.
        task: The task.
        where: What the predictions are, for messages: "My model, repeat 0 fold 2, test".
        elsewhere: In which other part of the fold a lesion stands, for messages.

    Returns:
        Index `lesion_id` in the order of `lesions`; columns `task.prediction_columns`, float64.

    Raises:
        PredictionsError: A lesion is missing, doubled or not one of those; a value is missing, not a number
            or outside [0, 1]; the classes of a lesion do not sum to 1; or the shape is none of the above.

    Example:
        >>> task = BinaryTask(question="Which masses are malignant?", positive="malignant", negative="benign")
        >>> as_predictions([[0.9, 0.1], [0.2, 0.8]], lesions=["L1", "L2"], task=task, where="My model").round(3)
                   probability
        lesion_id
        L1                 0.1
        L2                 0.8
    """
    table = _as_table(given, lesions, task, where)
    _check_lesions(table.index, lesions, where, elsewhere or {})
    table = table.loc[list(lesions)]
    _check_numbers(table, task, where)
    if isinstance(task, BinaryTask) and list(table.columns) == list(task.classes):
        _check_sums(table, where)
        table = table[[task.positive]].set_axis(["probability"], axis="columns")
    elif isinstance(task, MulticlassTask):
        _check_sums(table, where)
        table = table[list(task.classes)]
        table = table.div(table.sum(axis="columns"), axis="index")
    table.index = pd.Index(list(lesions), name="lesion_id", dtype="str")
    return table.astype("float64")


def _as_table(given: Any, lesions: Sequence[str], task: Task, where: str) -> pd.DataFrame:
    """Return the values with their lesions as the index, and columns named as the task names them."""
    if isinstance(given, pd.DataFrame):
        return _named_columns(given, task, where)
    if isinstance(given, Mapping):
        keys = [str(key) for key in given]
        if given and all(isinstance(value, Mapping) for value in given.values()):
            rows = [dict(value) for value in given.values()]  # each may name its classes in its own order
            return _named_columns(pd.DataFrame(rows, index=keys), task, where)
        return _of_array(_numbers(list(given.values()), where), keys, task, where)
    if isinstance(given, pd.Series):
        return _of_array(_numbers(given.to_numpy(), where), list(given.index), task, where)
    array = _numbers(given, where)
    if array.ndim == 0 or len(array) != len(lesions):
        raise PredictionsError(
            f"holds {array.size if array.ndim == 0 else len(array)} predictions, and there are {len(lesions)} "
            "lesions",
            where=where,
            remedy="give one row for each of the lesions, in their order (fold.test.lesions, or "
            "fold.validation.lesions), or a pandas.Series or dictionary by lesion_id",
        )
    return _of_array(array, list(lesions), task, where)


def _named_columns(table: pd.DataFrame, task: Task, where: str) -> pd.DataFrame:
    table = table.set_axis([str(name) for name in table.columns], axis="columns")
    for names in _column_sets(task):
        if set(table.columns) == set(names):
            keys = [str(key) for key in table.index]
            return pd.DataFrame(_numbers(table[names], where), index=keys, columns=names)
    known = " or ".join(", ".join(names) for names in _column_sets(task))
    raise PredictionsError(
        f"has the columns {', '.join(table.columns) or '(none)'}",
        where=where,
        remedy=f"name them {known}; the index is the lesion_id",
    )


def _of_array(array: npt.NDArray[np.float64], keys: Iterable[Any], task: Task, where: str) -> pd.DataFrame:
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    width = 1 if array.ndim == 1 else array.shape[-1]
    for names in _column_sets(task):
        if array.ndim <= 2 and len(names) == width:
            return pd.DataFrame(
                array.reshape(len(array), width), index=[str(key) for key in keys], columns=names
            )
    shapes = " or ".join("(n,)" if len(names) == 1 else f"(n, {len(names)})" for names in _column_sets(task))
    raise PredictionsError(
        f"has the shape {array.shape}",
        where=where,
        remedy=f"give an array of shape {shapes}, n being the number of lesions"
        + (f"; the classes are {', '.join(task.classes)}" if isinstance(task, MulticlassTask) else ""),
    )


def _column_sets(task: Task) -> list[list[str]]:
    """Return the columns that predictions may have: those of the task, and one a class."""
    sets = [list(task.prediction_columns)]
    if isinstance(task, BinaryTask):
        sets.append(list(task.classes))
    return sets


def _numbers(given: Any, where: str) -> npt.NDArray[np.float64]:
    if hasattr(given, "detach"):  # a torch tensor, with or without gradient, on any device
        given = given.detach().cpu()
    try:
        return np.asarray(given, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise PredictionsError(
            f"holds something that is no number ({error})",
            where=where,
            remedy="give probabilities as numbers; a lesion without one cannot be submitted",
        ) from None


def _check_lesions(
    index: pd.Index[Any], lesions: Sequence[str], where: str, elsewhere: Mapping[str, str]
) -> None:
    wanted = set(lesions)
    foreign = [str(name) for name in index if name not in wanted]
    if foreign:
        side = elsewhere.get(foreign[0])
        problem = (
            f"the lesion '{foreign[0]}' stands in the {side} part of this fold"
            if side
            else f"there is no lesion '{foreign[0]}' in this fold"
        )
        more = f" ({len(foreign)} such lesions)" if len(foreign) > 1 else ""
        raise PredictionsError(
            problem + more,
            where=where,
            remedy="the index must be the lesion_ids of this part, for example fold.test.lesions; where the "
            "order is theirs, an array will do",
        )
    doubled = index[index.duplicated()].tolist()
    if doubled:
        raise PredictionsError(
            f"the lesion '{doubled[0]}' is predicted twice", where=where, remedy="keep one row a lesion"
        )
    missing = [lesion for lesion in lesions if lesion not in set(index)]
    if missing:
        more = f" and {len(missing) - MOST_NAMED} more" if len(missing) > MOST_NAMED else ""
        raise PredictionsError(
            f"{len(missing)} lesion{'s have' if len(missing) > 1 else ' has'} no prediction: "
            f"{', '.join(missing[:MOST_NAMED])}{more}",
            where=where,
            remedy="predict every lesion of the part: all models are judged on the same lesions",
        )


def _check_numbers(table: pd.DataFrame, task: Task, where: str) -> None:
    values = table.to_numpy(dtype=np.float64)
    probabilities = task.kind in ("binary", "multiclass")
    good = np.isfinite(values)
    if probabilities:
        good &= (values >= 0) & (values <= 1)
    if good.all():
        return
    row, column = (int(i) for i in np.argwhere(~good)[0])
    value = values[row, column]
    noun = "probability" if probabilities else "risk"
    if np.isnan(value):
        problem, remedy = f"the {noun} is missing (NaN)", "find out why the model gave none"
    elif probabilities:
        problem = f"the {noun} {value:g} lies outside [0, 1]"
        remedy = "turn scores into probabilities (logits: 1 / (1 + exp(-x)), or a softmax over the classes)"
    else:
        problem, remedy = f"the {noun} {value:g} is not finite", "give finite numbers"
    count = int((~good).any(axis=1).sum())
    more = f" ({count} lesions have such a value)" if count > 1 else ""
    raise PredictionsError(problem + more, where=f"{where}, lesion {table.index[row]}", remedy=remedy)


def _check_sums(table: pd.DataFrame, where: str) -> None:
    sums = table.to_numpy(dtype=np.float64).sum(axis=1)
    wrong = np.flatnonzero(np.abs(sums - 1) > SUM_TOLERANCE)
    if wrong.size:
        raise PredictionsError(
            f"the probabilities of the classes sum to {sums[wrong[0]]:.6g}",
            where=f"{where}, lesion {table.index[wrong[0]]}",
            remedy="give probabilities that sum to 1 for every lesion, for example a softmax",
        )
