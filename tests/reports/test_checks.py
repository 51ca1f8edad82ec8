"""The section of checks, and links from cells to sections."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from samesplit.reports.context import Context, make_contexts
from samesplit.reports.document import Block, Cell, Details, Figure, Report, Row, Section, Table
from samesplit.reports.links import with_links_resolved
from samesplit.reports.run_folder import read_tasks
from samesplit.reports.sections.checks import checks


def tables(blocks: tuple[Block, ...]) -> Iterator[Table]:
    for block in blocks:
        if isinstance(block, Table):
            yield block
        elif isinstance(block, Details):
            yield from tables(block.blocks)


def the(report: Report, name: str) -> Section:
    return next(section for section in report.sections if section.id == name)


def test_issues_and_tips_are_shown_and_the_rest_is_one_click_away(full_report: Report) -> None:
    section = the(full_report, "checks")
    shown = [block for block in section.blocks if isinstance(block, Table)]
    folded = [block for block in section.blocks if isinstance(block, Details)]
    assert [table.id for table in shown] == ["checks-table"]
    groups = [row.group for row in shown[0].rows]
    assert groups == sorted(groups)
    assert set(groups) <= {"Issues", "Tips"}
    assert [one.summary.split(" ", 1)[1] for one in folded] == ["checks passed"]
    codes = [row.cells["code"].text for table in tables(section.blocks) for row in table.rows]
    assert len(codes) == len(set(codes)) == 20
    count = sum(len(table.rows) for table in tables(folded[0].blocks))
    assert f"{count} passed" in section.lead


@pytest.mark.usefixtures("full_report")
def test_each_check_links_to_a_section_that_is_there(full_run: Path, full_report: Report) -> None:
    ids = {section.id for section in full_report.sections}
    cells = [row.cells["title"] for table in tables(the(full_report, "checks").blocks) for row in table.rows]
    assert {cell.href for cell in cells} <= ids
    page = (full_run / "report.html").read_text(encoding="utf-8")
    assert '<a href="#split">Patient overlap</a>' in page


@pytest.fixture
def context(small_run: Path) -> Context:
    (found,) = make_contexts(read_tasks(small_run))
    return found


def of(context: Context, table: pd.DataFrame) -> Section | None:
    data = replace(
        context.data, tables={**context.data.tables, "checks": table, "history_checks": table.iloc[:0]}
    )
    return checks(replace(context, data=data))


def test_a_run_without_checks_has_no_such_section_and_one_without_faults_says_so(context: Context) -> None:
    table = context.data.table("checks")
    assert of(context, table.iloc[:0]) is None
    section = of(context, table[table["state"] == "passed"].assign(evidence=""))
    assert section is not None
    assert section.blocks[0].model_dump()["text"] == "No check found an issue, and none has a tip."


def test_what_does_not_apply_is_one_click_away_too(context: Context) -> None:
    table = context.data.table("checks")
    section = of(context, table.assign(state="not applicable"))
    assert section is not None
    assert [b.summary for b in section.blocks if isinstance(b, Details)] == [
        f"{len(table)} checks not applicable"
    ]


def test_links_in_chapters_lead_to_the_chapter_first_and_dead_links_are_dropped(task_report: Report) -> None:
    def linking(prefix: str) -> Section:
        rows = tuple(
            Row(cells={"a": Cell(text=name, href=name), "b": Cell(text="none")})
            for name in ("verdict", "split", "nowhere")
        )
        plain = Table(id=f"{prefix}p", title="p", columns=(), rows=(Row(cells={"a": Cell(text="x")}),))
        table = Table(id=f"{prefix}t", title="t", columns=(), rows=rows)
        figure = Figure(id=f"{prefix}f", title="f", caption="", alt="", svg="", table=table)
        blocks = (Details(summary="more", blocks=(table, plain)), figure)
        return Section(id=f"{prefix}links", title="Links", blocks=blocks)

    first = task_report.chapters[0]
    chapter = first.model_copy(update={"sections": (*first.sections, linking(f"{first.id}-"))})
    report = task_report.model_copy(
        update={"chapters": (chapter,), "sections": (*task_report.sections, linking(""))}
    )
    found = with_links_resolved(report)
    inside, shared = found.chapters[0].sections[-1], found.sections[-1]
    for section, targets in (
        (inside, [f"{first.id}-verdict", "split", ""]),
        (shared, ["", "split", ""]),
    ):
        details, figure = section.blocks
        assert isinstance(details, Details)
        assert isinstance(figure, Figure)
        for table in (details.blocks[0], figure.table):
            assert isinstance(table, Table)
            assert [row.cells["a"].href for row in table.rows] == targets
