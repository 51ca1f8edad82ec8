"""The AUC of every fitted model, and how it spreads over folds and seeds."""

from __future__ import annotations

import math

import pandas as pd

from samesplit.evaluation.binary.estimates import Row, result_row
from samesplit.statistics.cross_validated import fold_aucs
from samesplit.statistics.interval import Interval

__all__ = ["FOLD_COLUMNS", "fold_table", "spread_rows"]

FOLD_COLUMNS = ["model", "seed", "repeat", "fold", "n", "n_positive", "auc"]

_METHOD = "over the fitted models"


def fold_table(tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """List the AUC of every fitted model in the test part of its fold.

    Args:
        tables: The table of each model, see `subject`.

    Returns:
        The columns of `FOLD_COLUMNS`; `auc` is NaN where the test part lacks a class.
    """
    parts = [pd.DataFrame(columns=FOLD_COLUMNS)] if not tables else []
    for model, table in tables.items():
        fits = table.groupby("cell", sort=True)
        head = fits[["seed", "repeat", "fold"]].first()
        counts = fits["label"].agg(n="size", n_positive="sum")
        auc = fold_aucs(table["label"], table["score"], table["cell"]).to_numpy()
        parts.append(pd.concat([head, counts], axis=1).assign(model=model, auc=auc)[FOLD_COLUMNS])
    return pd.concat(parts, ignore_index=True)


def spread_rows(folds: pd.DataFrame, tables: dict[str, pd.DataFrame], *, quantity: str = "auc") -> list[Row]:
    """Describe how each model's AUC spreads: rows without intervals, which say nothing about its error.

    Folds share most of their training patients and hold few lesions each, so this is no standard error.

    Args:
        folds: As `fold_table` returns them.
        tables: The table of each model, for the counts of lesions.
        quantity: The column of `folds`, and how rows are called in place of `auc`.

    Returns:
        Of each model with two or more AUCs: `auc_lowest`, `auc_highest`; with several folds `auc_sd_over_folds`
        (of the means over seeds); with several seeds `auc_sd_over_seeds` (the mean over folds).
    """
    rows: list[Row] = []
    for model, mine in folds[folds[quantity].notna()].groupby("model", sort=False):
        if len(mine) < 2:
            continue
        by_fold = mine.groupby(["repeat", "fold"])[quantity]
        found = {f"{quantity}_lowest": mine[quantity].min(), f"{quantity}_highest": mine[quantity].max()}
        if by_fold.ngroups > 1:
            found[f"{quantity}_sd_over_folds"] = by_fold.mean().std()
        if len(mine["seed"].unique()) > 1:
            found[f"{quantity}_sd_over_seeds"] = by_fold.std().mean()
        for name, value in found.items():
            item = Interval(float(value), math.nan, math.nan, _METHOD)
            rows.append(result_row(name, item, tables[str(model)], model=str(model)))
    return rows
