"""Features of response maps by the engine ibsi: what is filtered, what is counted, and what is kept in memory."""

from __future__ import annotations

import gc
import math
import weakref
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import SimpleITK as sitk

from samesplit.errors import LesionError
from samesplit.features.engines import get_engine
from samesplit.features.engines.ibsi import IbsiSettings, filtered
from samesplit.features.families.statistics import TAGS, statistics
from samesplit.features.filters.respond import respond
from samesplit.features.filters.settings import MeanFilter
from samesplit.features.processing.preparation import prepare
from samesplit.features.profiles import Profile
from samesplit.imaging.case import Case

EVERY_KIND = [
    {"kind": "mean", "support_voxels": 3},
    {"kind": "log", "sigma_mm": [1, 1.5], "cutoff_sigma": 3},
    {"kind": "laws", "kernels": "L5E5E5", "energy_distance": 2, "rotation_invariant": True},
    {"kind": "gabor", "sigma_mm": 1.5, "wavelength_mm": 4, "angle_step_degrees": 90, "cutoff_sigma": 3},
    {"kind": "wavelet", "wavelet": "db2", "subband": ["LLH", "HHH"], "level": 1, "rotation_invariant": True},
    {"kind": "log", "sigma_mm": 2, "dimensions": 2, "boundary": "nearest", "cutoff_sigma": 3},
    {"kind": "mean", "support_voxels": 5, "boundary": "periodic"},
]
TEXTURES = dict.fromkeys(("statistics", "histogram", "ivh", "glcm", "ngtdm", "local_intensity"), "all")


def settings(**given: Any) -> IbsiSettings:
    return IbsiSettings.model_validate(given)


def values(case: Case, **given: Any) -> dict[str, float]:
    return get_engine("ibsi").extract(case, Profile("mine", "ibsi", "", "any", settings(**given)))


def case_of(image: np.ndarray, mask: np.ndarray, spacing_xyz: tuple[float, float, float]) -> Case:
    picture, roi = sitk.GetImageFromArray(image), sitk.GetImageFromArray(mask.astype(np.uint8))
    for one in (picture, roi):
        one.SetSpacing(spacing_xyz)
    return Case(picture, roi)


@pytest.fixture(scope="module")
def case() -> Case:
    """A lesion near two faces of a larger image of thick slices."""
    rng = np.random.default_rng(5)
    z, y, x = np.ogrid[:16, :36, :44]
    mask = ((z - 4) / 3) ** 2 + ((y - 8) / 6) ** 2 + ((x - 30) / 7) ** 2 <= 1
    return case_of(100 + 30 * rng.standard_normal(mask.shape) + 2 * x, mask, (1.2, 1.2, 2.5))


@pytest.fixture(scope="module")
def everything(case: Case) -> dict[str, float]:
    wanted = {"features": TEXTURES, "discretisation": {"method": "FBN", "bins": 16}}
    return values(
        case,
        features={"morphology": ["morph_vol_approx"], "ngtdm": ["ngt_contrast"]},
        discretisation={"method": "FBN", "bins": 8},
        processing={"unit": "quantitative", "spacing_mm": 1.5},
        filters=wanted | {"images": EVERY_KIND},
    )


def test_features_come_in_the_order_of_the_catalogue_and_all_have_a_value(everything):
    given = settings(
        features={"morphology": ["morph_vol_approx"], "ngtdm": ["ngt_contrast"]},
        discretisation={"method": "FBN", "bins": 8},
        filters={"images": EVERY_KIND, "features": TEXTURES, "discretisation": {"method": "FBN", "bins": 16}},
    )
    assert list(everything) == [info.feature for info in get_engine("ibsi").catalogue(given)]
    assert not [name for name, value in everything.items() if math.isnan(value)]


def test_filtering_only_around_the_lesion_gives_what_filtering_the_whole_image_gives(case, everything):
    given = settings(
        processing={"unit": "quantitative", "spacing_mm": 1.5},
        filters={"images": EVERY_KIND, "features": {"statistics": "all"}},
    )
    whole = prepare(case, given.processing, around=lambda grid: grid.size)
    grid = whole.grid(given.processing.target_mm)
    region = whole.at(given.processing.target_mm, around=grid.size).region
    assert region.intensities.shape == grid.size
    for one, response in respond(region.intensities, region.spacing_mm, given.filters.filters):
        inside = response[region.intensity > 0].astype(float)
        scale = np.abs(inside).max()
        for tag, value in zip(TAGS, statistics(inside), strict=True):
            found = everything[f"{one.name}_{tag}"]
            assert found == pytest.approx(value, rel=2e-4, abs=2e-5 * scale), (one.name, tag)


def test_resegmentation_looks_at_the_image_and_not_at_responses(case):
    mean = {"kind": "mean", "support_voxels": 3}
    within = values(
        case,
        processing={"unit": "quantitative", "range": [100, 150]},
        filters={"images": [mean], "features": {"statistics": "all"}},
        features={"statistics": "all"},
    )
    assert within["stat_min"] >= 100
    image, mask = (sitk.GetArrayFromImage(one) for one in (case.image, case.mask))
    ((_, response),) = respond(image, (2.5, 1.2, 1.2), [MeanFilter(support_voxels=3)])
    kept = response[(mask > 0) & (image >= 100) & (image <= 150)]
    assert within["mean_3_stat_mean"] == pytest.approx(kept.mean(), rel=1e-5)
    assert within["mean_3_stat_min"] == pytest.approx(kept.min(), rel=1e-5)
    assert kept.max() > 150  # a range on responses would have taken it away


def test_the_discretisation_is_of_responses_and_other_settings_are_those_of_the_profile(case):
    given = {
        "processing": {"unit": "quantitative", "range": [0, None]},
        "filters": {
            "images": [{"kind": "mean", "support_voxels": 1}],
            "features": {"glcm": ["cm_contrast"], "histogram": ["ih_max"]},
            "discretisation": {"method": "FBS", "width": 10, "origin": 0},
        },
        "features": {"glcm": ["cm_contrast"], "histogram": ["ih_max"]},
        "discretisation": {"method": "FBS", "width": 10},
        "aggregation": ["2D_avg", "3D_comb"],
        "distance": 2,
    }
    found = values(case, **given)
    plain = {name: value for name, value in found.items() if not name.startswith("mean_1_")}
    assert len(found) == 2 * len(plain) == 6
    for name, value in plain.items():  # the mean of one voxel is that voxel
        assert found[f"mean_1_{name}"] == pytest.approx(value, rel=1e-6), name


def test_an_image_without_structure_has_responses_without_texture():
    mask = np.zeros((12, 12, 12), bool)
    mask[4:8, 4:8, 4:8] = True
    found = values(
        case_of(np.full(mask.shape, -1024.3), mask, (1.0, 1.0, 1.0)),
        processing={"unit": "quantitative"},
        filters={
            "images": [
                {"kind": "log", "sigma_mm": 1},
                {"kind": "wavelet", "wavelet": "db3", "subband": "HHH"},
            ],
            "features": {"statistics": ["stat_range"], "histogram": ["ih_max"], "ngtdm": ["ngt_busyness"]},
            "discretisation": {"method": "FBN", "bins": 32},
        },
    )
    assert found["wavelet_db3_hhh_1_stat_range"] == 0
    assert [value for name, value in found.items() if "ih_max" in name] == [1, 1]


def test_memory_holds_one_response_map_at_a_time(case, monkeypatch):
    living: list[weakref.ref[Any]] = []
    most = []

    def watched(*given: Any, **more: Any) -> Iterator[Any]:
        for one, response in respond(*given, **more):
            living.append(weakref.ref(response))
            gc.collect()
            most.append(sum(ref() is not None for ref in living))
            yield one, response
            del response

    monkeypatch.setattr(filtered, "respond", watched)
    values(
        case,
        processing={"unit": "quantitative"},
        filters={
            "images": [{"kind": "mean", "support_voxels": [1, 3, 5]}],
            "features": {"statistics": "all"},
        },
    )
    assert most == [1, 1, 1]


def test_the_steps_say_which_maps_were_made_and_of_how_much_of_the_image(case):
    found = values(
        case,
        processing={"unit": "quantitative"},
        filters={
            "images": [
                {"kind": "log", "sigma_mm": 1.2},
                {"kind": "mean", "support_voxels": 5, "boundary": "periodic"},
            ],
            "features": {"statistics": "all"},
        },
    )
    told = {step.step: step.done for step in found.steps}["filters"]
    assert told == (
        "2 response maps of the lesion and 4 x 4 x 2 voxels around it and the whole image (1 of them): "
        "log_1.2mm, mean_5_periodic"
    )


def test_what_counts_as_rounding_depends_on_no_other_filter_of_the_profile():
    rng = np.random.default_rng(6)
    image = 1e-3 * rng.standard_normal((24, 24, 60))
    image[:, :, 50] = 1e5  # far from the lesion, and within reach of the wide filter alone
    mask = np.zeros(image.shape)
    mask[9:15, 9:15, 6:12] = 1
    case = case_of(image, mask, (1.0, 1.0, 1.0))
    asked = {"processing": {"unit": "quantitative"}, "features": {"statistics": ["stat_mean"]}}

    def mean(sigmas: list[float]) -> float:
        images = {"images": [{"kind": "log", "sigma_mm": sigmas}]}
        return values(case, filters=images, **asked)["log_1mm_stat_mean"]

    assert mean([1]) != 0
    assert mean([1, 10]) == mean([1])


def test_a_filter_that_looks_further_than_memory_reaches_is_named_with_a_remedy(case):
    given = {"images": [{"kind": "log", "sigma_mm": 500}], "features": {"statistics": "all"}}
    with pytest.raises(LesionError, match=r"log_500mm looks at .* GiB") as caught:
        values(case, processing={"unit": "quantitative"}, features={"statistics": "all"}, filters=given)
    assert "smaller scale" in caught.value.remedy
