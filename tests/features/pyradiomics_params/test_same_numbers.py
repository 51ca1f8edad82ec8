"""A parameter file gives pyradiomics' own numbers: both are given the same images and the same file."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
import SimpleITK as sitk

import samesplit as ss

Images = tuple[sitk.Image, sitk.Image]


def images(voxels: np.ndarray, inside: np.ndarray) -> Images:
    image, mask = sitk.GetImageFromArray(voxels), sitk.GetImageFromArray(inside.astype(np.uint8))
    for one in (image, mask):
        one.SetSpacing((0.9, 0.9, 3.1))
        one.SetOrigin((-31.0, 17.0, 4.5))
    return image, mask


@pytest.fixture(scope="module")
def ct() -> np.ndarray:
    generator = np.random.default_rng(7)
    coarse = np.kron(generator.normal(40, 30, size=(7, 6, 5)), np.ones((2, 6, 6)))
    return np.asarray(np.rint(coarse + generator.normal(0, 12, size=(14, 36, 30))), dtype=np.int16)


@pytest.fixture(scope="module")
def ball() -> np.ndarray:
    z, y, x = np.ogrid[:14, :36, :30]
    return np.asarray(((z - 6) / 5) ** 2 + ((y - 17) / 11) ** 2 + ((x - 14) / 9) ** 2 < 1)


def theirs(given: Images, params: dict[str, Any]) -> dict[str, float]:
    radiomics = pytest.importorskip("radiomics", reason="the extra pyradiomics is not installed")
    radiomics.setVerbosity(60)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of pykwalify's ways to import, and divisions by zero
        found = radiomics.featureextractor.RadiomicsFeatureExtractor(params).execute(*given)
    return {name: float(value) for name, value in found.items() if name.startswith("original_")}


def ours(given: Images, params: dict[str, Any]) -> dict[str, float]:
    return dict(ss.PyradiomicsExtractor(params).execute(*given))


def check(found: dict[str, float], expected: dict[str, float]) -> None:
    assert list(found) != []
    assert set(found) == set(expected)
    assert found == pytest.approx(expected, rel=1e-6, abs=1e-9)


@pytest.mark.parametrize(
    "setting",
    [
        {"binWidth": 10},
        {"binWidth": 10, "resampledPixelSpacing": [2, 2, 2], "voxelArrayShift": 1000},
        {"binCount": 16, "resampledPixelSpacing": [1.37, 1.37, 0], "interpolator": "sitkLinear"},
        {"binWidth": 10, "resampledPixelSpacing": [2, 2, 2], "interpolator": "sitkNearestNeighbor"},
        {"binWidth": 10, "resampledPixelSpacing": [2, 2, 2], "interpolator": None},
        {"binWidth": 10, "resegmentRange": [80, -10]},
        {"binWidth": 10, "resegmentRange": [20]},
        {"binWidth": 10, "resegmentRange": [-2, 2], "resegmentMode": "sigma"},
        {
            "binWidth": 10,
            "resampledPixelSpacing": [2, 2, 2],
            "normalize": True,
            "normalizeScale": 100,
            "removeOutliers": 2,
            "voxelArrayShift": 300,
        },
        {"binWidth": 10, "force2D": True},
        {"binWidth": 10, "force2D": True, "weightingNorm": "no_weighting"},
        {"binWidth": 10, "weightingNorm": "no_weighting", "gldm_a": 1},
        {"binCount": 200, "binWidth": 3},
        {},
    ],
    ids=lambda setting: ", ".join(f"{key} {value}" for key, value in setting.items()) or "nothing said",
)
def test_every_feature_of_a_file(ct: np.ndarray, ball: np.ndarray, setting: dict[str, Any]) -> None:
    classes = ("shape", "firstorder", "glcm", "glrlm", "glszm", "gldm", "ngtdm")
    params = {"setting": setting, "imageType": {"Original": {}}, "featureClass": dict.fromkeys(classes)}
    given = images(ct, ball)
    found, expected = ours(given, params), theirs(given, params)
    assert len(found) == 107
    check(found, expected)


def test_pairs_at_a_distance_of_two(ct: np.ndarray, ball: np.ndarray) -> None:
    params = {"setting": {"binWidth": 10, "distances": [2]}, "featureClass": {"glcm": None}}
    given = images(ct, ball)
    check(ours(given, params), theirs(given, params))


def test_bins_of_the_original_image_alone(ct: np.ndarray, ball: np.ndarray) -> None:
    params = {
        "setting": {"binWidth": 10},
        "imageType": {"Original": {"binWidth": 20, "normalize": True}},
        "featureClass": {"glcm": ["Contrast", "Idmn"], "firstorder": ["Entropy", "StandardDeviation"]},
    }
    given = images(ct, ball)
    found = ours(given, params)
    assert set(found) == {
        "original_glcm_Contrast",
        "original_glcm_Idmn",
        "original_firstorder_Entropy",
        "original_firstorder_StandardDeviation",
    }
    check(found, theirs(given, params))


def test_a_mask_with_a_label_of_its_own(ct: np.ndarray, ball: np.ndarray) -> None:
    image, mask = images(ct, 3 * ball.astype(np.uint8))
    mask[0, 0, 0] = 1
    params = {"setting": {"binWidth": 10, "label": 3}, "featureClass": {"shape": None}}
    check(ours((image, mask), params), theirs((image, mask), params))


def test_a_lesion_at_the_border_of_its_image(ct: np.ndarray) -> None:
    inside = np.zeros(ct.shape, bool)
    inside[:6, 28:, 3:15] = True
    params = {"setting": {"binWidth": 10, "resampledPixelSpacing": [2, 2, 2]}}
    given = images(ct.astype(np.float64), inside)
    check(ours(given, params), theirs(given, params))


def test_shape_of_what_re_segmentation_left(ct: np.ndarray, ball: np.ndarray) -> None:
    params = {"setting": {"binWidth": 10, "resegmentRange": [-10, 80], "resegmentShape": True}}
    given = images(ct, ball)
    found, expected = ours(given, params), theirs(given, params)
    for name in ("MeshVolume", "SurfaceArea", "SurfaceVolumeRatio", "Sphericity"):  # holes: other triangles
        column = f"original_shape_{name}"
        assert found.pop(column) == pytest.approx(expected.pop(column), rel=0.05)
    check(found, expected)


def test_a_lesion_of_one_slice_keeps_its_slice(ct: np.ndarray, ball: np.ndarray) -> None:
    params = {"setting": {"binWidth": 10, "resampledPixelSpacing": [2, 2, 2]}}
    given = images(ct, ball * (np.arange(14) == 6)[:, None, None])
    found, expected = ours(given, params), theirs(given, params)
    runs = [name for name in found if "glrlm" in name]  # pyradiomics leaves out runs across the slice
    assert len(runs) == 16
    for name in runs:
        del found[name], expected[name]
    check(found, expected)
