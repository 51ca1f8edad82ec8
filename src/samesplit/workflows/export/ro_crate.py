"""`ro-crate-metadata.json`: the package as an RO-Crate 1.1, and the run as the process that made the results.

Specifications: https://w3id.org/ro/crate/1.1 and, for the run, Process Run Crate 0.5 (https://w3id.org/ro/wfrun/process/0.5).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote

from samesplit.benchmarks.publication_settings import Creator, licence_url
from samesplit.workflows.export.package import Entry, Package
from samesplit.workflows.export.publication import Publication

__all__ = ["RO_CRATE", "ro_crate_text"]

RO_CRATE = "ro-crate-metadata.json"
_CRATE = "https://w3id.org/ro/crate/1.1"
_PROCESS = "https://w3id.org/ro/wfrun/process/0.5"
_MORE_TERMS = {"sha256": "http://schema.org/sha256"}
"""What the context of RO-Crate 1.1 lacks."""
_FOLDERS = {
    "benchmarks": "The benchmark: what is asked, the cohort, the frozen split.",
    "features": "Feature profiles.",
    "models": "Models, as they are declared.",
    "results": "What the run gave: predictions, estimates, features, the report.",
    "reports": "Predictions made elsewhere, which a run of the package judges too.",
}


def ro_crate_text(
    package: Package, publication: Publication, record: dict[str, Any], *, software: str
) -> str:
    """Describe a package as an RO-Crate.

    Args:
        package: All files but this one.
        publication: Who publishes it, and under which licence.
        record: The record of the run.
        software: The address of samesplit.

    Returns:
        The JSON-LD text, the same for the same package.
    """
    graph = [
        {
            "@id": RO_CRATE,
            "@type": "CreativeWork",
            "conformsTo": {"@id": _CRATE},
            "about": {"@id": "./"},
        },
        _root(package, publication, record),
        *_folders(package),
        *(_file(entry, publication) for entry in package.entries),
        *_people(publication),
        *_licences(package, publication),
        *_process(package, publication, record, software),
        *(
            {"@id": f"https://doi.org/{doi}", "@type": "ScholarlyArticle", "name": doi}
            for doi in publication.related
        ),
    ]
    document = {"@context": [f"{_CRATE}/context", _MORE_TERMS], "@graph": [_single(one) for one in graph]}
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _single(entity: dict[str, Any]) -> dict[str, Any]:
    """Return an entity whose lists of one are that one, as the specification asks for."""
    return {key: one[0] if isinstance(one, list) and len(one) == 1 else one for key, one in entity.items()}


def _root(package: Package, publication: Publication, record: dict[str, Any]) -> dict[str, Any]:
    top = sorted({_first(entry) for entry in package.entries})
    organisations = list(_organisations(publication).values())
    return {
        "@id": "./",
        "@type": "Dataset",
        "name": publication.title,
        "description": publication.description,
        "datePublished": publication.date,
        "version": publication.version,
        "license": {"@id": _licence_id(publication.licence)},
        "author": [{"@id": _person_id(publication, place)} for place in range(len(publication.creators))],
        **({"publisher": {"@id": organisations[0]}} if organisations else {}),
        "keywords": ", ".join(publication.keywords),
        "conformsTo": [{"@id": _PROCESS}],
        **({"identifier": f"https://doi.org/{publication.doi}"} if publication.doi else {}),
        **(
            {"citation": [{"@id": f"https://doi.org/{doi}"} for doi in publication.related]}
            if publication.related
            else {}
        ),
        "hasPart": [{"@id": quote(name)} for name in top],
        "mentions": [{"@id": _action_id(record)}],
    }


def _first(entry: Entry) -> str:
    """Return the top folder of a file, or the file itself where it lies in none."""
    parts = PurePosixPath(entry.path).parts
    return f"{parts[0]}/" if len(parts) > 1 else parts[0]


def _folders(package: Package) -> Iterator[dict[str, Any]]:
    for name, about in _FOLDERS.items():
        inside = [entry.path for entry in package.entries if entry.path.startswith(f"{name}/")]
        if inside:
            yield {
                "@id": f"{name}/",
                "@type": "Dataset",
                "name": name,
                "description": about,
                "hasPart": [{"@id": quote(path)} for path in inside],
            }


def _file(entry: Entry, publication: Publication) -> dict[str, Any]:
    return {
        "@id": quote(entry.path),
        "@type": "File",
        "name": PurePosixPath(entry.path).name,
        "description": entry.about,
        "encodingFormat": entry.media_type,
        "contentSize": str(entry.size),
        "sha256": entry.sha256,
        "license": {"@id": _licence_id(publication.licence_of(entry))},
        **({"citation": publication.data_source} if entry.part == "data" and publication.data_source else {}),
    }


def _person_id(publication: Publication, place: int) -> str:
    creator = publication.creators[place]
    return f"https://orcid.org/{creator.orcid}" if creator.orcid else f"#person-{place + 1}"


def _organisations(publication: Publication) -> dict[str, str]:
    """Return the identifiers of the affiliations by name, in the order of the creators."""
    found: dict[str, str] = {}
    for creator in publication.creators:
        name, url = creator.organisation
        if name:
            found.setdefault(name, url or f"#organisation-{len(found) + 1}")
    return found


def _people(publication: Publication) -> Iterator[dict[str, Any]]:
    organisations = _organisations(publication)
    for place, creator in enumerate(publication.creators):
        yield _person(creator, _person_id(publication, place), organisations.get(creator.organisation[0]))
    for name, identifier in organisations.items():
        url = {} if identifier.startswith("#") else {"url": identifier}
        yield {"@id": identifier, "@type": "Organization", "name": name, **url}


def _person(creator: Creator, identifier: str, organisation: str | None) -> dict[str, Any]:
    return {
        "@id": identifier,
        "@type": "Person",
        "name": creator.full_name,
        "familyName": creator.family_names,
        **({"givenName": creator.given_names} if creator.given_names else {}),
        **({"affiliation": {"@id": organisation}} if organisation else {}),
    }


def _licence_id(licence: str) -> str:
    """Return the address of a licence, or a local one for words that name none."""
    known = licence_url(licence)
    slug = (
        "-".join("".join(letter if letter.isalnum() else " " for letter in licence.lower()).split()) or "none"
    )
    return known if known is not None else f"#licence-{slug}"


def _licences(package: Package, publication: Publication) -> Iterator[dict[str, Any]]:
    used = dict.fromkeys([publication.licence, *(publication.licence_of(entry) for entry in package.entries)])
    seen: set[str] = set()
    for licence in used:
        identifier = _licence_id(licence)
        if identifier not in seen:
            seen.add(identifier)
            about = (
                f"The licence {licence}."
                if licence_url(licence)
                else f"As the source of the data says: {licence}."
            )
            yield {"@id": identifier, "@type": "CreativeWork", "name": licence, "description": about}


def _action_id(record: dict[str, Any]) -> str:
    return f"#run-{record['run']}"


def _process(
    package: Package, publication: Publication, record: dict[str, Any], software: str
) -> Iterator[dict[str, Any]]:
    """Give the run: what it was made from, with what, and what it made."""
    made = [entry.path for entry in package.entries if entry.path.startswith("results/")]
    given = [
        entry.path
        for entry in package.entries
        if entry.path.startswith(("benchmarks/", "features/", "models/"))
    ]
    version = str(record.get("versions", {}).get("samesplit", ""))
    yield {
        "@id": _action_id(record),
        "@type": "CreateAction",
        "name": f"Run {record['run']} of {record['benchmark']}",
        "description": f"{record.get('command', 'samesplit run')}: features, models, statistics and report.",
        "startTime": str(record["started"]),
        "endTime": str(record["finished"]),
        "actionStatus": "http://schema.org/CompletedActionStatus",
        "instrument": {"@id": software},
        "agent": {"@id": _person_id(publication, 0)},
        "object": [{"@id": quote(path)} for path in given],
        "result": [{"@id": quote(path)} for path in made],
    }
    yield {
        "@id": software,
        "@type": "SoftwareApplication",
        "name": "samesplit",
        "description": "Radiomics, deep learning and readers judged on the same patients in one frozen split.",
        "url": software,
        "softwareVersion": version,
        "license": {"@id": "https://spdx.org/licenses/Apache-2.0"},
    }
    if all(
        _licence_id(publication.licence_of(e)) != "https://spdx.org/licenses/Apache-2.0"
        for e in package.entries
    ):
        yield {
            "@id": "https://spdx.org/licenses/Apache-2.0",
            "@type": "CreativeWork",
            "name": "Apache-2.0",
            "description": "The licence Apache-2.0.",
        }
    yield {"@id": _PROCESS, "@type": "CreativeWork", "name": "Process Run Crate", "version": "0.5"}
