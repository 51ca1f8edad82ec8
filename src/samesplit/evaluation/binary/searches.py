"""What models tell of their search, summed up over the fits: cells of a grid, the choice, features, steadiness."""

from __future__ import annotations

import math
from collections.abc import Mapping

import pandas as pd

from samesplit.evaluation.binary.estimates import Row, result_row
from samesplit.evaluation.binary.network_fits import network_fits
from samesplit.ordering import merge_equals
from samesplit.statistics.interval import Interval

__all__ = ["choice_rows", "chosen_cells", "grid_cells", "selected_features", "stability_summary", "summarise"]

_FIT = ["seed", "repeat", "fold"]
_KEY = ["model", *_FIT]
_CELL = ["selector", "classifier", "size"]
_MEANS = {"choosing_auc": "choosing_auc", "chosen_test_auc": "test_auc", "choosing_gap": "gap"}


def summarise(details: Mapping[str, pd.DataFrame], folds: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Sum up the tables that models wrote while they were fitted.

    Args:
        details: By name: `grid`, `chosen_features`, `selector_stability`, `classifier_spread`, `kept_epoch`;
            others are left alone.
        folds: The AUC of every fitted model, see `spread.fold_table`.

    Returns:
        By name `grid_cells`, `chosen_cells`, `selected_features`, `selector_stability`, `classifier_spread` and
        `network_fits`: those whose table is there and not empty.
    """
    found: dict[str, pd.DataFrame] = {}
    grid = details.get("grid", pd.DataFrame())
    if {"selector", "classifier", "inner_auc"} <= set(grid.columns) and len(grid):
        found["grid_cells"] = grid_cells(grid)
        found["chosen_cells"] = chosen_cells(grid, folds)
    if len(details.get("chosen_features", ())):
        found["selected_features"] = selected_features(details["chosen_features"])
    kept = details.get("kept_epoch", pd.DataFrame())
    if {"untrained", "most_steps"} <= set(kept.columns) and len(kept):
        found["network_fits"] = network_fits(kept, folds)
    values = {"selector_stability": "selector", "classifier_spread": "classifier"}
    for name, noun in values.items():
        if len(details.get(name, ())):
            found[name] = stability_summary(details[name], noun)
    return found


def grid_cells(grid: pd.DataFrame) -> pd.DataFrame:
    """Average every cell of a grid over the fits.

    Args:
        grid: One row a fit and cell: model, seed, repeat, fold, selector, classifier, inner_auc, and size and
            chosen where there are.

    Returns:
        One row a model and cell: model, selector, classifier, size, inner_auc and inner_sd (mean and standard
        deviation over the fits), chosen (how often), fits.
    """
    size = grid.get("size", 0)
    chosen = grid["chosen"].fillna(False).astype(bool) if "chosen" in grid else False
    cells = grid.assign(size=size, chosen=chosen).groupby(["model", *_CELL], sort=True)
    found = cells.agg(
        inner_auc=("inner_auc", "mean"),
        inner_sd=("inner_auc", "std"),
        chosen=("chosen", "sum"),
        fits=("inner_auc", "size"),
    )
    return found.reset_index()


def chosen_cells(grid: pd.DataFrame, folds: pd.DataFrame) -> pd.DataFrame:
    """Put the AUC that chose a cell beside the AUC of that cell in the test part, fit by fold.

    Args:
        grid: As for `grid_cells`, with `validation_auc` where the validation part chose and
            `one_standard_error` for the most parsimonious cell within one standard error of the best.
        folds: The AUC of every fitted model.

    Returns:
        One row a fit with a chosen cell and both AUCs: the fit, the cell, `chooser` (`inner` or `validation`),
        `choosing_auc`, `test_auc`, `gap` (the first minus the second), `sparest` (its name; empty for none) and
        `sparest_auc`.
    """
    columns = [*_KEY, *_CELL, "chooser", "choosing_auc", "test_auc", "gap", "sparest", "sparest_auc"]
    if "chosen" not in grid:
        return pd.DataFrame(columns=columns)
    compared = grid.assign(size=grid.get("size", 0))
    validated = (
        grid["validation_auc"].notna() if "validation_auc" in grid else pd.Series(False, index=grid.index)
    )
    by_validation = validated.groupby(grid["model"]).transform("any")
    inner = grid["inner_auc"].where(~by_validation, grid.get("validation_auc"))
    compared = compared.assign(
        choosing_auc=inner, chooser=by_validation.map({True: "validation", False: "inner"})
    )
    best = compared[compared["chosen"].fillna(False).astype(bool)]
    both = best.merge(folds[[*_KEY, "auc"]].rename(columns={"auc": "test_auc"}), on=_KEY, how="inner")
    both = both[both["test_auc"].notna() & both["choosing_auc"].notna()].sort_values(_KEY, ignore_index=True)
    both = both.assign(gap=both["choosing_auc"] - both["test_auc"])
    return both.merge(_sparest(compared), on=_KEY, how="left").fillna({"sparest": ""})[columns]


def _sparest(compared: pd.DataFrame) -> pd.DataFrame:
    """Return the most parsimonious cell within one standard error of the best, by fit."""
    if "one_standard_error" not in compared:
        return pd.DataFrame(columns=[*_KEY, "sparest", "sparest_auc"]).astype(dict.fromkeys(_FIT, "int64"))
    marked = compared[compared["one_standard_error"].fillna(False).astype(bool)]
    names = [", ".join(map(str, cell)) for cell in marked[_CELL].itertuples(index=False, name=None)]
    found = marked[[*_KEY, "choosing_auc"]].rename(columns={"choosing_auc": "sparest_auc"})
    return found.assign(sparest=names).drop_duplicates(_KEY)


def choice_rows(chosen: pd.DataFrame, tables: Mapping[str, pd.DataFrame]) -> list[Row]:
    """Report the mean AUC that chose and how far it lies above the test AUC, for each model that searched.

    The best of several scores is too high by selection; the gap says by how much.

    Args:
        chosen: As `chosen_cells` or `network_fits` returns them.
        tables: The table of each model, for the counts of lesions.

    Returns:
        Rows of `choosing_auc`, `chosen_test_auc` and `choosing_gap`, without intervals.
    """
    rows: list[Row] = []
    chosen = chosen[chosen["gap"].notna()]
    for model, mine in chosen.groupby("model", sort=False):
        for quantity, column in _MEANS.items():
            mean = Interval(float(mine[column].mean()), math.nan, math.nan, "mean over the fitted models")
            rows.append(result_row(quantity, mean, tables[str(model)], model=str(model)))
    return rows


def selected_features(chosen: pd.DataFrame) -> pd.DataFrame:
    """Count how often each feature was chosen.

    Args:
        chosen: One row a fit and chosen feature: model, seed, repeat, fold, feature, and rank where there is one.

    Returns:
        One row a model and feature, the most often chosen first: model, feature, count, fits, share, mean_rank.
    """
    ranked = chosen if "rank" in chosen else chosen.assign(rank=math.nan)
    found = (
        ranked.groupby(["model", "feature"], sort=True)["rank"]
        .agg(count="size", mean_rank="mean")
        .reset_index()
    )
    fits = chosen.groupby("model")[_FIT].apply(lambda part: len(part.drop_duplicates()))
    found["mean_rank"] = merge_equals(found["mean_rank"])
    found["fits"] = found["model"].map(fits)
    found["share"] = found["count"] / found["fits"]
    order = ["model", "count", "mean_rank", "feature"]
    return found.sort_values(order, ascending=[True, False, True, True], kind="stable", ignore_index=True)


def stability_summary(table: pd.DataFrame, noun: str) -> pd.DataFrame:
    """Average how steady selectors or classifiers are over the fits.

    Args:
        table: One row a fit, selector (or classifier), size and kind of training parts (`over`).
        noun: `selector` or `classifier`.

    Returns:
        One row a model, `over`, selector (or classifier) and size, in the order of the table: the means of all
        numbers, `fits` and `parts` (the most training parts).
    """
    key = ["model", "over", noun, "size"]
    values = [name for name in table.columns if name not in (*key, *_FIT, "parts")]
    groups = table.groupby(key, sort=False, observed=True)
    found = groups[values].mean()
    found["fits"] = groups.size()
    found["parts"] = groups["parts"].max()
    return found.reset_index()
