"""Kaplan-Meier curves of the lesions by predicted risk."""

from __future__ import annotations

import pandas as pd

from samesplit.reports.context import Context
from samesplit.reports.document import Column, Figure, Row, Section, Table
from samesplit.reports.figures.kaplan_meier import RiskGroup, SurvivalPanel, draw_kaplan_meier
from samesplit.reports.formatting import count_cell, counted, estimate_cell, text_cell

__all__ = ["survival"]

_ORDER = ("low", "middle", "high")
_STEPS = 5


def survival(context: Context) -> Section | None:
    """Build a panel a model with three groups of predicted risk, and the numbers at risk."""
    table = context.data.table("curves/kaplan_meier")
    if table.empty:
        return None
    table = table.assign(risk=_names(table["risk"]))
    times = _axis(float(table["time"].max()))
    panels = []
    for model in context.models:
        mine = table[table["model"] == model.name]
        if len(mine) and not model.is_constant:
            groups = [_group(mine[mine["risk"] == name], name, times) for name in _present(mine)]
            panels.append(SurvivalPanel(model.title, groups))
    if not panels:
        return None
    unit = context.data.task.unit
    alt = f"Kaplan-Meier curves of {counted(len(panels), 'model')}, in groups of predicted risk."
    figure = Figure(
        id="kaplan-meier",
        title="Time to event by predicted risk",
        caption=(
            "Lesions of the test parts in thirds of the predicted risk of each model, and the share of "
            f"each third that is still without an event, with {context.percent()} bands. Follow-up that "
            "ended without an event is censored. Curves that lie apart show that the risk tells early "
            "events from late ones; the C-index measures it over all pairs of lesions."
        ),
        alt=alt,
        svg=draw_kaplan_meier(panels, unit=unit, name="kaplan-meier", alt=alt),
        table=_table(context, table, times),
    )
    return Section(id="survival", title="Survival by predicted risk", blocks=(figure,))


def _names(column: pd.Series[str]) -> pd.Series[str]:
    numbers = {str(i): name for i, name in enumerate(_ORDER)}
    return column.map(lambda value: numbers.get(str(value), str(value)))


def _present(table: pd.DataFrame) -> list[str]:
    found = set(table["risk"])
    return [name for name in _ORDER if name in found] + sorted(found - set(_ORDER))


def _axis(end: float) -> list[float]:
    """Round times from 0 to the end, about five of them.

    Example:
        >>> _axis(59.0), _axis(7.4)
        ([0.0, 20.0, 40.0], [0.0, 2.0, 4.0, 6.0])
    """
    steps = [base * 10.0**power for power in range(-3, 5) for base in (1, 2, 5)]
    step = next((step for step in steps if end / step <= _STEPS), steps[-1])
    return [round(step * place, 6) for place in range(int(end / step) + 1)]


def _group(table: pd.DataFrame, name: str, times: list[float]) -> RiskGroup:
    table = table.sort_values("time", kind="stable")
    return RiskGroup(
        title=name,
        times=table["time"].tolist(),
        survival=table["survival"].tolist(),
        low=table["ci_low"].tolist(),
        high=table["ci_high"].tolist(),
        at_risk={time: _at_risk(table, time) for time in times},
    )


def _at_risk(table: pd.DataFrame, time: float) -> int:
    """How many are followed up without an event up to a time: as many as before the next step of the curve."""
    later = table[table["time"] >= time]
    return round(float(later["at_risk"].iloc[0])) if len(later) else 0


def _at(table: pd.DataFrame, time: float) -> dict[str, float]:
    return {str(k): v for k, v in table[table["time"] <= time].iloc[-1].items()}


def _table(context: Context, table: pd.DataFrame, times: list[float]) -> Table:
    unit = context.data.task.unit
    columns = [Column(key="risk", title="Predicted risk"), Column(key="n", title="Lesions", kind="number")]
    columns += [
        Column(key=f"t{i}", title=f"{time:g} {unit}", kind="interval", help="Share without an event")
        for i, time in enumerate(times)
        if time > 0
    ]
    rows = []
    for model in context.models:
        mine = table[table["model"] == model.name]
        for name in _present(mine):
            group = mine[mine["risk"] == name].sort_values("time", kind="stable")
            cells = {"risk": text_cell(name), "n": count_cell(round(float(group["at_risk"].max())))}
            for i, time in enumerate(times):
                if time > 0:
                    row = _at(group, time)
                    note = f"{_at_risk(group, time)} at risk"
                    cells[f"t{i}"] = estimate_cell(
                        row["survival"], row["ci_low"], row["ci_high"], 2, note=note
                    )
            rows.append(Row(cells=cells, group=model.title, key=model.name))
    return Table(
        id="kaplan-meier-table",
        title="Share without an event",
        columns=tuple(columns),
        rows=tuple(rows),
        notes=("All steps of the curves: curves/kaplan_meier.parquet.",),
        sortable=False,
    )
