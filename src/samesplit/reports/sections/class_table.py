"""Each class of a task with several classes: how well every model tells it from the rest."""

from __future__ import annotations

from samesplit.reports.context import Context
from samesplit.reports.document import Block, Cell, Column, Details, Row, Section, Table
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
    """Build the table with a block a class and a row a model, and what groups of lesions differ in."""
    rows = [row for name in context.data.task.classes for row in _class_rows(context, name)]
    if not rows:
        return None
    lead = (
        "A lesion is called the class that the model gives the highest probability; classes of equal probability "
        "keep the order in which they are declared. The AUC needs no call: it ranks the lesions by the "
        "probability of the class."
    )
    blocks: list[Block] = [
        _class_table(context, rows, id_="classes-table", title="Each class against the rest"),
        _overall(context),
    ]
    groups = _groups(context)
    if groups:
        blocks.append(_by_group(context, groups))
        within = [
            row
            for group in groups
            for name in context.data.task.classes
            for row in _class_rows(context, name, group)
        ]
        table = _class_table(
            context,
            within,
            id_="classes-groups-table",
            title="Each class against the rest, in groups of lesions",
        )
        blocks.append(Details(summary="Each class in groups of lesions", blocks=(table,)))
    return Section(id="classes", title="Results by class", lead=lead, blocks=tuple(blocks))


def _groups(context: Context) -> list[str]:
    """Return the declared groups of lesions; named test sets have a section of their own, raters a table."""
    every = [group for model in context.models for group in context.numbers.groups(model.name, "accuracy")]
    others = ("class=", "test_set=", "rater=")
    return [
        group for group in dict.fromkeys(every) if not group.startswith(others) and ", class=" not in group
    ]


def _named(group: str) -> str:
    """Return a group in words.

    Example:
        >>> _named("size_mm=under 5"), _named("series=CMP")
        ('size mm under 5', 'series CMP')
    """
    return group.replace("=", " ", 1).replace("_", " ")


def _by_group(context: Context, groups: list[str]) -> Table:
    """Return the measures over all classes in each group, a block a group."""
    present = [item for item in _OVERALL if any(context.numbers.get(item[0], m.name) for m in context.models)]
    columns = [Column(key="who", title="Model"), Column(key="n", title="n", kind="number", help="Lesions")]
    columns += [Column(key=key, title=title, kind="interval", help=text) for key, title, _, text in present]
    rows = []
    for group in groups:
        for model in context.models:
            found = {key: context.numbers.get(key, model.name, group=group) for key, *_ in present}
            accuracy = found["accuracy"]
            if accuracy is None:
                continue
            cells = {"who": text_cell(model.title), "n": count_cell(accuracy.n)}
            for key, _, digits, _ in present:
                value = found[key]
                cells[key] = text_cell(None) if value is None else value.cell(digits)
            rows.append(Row(cells=cells, group=_named(group), key=model.name))
    note = (
        "An AUC over all classes needs a lesion of every class in the group. The groups are small and many: they "
        "can point at weak spots, and are no findings."
    )
    return Table(
        id="all-classes-groups-table",
        title="All classes together, in groups of lesions",
        columns=tuple(columns),
        rows=tuple(rows),
        notes=(note,),
    )


def _class_rows(context: Context, name: str, group: str = "") -> list[Row]:
    """Return a row a model of one class against the rest, on all lesions or on those of a group."""
    rows: list[Row] = []
    where = ", ".join(part for part in (group, f"class={name}") if part)
    for model in context.models:
        cells: dict[str, Cell] = {"who": text_cell(model.title)}
        for quantity, _, digits, _ in _QUANTITIES:
            found = context.numbers.get(quantity, model.name, group=where)
            if found is not None:
                cells[quantity] = found.cell(digits)
                cells.setdefault("n", count_cell(found.n_positive))
        if len(cells) > 1:
            told = ", ".join(part for part in (_named(group) if group else "", name) if part)
            rows.append(Row(cells=cells, group=told, key=model.name))
    return rows


def _class_table(context: Context, rows: list[Row], *, id_: str, title: str) -> Table:
    """Return the table of such rows, with the columns that have any number."""
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
    return Table(
        id=id_,
        title=title,
        columns=tuple(column for column in columns if column.key in filled),
        rows=tuple(rows),
        notes=(f"Intervals: {context.percent()}. Methods: {methods}.",),
    )


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
