"""The command line: one thin function per verb."""

from __future__ import annotations

import errno
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape

from samesplit import __version__
from samesplit.errors import SamesplitError

__all__ = ["app", "main"]

app = typer.Typer(
    name="samesplit",
    help="Radiomics, CNNs, clinical models and readers judged on the same patients, in one frozen split.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
engines = typer.Typer(help="The engines that compute features.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(engines, name="engines")
features = typer.Typer(help="The features that there are.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(features, name="features")
out = Console()

_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM, errno.EIO)
"""Errors of the disk that may arise inside any library: full, over quota, read-only, not allowed, broken."""

Benchmark = Annotated[str, typer.Argument(help="A benchmark's folder or name.")]
Jobs = Annotated[int | None, typer.Option("--jobs", "-j", min=1, help="Processes (default: one per core).")]
Scheduler = Annotated[
    str | None,
    typer.Option(help="A Dask scheduler (tcp://host:8786) whose workers open images and extract features."),
]


def main() -> None:
    """Run the command line; what goes wrong on purpose is one clear message and exit code 1."""
    try:
        app()
    except SamesplitError as error:
        Console(stderr=True).print(
            f"[bold red]Error:[/] {escape(str(error))}", highlight=False, soft_wrap=True
        )
        sys.exit(1)
    except OSError as error:
        if error.errno not in _DISK:
            raise
        where = f"{error.filename}: " if error.filename else ""
        Console(stderr=True).print(
            f"[bold red]Error:[/] {escape(where)}{error.strerror}\nRemedy: free some disk space, or see to it "
            "that this file or folder (or TMPDIR) may be read and written; what was finished is kept, and the "
            "same command goes on from there",
            highlight=False,
            soft_wrap=True,
        )
        sys.exit(1)
    except KeyboardInterrupt:
        Console(stderr=True).print("Stopped. What was finished is kept; the same command goes on from there.")
        sys.exit(130)


def _version(wanted: bool) -> None:
    if wanted:
        out.print(f"samesplit {__version__}", highlight=False)
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Options of the program itself."""


@app.command()
def init(
    folder: Annotated[Path, typer.Argument(help="The new workspace, or the new benchmark inside one.")],
) -> None:
    """Make a workspace with an empty benchmark to fill in."""
    from samesplit.workspace import init_workspace

    written = init_workspace(folder)
    for path in written:
        out.print(f"  {_shown(path)}", highlight=False)
    if not written:
        out.print(f"Everything is there already: {folder}", highlight=False)
        return
    out.print(
        f"\nNext: fill in lesions.csv and images.csv, then\n"
        f"  samesplit validate {folder}\n  samesplit split {folder} --scheme kfold\n  samesplit run {folder}",
        highlight=False,
    )


@app.command()
def fetch(benchmark: Benchmark, jobs: Jobs = None) -> None:
    """Download (or, for a synthetic cohort, build) a benchmark's files, verify them, and say where they are."""
    from samesplit.benchmarks.definition import read_benchmark
    from samesplit.benchmarks.fetching import fetch as fetch_files
    from samesplit.run.progress import RichReporter
    from samesplit.run.stages import cores
    from samesplit.workspace import find_benchmark

    _, folder = find_benchmark(benchmark)
    definition = read_benchmark(folder)
    with RichReporter(out).pieces() as progress:
        where = fetch_files(definition, folder, progress=progress, jobs=jobs or cores())
    out.print(f"Ready in {where}", highlight=False)


@app.command()
def validate(benchmark: Benchmark, jobs: Jobs = None) -> None:
    """Check tables, files, geometry and masks before anything slow; exit code 1 when something failed."""
    from rich.table import Table

    from samesplit.run import RichReporter
    from samesplit.run import validate as check

    findings = check(benchmark, jobs=jobs, reporter=RichReporter(out))
    for what, count in findings.summary.items():
        out.print(f"  {what:<18} {escape(count)}", highlight=False)
    if len(findings.problems):
        table = Table("status", "lesion", "sequence", "rater", "reason", title="Case ledger")
        for row in findings.problems.fillna("").itertuples():
            cells = (row.status, row.lesion_id, row.sequence, row.rater, row.reason)
            table.add_row(*(escape(str(cell)) for cell in cells))
        out.print(table)
    for row in findings.doubled.itertuples():
        which = escape(f"{row.lesion_id} {row.image}")
        out.print(f"[red]the same image stands under several patients[/]: {which}")
    if not findings.fine:
        raise typer.Exit(1)
    step = "run" if findings.split else "split"
    out.print(f"[green]No lesion failed.[/] Next: samesplit {step} {benchmark}", highlight=False)


@app.command()
def split(
    benchmark: Benchmark,
    scheme: Annotated[
        str | None,
        typer.Option(help="holdout, kfold, leave-one-site-out, temporal or fixed (default: benchmark.yaml)."),
    ] = None,
    folds: Annotated[int | None, typer.Option(help="Folds of kfold.")] = None,
    repeats: Annotated[int | None, typer.Option(help="Repeats of kfold.")] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of the assignment.")] = None,
    file: Annotated[
        str | None, typer.Option(help="For 'fixed': a CSV, or nnU-Net's splits_final.json.")
    ] = None,
    export_nnunet: Annotated[
        Path | None, typer.Option(help="Write the split that stands as nnU-Net's splits_final.json.")
    ] = None,
    overwrite: Annotated[bool, typer.Option(help="Replace a split that was made before.")] = False,
) -> None:
    """Make the frozen split from ids, labels and strata alone, and write it once with its SHA-256."""
    from samesplit.run.splitting import export_split, freeze_split

    if export_nnunet is not None:
        out.print(f"Wrote {export_split(benchmark, export_nnunet)}", highlight=False)
        return
    changes = {"scheme": scheme, "folds": folds, "repeats": repeats, "seed": seed, "file": file}
    given = {name: value for name, value in changes.items() if value is not None}
    frozen = freeze_split(benchmark, changes=given, overwrite=overwrite)
    out.print(_table_of(frozen.counts, title="Patients and lesions per part"))
    out.print(f"Wrote {_shown(frozen.path)}  sha256 {frozen.sha256[:12]}", highlight=False)


@app.command()
def run(
    benchmark: Benchmark,
    jobs: Jobs = None,
    scheduler: Scheduler = None,
    model: Annotated[
        list[str] | None, typer.Option("--model", "-m", help="Only this model (repeatable).")
    ] = None,
    shuffle_labels: Annotated[
        int | None,
        typer.Option(help="Canary: shuffle the labels with this seed; every model must fall to chance."),
    ] = None,
    track: Annotated[bool, typer.Option(help="Push the run to mlflow.db.")] = True,
) -> None:
    """Run a benchmark: features, models, statistics, report, tracking. A killed run goes on where it was."""
    from samesplit.run import RunOptions, load_plan

    options = RunOptions(
        jobs=jobs, shuffle_labels=shuffle_labels, only=tuple(model or ()), scheduler=scheduler
    )
    _carry_out(load_plan(benchmark, options), track=track)


@app.command()
def compare(
    benchmark: Benchmark,
    predictions: Annotated[Path, typer.Argument(help="CSV with lesion_id and probability.")],
    name: Annotated[str, typer.Option(help="What to call the model in the report.")],
    threshold: Annotated[
        float | None,
        typer.Option(help="Operating point fixed on development data, where the CSV has no validation rows."),
    ] = None,
    jobs: Jobs = None,
    allow_missing: Annotated[bool, typer.Option(help="Accept lesions without a probability.")] = False,
    track: Annotated[bool, typer.Option(help="Push the run to mlflow.db.")] = True,
) -> None:
    """Add a model's predictions, made anywhere, to the report: judged on the same lesions, nothing rerun."""
    from samesplit.run import compare as join

    plan = join(
        benchmark, predictions, title=name, threshold=threshold, allow_missing=allow_missing, jobs=jobs
    )
    _carry_out(plan, track=track)


@app.command()
def perturb(
    benchmark: Benchmark,
    profile: Annotated[
        list[str] | None, typer.Option("--profile", "-p", help="Only this profile (repeatable).")
    ] = None,
    sequence: Annotated[
        list[str] | None, typer.Option("--sequence", "-s", help="Only this sequence (repeatable).")
    ] = None,
    perturbations: Annotated[
        str | None,
        typer.Option(
            help="Comma-separated: contour, volume, translation, displacement, rotation, noise, raters; "
            "steps joined by '+' follow each other (default: contour,volume,translation,noise)."
        ),
    ] = None,
    repetitions: Annotated[int | None, typer.Option(min=2, help="Of each perturbation (default: 3).")] = None,
    settings: Annotated[
        Path | None, typer.Option(help="YAML file that says how strong each perturbation is.")
    ] = None,
    jobs: Jobs = None,
    scheduler: Scheduler = None,
    output: Annotated[
        Path | None, typer.Option(help="Folder (default: reports/BENCHMARK/stability).")
    ] = None,
) -> None:
    """Extract features under perturbations of masks and images: the ICC of each feature, and a figure."""
    from samesplit.run.progress import RichReporter
    from samesplit.run.stability import measure_stability, read_perturbations

    kinds = [kind.strip() for kind in perturbations.split(",")] if perturbations else []
    found = measure_stability(
        benchmark,
        read_perturbations(settings, kinds=kinds, repetitions=repetitions),
        profiles=profile or (),
        sequences=sequence or (),
        output=output,
        jobs=jobs,
        scheduler=scheduler,
        reporter=RichReporter(out),
    )
    summary = found.summary().round({"median_icc": 3, "stable": 3})
    out.print(
        _table_of(summary, title="Features that hold still (stable: share with an ICC of 0.75 or more)")
    )
    if len(found.ledger):
        out.print(f"{len(found.ledger)} rows in the case ledger: {_shown(found.folder / 'ledger.csv')}")
    out.print(f"Wrote {_shown(found.folder)} ({found.seconds:.0f} s of computing)", highlight=False)


@app.command()
def forget(
    benchmark: Benchmark,
    name: Annotated[str, typer.Option(help="The name given to `samesplit compare`.")],
) -> None:
    """Take predictions that were joined with `samesplit compare` out of the benchmark again."""
    from samesplit.benchmarks.definition import read_benchmark
    from samesplit.run.externals import remove_external
    from samesplit.workspace import find_benchmark

    workspace, folder = find_benchmark(benchmark)
    remove_external(workspace, read_benchmark(folder).name, title=name)
    out.print(f"'{name}' is no longer part of {folder.name}.", highlight=False)


@app.command()
def report(
    benchmark: Benchmark,
    pdf: Annotated[bool, typer.Option(help="Write report.pdf too (needs the extra 'pdf').")] = False,
) -> None:
    """Write the report of the latest run again from its tables, and as PDF if wanted."""
    from samesplit.reports import build_pdf, build_report

    _, run_folder = _latest(benchmark)
    out.print(f"Report: {_shown(build_report(run_folder))}", highlight=False)
    if pdf:
        out.print(f"PDF:    {_shown(build_pdf(run_folder))}", highlight=False)


@app.command()
def push(benchmark: Benchmark) -> None:
    """Push the latest run of a benchmark to mlflow.db; pushing twice does not double."""
    from samesplit.tracking import push as push_run

    store, run_folder = _latest(benchmark)
    push_run(run_folder, store)
    out.print(f"Pushed {_shown(run_folder)} to {_shown(store)}", highlight=False)


@app.command()
def show(benchmark: Benchmark) -> None:
    """Print the effective settings of a benchmark, its profiles and its models, defaults included."""
    from samesplit.run.effective import effective_settings

    out.print(escape(effective_settings(benchmark)), highlight=False, soft_wrap=True)


@engines.command("compare")
def compare_engines(
    benchmark: Benchmark,
    engine_names: Annotated[
        str, typer.Option("--engines", help="Two or more, the reference first.")
    ] = "ibsi,pyradiomics,mirp",
    profile: Annotated[
        list[str] | None,
        typer.Option(
            "--profile", help="A profile that replaces the neutral setting of its engine (repeatable)."
        ),
    ] = None,
    sequence: Annotated[list[str] | None, typer.Option(help="Only this sequence (repeatable).")] = None,
    spacing: Annotated[float, typer.Option(min=0, help="Voxel size in mm; 0 keeps the image's own.")] = 2.0,
    aggregation: Annotated[
        str, typer.Option(help="How directions of GLCM and GLRLM become one value: merged or averaged.")
    ] = "merged",
    lesions: Annotated[
        int | None, typer.Option(min=2, help="Only this many lesions, spread over the cohort.")
    ] = None,
    output: Annotated[Path | None, typer.Option(help="Folder for table and page.")] = None,
    jobs: Jobs = None,
) -> None:
    """Extract the same lesions with several engines: ICC, largest difference and known reasons per feature."""
    from samesplit.features.equivalence import neutral_setting
    from samesplit.run import RichReporter
    from samesplit.run.engines import compare_engines as compare_on

    found = compare_on(
        benchmark, engines=[name.strip() for name in engine_names.split(",")], profiles=profile or (),
        setting=neutral_setting(spacing_mm=spacing, aggregation=aggregation), sequences=sequence or (),
        most_lesions=lesions, output=output, jobs=jobs, reporter=RichReporter(out),
    )  # fmt: skip
    out.print(_table_of(found.summary().reset_index(), title="Features by agreement"))
    for path in found.files:
        out.print(f"Wrote {_shown(path)}", highlight=False, soft_wrap=True)


@features.command("list")
def list_features(
    profile: Annotated[
        str | None, typer.Option("--profile", "-p", help="What this profile produces, by whatever engine.")
    ] = None,
    family: Annotated[
        str | None, typer.Option("--family", "-f", help="Only this family, for example glcm.")
    ] = None,
    csv: Annotated[Path | None, typer.Option(help="Write the list as CSV instead.")] = None,
    markdown: Annotated[
        Path | None,
        typer.Option(help="Write docs/features.md, the page on all features and settings, instead."),
    ] = None,
) -> None:
    """List the features of IBSI-1 with codes and units, or exactly those that a profile produces."""
    from samesplit.features.listing import profile_listing, remarks, standard_listing, tables_of
    from samesplit.features.page import features_page
    from samesplit.features.profiles import read_profile
    from samesplit.storage import write_text
    from samesplit.tables import write_csv
    from samesplit.workspace import workspace_around

    if markdown is not None:
        write_text(markdown, features_page())
        out.print(f"Wrote {_shown(markdown)}", highlight=False, soft_wrap=True)
        return
    read = (
        None if profile is None else read_profile(workspace_around(Path.cwd()).declared("features", profile))
    )
    listing = standard_listing(family) if read is None else profile_listing(read, family)
    if csv is not None:
        write_csv(listing, csv)
        out.print(f"Wrote {_shown(csv)} ({len(listing):,} rows)", highlight=False, soft_wrap=True)
        return
    for part in tables_of(listing):
        out.print(part)
    for line in remarks(read, listing) if read is not None else ():
        out.print(escape(line), highlight=False, soft_wrap=True)


@app.command()
def ibsi(
    data: Annotated[
        Path | None,
        typer.Option(help="Folder with the CT phantom (default: looked for in SAMESPLIT_DATA)."),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write every value beside its reference as CSV.")
    ] = None,
) -> None:
    """Check the engine against all reference values of IBSI-1; exit code 0 only if every one matches."""
    from samesplit.features.compliance.summary import counts_table, misses_table, verdict
    from samesplit.run import RichReporter
    from samesplit.run.compliance import check_engine

    found = check_engine(data, reporter=RichReporter(out))
    out.print(counts_table(found))
    misses = misses_table(found)
    if misses is not None:
        out.print(misses)
    if found.note:
        out.print(f"Note: {found.note}; --data FOLDER names it.", highlight=False, soft_wrap=True)
    if output is not None:
        found.write(output)
        out.print(f"Wrote {_shown(output)} ({len(found.table):,} rows)", highlight=False, soft_wrap=True)
    out.print(verdict(found), highlight=False, soft_wrap=True)
    if not found.passed:
        raise typer.Exit(1)


@app.command()
def ui(
    port: Annotated[int, typer.Option(help="Port on this machine.")] = 5000,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
) -> None:
    """Open MLflow on the workspace's mlflow.db."""
    import subprocess

    from samesplit.errors import TrackingError
    from samesplit.tracking import store_uri
    from samesplit.workspace import workspace_around

    store = workspace_around(Path.cwd()).tracking_store
    if not store.exists():
        raise TrackingError("does not exist yet", where=store, remedy="run a benchmark first")
    out.print(f"MLflow on http://{host}:{port} (Ctrl-C stops it)", highlight=False)
    command = [sys.executable, "-m", "mlflow", "ui", "--backend-store-uri", store_uri(store)]
    raise typer.Exit(subprocess.call([*command, "--host", host, "--port", str(port)]))


def _latest(benchmark: str) -> tuple[Path, Path]:
    """The tracking store and the folder of the latest run of a benchmark."""
    from samesplit.errors import WorkspaceError
    from samesplit.workspace import find_benchmark

    workspace, folder = find_benchmark(benchmark)
    latest = workspace.reports / folder.name / "latest"
    if not (latest / "run.json").exists():
        raise WorkspaceError("has not been run", where=folder.name, remedy=f"samesplit run {benchmark}")
    return workspace.tracking_store, latest.resolve()


def _carry_out(plan: Any, *, track: bool) -> None:
    from samesplit.run import RichReporter, run_benchmark
    from samesplit.run.verdict import canary_verdict, verdict_lines

    reporter = RichReporter(out)
    outcome = run_benchmark(plan, reporter)
    for line in verdict_lines(outcome.folder):
        out.print(escape(line), highlight=False)
    if outcome.unchanged:
        out.print("Nothing changed since the last run: nothing was done again.")
    out.print(f"Report: {_shown(outcome.report)}", highlight=False, soft_wrap=True)
    if track:
        _push_if_new(outcome.folder, plan.workspace.tracking_store, reporter)
    for name, reason in outcome.failures.items():
        out.print(f"[red]The model {escape(name)} failed:[/] {escape(reason)}", highlight=False)
    if plan.options.shuffle_labels is not None:
        verdict = canary_verdict(outcome.folder)
        out.print(escape(verdict.text), highlight=False)
        if not verdict.at_chance:
            raise typer.Exit(1)
    if outcome.failures:
        raise typer.Exit(1)


def _push_if_new(folder: Path, store: Path, reporter: Any) -> None:
    from samesplit.tracking import is_pushed, push

    if is_pushed(folder, store):
        return
    with reporter.stage("MLflow") as advance:
        advance(0, 1)
        push(folder, store)
        advance(1, 1)
    out.print(f"Tracked in {_shown(store)}; open it with: samesplit ui", highlight=False)


def _table_of(counts: Any, *, title: str) -> Any:
    from rich.table import Table

    table = Table(*(str(column) for column in counts.columns), title=title)
    for row in counts.itertuples(index=False):
        table.add_row(*(str(cell) for cell in row))
    return table


def _shown(path: Path) -> str:
    """A path as the user would type it."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)
