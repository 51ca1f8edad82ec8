"""The page of `samesplit studies`: published studies and one's own runs in one table and one figure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from samesplit.reports.document import Badge, Block, Cell, Column, Figure, Prose, Report, Row, Section, Table
from samesplit.reports.figures.studies import StudyEstimate, draw_studies, save_studies
from samesplit.reports.formatting import (
    MISSING,
    count_cell,
    counted,
    estimate_cell,
    interval_text,
    is_missing,
    number,
    text_cell,
)
from samesplit.reports.html import to_html
from samesplit.reports.palette import Style, styles_for
from samesplit.reports.rows import records

__all__ = ["estimate_text", "save_figure", "studies_page"]

_RECOMPUTED = "recomputed"


def studies_page(table: pd.DataFrame, flaws: pd.DataFrame, record: dict[str, Any]) -> str:
    """Write the page.

    Args:
        table: One row an estimate, as `samesplit studies` writes it.
        flaws: One row a flaw of a published study: `study`, `code`, `what`, `size`, `here`, `audit`.
        record: Version, when, and notes.
    """
    published = table.loc[table["source"].eq("published"), "study"].nunique()
    own = table.loc[table["source"].eq("run"), "study"].nunique()
    report = Report(
        samesplit=str(record["samesplit"]),
        benchmark="studies",
        run="studies",
        kicker="Studies",
        title="Published studies beside one's own runs",
        question="What was asked of how many lesions, how was it validated, and what was reached?",
        answer=_answer(table, published, own),
        badges=(
            Badge(name="samesplit", text=str(record["samesplit"])),
            Badge(name="finished", text=str(record["finished"])[:16].replace("T", " ")),
        ),
        sections=(_section(table, record), *_flaw_sections(flaws)),
        footer=(
            f"Written by samesplit {record['samesplit']}. Beside this page: studies.csv (every number at full "
            "precision), studies.svg and studies.png."
        ),
    )
    return to_html(report, _styles(table))


def save_figure(table: pd.DataFrame, path: Path) -> None:
    """Save the figure of the page as `.svg` and `.png`.

    Args:
        table: One row an estimate.
        path: Without its ending.
    """
    lines = _lines(table)
    if lines:
        save_studies(lines, path)


def estimate_text(row: Mapping[Any, Any]) -> str:
    """Write an estimate with its interval; an asterisk where the interval is not the study's own.

    Example:
        >>> estimate_text({"estimate": 0.898, "ci_low": 0.872, "ci_high": 0.924, "printed": "0.898",
        ...     "interval": "recomputed (Hanley-McNeil)"})
        '0.898 (0.872 to 0.924)*'
    """
    if is_missing(row["estimate"]):
        return str(row["printed"]) or MISSING
    value = str(row["printed"]) or number(row["estimate"])
    if is_missing(row["ci_low"]) or is_missing(row["ci_high"]):
        return value
    star = "*" * str(row["interval"]).startswith(_RECOMPUTED)
    return f"{value} ({interval_text(row['ci_low'], row['ci_high'])}){star}"


def _answer(table: pd.DataFrame, published: int, own: int) -> str:
    studies = table[table["source"].eq("published")].drop_duplicates("study")
    wrong, checked = int(studies["inconsistent"].sum()), int(studies["checked"].sum())
    recomputed = int(table["interval"].str.startswith(_RECOMPUTED).sum())
    said = [
        f"{counted(published, 'published study', 'published studies')} and {counted(own, 'run')} of one's own.",
        f"Of {counted(checked, 'printed number')} that follow from other printed numbers, {wrong} "
        f"{'is' if wrong == 1 else 'are'} inconsistent with them (samesplit reproduce lists each)."
        if checked else "",
        f"{counted(recomputed, 'interval')} that the studies did not print "
        f"{'is' if recomputed == 1 else 'are'} recomputed from their counts." if recomputed else "",
        "Estimates of different cohorts are no comparison of models: only models that were judged on the same "
        "lesions can be compared.",
    ]  # fmt: skip
    return " ".join(filter(None, said))


def _section(table: pd.DataFrame, record: dict[str, Any]) -> Section:
    blocks: list[Block] = []
    lines = _lines(table)
    if lines:
        alt = f"Forest plot of {counted(len(lines), 'estimate')} of published studies and of one's own runs."
        blocks.append(
            Figure(
                id="studies-figure",
                title="Estimates with 95 % intervals",
                caption=(
                    "Hollow: the study printed no interval, and it is recomputed from its counts. Diamonds: the "
                    "latest runs of this workspace. The dashed line is chance."
                ),
                alt=alt,
                svg=draw_studies(lines, name="studies", alt=alt),
            )
        )
    blocks += [_about_table(table), _estimate_table(table)]
    blocks += [Prose(text=f"{note}.", tone="note") for note in record["notes"]]
    return Section(id="studies", title="Studies", blocks=tuple(blocks))


def _about_table(table: pd.DataFrame) -> Table:
    columns = (
        Column(key="task", title="Task"),
        Column(key="modality", title="Modality"),
        Column(key="lesions", title="Lesions", kind="number", help="Patients where no lesions were printed"),
        Column(key="readers", title="Readers"),
        Column(key="validation", title="Validation", kind="sentence"),
        Column(key="type", title="Type of validation"),
        Column(
            key="inconsistent",
            title="Inconsistent numbers",
            help="Of the printed numbers that follow from others",
        ),
        Column(
            key="flaws", title="Flaws, by code", kind="sentence", help="Of a run: checks that did not pass"
        ),
    )
    rows = []
    for _, part in table.groupby(["source", "study"], sort=False):
        row = part.iloc[0]
        tasks = "; ".join(dict.fromkeys(part["task"]))
        codes = " ".join(dict.fromkeys(" ".join(part["flaws"]).split()))
        cells = {
            "task": text_cell(tasks),
            "modality": text_cell(row["modality"]),
            "lesions": count_cell(part["lesions"].max()),
            "readers": text_cell(row["readers"]),
            "validation": text_cell(row["validation"]),
            "type": text_cell(row["validation_type"]),
            "inconsistent": _inconsistent(row),
            "flaws": text_cell(codes.replace(" ", ", ")),
        }
        rows.append(Row(cells=cells, group=_heading(row)))
    return Table(
        id="studies-about", title="Who asked what of whom", columns=columns, rows=tuple(rows), sortable=False
    )


def _inconsistent(row: Any) -> Cell:
    if row["source"] == "run" or is_missing(row["checked"]) or not row["checked"]:
        return Cell(text=MISSING)
    wrong, checked = int(row["inconsistent"]), int(row["checked"])
    return Cell(text=f"{wrong} of {checked}", value=wrong)


def _estimate_table(table: pd.DataFrame) -> Table:
    columns = (
        Column(key="label", title="Model or reader"),
        Column(key="task", title="Task"),
        Column(key="n", title="n", kind="number", help="Lesions that it was judged on"),
        Column(key="quantity", title="Quantity"),
        Column(key="estimate", title="Estimate", kind="interval"),
        Column(
            key="interval",
            title="Interval",
            help="Printed, recomputed, or how the run made it",
        ),
    )
    rows = [
        Row(
            key=str(row["study"]),
            group=_heading(row),
            cells={
                "label": text_cell(row["label"]),
                "task": text_cell(row["task"]),
                "n": count_cell(row["n"]),
                "quantity": text_cell(row["quantity"]),
                "estimate": _estimate(row),
                "interval": text_cell(row["interval"]),
            },
        )
        for row in records(table[table["quantity"].ne("")])
    ]
    notes = ("Intervals are of 95 %. What a study printed as a range is shown as it was printed.",)
    return Table(
        id="studies-estimates",
        title="What was reached",
        columns=columns,
        rows=tuple(rows),
        notes=notes,
        sortable=False,
    )


def _estimate(row: dict[str, Any]) -> Cell:
    if is_missing(row["estimate"]):
        return text_cell(row["printed"])
    return estimate_cell(row["estimate"], row["ci_low"], row["ci_high"])


def _flaw_sections(flaws: pd.DataFrame) -> Sequence[Section]:
    if flaws.empty:
        return ()
    columns = (
        Column(key="code", title="Code"),
        Column(key="what", title="What", kind="sentence"),
        Column(key="here", title="Here", kind="sentence", help="How it cannot happen here, or what shows it"),
    )
    rows = [
        Row(
            group=str(row["study"]),
            cells={
                "code": text_cell(row["code"]),
                "what": text_cell(f"{row['what']} {_size(row['size'])}".strip()),
                "here": text_cell(row["here"]),
            },
        )
        for row in records(flaws)
    ]
    table = Table(id="flaws-table", title="Flaws", columns=columns, rows=tuple(rows), sortable=False)
    return (
        Section(
            id="flaws",
            title="Flaws of the published studies",
            lead="The same code in two studies is the same flaw. samesplit audit shows what leaks add to the AUC.",
            blocks=(table,),
        ),
    )


def _size(size: Any) -> str:
    said = "" if is_missing(size) else str(size).rstrip(".")
    return f"Size: {said}." if said else ""


def _heading(row: Any) -> str:
    """Return the title of a study, and of a run its benchmark and whether its patients are synthetic."""
    if row["source"] == "published":
        return str(row["title"])
    return f"Run: {row['study']} (synthetic)" if row["cohort"] == "synthetic" else f"Run: {row['study']}"


def _styles(table: pd.DataFrame) -> dict[str, Style]:
    return styles_for(list(dict.fromkeys(table["study"])))


def _lines(table: pd.DataFrame) -> list[StudyEstimate]:
    styles = _styles(table)
    several = table.groupby("study")["task"].nunique().gt(1)
    found = []
    for row in records(table[table["quantity"].ne("")]):
        bounds = (row["ci_low"], row["ci_high"])
        if is_missing(row["estimate"]) and is_missing(bounds[0]):
            continue
        task = f" · {row['task']}" if several[row["study"]] and row["source"] == "run" else ""
        found.append(
            StudyEstimate(
                study=_heading(row),
                label=f"{row['label']}{task}",
                quantity=str(row["quantity"]),
                estimate=float(row["estimate"]),
                low=float(bounds[0]),
                high=float(bounds[1]),
                text=estimate_text(row),
                colour=styles[str(row["study"])].colour,
                recomputed=str(row["interval"]).startswith(_RECOMPUTED),
                own_run=row["source"] == "run",
            )
        )
    return found
