"""Every setting of a parameter file is followed, named as without effect, or an error with its line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from samesplit.errors import DeclarationError
from samesplit.features.profiles import read_profile
from samesplit.features.pyradiomics_params import read_parameters
from samesplit.features.pyradiomics_params.parameter_file import FileSettings

OTHER_THAN_DEFAULT: dict[str, Any] = {
    "minimumROIDimensions": 3,
    "minimumROISize": 50,
    "geometryTolerance": 0.01,
    "correctMask": True,
    "additionalInfo": False,
    "label": 2,
    "label_channel": 1,
    "binWidth": 5,
    "binCount": 32,
    "normalize": True,
    "normalizeScale": 100,
    "removeOutliers": 3,
    "resampledPixelSpacing": [2, 2, 2],
    "interpolator": "sitkGaussian",
    "padDistance": 10,
    "distances": [1, 2],
    "force2D": True,
    "force2Ddimension": 1,
    "resegmentRange": [-3, 3],
    "resegmentMode": "sigma",
    "resegmentShape": True,
    "preCrop": True,
    "sigma": [1, 2],
    "start_level": 1,
    "level": 2,
    "wavelet": "haar",
    "gradientUseSpacing": False,
    "lbp2DRadius": 2,
    "lbp2DSamples": 7,
    "lbp2DMethod": "ror",
    "lbp3DLevels": 3,
    "lbp3DIcosphereRadius": 2,
    "lbp3DIcosphereSubdivision": 2,
    "voxelArrayShift": 300,
    "symmetricalGLCM": False,
    "weightingNorm": "euclidean",
    "gldm_a": 1,
    "enableCExtensions": False,
    "verbose": True,
}
BESIDE: dict[str, dict[str, Any]] = {"interpolator": {"resampledPixelSpacing": [2, 2, 2]}}
"""What else has to be said for a setting to matter."""

REFUSED = ("label_channel", "interpolator", "distances", "symmetricalGLCM", "weightingNorm")
"""Of these values."""


def test_the_keys_are_those_of_pyradiomics_own_schema() -> None:
    radiomics = pytest.importorskip("radiomics", reason="the extra pyradiomics is not installed")
    schema, _ = radiomics.getParameterValidationFiles()
    keys = yaml.safe_load(Path(schema).read_text(encoding="utf-8"))["mapping"]["setting"]["mapping"]
    assert set(FileSettings.model_fields) - {"enableCExtensions", "verbose"} == set(keys)
    assert set(OTHER_THAN_DEFAULT) == set(FileSettings.model_fields)


@pytest.mark.parametrize("key", OTHER_THAN_DEFAULT)
def test_no_setting_is_passed_over_in_silence(key: str) -> None:
    beside = BESIDE.get(key, {})
    plain = read_parameters({"setting": {"additionalInfo": None, **beside}})
    given = {"setting": {**beside, key: OTHER_THAN_DEFAULT[key]}}
    if key in REFUSED:
        with pytest.raises(DeclarationError, match=f"{key}.*\nRemedy: "):
            read_parameters(given)
        return
    found = read_parameters(given)
    followed = found.profile.settings != plain.profile.settings
    of_masks = (found.mask_label, found.geometry_repair) != (plain.mask_label, plain.geometry_repair)
    assert followed or of_masks or any(key in note for note in found.notes)


@pytest.mark.parametrize("name", ["LoG", "Wavelet", "Square", "Gradient", "LBP3D"])
def test_a_filter_that_is_not_computed_is_an_error_with_its_line(tmp_path: Path, name: str) -> None:
    path = tmp_path / "Params.yaml"
    path.write_text(f"imageType:\n  Original: {{}}\n  {name}: {{}}\n", encoding="utf-8")
    with pytest.raises(DeclarationError, match=f"line 3: .*'{name}'.*\n.*--engine pyradiomics"):
        read_parameters(path)


def test_all_that_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    path = tmp_path / "Params.yaml"
    path.write_text(
        "setting:\n  weightingNorm: manhattan\n  resampledPixelSpacing: [1, 1]\n"
        "featureClass:\n  shape2D:\n  glcm: [Contrasts]\n  glszn:\nimageType:\n  Orginal: {}\n",
        encoding="utf-8",
    )
    with pytest.raises(DeclarationError) as caught:
        read_parameters(path)
    told = "\n".join(map(str, [caught.value, *caught.value.more]))
    for line, words in (
        (2, "manhattan"),
        (3, "holds 2 lengths"),
        (5, "shape2D"),
        (6, "did you mean 'Contrast'"),
        (7, "did you mean 'glszm'"),
        (9, "did you mean 'Original'"),
    ):
        assert f"line {line}: " in told
        assert words in told


def test_a_file_of_version_1_is_read_in_today_s_names(tmp_path: Path) -> None:
    path = tmp_path / "old.yaml"
    path.write_text(
        "inputImage:\n  original: {}\nfeatureClass:\n  shape: [Volume, MajorAxis, Roundness]\n"
        "  glcm: [Energy, Homogeneity2, SumVariance]\n  gldm: [DependencePercentage]\n"
        "setting: {binWidth: 25, verbose: true}\n",
        encoding="utf-8",
    )
    found = read_parameters(path)
    settings: Any = found.profile.settings
    assert settings.features.morphology == ("morph_vol_approx",)
    assert settings.pyradiomics.shape == ("MajorAxisLength",)
    assert set(settings.features.glcm) == {"cm_energy", "cm_inv_diff_mom", "cm_clust_tend"}
    told = " ".join(found.notes)
    for words in ("inputImage", "original", "Volume", "Roundness", "always 1", "verbose"):
        assert words in told


def test_what_a_file_asks_of_masks() -> None:
    found = read_parameters({"setting": {"label": 4, "correctMask": True}})
    assert found.mask_label == 4
    assert found.geometry_repair == ("resample_mask",)


def test_pyradiomics_itself_takes_the_file_with_its_filters() -> None:
    pytest.importorskip("radiomics", reason="the extra pyradiomics is not installed")
    found = read_parameters(
        {
            "setting": {"sigma": [1.0, 2.0], "label": 1, "binCount": 8, "binWidth": 3, "removeOutliers": 3},
            "imageType": {"Original": {}, "LoG": {}, "Wavelet": {"wavelet": "haar"}},
            "featureClass": {"firstorder": [], "glcm": ["Energy"]},
        },
        engine="pyradiomics",
    )
    settings: Any = found.profile.settings
    assert found.profile.engine == "pyradiomics"
    assert settings.imageType["LoG"].sigma == (1.0, 2.0)
    assert settings.imageType["Wavelet"].wavelet == "haar"
    assert settings.setting.binWidth is None
    assert settings.setting.binCount == 8
    assert settings.featureClass == {"firstorder": "all", "glcm": ("JointEnergy",)}


def test_a_width_of_25_is_told_where_none_is_said() -> None:
    found = read_parameters({"featureClass": {"glcm": ["Contrast"]}})
    settings: Any = found.profile.settings
    assert settings.discretisation[0].width == 25
    assert any("25 wide" in note for note in found.notes)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"setting": {"resegmentRange": [0.5], "resegmentMode": "relative"}}, "relative"),
        ({"setting": {"resegmentRange": [-3, 2], "resegmentMode": "sigma"}}, "same to both sides"),
        ({"setting": {"resegmentRange": [1, 2, 3]}}, "3 numbers"),
        ({"setting": {"resegmentRange": [2, 2]}}, "twice"),
        ({"setting": {"binCount": 1}}, "2 to 4,096"),
        ({"setting": {"distances": [2]}}, "gldm and ngtdm look at distance 1"),
        ({"setting": {"resampledPixelSpacing": [0.01, 1, 1]}}, "less than 0.1 mm"),
        ({"setting": {"binwidth": 3}}, "did you mean 'binWidth'"),
        ({}, "holds no keys"),
        ({"engine": "ibsi", "settings": {}}, "--profile"),
    ],
)
def test_what_cannot_be_followed_is_told(given: dict[str, Any], words: str) -> None:
    with pytest.raises(DeclarationError) as caught:
        read_parameters(given)
    assert words in "\n".join(map(str, [caught.value, *caught.value.more]))


def test_an_engine_that_knows_no_parameter_files() -> None:
    with pytest.raises(DeclarationError, match="choose ibsi or pyradiomics"):
        read_parameters({"setting": {"binWidth": 3}}, engine="mirp")


def test_a_parameter_file_that_is_named_as_a_profile_is_recognised(tmp_path: Path) -> None:
    path = tmp_path / "Params.yaml"
    path.write_text("setting: {binWidth: 25}\n", encoding="utf-8")
    with pytest.raises(DeclarationError, match=r"samesplit extract --params Params\.yaml"):
        read_profile(path)
