"""Verbs that make a cohort ready to run: files, tables, checks, the frozen split, the settings in effect."""

from __future__ import annotations

import difflib
import shlex
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from samesplit.cli.console import Benchmark, Jobs, Scheduler, display_path, echo, out, reporter, table_of
from samesplit.workspace import designs, find_benchmark

__all__ = ["fetch", "init", "show", "split", "validate"]


def init(
    folder: Annotated[Path, typer.Argument(help="The new workspace, or the new benchmark inside one.")],
    begin_from: Annotated[
        str | None,
        typer.Option("--from", help=f"Begin from a published study: {', '.join(designs()) or 'none here'}."),
    ] = None,
) -> None:
    """Make a workspace with an empty benchmark to fill in, or with the design of a published study."""
    from samesplit.workspace import init_workspace

    design = _design(begin_from) if begin_from is not None else None
    written = init_workspace(folder, design=design)
    for path in written:
        echo(f"  {display_path(path)}")
    if not written:
        echo(f"Everything is there already: {folder}")
        return
    typed = shlex.quote(str(folder))
    if design is not None:
        echo(
            "\nNext: fill in the tables (columns.csv says what each column means; example/ has two rows of each), "
            "then\n"
            f"  samesplit validate {typed}\n  samesplit split {typed}\n  samesplit run {typed}"
        )
        return
    echo(
        f"\nNext: fill in lesions.csv and images.csv (or name a table of features in benchmark.yaml), then\n"
        f"  samesplit validate {typed}\n  samesplit split {typed} --scheme kfold\n  samesplit run {typed}"
    )


def _design(name: str) -> Path:
    """Return the folder of a published study, or of a study of one's own that was begun from one."""
    from samesplit.benchmarks.studies import read_study
    from samesplit.errors import WorkspaceError

    near = difflib.get_close_matches(name, designs(), n=1)
    hint = f"did you mean '{near[0]}'? " if near else ""
    there = f"{hint}There are: {', '.join(designs()) or 'none'}"
    try:
        folder = find_benchmark(name, design=True)[1]
    except WorkspaceError:
        folder = None
    if folder is None or not (folder / "study.yaml").is_file():
        raise WorkspaceError(f"there is no published study '{name}'", where="--from", remedy=there)
    return read_study(folder).folder


def fetch(benchmark: Benchmark, jobs: Jobs = None) -> None:
    """Download (or, for a synthetic cohort, build) a benchmark's files, verify them, and say where they are."""
    from samesplit.benchmarks.definition import read_benchmark
    from samesplit.benchmarks.fetching import fetch as fetch_files
    from samesplit.execution.processes import cores

    _, folder = find_benchmark(benchmark)
    definition = read_benchmark(folder)
    with reporter().pieces() as progress:
        where = fetch_files(definition, folder, progress=progress, jobs=jobs or cores())
    echo(f"Ready in {where}")


def validate(benchmark: Benchmark, jobs: Jobs = None, scheduler: Scheduler = None) -> None:
    """Check tables, files, geometry and masks before anything slow; exit code 1 when something failed."""
    from samesplit.cli.findings import lines_of
    from samesplit.workflows.validate import validate as check

    findings = check(benchmark, jobs=jobs, scheduler=scheduler, reporter=reporter())
    for line in lines_of(findings):
        echo(line)
    if findings.file is not None:
        echo(f"All of it as a table: {display_path(findings.file)}")
    if not findings.fine:
        raise typer.Exit(1)
    step = "run" if findings.split else "split"
    out.print(
        f"[green]No lesion failed.[/] Next: samesplit {step} {escape(shlex.quote(benchmark))}",
        highlight=False,
    )


def split(
    benchmark: Benchmark,
    scheme: Annotated[
        str | None,
        typer.Option(help="holdout, kfold, leave-one-site-out, temporal or fixed (default: benchmark.yaml)."),
    ] = None,
    folds: Annotated[int | None, typer.Option(min=2, help="Folds of kfold.")] = None,
    repeats: Annotated[int | None, typer.Option(min=1, help="Repeats of kfold.")] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Seed of the assignment.")] = None,
    file: Annotated[
        str | None, typer.Option(help="For 'fixed': a CSV, or nnU-Net's splits_final.json.")
    ] = None,
    export_nnunet: Annotated[
        Path | None, typer.Option(help="Write the split that stands as nnU-Net's splits_final.json.")
    ] = None,
    overwrite: Annotated[bool, typer.Option(help="Replace a split that was made before.")] = False,
) -> None:
    """Make the frozen split from ids, labels and strata alone, and write it once with its SHA-256."""
    from samesplit.workflows.split import export_split, freeze_split

    if export_nnunet is not None:
        echo(f"Wrote {export_split(benchmark, export_nnunet)}")
        return
    changes = {"scheme": scheme, "folds": folds, "repeats": repeats, "seed": seed, "file": file}
    given = {name: value for name, value in changes.items() if value is not None}
    frozen = freeze_split(benchmark, changes=given, overwrite=overwrite)
    out.print(table_of(frozen.counts, title="Patients and lesions per part"))
    for note in frozen.notes:
        echo(f"Note: {note}.")
    echo(f"Wrote {display_path(frozen.path)}  sha256 {frozen.sha256[:12]}")


def show(benchmark: Benchmark) -> None:
    """Print the effective settings of a benchmark, its profiles and its models, defaults included."""
    from samesplit.workflows.show import effective_settings

    echo(effective_settings(benchmark))
