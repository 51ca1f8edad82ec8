"""Triage: what remains wrong when a model defers the lesions it is least sure of, and sets of classes."""

from __future__ import annotations

from typing import Any

import pandas as pd

from samesplit.reports.context import Context
from samesplit.reports.document import Block, Cell, Column, Figure, Row, Section, Table
from samesplit.reports.figures.deferral import Deferral, draw_deferral
from samesplit.reports.formatting import (
    count_cell,
    counted,
    estimate_cell,
    is_missing,
    number,
    number_cell,
    text_cell,
)
from samesplit.reports.ranking import leading_models
from samesplit.reports.rows import records

__all__ = ["triage"]

_SHOWN = (0.0, 0.1, 0.2, 0.3, 0.5)
"""Shares of deferred lesions that the table has columns for."""


def triage(context: Context) -> Section | None:
    """Build the deferral curves with their table, and the table of conformal sets."""
    deferral = context.data.table("deferral")
    sets = context.data.table("conformal_sets")
    blocks: list[Block] = []
    if len(deferral):
        blocks.append(_figure(context, deferral))
    if len(sets):
        blocks.append(_sets(context, sets))
    if not blocks:
        return None
    lead = (
        "A model that leaves the lesions it is least sure of to a human should be wrong less often on those that "
        "it keeps. It is the less sure of a lesion the nearer its log odds are to those of the fold's threshold."
    )
    return Section(id="triage", title="Triage", lead=lead, blocks=tuple(blocks))


def _figure(context: Context, table: pd.DataFrame) -> Figure:
    there = set(table["model"])
    drawn = [model for model in leading_models(context) if model.name in there]
    drawn = drawn or [model for model in context.models if model.name in there][:1]
    panels = []
    for model in drawn:
        mine = table[table["model"] == model.name].sort_values("deferred")
        values = {name: mine[name].tolist() for name in ("deferred", "error", "ideal", "random")}
        low, high = mine["ci_low"].fillna(mine["error"]), mine["ci_high"].fillna(mine["error"])
        panels.append(
            Deferral(
                title=model.title,
                style=context.style(model.name),
                low=low.tolist(),
                high=high.tolist(),
                **values,
            )
        )
    alt = (
        f"Deferral curves of {counted(len(panels), 'model')} with the errors of random and of ideal deferral."
    )
    return Figure(
        id="deferral",
        title="Error among the lesions that are kept",
        caption=(
            f"Band: {context.percent()} bootstrap interval over patients. Dotted: lesions deferred at random, "
            "which keeps the error on average. Dashed: all wrong calls deferred first, which nothing can beat. "
            "Drawn are the model with the highest AUC, the reference and the next; the table has all models."
        ),
        alt=alt,
        svg=draw_deferral(panels, name="deferral", alt=alt),
        table=_errors(context, table),
    )


def _errors(context: Context, table: pd.DataFrame) -> Table:
    columns = [Column(key="who", title="Model"), Column(key="n", title="Lesions", kind="number")]
    columns += [
        Column(
            key=f"d{round(100 * share)}",
            title=f"{100 * share:.0f} %",
            kind="interval",
            group="Error with so many deferred",
        )
        for share in _SHOWN
    ]
    columns.append(
        Column(
            key="gain",
            title="Gain",
            kind="number",
            help=(
                "How much of the way from random to ideal deferral the model goes, over all shares: 1 is ideal, 0 "
                "random, below 0 worse than random"
            ),
        )
    )
    rows = []
    for model in context.models:
        mine = table[table["model"] == model.name]
        if mine.empty:
            continue
        cells: dict[str, Cell] = {"who": text_cell(model.title), "n": count_cell(mine["n"].iloc[0])}
        for row in records(mine):
            key = f"d{round(100 * float(row['deferred']))}"
            cells[key] = estimate_cell(row["error"], row["ci_low"], row["ci_high"])
        kept = {column.key for column in columns}
        cells = {key: cell for key, cell in cells.items() if key in kept}
        rows.append(Row(cells=cells | {"gain": number_cell(mine["gain"].iloc[0], 2)}, key=model.name))
    return Table(
        id="deferral-table",
        title="Error among the lesions that are kept",
        columns=tuple(columns),
        rows=tuple(rows),
        notes=(
            f"Share of wrong calls among the lesions that are not deferred, {context.percent()} bootstrap "
            "intervals over patients. Predictions of several seeds or repeats count each. All 11 shares are in "
            "deferral.parquet.",
        ),
    )


def _sets(context: Context, table: pd.DataFrame) -> Table:
    columns = (
        Column(key="who", title="Model"),
        Column(key="label", title="Class"),
        Column(key="asked", title="Asked", kind="number", group="Coverage"),
        Column(
            key="guaranteed",
            title="Guaranteed",
            kind="number",
            group="Coverage",
            help="The exact expected coverage given the number of calibration lesions, mean over the fits",
        ),
        Column(
            key="realised",
            title="Realised",
            kind="interval",
            group="Coverage",
            help="The share of test lesions of the class whose set holds the class",
        ),
        Column(key="n", title="Lesions", kind="number"),
        Column(key="one", title="One class", kind="number", group="Sets, % of the lesions"),
        Column(key="both", title="Both", kind="number", group="Sets, % of the lesions"),
        Column(key="none", title="None", kind="number", group="Sets, % of the lesions"),
    )
    names = {0: context.data.negative, 1: context.data.positive}
    rows = []
    for model in context.models:
        for row in records(table[table["model"] == model.name]):
            rows.append(Row(cells=_set_cells(model.title, names, row), key=model.name))
    return Table(
        id="conformal-sets",
        title="Sets of classes that hold the true one with a stated probability",
        columns=columns,
        rows=tuple(rows),
        notes=(
            "Class-wise conformal prediction, calibrated on the validation part of each fit: a set with one class "
            "can be acted on, one with both is left to a human, one with none looks like neither class. The "
            "guarantee holds for lesions like those of the validation part, and the validation part was used to "
            "stop networks and to choose thresholds as well, so the realised coverage is what counts. "
            f"{context.percent()} intervals count a lesion once.",
            *_refusals(context, table, names),
        ),
    )


def _refusals(context: Context, table: pd.DataFrame, names: dict[int, str]) -> list[str]:
    """Tell which models were refused sets in some fits, whose lesions then are in no row."""
    told: dict[str, list[str]] = {}
    for row in records(table[table["folds_refused"] > 0].drop_duplicates(["model", "reason"])):
        told.setdefault(_remark(row, names), []).append(context.title(str(row["model"])))
    return [
        f"{'; '.join(models)}: {remark}. Lesions of these fits are in no row."
        for remark, models in told.items()
    ]


def _remark(row: dict[str, Any], names: dict[int, str]) -> str:
    refused = int(row["folds_refused"])
    reason = str(row["reason"]).replace("'negative'", names[0]).replace("'positive'", names[1])
    return f"refused in {counted(refused, 'fit')}: {reason}" if refused else ""


def _set_cells(title: str, names: dict[int, str], row: dict[str, Any]) -> dict[str, Cell]:
    remark = _remark(row, names)
    return {
        "who": text_cell(title),
        "label": text_cell(names[int(row["label"])]),
        "asked": number_cell(row["coverage"], 2),
        "guaranteed": number_cell(row["guaranteed"], 3),
        "realised": Cell(text="refused", note=remark)
        if not row["n"]
        else estimate_cell(row["share_covered"], row["ci_low"], row["ci_high"], note=remark),
        "n": count_cell(row["n"]),
        "one": _share_cell(row["one_class"]),
        "both": _share_cell(row["both_classes"]),
        "none": _share_cell(row["no_class"]),
    }


def _share_cell(share: Any) -> Cell:
    return Cell(
        text=number(None if is_missing(share) else 100 * float(share), 0),
        value=None if is_missing(share) else float(share),
    )
