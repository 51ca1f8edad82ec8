"""The MIRP engine; what needs MIRP itself is skipped with a message where the extra is not installed."""

from __future__ import annotations

import json
import logging
import math
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import SimpleITK as sitk
from pydantic import ValidationError

from samesplit.errors import DeclarationError, LesionError
from samesplit.features.engines.mirp import MirpEngine, _arguments
from samesplit.features.engines.mirp_settings import MirpSettings
from samesplit.features.profiles import Profile
from samesplit.imaging.case import Case

ENGINE = MirpEngine()
needs_mirp = pytest.mark.skipif(
    find_spec("mirp") is None,
    reason="mirp is not installed (pip install 'samesplit[mirp]'): this check against MIRP was NOT made",
)
BINS = {"base_discretisation_method": "fixed_bin_number", "base_discretisation_n_bins": 8}


def profile_of(**settings: Any) -> Profile:
    return Profile("test", "mirp", "", "any", MirpSettings.model_validate(settings))


@pytest.fixture(scope="module")
def case() -> Case:
    """A textured ellipsoid in a small field of view, with slices of 2.5 mm."""
    rng = np.random.default_rng(5)
    shape = (8, 14, 16)
    image = sitk.GetImageFromArray(rng.normal(100, 20, shape).astype(np.float32))
    z, y, x = np.ogrid[:8, :14, :16]
    inside = ((z - 3.5) / 3) ** 2 + ((y - 7) / 5) ** 2 + ((x - 8) / 6) ** 2 < 1
    mask = sitk.GetImageFromArray(inside.astype(np.uint8))
    for volume in (image, mask):
        volume.SetSpacing((1.1, 1.3, 2.5))
        volume.SetOrigin((-40.0, 12.0, 7.0))
    return Case(image, mask)


def features_by_mirp(settings: MirpSettings) -> dict[str, str | None]:
    """Column -> IBSI code, as MIRP's own generator of features has them."""
    from mirp._features.feature_generator import generate_features
    from mirp.settings.generic import SettingsClass

    found = {}
    for feature in generate_features(settings=SettingsClass(**_arguments(settings)).feature_extr):
        feature.create_table_name()
        feature.update_ibsi_compliance()
        if feature.ibsi_compliant or not settings.ibsi_compliant:
            found[feature.table_name] = feature.ibsi_id or None
    return found


@needs_mirp
@pytest.mark.parametrize(
    "settings",
    [
        BINS,
        BINS | {"ibsi_compliant": False, "by_slice": True},
        {
            "base_discretisation_method": ["fixed_bin_number", "fixed_bin_size"],
            "base_discretisation_n_bins": [8, 16],
            "base_discretisation_bin_width": [20, 2.5],
            "resegmentation_intensity_range": [0, None],
            "stat_percentile": [5, 10, 90.5],
            "glcm_spatial_method": ["2d_average", "2d_slice_merge", "2.5d_volume_merge", "3d_volume_merge"],
            "glcm_distance": [1, 2],
            "glrlm_spatial_method": ["2.5d_direction_merge", "3d_average"],
            "glszm_spatial_method": ["2d", "2.5d"],
            "ngldm_distance": [1, 2],
            "ngldm_difference_level": [0, 1],
        },
        {
            "ibsi_compliant": False,
            "base_discretisation_method": "fixed_bin_size_pyradiomics",
            "base_discretisation_bin_width": 5,
            "texture_feature_pooling_method": "max",
            "glcm_spatial_method": ["2d_average", "2d_slice_merge", "2.5d_volume_merge"],
            "ngtdm_spatial_method": ["2d", "3d"],
        },
    ],
    ids=["default", "by slice", "several of everything", "pooled otherwise"],
)
def test_names_order_and_codes_are_those_of_mirp(settings: dict[str, Any]) -> None:
    checked = MirpSettings.model_validate(settings)
    ours = {info.feature: info for info in ENGINE.catalogue(checked)}
    theirs = features_by_mirp(checked)
    assert list(ours) == list(theirs)
    for name, info in ours.items():
        if "max" not in checked.texture_feature_pooling_method and not name.startswith("ivh_"):
            assert (info.ibsi_code or "") == (theirs[name] or "").replace("P6QZ1", "P6QZ"), name


@needs_mirp
def test_extraction_gives_the_catalogue_in_its_order(case: Case) -> None:
    profile = profile_of(**BINS, base_feature_families=["stat", "ivh", "ih", "szm", "ngtdm"])
    assert list(ENGINE.extract(case, profile)) == [
        info.feature for info in ENGINE.catalogue(profile.settings)
    ]


READING = """
import json, logging, sys, warnings
from mirp import extract_features
logging.disable(logging.INFO)
warnings.simplefilter("ignore")
row = extract_features(image=sys.argv[1], mask=sys.argv[2], **json.loads(sys.argv[3]))[0].iloc[0]
names = [name for name in row.index if not name.startswith(("sample", "image_"))]
print("values:" + json.dumps({name: float(row[name]) for name in names}), flush=True)
"""


@needs_mirp
def test_values_are_those_of_mirp_reading_the_files_itself(case: Case, tmp_path: Path) -> None:
    files = [str(tmp_path / f"{name}.nii.gz") for name in ("image", "mask")]
    for volume, path in zip((case.image, case.mask), files, strict=True):
        sitk.WriteImage(volume, path)
    settings = {
        **BINS,
        "base_feature_families": ["morphological", "statistics", "gldzm"],
        "new_spacing": 2.0,
        "anti_aliasing": False,
        "no_approximation": True,
        "image_modality": "mr",
    }
    # In a process of its own: ITK dies of warnings that are errors, and at times beside SimpleITK at the end.
    command = [sys.executable, "-c", READING, *files, json.dumps(settings)]
    told = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    theirs = json.loads(next(line for line in told.splitlines() if line.startswith("values:"))[7:])
    ours = ENGINE.extract(case, profile_of(**settings))
    assert ours.keys() == theirs.keys()
    for name, value in ours.items():  # from a file MIRP computes in float32
        assert value == pytest.approx(theirs[name], rel=2e-5, abs=1e-6), name


@needs_mirp
def test_extraction_repeats_itself_and_leaves_logging_and_the_case_alone(
    case: Case, capfd: pytest.CaptureFixture[str]
) -> None:
    before = sitk.GetArrayFromImage(case.image)
    root = logging.getLogger()
    handlers, level, disabled = list(root.handlers), root.level, root.manager.disable
    profile = profile_of(base_feature_families=["statistics", "local_intensity"], image_modality="pet")
    first = ENGINE.extract(case, profile)
    assert ENGINE.extract(case, profile) == first
    assert (root.handlers, root.level, root.manager.disable) == (handlers, level, disabled)
    assert capfd.readouterr() == ("", "")
    np.testing.assert_array_equal(sitk.GetArrayFromImage(case.image), before)
    inside = before[sitk.GetArrayViewFromImage(case.mask) > 0]
    assert first["stat_mean"] == pytest.approx(inside.mean(dtype=float), rel=1e-12)


@needs_mirp
def test_computed_tomography_is_rounded_to_whole_units(case: Case) -> None:
    values = ENGINE.extract(case, profile_of(base_feature_families=["statistics"], image_modality="ct"))
    assert values["stat_max"] == round(values["stat_max"])


@needs_mirp
def test_what_mirp_refuses_is_a_lesion_error(case: Case) -> None:
    none_left = profile_of(base_feature_families=["statistics"], resegmentation_intensity_range=[5000, 6000])
    assert all(math.isnan(value) for value in ENGINE.extract(case, none_left).values())
    levels = profile_of(base_feature_families=["glcm"], base_discretisation_method="none")
    with pytest.raises(LesionError, match=r"MIRP cannot use it .*resemble bins"):
        ENGINE.extract(case, levels)


def test_without_mirp_the_remedy_is_named(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mirp", None)
    with pytest.raises(DeclarationError, match=r"pip install 'samesplit\[mirp\]'"):
        ENGINE.extract(case, profile_of(base_feature_families=["statistics"]))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({}, "need base_discretisation_method"),
        ({"base_discretisation_method": "fixed_bin_number"}, "needs base_discretisation_n_bins"),
        (
            {"base_discretisation_method": "fixed_bin_size", "base_discretisation_bin_width": 5},
            "the first bin starts there",
        ),
        ({**BINS, "new_spacing": [1, 2]}, "z, y and x"),
        ({**BINS, "by_slice": True, "glcm_spatial_method": "3d_average"}, "cannot be 3d"),
        ({**BINS, "texture_feature_pooling_method": "max"}, "only be average unless"),
        ({**BINS, "bias_field_correction": True}, "needs image_modality: mr"),
        ({**BINS, "image_denoise_method": "gaussian"}, "needs image_denoiser_gaussian_sigma"),
        ({**BINS, "mask_select_largest_slice": True}, "needs by_slice"),
        ({**BINS, "base_feature_families": ["gclm"]}, "glcm"),
        ({**BINS, "n_bins": 3}, "Extra inputs"),
    ],
)
def test_settings_that_cannot_be_are_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        MirpSettings.model_validate(settings)


def test_settings_have_one_spelling() -> None:
    short = MirpSettings.model_validate(
        {**BINS, "base_feature_families": "cm", "resegmentation_intensity_range": [0, math.nan]}
    )
    long = MirpSettings.model_validate(
        {**BINS, "base_feature_families": ["glcm"], "resegmentation_intensity_range": [0, None]}
    )
    assert short == long
    assert short.model_dump(mode="json")["resegmentation_intensity_range"] == [0, None]


def test_the_catalogue_says_how_matrices_become_one_value_and_what_is_sampled() -> None:
    settings = MirpSettings.model_validate(
        {
            **BINS,
            "glcm_spatial_method": ["2.5d_direction_merge", "3d_average"],
            "gldzm_spatial_method": "2.5d",
        }
    )
    infos = {info.feature: info for info in ENGINE.catalogue(settings)}
    assert infos["cm_contrast_d1_2.5d_d_mrg_fbn_n8"].aggregation == "2.5D, direction-merged"
    assert infos["cm_contrast_d1_3d_avg_fbn_n8"].aggregation == "3D, averaged"
    assert infos["dzm_sde_2.5d_fbn_n8"].aggregation == "2.5D"
    assert "samples" in infos["morph_moran_i"].note
    assert infos["ivh_i10"].unit == "I"


def test_codes_names_and_aggregations_are_those_of_the_catalogue_of_ibsi() -> None:
    from samesplit.features.catalogue import features

    settings = MirpSettings.model_validate({**BINS, "ibsi_compliant": False})
    ours = {
        info.feature.split("_d1")[0].split("_3d")[0].split("_fbn")[0]: info.ibsi_code
        for info in ENGINE.catalogue(settings)
    }
    standard = {feature.tag: feature.code for feature in features()}
    assert {tag: ours.get(tag) for tag in standard} == standard
