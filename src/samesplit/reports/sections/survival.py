"""Kaplan-Meier curves of the lesions by predicted risk."""

from __future__ import annotations

import pandas as pd

from samesplit.reports.context import Context
from samesplit.reports.document import Block, Column, Figure, Row, Section, Table
from samesplit.reports.figures.kaplan_meier import RiskGroup, SurvivalPanel, draw_kaplan_meier
from samesplit.reports.formatting import count_cell, counted, estimate_cell, p_text, text_cell
from samesplit.reports.sections.survival_hazards import hazard_blocks, high_risk

__all__ = ["survival"]

_ORDER = ("low", "middle", "high")
_STEPS = 5


def survival(context: Context) -> Section | None:
    """Build the curves of low and high risk and of thirds, the hazard ratios, and the subgroups."""
    cut = _figure(
        context,
        context.data.table("curves/kaplan_meier_cut"),
        name="kaplan-meier-cut",
        title="Time to event of low and high risk",
        caption=(
            f"Lesions of the test parts whose predicted risk is low or high: above {high_risk(context)} (of "
            "several fits the majority). Shown is the share of each that is still without an "
            f"event, with {context.percent()} bands. Follow-up that ended without an event is censored. P: "
            "log-rank test."
        ),
        tested=True,
    )
    thirds = _figure(
        context,
        context.data.table("curves/kaplan_meier"),
        name="kaplan-meier",
        title="Time to event by predicted risk",
        caption=(
            "Lesions of the test parts in thirds of the predicted risk of each model, and the share of "
            f"each third that is still without an event, with {context.percent()} bands. Follow-up that "
            "ended without an event is censored. Curves that lie apart show that the risk tells early "
            "events from late ones; the C-index measures it over all pairs of lesions."
        ),
    )
    blocks: list[Block] = [figure for figure in (cut, thirds) if figure is not None]
    blocks[1:1] = hazard_blocks(context)
    return (
        Section(id="survival", title="Survival by predicted risk", blocks=tuple(blocks)) if blocks else None
    )


def _figure(
    context: Context, table: pd.DataFrame, *, name: str, title: str, caption: str, tested: bool = False
) -> Figure | None:
    if table.empty:
        return None
    table = table.assign(risk=_names(table["risk"]))
    times = _axis(float(table["time"].max()))
    panels = []
    for model in context.models:
        mine = table[table["model"] == model.name]
        if len(mine) and not model.is_constant:
            groups = [_group(mine[mine["risk"] == risk], risk, times) for risk in _present(mine)]
            test = context.numbers.get("log_rank", model.name) if tested else None
            note = "" if test is None or not test.is_known() else f"log-rank P {p_text(test.p_value)}"
            panels.append(SurvivalPanel(model.title, groups, note))
    if not panels:
        return None
    alt = f"Kaplan-Meier curves of {counted(len(panels), 'model')}, in groups of predicted risk."
    return Figure(
        id=name,
        title=title,
        caption=caption,
        alt=alt,
        svg=draw_kaplan_meier(panels, unit=context.data.task.unit, name=name, alt=alt),
        table=_table(context, table, times, name),
    )


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


def _table(context: Context, table: pd.DataFrame, times: list[float], name: str) -> Table:
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
        for risk in _present(mine):
            group = mine[mine["risk"] == risk].sort_values("time", kind="stable")
            cells = {"risk": text_cell(risk), "n": count_cell(round(float(group["at_risk"].max())))}
            for i, time in enumerate(times):
                if time > 0:
                    row = _at(group, time)
                    note = f"{_at_risk(group, time)} at risk"
                    cells[f"t{i}"] = estimate_cell(
                        row["survival"], row["ci_low"], row["ci_high"], 2, note=note
                    )
            rows.append(Row(cells=cells, group=model.title, key=model.name))
    return Table(
        id=f"{name}-table",
        title="Share without an event",
        columns=tuple(columns),
        rows=tuple(rows),
        notes=(f"All steps of the curves: curves/{name.replace('-', '_')}.parquet.",),
        sortable=False,
    )
