"""Features of several engines recognised as the same, and the neutral setting in each engine's words."""

from __future__ import annotations

from importlib.util import find_spec

import numpy as np
import pandas as pd
import pytest
import SimpleITK as sitk

from samesplit.errors import DeclarationError
from samesplit.features.catalogue import find
from samesplit.features.comparison.differences import NUMBERED, reasons_for
from samesplit.features.comparison.equivalence import (
    NeutralSetting,
    equivalent_profile,
    is_neutral,
    neutral_setting,
)
from samesplit.features.comparison.extraction import Extracted, pairs_of, standard_features
from samesplit.features.engines import engine_names, get_engine
from samesplit.features.profiles import Modality, Profile
from samesplit.imaging.case import Case
from samesplit.tables import LEDGER, empty_table

MODALITIES: tuple[Modality, ...] = ("CT", "MR", "PET", "any")
SETTINGS = {
    "3D, merged": NeutralSetting(),
    "3D, averaged": NeutralSetting(None, ("3D_avg",)),
    "2.5D, merged": NeutralSetting(None, ("2_5D_comb",)),
    "2.5D, direction-merged": NeutralSetting(None, ("2_5D_avg",)),
}


def test_features_of_response_maps_are_not_compared_with_those_of_the_image():
    plain = equivalent_profile("ibsi", NeutralSetting(), "MR")
    filters = {"images": [{"kind": "log", "sigma_mm": [1, 2]}]}
    settings = type(plain.settings).model_validate(plain.settings.model_dump() | {"filters": filters})
    filtered = Profile(plain.name, plain.engine, "", plain.modality, settings)
    assert standard_features(filtered).keys() == standard_features(plain).keys()


@pytest.mark.parametrize("engine", [name for name in engine_names() if name != "encoder"])
@pytest.mark.parametrize("modality", MODALITIES)
@pytest.mark.parametrize("aggregation", SETTINGS)
def test_every_engine_understands_the_neutral_setting(
    engine: str, modality: Modality, aggregation: str
) -> None:
    profile = equivalent_profile(engine, SETTINGS[aggregation], modality)
    found = standard_features(profile)
    least = 100 if engine == "pyradiomics" else 170
    assert len(found) >= least
    words = {info.aggregation for key, info in found.items() if key.startswith("cm_")}
    assert words == {aggregation}
    zones = {info.aggregation for key, info in found.items() if key.startswith("szm_")}
    assert zones == {aggregation.split(",")[0]}
    assert all(find(str(info.ibsi_code)) for info in found.values())


def test_all_aggregations_at_once_are_those_of_ibsi_for_it_and_mirp_and_one_for_pyradiomics() -> None:
    setting = neutral_setting(spacing_mm=2, aggregation="all")
    keys = {
        name: standard_features(equivalent_profile(name, setting, "MR"))
        for name in ("ibsi", "mirp", "pyradiomics")
    }
    assert keys["ibsi"].keys() == keys["mirp"].keys()
    assert len(keys["ibsi"]) == 487
    assert keys["pyradiomics"].keys() < keys["ibsi"].keys()
    assert {one.aggregation for one in keys["pyradiomics"].values()} == {"", "3D", "3D, merged"}


def test_pyradiomics_says_that_it_does_not_aggregate_slice_by_slice() -> None:
    with pytest.raises(DeclarationError, match=r"(?s)textures 2D, slice-merged.*ibsi,mirp"):
        equivalent_profile("pyradiomics", NeutralSetting(aggregation=("2D_comb",)), "MR")


def test_an_encoder_computes_no_standard_features_and_has_no_neutral_setting() -> None:
    with pytest.raises(DeclarationError, match="not known how the engine 'encoder' says the neutral setting"):
        equivalent_profile("encoder", NeutralSetting(), "CT")


def test_volume_fractions_that_share_a_code_are_told_apart_and_other_percentages_left_out() -> None:
    found = standard_features(equivalent_profile("mirp", NeutralSetting(), "MR"))
    columns = {key: info.feature for key, info in found.items() if key.startswith("ivh")}
    assert len(columns) == 7
    assert columns["ivh_v10"] == "ivh_v10"
    assert columns["ivh_diff_i10_i90"] == "ivh_diff_i10_i90"


def test_a_profile_that_computes_a_feature_twice_is_refused() -> None:
    settings = get_engine("mirp").settings.model_validate(
        {
            "base_feature_families": "glcm",
            "base_discretisation_method": "fixed_bin_number",
            "base_discretisation_n_bins": [16, 32],
        }
    )
    with pytest.raises(DeclarationError, match="fbn_n16 and as cm_joint_max_d1_3d_v_mrg_fbn_n32"):
        standard_features(Profile("two", "mirp", "", "MR", settings))


def test_reasons_follow_from_engines_settings_and_definitions() -> None:
    def reasons(
        code: str,
        modality: Modality,
        *notes: str,
        spacing: float | None = 2.0,
        other: str = "pyradiomics",
        aggregation: str = "",
    ) -> set[str]:
        pair = [equivalent_profile(name, NeutralSetting(spacing), modality) for name in ("mirp", other)]
        return set(reasons_for(code, notes, (pair[0], pair[1]), aggregation=aggregation))

    assert reasons("Q4LE", "MR") == {"grid", "mask"}
    assert reasons("QWB0", "MR", spacing=None) == set()
    assert reasons("QWB0", "CT", spacing=None) == {"bin numbers"}
    assert reasons("IPH6", "CT", "IBSI subtracts 3") == {"definition", "grid", "mask", "rounding"}
    assert reasons("Q4LE", "CT", other="ibsi") == {"border"}
    assert reasons("ZH1A", "CT", spacing=None, other="ibsi") == {"enclosing"}
    assert reasons("NI2N", "CT", spacing=None, other="ibsi", aggregation="2D, averaged") == {"one level"}
    assert reasons("RDD2", "MR", spacing=None, other="ibsi") == {"spheroid"}
    assert reasons("NI2N", "CT", spacing=None, other="ibsi", aggregation="2.5D, merged") == set()
    assert all(len(find(code)) == 1 for code in NUMBERED)


def own(engine: str, settings: dict[str, object], modality: Modality = "CT") -> Profile:
    return Profile("own", engine, "", modality, get_engine(engine).settings.model_validate(settings))


BINS = {"method": "FBS", "width": 25}


def own_ibsi(**processing: object) -> Profile:
    bins = {"method": "FBN", "bins": 64} if "range" not in processing else BINS
    return own("ibsi", {"processing": processing, "features": {"glcm": "all"}, "discretisation": bins})


def test_reasons_of_a_profile_of_ones_own_are_read_from_what_it_says() -> None:
    pyradiomics = equivalent_profile("pyradiomics", NeutralSetting(), "CT")
    mirp = equivalent_profile("mirp", NeutralSetting(), "CT")

    def reasons(first: Profile, second: Profile = pyradiomics) -> set[str]:
        return set(reasons_for("QWB0", (), (first, second), neutral=False))

    assert reasons(own_ibsi()) == {"settings"}
    assert reasons(own_ibsi(spacing_mm=1)) == {"settings", "grid", "mask"}
    assert reasons(own_ibsi(spacing_mm=1, mask_interpolation="nearest")) == {"settings", "grid"}
    as_there = {"spacing_mm": 1, "grid": "corner", "mask_interpolation": "nearest", "rounding": "stored"}
    assert reasons(own_ibsi(**as_there)) == {"settings"}
    from_lowest = own("ibsi", {"features": {"glcm": "all"}, "discretisation": [BINS | {"origin": "lesion"}]})
    from_zero = own("ibsi", {"features": {"glcm": "all"}, "discretisation": [BINS | {"origin": 0}]})
    assert reasons(from_lowest) == {"settings"}
    assert reasons(from_zero) == {"settings", "bin numbers"}
    ranged = own_ibsi(spacing_mm=1, range=[-1000, None], rounding="after")
    assert reasons(ranged) == {"settings", "grid", "mask", "rounding", "bin numbers"}
    assert reasons(ranged, mirp) == {"settings", "border"}
    assert reasons(own_ibsi(spacing_mm=1), mirp) == {"settings", "border", "rounding"}


def test_a_profile_is_neutral_when_it_says_what_the_neutral_setting_says() -> None:
    setting = NeutralSetting(1.0)
    profile = equivalent_profile("ibsi", setting, "MR")
    renamed = Profile("mine", "ibsi", "My own.", "any", profile.settings)
    assert is_neutral(renamed, setting, "MR")
    assert not is_neutral(renamed, NeutralSetting(1.0, bins=64), "MR")
    assert not is_neutral(renamed, setting, "CT")


@pytest.mark.parametrize(("given", "expected"), [(frozenset(), ""), (frozenset({"mirp"}), "settings")])
def test_pairs_with_a_profile_of_ones_own_have_the_reason_settings(
    given: frozenset[str], expected: str
) -> None:
    profiles = {name: equivalent_profile(name, NeutralSetting(None), "MR") for name in ("ibsi", "mirp")}
    index = pd.MultiIndex.from_product([["L1", "L2"], ["R1"]], names=["lesion_id", "rater"])
    tables = {
        name: pd.DataFrame(1.0, index=index, columns=list(standard_features(profile)))
        for name, profile in profiles.items()
    }
    (pair,) = pairs_of(Extracted("T2", profiles, tables, empty_table(LEDGER), {}, given))
    assert pair.features.loc["stat_mean", "reasons"] == expected


def test_a_neutral_setting_is_read_from_words() -> None:
    assert neutral_setting(spacing_mm=1.5, aggregation="merged") == NeutralSetting(1.5)
    assert neutral_setting(spacing_mm=0, aggregation="2D_avg").aggregation == ("2D_avg",)
    assert len(neutral_setting(spacing_mm=0, aggregation="all").aggregation) == 6
    with pytest.raises(DeclarationError, match=r"(?s)'mean'.*merged, averaged, all, 2D_avg"):
        neutral_setting(spacing_mm=1, aggregation="mean")
    for wrong in (0.05, -1.0, float("inf"), float("nan")):
        with pytest.raises(DeclarationError, match="voxels cannot be"):
            neutral_setting(spacing_mm=wrong, aggregation="merged")


def test_two_engines_are_paired_on_the_lesions_and_features_that_both_have() -> None:
    profiles = {
        name: equivalent_profile(name, NeutralSetting(None), "MR") for name in ("pyradiomics", "mirp")
    }
    tables = {}
    for engine, lesions in (("pyradiomics", ["L0", "L1", "L2"]), ("mirp", ["L1", "L2", "L3"])):
        index = pd.MultiIndex.from_product([lesions, ["R1"]], names=["lesion_id", "rater"])
        columns = list(standard_features(profiles[engine]))
        tables[engine] = pd.DataFrame(1.0, index=index, columns=columns)
    (pair,) = pairs_of(Extracted("T2", profiles, tables, empty_table(LEDGER), {}))
    assert (pair.first, pair.second, pair.sequence) == ("pyradiomics", "mirp", "T2")
    assert list(pair.values_first.index) == [("L1", "R1"), ("L2", "R1")] == list(pair.values_second.index)
    assert list(pair.features.index) == list(pair.values_first) == list(pair.values_second)
    assert len(pair.features) == 102
    mean = pair.features.loc["stat_mean"]
    assert (mean["column_first"], mean["column_second"]) == ("original_firstorder_Mean", "stat_mean")
    assert (mean["family"], mean["feature"], mean["reasons"]) == ("statistics", "Mean intensity", "")
    assert pair.features.loc["stat_kurt", "reasons"] == "definition"
    assert pair.features.loc["stat_kurt", "note"] == "IBSI subtracts 3"


@pytest.mark.skipif(find_spec("mirp") is None, reason="mirp is not installed: this comparison was NOT made")
@pytest.mark.parametrize("aggregation", [setting.aggregation for setting in SETTINGS.values()])
def test_pyradiomics_and_mirp_agree_on_the_same_voxels_but_for_what_is_known(
    aggregation: tuple[str, ...],
) -> None:
    rng = np.random.default_rng(8)
    image = sitk.GetImageFromArray(rng.normal(50, 10, (9, 12, 12)))
    z, y, x = np.ogrid[:9, :12, :12]
    inside = ((z - 4) / 3) ** 2 + ((y - 6) / 5) ** 2 + ((x - 6) / 4) ** 2 < 1
    case = Case(image, sitk.GetImageFromArray(inside.astype(np.uint8)))
    values = {}
    for engine in ("pyradiomics", "mirp"):
        profile = equivalent_profile(engine, NeutralSetting(None, aggregation, bins=8), "MR")
        found = get_engine(engine).extract(case, profile)
        values[engine] = {key: found[info.feature] for key, info in standard_features(profile).items()}
    shared = values["pyradiomics"].keys() & values["mirp"].keys()
    different = {
        key
        for key in shared
        if values["pyradiomics"][key] != pytest.approx(values["mirp"][key], rel=1e-6, abs=1e-12)
    }
    assert len(shared) == 102
    assert different == {"stat_kurt", "morph_pca_maj_axis", "morph_pca_min_axis", "morph_pca_least_axis"}


@pytest.mark.skipif(find_spec("mirp") is None, reason="mirp is not installed: this comparison was NOT made")
def test_a_slice_of_one_grey_level_is_averaged_by_each_engine_as_the_reason_says() -> None:
    voxels = np.zeros((2, 8, 8))
    voxels[0] = np.random.default_rng(3).normal(50, 10, (8, 8))
    voxels[1] = voxels[0, 0, 0]
    mask = np.zeros((2, 8, 8), dtype=np.uint8)
    mask[:, 1:7, 1:7] = 1
    case, alone = (
        Case(sitk.GetImageFromArray(voxels), sitk.GetImageFromArray(inside))
        for inside in (mask, mask * np.array([1, 0], dtype=np.uint8)[:, None, None])
    )
    setting = NeutralSetting(None, ("2D_comb",), bin_width_suv=5.0)

    def values(engine: str, case: Case) -> dict[str, float]:
        profile = equivalent_profile(engine, setting, "PET")
        found = get_engine(engine).extract(case, profile)
        names = ("cm_corr", "cm_info_corr1", "cm_inv_var", "cm_contrast")
        known = standard_features(profile)
        return {name: found[known[f"{name} 2D, slice-merged"].feature] for name in names}

    first = values("ibsi", alone)
    assert first == pytest.approx(values("mirp", alone), rel=1e-9)
    half = {name: value / 2 for name, value in first.items()}
    kept = {name: first[name] for name in ("cm_corr", "cm_info_corr1")}
    assert values("ibsi", case) == pytest.approx(half | kept, rel=1e-9)
    counted = {name: (first[name] + 1) / 2 for name in kept}
    assert values("mirp", case) == pytest.approx(
        half | counted | {"cm_inv_var": first["cm_inv_var"]}, rel=1e-9
    )


@pytest.mark.skipif(find_spec("mirp") is None, reason="mirp is not installed: this comparison was NOT made")
def test_mirp_takes_the_exact_area_of_an_ellipsoid_with_two_equal_axes_alone() -> None:
    def values(engine: str, width: int) -> list[float]:
        mask = np.zeros((9, 9, 9), dtype=np.uint8)
        mask[1:4, 1 : 1 + width, 1:8] = 1
        image = sitk.GetImageFromArray(np.arange(729.0).reshape(9, 9, 9))
        profile = equivalent_profile(engine, NeutralSetting(None), "MR")
        found = get_engine(engine).extract(Case(image, sitk.GetImageFromArray(mask)), profile)
        known = standard_features(profile)
        tags = ("morph_area_dens_aee", "morph_area_mesh", "morph_pca_maj_axis", "morph_pca_least_axis")
        return [found[known[tag].feature] for tag in tags]

    assert values("ibsi", 4) == pytest.approx(values("mirp", 4), rel=1e-6)
    density, area, longest, shortest = values("mirp", 3)
    e = np.sqrt(1 - (shortest / longest) ** 2)
    exact = np.pi / 2 * (shortest**2 + shortest * longest * np.arcsin(e) / e)
    assert density == pytest.approx(area / exact, rel=1e-6)
    # The sum over powers of e squared as IBSI writes it, where the polynomials are 1.
    terms = sum(e ** (2 * n) / (1 - 4 * n**2) for n in range(21))
    assert values("ibsi", 3)[0] == pytest.approx(area / (np.pi * longest * shortest * terms), rel=1e-6)
