"""`croissant.json`: the package as a machine-learning dataset, in the format Croissant 1.1 of MLCommons.

Tables become record sets with typed, described fields; the sides of the split are `cr:Split`, so that a loader can
take training lesions only. Specification: https://docs.mlcommons.org/croissant/docs/croissant-spec-1.1.html.
"""

from __future__ import annotations

import csv
import gzip
import itertools
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from samesplit.benchmarks.definition import BenchmarkDefinition
from samesplit.benchmarks.image_hashes import IMAGE_HASHES
from samesplit.benchmarks.publication_settings import licence_url
from samesplit.csv_files import separator_of
from samesplit.tasks import BinaryTask, MulticlassTask
from samesplit.workflows.export.croissant_context import CONTEXT
from samesplit.workflows.export.fields import MEANINGS, TYPES
from samesplit.workflows.export.package import Entry, Package
from samesplit.workflows.export.publication import Publication
from samesplit.workflows.export.responsible_use import responsible_use

__all__ = ["CROISSANT", "croissant_text"]

CROISSANT = "croissant.json"
CONFORMS_TO = ("http://mlcommons.org/croissant/1.1", "http://mlcommons.org/croissant/RAI/1.0")
SPLITS = {"train": "cr:TrainingSplit", "validation": "cr:ValidationSplit", "test": "cr:TestSplit"}
"""The sides of a split, by the names that the format knows."""


@dataclass(frozen=True)
class _Table:
    """A table that becomes a record set.

    Attributes:
        name: Of the record set.
        path: Of the file in the package.
        about: What one record is.
        key: The columns that name a record.
        meanings: What the columns mean.
        types: Their types by schema.org.
        references: Columns that name a field of another record set.
    """

    name: str
    path: str
    about: str
    key: tuple[str, ...] = ()
    meanings: Mapping[str, str] = field(default_factory=dict)
    types: Mapping[str, str] = field(default_factory=dict)
    references: Mapping[str, str] = field(default_factory=dict)


def croissant_text(
    package: Package,
    definition: BenchmarkDefinition,
    publication: Publication,
    lesions: tuple[Mapping[str, str], Mapping[str, str]],
    *,
    without: tuple[str, ...] = (),
) -> str:
    """Describe a package in Croissant 1.1.

    Args:
        package: All files but those that describe it.
        definition: The benchmark.
        publication: Who publishes it, and under which licence.
        lesions: What the columns of lesions.csv mean, and their types.
        without: Paths that are not listed.

    Returns:
        The JSON-LD text, the same for the same package.
    """
    labels = _label_columns(definition)
    tables = [table for table in _tables(definition, lesions) if table.path in package]
    tables += [
        _Table(
            f"features-{definition_name}",
            f"results/features/{definition_name}.parquet",
            "One row a feature value.",
            ("lesion_id", "sequence", "rater", "profile", "feature"),
            references={"lesion_id": "lesions/lesion_id"},
        )
        for definition_name in definition.profiles
        if f"results/features/{definition_name}.parquet" in package
    ]
    licences = [publication.licence, publication.data_licence]
    document: dict[str, Any] = {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "name": publication.title,
        "description": publication.description,
        "conformsTo": list(CONFORMS_TO),
        "license": list(dict.fromkeys(licence_url(one) or one for one in licences)),
        "creator": [_person(publication, place) for place in range(len(publication.creators))],
        "datePublished": publication.date,
        "version": publication.version,
        "citeAs": _bibtex(publication),
        "keywords": list(publication.keywords),
        "isLiveDataset": False,
        **({"url": f"https://doi.org/{publication.doi}"} if publication.doi else {}),
        **({"sameAs": [f"https://doi.org/{publication.doi}"]} if publication.doi else {}),
        **responsible_use(definition, publication),
        "distribution": [_file(entry) for entry in package.entries if entry.path not in without],
        "recordSet": [
            _sides(),
            *(made for table in tables if (made := _record_set(package, table, labels)) is not None),
        ],
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _tables(
    definition: BenchmarkDefinition, lesions: tuple[Mapping[str, str], Mapping[str, str]]
) -> Iterator[_Table]:
    folder = f"benchmarks/{definition.name}"
    to_lesion = {"lesion_id": "lesions/lesion_id"}
    meanings, types = lesions
    yield _Table("lesions", f"{folder}/lesions.csv", "One row a lesion.", ("lesion_id",), meanings, types)
    yield _Table(
        "images", f"{folder}/images.csv", "One row an image and mask, by the path of its files.",
        ("lesion_id", "sequence", "rater"), references=to_lesion,
    )  # fmt: skip
    yield _Table(
        "image-hashes", f"{folder}/{IMAGE_HASHES}", "One row an image or mask file of the run.",
        ("lesion_id", "sequence", "rater", "file"), references=to_lesion,
    )  # fmt: skip
    yield _Table(
        "splits", f"{folder}/splits.csv", "One row a patient, repeat and fold: on which side the patient stands.",
        ("patient_id", "repeat", "fold"), references={"subset": "sides/name"},
    )  # fmt: skip
    if definition.readings is not None:
        yield _Table(
            "readings", f"{folder}/{definition.readings}", "One row a reading.", references=to_lesion,
            types={"decision": "sc:Text"},
        )  # fmt: skip
    if definition.features is not None:
        own = definition.features
        text = (own.id_column, *own.drop)
        yield _Table(
            "features", f"{folder}/{own.file}", "One row a lesion, one column a feature.", (own.id_column,),
            {own.id_column: MEANINGS["lesion_id"]}, dict.fromkeys(text, "sc:Text"),
        )  # fmt: skip
    yield _Table(
        "predictions", "results/predictions.csv", "One row a prediction of a model for a lesion.",
        references={**to_lesion, "subset": "sides/name"},
    )  # fmt: skip
    yield _Table("results", "results/results.csv", "One row an estimate with its interval.")
    yield _Table("ledger", "results/ledger.csv", "One row a thing that happened to a lesion on the way.")


def _sides() -> dict[str, Any]:
    """Return the record set of the sides of a split, in the terms of the format."""
    return {
        "@type": "cr:RecordSet",
        "@id": "sides",
        "name": "sides",
        "description": "The sides of the frozen split. Patients of train are fitted on, those of validation tune, "
        "those of test are judged; one patient stands on one side of a fold.",
        "dataType": "cr:Split",
        "key": {"@id": "sides/name"},
        "field": [
            {
                "@type": "cr:Field",
                "@id": "sides/name",
                "name": "sides/name",
                "description": "The side, as splits.csv and predictions.csv name it.",
                "dataType": "sc:Text",
            },
            {
                "@type": "cr:Field",
                "@id": "sides/url",
                "name": "sides/url",
                "description": "What the side is for.",
                "dataType": ["cr:Split", "sc:URL"],
            },
        ],
        "data": [{"sides/name": name, "sides/url": url} for name, url in SPLITS.items()],
    }


def _record_set(package: Package, table: _Table, labels: frozenset[str]) -> dict[str, Any] | None:
    columns = _columns(package, package.entry(table.path))
    if not columns:
        return None
    ids = _ids(table.name, columns)
    keys = [{"@id": ids[name]} for name in table.key if name in columns]
    return {
        "@type": "cr:RecordSet",
        "@id": table.name,
        "name": table.name,
        "description": table.about,
        **({"key": keys[0] if len(keys) == 1 else keys} if keys else {}),
        "field": [
            _field(table, name, kind, ids[name], label=table.name == "lesions" and name in labels)
            for name, kind in columns.items()
        ],
    }


def _field(table: _Table, column: str, kind: str, identifier: str, *, label: bool) -> dict[str, Any]:
    own = (
        table.name == "features"
    )  # columns with names of one's own, all of them numbers but those declared as text
    told = table.types.get(column, "sc:Float" if own else TYPES.get(column, kind))
    meaning = table.meanings.get(column) or (
        f"The feature {column}." if own else MEANINGS.get(column, f"The column {column}.")
    )
    reference = table.references.get(column)
    return {
        "@type": "cr:Field",
        "@id": identifier,
        "name": f"{table.name}/{column}",
        "description": meaning,
        "dataType": [told, "cr:Label"] if label else told,
        "source": {"fileObject": {"@id": _id(table.path)}, "extract": {"column": column}},
        **({"references": {"field": {"@id": reference}}} if reference else {}),
    }


def _columns(package: Package, entry: Entry) -> dict[str, str]:
    """Return the columns of a table with the types that its file tells; of CSV what the first row looks like."""
    path = package.root / entry.path
    if path.suffix == ".parquet":
        schema = pq.read_schema(path)
        kinds = {"double": "sc:Float", "float": "sc:Float", "int64": "sc:Integer"}
        found = {name: kinds.get(str(schema.field(name).type), "sc:Text") for name in schema.names}
        return {name: kind for name, kind in found.items() if not name.startswith("__index_level_")}
    head = _head(path)
    if head is None:
        return {}
    header, *rows = csv.reader(head)
    cells = dict(zip(header, rows[0] if rows else [], strict=False))
    return {name: "sc:Float" if _is_decimal(cells.get(name, "")) else "sc:Text" for name in header}


def _head(path: Path) -> list[str] | None:
    """Return the first two lines of a CSV, packed or not; None where other programs would not read it as it is."""
    with path.open("rb") as file:
        packed = file.read(2) == b"\x1f\x8b"
    try:
        # A mark at the beginning (Excel's UTF-8) is no part of the first name.
        with (
            gzip.open(path, "rt", encoding="utf-8-sig") if packed else path.open(encoding="utf-8-sig") as text
        ):
            lines = list(itertools.islice(text, 2))
    except UnicodeDecodeError:
        return None
    return lines if separator_of("".join(lines), ["lesion_id", "patient_id"]) == (0, ",") else None


def _is_decimal(cell: str) -> bool:
    return re.fullmatch(r"[-+]?\d+\.\d*(e[-+]?\d+)?", cell, re.IGNORECASE) is not None


def _id(name: str) -> str:
    """Return an identifier for a name: the format allows no spaces in it.

    Example:
        >>> _id("features/mean of 100%")
        'features/mean_of_100%'
    """
    return re.sub(r"\s", "_", name)


def _ids(table: str, columns: Iterable[str]) -> dict[str, str]:
    """Return an identifier for each column of a table, no two the same.

    Example:
        >>> _ids("features", ["mean of", "mean_of"])
        {'mean of': 'features/mean_of', 'mean_of': 'features/mean_of-2'}
    """
    found: dict[str, str] = {}
    for column in columns:
        plain = _id(f"{table}/{column}")
        same = sum(one == plain or one.startswith(f"{plain}-") for one in found.values())
        found[column] = f"{plain}-{same + 1}" if plain in found.values() else plain
    return found


def _file(entry: Entry) -> dict[str, Any]:
    return {
        "@type": "cr:FileObject",
        "@id": _id(entry.path),
        "name": entry.path,
        "description": entry.about,
        "contentUrl": entry.path,
        "contentSize": f"{entry.size} B",
        "encodingFormat": entry.media_type,
        "sha256": entry.sha256,
    }


def _person(publication: Publication, place: int) -> dict[str, Any]:
    creator = publication.creators[place]
    name, url = creator.organisation
    return {
        "@type": "sc:Person",
        "name": creator.full_name,
        **({"url": f"https://orcid.org/{creator.orcid}"} if creator.orcid else {}),
        **(
            {"affiliation": {"@type": "sc:Organization", "name": name, **({"url": url} if url else {})}}
            if name
            else {}
        ),
    }


def _label_columns(definition: BenchmarkDefinition) -> frozenset[str]:
    tasks = definition.all_tasks().values()
    return frozenset(
        c for task in tasks if isinstance(task, BinaryTask | MulticlassTask) for c in task.columns
    )


def _bibtex(publication: Publication) -> str:
    names = " and ".join(f"{c.family_names}, {c.given_names}".rstrip(", ") for c in publication.creators)
    first = re.sub(r"\W+", "", publication.creators[0].family_names.lower()) or "samesplit"
    lines = {
        "author": names,
        "title": publication.title,
        "year": publication.date[:4],
        "version": publication.version,
        **({"doi": publication.doi} if publication.doi else {}),
    }
    body = ", ".join(f"{key} = {{{value}}}" for key, value in lines.items())
    return f"@dataset{{{first}{publication.date[:4]}, {body}}}"
