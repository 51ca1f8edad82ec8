"""Misclassified lesions of a task with several classes: true class, called class and its probability."""

from __future__ import annotations

from samesplit.ordering import at_least
from samesplit.reports.class_errors_found import ClassMiss, class_misses
from samesplit.reports.context import Context
from samesplit.reports.document import Block, Cell, Column, Gallery, Prose, Row, Section, Table
from samesplit.reports.formatting import counted, number, text_cell

__all__ = ["class_errors"]

_MOST_ROWS = 30


def class_errors(context: Context, gallery: Gallery | None) -> Section | None:
    """Build the table of the lesions that most models called wrongly, with their images."""
    everyone = class_misses(context)
    if context.data.shuffled or not everyone:
        return None
    missed = [miss for miss in everyone if at_least(miss.share, 0.5)]
    blocks: list[Block] = (
        [_table(context, missed)]
        if missed
        else [Prose(text="No lesion was misclassified by half of the models.")]
    )
    blocks += [gallery] if gallery is not None else []
    lead = (
        f"{counted(len(missed), 'lesion')} of {len(everyone)} misclassified by at least half of the "
        "models; controls are left out, and several calls of a model (repeats, seeds) count as their "
        "share."
    )
    return Section(id="errors", title="Misclassified lesions", lead=lead, blocks=tuple(blocks))


def _table(context: Context, missed: list[ClassMiss]) -> Table:
    columns = [
        Column(key="lesion", title="Lesion", kind="code"),
        Column(key="truth", title="True class"),
        Column(key="share", title="Error rate", kind="number", help="Share of the models that were wrong"),
    ]
    models = [m for m in context.models if any(m.name in miss.called for miss in missed)]
    columns += [Column(key=f"m{i}", title=model.title) for i, model in enumerate(models)]
    rows = []
    for miss in missed[:_MOST_ROWS]:
        cells = {
            "lesion": text_cell(miss.lesion_id),
            "truth": text_cell(miss.label),
            "share": Cell(text=f"{number(100 * miss.share, 0)} %", value=miss.share),
        }
        for i, model in enumerate(models):
            cells[f"m{i}"] = _called(miss, model.name)
        rows.append(Row(cells=cells))
    rest = len(missed) - len(rows)
    notes = (
        "Of each model: the class that it called, with its mean probability; ✓ where the call is right.",
    )
    return Table(
        id="errors-table",
        title="Lesions that most models misclassified",
        columns=tuple(columns),
        rows=tuple(rows),
        notes=(*notes, f"{counted(rest, 'further lesion')} left out of this table.") if rest else notes,
    )


def _called(miss: ClassMiss, model: str) -> Cell:
    if model not in miss.called:
        return text_cell(None)
    name, probability = miss.called[model]
    mark = "✓ " if name == miss.label else ""
    return Cell(text=f"{mark}{name} ({number(probability, 2)})", value=name)
