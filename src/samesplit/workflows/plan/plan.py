"""A plan: what was asked, the table that answers it, and what is written of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from samesplit.reports.planning_page import planning_page
from samesplit.storage import write_json, write_text
from samesplit.tables import write_csv
from samesplit.version import __version__

__all__ = ["StudyPlan", "made_of", "write_plan"]


@dataclass(frozen=True)
class StudyPlan:
    """A planned study.

    Attributes:
        kind: `readers`, `model`, `validation` or `comparison`.
        tables: By name; the first answers the question.
        record: What was given (`given`), the answer in a sentence (`answer`), notes, and the version.
    """

    kind: str
    tables: dict[str, pd.DataFrame]
    record: dict[str, Any]


def made_of(
    kind: str,
    tables: dict[str, pd.DataFrame],
    *,
    title: str,
    answer: str,
    given: dict[str, str],
    notes: tuple[str, ...] = (),
) -> StudyPlan:
    """Put a plan together.

    Args:
        kind: Of the plan.
        tables: By name.
        title: What is planned.
        answer: In a sentence.
        given: What was given, in words, by what it is called.
        notes: What a reader must know besides.
    """
    record = {
        "samesplit": __version__,
        "kind": kind,
        "title": title,
        "answer": answer,
        "given": given,
        "notes": list(notes),
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    return StudyPlan(kind, tables, record)


def write_plan(plan: StudyPlan, folder: Path) -> Path:
    """Write the tables as CSV, the record as JSON and the page.

    Args:
        plan: The plan.
        folder: Where to.

    Returns:
        The page.
    """
    for name, table in plan.tables.items():
        write_csv(table, folder / f"{name}.csv")
    write_json(folder / "record.json", plan.record)
    page = folder / "plan.html"
    write_text(page, planning_page(plan.tables, plan.record))
    return page
