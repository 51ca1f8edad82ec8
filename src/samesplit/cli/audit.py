"""The command `samesplit audit`: the inflation of the AUC by each known mistake."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Annotated

import typer

from samesplit.cli.console import Benchmark, Jobs, Scheduler, display_path, echo, out, reporter, table_of

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["audit"]


def audit(
    benchmark: Benchmark,
    model: Annotated[
        str | None,
        typer.Option(
            "--model",
            "-m",
            help="A radiomics grid of the benchmark or of models/ (default: the benchmark's first).",
        ),
    ] = None,
    task: Annotated[
        str | None, typer.Option(help="A task of two classes (default: the benchmark's first).")
    ] = None,
    leaks: Annotated[str | None, typer.Option(help="Comma-separated names (default: all).")] = None,
    shuffles: Annotated[int, typer.Option(min=0, help="How often the labels are shuffled.")] = 20,
    repeats: Annotated[
        int | None, typer.Option(min=1, help="Repeats of the split for the real labels (default: all).")
    ] = None,
    jobs: Jobs = None,
    scheduler: Scheduler = None,
    seed: Annotated[int, typer.Option(min=0, help="Of shuffled labels and random splits.")] = 0,
) -> None:
    """Rerun a radiomics model with each known leak: by how much it inflates the AUC, and on permuted labels."""
    from samesplit.audit.audit import run_audit

    found = run_audit(
        benchmark,
        model=model,
        task=task,
        leaks=[name.strip() for name in leaks.split(",")] if leaks else (),
        shuffles=shuffles,
        repeats=repeats,
        jobs=jobs,
        scheduler=scheduler,
        seed=seed,
        reporter=reporter(),
    )
    for kind, title in (
        ("real", "Real labels"),
        ("shuffled", f"Shuffled labels, mean of {shuffles} shuffles"),
    ):
        rows = found.table[found.table["labels"] == kind]
        if len(rows):
            out.print(table_of(_shown(rows), title=title))
    echo(f"Page:   {display_path(found.folder / 'audit.html')}")
    echo(f"Table:  {display_path(found.folder / 'audit.csv')}")
    echo(f"In the report of the latest run: samesplit report {shlex.quote(benchmark)}")


def _shown(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the table for the terminal."""
    import pandas as pd

    from samesplit.reports.formatting import interval_text, number

    lines = []
    for row in rows.to_dict("records"):
        line = [row["title"], "yes" if row["informative"] else "no"]
        for value, key in (("honest_auc", "honest"), ("leaky_auc", "leaky"), ("difference", "difference")):
            signed = key == "difference"
            interval = interval_text(row[f"{key}_low"], row[f"{key}_high"], signed=signed)
            line.append(f"{number(row[value], signed=signed)} ({interval})" if row["applied"] else "")
        lines.append([*line, "" if row["applied"] else row["note"]])
    columns = [
        "leak",
        "test labels get in",
        "AUC without the leak",
        "with the leak",
        "inflation",
        "not done because",
    ]
    table = pd.DataFrame(lines, columns=columns)
    return table if table["not done because"].any() else table.drop(columns="not done because")
