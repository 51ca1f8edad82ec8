"""Which lesions were found: recall, precision and F1 in all lesions and in groups, false positives, patients."""

from __future__ import annotations

from samesplit.reports.context import Context, ModelInfo
from samesplit.reports.document import Column, Figure, Row, Section, Table
from samesplit.reports.figures.detection import RateRow, draw_rates
from samesplit.reports.formatting import count_cell, counted, text_cell

__all__ = ["detection"]

_PANELS = (
    ("detection_recall", "Recall"),
    ("detection_precision", "Precision"),
    ("detection_f1", "F1"),
)
_COLUMNS = (
    ("detection_recall", "Recall", "Share of the lesions that were found"),
    ("detection_precision", "Precision", "Share of found lesions among these and the false components"),
    ("detection_f1", "F1", "Harmonic mean of recall and precision"),
    ("false_positives_per_patient", "False positives per patient", "Components that are no lesion"),
    ("lesions_found", "Lesions found", "Lesions found in at least one sequence"),
    ("patients_found", "Patients found", "Patients with any lesion found in at least one sequence"),
    ("dice", "Dice", "Mean over the lesions of the group"),
)
_ALL = "all"


def detection(context: Context) -> Section | None:
    """Build the rates with their intervals, and the table of all groups."""
    models = [model for model in context.models if context.numbers.get("detection_recall", model.name)]
    if not models:
        return None
    groups = [_ALL, *context.numbers.groups(models[0].name, "detection_recall")]
    rows = [
        RateRow(_named(group), [_marks(context, models, key, group) for key, _ in _PANELS])
        for group in groups
    ]
    alt = f"Recall, precision and F1 of {counted(len(models), 'model')} in {counted(len(groups), 'group')}."
    figure = Figure(
        id="detection-figure",
        title="Found lesions and false components",
        caption=(
            f"Bars: {context.percent()} intervals. A predicted component is the lesion that it shares most voxels "
            "with; a lesion is found when its overlap with its components (intersection over union) reaches "
            "the value that the task declares."
        ),
        alt=alt,
        svg=draw_rates(
            rows,
            [title for _, title in _PANELS],
            [(model.title, context.style(model.name)) for model in models],
            name="detection",
            alt=alt,
        ),
        table=_table(context, models, groups),
    )
    return Section(id="detection", title="Detection", blocks=(figure,))


def _named(group: str) -> str:
    """Return a group in words.

    Example:
        >>> _named("size=below 5 mm"), _named("all"), _named("scanner_vendor=GE")
        ('size below 5 mm', 'all lesions', 'scanner vendor GE')
    """
    return "all lesions" if group == _ALL else group.replace("=", " ", 1).replace("_", " ")


def _marks(
    context: Context, models: list[ModelInfo], quantity: str, group: str
) -> list[tuple[float, float | None, float | None] | None]:
    marks: list[tuple[float, float | None, float | None] | None] = []
    for model in models:
        found = context.numbers.get(quantity, model.name, group=group)
        if found is None or not found.is_known():
            marks.append(None)
        else:
            bounds = (None, None) if found.low != found.low else (found.low, found.high)
            marks.append((found.estimate, *bounds))
    return marks


def _table(context: Context, models: list[ModelInfo], groups: list[str]) -> Table:
    columns = [Column(key="group", title="Lesions"), Column(key="n", title="n", kind="number")]
    columns += [Column(key=key, title=title, kind="interval", help=text) for key, title, text in _COLUMNS]
    rows = []
    for model in models:
        for group in groups:
            found = {key: context.numbers.get(key, model.name, group=group) for key, _, _ in _COLUMNS}
            first = found["detection_recall"]
            if first is None:
                continue
            cells = {key: value.cell(2) for key, value in found.items() if value is not None}
            head = {"group": text_cell(_named(group)), "n": count_cell(first.n)}
            rows.append(Row(cells=head | cells, group=model.title if len(models) > 1 else "", key=model.name))
    return Table(
        id="detection-table",
        title="Detection",
        columns=tuple(columns),
        rows=tuple(rows),
        notes=(
            "Components count with the size, side and sequence that they have themselves. Sizes are diameters of "
            "the ball of the same volume. Intervals draw whole patients; where all say the same they are exact "
            "ones of the patients.",
        ),
        sortable=False,
    )
