"""What ensembles learnt from their members: weights, coefficients and candidates, over all fits."""

from __future__ import annotations

import pandas as pd

from samesplit.reports.context import Context, ModelInfo
from samesplit.reports.document import Block, Column, Row, Section, Table
from samesplit.reports.formatting import lowest_to_highest, number_cell, text_cell

__all__ = ["ensembles"]


def ensembles(context: Context) -> Section | None:
    """Build the tables of weights, coefficients and candidates; None without an ensemble that learns."""
    found = (_weights(context), _terms(context), _candidates(context))
    blocks: tuple[Block, ...] = tuple(table for table in found if table is not None)
    if not blocks:
        return None
    return Section(
        id="ensembles",
        title="Ensembles",
        lead=(
            "Learnt from predictions of lesions that the members had not learnt from. Numbers run from the lowest "
            "to the highest over all fits."
        ),
        blocks=blocks,
    )


def _rows(
    context: Context, name: str, by: list[str]
) -> list[tuple[ModelInfo, tuple[str, ...], pd.DataFrame]]:
    """Return the rows of each model in a table, cut by some columns in the order in which they come."""
    cut = []
    for model in context.models:
        found = context.found_by(model.name, name)
        if len(found):
            keys = [column for column in by if column in found]
            cut += [(model, tuple(map(str, key)), rows) for key, rows in found.groupby(keys, sort=False)]
    return cut


def _weights(context: Context) -> Table | None:
    rows = [
        Row(
            cells={
                "who": text_cell(model.title),
                "member": text_cell(context.title(member)),
                "weight": text_cell(lowest_to_highest(fits["weight"])),
                "loss": text_cell(lowest_to_highest(fits["log_loss"])),
                "lesions": text_cell(lowest_to_highest(fits["lesions"], 0)),
            },
            key=model.name,
        )
        for model, (member,), fits in _rows(context, "ensemble_weights", ["member"])
    ]
    columns = (
        Column(key="who", title="Ensemble"),
        Column(key="member", title="Member"),
        Column(key="weight", title="Weight", help="At least 0; those of a fit sum to 1"),
        Column(key="loss", title="Log loss alone", help="Of the member, on the lesions learnt from"),
        Column(key="lesions", title="Learnt from lesions"),
    )
    return _table("ensemble-weights-table", "Weights of the members", columns, rows)


def _terms(context: Context) -> Table | None:
    found = _rows(context, "stacking_terms", ["class", "term"])
    rows = [
        Row(
            cells={
                "who": text_cell(model.title),
                "term": text_cell(_term(context, key[-1])),
                "class": text_cell(key[0] if len(key) > 1 else ""),
                "coefficient": text_cell(lowest_to_highest(fits["coefficient"])),
            },
            key=model.name,
        )
        for model, key, fits in found
    ]
    columns: tuple[Column, ...] = (
        Column(key="who", title="Ensemble"),
        Column(key="term", title="Member"),
        Column(key="class", title="Class"),
        Column(key="coefficient", title="Coefficient", help="Per SD of the member's log odds"),
    )
    if all(len(key) == 1 for _, key, _ in found):
        columns = (*columns[:2], columns[3])
    return _table("stacking-table", "Coefficients of stacking", columns, rows)


def _candidates(context: Context) -> Table | None:
    rows = [
        Row(
            cells={
                "who": text_cell(model.title),
                "candidates": number_cell(int(found["candidate"].nunique()), 0),
                "all": text_cell(lowest_to_highest(found["validation_accuracy"])),
                "kept": text_cell(lowest_to_highest(found.loc[found["chosen"], "validation_accuracy"])),
            },
            key=model.name,
        )
        for model in context.models
        if len(found := context.found_by(model.name, "ensemble_candidates"))
    ]
    columns = (
        Column(key="who", title="Ensemble"),
        Column(key="candidates", title="Candidates a fit", kind="number"),
        Column(key="all", title="Validation accuracy", help="Of all candidates"),
        Column(key="kept", title="Of the one kept", help="Too high for having been chosen by it"),
    )
    return _table("ensemble-candidates-table", "Candidates among which one was chosen", columns, rows)


def _term(context: Context, term: str) -> str:
    """Name the member of a term by its title; with several classes a term names one behind the member."""
    member, colon, name = term.partition(": ")
    return f"{context.title(member)}{colon}{name}"


def _table(id_: str, title: str, columns: tuple[Column, ...], rows: list[Row]) -> Table | None:
    return Table(id=id_, title=title, columns=columns, rows=tuple(rows)) if rows else None
