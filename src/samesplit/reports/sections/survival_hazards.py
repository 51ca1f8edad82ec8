"""Hazard ratios of predicted risk: by risk group, beside clinical variables, and in subgroups."""

from __future__ import annotations

from typing import Any

from samesplit.reports.context import Context
from samesplit.reports.document import Block, Cell, Column, Figure, Row, Table
from samesplit.reports.figures.hazards import HazardLine, draw_hazards
from samesplit.reports.formatting import (
    count_cell,
    estimate_cell,
    interval_text,
    is_missing,
    number,
    p_cell,
    text_cell,
)
from samesplit.reports.palette import INK
from samesplit.reports.rows import records

__all__ = ["hazard_blocks", "high_risk"]


def high_risk(context: Context) -> str:
    """Say above what a risk is high: the probability of another task where that task calls a lesion positive."""
    known = (context.numbers.get("log_rank", model.name) for model in context.models)
    told = any("the other task calls" in one.note for one in known if one is not None)
    return "the median of the validation part of the same fit" + (
        "; the probability of another task is high where that task calls a lesion positive" if told else ""
    )


def hazard_blocks(context: Context) -> list[Block]:
    """Build the tables of hazard ratios and the forest plot of subgroups, where the run has such tables."""
    found = (_by_risk(context), _cox(context), _subgroups(context))
    return [block for block in found if block is not None]


def _by_risk(context: Context) -> Table | None:
    rates = context.data.table("survival_rates")
    if rates.empty:
        return None
    at, unit = float(rates["time"].iloc[0]), context.data.task.unit
    columns = (
        Column(key="model", title="Model"),
        Column(key="low", title="Low risk", kind="interval", group=f"Without event at {at:g} {unit}"),
        Column(key="high", title="High risk", kind="interval", group=f"Without event at {at:g} {unit}"),
        Column(
            key="ratio",
            title="High against low",
            kind="interval",
            group="Hazard ratio",
            help="Cox regression",
        ),
        Column(
            key="sd", title="Per SD of risk", kind="interval", group="Hazard ratio", help="Cox regression"
        ),
        Column(key="p", title="Log-rank P", kind="number"),
        Column(
            key="uno", title="Uno's C", kind="interval", help="Harrell's C stands in the table of results"
        ),
    )
    rows = []
    for model in context.models:
        mine = rates[rates["model"] == model.name]
        if mine.empty or model.is_constant:
            continue
        by_risk = {str(row["risk"]): row for row in records(mine)}
        cells = {"model": text_cell(model.title)}
        cells |= {name: _rate_cell(by_risk.get(name)) for name in ("low", "high")}
        for key, quantity in (("ratio", "hazard_ratio_high"), ("sd", "hazard_ratio"), ("uno", "uno_c")):
            one = context.numbers.get(quantity, model.name)
            cells[key] = text_cell("") if one is None else one.cell(2 if key != "uno" else 3)
        test = context.numbers.get("log_rank", model.name)
        cells["p"] = text_cell("") if test is None else p_cell(test.p_value, note=test.note)
        rows.append(Row(cells=cells, key=model.name))
    if not rows:
        return None
    note = (
        f"High is a risk above {high_risk(context)}. Hazard ratios and P values take "
        "the fitted models as given: they speak of these models on other patients and not, as the C-index, of "
        "models trained on other patients as well. They are not adjusted for the number of models."
    )
    return Table(
        id="survival-risk", title="Low and high risk", columns=columns, rows=tuple(rows), notes=(note,)
    )


def _rate_cell(row: dict[str, Any] | None) -> Cell:
    if row is None:
        return text_cell("")
    note = f"{row['n']} lesions, {row['n_events']} events, {row['at_risk']} followed up so long"
    told = "; ".join(part for part in (note, str(row["note"] or "")) if part)
    return estimate_cell(row["estimate"], row["ci_low"], row["ci_high"], 2, note=told)


def _cox(context: Context) -> Table | None:
    cox = context.data.table("survival_cox")
    if cox.empty:
        return None
    columns = (
        Column(key="term", title="Variable"),
        Column(key="unit", title="Unit"),
        Column(key="alone", title="Hazard ratio", kind="interval", group="Alone"),
        Column(key="alone_p", title="P", kind="number", group="Alone"),
        Column(key="adjusted", title="Hazard ratio", kind="interval", group="All together"),
        Column(key="adjusted_p", title="P", kind="number", group="All together"),
        Column(
            key="proportional",
            title="P, proportional",
            kind="number",
            help="Test that the hazard ratio stays the same over time (Grambsch and Therneau); small: it does not",
        ),
        Column(key="n", title="Lesions", kind="number"),
        Column(key="events", title="Events", kind="number"),
    )
    rows = []
    titles = {"": "Without a risk score"} | {
        model.name: model.title for model in context.models if not model.is_constant
    }
    for name, title in titles.items():
        mine = cox[cox["model"] == name]
        for term in dict.fromkeys(mine["term"]):
            fits = {str(row["fit"]): row for row in records(mine[mine["term"] == term])}
            last = fits.get("adjusted") or fits["univariate"]
            rows.append(
                Row(
                    cells={
                        "term": text_cell(term, note=str(last["note"] or "")),
                        "unit": text_cell(last["unit"]),
                        "alone": _ratio_cell(fits.get("univariate")),
                        "alone_p": _p_of(fits.get("univariate")),
                        "adjusted": _ratio_cell(fits.get("adjusted")),
                        "adjusted_p": _p_of(fits.get("adjusted")),
                        "proportional": p_cell(last["proportional_p"]),
                        "n": count_cell(last["n"]),
                        "events": count_cell(last["n_events"]),
                    },
                    group=title,
                    key=name or None,
                )
            )
    if not rows:
        return None
    note = (
        "Cox regression with Efron's treatment of ties on the lesions of the test parts; patients with several "
        "lesions are clusters. A risk score that keeps its hazard ratio beside the other variables says more "
        "than they do."
    )
    return Table(
        id="survival-cox",
        title="Hazard ratios",
        columns=columns,
        rows=tuple(rows),
        notes=(note,),
        sortable=False,
    )


def _ratio_cell(row: dict[str, Any] | None) -> Cell:
    if row is None or is_missing(row["hazard_ratio"]):
        return text_cell("")
    return estimate_cell(row["hazard_ratio"], row["ci_low"], row["ci_high"], 2, note=str(row["note"] or ""))


def _p_of(row: dict[str, Any] | None) -> Cell:
    return text_cell("") if row is None else p_cell(row["p_value"])


def _subgroups(context: Context) -> Figure | None:
    table = context.data.table("survival_subgroups")
    if table.empty or not (table["column"] != "").any():
        return None
    lines, rows = [], []
    for model in context.models:
        mine = table[table["model"] == model.name]
        if mine.empty or model.is_constant:
            continue
        for row in records(mine):
            where = f"{row['column']}: {row['value']}" if row["column"] else str(row["value"])
            numbers = _numbers(row)
            title = (
                f"{model.title}, {where}" if not row["column"] else f"{where} ({row['n_events']}/{row['n']})"
            )
            colour = context.style(model.name).colour if row["column"] else INK
            lines.append(HazardLine(title, *_drawn(row), numbers, colour))
            rows.append(
                Row(
                    cells={
                        "group": text_cell(where, note=str(row["note"] or "")),
                        "n": count_cell(row["n"]),
                        "events": count_cell(row["n_events"]),
                        "ratio": _ratio_cell(row),
                        "interaction": p_cell(row["interaction_p"]),
                    },
                    group=model.title,
                    key=model.name,
                )
            )
    if not lines:
        return None
    alt = "Forest plot of the hazard ratio of predicted risk in subgroups of lesions."
    return Figure(
        id="survival-subgroups",
        title="Hazard ratio of the risk in subgroups",
        caption=(
            f"Hazard ratio per standard deviation of the risk, with {context.percent()} intervals, in each "
            "declared subgroup (events/lesions). The P value of the interaction tests whether it differs between "
            "the subgroups of a column, each with a baseline hazard of its own."
        ),
        alt=alt,
        svg=draw_hazards(lines, axis="Hazard ratio per SD of the risk", name="survival-subgroups", alt=alt),
        table=Table(
            id="survival-subgroups-table",
            title="Subgroups",
            columns=(
                Column(key="group", title="Subgroup"),
                Column(key="n", title="Lesions", kind="number"),
                Column(key="events", title="Events", kind="number"),
                Column(key="ratio", title="Hazard ratio per SD", kind="interval"),
                Column(key="interaction", title="P, interaction", kind="number"),
            ),
            rows=tuple(rows),
            notes=("Intervals and P values are of one subgroup each and are not adjusted for their number.",),
            sortable=False,
        ),
    )


def _drawn(row: dict[str, Any]) -> tuple[float | None, float | None, float | None]:
    found = [
        None if is_missing(row[key]) else float(row[key]) for key in ("hazard_ratio", "ci_low", "ci_high")
    ]
    return found[0], found[1], found[2]


def _numbers(row: dict[str, Any]) -> str:
    if is_missing(row["hazard_ratio"]):
        return str(row["note"] or "not defined")
    return f"{number(row['hazard_ratio'], 2)} ({interval_text(row['ci_low'], row['ci_high'], 2)})"
