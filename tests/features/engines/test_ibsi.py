"""The engine ibsi: what profiles may say, and that shared work changes no value."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import SimpleITK as sitk
from pydantic import ValidationError

from samesplit.errors import LesionError
from samesplit.features.engines import get_engine
from samesplit.features.engines.ibsi import IbsiSettings
from samesplit.features.profiles import Profile
from samesplit.imaging.case import Case

TEXTURES = ("glcm", "glrlm", "glszm", "gldzm", "ngtdm", "ngldm")
ALL_TEXTURES = dict.fromkeys(TEXTURES, "all")
FBN = [{"method": "FBN", "bins": bins} for bins in (8, 16, 32)]
EQUALISED = [{"method": "equalised", "bins": bins} for bins in (8, 16, 32)]


def settings(**given: Any) -> IbsiSettings:
    return IbsiSettings.model_validate(given)


def values(case: Case, **given: Any) -> dict[str, float]:
    return get_engine("ibsi").extract(case, Profile("mine", "ibsi", "", "any", settings(**given)))


@pytest.fixture(scope="module")
def case() -> Case:
    rng = np.random.default_rng(7)
    z, y, x = np.ogrid[:14, :20, :22]
    mask = ((z - 7) / 4) ** 2 + ((y - 10) / 7) ** 2 + ((x - 11) / 8) ** 2 <= 1
    image = 100 + 30 * rng.standard_normal(mask.shape) + 5 * x
    picture = sitk.GetImageFromArray(image)
    roi = sitk.GetImageFromArray(mask.astype(np.uint8))
    for one in (picture, roi):
        one.SetSpacing((1.2, 1.2, 2.5))
    return Case(picture, roi)


def test_features_come_in_the_order_of_the_catalogue_and_under_its_names(case):
    given = {
        "native": {"statistics": ["stat_max"], "local_intensity": "all"},
        "features": {"morphology": "all", "histogram": "all", "ivh": "all", **ALL_TEXTURES},
        "texture_spacing_mm": [2, 3],
        "discretisation": FBN[:2],
        "aggregation": ["2D_avg", "2D_comb", "3D_comb"],
        "processing": {"spacing_mm": 2, "unit": "quantitative"},
    }
    catalogue = [info.feature for info in get_engine("ibsi").catalogue(settings(**given))]
    found = values(case, **given)
    assert list(found) == catalogue
    assert "native_stat_max" in found
    assert "cm_contrast_2D_avg_2mm_fbn16" in found
    assert "szm_sze_2D_3mm_fbn8" in found
    assert not any(math.isnan(value) for value in found.values())


@pytest.mark.parametrize("several", [FBN, EQUALISED], ids=["FBN", "equalised"])
def test_coarse_levels_made_from_finer_ones_give_what_they_give_alone(case, several):
    shared = values(case, features=ALL_TEXTURES, discretisation=several, processing={"spacing_mm": 2})
    for one in several:
        alone = values(case, features=ALL_TEXTURES, discretisation=one, processing={"spacing_mm": 2})
        suffix = f"_{'fbn' if one['method'] == 'FBN' else 'equal'}{one['bins']}"
        for name, value in alone.items():
            assert shared[name + suffix] == pytest.approx(value, rel=1e-12, nan_ok=True), name


def test_grids_asked_for_together_give_what_they_give_alone(case):
    given = {"features": ALL_TEXTURES, "discretisation": FBN[1]}
    cubic = {"image_interpolation": "cubic"}
    together = values(case, texture_spacing_mm=[1, 2, 3], processing=cubic, **given)
    for step in (1, 2, 3):
        alone = values(case, processing=cubic | {"spacing_mm": step}, **given)
        for name, value in alone.items():
            # The spline's prefilter may begin elsewhere: 1e-14 of the intensity, unless a voxel changes its bin.
            assert together[f"{name}_{step}mm"] == pytest.approx(value, rel=1e-9, nan_ok=True), name


def test_native_features_are_of_the_voxels_as_read(case):
    inside = sitk.GetArrayFromImage(case.image)[sitk.GetArrayFromImage(case.mask) > 0]
    found = values(
        case,
        native={"statistics": ["stat_max", "stat_mean"], "morphology": ["morph_vol_approx"]},
        features={"statistics": ["stat_max"]},
        processing={"spacing_mm": 4, "unit": "quantitative"},
    )
    assert found["native_stat_max"] == inside.max() != found["stat_max"]
    assert found["native_stat_mean"] == pytest.approx(inside.mean())
    assert found["native_morph_vol_approx"] == pytest.approx(inside.size * 1.2 * 1.2 * 2.5)


def test_a_profile_of_native_features_alone_still_tells_its_steps_and_notes(case):
    warm = Case(case.image + 500, case.mask)
    profile = Profile(
        "mine", "ibsi", "", "CT", settings(native={"statistics": "all"}, processing={"unit": "HU"})
    )
    found = get_engine("ibsi").extract(warm, profile)
    assert [step.step for step in found.steps] == ["native features"]
    assert "HU" in found.notes[0]


def test_intensities_of_a_volume_histogram_of_bins_have_no_unit():
    units = {}
    for method in ({"method": "none"}, {"method": "FBN", "bins": 1000}):
        infos = get_engine("ibsi").catalogue(settings(features={"ivh": ["ivh_i10"]}, ivh=method))
        units[method["method"]] = infos[0].unit
    assert units == {"none": "I", "FBN": ""}


def test_in_arbitrary_units_23_features_mean_nothing_and_are_nan(case):
    families = ("morphology", "local_intensity", "statistics", "histogram", "ivh")
    given: dict[str, Any] = {
        "features": dict.fromkeys(families, "all"),
        "discretisation": FBN[1],
        "ivh": {"method": "FBN", "bins": 100},
    }
    found = values(case, **given)
    assert sum(math.isnan(value) for value in found.values()) == 23
    assert all(math.isnan(found[tag]) for tag in ("stat_mean", "loc_peak_glob", "morph_moran_i"))
    assert not math.isnan(found["morph_com"])
    notes = {info.feature for info in get_engine("ibsi").catalogue(settings(**given)) if info.note}
    assert notes == {name for name, value in found.items() if math.isnan(value)}
    assert not any(map(math.isnan, values(case, **given, undefined=[]).values()))
    normalised = values(case, **given, processing={"normalisation": True})
    assert not any(map(math.isnan, normalised.values()))


def test_a_part_of_morphology_gives_what_the_whole_gives(case):
    quantitative = {"unit": "quantitative"}
    whole = values(case, features={"morphology": "all"}, processing=quantitative)
    for tags in (["morph_com"], ["morph_integ_int"], ["morph_geary_c"], ["morph_volume", "N365"]):
        part = values(case, features={"morphology": tags}, processing=quantitative)
        assert part == {tag: whole[tag] for tag in part}
        assert len(part) == len(tags)


def test_the_largest_scale_change_of_arbitrary_units_changes_no_texture(case):
    given = {"features": {"histogram": "all", **ALL_TEXTURES}, "discretisation": FBN[1]}
    scaled = Case(sitk.Cast(case.image * 4.0 + 1024.0, sitk.sitkFloat64), case.mask)
    assert values(scaled, **given) == pytest.approx(values(case, **given), rel=1e-9, nan_ok=True)


def test_the_discretisation_none_takes_whole_numbers_only(case):
    given = {"features": {"glcm": "all"}, "discretisation": {"method": "none"}}
    with pytest.raises(LesionError, match="whole numbers from 1"):
        values(case, **given)
    whole = Case(sitk.Clamp(sitk.Round(case.image), lowerBound=1), case.mask)
    assert values(whole, **given)["cm_energy_3D_comb"] > 0


def test_two_extractions_give_the_same_bits(case):
    given: dict[str, Any] = {
        "features": {"morphology": "all", "statistics": "all", **ALL_TEXTURES},
        "discretisation": FBN,
        "processing": {"spacing_mm": 1.5, "unit": "quantitative"},
    }
    assert values(case, **given) == values(case, **given)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({}, "no feature is asked for"),
        ({"features": {"glcm": "all"}}, "glcm need `discretisation`"),
        ({"features": {"glcm": ["cm_contrats"]}, "discretisation": FBN}, "did you mean 'cm_contrast'"),
        ({"features": {"statistics": "all"}, "undefined": ["stat_maen"]}, "did you mean 'stat_mean'"),
        ({"features": {"glcm": "all"}, "discretisation": [FBN[0], FBN[0]]}, "holds fbn8 twice"),
        (
            {"features": {"glcm": "all"}, "discretisation": FBN, "texture_spacing_mm": [1, 2, 1.0]},
            "holds 1 twice",
        ),
        *(
            ({"features": {"glcm": "all"}, "discretisation": FBN, "texture_spacing_mm": [1, step]}, told)
            for step, told in (
                (float("inf"), "finite number"),
                (float("nan"), "finite number"),
                (0.05, "texture_spacing_mm holds voxels of 0.05 mm: use 0.1 mm or more"),
            )
        ),
        *(
            ({"features": {"glcm": "all"}, "discretisation": one}, "finite number")
            for one in (
                {"method": "FBS", "width": float("inf"), "origin": 0},
                {"method": "FBS", "width": 25, "origin": float("nan")},
            )
        ),
        ({"features": {"ivh": "all"}, "ivh": {"method": "FBS", "width": float("inf")}}, "finite number"),
        ({"features": {"glcm": "all"}, "discretisation": {"method": "FBN"}}, "give `bins`"),
        ({"features": {"glcm": "all"}, "discretisation": {"method": "FBS", "bins": 3}}, "give `bins`"),
        ({"features": {"glcm": "all"}, "discretisation": {"method": "FBS", "width": 25}}, "no first bin"),
        (
            {"features": {"glcm": "all"}, "discretisation": {"method": "FBN", "bins": 8, "origin": 0}},
            "`origin` belongs",
        ),
        ({"features": {"ivh": "all"}, "ivh": {"method": "FBS"}}, "give `width`"),
        ({"features": {"ivh": "all"}, "ivh": {"method": "none", "bins": 10}}, "give `bins`"),
        ({"native": {"glcm": "all"}}, "`native` knows no glcm"),
    ],
)
def test_settings_that_cannot_be_are_told(given, told):
    with pytest.raises(ValidationError, match=told):
        settings(**given)


def test_bins_of_a_fixed_size_start_at_the_lower_end_of_the_range(case):
    fbs = {"method": "FBS", "width": 20}
    given: dict[str, Any] = {"features": {"histogram": ["ih_min"]}, "processing": {"range": [0, 400]}}
    by_range = values(case, **given, discretisation=fbs)
    by_origin = values(case, **given, discretisation=fbs | {"origin": -200})
    assert by_origin["ih_min"] == by_range["ih_min"] + 10


def test_the_version_changes_with_the_code_that_values_depend_on():
    package, _, digest = get_engine("ibsi").version.rpartition("+")
    assert package
    assert len(digest) == 12
