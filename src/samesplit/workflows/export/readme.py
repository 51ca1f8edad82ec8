"""What people read: README.md, CITATION.cff, licences.csv, and requirements.txt to run the package again."""

from __future__ import annotations

from typing import Any

import pandas as pd
import yaml

from samesplit.benchmarks.definition import BenchmarkDefinition
from samesplit.benchmarks.image_hashes import IMAGE_HASHES
from samesplit.benchmarks.publication_settings import licence_url, spdx_id
from samesplit.workflows.export.package import CHECKSUMS, Package
from samesplit.workflows.export.publication import Publication

__all__ = ["citation_text", "licence_table", "readme_text", "requirements_text"]


def requirements_text(record: dict[str, Any]) -> str:
    """Return the versions of the run as pip takes them.

    What a version has after a plus sign (`+cpu`, or the commit between two releases) no package index knows: the
    line asks for what stands before it, which pip takes for the same, and a comment has the rest.

    Example:
        >>> print(requirements_text({"run": "2b6c", "versions": {"python": "3.12.1", "torch": "2.13.0+cpu"}}))
        # The versions that the run 2b6c was made with, on Python 3.12.1.
        torch==2.13.0  # was 2.13.0+cpu
        <BLANKLINE>
    """
    versions = dict(record.get("versions", {}))
    python = versions.pop("python", "")
    lines = [f"# The versions that the run {record['run']} was made with, on Python {python}."]
    for name, version in sorted(versions.items(), key=lambda one: one[0].lower()):
        public, _, local = str(version).partition("+")
        if name == "samesplit" and (local or "dev" in public):
            lines.append(
                "# Between two releases: install samesplit from its repository first, at this commit."
            )
        lines.append(f"{name}=={public}" + (f"  # was {version}" if local else ""))
    return "\n".join(lines) + "\n"


def licence_table(package: Package, publication: Publication) -> pd.DataFrame:
    """Return the licence of every file, its address, and whom to cite for it."""
    rows = []
    for entry in package.entries:
        licence = publication.licence_of(entry)
        cited = publication.data_source if entry.part == "data" else ""
        rows.append((entry.path, licence, licence_url(licence) or "", cited or publication.citation))
    return pd.DataFrame(rows, columns=["file", "licence", "url", "citation"])


def citation_text(publication: Publication) -> str:
    """Return CITATION.cff (https://citation-file-format.github.io, version 1.2.0)."""
    authors = [
        {
            "family-names": one.family_names,
            **({"given-names": one.given_names} if one.given_names else {}),
            **({"orcid": f"https://orcid.org/{one.orcid}"} if one.orcid else {}),
            **({"affiliation": one.organisation[0]} if one.organisation[0] else {}),
        }
        for one in publication.creators
    ]
    known = spdx_id(publication.licence)
    references: list[dict[str, Any]] = [
        {"type": "article", "title": f"doi:{doi}", "doi": doi, "authors": [{"name": "see the DOI"}]}
        for doi in publication.related
    ]
    if publication.data_source:
        references.append(
            {"type": "data", "title": publication.data_source, "authors": [{"name": "see the title"}]}
        )
    document = {
        "cff-version": "1.2.0",
        "message": "If you use this benchmark, please cite it, and the source of its cohort.",
        "type": "dataset",
        "title": publication.title,
        "abstract": publication.description,
        "authors": authors,
        "version": publication.version,
        "date-released": publication.date,
        **({"license": known} if known else {"license-url": publication.licence}),
        **({"doi": publication.doi} if publication.doi else {}),
        "keywords": list(publication.keywords),
        **({"references": references} if references else {}),
    }
    return yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=110)


def readme_text(
    package: Package, definition: BenchmarkDefinition, publication: Publication, record: dict[str, Any]
) -> str:
    """Return README.md: what is inside, how to get the images, how to run it again, and how to cite it.

    Args:
        package: All files but those that describe it.
        definition: The benchmark.
        publication: Who publishes it.
        record: The record of the run.
    """
    name = definition.name
    parts = [
        f"# {publication.title}",
        publication.description,
        "Asked: " + " ".join(task.question for task in definition.all_tasks().values()),
        f"Written by `samesplit export {name}` from the run {record['run']}. It is a workspace of samesplit: the "
        "same command on the same data and versions gives the same predictions.",
        "## What is inside",
        _inside(package),
        *(["Not inside: " + "; ".join(package.notes) + "."] if package.notes else []),
        "## Get the images",
        _images(definition, publication, has_hashes=f"benchmarks/{name}/{IMAGE_HASHES}" in package),
        "## Run it again",
        _again(definition, record, compared="results/predictions.csv" in package),
        "## Read the tables",
        "Every table is a CSV with commas, in UTF-8; features are parquet. Ids are text: read them as such "
        "(`pandas.read_csv(path, dtype=str)`), else `007` becomes 7. `croissant.json` describes all columns:",
        '```python\nimport mlcroissant as mlc\n\nlesions = mlc.Dataset("croissant.json").records("lesions")\n```',
        f"`sha256sum -c {CHECKSUMS}` says whether all files are whole.",
        "## Licences and citation",
        _licences(package, publication),
        f"Cite as: {publication.citation}",
        *([f"The cohort: {publication.data_source}"] if publication.data_source else []),
        *(
            ["Related: " + ", ".join(f"https://doi.org/{doi}" for doi in publication.related)]
            if publication.related
            else []
        ),
    ]
    return "\n\n".join(parts) + "\n"


def _inside(package: Package) -> str:
    rows = [
        f"| `{entry.path}` | {entry.about} |"
        for entry in package.entries
        if "/report-tables/" not in entry.path and "/models/" not in f"/{entry.path.removeprefix('models/')}"
    ]
    tables = sum("/report-tables/" in entry.path for entry in package.entries)
    if tables:
        rows.append(f"| `results/report-tables/` | The {tables} tables of the report as CSV. |")
    fitted = sum(entry.path.startswith("results/") and "/models/" in entry.path for entry in package.entries)
    if fitted:
        rows.append(f"| `results/**/models/` | The fitted models, {fitted} files. |")
    return "\n".join(["| file | what it is |", "|---|---|", *rows])


def _images(definition: BenchmarkDefinition, publication: Publication, *, has_hashes: bool) -> str:
    name, data = definition.name, definition.data
    if not definition.cohort.sequences:
        return "None are needed: the benchmark works with tables."
    if data.synthetic is not None:
        told = f"They are synthetic: `samesplit fetch {name}` makes the very same ones."
    elif data.files or data.file_list is not None:
        told = f"`samesplit fetch {name}` downloads them from where they are published."
    elif data.folder is not None:
        told = (
            f"Put them into a folder `{data.folder}` as `images.csv` says, and name the folder above it in the "
            "environment variable SAMESPLIT_DATA."
        )
    else:
        told = f"Put them into `benchmarks/{name}/` as `images.csv` says."
    source = f" Their source: {publication.data_source.rstrip('.')}." if publication.data_source else ""
    check = (
        f" `{IMAGE_HASHES}` has the SHA-256 of each: `samesplit validate {name}` says which of yours differ."
        if has_hashes
        else ""
    )
    return f"{told}{source}{check}"


def _again(definition: BenchmarkDefinition, record: dict[str, Any], *, compared: bool) -> str:
    name, data = definition.name, definition.data
    python = ".".join(str(record.get("versions", {}).get("python", "3.11")).split(".")[:2])
    lines = [f"python{python} -m venv .venv && . .venv/bin/activate", "pip install -r requirements.txt"]
    if data.synthetic is not None or data.files or data.file_list is not None:
        lines.append(f"samesplit fetch {name}")
    elif data.folder is not None and definition.cohort.sequences:
        lines.append(f"export SAMESPLIT_DATA=/path/to/data    # holds the folder {data.folder}")
    lines += [f"samesplit validate {name}", str(record.get("command") or f"samesplit run {name}")]
    if compared:
        lines.append(f"cmp results/predictions.csv reports/{name}/latest/predictions.csv && echo the same")
    device = record.get("machine", {})
    told = (
        f"The run took place on {device.get('processor', 'a processor')} with {device.get('cores', '?')} cores, "
        f"device {device.get('device', 'cpu')}. Networks may differ visibly on another processor or device; all "
        "else comes out the same there."
    )
    block = "\n".join(lines)
    return f"```sh\n{block}\n```\n\n{told}"


def _licences(package: Package, publication: Publication) -> str:
    titles = {
        "data": "tables of the cohort, split, readings, features",
        "results": "predictions, results, report",
        "declarations": "benchmark.yaml, profiles and models of its own",
        "built-in": "profiles and models that come with samesplit",
        "weights": "pretrained weights",
        "about": "metadata",
    }
    found: dict[tuple[str, str], None] = {}
    for entry in package.entries:
        found[titles[entry.part], publication.licence_of(entry)] = None
    rows = [
        f"| {title} | {f'[{licence}]({url})' if (url := licence_url(licence)) else licence} |"
        for title, licence in sorted(found)
    ]
    return "\n".join(["| part | licence |", "|---|---|", *rows, "", "`licences.csv` says it for each file."])
