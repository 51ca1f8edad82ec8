"""What models answer, as rows of a task's table of predictions, and back again for models made of models."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from samesplit.errors import ModelError
from samesplit.tables import SUM_TOLERANCE
from samesplit.tasks import MulticlassTask, Task

__all__ = ["as_mask_table", "as_prediction_table", "members_by_column"]


def as_prediction_table(
    answers: pd.DataFrame | pd.Series[float], task: Task, where: Mapping[str, Any]
) -> pd.DataFrame:
    """Turn a model's answers into rows of the predictions table; a lesion without an answer has no row.

    Args:
        answers: Indexed by `lesion_id`; the columns are the task's `prediction_columns`.
        task: What was asked.
        where: The first columns of the table: model, seed, repeat, fold, subset and rater.

    Raises:
        ModelError: The columns are others, a probability lies outside [0, 1], those of all classes do not sum to
            1, or a risk is infinite.

    Example:
        >>> from samesplit.tasks import SurvivalTask
        >>> task = SurvivalTask(question="How long?", time="months", event="died")
        >>> risks = pd.DataFrame({"risk": [0.3]}, index=["L1"])
        >>> as_prediction_table(risks, task, {"model": "cox"}).to_dict("records")
        [{'model': 'cox', 'lesion_id': 'L1', 'risk': 0.3}]
    """
    table = answers.to_frame(task.prediction_columns[0]) if isinstance(answers, pd.Series) else answers
    columns = list(task.prediction_columns)
    if list(table.columns) != columns:
        raise ModelError(
            f"gave the columns {', '.join(map(str, table.columns))}",
            where=f"model {where['model']}",
            remedy=f"let predict return the columns {', '.join(columns)}",
        )
    table = table.dropna()
    values = table.to_numpy(dtype=np.float64)
    if task.kind == "survival":
        _refuse(table, ~np.isfinite(values).all(axis=1), "a risk that is not finite", "a number", where)
        return _rows(table, where).assign(risk=values[:, 0])
    outside = np.any((values < 0.0) | (values > 1.0), axis=1)
    what = "of the positive class" if task.kind == "binary" else "of all classes"
    _refuse(table, outside, "a probability outside [0, 1]", f"probabilities {what}", where)
    if task.kind == "binary":
        return _rows(table, where).assign(probability=values[:, 0])
    off = np.abs(values.sum(axis=1) - 1.0) > SUM_TOLERANCE
    _refuse(table, off, "probabilities that do not sum to 1", "probabilities of all classes", where)
    long = _rows(table.loc[table.index.repeat(len(columns))], where)
    classes = pd.Series(columns * len(table), index=long.index, dtype="str")
    return long.assign(**{"class": classes}, probability=values.ravel())


def as_mask_table(answers: pd.DataFrame, where: Mapping[str, Any], inside: Path) -> pd.DataFrame:
    """Turn the masks that a model drew into rows of the predictions table.

    Args:
        answers: Columns lesion_id, sequence and mask, a file in a folder.
        where: The first columns of the table: model, seed, repeat, fold, subset and rater.
        inside: Where that folder lies in the folder of the fold, which paths of kept masks start from.

    Example:
        >>> answers = pd.DataFrame({"lesion_id": ["L1"], "sequence": ["T2"], "mask": ["T2/L1.nii.gz"]})
        >>> as_mask_table(answers, {"model": "unet"}, Path("masks/test"))["mask"].tolist()
        ['masks/test/T2/L1.nii.gz']
    """
    table = pd.DataFrame({**where, "lesion_id": answers["lesion_id"].astype(str)}, index=answers.index)
    return table.assign(
        sequence=answers["sequence"].astype(str),
        mask=[(inside / str(mask)).as_posix() for mask in answers["mask"]],
    )


def members_by_column(predictions: pd.DataFrame, task: Task) -> pd.DataFrame:
    """Turn predictions of several models on the same lesions into one row a lesion.

    Args:
        predictions: Rows of a table of predictions; several seeds of a model are averaged.
        task: What they answer.

    Returns:
        Indexed by `lesion_id`: one column a model, or where the task has several classes two levels of columns,
        the model and the class (in the order of the task).
    """
    if isinstance(task, MulticlassTask):
        wide = predictions.pivot_table(
            index="lesion_id", columns=["model", "class"], values="probability", aggfunc="mean"
        )
        models = dict.fromkeys(wide.columns.get_level_values("model"))
        return wide.reindex(columns=pd.MultiIndex.from_product([models, task.classes]))
    (value,) = task.prediction_columns
    return predictions.pivot_table(index="lesion_id", columns="model", values=value, aggfunc="mean")


def _rows(table: pd.DataFrame, where: Mapping[str, Any]) -> pd.DataFrame:
    return pd.DataFrame({**where, "lesion_id": table.index.astype(str)})


def _refuse(
    table: pd.DataFrame,
    wrong: npt.NDArray[np.bool_],
    what: str,
    wanted: str,
    where: Mapping[str, Any],
) -> None:
    if wrong.any():
        row = table.loc[wrong].iloc[0]
        found = ", ".join(f"{value:g}" for value in row)
        raise ModelError(
            f"gave {what} ({found})",
            where=f"model {where['model']}, lesion {row.name}",
            remedy=f"let predict return {wanted}",
        )
