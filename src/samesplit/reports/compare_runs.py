"""The page of two runs: what was set otherwise, the verdicts side by side, paired differences of each model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from samesplit.ordering import merge_equals
from samesplit.reports.chapters import with_prefix
from samesplit.reports.context import Context, make_context
from samesplit.reports.csv_twins import write_csv_twins
from samesplit.reports.document import (
    Badge,
    Block,
    Chapter,
    Column,
    Figure,
    Prose,
    Report,
    Row,
    Section,
    Table,
)
from samesplit.reports.figures.differences import Difference, draw_differences
from samesplit.reports.formatting import (
    count_cell,
    counted,
    estimate_cell,
    interval_text,
    is_missing,
    join_words,
    number,
    number_cell,
    p_cell,
    p_text,
    short_hash,
    text_cell,
)
from samesplit.reports.html import to_html
from samesplit.reports.markdown import to_markdown
from samesplit.reports.palette import Style, styles_for
from samesplit.reports.rows import records
from samesplit.reports.run_folder import RunData
from samesplit.reports.sections.two_runs import both_runs, differing_settings, side_by_side, version_of
from samesplit.run_folder import REPORT_DATA, REPORT_PAGE, REPORT_TABLES, REPORT_TEXT
from samesplit.storage import write_text

__all__ = ["RunDifferences", "build_comparison", "make_comparison"]


@dataclass(frozen=True)
class RunDifferences:
    """One task of two runs.

    Attributes:
        first: The task in the first run.
        second: In the second.
        table: One row a model of both runs, as `evaluation.run_differences` gives it; empty with a `reason`.
        reason: Why no differences were computed; empty where they were.
    """

    first: RunData
    second: RunData
    table: pd.DataFrame
    reason: str = ""


def build_comparison(tasks: Sequence[RunDifferences], out: Path) -> Path:
    """Write the report of two runs: report.html, report.json, report.md and report-tables.

    Args:
        tasks: What both runs ask, in order.
        out: The folder.

    Returns:
        The path of report.html.

    Raises:
        WorkspaceError: A file cannot be written.
    """
    report, styles = make_comparison(tasks)
    write_text(out / REPORT_DATA, report.model_dump_json(indent=1) + "\n")
    write_text(out / REPORT_TEXT, to_markdown(report))
    write_csv_twins(report, out / REPORT_TABLES)
    return write_text(out / REPORT_PAGE, to_html(report, styles))


def make_comparison(tasks: Sequence[RunDifferences]) -> tuple[Report, dict[str, Style]]:
    """Say what the report of two runs says, without writing anything.

    Args:
        tasks: What both runs ask, in order.

    Returns:
        The report, and how each model is drawn.
    """
    first, second = tasks[0].first, tasks[0].second
    contexts = [(make_context(task.first), make_context(task.second)) for task in tasks]
    models = {model.name: model for pair in contexts for context in pair for model in context.models}
    styles = styles_for(list(models), [name for name, model in models.items() if model.is_control])
    parts = [
        (_answer(task, pair), (side_by_side(*pair), _paired(task, pair, styles)))
        for task, pair in zip(tasks, contexts, strict=True)
    ]
    shared = (differing_settings(first, second), both_runs(first, second))
    chapters: tuple[Chapter, ...] = ()
    sections: tuple[Section, ...] = shared
    if len(tasks) > 1:
        chapters = tuple(
            Chapter(
                id=task.first.task.prefix,
                title=task.first.task.title,
                kind=task.first.task.kind_in_words,
                question=task.first.task.question,
                answer=answer,
                sections=tuple(with_prefix(section, task.first.task.prefix) for section in own),
            )
            for task, (answer, own) in zip(tasks, parts, strict=True)
        )
    else:
        sections = (*parts[0][1], *shared)
    report = Report(
        samesplit=version_of(second),
        benchmark=str(first.run["benchmark"]),
        run=f"{first.run['run']} and {second.run['run']}",
        kicker=f"{_name(first)}  and  {_name(second)}",
        title=_title(first, second),
        question="What differs between the two runs, and which differences are shown?",
        answer=" ".join(f"{chapter.title}: {chapter.answer}" for chapter in chapters) or parts[0][0],
        badges=_badges(first, second),
        chapters=chapters,
        sections=sections,
        footer=(
            f"Written by samesplit {version_of(second)} from the folders of the two runs; the same folders give "
            "the same page to the byte. Beside this page: report.json (every number at full precision), report.md "
            "and report-tables."
        ),
    )
    return report, styles


def _name(data: RunData) -> str:
    return f"{data.run['benchmark']} · run {data.run['run']}"


def _title(first: RunData, second: RunData) -> str:
    titles = list(dict.fromkeys(str(data.run["title"]) for data in (first, second)))
    return "Two runs compared: " + " – ".join(titles)


def _badges(first: RunData, second: RunData) -> tuple[Badge, ...]:
    found = []
    for name, data in (("first", first), ("second", second)):
        digest = str(data.section("split").get("sha256") or "")
        found.append(Badge(name=f"{name} run", text=str(data.run["run"])))
        found.append(Badge(name=f"split of the {name}", text=short_hash(digest), full=digest))
        found.append(
            Badge(name=f"{name} finished", text=str(data.run.get("finished") or "")[:16].replace("T", " "))
        )
    return tuple(badge for badge in found if badge.text)


def _answer(task: RunDifferences, pair: tuple[Context, Context]) -> str:
    noun = pair[0].main.noun
    if task.reason:
        return f"No difference between the two runs is computed: {task.reason}."
    if task.table.empty:
        return "No model stands in both runs, so no difference is computed."
    known = task.table[~task.table["same_predictions"]]
    same = len(task.table) - len(known)
    parts = []
    for claim, words in (("higher", "a higher"), ("lower", "a lower")):
        names = [pair[0].title(str(name)) for name in known.loc[known["claim"] == claim, "model"]]
        if names:
            parts.append(f"{join_words(names)}: {words} {noun} in the second run is shown")
    rest = int((~known["claim"].isin(["higher", "lower"])).sum())
    if rest:
        parts.append(
            f"{counted(rest, 'model')} {'is' if rest == 1 else 'are'} not shown to differ between the runs"
        )
    if same:
        parts.append(f"{counted(same, 'model')} gave the same predictions in both runs")
    return f"{'. '.join(part[:1].upper() + part[1:] for part in parts)}."


def _paired(task: RunDifferences, pair: tuple[Context, Context], styles: dict[str, Style]) -> Section:
    title = "Paired differences, second minus first run"
    if task.reason or task.table.empty:
        return Section(id="paired", title=title, blocks=(Prose(text=_answer(task, pair), tone="warning"),))
    main, percent = pair[0].main, pair[0].percent()
    ordered = task.table.assign(size=merge_equals(task.table["difference"], scale=1.0))
    ordered = ordered.sort_values(["size", "model"], ascending=[False, True], kind="stable")
    lines = [
        _line(pair[0], row, styles)
        for row in records(ordered[~ordered["same_predictions"] & ordered["difference"].notna()])
    ]
    table = _table(pair[0], ordered)
    block: Block = table
    if lines:
        alt = f"Forest plot of {counted(len(lines), 'difference')} of the {main.noun} between two runs."
        block = Figure(
            id="paired-figure",
            title=f"Difference of {main.title} of each model",
            caption=(
                f"Bars: {percent} intervals, not adjusted for multiple comparisons. Filled squares: a "
                "difference is shown (P, adjusted by Holm's method over the models, is below "
                f"{1 - pair[0].data.confidence:.2g} and the probability of a false claim at most 0.05). Hollow "
                "squares: no difference is shown. Models with the "
                "same predictions in both runs are in the table alone."
            ),
            alt=alt,
            svg=draw_differences(lines, axis=f"Difference of {main.title}", name="paired-figure", alt=alt),
            table=table,
        )
    lead = (
        "Each model against itself, paired on the test lesions that both runs predicted in the same folds of the "
        "same frozen split."
    )
    return Section(id="paired", title=title, lead=lead, blocks=(block,))


def _line(context: Context, row: dict[str, Any], styles: dict[str, Style]) -> Difference:
    low, high, p = (float(row[key]) for key in ("ci_low", "ci_high", "p_adjusted"))
    known = not (is_missing(low) or is_missing(high))
    tested = "" if is_missing(p) else f" · p {p_text(p)}"
    estimate = float(row["difference"])
    return Difference(
        title=context.title(str(row["model"])),
        estimate=estimate,
        low=low if known else None,
        high=high if known else None,
        text=f"{number(estimate, signed=True)} ({interval_text(low, high, signed=True)}){tested}",
        colour=styles[str(row["model"])].colour,
        strong=str(row["claim"]) in ("higher", "lower"),
    )


def _table(context: Context, table: pd.DataFrame) -> Table:
    main = context.main
    columns = (
        Column(key="who", title="Model"),
        Column(key="n", title="n", kind="number"),
        Column(key="first", title=f"{main.title}, first run", kind="number"),
        Column(key="second", title=f"{main.title}, second run", kind="number"),
        Column(key="difference", title="Difference", kind="interval"),
        Column(key="p", title="Adjusted P", kind="number", help="Adjusted by Holm's method over the models"),
        Column(key="false_claim", title="Probability of a false claim", kind="number"),
        Column(key="claim", title="Difference shown"),
    )
    rows = tuple(
        Row(
            cells={
                "who": text_cell(context.title(str(row["model"]))),
                "n": count_cell(row["n"]),
                "first": number_cell(row["first"]),
                "second": number_cell(row["second"]),
                "difference": estimate_cell(
                    row["difference"], row["ci_low"], row["ci_high"], note=str(row["note"]), signed=True
                ),
                "p": p_cell(row["p_adjusted"]),
                "false_claim": number_cell(row["false_claim_probability"], 2),
                "claim": text_cell("same predictions" if row["same_predictions"] else row["claim"]),
            },
            key=str(row["model"]),
        )
        for row in records(table)
    )
    methods = "; ".join(dict.fromkeys(str(method) for method in table["method"]))
    notes = (
        f"Intervals: {context.percent()}. Methods: {methods}. The values of both runs are on the lesions that "
        "both predicted; their intervals are in the table of results. What has the same predictions in both runs "
        "has no interval, since nothing varies.",
    )
    return Table(id="paired-table", title="Paired differences", columns=columns, rows=rows, notes=notes)
