"""Which maps are made: names, families and codes; and what is refused, in words."""

from __future__ import annotations

import pytest

from samesplit.errors import DeclarationError
from samesplit.features.engines.ibsi.settings import Discretisation, FeatureChoice, IbsiSettings
from samesplit.features.maps.selection import MAPPED_FAMILIES, wanted_maps
from samesplit.features.profile_lookup import find_profile
from samesplit.features.profiles import Profile


def names(profile: str | Profile, features: list[str] | None = None) -> list[str]:
    return [one.name for one in wanted_maps(find_profile(profile), features)]


def profile_of(**settings: object) -> Profile:
    return Profile("mine", "ibsi", "", "any", IbsiSettings.model_validate(settings))


def test_a_profile_gives_all_its_features_but_morphology() -> None:
    found = wanted_maps(find_profile("ct-default"))
    assert len(found) == 174 - 29
    assert {one.family for one in found} == set(MAPPED_FAMILIES)
    assert found[0].name == "loc_peak_loc"


def test_features_are_named_by_name_tag_code_or_family_and_come_in_the_order_of_the_catalogue() -> None:
    assert names("ct-default", ["ACUI", "stat_mean", "cm_energy_3D_comb"]) == [
        "stat_mean",
        "cm_energy_3D_comb",
        "cm_contrast_3D_comb",
    ]
    assert names("ct-default", ["ngtdm"]) == [
        f"ngt_{tag}_3D" for tag in ("coarseness", "contrast", "busyness", "complexity", "strength")
    ]
    assert names("ct-default", ["stat_mean", "stat_mean", "statistics"])[:2] == ["stat_mean", "stat_var"]


def test_an_aggregation_that_the_profile_does_not_have_can_be_named() -> None:
    assert names("ct-default", ["cm_contrast_3D_avg", "szm_sze_2D"]) == ["cm_contrast_3D_avg", "szm_sze_2D"]


def test_every_setting_of_a_tag_has_a_map() -> None:
    found = names("xi2020-mr", ["cm_contrast"])
    assert len(found) == len(set(found)) == 32
    assert "cm_contrast_3D_comb_1mm_fbn8" in found


def test_what_means_nothing_in_arbitrary_units_is_left_out_and_refused_by_name() -> None:
    found = names("xi2020-mr")
    assert "stat_mean" not in found
    assert "ih_mean" in found
    assert names("xi2020-mr", ["ivh"]) == [name for name in found if name.startswith("ivh_")]
    with pytest.raises(DeclarationError, match="'stat_mean' means nothing in arbitrary units"):
        names("xi2020-mr", ["stat_mean"])


@pytest.mark.parametrize("name", ["morphology", "morph_volume", "RNU0"])
def test_morphology_is_refused(name: str) -> None:
    with pytest.raises(
        DeclarationError, match="has no map: morphology describes the shape of a whole"
    ) as refused:
        names("ct-default", [name])
    assert "glcm" in (refused.value.remedy or "")


def test_a_profile_of_shape_alone_has_no_maps_of_its_own() -> None:
    with pytest.raises(DeclarationError, match="the profile 'shape' extracts no feature that has a map"):
        names("shape")
    assert names("shape", ["ivh_v10"]) == ["ivh_v10"]


def test_textures_need_grey_levels() -> None:
    plain = profile_of(features={"statistics": "all"}, undefined=[])
    assert "ih_mean" not in names(plain, ["statistics"])
    for name in ("cm_contrast_3D_avg", "glcm", "ih_mean"):
        with pytest.raises(DeclarationError, match=f"'{name}' needs grey levels"):
            names(plain, [name])


def test_a_typing_error_gets_the_nearest_name() -> None:
    with pytest.raises(DeclarationError, match="did you mean 'cm_contrast_3D_avg'"):
        names("ct-default", ["cm_contrats_3D_avg"])


@pytest.mark.parametrize(
    ("name", "words"), [("native_stat_max", "on the profile's grid"), ("pyradiomics_glcm_MCC_3D_avg", "IBSI")]
)
def test_native_and_foreign_features_are_refused(name: str, words: str) -> None:
    with pytest.raises(DeclarationError, match=words):
        names("ct-default", [name])


def test_other_engines_make_no_maps() -> None:
    with pytest.raises(DeclarationError, match="the engine 'pyradiomics' of the profile 'pyradiomics-ct'"):
        names("pyradiomics-ct")


def test_the_histogram_has_its_own_grey_levels() -> None:
    own = profile_of(
        features=FeatureChoice(histogram="all"), histogram_discretisation=Discretisation(method="FBN", bins=4)
    )
    assert len(names(own)) == 23
