"""Calibrated models beside the models whose probabilities they calibrate."""

from __future__ import annotations

from collections.abc import Sequence

from samesplit.reports.context import Context, ModelInfo
from samesplit.reports.document import Block, Column, Row, Table
from samesplit.reports.formatting import lowest_to_highest, number_cell, text_cell
from samesplit.reports.rows import records

__all__ = ["before_and_after", "fitted_maps", "in_pairs", "lead"]

_METHODS = {"platt": "Platt", "isotonic": "isotonic regression", "temperature": "temperature"}
_FITTED = (
    "A calibrated model stands behind the model whose probabilities it maps. In each fold the map was fitted on "
    "lesions that are neither tested nor learnt from by the model. On the validation part a network looks a "
    "little better than it is, since its weights were selected there."
)


def in_pairs(context: Context) -> tuple[ModelInfo, ...]:
    """Return the models with each calibrated one behind its member."""
    names = {model.name for model in context.models}
    behind: dict[str, list[ModelInfo]] = {}
    for model in context.models:
        if model.member in names:
            behind.setdefault(model.member, []).append(model)
    ordered: list[ModelInfo] = []

    def put(model: ModelInfo) -> None:
        if model not in ordered:
            ordered.append(model)
            for after in behind.get(model.name, ()):
                put(after)

    for model in context.models:
        if model.member not in names:
            put(model)
    return tuple(ordered)


def lead(context: Context) -> str:
    """Say whether any probabilities were calibrated."""
    calibrated = any(model.member for model in context.models)
    first = _FITTED if calibrated else "The probabilities are those of the models, without recalibration."
    return f"{first} The test predictions of all folds are taken together."


def before_and_after(
    context: Context,
    quantities: Sequence[tuple[str, str, str]],
    *,
    digits: int = 2,
    classes: Sequence[str] = (),
) -> Table | None:
    """Set the scores of each calibrated model beside those of its member.

    Args:
        context: The run.
        quantities: Name in the results, title and explanation of each score.
        digits: After the point; of a Brier score 3 at least.
        classes: Of several classes those whose scores against the rest are shown; none for scores of all together.

    Returns:
        Two rows a pair, or a pair and class; None without a pair, or without any of the scores.
    """
    by_name = {model.name: model for model in context.models}
    pairs = [(by_name[model.member], model) for model in context.models if model.member in by_name]
    groups = {name: {"group": f"class={name}"} for name in classes} or {"": {}}
    present = [
        item
        for item in quantities
        if any(
            context.numbers.get(item[0], model.name, **where)
            for where in groups.values()
            for pair in pairs
            for model in pair
        )
    ]
    if not pairs or not present:
        return None
    rows = []
    for before, after in pairs:
        for name, where in groups.items():
            for model, state in ((before, "before"), (after, f"after ({_method(context, after)})")):
                cells = {"who": text_cell(before.title), "class": text_cell(name), "state": text_cell(state)}
                for key, _, _ in present:
                    found = context.numbers.get(key, model.name, **where)
                    cells[key] = (
                        found.cell(digits=max(digits, 3) if "brier" in key else digits)
                        if found is not None
                        else number_cell(None)
                    )
                rows.append(Row(cells=cells, key=model.name))
    columns = [Column(key="who", title="Model")]
    columns += [Column(key="class", title="Class")] if classes else []
    columns += [Column(key="state", title="Calibration")]
    columns += [Column(key=key, title=title, kind="interval", help=text) for key, title, text in present]
    return Table(
        id="before-and-after-classes-table" if classes else "before-and-after-table",
        title="Before and after calibration" + (", each class against the rest" if classes else ""),
        columns=tuple(columns),
        rows=tuple(rows),
        notes=(f"Intervals: {context.percent()}. The same test lesions before and after.",),
    )


def fitted_maps(context: Context) -> list[Block]:
    """Show the numbers of the maps, from the lowest to the highest of all fits; nothing without any."""
    rows = []
    for model in context.models:
        found = context.found_by(model.name, "calibration_map")
        if model.member and len(found):
            for name, fits in found.groupby("class", sort=False):
                first = records(fits)[0]
                rows.append(
                    Row(
                        cells={
                            "who": text_cell(model.title),
                            "class": text_cell(str(name)),
                            "method": text_cell(_METHODS[str(first["method"])]),
                            "slope": text_cell(lowest_to_highest(fits["slope"])),
                            "intercept": text_cell(lowest_to_highest(fits["intercept"])),
                            "lesions": text_cell(lowest_to_highest(fits["lesions"], 0)),
                        },
                        key=model.name,
                    )
                )
    if not rows:
        return []
    columns = (
        Column(key="who", title="Model"),
        Column(key="class", title="Class"),
        Column(key="method", title="Method"),
        Column(key="slope", title="Slope", help="Below 1 the model's probabilities were too extreme"),
        Column(key="intercept", title="Intercept", help="Added to the log odds"),
        Column(key="lesions", title="Fitted to lesions"),
    )
    note = "Calibrated log odds = intercept + slope x log odds; from the lowest to the highest over all fits."
    table = Table(
        id="calibration-maps-table",
        title="What calibration did to the log odds",
        columns=columns,
        rows=tuple(rows),
        notes=(note,),
    )
    return [table]


def _method(context: Context, model: ModelInfo) -> str:
    found = context.found_by(model.name, "calibration_map")
    return _METHODS.get(str(found["method"].iloc[0]), "") if len(found) else model.title
