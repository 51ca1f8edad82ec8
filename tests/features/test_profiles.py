"""Profiles: the built-in ones are right, and a wrong one is told where and why."""

from __future__ import annotations

from pathlib import Path

import pytest

from samesplit.errors import DeclarationError
from samesplit.features.engines import get_engine
from samesplit.features.profiles import read_profile
from samesplit.workspace import builtin_folder

BUILT_IN = sorted((builtin_folder() / "features").glob("*.yaml"))

GOOD = """
engine: pyradiomics
description: a test
settings:
  setting:
    binWidth: 25
  featureClass:
    glcm:
"""


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    return path


@pytest.mark.parametrize("path", BUILT_IN, ids=lambda path: path.stem)
def test_every_built_in_profile_can_be_read(path: Path) -> None:
    profile = read_profile(path)
    assert profile.name == path.stem
    assert profile.description
    assert get_engine(profile.engine).catalogue(profile.settings)


@pytest.mark.parametrize(
    ("name", "modality", "count"),
    [
        ("mr-default", "MR", 174),
        ("ct-default", "CT", 174),
        ("pet-default", "PET", 181),
        ("shape", "any", 25),
        ("roi-mean", "any", 9),
        ("zhong2025-mr", "MR", 1),
        ("ibsi-a", "CT", 79 + 4 * (25 + 16) + 2 * (16 + 16 + 5 + 17)),
        ("ibsi-c", "CT", 79 + 2 * (25 + 16) + 16 + 16 + 5 + 17),
        ("xi2020-mr", "MR", 79 + 94 * 32),
        ("xiong2025-ct", "CT", 9 + 18 + 22 + 16 + 16 + 14 + 5),
        ("pyradiomics-mr", "MR", 107),
        ("pyradiomics-ct", "CT", 107),
        ("pyradiomics-pet", "PET", 113),
    ],
)
def test_the_built_in_profiles_promise_these_features(name: str, modality: str, count: int) -> None:
    profile = read_profile(builtin_folder() / "features" / f"{name}.yaml")
    features = [info.feature for info in get_engine(profile.engine).catalogue(profile.settings)]
    assert profile.modality == modality
    assert len(features) == len(set(features)) == count
    assert (name == "pet-default") == ("native_stat_max" in features)


def test_the_digest_tells_settings_apart_and_ignores_words(tmp_path: Path) -> None:
    first = read_profile(write(tmp_path, GOOD)).digest()
    assert read_profile(write(tmp_path, GOOD.replace("a test", "other words"))).digest() == first
    assert read_profile(write(tmp_path, GOOD.replace("glcm:", "glcm: all"))).digest() == first
    assert read_profile(write(tmp_path, GOOD.replace("25", "20"))).digest() != first
    assert read_profile(write(tmp_path, GOOD + "    shape:\n")).digest() != first


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (("binWidth", "binWidht"), "binWidth"),
        (("pyradiomics", "pyradiomix"), "did you mean 'pyradiomics'"),
        (("    glcm:", "    glmc:"), "glcm"),
        (("    glcm:", "    glcm: [Contrst]"), "did you mean 'Contrast'"),
        (("    glcm:", "    glcm: []"), "empty list"),
        (("    binWidth: 25", "    binWidth: 25\n    binCount: 8"), "not both"),
        (("    binWidth: 25", "    force2D: false"), "binWidth or setting.binCount is needed"),
        (("    binWidth: 25", "    binWidth: -1"), "binWidth"),
        (("    binWidth: 25", "    binWidth: 25\n    correctMask: true"), "correctMask"),
        (("    binWidth: 25", "    binWidth: 25\n    removeOutliers: 3"), "set normalize"),
        (
            ("    binWidth: 25", "    binWidth: 25\n    resampledPixelSpacing: [1, 1]"),
            "resampledPixelSpacing",
        ),
        (
            ("    binWidth: 25", "    binWidth: 25\n    resampledPixelSpacing: [1, 1, -1]"),
            "resampledPixelSpacing",
        ),
        (("    binWidth: 25", "    binWidth: 25\n    resegmentRange: [1, 2, 3]"), "resegmentRange"),
        (("    glcm:", "    shape2D:"), "force2D"),
        (("  featureClass:\n    glcm:", "  imageType:\n    Original:"), "at least one class"),
        (("  featureClass:", "  imageType: {}\n  featureClass:"), "at least one image type"),
        (("  featureClass:", "  imageType:\n    LoG:\n  featureClass:"), "needs sigma"),
        (
            ("  featureClass:", "  imageType:\n    Wavelet: {sigma: [1]}\n  featureClass:"),
            "does not use sigma",
        ),
        (("engine: pyradiomics\n", ""), "'engine'"),
        (("engine: pyradiomics", "engine: [pyradiomics]"), "engine"),
        (("settings:", "setings:"), "settings"),
    ],
)
def test_a_wrong_profile_is_told_with_its_file(tmp_path: Path, change: tuple[str, str], problem: str) -> None:
    assert change[0] in GOOD
    with pytest.raises(DeclarationError) as caught:
        read_profile(write(tmp_path, GOOD.replace(*change)))
    assert problem in str(caught.value)
    assert "mine.yaml" in str(caught.value)


def test_native_entropy_needs_bins(tmp_path: Path) -> None:
    text = "engine: pyradiomics\ndescription: x\nsettings:\n  nativeFeatureClass:\n    firstorder:\n"
    with pytest.raises(DeclarationError, match="Entropy and Uniformity need"):
        read_profile(write(tmp_path, text))


def test_a_file_without_keys_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DeclarationError, match="holds no keys"):
        read_profile(write(tmp_path, "- a\n"))


def test_every_effective_setting_can_be_shown(tmp_path: Path) -> None:
    effective = read_profile(write(tmp_path, GOOD)).effective()
    assert effective["setting"]["interpolator"] == "sitkBSpline"
    assert effective["imageType"]["Original"]["binWidth"] is None
