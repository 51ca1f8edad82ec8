"""Misclassified lesions: those that most got wrong, and those that only models or only readers got wrong."""

from __future__ import annotations

from samesplit.reports.context import Context
from samesplit.reports.document import Block, Cell, Column, Gallery, Prose, Row, Section, Table
from samesplit.reports.errors_found import Miss, miss_table, misses, reference_errors
from samesplit.reports.formatting import count_cell, counted, number, text_cell

__all__ = ["errors"]

_MOST_ROWS = 30


def errors(context: Context, gallery: Gallery | None) -> Section | None:
    """Build the table of lesions that most missed, with their images."""
    if context.data.shuffled:
        return None
    everyone = miss_table(context)
    if not everyone and not reference_errors(context):
        return None
    missed = misses(context)
    blocks: list[Block] = []
    if missed:
        blocks.append(_table(context, missed))
    else:
        blocks.append(Prose(text=f"No lesion was misclassified by half of the {_who(context)}."))
    if gallery is not None:
        blocks.append(gallery)
    split = _models_against_readers(everyone)
    if split is not None:
        blocks.append(split)
    judges = "models and readings" if context.readers else "models"
    lead = (
        f"{counted(len(missed), 'lesion')} of {len(everyone)} misclassified by at least half of the {judges}. "
        "Controls are left out, and several calls of a model (repeats, seeds) count as their share."
        if everyone
        else ""
    )
    return Section(id="errors", title="Misclassified lesions", lead=lead, blocks=tuple(blocks))


def _who(context: Context) -> str:
    return "models and readers" if context.readers else "models"


def _table(context: Context, missed: list[Miss]) -> Table:
    columns = [
        Column(key="lesion", title="Lesion", kind="code"),
        Column(key="truth", title="True class"),
        Column(
            key="share",
            title="Error rate",
            kind="number",
            help="Share of models and readings that were wrong",
        ),
        Column(key="models", title="Models wrong", kind="number"),
    ]
    if any(miss.readers for miss in missed):
        columns.append(Column(key="readers", title="Readings wrong", kind="number"))
    columns += [Column(key="who", title="Models that were wrong")]
    extra = [name for name in ("size_mm", "site") if name in context.data.lesions]
    columns += [Column(key=name, title=name.replace("_mm", ", mm").capitalize()) for name in extra]
    rows = []
    for miss in missed[:_MOST_ROWS]:
        cells = {
            "lesion": text_cell(miss.lesion_id),
            "truth": text_cell(miss.label),
            "share": Cell(text=f"{number(100 * miss.share, 0)} %", value=miss.share),
            "models": _of(miss.models_wrong, miss.models),
            "readers": _of(miss.readers_wrong, miss.readers),
            "who": text_cell("; ".join(miss.titles)),
        }
        row = context.data.lesions.loc[miss.lesion_id]
        cells |= {name: text_cell(_plain(row[name])) for name in extra}
        rows.append(Row(cells={column.key: cells[column.key] for column in columns}))
    rest = len(missed) - len(rows)
    notes = (f"{counted(rest, 'further lesion')} left out of this table.",) if rest else ()
    return Table(
        id="errors-table",
        title=f"Lesions misclassified by most {_who(context)}",
        columns=tuple(columns),
        rows=tuple(rows),
        notes=notes,
    )


def _plain(value: object) -> str:
    if isinstance(value, float):
        return "" if value != value else f"{value:g}"
    return "" if value is None else str(value)


def _of(wrong: float, total: int) -> Cell:
    if not total:
        return Cell(text="–")
    shown = number(wrong, 0 if float(wrong).is_integer() else 1)
    return Cell(text=f"{shown} of {total}", value=float(wrong))


def _models_against_readers(everyone: list[Miss]) -> Table | None:
    """How the majority of models and the majority of readings went together."""
    both = [miss for miss in everyone if miss.models and miss.readers]
    if not both:
        return None
    counts = {(m, r): 0 for m in (False, True) for r in (False, True)}
    for miss in both:
        counts[miss.models_wrong * 2 > miss.models, miss.readers_wrong * 2 > miss.readers] += 1
    columns = (
        Column(key="what", title=""),
        Column(key="right", title="Most readings correct", kind="number"),
        Column(key="wrong", title="Most readings wrong", kind="number"),
    )
    rows = tuple(
        Row(
            cells={
                "what": text_cell(f"Most models {'wrong' if wrong else 'correct'}"),
                "right": count_cell(counts[wrong, False]),
                "wrong": count_cell(counts[wrong, True]),
            }
        )
        for wrong in (False, True)
    )
    return Table(
        id="both-table",
        title="Errors of models and of readers",
        columns=columns,
        rows=rows,
        notes=(
            "Number of lesions. “Most” is more than half of the models, or of all readings, that "
            "classified the lesion.",
        ),
        sortable=False,
    )
