"""Who publishes a package, how it is called and under which licence: from benchmark.yaml and the command line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from samesplit.benchmarks.definition import BenchmarkDefinition
from samesplit.benchmarks.publication_settings import (
    Creator,
    PublicationSettings,
    licence_url,
    spdx_id,
)
from samesplit.errors import DeclarationError
from samesplit.workflows.export.package import Entry, Part

__all__ = ["CODE_LICENCE", "Publication", "publication_of"]

CODE_LICENCE = "Apache-2.0"
"""Of the profiles and models that come with samesplit."""


@dataclass(frozen=True)
class Publication:
    """What a package says about itself.

    Attributes:
        title: Its title.
        description: What it is about, in words.
        creators: Those who publish it.
        licence: Of all that is not under a licence of its own: an SPDX identifier, or an address.
        data_licence: Of the tables of the cohort, as benchmark.yaml states it; the package's where it does not.
        data_source: The citation of the cohort; empty where benchmark.yaml names none.
        version: Three numbers.
        date: The day of the run, YYYY-MM-DD.
        doi: Of the package; None where none is reserved.
        related: DOIs of papers.
        keywords: Words to find it by.
    """

    title: str
    description: str
    creators: tuple[Creator, ...]
    licence: str
    data_licence: str
    data_source: str
    version: str
    date: str
    doi: str | None
    related: tuple[str, ...]
    keywords: tuple[str, ...]

    def licence_of(self, entry: Entry) -> str:
        """Return the licence of a file, as it is written."""
        own: dict[Part, str] = {"data": self.data_licence, "built-in": CODE_LICENCE}
        return entry.licence or own.get(entry.part, self.licence)

    @property
    def citation(self) -> str:
        """How the package is cited, in one line."""
        names = "; ".join(f"{one.family_names}, {one.given_names}".rstrip(", ") for one in self.creators)
        place = f" https://doi.org/{self.doi}" if self.doi else ""
        return f"{names} ({self.date[:4]}). {self.title}. Version {self.version}.{place}"


def publication_of(
    definition: BenchmarkDefinition,
    *,
    date: str,
    creators: Sequence[str] = (),
    licence: str | None = None,
    title: str | None = None,
    version: str | None = None,
    doi: str | None = None,
    related: Sequence[str] = (),
    keywords: Sequence[str] = (),
) -> Publication:
    """Put together what benchmark.yaml says under `publication` and what the command line replaces.

    Args:
        definition: The benchmark.
        date: The day of the run, YYYY-MM-DD.
        creators: Each `Name; ORCID; affiliation`.
        licence: An SPDX identifier, or an address.
        title: The package's; default: the benchmark's.
        version: Three numbers.
        doi: Of the package.
        related: DOIs of papers.
        keywords: Words to find it by.

    Raises:
        DeclarationError: Something is wrong, or creators or licence are said nowhere; all that is lacking is told
            at once.
    """
    declared = definition.publication or PublicationSettings()
    given: dict[str, Any] = {
        "creators": tuple(creators),
        "licence": licence,
        "title": title,
        "version": version,
        "doi": doi,
        "related": tuple(related),
        "keywords": tuple(keywords),
    }
    replaced = {key: value for key, value in given.items() if value}
    try:
        told = PublicationSettings.model_validate(declared.model_dump() | replaced)
    except ValidationError as error:
        first = error.errors()[0]
        raise DeclarationError(
            str(first["msg"]).removeprefix("Value error, "),
            where=f"--{first['loc'][0]!s}".replace("creators", "creator").replace("keywords", "keyword"),
            remedy="samesplit export --help shows how it is written",
        ) from None
    lacking = [name for name in ("creators", "licence") if not getattr(told, name)]
    if lacking or told.licence is None:
        raise DeclarationError(
            f"a package needs {' and '.join(lacking)}, and benchmark.yaml has none under 'publication'",
            where=definition.name,
            remedy="add --creator 'Given Family; ORCID; affiliation' (repeatable) and --licence CC-BY-4.0, or "
            "write into benchmark.yaml: publication: {creators: ['Given Family; ORCID; affiliation'], "
            "licence: CC-BY-4.0}",
        )
    data = definition.data.licence.strip()
    return Publication(
        title=told.title or definition.title,
        description=" ".join((definition.description or definition.title).split()),
        creators=told.creators,
        licence=told.licence,
        data_licence=(spdx_id(data) or data) if data else told.licence,
        data_source=" ".join(definition.data.source.split()),
        version=told.version,
        date=date,
        doi=told.doi,
        related=told.related,
        keywords=told.keywords or _keywords(definition),
    )


def licence_entity(licence: str) -> tuple[str, str]:
    """Return an address for a licence (a local one where its words name none) and its name."""
    url = licence_url(licence)
    return (url, licence) if url is not None else ("#licence-of-the-data", licence)


def _keywords(definition: BenchmarkDefinition) -> tuple[str, ...]:
    kinds = sorted({task.kind for task in definition.all_tasks().values()})
    return ("radiology", "benchmark", "frozen patient split", *kinds, *definition.cohort.sequences)
