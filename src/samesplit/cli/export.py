"""The command `samesplit export`: a benchmark and one of its runs as a package for others."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from samesplit.cli.console import Benchmark, display_path, echo, out

__all__ = ["export"]


def export(
    benchmark: Benchmark,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help="A folder, or a path that ends in .zip (default: exports/<benchmark>-<run>).",
        ),
    ] = None,
    run: Annotated[
        str | None, typer.Option(help="The run, by its name or the beginning of it (default: the latest).")
    ] = None,
    creator: Annotated[
        list[str] | None,
        typer.Option(
            help="'Given Family; ORCID; affiliation', of which the last two may be absent (repeatable)."
        ),
    ] = None,
    licence: Annotated[
        str | None, typer.Option(help="Of the package: an SPDX identifier such as CC-BY-4.0, or an address.")
    ] = None,
    title: Annotated[str | None, typer.Option(help="Of the package (default: the benchmark's).")] = None,
    version: Annotated[str | None, typer.Option(help="Of the package (default: 1.0.0).")] = None,
    doi: Annotated[str | None, typer.Option(help="The DOI that is reserved for the package.")] = None,
    related: Annotated[
        list[str] | None, typer.Option(help="The DOI of a paper that belongs to it (repeatable).")
    ] = None,
    keyword: Annotated[list[str] | None, typer.Option(help="A word to find it by (repeatable).")] = None,
    drop_column: Annotated[
        list[str] | None,
        typer.Option(help="A column of lesions.csv or the readings to leave out (repeatable)."),
    ] = None,
    keep_column: Annotated[
        list[str] | None,
        typer.Option(help="A column that looks like personal data, and is none (repeatable)."),
    ] = None,
    predictions: Annotated[
        bool, typer.Option("--with-predictions/--without-predictions", help="Predictions of single lesions.")
    ] = True,
    models: Annotated[
        bool, typer.Option("--with-models/--without-models", help="The fitted models of every fold.")
    ] = False,
    weights: Annotated[
        bool,
        typer.Option(
            "--with-weights/--without-weights",
            help="Files of pretrained weights; look at their licences first.",
        ),
    ] = False,
    thumbnails: Annotated[
        bool,
        typer.Option(
            "--with-thumbnails/--without-thumbnails", help="Pieces of images of lesions in the report."
        ),
    ] = False,
    replace: Annotated[
        bool, typer.Option("--replace", help="Put it in the place of a package that is there.")
    ] = False,
) -> None:
    """Write a benchmark and a run of it as a package for Zenodo, without images: to read, cite and run again."""
    from samesplit.workflows.export import ExportOptions, export_benchmark

    options = ExportOptions(
        run=run,
        output=output,
        replace=replace,
        predictions=predictions,
        models=models,
        weights=weights,
        thumbnails=thumbnails,
        drop=tuple(drop_column or ()),
        keep=tuple(keep_column or ()),
        creators=tuple(creator or ()),
        licence=licence,
        title=title,
        version=version,
        doi=doi,
        related=tuple(related or ()),
        keywords=tuple(keyword or ()),
    )
    written = export_benchmark(benchmark, options, say=lambda text: echo(f"{text} ..."))
    for warning in written.warnings:
        out.print(f"[yellow]Look at this before you publish:[/] {escape(warning)}.", highlight=False)
    if written.notes:
        echo("Not inside: " + "; ".join(written.notes) + ".")
    echo(
        f"Package: {display_path(written.path)} ({written.files} files, {written.bytes / 1e6:,.1f} MB); "
        "its README.md says how it is run again"
    )
    for line in _next(written.path):
        echo(line)


def _next(path: Path) -> list[str]:
    """Return what to type to check the metadata, where it can be typed at all."""
    if path.suffix == ".zip":
        return []
    shown = shlex.quote(display_path(path))
    return [
        f"Check:   mlcroissant validate --jsonld {shown}/croissant.json; rocrate-validator validate {shown}"
    ]
