"""Each class of a task with several classes: how well every model tells it from the rest."""

from __future__ import annotations

from samesplit.reports.context import Context
from samesplit.reports.document import Cell, Column, Row, Section, Table
from samesplit.reports.formatting import count_cell, text_cell

__all__ = ["class_table"]

_QUANTITIES = (
    ("auc", "AUC", 3, "Area under the ROC curve of the class against the rest"),
    ("sensitivity", "Sensitivity", 2, "Share of the lesions of the class that are called so"),
    ("specificity", "Specificity", 2, "Share of the other lesions that are not called so"),
    (
        "ppv",
        "PPV",
        2,
        "Share of the lesions called so that are of the class; depends on how common the class is",
    ),
    ("npv", "NPV", 2, "Share of the lesions not called so that are not of the class"),
    ("f1", "F1", 2, "Harmonic mean of sensitivity and PPV"),
)


_OVERALL = (
    ("auc", "Macro AUC", 3, "Mean of the AUCs of the classes"),
    ("auc_hand_till", "Hand-Till M", 3, "Mean AUC over all pairs of classes, whatever their size"),
    ("accuracy", "Accuracy", 2, "Share of the lesions whose called class is the true one"),
    ("balanced_accuracy", "Balanced accuracy", 2, "Mean of the sensitivities of the classes"),
    ("f1_macro", "Macro F1", 2, "Mean of the F1 of the classes"),
    ("cohen_kappa", "Kappa", 2, "Agreement of called and true class beyond chance (Cohen)"),
)


def class_table(context: Context) -> Section | None:
    """Build the table: a block a class, a row a model."""
    rows: list[Row] = []
    for name in context.data.task.classes:
        group = f"class={name}"
        for model in context.models:
            cells: dict[str, Cell] = {"who": text_cell(model.title)}
            for quantity, _, digits, _ in _QUANTITIES:
                found = context.numbers.get(quantity, model.name, group=group)
                if found is not None:
                    cells[quantity] = found.cell(digits)
                    cells.setdefault("n", count_cell(found.n_positive))
            if len(cells) > 1:
                rows.append(Row(cells=cells, group=name, key=model.name))
    if not rows:
        return None
    filled = {key for row in rows for key in row.cells}
    columns = [
        Column(key="who", title="Model"),
        Column(key="n", title="Lesions", kind="number", help="Lesions of the class"),
    ]
    columns += [
        Column(key=key, title=title, kind="interval", help=text)
        for key, title, _, text in _QUANTITIES
        if key in filled
    ]
    methods = "; ".join(context.numbers.methods(tuple(key for key, *_ in _QUANTITIES)))
    table = Table(
        id="classes-table",
        title="Each class against the rest",
        columns=tuple(column for column in columns if column.key in filled),
        rows=tuple(rows),
        notes=(f"Intervals: {context.percent()}. Methods: {methods}.",),
    )
    lead = (
        "A lesion is called the class that the model gives the highest probability; classes of equal probability "
        "keep the order in which they are declared. The AUC needs no call: it ranks the lesions by the "
        "probability of the class."
    )
    return Section(id="classes", title="Results by class", lead=lead, blocks=(table, _overall(context)))


def _overall(context: Context) -> Table:
    """Return the measures over all classes together."""
    present = [item for item in _OVERALL if any(context.numbers.get(item[0], m.name) for m in context.models)]
    columns = [Column(key="who", title="Model")]
    columns += [Column(key=key, title=title, kind="interval", help=text) for key, title, _, text in present]
    rows = [
        Row(
            cells={
                "who": text_cell(model.title),
                **{
                    key: context.numbers.cell(key, model.name, digits=digits) for key, _, digits, _ in present
                },
            },
            key=model.name,
        )
        for model in context.models
    ]
    methods = "; ".join(context.numbers.methods(tuple(key for key, *_ in present)))
    return Table(
        id="all-classes-table",
        title="All classes together",
        columns=tuple(columns),
        rows=tuple(rows),
        notes=(f"Intervals: {context.percent()}. Methods: {methods}.",),
    )
