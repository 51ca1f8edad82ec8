"""The catalogue says what the reference table says."""

from __future__ import annotations

import importlib
from typing import get_args

import pandas as pd
import pytest

from samesplit.errors import DeclarationError
from samesplit.features import catalogue
from samesplit.features.compliance.reference import read_reference

COUNTS = {
    "morphology": 29,
    "local_intensity": 2,
    "statistics": 18,
    "histogram": 23,
    "ivh": 7,
    "glcm": 25,
    "glrlm": 16,
    "glszm": 16,
    "gldzm": 16,
    "ngtdm": 5,
    "ngldm": 17,
}


@pytest.fixture(scope="module")
def phantom() -> pd.DataFrame:
    """The rows of the digital phantom: it has every feature in every aggregation."""
    table = read_reference()
    return table[table["dataset"] == "digital_phantom"].fillna({"aggregation_code": ""})


def test_every_family_has_its_number_of_features() -> None:
    assert {key: len(catalogue.family_features(key)) for key in catalogue.FAMILIES} == COUNTS


def test_names_codes_and_families_are_those_of_the_reference_table_in_its_order(
    phantom: pd.DataFrame,
) -> None:
    expected = phantom.assign(tag=phantom["base_tag"]).drop_duplicates("tag")
    ours = [
        (catalogue.family(one.family).name, catalogue.family(one.family).code, one.name, one.code, one.tag)
        for one in catalogue.features()
    ]
    columns = ["family", "family_code", "feature", "ibsi_code", "tag"]
    assert ours == list(expected[columns].itertuples(index=False, name=None))


def test_every_tag_with_every_aggregation_stands_in_the_reference_table(phantom: pd.DataFrame) -> None:
    ours = set()
    for feature in catalogue.features():
        kinds = catalogue.family(feature.family).aggregations
        ours |= {(catalogue.full_tag(feature.tag, kind.suffix), kind.code) for kind in kinds}
        ours |= set() if kinds else {(feature.tag, "")}
    assert ours == set(phantom[["tag", "aggregation_code"]].itertuples(index=False, name=None))


@pytest.mark.parametrize("key", COUNTS)
def test_families_compute_in_the_order_of_the_catalogue(key: str) -> None:
    module = importlib.import_module(f"samesplit.features.families.{key}")
    assert tuple(module.TAGS) == catalogue.tags(key)
    named = tuple(one.suffix for one in catalogue.family(key).aggregations)
    assert tuple(getattr(module, "AGGREGATIONS", ())) == named


def test_tags_are_unique_and_every_feature_has_a_formula() -> None:
    found = catalogue.features()
    assert len({one.tag for one in found}) == len(found) == 174
    assert all(one.formula and len(one.code) == 4 for one in found)
    assert {one.arbitrary_units for one in found} == set(get_args(catalogue.ArbitraryUnits))


def test_units_follow_from_the_family() -> None:
    units = {key: {one.unit for one in catalogue.family_features(key)} for key in catalogue.FAMILIES}
    assert units.pop("morphology") == {"", "mm", "mm2", "mm3", "1/mm", "Imm3"}
    assert units.pop("local_intensity") == {"I"}
    assert units.pop("statistics") == {"", "I", "I2"}
    assert units.pop("ivh") == {"", "I"}
    assert set().union(*units.values()) == {""}


def test_arbitrary_units_leave_out_what_mr_practice_leaves_out() -> None:
    expected = {*catalogue.tags("statistics"), *catalogue.tags("local_intensity"), "morph_integ_int"}
    assert set(catalogue.undefined_for_arbitrary_units(practice=False)) == expected
    left_out = set(catalogue.undefined_for_arbitrary_units()) - expected
    assert left_out == {"morph_moran_i", "morph_geary_c"}


def test_a_feature_is_found_by_code_by_tag_and_by_tag_with_aggregation() -> None:
    assert catalogue.find("ACUI") == catalogue.find("cm_contrast") == catalogue.find("cm_contrast_2_5D_comb")
    assert catalogue.find("cm_contrast_3D") == ()


def test_an_unknown_family_is_an_error_that_names_the_nearest() -> None:
    with pytest.raises(DeclarationError, match="did you mean 'glszm'"):
        catalogue.family_features("glsz")
