"""The command `samesplit readers`: a reader study from tables alone."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from samesplit.cli.console import display_path, echo, out, table_of

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["readers"]


def readers(
    readings: Annotated[
        Path, typer.Argument(help="CSV: one row a reading (reader, case, modality, score, decision).")
    ],
    truth: Annotated[Path, typer.Option(help="CSV: one row a case (case, label); may be the same file.")],
    folder: Annotated[Path, typer.Option("--out", help="Folder to write into.")],
    predictions: Annotated[
        list[Path] | None,
        typer.Option("--predictions", help="CSV of a model: case, probability; may be given several times."),
    ] = None,
    margin: Annotated[
        float | None,
        typer.Option(help="Non-inferiority margin, declared beforehand: tests it, then superiority."),
    ] = None,
    superiority: Annotated[
        bool, typer.Option("--superiority", help="Superiority was declared beforehand.")
    ] = False,
    reference: Annotated[
        str | None, typer.Option(help="The model of the primary comparison (default: the first).")
    ] = None,
    threshold: Annotated[
        float | None,
        typer.Option(min=0, max=1, help="Models call a case positive from this probability on."),
    ] = None,
    positive: Annotated[
        str | None, typer.Option(help="The positive class, where labels are not 0 and 1.")
    ] = None,
    group: Annotated[
        list[str] | None, typer.Option("--group", help="A column of the truth: subgroups to analyse.")
    ] = None,
    where: Annotated[str | None, typer.Option(help="COLUMN=VALUE: keep these rows of the readings.")] = None,
    hit_radius: Annotated[
        float | None, typer.Option(min=0, help="Millimetres from a lesion within which a mark hits it.")
    ] = None,
    reader_column: Annotated[str | None, typer.Option(help="The column of the reader.")] = None,
    case_column: Annotated[str | None, typer.Option(help="The column of the case.")] = None,
    modality_column: Annotated[str | None, typer.Option(help="The column of the reading condition.")] = None,
    score_column: Annotated[str | None, typer.Option(help="The column of the rating.")] = None,
    decision_column: Annotated[str | None, typer.Option(help="The column of the call.")] = None,
    truth_column: Annotated[str | None, typer.Option(help="The column of the label.")] = None,
    patient_column: Annotated[str | None, typer.Option(help="The column of the patient.")] = None,
    title: Annotated[str, typer.Option(help="Title of the report.")] = "",
    confidence: Annotated[float, typer.Option(help="Coverage of the intervals.")] = 0.95,
    bootstraps: Annotated[int, typer.Option(min=0, help="Bootstrap samples.")] = 1000,
    seed: Annotated[int, typer.Option(min=0, help="Of the bootstrap.")] = 0,
) -> None:
    """Write the report of a reader study from tables: MRMC analysis, models against readers, agreement."""
    from samesplit.errors import ReadingsError
    from samesplit.workflows.readers import ColumnNames, ReaderStudyRequest, write_reader_study

    column, separator, value = (where or "").partition("=")
    if where is not None and not (column and separator):
        raise ReadingsError(
            f"'--where {where}' is not COLUMN=VALUE", remedy="write for example --where study=main"
        )
    found = write_reader_study(
        ReaderStudyRequest(
            readings=readings,
            truth=truth,
            predictions=tuple(predictions or ()),
            out=folder,
            title=title,
            names=ColumnNames(
                reader=reader_column,
                case=case_column,
                modality=modality_column,
                score=score_column,
                decision=decision_column,
                truth=truth_column,
                patient=patient_column,
            ),
            positive=positive,
            where=(column, value) if where is not None else None,
            reference=reference,
            threshold=threshold,
            margin=margin,
            hypotheses=("superiority",) if superiority and margin is None else None,
            groups=tuple(group or ()),
            hit_radius_mm=hit_radius,
            confidence=confidence,
            bootstraps=bootstraps,
            seed=seed,
            command=shlex.join(["samesplit", *sys.argv[1:]]),
        )
    )
    for note in found.notes:
        echo(f"Note: {note}")
    mrmc = found.tables.get("readers/mrmc")
    if mrmc is not None:
        out.print(table_of(_shown(mrmc[mrmc["group"] == "all"]), title="MRMC, readers and cases random"))
    against = found.tables.get("readers/against_model")
    if against is not None:
        out.print(table_of(_shown_models(against), title="Models minus the readers' mean"))
    echo(found.report.answer)
    echo(f"Report: {display_path(found.page)}")


def _shown(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the MRMC estimates for the terminal."""
    import pandas as pd

    from samesplit.reports.formatting import interval_text, number, p_text

    lines = [
        [
            row["quantity"],
            f"{row['modality']} − {row['reference']}" if row["reference"] else row["modality"],
            f"{number(row['estimate'], signed=bool(row['reference']))} "
            f"({interval_text(row['ci_low'], row['ci_high'])})",
            number(row["df"], 1),
            p_text(row["p_value"]),
        ]
        for row in rows.to_dict("records")
    ]
    return pd.DataFrame(lines, columns=["quantity", "condition", "estimate", "df", "P"])


def _shown_models(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the comparisons of models with readers for the terminal."""
    import pandas as pd

    from samesplit.reports.formatting import interval_text, number, p_text

    lines = [
        [
            row["model"],
            row["modality"],
            row["quantity"],
            f"{number(row['estimate'], signed=True)} ({interval_text(row['ci_low'], row['ci_high'])})",
            p_text(row["p_value"]),
            p_text(row["p_non_inferiority"]),
        ]
        for row in rows.to_dict("records")
    ]
    columns = ["model", "readers", "quantity", "model − readers", "P", "one-sided P of non-inferiority"]
    table = pd.DataFrame(lines, columns=columns)
    return table if rows["margin"].notna().any() else table.drop(columns="one-sided P of non-inferiority")
