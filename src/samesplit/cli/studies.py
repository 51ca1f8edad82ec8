"""The command `samesplit studies`: published studies and one's own runs in one table and one figure."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from samesplit.cli.console import display_path, echo, out, table_of

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["studies"]


def studies(
    names: Annotated[
        list[str] | None,
        typer.Argument(help="Benchmarks whose latest run is compared (default: all that have been run)."),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Folder (default: reports/studies).")
    ] = None,
) -> None:
    """Compare published studies with each other and with one's own runs: task, n, estimate, validation, flaws."""
    from samesplit.workflows.studies.comparison import compare_studies

    found = compare_studies(names or (), output=output)
    out.print(table_of(_estimates(found.table), title="What was reached"))
    out.print(table_of(_studies(found.table), title="Of whom, how validated, and what is wrong"))
    if found.table["interval"].str.startswith("recomputed").any():
        echo("* The study printed no interval: it is recomputed from its counts.")
    for note in found.notes:
        echo(f"Note:   {note}.")
    echo(f"Page:   {display_path(found.folder / 'studies.html')}")
    echo(f"Table:  {display_path(found.folder / 'studies.csv')}")
    echo(f"Figure: {display_path(found.folder / 'studies.png')}, studies.svg")


def _estimates(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the estimates for the terminal; the name of a study stands in its first row."""
    import pandas as pd

    from samesplit.reports.formatting import count_cell
    from samesplit.reports.studies_page import estimate_text

    lines = [
        {
            "study": row["study"],
            "task": row["task"],
            "n": count_cell(row["n"]).text,
            "model or reader": row["label"],
            "quantity": row["quantity"],
            "estimate (95 % interval)": estimate_text(row),
        }
        for row in rows[rows["quantity"].ne("")].to_dict("records")
    ]
    shown = pd.DataFrame(lines)
    return (
        shown.assign(study=shown["study"].mask(shown["study"].eq(shown["study"].shift()), ""))
        if lines
        else shown
    )


def _studies(rows: pd.DataFrame) -> pd.DataFrame:
    """Return one row a study or run for the terminal."""
    import pandas as pd

    from samesplit.reports.formatting import count_cell

    lines = []
    for (source, study), part in rows.groupby(["source", "study"], sort=False):
        row = part.iloc[0]
        checked = f"{row['inconsistent']:.0f} of {row['checked']:.0f}" if row["checked"] > 0 else ""
        lines.append(
            {
                "study": study if source == "published" else f"{study} ({row['cohort']})",
                "modality": row["modality"],
                "lesions": count_cell(part["lesions"].max()).text,
                "readers": row["readers"],
                "validation": row["validation_type"],
                "inconsistent numbers": checked,
                "flaws": " ".join(dict.fromkeys(" ".join(part["flaws"]).split())),
            }
        )
    return pd.DataFrame(lines)
