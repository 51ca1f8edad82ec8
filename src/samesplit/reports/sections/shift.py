"""Shift: how far each test set is from the lesions that the models were trained on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from samesplit.reports.context import Context
from samesplit.reports.document import Block, Cell, Column, Prose, Row, Table
from samesplit.reports.formatting import (
    count_cell,
    estimate_cell,
    interval_text,
    is_missing,
    join_words,
    number,
    number_cell,
    text_cell,
)
from samesplit.reports.rows import records
from samesplit.reports.sections.balance import variable_title

__all__ = ["shift_blocks"]

_MOST_NAMED = 8


def shift_blocks(contexts: Sequence[Context]) -> list[Block]:
    """Say for each test set what differs from the training part, with the table; nothing for runs without it.

    Args:
        contexts: The tasks of the run, which share the table.
    """
    context = contexts[0]
    if "shift" not in context.data.tables:
        return []
    table = context.data.table("shift")
    if table.empty:
        text = (
            "Shift between training and test is not applicable: every patient of this cross-validation is trained "
            "on in other folds, and no test set has a name of its own."
        )
        return [Prose(text=text, tone="note")]
    names = list(dict.fromkeys(table["test_set"]))
    sentences = [_sentence(context, name, table[table["test_set"] == name]) for name in names]
    return [*(Prose(text=sentence) for sentence in sentences), _table(context, table)]


def _sentence(context: Context, name: str, table: pd.DataFrame) -> str:
    """Say of a test set how its prevalence and its variables differ from those of the training part."""
    who = "The test part" if name == "test" else f"The test set {name}"
    said = []
    for row in records(table[table["difference"].notna()]):
        what = (
            f"share of {context.data.positive} lesions"
            if row["variable"] == "label"
            else variable_title(context, str(row["variable"]), str(row["level"]))
        )
        shares = f"{number(100 * row['test'], 0)} % against {number(100 * row['train'], 0)} % in training"
        bounds = interval_text(100 * row["ci_low"], 100 * row["ci_high"], 0, signed=True)
        difference = f"difference {number(100 * row['difference'], 0, signed=True)} points, {bounds}"
        said.append(f"{what}, {shares} ({difference})")
    variables = table[table["difference"].isna() & table["large"]]
    large = [
        variable_title(context, str(variable), str(level))
        for variable, level in zip(variables["variable"], variables["level"], strict=True)
    ]
    more = [f"{len(large) - _MOST_NAMED} further ones"] if len(large) > _MOST_NAMED else []
    moved = (
        f"Standardised differences above 0.25: {join_words(large[:_MOST_NAMED] + more)}."
        if large
        else "No variable has a standardised difference above 0.25."
    )
    return f"{who}: {'; '.join(said)}. {moved}" if said else f"{who}: {moved[:1].lower()}{moved[1:]}"


def _table(context: Context, table: pd.DataFrame) -> Table:
    columns = (
        Column(key="what", title="Variable"),
        Column(key="n_train", title="Lesions", kind="number", group="Training"),
        Column(key="train", title="Mean or share", kind="number", group="Training"),
        Column(key="n_test", title="Lesions", kind="number", group="Test set"),
        Column(key="test", title="Mean or share", kind="number", group="Test set"),
        Column(
            key="smd", title="SMD", kind="number", help="Standardised mean difference, test against training"
        ),
        Column(
            key="difference",
            title="Difference of the share",
            kind="interval",
            help="Of the classes: Newcombe's interval; a patient with several lesions counts once",
        ),
    )
    rows = []
    for row in records(table):
        is_share = str(row["level"]) not in ("", "mean")
        rows.append(
            Row(
                cells={
                    "what": text_cell(variable_title(context, str(row["variable"]), str(row["level"]))),
                    "n_train": count_cell(row["n_train"]),
                    "train": _value(row["train"], is_share=is_share),
                    "n_test": count_cell(row["n_test"]),
                    "test": _value(row["test"], is_share=is_share),
                    "smd": number_cell(row["smd"], 2, signed=True),
                    "difference": estimate_cell(
                        row["difference"], row["ci_low"], row["ci_high"], signed=True
                    ),
                },
                group=str(row["test_set"]),
                emphasis=bool(row["large"]),
            )
        )
    return Table(
        id="shift-table",
        title="Shift between training and test",
        columns=columns,
        rows=tuple(rows),
        notes=(
            "Training: the lesions that train in a fold that tests the set. Stronger lines: a standardised "
            "difference above 0.25, or a level that one side lacks altogether. A shift is no fault: it says for "
            "which patients the numbers of this test set speak.",
        ),
        sortable=False,
    )


def _value(value: Any, *, is_share: bool) -> Cell:
    if is_share and not is_missing(value):
        return Cell(text=f"{number(100 * float(value), 0)} %", value=float(value))
    return number_cell(value, 2)
