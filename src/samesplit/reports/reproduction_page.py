"""The page of `samesplit reproduce`: which printed numbers of a study hold, and which do not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from samesplit.reports.document import (
    Badge,
    Block,
    Cell,
    Column,
    Details,
    Figure,
    Prose,
    Report,
    Row,
    Section,
    Table,
)
from samesplit.reports.figures.reproduction import (
    PrintedInterval,
    VerdictBar,
    draw_printed_intervals,
    draw_verdicts,
)
from samesplit.reports.formatting import capitalised, count_cell, counted, is_missing, text_cell
from samesplit.reports.html import to_html
from samesplit.reports.rows import records

__all__ = ["reproduction_answer", "reproduction_page", "shown_number"]

_PARTS = {"value": "value", "ci_low": "lower bound", "ci_high": "upper bound", "p_value": "P value"}
_MOST_INTERVALS = 45
_LONG = 16
_RATIOS = ("OR", "HR", "RR")
"""Ratios have no place on an axis from 0 to 1, wherever their bounds are."""
_MARKS = {"reproduced": "✓ reproduced", "inconsistent": "✗ inconsistent", "not derivable": "– not derivable"}


def reproduction_page(
    table: pd.DataFrame, findings: Sequence[tuple[str, str, pd.DataFrame | None]], record: Mapping[str, Any]
) -> str:
    """Write the page.

    Args:
        table: One row a printed number, as `samesplit reproduce` writes it.
        findings: Title, text and numbers of each.
        record: `name`, `title`, `totals`, `samesplit` and `finished`.
    """
    said = [_finding(index, *finding) for index, finding in enumerate(findings)]
    sections = [_wrong(table), _overview(table), *said, _everything(table)]
    report = Report(
        samesplit=str(record["samesplit"]),
        benchmark=str(record["name"]),
        run="printed numbers",
        kicker=f"{record['name']} · printed numbers recomputed",
        title=str(record["title"]),
        question="Which printed numbers follow from the others, and which do not hold?",
        answer=reproduction_answer(record["totals"]),
        badges=(
            *(Badge(name=verdict, text=str(count)) for verdict, count in record["totals"].items()),
            Badge(name="samesplit", text=str(record["samesplit"])),
            Badge(name="finished", text=str(record["finished"])[:16].replace("T", " ")),
        ),
        sections=tuple(sections),
        footer=(
            f"Written by samesplit {record['samesplit']}. Beside this page: reproduction.csv (every printed "
            "number with its verdict) and reproduction.json (the same with the findings)."
        ),
    )
    return to_html(report, {})


def reproduction_answer(totals: Mapping[str, int]) -> str:
    """Say in a sentence how many printed numbers hold.

    Args:
        totals: How many have which verdict.

    Example:
        >>> reproduction_answer({"reproduced": 8, "inconsistent": 1, "not derivable": 3})
        'Of 12 printed numbers, 9 follow from others: 8 come out as printed, 1 does not. 3 cannot be checked.'
    """
    right, wrong, rest = (totals[verdict] for verdict in ("reproduced", "inconsistent", "not derivable"))
    said = f"{right} come out as printed, {wrong} {'does' if wrong == 1 else 'do'} not"
    total = right + wrong + rest
    if right + wrong == 0:
        return f"Of {total} printed numbers none follows from others, so none could be checked."
    return (
        f"Of {total} printed numbers, {right + wrong} follow from others: {said}. {rest} cannot be checked."
    )


def shown_number(value: Any) -> str:
    """Write a recomputed number with up to four decimals; texts stay.

    Example:
        >>> shown_number(0.7649123), shown_number(345.0), shown_number("0.06 to 0.59"), shown_number(None)
        ('0.7649', '345', '0.06 to 0.59', '')
    """
    if is_missing(value):
        return ""
    if isinstance(value, str):
        return value
    number = float(value)
    if number.is_integer():
        return f"{number:,.0f}"
    return f"{number:.4f}" if abs(number) >= 0.001 else f"{number:.2g}"


def _title(row: Mapping[str, Any]) -> str:
    parts = [str(row["model_or_reader"]), str(row["cohort_split"])]
    return " · ".join(part for part in parts if part)


def _wrong(table: pd.DataFrame) -> Section:
    rows = records(table[table["verdict"] == "inconsistent"])
    if not rows:
        said = Prose(text="Every printed number that follows from others comes out as printed.", tone="note")
        if not table["verdict"].eq("reproduced").any():
            said = Prose(text="No printed number follows from others, so none could be checked.")
        return Section(id="wrong", title="What does not hold", blocks=(said,))
    columns = (
        Column(key="who", title="Of"),
        Column(key="what", title="Number"),
        *_number_columns(rows),
        Column(key="why", title="How, and why it does not hold", kind="sentence"),
    )
    shown = [
        Row(
            group=str(row["table_figure"]) or "no table named",
            emphasis=False,
            cells={
                "who": text_cell(_title(row)),
                "what": text_cell(_what(row)),
                "printed": Cell(text=str(row["printed"])),
                "recomputed": Cell(text=shown_number(row["recomputed"])),
                "why": text_cell(
                    ". ".join(capitalised(part) for part in (row["formula"], row["note"]) if part)
                ),
            },
        )
        for row in rows
    ]
    shown.sort(key=lambda row: [str(one["table_figure"]) for one in rows].index(row.group))
    return Section(
        id="wrong",
        title="What does not hold",
        lead=(
            f"{counted(len(rows), 'printed number')} that other printed numbers of the study contradict. "
            "Of each and those that contradict it, one is a misprint, of other lesions, or computed "
            "otherwise than said; which one is not always known."
        ),
        blocks=(Table(id="wrong-table", title="Inconsistent numbers", columns=columns, rows=tuple(shown)),),
    )


def _number_columns(rows: Sequence[Mapping[str, Any]]) -> tuple[Column, Column]:
    """Return the columns of numbers, as text that wraps where one of them is long."""
    texts = {
        "printed": [str(row["printed"]) for row in rows],
        "recomputed": [shown_number(row["recomputed"]) for row in rows],
    }
    first, second = (
        Column(
            key=key, title=capitalised(key), kind="number" if all(len(t) <= _LONG for t in said) else "text"
        )
        for key, said in texts.items()
    )
    return first, second


def _what(row: Mapping[str, Any]) -> str:
    part = str(row["part"])
    return str(row["metric"]) if part == "value" else f"{row['metric']}, {_PARTS[part]}"


def _overview(table: pd.DataFrame) -> Section:
    bars = [
        VerdictBar(
            str(name) or "no table named", {str(k): int(v) for k, v in rows["verdict"].value_counts().items()}
        )
        for name, rows in table.groupby("table_figure", sort=False)
    ]
    alt = (
        "Bars: printed numbers of each table of the paper that are reproduced, inconsistent or not derivable."
    )
    blocks: list[Block] = [
        Figure(
            id="verdicts",
            title="Verdicts by table of the paper",
            caption=(
                "Reproduced: follows from other printed numbers and prints the same. Inconsistent: follows "
                "from them and prints otherwise. Not derivable: follows from none, or from too few to be "
                "checked."
            ),
            alt=alt,
            svg=draw_verdicts(bars, name="verdicts", alt=alt),
        )
    ]
    if len(set(table["study"])) > 1:
        blocks.append(_by_study(table))
    lines, left_out = _intervals(table)
    if lines:
        alt = "Printed estimates with their intervals beside the recomputed ones."
        more = f" Not shown: {left_out} more intervals that all hold." if left_out else ""
        blocks.append(
            Figure(
                id="intervals",
                title="Printed and recomputed intervals",
                caption=(
                    "Broad bars: intervals as printed, the stroke in them the printed estimate. Thin lines "
                    "and dots: recomputed. Orange and bold: at least one of the three numbers does not "
                    f"hold.{more}"
                ),
                alt=alt,
                svg=draw_printed_intervals(lines, axis="Value", name="intervals", alt=alt),
            )
        )
    return Section(id="overview", title="Overview", blocks=tuple(blocks))


def _by_study(table: pd.DataFrame) -> Table:
    """Count verdicts by the name of the study, where the file holds numbers of several."""
    columns = (
        Column(key="study", title="Numbers of"),
        *(Column(key=v, title=capitalised(v), kind="number") for v in _MARKS),
    )
    rows = tuple(
        Row(
            cells={"study": text_cell(name)}
            | {verdict: count_cell(int((rows["verdict"] == verdict).sum())) for verdict in _MARKS}
        )
        for name, rows in table.groupby("study", sort=False)
    )
    return Table(id="by-study", title="Verdicts by source", columns=columns, rows=rows)


def _intervals(table: pd.DataFrame) -> tuple[list[PrintedInterval], int]:
    """Return intervals between 0 and 1 with both recomputed bounds; test parts first where there are many."""
    found = []
    for _, rows in table.groupby("row", sort=False):
        parts = {str(row["part"]): row for row in records(rows)}
        if not {"value", "ci_low", "ci_high"} <= parts.keys():
            continue
        if str(parts["value"]["metric"]).split("_")[0] in _RATIOS:
            continue
        printed = [_float(parts[part]["printed"]) for part in ("value", "ci_low", "ci_high")]
        mine = [_float(parts[part]["recomputed"]) for part in ("value", "ci_low", "ci_high")]
        low, high = printed[1], printed[2]
        if low is None or high is None or not 0 <= low <= high <= 1 or None in mine[1:]:
            continue
        if any(parts[part]["verdict"] == "not derivable" for part in ("ci_low", "ci_high")):
            continue
        holds = all(parts[part]["verdict"] != "inconsistent" for part in ("value", "ci_low", "ci_high"))
        row = parts["value"]
        title = f"{_title(row)} · {row['metric']}"
        group = f"{row['study']}, {row['cohort_split']}"
        found.append(
            PrintedInterval(title, group, (printed[0], low, high), (mine[0], mine[1], mine[2]), holds)
        )
    found.sort(key=lambda line: (line.holds, "test" not in line.title))
    kept = found[:_MOST_INTERVALS]
    order = {group: index for index, group in enumerate(dict.fromkeys(line.group for line in kept))}
    kept.sort(key=lambda line: order[line.group])
    return kept, len(found) - len(kept)


def _float(value: Any) -> float | None:
    try:
        return None if is_missing(value) else float(value)
    except ValueError:
        return None


def _finding(index: int, title: str, text: str, numbers: pd.DataFrame | None) -> Section:
    blocks: tuple[Block, ...] = ()
    if numbers is not None and not numbers.empty:
        columns = tuple(
            Column(
                key=str(name),
                title=capitalised(str(name)),
                kind="number" if _is_number(numbers[name]) else "text",
            )
            for name in numbers.columns
        )
        rows = tuple(
            Row(cells={key: text_cell(_shown(value)) for key, value in row.items()})
            for row in records(numbers)
        )
        blocks = (Table(id=f"finding-{index}-table", title=title, columns=columns, rows=rows),)
    return Section(id=f"finding-{index}", title=title, lead=text, blocks=blocks)


def _is_number(column: pd.Series[Any]) -> bool:
    return bool(pd.api.types.is_numeric_dtype(column))


def _shown(value: Any) -> str:
    return shown_number(value) if isinstance(value, int | float) else str(value)


def _everything(table: pd.DataFrame) -> Section:
    columns = (
        Column(key="who", title="Of"),
        Column(key="what", title="Number"),
        *_number_columns(records(table)),
        Column(key="verdict", title="Verdict"),
        Column(key="how", title="How", kind="sentence"),
    )
    blocks: list[Block] = []
    for index, (name, rows) in enumerate(table.groupby("table_figure", sort=False)):
        counts = rows["verdict"].value_counts()
        said = ", ".join(f"{int(counts[verdict])} {verdict}" for verdict in _MARKS if verdict in counts)
        shown = tuple(
            Row(
                emphasis=row["verdict"] == "inconsistent",
                cells={
                    "who": text_cell(_title(row)),
                    "what": text_cell(_what(row)),
                    "printed": Cell(text=str(row["printed"])),
                    "recomputed": Cell(text=shown_number(row["recomputed"])),
                    "verdict": text_cell(_MARKS[str(row["verdict"])]),
                    "how": text_cell("; ".join(part for part in (row["formula"], row["note"]) if part)),
                },
            )
            for row in records(rows)
        )
        title = str(name) or "no table named"
        whole = Table(id=f"numbers-{index}", title=title, columns=columns, rows=shown)
        blocks.append(Details(summary=f"{title}: {said}", blocks=(whole,)))
    return Section(id="numbers", title="Every printed number", blocks=tuple(blocks))
