"""The published studies and one's own latest runs, side by side: a table, a figure and a page."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd

from samesplit.benchmarks.studies import read_study, shipped_studies
from samesplit.errors import WorkspaceError
from samesplit.reports.studies_page import save_figure, studies_page
from samesplit.storage import write_text
from samesplit.tables import write_csv
from samesplit.version import __version__
from samesplit.workflows.studies.own_rows import own_rows
from samesplit.workflows.studies.published_rows import published_rows
from samesplit.workflows.studies.rows import comparison_rows
from samesplit.workspace import find_workspace

__all__ = ["Comparison", "compare_studies"]


@dataclass(frozen=True)
class Comparison:
    """Studies side by side.

    Attributes:
        table: One row an estimate; columns `samesplit.workflows.studies.rows.COMPARISON_COLUMNS`.
        folder: Where studies.html, studies.csv, studies.svg and studies.png were written.
        notes: What is to be known: runs that cannot be read.
    """

    table: pd.DataFrame
    folder: Path
    notes: tuple[str, ...] = ()


def compare_studies(
    names: Collection[str] = (), *, output: Path | None = None, start: Path | None = None
) -> Comparison:
    """Compare the published studies with each other and with the latest run of each benchmark of the workspace.

    Args:
        names: The benchmarks whose runs are taken; empty means all that have been run.
        output: Folder to write into; default: `reports/studies` of the workspace.
        start: Where to look for the workspace.

    Raises:
        WorkspaceError: There is nothing to compare, or a benchmark that is named has not been run.
    """
    workspace = find_workspace((start or Path.cwd()).resolve())
    folders = shipped_studies()
    rows = [row for folder in folders for row in published_rows(folder)]
    own, notes = own_rows(workspace, names)
    if not rows and not own:
        raise WorkspaceError(
            "there is no published study and no run to compare",
            where=workspace.root,
            remedy="run a benchmark first",
        )
    table = comparison_rows([*rows, *own])
    flaws = pd.DataFrame(
        [
            {"study": study.title, **flaw.model_dump()}
            for study in (read_study(folder).description for folder in folders)
            for flaw in study.flaws
        ]
    )
    folder = output or workspace.reports / "studies"
    record = {
        "samesplit": __version__,
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
        "notes": notes,
    }
    write_csv(table, folder / "studies.csv")
    save_figure(table, folder / "studies")
    write_text(folder / "studies.html", studies_page(table, flaws, record))
    return Comparison(table, folder, tuple(notes))
