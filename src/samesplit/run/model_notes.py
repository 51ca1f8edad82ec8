"""What a run has to say about its models before anyone believes their numbers."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np
import pandas as pd

from samesplit.ordering import nearly_equal
from samesplit.tasks import BinaryTask, Task

__all__ = ["model_notes"]

_TWICE = 1 / (1 + np.exp(-1.0))
"""What a sigmoid makes of 1."""
_ENOUGH = 20
"""From so many predictions on, all of them between 0.5 and `_TWICE` are worth a remark."""
_TWO_CLASSES = BinaryTask(question="", positive="positive", negative="negative")
_FIT = ["seed", "repeat", "fold"]


def model_notes(
    predictions: pd.DataFrame,
    told: pd.DataFrame,
    *,
    titles: Mapping[str, str],
    task: Task = _TWO_CLASSES,
    constant: Collection[str] = (),
    raw: Collection[str] = (),
) -> list[str]:
    """Say which models gave constants or calls where probabilities were wanted, and what models noted themselves.

    Args:
        predictions: The predictions that answer a task; its test rows are looked at, no label.
        told: What models noted while fitting: model, note, seed, repeat, fold; may be empty.
        titles: How each model is called.
        task: What they answer.
        constant: Models that give every lesion the same probability by design.
        raw: Models whose probabilities come straight from code that is not ours, and may be squeezed twice.

    Returns:
        One sentence a model and remark, in the order of `titles`.

    Example:
        >>> rows = {"model": "net", "seed": 0, "repeat": 0, "fold": 0, "rater": "R1", "subset": "test"}
        >>> table = pd.DataFrame([rows | {"lesion_id": f"L{i}", "probability": 0.4} for i in range(3)])
        >>> model_notes(table, pd.DataFrame(), titles={"net": "ResNet"})[0]
        'ResNet gives all lesions of the test part the same probability in its one fit: it has learnt nothing...'
    """
    if task.kind == "segmentation":
        return []
    tested = predictions[predictions["subset"] == "test"]
    found = []
    for name, title in titles.items():
        rows = tested[tested["model"] == name]
        if name not in constant:
            remarks = _constant(rows, task)
            if task.kind == "binary":
                own = predictions[predictions["model"] == name]
                remarks = remarks or _calls(rows) or _squeezed(own, name in raw)
            found += [f"{title} {remark}" for remark in remarks]
        found += [
            f"{title}: {remark}" for remark in _told_by(told, name, fits=len(rows[_FIT].drop_duplicates()))
        ]
    return found


def _constant(rows: pd.DataFrame, task: Task) -> list[str]:
    """Return the remark on a model that answers the same for all test lesions of a fit."""
    value = "risk" if task.kind == "survival" else "probability"
    within = [*_FIT, "rater", *(["class"] if "class" in rows else [])]
    parts = rows.groupby(within)[value].agg(["size", "min", "max"]).reset_index()
    parts["alike"] = (parts["size"] > 1) & nearly_equal(parts["min"], parts["max"])
    alike = parts.groupby([*_FIT, "rater"])["alike"].all().reset_index()
    if not alike["alike"].any():
        return []
    same = alike.loc[alike["alike"], _FIT].drop_duplicates()
    where = _of_fits(len(same), len(rows[_FIT].drop_duplicates()))
    what, quantity = ("risk", "C-index") if task.kind == "survival" else ("probability", "AUC")
    return [
        f"gives all lesions of the test part the same {what} {where}: it has learnt nothing there, and "
        f"its {quantity} is that of ties. Look at its training, its inputs and what was selected"
    ]


def _calls(rows: pd.DataFrame) -> list[str]:
    """Return the remark on a model that gives calls where probabilities are wanted."""
    values = rows["probability"].to_numpy()
    if len(values) and bool((nearly_equal(values, 0.0, scale=1.0) | nearly_equal(values, 1.0)).all()):
        return [
            "gives every lesion 0 or 1: these are calls, not probabilities. Its AUC is that of one operating "
            "point, and calibration means nothing; hand over what was there before the threshold"
        ]
    return []


def _squeezed(rows: pd.DataFrame, looked_at: bool) -> list[str]:
    """Return the remark on probabilities that look like those of probabilities."""
    values = rows["probability"]
    if not looked_at or len(values) < _ENOUGH or not values.between(0.5, _TWICE).all():
        return []
    return [
        "gives probabilities between 0.5 and 0.731 only, as they come out where a sigmoid is applied to "
        "probabilities. If that is so, the AUC holds, but calibration and training suffer: hand over what was "
        "there before the last sigmoid, or after the first"
    ]


def _told_by(told: pd.DataFrame, model: str, *, fits: int) -> list[str]:
    if "note" not in told:
        return []
    own = told[told["model"] == model].drop_duplicates([*_FIT, "note"])
    return [f"{note} {_of_fits(int(np.sum(own['note'] == note)), fits)}" for note in own["note"].unique()]


def _of_fits(count: int, fits: int) -> str:
    if fits <= 1:
        return "in its one fit"
    return f"in all {fits} fits" if count == fits else f"in {count} of {fits} fits"
