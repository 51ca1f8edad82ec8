"""The engine ibsi as a whole: what must not matter does not, and what cannot be measured is NaN with a reason."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pandas as pd
import pytest
import SimpleITK as sitk
from hypothesis import given, settings

from samesplit.errors import LesionError
from samesplit.features.catalogue import FAMILIES, features, full_tag
from samesplit.features.engines import get_engine
from samesplit.features.engines.ibsi import IbsiSettings
from samesplit.features.extraction import extract
from samesplit.features.profiles import Profile
from samesplit.imaging.case import Case

Values = Mapping[str, float]
Spacing = tuple[float, float, float]

AGGREGATIONS = ("2D_avg", "2D_comb", "2_5D_avg", "2_5D_comb", "3D_avg", "3D_comb")
MATRICES = ("glcm", "glrlm", "glszm", "gldzm", "ngtdm", "ngldm")
PLAIN = ("morphology", "local_intensity", "statistics", "histogram", "ivh")
FBN = {"method": "FBN", "bins": 6}
FBS = {"method": "FBS", "width": 5, "origin": -500}
EVERYTHING: dict[str, Any] = {
    "processing": {"unit": "quantitative"},
    "features": dict.fromkeys(FAMILIES, "all"),
    "discretisation": [FBN],
    "ivh": {"method": "FBN", "bins": 100},
    "aggregation": AGGREGATIONS,
}
IN_SPACE: dict[str, Any] = EVERYTHING | {"aggregation": ["3D_avg", "3D_comb"]}

few = settings(max_examples=25, deadline=None)


def profile(**given: Any) -> Profile:
    return Profile("mine", "ibsi", "", "any", IbsiSettings.model_validate(given))


def case_of(image: np.ndarray, mask: np.ndarray, spacing_mm: Spacing = (1.0, 1.0, 1.0)) -> Case:
    """A case from arrays and a spacing along z, y, x."""
    picture = sitk.GetImageFromArray(np.ascontiguousarray(image, dtype=np.float64))
    roi = sitk.GetImageFromArray(np.ascontiguousarray(mask, dtype=np.uint8))
    for one in (picture, roi):
        one.SetSpacing(spacing_mm[::-1])
    return Case(picture, roi)


def values(case: Case, **given: Any) -> dict[str, float]:
    return get_engine("ibsi").extract(case, profile(**given))


def of_family(found: Values, *families: str) -> dict[str, float]:
    names = {
        full_tag(one.tag, way.suffix)
        for one in features()
        if one.family in families
        for way in FAMILIES[one.family].aggregations
    } | {one.tag for one in features() if one.family in families}
    return {name: value for name, value in found.items() if name in names}


def agree(found: Values, expected: Values, *, rel: float = 1e-9, but: Iterable[str] = ()) -> None:
    """Equal to rounding; values that are nearly 0 are differences of far larger numbers."""
    assert found.keys() == expected.keys()
    left_out = set(but)
    for name, value in expected.items():
        if name not in left_out:
            assert found[name] == pytest.approx(value, rel=rel, abs=1e-9, nan_ok=True), name


@st.composite
def small_cases(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    """A little lesion of whole-numbered intensities, maybe in pieces or with holes, up to the image's border."""
    shape = tuple(draw(st.integers(2, 6)) for _ in range(3))
    generator = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    image = generator.integers(0, draw(st.sampled_from([2, 5, 60])), shape) - draw(st.integers(0, 20))
    mask = generator.random(shape) < draw(st.sampled_from([0.3, 0.7, 1.0]))
    mask[tuple(n // 2 for n in shape)] = True
    return image.astype(np.float64), mask


# What must not matter


@few
@given(small_cases(), st.permutations([0, 1, 2]), st.tuples(*[st.sampled_from([1, -1])] * 3))
def test_turned_and_mirrored_lesions_have_the_same_features_in_space(one, axes, signs):
    """Along with the voxel sizes, which differ along the three axes."""
    image, mask = one
    spacing = (2.0, 1.25, 0.75)
    flips = tuple(slice(None, None, sign) for sign in signs)
    turned = case_of(
        image.transpose(axes)[flips], mask.transpose(axes)[flips], tuple(spacing[a] for a in axes)
    )
    agree(values(turned, **IN_SPACE), values(case_of(image, mask, spacing), **IN_SPACE))


@few
@given(small_cases(), st.booleans(), st.tuples(*[st.sampled_from([1, -1])] * 3))
def test_turned_slices_have_the_same_features_in_every_aggregation(one, turned, signs):
    image, mask = one
    axes = (0, 2, 1) if turned else (0, 1, 2)
    flips = tuple(slice(None, None, sign) for sign in signs)
    found = values(case_of(image.transpose(axes)[flips], mask.transpose(axes)[flips]), **EVERYTHING)
    agree(found, values(case_of(image, mask), **EVERYTHING))


@few
@given(small_cases(), st.tuples(*[st.tuples(st.integers(0, 5), st.integers(0, 5))] * 3))
def test_a_wider_image_and_another_place_in_it_change_no_bit(one, more):
    """All but the local peaks, which see what is around the lesion."""
    image, mask = one
    wide = case_of(np.pad(image, more, constant_values=77.0), np.pad(mask, more))
    peaks = {"loc_peak_loc", "loc_peak_glob"}
    found, expected = (
        {name: value for name, value in values(case, **EVERYTHING).items() if name not in peaks}
        for case in (wide, case_of(image, mask))
    )
    np.testing.assert_array_equal(list(found.values()), list(expected.values()))


WAYS: dict[str, dict[str, Any]] = {
    "bins of a number": {},
    "bins of a size": {"discretisation": [FBS | {"width": 1 / 3}], "ivh": {"method": "FBS", "width": 1 / 3}},
    "equalised": {"discretisation": [{"method": "equalised", "bins": 4}]},
    "normalised": {"processing": {"unit": "arbitrary", "normalisation": {"over": "roi", "clip_sd": 1.5}}},
    "re-segmented": {"processing": {"unit": "quantitative", "range": [-2, 5], "outliers_sd": 2}},
    "interpolated": {"processing": {"unit": "quantitative", "spacing_mm": 0.5}},
}


@settings(max_examples=6, deadline=None)
@given(small_cases(), st.integers(0, 9))
@pytest.mark.parametrize("way", WAYS)
def test_the_last_digits_of_the_intensities_change_no_feature(way, one, seed):
    """Thirds, so that many intensities lie on the edges of bins and of ranges but for rounding."""
    image, mask = one
    noise = 1 + 1e-13 * np.random.default_rng(seed).uniform(-1, 1, image.shape)
    asked = IN_SPACE | WAYS[way]
    try:
        expected = values(case_of(image / 3, mask), **asked)
    except LesionError:
        with pytest.raises(LesionError):
            values(case_of(image / 3 * noise, mask), **asked)
        return
    agree(values(case_of(image / 3 * noise, mask), **asked), expected)


@few
@given(small_cases(), st.integers(1, 4), st.sampled_from(["linear", "cubic"]))
def test_after_interpolation_too_a_wider_image_changes_nothing(one, more, interpolation):
    """Padded by the border's values, as interpolation continues it, and equally on both sides: one grid."""
    image, mask = one
    image = image + np.cos(np.arange(image.size)).reshape(image.shape)  # no ties on the edges of bins
    near, wide = (
        case_of(np.pad(image, width, mode="edge"), np.pad(mask, width), (1.0, 1.0, 2.0))
        for width in (1, 1 + more)
    )
    processing = {"spacing_mm": 1, "image_interpolation": interpolation, "mask_threshold": 0.25}
    given = IN_SPACE | {"processing": processing | {"unit": "quantitative"}}
    agree(values(wide, **given), values(near, **given), but=("loc_peak_loc", "loc_peak_glob"))


@few
@given(small_cases(), st.sampled_from([0.5, 2.0, 8.0]), st.integers(-100, 100))
def test_offset_and_scale_of_intensities_leave_what_has_no_unit(one, scale, offset):
    """In powers of two and whole numbers, so that a fixed bin number gives the same levels to the last voxel."""
    image, mask = one
    before, after = (
        values(case_of(each, mask), **EVERYTHING, undefined=[]) for each in (image, image * scale + offset)
    )
    exact = (*MATRICES, "histogram", "ivh")
    assert_same_bits(of_family(after, *exact), of_family(before, *exact))
    shape = {
        one.tag for one in features() if one.family == "morphology" and one.arbitrary_units == "defined"
    } - {"morph_com"}
    assert_same_bits({tag: after[tag] for tag in shape}, {tag: before[tag] for tag in shape})
    for tag in ("stat_skew", "stat_kurt", "morph_moran_i", "morph_geary_c"):
        assert after[tag] == pytest.approx(before[tag], rel=1e-6, abs=1e-6, nan_ok=True), tag
    moved = ("mean", "median", "min", "p10", "p90", "max")
    spread = ("iqr", "range", "mad", "rmad", "medad")
    factors = {f"stat_{tag}": (scale, offset) for tag in moved} | {
        f"stat_{tag}": (scale, 0.0) for tag in spread
    }
    factors |= {f"loc_peak_{tag}": (scale, offset) for tag in ("loc", "glob")} | {"stat_var": (scale**2, 0.0)}
    for tag, (times, plus) in factors.items():
        expected = before[tag] * times + plus
        assert after[tag] == pytest.approx(expected, rel=1e-9, abs=1e-9, nan_ok=True), tag


def assert_same_bits(found: Values, expected: Values) -> None:
    assert found.keys() == expected.keys()
    different = [name for name in expected if not np.array_equal(found[name], expected[name], equal_nan=True)]
    assert not different


@few
@given(small_cases(), st.sampled_from([-5.0, 5.0, 40.0]))
def test_bins_of_a_fixed_size_move_with_their_origin(one, offset):
    image, mask = one
    before = values(case_of(image, mask), **EVERYTHING | {"discretisation": [FBS]})
    moved = FBS | {"origin": FBS["origin"] + offset}
    after = values(case_of(image + offset, mask), **EVERYTHING | {"discretisation": [moved]})
    assert_same_bits(of_family(after, *MATRICES, "histogram"), of_family(before, *MATRICES, "histogram"))


@few
@given(small_cases(), st.sampled_from([0.5, 2.0]))
def test_larger_voxels_scale_lengths_areas_and_volumes_and_nothing_else(one, factor):
    image, mask = one
    given = EVERYTHING | {"features": dict.fromkeys(set(FAMILIES) - {"local_intensity"}, "all")}
    before = values(case_of(image, mask, (3.0, 1.0, 1.0)), **given)
    after = values(case_of(image, mask, (3.0 * factor, factor, factor)), **given)
    powers = {"mm": 1, "mm2": 2, "mm3": 3, "Imm3": 3, "1/mm": -1}
    times = {one.tag: factor ** powers.get(one.unit, 0) for one in features()}
    expected = {name: value * times.get(name, 1.0) for name, value in before.items()}
    agree(after, expected, rel=1e-8)


# What cannot be measured


def _ball(shape: tuple[int, int, int]) -> np.ndarray:
    z, y, x = np.meshgrid(*[np.linspace(-1, 1, n) for n in shape], indexing="ij")
    return z**2 + y**2 + x**2 <= 1


def _odd_cases() -> dict[str, Case]:
    generator = np.random.default_rng(3)
    noise = generator.normal(50, 20, (6, 7, 8))
    whole = np.ones(noise.shape, dtype=bool)

    def only(*index: Any) -> np.ndarray:
        mask = np.zeros(noise.shape, dtype=bool)
        mask[index] = True
        return mask

    apart = only(0, 0, 0) | only(5, 6, 7) | only(2, slice(2, 4), slice(3, 5)) | only(5, 0, slice(0, 3))
    scattered = np.zeros(noise.shape, dtype=bool)
    scattered[::2, ::2, ::2] = True
    hollow = _ball(noise.shape)
    hollow[2:4, 3, 3:5] = False
    return {
        "one voxel": case_of(noise, only(3, 3, 3)),
        "one voxel in a corner of the image": case_of(noise, only(0, 0, 0)),
        "two voxels": case_of(noise, only(3, 3, slice(3, 5))),
        "two voxels that touch by a corner": case_of(noise, only(2, 2, 2) | only(3, 3, 3)),
        "two voxels apart": case_of(noise, only(0, 0, 0) | only(5, 6, 7)),
        "no two voxels touch": case_of(noise, scattered),
        "constant": case_of(np.full(noise.shape, 7.0), _ball(noise.shape)),
        "constant 0": case_of(np.zeros(noise.shape), _ball(noise.shape)),
        "intensities of mean 0": case_of(np.where(np.indices(noise.shape)[2] % 2, 1.0, -1.0), whole),
        "two levels": case_of((noise > 50) * 10.0, _ball(noise.shape)),
        "one slice of many": case_of(noise, only(3)),
        "one row": case_of(noise, only(3, slice(None), 3)),
        "line along z": case_of(noise, only(slice(1, 5), 3, 3)),
        "oblique line": case_of(noise, only(range(6), range(6), range(6))),
        "oblique plane": case_of(noise, np.indices(noise.shape)[1] == np.indices(noise.shape)[2]),
        "disconnected": case_of(noise, apart),
        "hollow": case_of(noise, hollow),
        "touches every border": case_of(noise, _ball(noise.shape)),
        "the whole image": case_of(noise, whole),
        "an image of one slice": case_of(noise[:1], whole[:1]),
        "an image of one row": case_of(noise[:1, :1], whole[:1, :1]),
        "an image of one voxel": case_of(noise[:1, :1, :1], whole[:1, :1, :1]),
        "thick slices": case_of(noise, _ball(noise.shape), (20.0, 0.5, 0.5)),
        "thin slices": case_of(noise, _ball(noise.shape), (0.05, 3.0, 3.0)),
        "huge intensities": case_of(1e9 + noise, _ball(noise.shape)),
        "tiny intensities": case_of(1e-12 * noise, _ball(noise.shape)),
    }


ODD_CASES = _odd_cases()
REASONS = {
    full_tag(one.tag, suffix): one.undefined_when
    for one in features()
    for suffix in [way.suffix for way in FAMILIES[one.family].aggregations] or [""]
}


def undefined(found: Values) -> set[str]:
    return {name for name, value in found.items() if math.isnan(value)}


@pytest.mark.parametrize("name", ODD_CASES)
def test_an_odd_lesion_has_each_feature_or_nan_with_a_reason(name):
    found = values(ODD_CASES[name], **EVERYTHING)
    assert found.keys() == REASONS.keys()
    assert not [feature for feature, value in found.items() if math.isinf(value)]
    assert not [feature for feature in undefined(found) if not REASONS[feature]]


@few
@given(small_cases())
def test_a_small_lesion_has_each_feature_or_nan_with_a_reason(one):
    found = values(case_of(*one), **EVERYTHING)
    assert not [feature for feature in undefined(found) if not REASONS[feature]]
    assert not any(map(math.isinf, found.values()))


def names(*tags: str, families: Iterable[str] = ()) -> set[str]:
    """Features in all their aggregations."""
    return {
        name
        for one in features()
        if one.tag in tags or one.family in families
        for name in [
            full_tag(one.tag, suffix)
            for suffix in [way.suffix for way in FAMILIES[one.family].aggregations] or [""]
        ]
    }


PCA = tuple(f"morph_pca_{tag}" for tag in ("maj_axis", "min_axis", "least_axis", "elongation", "flatness"))
NO_VOLUME, NO_AREA = ("morph_vol_dens_aee",), ("morph_vol_dens_aee", "morph_area_dens_aee")
ONE_LEVEL = (
    "morph_moran_i", "morph_geary_c", "ih_max_grad", "ih_max_grad_g", "ih_min_grad", "ih_min_grad_g", "cm_corr",
    "cm_info_corr1",
)  # fmt: skip
NO_NEIGHBOURS = ("glcm", "ngtdm")


@pytest.mark.parametrize(
    ("case", "expected"),
    [
        ("one voxel", names(*PCA, *NO_AREA, *ONE_LEVEL, families=NO_NEIGHBOURS)),
        ("an image of one voxel", names(*PCA, *NO_AREA, *ONE_LEVEL, families=NO_NEIGHBOURS)),
        ("two voxels", names(*NO_AREA, "stat_rmad", "ih_rmad")),
        ("two voxels apart", names(*NO_AREA, "stat_rmad", "ih_rmad", families=NO_NEIGHBOURS)),
        ("no two voxels touch", names(families=NO_NEIGHBOURS)),
        ("constant", names(*ONE_LEVEL)),
        ("constant 0", names(*ONE_LEVEL, "morph_com", "stat_cov", "stat_qcod")),
        ("intensities of mean 0", names("morph_com", "stat_cov", "stat_qcod")),
        ("one slice of many", names(*NO_VOLUME)),
        ("oblique plane", names(*NO_VOLUME)),
        ("one row", names(*NO_AREA)),
        ("an image of one row", names(*NO_AREA)),
        ("two levels", set()),
        ("the whole image", set()),
        ("touches every border", set()),
        ("thick slices", set()),
        ("thin slices", set()),
    ],
)
def test_exactly_what_is_not_defined_is_nan(case, expected):
    assert undefined(values(ODD_CASES[case], **EVERYTHING)) == expected


def test_a_range_of_one_level_has_no_volume_at_a_part_of_it():
    asked = {"features": {"ivh": "all"}, "processing": {"unit": "quantitative"}, "ivh": {"method": "none"}}
    found = values(ODD_CASES["constant"], **asked)
    assert undefined(found) == {"ivh_v10", "ivh_v90", "ivh_diff_v10_v90"}


def test_a_constant_lesion_has_the_values_that_the_standard_sets():
    found = values(ODD_CASES["constant"], **EVERYTHING)
    zero = ("stat_var", "stat_skew", "stat_kurt", "stat_iqr", "stat_cov", "ih_var", "ih_skew", "ih_entropy")
    assert {tag: found[tag] for tag in zero} == dict.fromkeys(zero, 0.0)
    assert found["stat_mean"] == found["loc_peak_glob"] == 7.0
    assert found["cm_energy_3D_comb"] == found["ih_uniformity"] == 1.0
    assert found["cm_contrast_3D_comb"] == found["ngt_contrast_3D"] == found["szm_zs_var_3D"] == 0.0
    assert found["ngt_coarseness_3D"] == 1e6


@pytest.mark.parametrize("interpolation", ["nearest", "linear", "cubic"])
@pytest.mark.parametrize("name", ODD_CASES)
def test_odd_lesions_survive_interpolation(name, interpolation):
    processing = {
        "unit": "quantitative",
        "spacing_mm": 0.8,
        "image_interpolation": interpolation,
        "mask_threshold": 0.05,
    }
    case = ODD_CASES[name]
    if name == "thick slices":
        processing["spacing_mm"] = 2.0
    found = values(
        case, **IN_SPACE | {"processing": processing, "features": {"morphology": "all", "glcm": "all"}}
    )
    assert not [feature for feature in undefined(found) if not REASONS[feature]]


def test_every_undefined_feature_is_noted_with_its_reason(tmp_path: Path):
    """In the notes that a run folder keeps as notes.csv."""
    for what, image in (("image", ODD_CASES["one row"].image), ("mask", ODD_CASES["one row"].mask)):
        sitk.WriteImage(image, str(tmp_path / f"{what}.nii.gz"))
    row = {"lesion_id": "L1", "sequence": "T1", "rater": "R1", "mask_label": 1, "spacing_mm": math.nan}
    files = {what: str(tmp_path / f"{what}.nii.gz") for what in ("image", "mask")}
    chosen = {"morphology": "all", "statistics": ["stat_mean"], "glcm": ["cm_corr"]}
    wanted = profile(features=chosen, discretisation=[FBN], processing={"unit": "arbitrary"})
    done = extract(pd.DataFrame([row | files]), wanted, cache=tmp_path / "cache", jobs=1, minimum_voxels=1)
    noted = dict(zip(done.notes["feature"], done.notes["note"], strict=True))
    unit = "not defined: without meaning in the image's unit"
    assert noted == {
        "morph_vol_dens_aee": "not defined: the mask lies in one plane",
        "morph_area_dens_aee": "not defined: the mask lies on one line",
        "stat_mean": unit,
        "morph_integ_int": unit,
        "morph_moran_i": unit,
        "morph_geary_c": unit,
    }
    assert set(done.features.loc[done.features["value"].isna(), "feature"]) == set(noted)
