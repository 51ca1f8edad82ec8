"""The command `samesplit learning-curve`: the AUC of models against the number of training lesions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from samesplit.cli.console import Benchmark, Jobs, Scheduler, display_path, echo, out, reporter, table_of
from samesplit.errors import DeclarationError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["learning_curve"]


def learning_curve(
    benchmark: Benchmark,
    model: Annotated[list[str], typer.Option("--model", "-m", help="A model of the benchmark (repeatable).")],
    sizes: Annotated[
        str | None,
        typer.Option(
            help="Comma-separated numbers of training lesions (default: halves of the training part)."
        ),
    ] = None,
    repeats: Annotated[int, typer.Option(min=1, help="How many times subsets are drawn.")] = 3,
    task: Annotated[
        str | None, typer.Option(help="A task of classes (default: the benchmark's first).")
    ] = None,
    jobs: Jobs = None,
    scheduler: Scheduler = None,
    seed: Annotated[int, typer.Option(min=0, help="Of the draws of subsets.")] = 0,
) -> None:
    """Fit models to nested subsets of the training part: the AUC by number of lesions, and where curves cross."""
    from samesplit.workflows.learning_curve.curve import run_learning_curve

    found = run_learning_curve(
        benchmark,
        models=model,
        sizes=_numbers(sizes),
        draws=repeats,
        task=task,
        jobs=jobs,
        scheduler=scheduler,
        seed=seed,
        reporter=reporter(),
    )
    titles = {name: about["title"] for name, about in found.record["models"].items()}
    out.print(table_of(_shown(found.tables.curve, titles), title="AUC by number of training lesions"))
    from samesplit.reports.learning_curve_page import crossing_words

    for words in crossing_words(found.tables.crossings, found.record):
        echo(words)
    for note in found.tables.notes:
        echo(f"Note:   {note}.")
    for name, why in found.failures.items():
        echo(f"Failed: {name}: {why}")
    echo(f"Page:   {display_path(found.folder / 'learning_curve.html')}")
    echo(f"Tables: {display_path(found.folder / 'learning_curve.csv')}, differences.csv, crossings.csv")
    echo(f"Figure: {display_path(found.folder / 'learning_curve.png')}, learning_curve.svg")
    if found.failures:
        raise typer.Exit(1)


def _numbers(text: str | None) -> list[int]:
    """Read comma-separated whole numbers above 0."""
    words = [word.strip() for word in text.split(",") if word.strip()] if text else []
    wrong = [word for word in words if not word.isascii() or not word.isdigit() or int(word) < 1]
    if wrong or (text is not None and not words):
        raise DeclarationError(
            f"'{wrong[0] if wrong else text}' is not a number of lesions",
            where="--sizes",
            remedy="write whole numbers with commas between them, such as: --sizes 75,150,300",
        )
    return [int(word) for word in words]


def _shown(curve: pd.DataFrame, titles: dict[str, str]) -> pd.DataFrame:
    """Return the table for the terminal, a column a size."""
    import pandas as pd

    from samesplit.reports.formatting import interval_text, number

    lines = []
    for model, rows in curve.groupby("model", sort=False):
        cells = {
            f"{row['size']}": f"{number(row['auc'])} ({interval_text(row['ci_low'], row['ci_high'])})"
            for row in rows.to_dict("records")
        }
        lines.append({"model": titles[str(model)], **cells})
    return pd.DataFrame(lines)
