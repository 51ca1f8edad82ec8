"""The key `filters` of a profile of the engine ibsi: what it may say, and what is listed."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from pydantic import ValidationError

from samesplit.errors import DeclarationError
from samesplit.features.engines import get_engine
from samesplit.features.engines.ibsi import IbsiSettings
from samesplit.features.profiles import read_profile
from samesplit.workspace import builtin_folder

LOG = {"kind": "log", "sigma_mm": [1, 2]}
FBN = {"method": "FBN", "bins": 32}
FBS = {"method": "FBS", "width": 25, "origin": 0}


def read(**given):
    return IbsiSettings.model_validate(given)


def columns(**given):
    return [info.feature for info in get_engine("ibsi").catalogue(read(**given))]


def test_features_of_response_maps_follow_those_of_the_image_filter_after_filter():
    found = columns(features={"statistics": ["stat_mean", "stat_max"]}, filters={"images": [LOG]})
    names = ["stat_mean", "stat_max"]
    assert found == [f"{prefix}{name}" for prefix in ("", "log_1mm_", "log_2mm_") for name in names]


def test_textures_of_response_maps_name_filter_aggregation_and_discretisation():
    found = columns(
        filters={
            "images": [LOG | {"sigma_mm": 1}],
            "features": {"glcm": ["cm_contrast"], "local_intensity": ["loc_peak_loc"]},
            "discretisation": [FBN, FBN | {"bins": 64}],
        },
        aggregation=["3D_avg", "3D_comb"],
    )
    assert found == ["log_1mm_loc_peak_loc"] + [
        f"log_1mm_cm_contrast_{way}_fbn{bins}" for bins in (32, 64) for way in ("3D_avg", "3D_comb")
    ]


def test_by_default_they_are_those_of_the_profile_but_shape_peaks_and_volume_histogram():
    everything = dict.fromkeys(("morphology", "local_intensity", "statistics", "ivh", "ngtdm"), "all")
    found = columns(features=everything, discretisation=FBN, filters={"images": [LOG]})
    own = {name.removeprefix("log_1mm_") for name in found if name.startswith("log_1mm_")}
    assert {name.split("_")[0] for name in own} == {"stat", "ngt"}
    assert len(own) == 18 + 5


def test_a_filtered_feature_has_the_codes_of_filter_and_feature():
    settings = read(features={"statistics": ["stat_mean"]}, filters={"images": [LOG]})
    plain, filtered, _ = get_engine("ibsi").catalogue(settings)
    assert (plain.ibsi_code, plain.filter, plain.filter_code) == ("Q4LE", "", "")
    assert (filtered.ibsi_code, filtered.filter, filtered.filter_code) == ("Q4LE", "log_1mm", "L6PA")


def test_what_means_nothing_in_the_images_unit_means_nothing_after_a_filter():
    wanted = {"statistics": ["stat_mean"], "histogram": ["ih_mean"]}
    arbitrary = read(features=wanted, discretisation=FBN, filters={"images": [LOG]})
    undefined = {
        info.feature for info in get_engine("ibsi").catalogue(arbitrary) if info.note.startswith("NaN")
    }
    assert undefined == {"stat_mean", "log_1mm_stat_mean", "log_2mm_stat_mean"}


def test_textures_on_grids_of_their_own_leave_response_maps_on_that_of_the_profile():
    found = columns(
        features={"ngtdm": ["ngt_contrast"]},
        discretisation=FBN,
        texture_spacing_mm=[1, 2],
        filters={"images": [LOG | {"sigma_mm": 1}]},
    )
    assert found == ["ngt_contrast_3D_1mm", "ngt_contrast_3D_2mm", "log_1mm_ngt_contrast_3D"]


def test_what_was_read_is_written_one_filter_after_the_other_and_read_again_as_the_same():
    images = [
        LOG,
        {"kind": "laws", "kernels": ["L5E5E5", "E5L5E5"], "energy_distance": 7},
        {"kind": "wavelet", "wavelet": "db3", "subband": "all", "rotation_invariant": True},
        {"kind": "gabor", "sigma_mm": 5, "wavelength_mm": [2, 4], "angle_step_degrees": 45},
        {"kind": "riesz", "order": [[1, 0, 0], [0, 2, 0]], "of": {"kind": "simoncelli", "level": 1}},
    ]
    given = read(features={"statistics": "all"}, filters={"images": images, "boundary": "nearest"})
    written = yaml.safe_load(yaml.safe_dump(given.model_dump(mode="json")))
    again = read(**written)
    assert again.filters.filters == given.filters.filters
    assert len(written["filters"]["images"]) == len(again.filters.filters) == 2 + 2 + 4 + 2 + 2
    assert again.model_dump(mode="json") == written
    assert {one.boundary for one in again.filters.filters} == {"nearest"}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"filters": {"images": [LOG]}}, "give `filters.features`"),
        ({"filters": {"images": [LOG], "features": {"glcm": "all"}}}, "the profile has none"),
        (
            {"filters": {"images": [LOG]}, "features": {"glcm": "all"}, "discretisation": FBS},
            "fbs25 is on the scale of the image",
        ),
        (
            {"filters": {"images": [LOG], "features": {"glcm": "all"}, "discretisation": []}},
            "need `filters.discretisation`",
        ),
        (
            {"filters": {"images": [LOG], "discretisation": {"method": "FBS", "width": 5}}},
            "fbs5 has no first bin",
        ),
        ({"filters": {"images": [LOG], "features": {"morphology": "all"}}}, "the lesion's own shape"),
        ({"filters": {"images": [LOG, LOG | {"sigma_mm": 2}]}}, "the response map log_2mm twice"),
        ({"filters": {"images": []}}, "at least 1 item"),
    ],
)
def test_what_cannot_be_is_refused_in_words(given, message):
    with pytest.raises(ValidationError) as error:
        read(**given)
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("line", "message", "number"),
    [
        ("{kind: log, sigmamm: [1, 2]}", "did you mean 'sigma_mm'?", 8),
        ("{kind: lg, sigma_mm: 1}", "did you mean 'log'?", 8),
        ("{kind: log, sigma_mm: [1, -2]}", "greater than 0 (given: -2)", 8),
        ("{kind: wavelet, wavelet: db3, subband: LX}", "for each axis, such as LLH (given: 'LX')", 8),
        ("{kind: wavelet, wavelet: db3, subband: LLH, level: 0}", "'settings.filters.images.1.level'", 8),
        ("{kind: log, sigma_mm: 1, boundary: miror}", "did you mean 'mirror'?", 8),
        ("{kind: log}", "the key 'settings.filters.images.1.sigma_mm' is missing", 8),
    ],
)
def test_a_mistake_in_a_filter_is_told_once_with_its_line_and_the_nearest_word(
    tmp_path: Path, line, message, number
):
    path = tmp_path / "mine.yaml"
    path.write_text(
        "engine: ibsi\ndescription: a test\nsettings:\n  features: {statistics: all}\n  filters:\n"
        f"    images:\n    - {{kind: mean, support_voxels: 3}}\n    - {line}\n"
    )
    with pytest.raises(DeclarationError) as caught:
        read_profile(path)
    assert message in str(caught.value)
    assert f"line {number}" in str(caught.value)
    assert len({str(one) for one in caught.value.more}) == len(caught.value.more)
    assert str(caught.value) not in {str(one) for one in caught.value.more}


@pytest.mark.parametrize(("name", "dimensions"), [("ibsi2-a", 2), ("ibsi2-b", 3)])
def test_the_profiles_of_the_standard_for_filters_have_its_nine_settings(name, dimensions):
    settings = read_profile(builtin_folder() / "features" / f"{name}.yaml").settings
    kinds = [one.kind for one in settings.filters.filters]
    assert kinds == ["mean", "log", "laws", "gabor", "wavelet", "wavelet", "simoncelli", "simoncelli"]
    assert {one.dimensions for one in settings.filters.filters} == {dimensions}
    assert {one.boundary for one in settings.filters.filters} == {"mirror"}
    assert len(get_engine("ibsi").catalogue(settings)) == 9 * 18
