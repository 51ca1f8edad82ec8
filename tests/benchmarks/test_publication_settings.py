from __future__ import annotations

import pytest
from pydantic import ValidationError

from samesplit.benchmarks.publication_settings import PublicationSettings, creator_of, licence_url, spdx_id


def test_a_creator_is_read_with_or_without_orcid_and_affiliation() -> None:
    full = creator_of(
        "Ada Lovelace; https://orcid.org/0000-0002-1825-0097; Society https://ror.org/012345678"
    )
    assert (full.orcid, full.organisation) == (
        "0000-0002-1825-0097",
        ("Society", "https://ror.org/012345678"),
    )
    assert creator_of("Ada Lovelace; Department of Radiology").affiliation == "Department of Radiology"
    group = creator_of("Consortium")
    assert (group.given_names, group.family_names, group.organisation) == ("", "Consortium", ("", ""))


@pytest.mark.parametrize(
    "orcid", ["0000-0002-1825-0098", "0000-0002-1694-233X".replace("X", "1"), "0000-0002-18"]
)
def test_an_orcid_with_a_wrong_check_digit_or_length_is_refused(orcid: str) -> None:
    with pytest.raises(ValueError, match="ORCID"):
        creator_of(f"Ada Lovelace; {orcid}")


def test_the_check_digit_of_an_orcid_may_be_an_x() -> None:
    assert creator_of("Laurel Haak; 0000-0002-1694-233X").orcid == "0000-0002-1694-233X"


@pytest.mark.parametrize(
    ("text", "known"),
    [
        ("CC-BY-4.0", "CC-BY-4.0"),
        ("cc by-nc 3.0", "CC-BY-NC-3.0"),
        ("apache 2.0", "Apache-2.0"),
        ("mine", None),
    ],
)
def test_licences_are_those_of_the_spdx_list(text: str, known: str | None) -> None:
    assert spdx_id(text) == known
    assert licence_url(text) == (None if known is None else f"https://spdx.org/licenses/{known}")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"licence": "free for all"}, "is no licence of the SPDX list"),
        ({"doi": "zenodo.123"}, "is no DOI"),
        ({"version": "1.0"}, "String should match pattern"),
        ({"creators": [{"name": ""}]}, "at least 1 character"),
        ({"licence": "MIT OR Apache-2.0"}, "is no licence of the SPDX list"),
    ],
)
def test_what_cannot_be_published_so_is_refused(settings: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        PublicationSettings.model_validate(settings)
