"""What models told while they were fitted, as metrics with steps: training curves, scores by size of a grid."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from samesplit.run_folder import DETAILS, FOLDS, table_in
from samesplit.tables import read_table

__all__ = ["MOST_POINTS", "Point", "curves_of", "thinned"]

MOST_POINTS = 320
"""Of one curve: MLflow draws no more. The whole history is kept beside it as a table."""
_QUANTITIES = ("auc", "c_index", "dice")
_FITS = ("seed", "repeat", "fold")


@dataclass(frozen=True)
class Point:
    """One value of a curve.

    Attributes:
        name: Of the metric, such as `fold0/validation_loss`.
        step: What was counted: optimiser steps, epochs, features, or folds.
        value: A finite number.
    """

    name: str
    step: int
    value: float


def curves_of(folder: Path, model: str) -> list[Point]:
    """Return all curves of a model in a task.

    Args:
        folder: Of the task in the run's folder.
        model: Its name.
    """
    curves: list[tuple[str, pd.DataFrame]] = []
    for name in ("history", "segmentation_history"):
        for fit, table in _fits(table_in(folder / DETAILS, name), model):
            curves += [(f"{fit}{told}", part) for told, part in _trained(table)]
    for name, told in (("grid", "inner_auc"), ("sizes", "auc")):
        for fit, table in _fits(table_in(folder / DETAILS, name), model):
            if {"size", told} <= set(table):
                best = table.groupby("size", sort=True)[told].max()
                part = pd.DataFrame({"step": best.index, "value": best.to_numpy()})
                curves.append((f"{fit}inner_auc_by_number_of_features", part))
    curves += _by_fold(table_in(folder, FOLDS), model)
    return [point for name, part in curves for point in _points(name, part)]


def _fits(path: Path, model: str) -> Iterator[tuple[str, pd.DataFrame]]:
    """Yield a table of a model fit by fit, with what to call the fit: seeds and repeats if there are several."""
    if not path.is_file():
        return
    table = read_table(path)
    if not {"model", *_FITS} <= set(table):
        return
    table = table[table["model"] == model]
    named = [key for key in _FITS if key == "fold" or len(table[key].unique()) > 1]
    for _, part in table.groupby(list(_FITS), sort=True):
        first = part.iloc[0]
        yield "".join(f"{key}{first[key]}/" for key in named), part


def _trained(table: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    """Yield the curves of one fit of a network, by what was measured."""
    step = "steps" if "steps" in table else "epoch"
    keys = [key for key in ("sequences", "stage", "metric") if key in table]
    for _, part in table.groupby(keys, sort=True):
        words = [str(part.iloc[0][key]) for key in keys if str(part.iloc[0][key]) != "all"]
        yield "/".join(words).replace(" ", "_"), part.rename(columns={step: "step"})[["step", "value"]]


def _by_fold(path: Path, model: str) -> Iterator[tuple[str, pd.DataFrame]]:
    """Yield the main quantity in the test part of each fold, one step a fold, where there are several."""
    if not path.is_file():
        return
    table = read_table(path)
    quantity = next((name for name in _QUANTITIES if name in table), None)
    if quantity is None or not {"model", *_FITS} <= set(table):
        return
    table = table[table["model"] == model].sort_values(list(_FITS))
    for seed, part in table.groupby("seed", sort=True):
        if len(part) > 1:
            prefix = f"seed{seed}/" if len(table["seed"].unique()) > 1 else ""
            values = part[quantity].to_numpy(dtype="float64")
            numbered = pd.DataFrame({"step": np.arange(len(values)), "value": values})
            yield f"{prefix}{quantity}_by_fold", numbered


def _points(name: str, part: pd.DataFrame) -> Iterator[Point]:
    name = "".join(c if c.isalnum() or c in "_-./ " else "_" for c in name)
    known = part[np.isfinite(part["value"].to_numpy(dtype="float64"))].sort_values("step", kind="stable")
    for step, value in thinned(known)[["step", "value"]].itertuples(index=False):
        yield Point(name, int(step), float(value))


def thinned(table: pd.DataFrame, most: int = MOST_POINTS) -> pd.DataFrame:
    """Return rows that lie evenly, the first and the last among them.

    Args:
        table: In order.
        most: How many rows at most.

    Example:
        >>> thinned(pd.DataFrame({"step": range(10)}), 4)["step"].tolist()
        [0, 3, 6, 9]
    """
    if len(table) <= most:
        return table
    return table.iloc[np.linspace(0, len(table) - 1, most).round().astype(int)]
