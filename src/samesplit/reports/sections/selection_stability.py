"""Stability of selection: selectors and classifiers of a grid when the training lesions change."""

from __future__ import annotations

import pandas as pd

from samesplit.reports.context import Context, slug
from samesplit.reports.document import Column, Figure, Row, Table
from samesplit.reports.figures.selection_stability import draw_selection_stability
from samesplit.reports.formatting import count_cell, counted, number_cell, text_cell

__all__ = ["selection_stability"]

_WHAT = {"inner_fold": "the inner folds", "draw": "random draws of the training patients"}
_SHARED = "Inner folds share most of their lesions, which flatters every selector. "


def selection_stability(context: Context, model: str) -> list[Figure]:
    """Build a figure for the inner folds, and one for the draws where training patients were drawn anew.

    Args:
        context: The run.
        model: A model that searched a grid; without its tables there is no figure.
    """
    stability = context.summed_up(model, "selector_stability")
    spread = context.summed_up(model, "classifier_spread")
    return [
        _figure(context, model, over, _over(stability, over), _over(spread, over))
        for over in _WHAT
        if len(_over(stability, over)) or len(_over(spread, over))
    ]


def _over(table: pd.DataFrame, over: str) -> pd.DataFrame:
    return table[table["over"] == over] if len(table) else table


def _figure(context: Context, model: str, over: str, stability: pd.DataFrame, spread: pd.DataFrame) -> Figure:
    either = stability if len(stability) else spread
    fits, parts = int(either["fits"].max()), int(either["parts"].max())
    name = f"steadiness-{slug(over)}-{slug(model)}"
    alt = f"Stability of selectors and spread of classifiers over {_WHAT[over]} of {context.title(model)}."
    return Figure(
        id=name,
        title=f"{context.title(model)}: stability of selection over {_WHAT[over]}",
        caption=(
            f"Over {parts} training subsets in each of {counted(fits, 'fit')}, mean over the fits. Left: "
            "Nogueira’s stability of the features that each selector selects, 1 if they are always the "
            "same and 0 if they are random; above 0.75 is called excellent, below 0.4 poor. Right: "
            "standard deviation of the AUC on held-out training lesions in percent of its mean, median "
            f"over the selectors. {_SHARED if over == 'inner_fold' else ''}Intervals are in the table."
        ),
        alt=alt,
        svg=draw_selection_stability(
            _map(stability, "selector", "stability"),
            _map(spread, "classifier", "relative_sd"),
            name=name,
            alt=alt,
        ),
        table=_table(name, stability),
    )


def _map(table: pd.DataFrame, noun: str, value: str) -> pd.DataFrame:
    """One row a selector or classifier in the order of the model's file, one column a size."""
    if table.empty:
        return pd.DataFrame()
    wide = table.pivot_table(index=noun, columns="size", values=value, dropna=False, observed=True)
    return wide.reindex(table[noun].drop_duplicates())


def _table(name: str, stability: pd.DataFrame) -> Table | None:
    """Estimate and bounds, each the mean over the fits."""
    if stability.empty:
        return None
    columns = (
        Column(key="selector", title="Selector"),
        Column(key="size", title="Features", kind="number"),
        Column(key="stability", title="Stability", kind="number"),
        Column(key="low", title="95 % interval, lower", kind="number"),
        Column(key="high", title="upper", kind="number"),
    )
    rows = tuple(
        Row(
            cells={
                "selector": text_cell(row["selector"]),
                "size": count_cell(row["size"]),
                "stability": number_cell(row["stability"]),
                "low": number_cell(row["ci_low"]),
                "high": number_cell(row["ci_high"]),
            }
        )
        for row in stability.to_dict("records")
    )
    note = "Means over the fits. The bounds are those for independent draws, which subsets of one cohort are not."
    return Table(
        id=f"{name}-table",
        title="Stability of selection (Nogueira)",
        columns=columns,
        rows=rows,
        notes=(note,),
    )
