"""What the verbs share: options that several take, and how lines, tables and paths are shown."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape

from samesplit.extras import require_extra

if TYPE_CHECKING:
    import pandas as pd
    from rich.table import Table

    from samesplit.run.progress import RichReporter
    from samesplit.run.progress_lines import LineReporter

__all__ = ["Benchmark", "Jobs", "Scheduler", "Track", "display_path", "echo", "out", "reporter", "table_of"]

Benchmark = Annotated[str, typer.Argument(help="A benchmark's folder or name.")]
Jobs = Annotated[int | None, typer.Option("--jobs", "-j", min=1, help="Processes (default: one per core).")]


def _with_cluster(address: str | None) -> str | None:
    """Name the extra that a scheduler needs before anything runs."""
    if address is not None:
        require_extra("cluster", needed_by="--scheduler")
    return address


Scheduler = Annotated[
    str | None,
    typer.Option(
        callback=_with_cluster,
        help="A Dask scheduler (tcp://host:8786) whose workers open images, extract features, search, fit "
        "and judge.",
    ),
]
Track = Annotated[bool, typer.Option(help="Push the run to mlflow.db.")]

out = Console()


def echo(text: str) -> None:
    """Print text as it stands: brackets are no markup, and long paths stay on one line to be copied."""
    out.out(text, highlight=False)


def reporter() -> RichReporter | LineReporter:
    """Bars in a terminal; where output goes to a file or a batch system, lines with the time left."""
    from samesplit.run.progress import RichReporter
    from samesplit.run.progress_lines import LineReporter

    return RichReporter(out) if out.is_terminal else LineReporter(echo)


def table_of(rows: pd.DataFrame, *, title: str) -> Table:
    """Return a table for the terminal with the columns of a data frame, its index left out."""
    from rich.table import Column, Table

    columns = (
        Column(escape(str(column)), overflow="fold") for column in rows.columns
    )  # folded, never cut off
    table = Table(*columns, title=title)
    for row in rows.itertuples(index=False):
        table.add_row(*(escape(str(cell)) for cell in row))
    return table


def display_path(path: Path) -> str:
    """Return a path as the user would type it."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)
