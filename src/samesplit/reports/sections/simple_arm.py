"""The strong simple model beside every model that searched among candidates."""

from __future__ import annotations

from samesplit.reports.adjustment import adjustment_method
from samesplit.reports.context import Context, ModelInfo
from samesplit.reports.document import Cell, Column, Row, Table
from samesplit.reports.formatting import count_cell, p_cell, text_cell

__all__ = ["simple_arm"]


def simple_arm(context: Context) -> Table | None:
    """Build the table; None where the run has no simple arm, or nothing searched.

    Args:
        context: `simple_arm` of run.json names the arm.
    """
    name = context.data.run.get("simple_arm")
    arm = next((model for model in context.models if model.name == name), None)
    searched = {model.name: len(context.summed_up(model.name, "grid_cells")) for model in context.models}
    grids = [model for model in context.models if searched[model.name] and model is not arm]
    if arm is None or not grids:
        return None
    columns = (
        Column(key="who", title="Model"),
        Column(key="candidates", title="Candidates", kind="number"),
        Column(key="auc", title="AUC", kind="interval"),
        Column(key="difference", title=f"Minus {arm.title}", kind="interval"),
        Column(
            key="p",
            title="Adjusted P",
            kind="number",
            help=f"Test of no difference; adjusted by {adjustment_method(context)}",
        ),
    )
    rows = [_row(context, model, arm, searched[model.name]) for model in grids]
    rows.append(_row(context, arm, arm, None))
    return Table(
        id="simple-arm-table",
        title="Gain of the grid search over a simple model",
        columns=columns,
        rows=tuple(rows),
        notes=(
            f"{arm.title} selects no features and no kind of model. A search whose result is not shown to "
            "be above it has not been shown to gain anything. Test AUC, with intervals as in the first "
            "table.",
        ),
    )


def _row(context: Context, model: ModelInfo, arm: ModelInfo, candidates: int | None) -> Row:
    same = model.name == arm.name
    found = None if same else context.numbers.difference("auc", model.name, arm.name)
    return Row(
        key=model.name,
        emphasis=same,
        cells={
            "who": text_cell(model.title, note="simple model" if same else ""),
            "candidates": count_cell(candidates),
            "auc": context.numbers.cell("auc", model.name),
            "difference": found.cell(signed=True) if found is not None else Cell(text=""),
            "p": p_cell(found.p_adjusted) if found is not None else Cell(text=""),
        },
    )
