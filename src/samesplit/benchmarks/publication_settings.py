"""`publication:` in benchmark.yaml: who publishes a benchmark, under which licence, and how it is cited."""

from __future__ import annotations

import re
from typing import Annotated, Any

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression
from pydantic import AfterValidator, BeforeValidator, Field

from samesplit.declarations import Declaration

__all__ = ["Creator", "PublicationSettings", "check_doi", "creator_of", "licence_url", "spdx_id"]

_ORCID = re.compile(r"^(?:https?://orcid\.org/)?(\d{4}-\d{4}-\d{4}-\d{3}[\dX])$")
_DOI = re.compile(r"^(?:https?://(?:dx\.)?doi\.org/|doi:\s*)?(10\.\d{4,9}/\S+)$", re.IGNORECASE)


def check_doi(text: str) -> str:
    """Return a DOI without what stands before it.

    Raises:
        ValueError: It is none.

    Example:
        >>> check_doi("https://doi.org/10.5281/zenodo.1234567")
        '10.5281/zenodo.1234567'
    """
    found = _DOI.match(text.strip())
    if found is None:
        raise ValueError(f"{text!r} is no DOI: write it as 10.5281/zenodo.1234567")
    return found[1]


def _check_orcid(text: str) -> str:
    """Return an ORCID iD as 0000-0000-0000-0000; its last digit is a check of the others (ISO 7064, 11-2)."""
    found = _ORCID.match(text.strip())
    if found is None:
        raise ValueError(f"{text!r} is no ORCID iD: write it as 0000-0002-1825-0097")
    digits = found[1].replace("-", "")
    total = 0
    for digit in digits[:-1]:
        total = (total + int(digit)) * 2
    check = (12 - total % 11) % 11
    if digits[-1] != ("X" if check == 10 else str(check)):
        raise ValueError(f"the ORCID iD {text!r} has a wrong check digit: look it up again")
    return found[1]


class Creator(Declaration):
    """One person or group that publishes.

    Example:
        >>> creator = creator_of("Ada Lovelace; 0000-0002-1825-0097; Analytical Society")
        >>> creator.given_names, creator.family_names, creator.orcid
        ('Ada', 'Lovelace', '0000-0002-1825-0097')
        >>> creator_of("Lovelace, Ada").given_names
        'Ada'
    """

    name: str = Field(min_length=1)
    """`Given Family`, or `Family, Given`."""
    orcid: Annotated[str, AfterValidator(_check_orcid)] | None = None
    """The ORCID iD, with or without its address."""
    affiliation: str = ""
    """May end in the address of the organisation, best its ROR: `Analytical Society https://ror.org/...`."""

    @property
    def organisation(self) -> tuple[str, str]:
        """Return the name and the address of the affiliation; each is empty where it is not known."""
        found = re.search(r"\(?(https?://[^\s)]+)\)?", self.affiliation)
        if found is None:
            return self.affiliation, ""
        return self.affiliation.replace(found[0], "").strip(" ,"), found[1]

    @property
    def given_names(self) -> str:
        """What stands before the family name; empty where there is one word."""
        if "," in self.name:
            return self.name.partition(",")[2].strip()
        return self.name.rpartition(" ")[0].strip()

    @property
    def family_names(self) -> str:
        """The last word, or what stands before a comma."""
        return (self.name.partition(",")[0] if "," in self.name else self.name.rpartition(" ")[2]).strip()

    @property
    def full_name(self) -> str:
        """The name as it is spoken: `Given Family`."""
        return f"{self.given_names} {self.family_names}".strip()


def creator_of(text: str) -> Creator:
    """Read `Name; ORCID; affiliation`, of which the last two may be absent.

    Raises:
        ValueError: There is no name, or the ORCID iD is wrong.
    """
    name, *others = (part.strip() for part in text.split(";"))
    orcid = next((part for part in others if _ORCID.match(part)), None)
    rest = [part for part in others if part and part != orcid]
    if any(re.fullmatch(r"[\d-]{10,}X?", part) for part in rest):
        _check_orcid(rest[0])
    return Creator(name=name, orcid=orcid, affiliation="; ".join(rest))


def spdx_id(text: str) -> str | None:
    """Return the identifier of a licence in the SPDX list, or None where it names none, or several.

    Example:
        >>> spdx_id("cc by 4.0"), spdx_id("CC0 1.0"), spdx_id("ask the authors")
        ('CC-BY-4.0', 'CC0-1.0', None)
    """
    written = re.sub(r"\s+", "-", text.strip().rstrip("."))
    try:
        found = str(canonicalize_license_expression(written))
    except InvalidLicenseExpression:
        return None
    return found if " " not in found and not found.startswith("LicenseRef-") else None


def licence_url(text: str) -> str | None:
    """Return the address of a licence: itself where it is one, else that of the SPDX list; None for other words.

    Example:
        >>> licence_url("CC BY 4.0")
        'https://spdx.org/licenses/CC-BY-4.0'
    """
    if re.match(r"https?://\S+$", text.strip()):
        return text.strip()
    known = spdx_id(text)
    return None if known is None else f"https://spdx.org/licenses/{known}"


def _known_licence(text: str) -> str:
    if licence_url(text) is None:
        raise ValueError(
            f"{text!r} is no licence of the SPDX list (https://spdx.org/licenses): write for example CC-BY-4.0, "
            "CC0-1.0, or the address of the licence's text"
        )
    return spdx_id(text) or text.strip()


def _as_creators(given: Any) -> Any:
    if not isinstance(given, list | tuple):
        given = [given]
    return tuple(creator_of(one) if isinstance(one, str) else one for one in given)


class PublicationSettings(Declaration):
    """What `samesplit export` says about a benchmark; options of the command line replace single keys."""

    title: str = ""
    """Default: that of the benchmark."""
    creators: Annotated[tuple[Creator, ...], BeforeValidator(_as_creators)] = ()
    """Each `Name; ORCID; affiliation`, or the keys `name`, `orcid`, `affiliation`."""
    licence: Annotated[str, AfterValidator(_known_licence)] | None = None
    """Of all that is not under a licence of its own: an identifier of the SPDX list, or an address."""
    version: str = Field(default="1.0.0", pattern=r"^\d+\.\d+\.\d+$")
    """Of the package: three numbers."""
    doi: Annotated[str, AfterValidator(check_doi)] | None = None
    """Of the package, where it is reserved already."""
    related: tuple[Annotated[str, AfterValidator(check_doi)], ...] = ()
    """DOIs of the papers that belong to it."""
    keywords: tuple[str, ...] = ()
    """Words to find the package by; default: the kinds of the tasks and the sequences."""
