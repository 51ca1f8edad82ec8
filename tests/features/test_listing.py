"""What `samesplit features list` shows."""

from __future__ import annotations

import io

import pandas as pd
import pytest
from rich.console import Console

from samesplit.errors import DeclarationError
from samesplit.features.engines import get_engine
from samesplit.features.listing import profile_listing, remarks, standard_listing, tables_of
from samesplit.features.profiles import Profile, read_profile
from samesplit.workspace import builtin_folder

PROFILES = sorted(path.stem for path in (builtin_folder() / "features").glob("*.yaml"))


def profile(name: str) -> Profile:
    return read_profile(builtin_folder() / "features" / f"{name}.yaml")


def shown(listing: pd.DataFrame) -> str:
    text = io.StringIO()
    for part in tables_of(listing):
        Console(width=80, file=text).print(part)
    return text.getvalue()


def test_the_standard_has_174_features_each_listed_once_with_a_code_and_a_formula():
    listing = standard_listing()
    assert len(listing) == 174
    assert listing["tag"].is_unique
    assert listing["ibsi_code"].str.fullmatch("[0-9A-Z]{4}").all()
    assert listing["formula"].ne("").all()


@pytest.mark.parametrize("key", ["glcm", "LFYI", "Grey level co-occurrence matrix"])
def test_a_family_is_found_by_key_code_and_name(key):
    assert standard_listing(key)["tag"].str.startswith("cm_").sum() == len(standard_listing(key)) == 25


@pytest.mark.parametrize("name", PROFILES)
def test_a_profile_is_listed_as_its_engine_gives_it(name):
    one = profile(name)
    infos = get_engine(one.engine).catalogue(one.settings)
    listing = profile_listing(one)
    assert listing["feature"].tolist() == [info.feature for info in infos]
    assert listing["ibsi_code"].tolist() == [info.ibsi_code or "" for info in infos]
    assert listing["aggregation"].tolist() == [info.aggregation for info in infos]


def test_features_of_response_maps_are_listed_with_the_name_and_the_code_of_their_filter():
    listing = profile_listing(profile("ibsi2-b"))
    filtered = listing[listing["filter"] != ""]
    assert filtered["filter"].nunique() == 8
    assert all(row.feature.startswith(f"{row.filter}_") for row in filtered.itertuples())
    codes = ["S60F", "L6PA", "JTXT", "Q88H", "25BO", "PRT7"]
    assert filtered["filter_code"].drop_duplicates().tolist() == codes
    assert "144 of them are of 8 response maps: mean_5 (S60F), log_1.5mm (L6PA)" in " ".join(
        remarks(profile("ibsi2-b"), listing)
    )
    text = shown(listing)
    assert all(f"{row.feature} " in text and f" {row.ibsi_code} " in text for row in listing.itertuples())


def test_a_profiles_family_is_found_by_the_engines_word_and_by_ibsi_code():
    assert len(profile_listing(profile("pyradiomics-ct"), "firstorder")) == 18
    assert len(profile_listing(profile("xi2020-mr"), "LFYI")) == 32 * 25


def test_a_family_that_a_profile_lacks_is_an_error_that_names_those_it_has():
    with pytest.raises(DeclarationError, match="no features of a family 'glcm'") as caught:
        profile_listing(profile("roi-mean"), "glcm")
    assert "It has: firstorder" in str(caught.value)


def test_remarks_count_undefined_features_and_name_relative_changes():
    mr, maps = profile("xi2020-mr"), profile("roi-mean")
    assert "23 of them are always NaN" in " ".join(remarks(mr, profile_listing(mr)))
    assert "native_firstorder_Mean_change_from_FIRST" in " ".join(remarks(maps, profile_listing(maps)))
    assert len(remarks(profile("ct-default"), profile_listing(profile("ct-default")))) == 1


def test_every_name_is_shown_whole_in_80_columns():
    text = shown(standard_listing())
    assert all(tag in text for tag in standard_listing()["tag"])
    listing = profile_listing(profile("xi2020-mr"))
    text = shown(listing)
    assert all(name in text for name in listing["feature"])


def test_columns_that_say_nothing_are_left_out():
    text = shown(profile_listing(profile("shape")))
    assert "note" not in text
    assert "aggregation" not in text
    assert "unit" in text
