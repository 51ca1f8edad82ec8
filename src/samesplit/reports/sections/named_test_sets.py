"""The named test sets: the main quantity in each of them and over all, and how far it drops."""

from __future__ import annotations

from samesplit.reports.context import Context, ModelInfo
from samesplit.reports.document import Block, Cell, Column, Figure, Row, Section, Table
from samesplit.reports.figures.named_test_sets import SetEstimate, SetsOfModel, draw_test_sets
from samesplit.reports.formatting import counted, join_words, number_cell, text_cell
from samesplit.reports.named_test_sets import (
    INTERNAL,
    lowest_test_set,
    names_of_test_sets,
    of_test_set,
    sets_in_more_folds,
)

__all__ = ["named_test_sets"]

_TOGETHER = "all test sets"


def named_test_sets(context: Context) -> Section | None:
    """Build the forest plot and the table; None where the split names no test sets."""
    names = names_of_test_sets(context)
    models = [
        model
        for model in context.models
        if not model.is_constant and any(of_test_set(context, model.name, name) for name in names)
    ]
    if not names or not models:
        return None
    main = context.main
    alt = f"Forest plot of the {main.noun} of {counted(len(models), 'model')} in {len(names)} test sets."
    figure = Figure(
        id="test-sets-figure",
        title=f"{main.title} in each test set",
        caption=(
            f"Bars: {context.percent()} intervals. Hollow: {_TOGETHER} together. Bold: the set in which the model "
            "is worst. The sets hold different patients, so some difference is chance."
        ),
        alt=alt,
        svg=draw_test_sets(
            [_of_model(context, model, names) for model in models],
            axis=main.title,
            chance=main.chance,
            name="test-sets",
            alt=alt,
        ),
        table=_table(context, models, names),
    )
    lead = (
        f"The test lesions belong to {len(names)} named sets: {join_words(names)}. Every number elsewhere in this "
        "report is over all of them together unless a set is named."
    )
    often = sets_in_more_folds(context)
    if often:
        lead += (
            f" Lesions of {join_words(list(often))} are tested in {max(often.values())} folds and count that "
            "often in those numbers, and the other lesions in fewer: read the sets apart."
        )
    against = _against_reference(context, models, names)
    blocks: tuple[Block, ...] = (figure,) if against is None else (figure, against)
    return Section(id="test-sets", title="Named test sets", lead=lead, blocks=blocks)


def _against_reference(context: Context, models: list[ModelInfo], names: list[str]) -> Table | None:
    """Return the differences to the reference in each set, as far as the results have them."""
    reference, main = context.reference, context.main
    if reference is None:
        return None
    columns = [Column(key="who", title="Model")]
    columns += [Column(key=f"s{i}", title=name, kind="interval") for i, name in enumerate(names)]
    rows = []
    for model in models:
        cells: dict[str, Cell] = {"who": text_cell(model.title)}
        for i, name in enumerate(names):
            found = context.numbers.difference(
                main.quantity, model.name, reference.name, group=f"test_set={name}"
            )
            if found is not None:
                cells[f"s{i}"] = found.cell(signed=True)
        if len(cells) > 1:
            rows.append(Row(cells=cells, key=model.name))
    if not rows:
        return None
    return Table(
        id="test-sets-differences",
        title=f"Difference of {main.title} to the reference in each test set",
        columns=tuple(columns),
        rows=tuple(rows),
        notes=(
            f"Minus the reference, {reference.title}, on the same lesions of the set. The comparison over "
            "all sets together is the main one: the sets are small.",
        ),
    )


def _of_model(context: Context, model: ModelInfo, names: list[str]) -> SetsOfModel:
    lowest = lowest_test_set(context, model.name)
    estimates = []
    for name in names:
        found = of_test_set(context, model.name, name)
        if found is not None:
            worst = lowest is not None and lowest[0] == name
            low, high = (None, None) if found.low != found.low else (found.low, found.high)
            text = f"{found.words()}, {counted(found.n, 'lesion')}"
            estimates.append(SetEstimate(name, found.estimate, low, high, text, lowest=worst))
    every = context.numbers.get(context.main.quantity, model.name)
    if every is not None and every.is_known():
        low, high = (None, None) if every.low != every.low else (every.low, every.high)
        text = f"{every.words()}, {counted(every.n, 'lesion')}"
        estimates.append(SetEstimate(_TOGETHER, every.estimate, low, high, text, together=True))
    return SetsOfModel(model.title, context.style(model.name), estimates)


def _table(context: Context, models: list[ModelInfo], names: list[str]) -> Table:
    main = context.main
    others = [name for name in names if name != INTERNAL] if INTERNAL in names else []
    columns = [Column(key="who", title="Model")]
    columns += [Column(key=f"s{i}", title=name, kind="interval") for i, name in enumerate(names)]
    columns.append(Column(key="together", title=_TOGETHER, kind="interval"))
    columns += [
        Column(
            key=f"d{i}",
            title=f"{name} − {INTERNAL}",
            kind="number",
            help=f"{main.title} in {name} minus that in {INTERNAL}; below 0 it drops",
        )
        for i, name in enumerate(others)
    ]
    columns.append(Column(key="lowest", title="Worst in"))
    rows = []
    for model in models:
        cells: dict[str, Cell] = {"who": text_cell(model.title)}
        for i, name in enumerate(names):
            found = of_test_set(context, model.name, name)
            cells[f"s{i}"] = found.cell() if found is not None else number_cell(None)
        cells["together"] = context.numbers.cell(main.quantity, model.name)
        inside = of_test_set(context, model.name, INTERNAL)
        for i, name in enumerate(others):
            found = of_test_set(context, model.name, name)
            known = inside is not None and found is not None
            drop = found.estimate - inside.estimate if known and found and inside else None
            cells[f"d{i}"] = number_cell(drop, signed=True)
        lowest = lowest_test_set(context, model.name)
        cells["lowest"] = text_cell(lowest[0] if lowest is not None else None)
        rows.append(Row(cells=cells, key=model.name))
    notes = [_counts(context, models[0], names)]
    if others:
        notes.append(
            f"Differences to {INTERNAL} are of two groups of patients, given without an interval: read the "
            "intervals of the sets."
        )
    return Table(
        id="test-sets-table",
        title=f"{main.title} in each test set",
        columns=tuple(columns),
        rows=tuple(rows),
        notes=tuple(notes),
    )


def _counts(context: Context, model: ModelInfo, names: list[str]) -> str:
    """How many lesions each set has, and of which classes."""
    parts = []
    for name in names:
        found = of_test_set(context, model.name, name)
        if found is not None:
            counts = context.data.task.counted
            positive = f", {found.n_positive} {counts}" if counts else ""
            parts.append(f"{name}: {counted(found.n, 'lesion')}{positive}")
        else:
            parts.append(f"{name}: {context.main.noun} not defined")
    return "; ".join(parts) + "."
