"""`samesplit export`: a benchmark and one of its runs as a folder or zip for others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from samesplit.benchmarks.cohort import load_lesions
from samesplit.benchmarks.definition import read_benchmark
from samesplit.errors import WorkspaceError
from samesplit.storage import make_directory, temporary_directory
from samesplit.tables import hash_table
from samesplit.workflows.export.benchmark_files import (
    add_benchmark,
    folder_of,
    further_tables,
    own_tables,
    submitted,
)
from samesplit.workflows.export.croissant import CROISSANT, croissant_text
from samesplit.workflows.export.declaration_files import add_declarations
from samesplit.workflows.export.fields import meanings_of_lesions
from samesplit.workflows.export.package import Package
from samesplit.workflows.export.personal import Finding, personal_columns
from samesplit.workflows.export.publication import Publication, publication_of
from samesplit.workflows.export.readme import citation_text, licence_table, readme_text, requirements_text
from samesplit.workflows.export.ro_crate import RO_CRATE, ro_crate_text
from samesplit.workflows.export.run_files import add_externals, add_run
from samesplit.workflows.export.source import Source, find_source
from samesplit.workflows.export.traces import check_traces
from samesplit.workflows.export.writing import MOST_BYTES, check_place, put_in_place

__all__ = ["ExportOptions", "Exported", "export_benchmark"]

SOFTWARE = "https://pypi.org/project/samesplit/"


@dataclass(frozen=True)
class ExportOptions:
    """What the command line says.

    Attributes:
        run: The run's name, or its beginning; None: the latest.
        output: A folder, or a path that ends in `.zip`; None: `exports/<benchmark>-<run>` in the workspace.
        replace: Whether a package that is there gives way.
        predictions: Whether predictions of single lesions come along, those made elsewhere included.
        models: Whether fitted models come along.
        weights: Whether files of pretrained weights come along.
        thumbnails: Whether the report shows pieces of images.
        drop: Columns to leave out.
        keep: Columns that look like personal data, and are none.
        creators: Each `Name; ORCID; affiliation`.
        licence: An SPDX identifier, or an address.
        title: The package's title.
        version: Three numbers.
        doi: The DOI that is reserved for it.
        related: DOIs of papers.
        keywords: Words to find it by.
    """

    run: str | None = None
    output: Path | None = None
    replace: bool = False
    predictions: bool = True
    models: bool = False
    weights: bool = False
    thumbnails: bool = False
    drop: tuple[str, ...] = ()
    keep: tuple[str, ...] = ()
    creators: tuple[str, ...] = ()
    licence: str | None = None
    title: str | None = None
    version: str | None = None
    doi: str | None = None
    related: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()


@dataclass(frozen=True)
class Exported:
    """A package as it was written.

    Attributes:
        path: The folder or zip.
        files: How many files are in it.
        bytes: How large they are together, unpacked.
        notes: What is not in it, and why.
        warnings: What to look at before it is published.
    """

    path: Path
    files: int
    bytes: int
    notes: tuple[str, ...]
    warnings: tuple[str, ...]


def export_benchmark(
    benchmark: str | Path,
    options: ExportOptions | None = None,
    *,
    start: Path | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> Exported:
    """Write a benchmark and one of its runs as a package, without images.

    The package is a workspace: with the images, `samesplit run` in it gives the same predictions on the same
    versions. The same run gives the same bytes.

    Args:
        benchmark: Folder or name.
        options: What goes in, under which licence, and where it goes.
        start: Where to look for the benchmark.
        say: Told what is going on.

    Raises:
        DeclarationError: Creators or a licence are said nowhere, or one of them is wrong.
        WorkspaceError: The benchmark was changed since the run, a column looks like personal data, something would
            tell of this machine, or the place is taken.
    """
    options = options or ExportOptions()
    source = find_source(benchmark, run=options.run, start=start)
    output = (
        options.output or source.workspace.root / "exports" / f"{source.name}-{source.run.name}"
    ).absolute()
    check_place(output, replace=options.replace)
    publication = publication_of(
        source.definition,
        date=str(source.record["finished"])[:10],
        creators=options.creators,
        licence=options.licence,
        title=options.title,
        version=options.version,
        doi=options.doi,
        related=options.related,
        keywords=options.keywords,
    )
    tables = own_tables(source)
    found = personal_columns(tables | further_tables(source))
    warnings = (*_warnings(found, options, source), *_of_others(options, source))
    make_directory(output.parent)
    with temporary_directory(output) as staging:
        package = Package(make_directory(staging / "package"))
        say("Tables, profiles and models")
        package.notes += ["images and masks"] if source.definition.cohort.sequences else []
        add_benchmark(package, source, tables, drop=options.drop, submissions=options.predictions)
        add_declarations(package, source, weights=options.weights)
        say("Results and report")
        record = add_run(
            package,
            source,
            predictions=options.predictions,
            models=options.models,
            thumbnails=options.thumbnails,
        )
        if options.predictions:
            add_externals(package, source)
        package.write("requirements.txt", requirements_text(record), "Versions of the run, for pip.", "about")
        say("Metadata")
        _describe(package, source, publication, record)
        _check(package, source, options)
        total = sum(entry.size for entry in package.entries)
        if total > MOST_BYTES:
            warnings = (*warnings, f"{total / 1e9:.0f} GB is more than Zenodo takes without asking (50 GB)")
        path = put_in_place(package, output, name=f"{source.name}-{source.run.name}")
    return Exported(path, len(package.entries), total, tuple(package.notes), warnings)


def _describe(package: Package, source: Source, publication: Publication, record: dict[str, object]) -> None:
    """Write what describes the package: for people, for machines, and the hashes of all of it."""
    package.write("CITATION.cff", citation_text(publication), "How to cite the package.", "about")
    package.write(
        "README.md",
        readme_text(package, source.definition, publication, record),
        "What is inside, how to get the images, how to run it again.",
        "about",
    )
    package.write_table(
        "licences.csv", licence_table(package, publication), "Licence and citation of every file.", "about"
    )
    lesions = meanings_of_lesions(source.definition, source.folder)
    text = croissant_text(package, source.definition, publication, lesions)
    package.write(CROISSANT, text, "Metadata in Croissant 1.1: tables, columns, splits.", "about")
    package.write(
        RO_CRATE,
        ro_crate_text(package, publication, record, software=SOFTWARE),
        "Metadata in RO-Crate 1.1: files, licences, people, the run.",
        "about",
    )
    package.write_checksums()


def _check(package: Package, source: Source, options: ExportOptions) -> None:
    """See to it that the package can be read as a benchmark, is of the run's cohort, and tells of no machine."""
    folder = package.root / folder_of(source)
    lesions = load_lesions(folder, read_benchmark(folder), root=folder)
    if not options.drop and hash_table(lesions) != source.record["hashes"]["lesions"]:
        raise WorkspaceError(
            "lesions.csv came out other than the run read it: this is a fault of samesplit",
            where=source.folder,
            remedy="report it with the header and one made-up line of the table",
        )
    check_traces(package, source.workspace.root)


def _warnings(findings: tuple[Finding, ...], options: ExportOptions, source: Source) -> tuple[str, ...]:
    """Return what looks like personal data and is exported all the same.

    Raises:
        WorkspaceError: A column almost surely names a person, and was neither dropped nor kept by name.
    """
    open_ones = [one for one in findings if one.column not in (*options.drop, *options.keep)]
    stopping = [one for one in open_ones if one.stops]
    if stopping:
        told = "; ".join(map(str, stopping))
        columns = list(dict.fromkeys(one.column for one in stopping))
        raise WorkspaceError(
            f"looks like personal data, which must not be published: {told}",
            where=source.folder,
            remedy="leave it out with "
            + " ".join(f"--drop-column {column}" for column in columns)
            + ", replace what "
            "is in it (new ids, paths without names) and run again, or, if it names nobody, say --keep-column "
            + " --keep-column ".join(columns),
        )
    return tuple(map(str, open_ones))


def _of_others(options: ExportOptions, source: Source) -> tuple[str, ...]:
    """Return what of the package others have a say in: those who sent submissions, and patients in models."""
    told = []
    submissions = submitted(source) if options.predictions else []
    if submissions:
        told.append(
            f"submissions/ has {len(submissions)} of others, which would be under the licence of the package: ask "
            "them, or leave all predictions out with --without-predictions"
        )
    if options.models:
        told.append(
            "fitted models may hold the patients that they learned from: nearest neighbours and TabICL all of "
            "their features with the labels, support vector machines those of many"
        )
    return tuple(told)
