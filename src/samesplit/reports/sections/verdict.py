"""The verdict table: every model, control, reader and published result, with intervals."""

from __future__ import annotations

import math

from samesplit.reports.adjustment import adjustment_method, declared_families
from samesplit.reports.context import Context, ModelInfo, ReaderInfo
from samesplit.reports.document import Cell, Column, Row, Section, Table
from samesplit.reports.estimates import Estimate
from samesplit.reports.formatting import count_cell, counted, number_cell, p_cell, text_cell
from samesplit.reports.ranking import best_first
from samesplit.reports.sections.interval_coverage import interval_remarks
from samesplit.reports.sections.performance import performance
from samesplit.reports.sections.published import verdict_rows
from samesplit.tasks import TaskKind

__all__ = ["verdict"]


_MORE: dict[TaskKind, tuple[tuple[str, str, int, str], ...]] = {
    "binary": (
        ("sensitivity", "Sensitivity", 2, "At the operating point"),
        ("specificity", "Specificity", 2, "At the operating point"),
        ("brier", "Brier score", 3, "Mean squared error of the probabilities; 0 is best"),
    ),
    "multiclass": (
        ("accuracy", "Accuracy", 2, "Share of the lesions whose called class is the true one"),
        ("balanced_accuracy", "Balanced accuracy", 2, "Mean of the sensitivities of the classes"),
        ("cohen_kappa", "Kappa", 3, "Agreement of called and true class beyond chance (Cohen)"),
        ("brier", "Brier score", 3, "Mean squared error over all classes; 0 is best"),
    ),
    "survival": (),
    "segmentation": (),
}
"""By kind of task: the columns after the main quantity."""


def verdict(context: Context) -> Section:
    """Build the table of all models, controls, readers and published results."""
    rows = [*_model_rows(context), *_reader_rows(context), *verdict_rows(context)]
    columns = _columns(context, rows)
    used = {column.key for column in columns}
    rows = [
        row.model_copy(update={"cells": {k: c for k, c in row.cells.items() if k in used}}) for row in rows
    ]
    title = "Performance of models and readers" if context.readers else "Performance of the models"
    table = Table(
        id="verdict-table",
        title=title,
        columns=columns,
        rows=tuple(rows),
        notes=_notes(context),
    )
    full = performance(context) if context.data.task.kind == "binary" else None
    blocks = (table, *([full] if full is not None else []), *_groups(context))
    return Section(id="verdict", title=title, lead=_lead(context), blocks=blocks)


def _lead(context: Context) -> str:
    found = [context.numbers.get(context.main.quantity, model.name) for model in context.models]
    lesions = [estimate.n for estimate in found if estimate is not None]
    if not lesions:
        return ""
    point = _operating_point(context) if context.data.task.kind == "binary" else ""
    same = (
        f"All models are evaluated on the same {max(lesions)} test lesions." if len(set(lesions)) == 1 else ""
    )
    return f"{same} {point}".strip()


def _operating_point(context: Context) -> str:
    policy = context.data.section("statistics").get("operating_point", "youden")
    kind, value = (policy.get("policy"), policy.get("value")) if isinstance(policy, dict) else (policy, None)
    words = {
        "youden": "the largest sum of sensitivity and specificity",
        "sensitivity": f"a sensitivity of at least {value}",
        "specificity": f"a specificity of at least {value}",
    }.get(str(kind))
    if kind == "fixed":
        return f"Sensitivity and specificity are those at the declared threshold of {value}."
    where = words or f"the rule “{kind}”"
    return (
        "Sensitivity and specificity are those at an operating point that was fixed on development data "
        f"({where}); no test label was used to choose it."
    )


def _columns(context: Context, rows: list[Row]) -> tuple[Column, ...]:
    main = context.main
    bounds = [
        bound
        for row in rows
        if (cell := row.cells.get(main.quantity)) is not None
        for bound in (cell.low, cell.value)
        if isinstance(bound, float)
    ]
    start = min([0.5, *(math.floor(10 * bound + 1e-9) / 10 for bound in bounds)])
    axis = (max(start, 0.0), 1.0)
    columns = [
        Column(key="who", title="Model or reader" if context.readers else "Model"),
        Column(key="n", title="n", kind="number", help="Lesions evaluated"),
        Column(key="events", title="Events", kind="number", help="Lesions with an event"),
        Column(key=main.quantity, title=main.title, kind="interval", help=main.help),
        Column(key="forest", title="", kind="forest", of=main.quantity, axis=axis, mark=main.chance),
    ]
    columns += [
        Column(key=key, title=title, kind="interval", help=text)
        for key, title, _, text in _MORE[context.data.task.kind]
    ]
    reference = context.reference
    if reference is not None:
        columns += [
            Column(
                key="difference",
                title=f"Δ {main.title}",
                kind="interval",
                help=f"{main.title} minus that of the reference, {reference.title}",
            ),
            Column(
                key="p",
                title="Adjusted P",
                kind="number",
                help=f"Two-sided test of no difference; adjusted by {adjustment_method(context)}",
            ),
        ]
    filled = {key for row in rows for key, cell in row.cells.items() if cell.value is not None}
    always = {"who", "n", main.quantity, "forest"}
    return tuple(column for column in columns if column.key in filled | always)


def _model_rows(context: Context) -> list[Row]:
    ordered = best_first(context.numbers, context.main.quantity, context.models)
    ordered.sort(key=lambda model: model.is_control)
    return [_model_row(context, model) for model in ordered]


def _model_row(context: Context, model: ModelInfo) -> Row:
    reference = context.reference
    is_reference = reference is not None and reference.name == model.name
    cells = _numbers(context, model.name)
    cells["who"] = text_cell(model.title, note="reference" if is_reference else "")
    if is_reference:
        cells["difference"] = Cell(text="reference")
        cells["p"] = Cell(text="")
    group = "Controls: simple models that any other model has to beat" if model.is_control else "Models"
    return Row(cells=cells, group=group, key=model.name, emphasis=is_reference)


def _numbers(context: Context, name: str) -> dict[str, Cell]:
    numbers, reference, main = context.numbers, context.reference, context.main.quantity
    quantities = (main, "sensitivity", "accuracy")
    known = [found for q in quantities if (found := numbers.get(q, name)) is not None]
    cells = {"n": count_cell(known[0].n if known else None), main: numbers.cell(main, name)}
    if known and context.data.task.kind == "survival":
        cells["events"] = count_cell(known[0].n_positive)
    for key, _, digits, _ in _MORE[context.data.task.kind]:
        cells[key] = numbers.cell(key, name, digits=digits)
    cells["forest"] = cells[main]
    if reference is not None:
        found = numbers.difference(main, name, reference.name)
        cells["difference"] = found.cell(signed=True) if found else text_cell(None)
        cells["p"] = p_cell(found.p_adjusted if found else None)
    return cells


def _reader_rows(context: Context) -> list[Row]:
    return [_reader_row(context, reader) for reader in context.readers]


def _reader_row(context: Context, reader: ReaderInfo) -> Row:
    cells = _numbers(context, reader.name)
    cells["who"] = text_cell(reader.title)
    return Row(cells=cells, group="Readers", key=reader.name, emphasis=reader.is_mean)


def _notes(context: Context) -> tuple[str, ...]:
    numbers, main = context.numbers, context.main
    notes = [f"Intervals: {context.percent()}. Methods: {_methods(context)}"]
    if any(numbers.get(f"{main.quantity}_as_fitted", model.name) for model in context.models):
        notes.append(
            f"Over folds the interval of {main.words} allows for other training patients as well as other "
            "test patients. The narrower one that most papers report, which takes the fitted models as "
            "given, is in the table of the variability over folds and seeds, and as "
            f"{main.quantity}_as_fitted in results.csv."
        )
    notes += interval_remarks(context)
    if context.reference is not None:
        readers = " (for readers: over the readers, or over their means)" if context.readers else ""
        families = declared_families(context)
        over = "the declared families" if families else f"all pairs of models{readers}"
        notes.append(
            f"Δ {main.title}: difference to the reference, {context.reference.title}, on the same lesions "
            f"({_list(numbers.methods((f'{main.quantity}_difference',)))}). An interval that contains 0 "
            "means that no difference is shown, not that there is none. P is adjusted by "
            f"{adjustment_method(context)} over {over}; a difference is shown when it is below "
            f"{1 - context.data.confidence:.2g} and the probability of a false claim is at most 0.05."
        )
    if context.readers:
        notes.append(
            "Readers: sensitivity and specificity from their decisions, AUC from their scores; a missing "
            "decision is left out and never taken for negative. The mean gives each reader the same "
            "weight and takes the readers as fixed; with readers random it is in the sections on readers."
        )
    remarks = {
        model.title: found.note
        for model in context.models
        if (found := numbers.get(main.quantity, model.name)) is not None and found.note
    }
    notes += [f"{title}: {note}." for title, note in remarks.items()]
    return tuple(notes)


def _methods(context: Context) -> str:
    numbers, main = context.numbers, context.main
    text = f"{main.title}: {_list(numbers.methods((main.quantity,)))}."
    if context.data.task.kind == "binary":
        return (
            f"{text} Sensitivity and specificity: {_list(numbers.methods(('sensitivity', 'specificity')))}. "
            f"Brier score: {_list(numbers.methods(('brier',)))}."
        )
    if context.data.task.kind == "multiclass":
        rates = numbers.methods(("accuracy", "balanced_accuracy"))
        rest = numbers.methods(("cohen_kappa", "brier"))
        return f"{text} Accuracy: {_list(rates)}. Kappa and Brier score: {_list(rest)}."
    return text


def _list(methods: list[str]) -> str:
    return "; ".join(methods) or "none"


def _groups(context: Context) -> list[Table]:
    """Return the AUC with other raters' masks, and in groups of lesions that no section on subgroups tells."""
    quantity = context.main.quantity
    every = [group for model in context.models for group in context.numbers.groups(model.name, quantity)]
    names = [
        name
        for name in dict.fromkeys(every)
        if not name.startswith(("class=", "test_set=")) and ", class=" not in name
    ]
    raters = [name for name in names if name.startswith("rater=")]
    main = context.main.title
    told = context.data.table("subgroups")
    elsewhere = set(told["column"]) if len(told) else set()
    groups = [name for name in names if name not in raters and name.partition("=")[0] not in elsewhere]
    found = []
    if raters:
        own = f"All other results are with the masks of {context.data.rater}." if context.data.rater else ""
        note = f"The same lesions, with masks drawn by another rater. {own}".strip()
        found.append(
            _groups_table(context, raters, "raters-table", f"{main} with the masks of other raters", note)
        )
    if groups:
        note = "The groups are small and many: they can point at weak spots, and are no findings."
        found.append(_groups_table(context, groups, "groups-table", f"{main} by group of lesions", note))
    return found


def _groups_table(context: Context, groups: list[str], id_: str, title: str, note: str) -> Table:
    columns = [Column(key="who", title="Model")]
    columns += [Column(key=f"g{i}", title=_group(group), kind="interval") for i, group in enumerate(groups)]
    rows = []
    counts: dict[str, Estimate] = {}
    for model in context.models:
        cells = {"who": text_cell(model.title)}
        for i, group in enumerate(groups):
            found = context.numbers.get(context.main.quantity, model.name, group=group)
            cells[f"g{i}"] = found.cell(2) if found else number_cell(None)
            if found is not None:
                counts[group] = found
        if any(cell.value is not None for key, cell in cells.items() if key != "who"):
            rows.append(Row(cells=cells, key=model.name))
    what = context.data.task.counted
    sizes = "; ".join(
        f"{_group(group)}: {counted(found.n, 'lesion')}" + (f", {found.n_positive} {what}" if what else "")
        for group, found in counts.items()
    )
    return Table(id=id_, title=title, columns=tuple(columns), rows=tuple(rows), notes=(f"{sizes}. {note}",))


def _group(name: str) -> str:
    return name.replace("=", ": ", 1)
