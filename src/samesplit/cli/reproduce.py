"""The command `samesplit reproduce`: which printed numbers of a study follow from the others."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from samesplit.cli.console import display_path, echo, out, table_of

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["reproduce"]


def reproduce(
    study: Annotated[str, typer.Argument(help="A study, a benchmark, or a folder with published.csv.")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Where to write (default: reports/<name>).")
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Show every number, those that come out too.")
    ] = False,
) -> None:
    """Recompute every printed number of a study that follows from others: rates, intervals, P values, sums."""
    from samesplit.reports.reproduction_page import reproduction_answer
    from samesplit.workflows.reproduce import reproduce_study

    done = reproduce_study(study, output=output)
    table = done.found.table
    for name, rows in table.groupby("table_figure", sort=False):
        counts = rows["verdict"].value_counts()
        said = ", ".join(f"{int(count)} {verdict!s}" for verdict, count in counts.items())
        title = f"{str(name) or 'no table named'}: {said}"
        shown = rows if everything else rows[rows["verdict"] == "inconsistent"]
        if shown.empty:
            echo(title)
        else:
            out.print(table_of(_shown(shown, verdicts=everything), title=title))
    echo("")
    echo(reproduction_answer({str(verdict): count for verdict, count in done.found.totals.items()}))
    for finding in done.found.findings:
        echo("")
        echo(finding.title)
        echo(f"  {finding.text}")
        if finding.numbers is not None and len(finding.numbers) <= 12:
            out.print(table_of(finding.numbers, title=""))
        elif finding.numbers is not None:
            echo(f"  {len(finding.numbers)} rows, on the page.")
    echo("")
    echo(f"Page:   {display_path(done.folder / 'reproduction.html')}")
    echo(f"Table:  {display_path(done.folder / 'reproduction.csv')}, reproduction.json")
    if not everything:
        echo("Only numbers that do not hold are listed here; --all lists every one.")


def _shown(rows: pd.DataFrame, *, verdicts: bool) -> pd.DataFrame:
    """Return the table for the terminal; without verdicts where all are the same."""
    import pandas as pd

    from samesplit.reports.reproduction_page import shown_number

    lines = [
        [
            row["row"],
            " / ".join(part for part in (row["model_or_reader"], row["cohort_split"]) if part),
            row["metric"] if row["part"] == "value" else f"{row['metric']} {row['part']}",
            row["printed"],
            shown_number(row["recomputed"]),
            row["verdict"],
            "; ".join(part for part in (row["formula"], row["note"]) if part),
        ]
        for row in rows.to_dict("records")
    ]
    table = pd.DataFrame(lines, columns=["line", "of", "number", "printed", "recomputed", "verdict", "how"])
    return table if verdicts else table.drop(columns="verdict")
