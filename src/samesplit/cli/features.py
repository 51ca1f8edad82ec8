"""Verbs on the features themselves: which there are, and how far each one can be trusted."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from samesplit.cli.console import Benchmark, Jobs, Scheduler, display_path, echo, out, reporter, table_of

if TYPE_CHECKING:
    from samesplit.features.compliance.check import Compliance
    from samesplit.features.compliance.filters.check import FilterCompliance

__all__ = ["compare_engines", "ibsi", "list_features", "perturb"]


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
    from samesplit.workflows.perturb import measure_robustness, read_perturbations

    kinds = [kind.strip() for kind in perturbations.split(",")] if perturbations else []
    found = measure_robustness(
        benchmark,
        read_perturbations(settings, kinds=kinds, repetitions=repetitions),
        profiles=profile or (),
        sequences=sequence or (),
        output=output,
        jobs=jobs,
        scheduler=scheduler,
        reporter=reporter(),
    )
    summary = found.summary().round({"median_icc": 3, "stable": 3})
    out.print(table_of(summary, title="Robust features (stable: share with an ICC of 0.75 or more)"))
    if len(found.ledger):
        echo(f"{len(found.ledger)} lines in the case ledger: {display_path(found.folder / 'ledger.csv')}")
    echo(f"Wrote {display_path(found.folder)} ({found.seconds:.0f} s of computing)")


def ibsi(
    data: Annotated[
        Path | None,
        typer.Option(help="Folder with the IBSI's data (default: looked for in SAMESPLIT_DATA)."),
    ] = None,
    standard: Annotated[
        int, typer.Option(min=1, max=2, help="1: features (IBSI-1). 2: image filters (IBSI-2).")
    ] = 1,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write every value beside its reference as CSV.")
    ] = None,
) -> None:
    """Check the engine against all references of IBSI-1 or IBSI-2; exit code 0 only if every one matches."""
    from samesplit.features.compliance import summary as of_features
    from samesplit.features.compliance.filters import summary as of_filters
    from samesplit.workflows.check_ibsi import check_engine, check_image_filters

    found: Compliance | FilterCompliance
    if standard == 1:
        found = check_engine(data, reporter=reporter())
        parts = [of_features.counts_table(found), of_features.misses_table(found)]
        verdict = of_features.verdict(found)
    else:
        found = check_image_filters(data, reporter=reporter())
        parts = [of_filters.maps_table(found), of_filters.values_table(found), of_filters.misses_table(found)]
        verdict = of_filters.verdict(found)
    for part in parts:
        if part is not None:
            out.print(part)
    if found.note:
        echo(f"Note: {found.note}; --data FOLDER names it.")
    if output is not None:
        found.write(output)
        echo(f"Wrote {display_path(output)} ({len(found.table):,} rows)")
    echo(verdict)
    if not found.passed:
        raise typer.Exit(1)


def list_features(
    profile: Annotated[
        str | None, typer.Option("--profile", "-p", help="What this profile (name or YAML file) produces.")
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
    from samesplit.features.profile_lookup import find_profile
    from samesplit.storage import write_text
    from samesplit.tables import write_csv

    if markdown is not None:
        write_text(markdown, features_page())
        echo(f"Wrote {display_path(markdown)}")
        return
    read = None if profile is None else find_profile(profile)
    listing = standard_listing(family) if read is None else profile_listing(read, family)
    if csv is not None:
        write_csv(listing, csv)
        echo(f"Wrote {display_path(csv)} ({len(listing):,} rows)")
        return
    for part in tables_of(listing):
        out.print(part)
    for line in remarks(read, listing) if read is not None else ():
        echo(line)


def compare_engines(
    benchmark: Benchmark,
    engine_names: Annotated[
        str | None,
        typer.Option(
            "--engines",
            help="Two or more, the reference first (default: ibsi, pyradiomics and mirp, as far as installed).",
        ),
    ] = None,
    profile: Annotated[
        list[str] | None,
        typer.Option(
            "--profile", help="A profile that replaces the neutral setting of its engine (repeatable)."
        ),
    ] = None,
    sequence: Annotated[list[str] | None, typer.Option(help="Only this sequence (repeatable).")] = None,
    spacing: Annotated[float, typer.Option(min=0, help="Voxel size in mm; 0 keeps the image's own.")] = 2.0,
    aggregation: Annotated[
        str,
        typer.Option(
            help="How directions and slices of texture matrices become one value: merged or averaged in the "
            "volume, 2D_avg, 2D_comb, 2_5D_avg, 2_5D_comb, or all of them."
        ),
    ] = "merged",
    lesions: Annotated[
        int | None, typer.Option(min=2, help="Only this many lesions, spread over the cohort.")
    ] = None,
    output: Annotated[Path | None, typer.Option(help="Folder for table and page.")] = None,
    jobs: Jobs = None,
    scheduler: Scheduler = None,
) -> None:
    """Extract the same lesions with several engines: ICC, largest difference and known reasons per feature."""
    from samesplit.features.comparison.equivalence import neutral_setting
    from samesplit.workflows.compare_engines import compare_engines as compare_on

    found = compare_on(
        benchmark,
        engines=[name.strip() for name in engine_names.split(",")] if engine_names is not None else None,
        profiles=profile or (),
        setting=neutral_setting(spacing_mm=spacing, aggregation=aggregation), sequences=sequence or (),
        most_lesions=lesions, output=output, jobs=jobs, scheduler=scheduler, reporter=reporter(),
    )  # fmt: skip
    summary = found.summary().reset_index()
    for (sequence_name, first, second), part in summary.groupby(["sequence", "first", "second"], sort=False):
        counts = part.drop(columns=["sequence", "first", "second"])
        out.print(table_of(counts, title=f"{sequence_name}: features of {first} and {second} by agreement"))
    if found.failed:
        what = "1 case" if found.failed == 1 else f"{found.failed} cases"
        echo(f"{what} could not be used by an engine; ledger.csv says which and why")
    for reason in found.left_out:
        echo(f"Left out: {reason}")
    for path in found.files:
        echo(f"Wrote {display_path(path)}")
