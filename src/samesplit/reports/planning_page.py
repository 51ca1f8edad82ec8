"""The page of `samesplit plan`: one HTML file that needs nothing but itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal

import pandas as pd

from samesplit.reports.document import (
    Badge,
    Block,
    Cell,
    Column,
    Fact,
    Facts,
    Figure,
    Prose,
    Report,
    Row,
    Section,
    Table,
)
from samesplit.reports.figures.power import PowerLine, draw_power
from samesplit.reports.formatting import count_cell, counted, is_missing, number_cell, text_cell
from samesplit.reports.html import to_html
from samesplit.reports.palette import styles_for
from samesplit.reports.rows import records

__all__ = ["planning_page"]

_QUESTIONS = {
    "readers": "How many readers and cases does the study need?",
    "model": "How many patients does the development of the model need?",
    "validation": "How many patients does the validation of the model need?",
    "comparison": "How many patients does the comparison of the two models need?",
}

_SOURCES = {
    "readers": (
        "Power of a reader study from the variance components of Obuchowski and Rockette, with the degrees of "
        "freedom of Hillis: Hillis, Obuchowski and Berbaum, Acad Radiol 2011;18:129-142, "
        "doi:10.1016/j.acra.2010.09.007."
    ),
    "model": (
        "Criteria of Riley and colleagues: BMJ 2020;368:m441, doi:10.1136/bmj.m441; Stat Med 2019;38:1276-1296, "
        "doi:10.1002/sim.7992; and 1262-1275, doi:10.1002/sim.7993."
    ),
    "validation": (
        "Criteria of Riley and colleagues: Stat Med 2021;40:4230-4251, doi:10.1002/sim.9025; BMJ 2024;384:"
        "e074821, doi:10.1136/bmj-2023-074821."
    ),
    "comparison": (
        "Variance of an AUC for normal scores: Obuchowski, Invest Radiol 1994;29:238-243, "
        "doi:10.1097/00004424-199402000-00020."
    ),
}

Kind = Literal["text", "number"]
_COLUMNS: dict[str, tuple[str, Kind, Callable[[Any], Cell], str]] = {
    "criterion": ("Criterion", "text", text_cell, ""),
    "estimate": ("Estimate", "text", text_cell, ""),
    "target": ("Target", "text", text_cell, ""),
    "expected": ("Expected", "number", number_cell, ""),
    "width": ("Width of the interval", "number", number_cell, "At most so wide"),
    "readers": ("Readers", "text", count_cell, ""),
    "cases": ("Cases", "number", count_cell, "Read by every reader"),
    "n": ("Patients", "number", count_cell, ""),
    "positives": ("With the outcome", "number", count_cell, ""),
    "events": ("Events", "number", lambda value: count_cell(_whole(value)), "Expected among the patients"),
    "power": ("Power", "number", number_cell, "Probability that the test finds the true difference"),
    "standard_error": ("Standard error", "number", lambda value: number_cell(value, 4), "Of the difference"),
    "df": ("df", "number", lambda value: _df_cell(value), "Denominator degrees of freedom"),
    "detectable": ("Detectable", "number", number_cell, "Smallest difference with a power of 80 %"),
    "width_at_n": (
        "Width reached",
        "number",
        number_cell,
        "With as many patients as the largest criterion asks",
    ),
}
_TITLES = {"power": "Power", "needed": "Cases needed", "criteria": "Criteria"}


def planning_page(tables: Mapping[str, pd.DataFrame], record: Mapping[str, Any]) -> str:
    """Write the page.

    Args:
        tables: As `samesplit plan` writes them, by name.
        record: What was given, the answer and notes.
    """
    kind = str(record["kind"])
    report = Report(
        samesplit=str(record["samesplit"]),
        benchmark="plan",
        run=kind,
        kicker="Plan",
        title=str(record["title"]),
        question=_QUESTIONS[kind],
        answer=str(record["answer"]),
        badges=(
            Badge(name="samesplit", text=str(record["samesplit"])),
            Badge(name="finished", text=str(record["finished"])[:16].replace("T", " ")),
        ),
        sections=(_section(kind, tables, record),),
        footer=(
            f"Written by samesplit {record['samesplit']}. Beside this page: "
            f"{', '.join(f'{name}.csv' for name in tables)} (every number at full precision) and record.json."
        ),
    )
    return to_html(report, {})


def _section(kind: str, tables: Mapping[str, pd.DataFrame], record: Mapping[str, Any]) -> Section:
    blocks: list[Block] = []
    if kind in ("readers", "comparison") and len(tables["power"]) > 1:
        blocks.append(_figure(kind, tables["power"]))
    blocks += [_table(name, table) for name, table in tables.items()]
    blocks.append(Facts(facts=tuple(Fact(name=n, text=t) for n, t in record["given"].items())))
    blocks += [Prose(text=f"{note.rstrip('.')}.", tone="note") for note in record["notes"]]
    blocks.append(Prose(text=_SOURCES[kind]))
    return Section(id="plan", title="What it takes", blocks=tuple(blocks))


def _figure(kind: str, table: pd.DataFrame) -> Figure:
    if kind == "readers":
        numbers = [int(one) for one in table["readers"].drop_duplicates()]
        named = {counted(one, "reader"): table[table["readers"] == one] for one in numbers}
        column, axis = "cases", "Cases read by every reader"
    else:
        named, column, axis = {"power": table}, "n", "Patients"
    styles = styles_for(list(named))
    lines = [
        PowerLine(name, styles[name], [int(n) for n in rows[column]], rows["power"].tolist())
        for name, rows in named.items()
    ]
    alt = f"Line plot of the power against the number of {'cases' if kind == 'readers' else 'patients'}."
    return Figure(
        id="plan-power",
        title="Power",
        caption="The probability that the study finds the true difference. The dashed line is 80 %.",
        alt=alt,
        svg=draw_power(lines, axis=axis, name="plan-power", alt=alt),
    )


def _table(name: str, table: pd.DataFrame) -> Table:
    shown = [column for column in _COLUMNS if column in table]
    columns = tuple(
        Column(key=key, title=_COLUMNS[key][0], kind=_COLUMNS[key][1], help=_COLUMNS[key][3]) for key in shown
    )
    rows = tuple(Row(cells={key: _COLUMNS[key][2](row[key]) for key in shown}) for row in records(table))
    impossible = "cases" in table and table["cases"].isna().any()
    notes = ("No number of cases up to 100,000 is enough where none is given.",) if impossible else ()
    return Table(id=f"plan-{name}", title=_TITLES[name], columns=columns, rows=rows, notes=notes)


def _whole(value: Any) -> Any:
    return value if is_missing(value) else round(float(value))


def _df_cell(value: Any) -> Cell:
    return text_cell("infinite") if value == float("inf") else number_cell(value, 1)
