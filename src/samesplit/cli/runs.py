"""Verbs on runs: carry one out, join predictions made elsewhere, its report, its place in MLflow."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from samesplit.cli.console import (
    Benchmark,
    Jobs,
    Scheduler,
    Track,
    display_path,
    echo,
    out,
    reporter,
    table_of,
)

if TYPE_CHECKING:
    from samesplit.run import Plan, Reporter, RunOptions

__all__ = ["carry_out", "clean", "compare", "forget", "push", "report", "run", "ui"]


def run(
    benchmark: Benchmark,
    jobs: Jobs = None,
    scheduler: Scheduler = None,
    model: Annotated[
        list[str] | None, typer.Option("--model", "-m", help="Only this model (repeatable).")
    ] = None,
    shuffle_labels: Annotated[
        int | None,
        typer.Option(
            min=0, help="Label permutation check: shuffle labels with this seed; models must fall to chance."
        ),
    ] = None,
    synthetic: Annotated[
        bool,
        typer.Option(
            "--synthetic",
            help="Of a published study: on synthetic patients of the same design, variants too.",
        ),
    ] = False,
    size: Annotated[
        str | None, typer.Option(help="Size of the synthetic cohort: reduced (default) or full.")
    ] = None,
    variant: Annotated[
        list[str] | None,
        typer.Option(
            help="A variant of the study, such as five-fold, or 'main' for the design itself (repeatable)."
        ),
    ] = None,
    track: Track = True,
) -> None:
    """Run a benchmark: features, models, statistics, report, tracking. A killed run goes on where it was."""
    from samesplit.run import RunOptions, load_plan

    options = RunOptions(
        jobs=jobs, shuffle_labels=shuffle_labels, only=tuple(model or ()), scheduler=scheduler
    )
    if synthetic or size is not None or variant:
        from samesplit.workflows.studies.runs import compose_benchmarks

        folders = compose_benchmarks(benchmark, synthetic=synthetic, size=size, variants=variant or ())
        _run_each(folders, options, track=track)
    else:
        carry_out(load_plan(benchmark, options), track=track)


def _run_each(folders: list[Path], options: RunOptions, *, track: bool) -> None:
    """Make benchmarks of a study ready and run them one after the other; exit code 1 where one of them would."""
    from samesplit.execution.processes import cores
    from samesplit.run import load_plan
    from samesplit.workflows.studies.runs import make_ready, models_among

    failed, reports = False, []
    for folder in folders:
        echo(f"{folder.name}: {display_path(folder / 'benchmark.yaml')}")
        only = models_among(folder, options.only) if len(folders) > 1 else options.only
        if options.only and not only:
            echo("Left out: it has none of the models that are asked for.")
            continue
        with reporter().pieces() as progress:
            make_ready(folder, progress=progress, jobs=options.jobs or cores())
        plan = load_plan(folder, replace(options, only=only))
        try:
            carry_out(plan, track=track)
        except typer.Exit:
            failed = True
        reports.append(plan.run_folder / "report.html")
    if len(reports) > 1:
        echo("Reports of this study:")
        for report in reports:
            echo(f"  {display_path(report)}")
    if failed:
        raise typer.Exit(1)


def compare(
    benchmark: Benchmark,
    predictions: Annotated[Path, typer.Argument(help="CSV with lesion_id and probability.")],
    name: Annotated[str, typer.Option(help="What to call the model in the report.")],
    task: Annotated[
        str | None, typer.Option(help="The task that they answer; needed where the benchmark has several.")
    ] = None,
    threshold: Annotated[
        float | None,
        typer.Option(
            help="Operating point fixed on development data, where the CSV has no validation lines."
        ),
    ] = None,
    jobs: Jobs = None,
    allow_missing: Annotated[bool, typer.Option(help="Accept lesions without a probability.")] = False,
    replace: Annotated[
        bool, typer.Option("--replace", help="Put them in the place of others of the same name.")
    ] = False,
    track: Track = True,
) -> None:
    """Add a model's predictions, made anywhere, to the report: judged on the same lesions, nothing rerun."""
    from samesplit.workflows.compare import compare as join

    plan = join(
        benchmark, predictions, title=name, task=task, threshold=threshold, allow_missing=allow_missing,
        replace=replace, jobs=jobs,
    )  # fmt: skip
    carry_out(plan, track=track)


def forget(
    benchmark: Benchmark,
    name: Annotated[str, typer.Option(help="The name given to `samesplit compare`.")],
    task: Annotated[str | None, typer.Option(help="Only the predictions for this task.")] = None,
    jobs: Jobs = None,
    track: Track = True,
) -> None:
    """Take predictions that were joined with `samesplit compare` out of the benchmark and its report again."""
    from samesplit.benchmarks.definition import read_benchmark
    from samesplit.errors import WorkspaceError
    from samesplit.run import RunOptions, load_plan
    from samesplit.run.external_predictions import remove_external
    from samesplit.run.latest import latest_run
    from samesplit.workspace import find_benchmark

    workspace, folder = find_benchmark(benchmark)
    definition = read_benchmark(folder)
    remove_external(workspace, definition.name, title=name, tasks=definition.all_tasks(), task=task)
    echo(f"'{name}' is no longer part of {folder.name}.")
    try:
        latest_run(workspace.reports / folder.name, benchmark=benchmark)
    except WorkspaceError:
        return  # there is no report that they stand in
    carry_out(load_plan(benchmark, RunOptions(jobs=jobs)), track=track)


def clean(
    benchmark: Annotated[
        str | None,
        typer.Argument(
            help="A benchmark whose workspace is meant (default: the workspace around this folder)."
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what would be removed, and how much it is.")
    ] = False,
) -> None:
    """Remove what no run refers to: kept pieces of deleted runs and of older code, locks, halves of files."""
    import pandas as pd

    from samesplit.cleaning import clean as remove
    from samesplit.run.plan import run_code
    from samesplit.workspace import find_benchmark, find_workspace

    around = find_workspace(Path.cwd()) if benchmark is None else find_benchmark(benchmark)[0]
    removed = remove(around, code=run_code(), dry_run=dry_run)
    total = sum(one.bytes for one in removed)
    if removed:
        lines = [(one.what, one.count, f"{one.bytes / 1e6:,.1f} MB") for one in removed]
        out.print(
            table_of(
                pd.DataFrame(lines, columns=["what", "number", "size"]), title=display_path(around.reports)
            )
        )
    done = "would be" if dry_run else "were"
    echo(f"{sum(one.count for one in removed)} things ({total / 1e6:,.1f} MB) {done} removed.")


def report(
    benchmark: Annotated[str, typer.Argument(help="A benchmark's folder or name, or the folder of a run.")],
    second: Annotated[
        str | None, typer.Argument(help="Another benchmark or run: the report is of the two side by side.")
    ] = None,
    pdf: Annotated[bool, typer.Option(help="Write report.pdf too (needs the extra 'pdf').")] = False,
    out: Annotated[
        Path | None, typer.Option(help="Where the report of two runs goes (default: reports/comparisons/).")
    ] = None,
) -> None:
    """Write the report of the latest run again from its tables, or of two runs side by side; as PDF if wanted."""
    from samesplit.reports import build_pdf, build_report
    from samesplit.run.audit_tables import adopt_audit
    from samesplit.run.history import adopt_history
    from samesplit.run.sealing import reseal
    from samesplit.workflows.compare_runs import compare_runs

    run_folder = _run_of(benchmark)
    if second is not None:
        other = _run_of(second)
        name = "--".join(
            f"{folder.resolve().parent.name}-{folder.resolve().name}" for folder in (run_folder, other)
        )
        folder = out or run_folder.resolve().parent.parent / "comparisons" / name
        echo(f"Report: {display_path(compare_runs(run_folder, other, folder))}")
    else:
        folder = run_folder
        adopt_audit(run_folder)
        adopt_history(run_folder)
        echo(f"Report: {display_path(build_report(run_folder))}")
        reseal(run_folder)
    if pdf:
        echo(f"PDF:    {display_path(build_pdf(folder))}")


def _run_of(name: str) -> Path:
    """Return the folder of a run that is named by itself, or of the latest run of a benchmark."""
    from samesplit.run_folder import RUN_RECORD

    return Path(name) if (Path(name) / RUN_RECORD).is_file() else _latest(name)[1]


def push(
    benchmark: Benchmark,
    to: Annotated[
        str | None,
        typer.Option(
            metavar="ADDRESS", help="Push to this tracking server instead, such as http://HOST:PORT."
        ),
    ] = None,
) -> None:
    """Push the latest run of a benchmark to mlflow.db, or to a tracking server; pushing twice does not double."""
    from samesplit.tracking import push as push_run
    from samesplit.tracking import push_to_server

    store, run_folder = _latest(benchmark)
    if to is None:
        push_run(run_folder, store)
    else:
        push_to_server(run_folder, to)
    echo(f"Pushed {display_path(run_folder)} to {display_path(store) if to is None else to}")


def ui(
    benchmark: Annotated[
        str | None,
        typer.Argument(
            help="A benchmark's folder or name, or a workspace (default: the one around or below this folder)."
        ),
    ] = None,
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port on this machine.")] = 5000,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
) -> None:
    """Open MLflow on the workspace's mlflow.db; ending the command ends the server and all its processes."""
    import sqlite3
    from contextlib import suppress

    from samesplit.cli.serving import check_port, find_store, serve
    from samesplit.extras import require_extra
    from samesplit.tracking import come_home, store_uri

    require_extra("tracking", needed_by="samesplit ui")
    store = find_store(benchmark)
    check_port(host, port)
    with suppress(sqlite3.Error):  # MLflow itself says what is wrong with the store
        come_home(store)
    echo(f"MLflow of {display_path(store)} on http://{host}:{port} (Ctrl-C stops it)")
    command = [sys.executable, "-m", "mlflow", "ui", "--backend-store-uri", store_uri(store)]
    command += ["--host", host, "--port", str(port), "--workers", "1"]
    quiet = {"MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
    raise typer.Exit(serve(command, environment=quiet))


def _latest(benchmark: str) -> tuple[Path, Path]:
    """Return the tracking store and the folder of the latest run of a benchmark."""
    from samesplit.run.latest import latest_run, stale_copy
    from samesplit.workspace import find_benchmark

    workspace, folder = find_benchmark(benchmark)
    reports = workspace.reports / folder.name
    latest = latest_run(reports, benchmark=benchmark)
    if stale := stale_copy(reports):
        echo(f"Note: {stale}.")
    return workspace.tracking_store, latest


def carry_out(plan: Plan, *, track: bool) -> None:
    """Run a plan and say what came of it; exit code 1 if a model failed or beats chance on permuted labels."""
    from samesplit.evaluation.binary.label_permutation import label_permutation_verdict, verdict_lines
    from samesplit.evaluation.checks.counts import checks_line
    from samesplit.workflows.run import run_benchmark

    told = reporter()
    outcome = run_benchmark(plan, told)
    for line in verdict_lines(outcome.folder):
        echo(line)
    if outcome.unchanged:
        echo("Nothing changed since the last run: nothing was done again.")
    echo(f"Report: {display_path(outcome.report)}")
    if line := checks_line(outcome.folder):
        echo(line)
    if track:
        _push_if_new(outcome.folder, plan.workspace.tracking_store, told)
    for note in outcome.notes:
        out.print(f"[yellow]Note:[/] {escape(note)}.", highlight=False)
    for name, reason in outcome.failures.items():
        out.print(f"[red]The model {escape(name)} failed:[/] {escape(reason)}", highlight=False)
    if plan.options.shuffle_labels is not None:
        verdict = label_permutation_verdict(outcome.folder)
        echo(verdict.text)
        if not verdict.at_chance:
            raise typer.Exit(1)
    if outcome.failures:
        raise typer.Exit(1)


def _push_if_new(folder: Path, store: Path, reporter: Reporter) -> None:
    from samesplit.cli.serving import ui_words
    from samesplit.extras import has_extra
    from samesplit.tracking import is_pushed, push

    if not has_extra("tracking"):
        echo(
            "Not tracked, since MLflow is not installed: pip install 'samesplit[tracking]' (or say --no-track)"
        )
        return
    if is_pushed(folder, store):
        return
    with reporter.stage("MLflow") as advance:
        advance(0, 1)
        push(folder, store)
        advance(1, 1)
    echo(f"Tracked in {display_path(store)}; open it with: {ui_words(store)}")
