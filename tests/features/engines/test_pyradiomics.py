"""The pyradiomics engine gives pyradiomics' values, and values that a hand can check."""

from __future__ import annotations

import logging
import math
from typing import Any

import numpy as np
import pytest
import SimpleITK as sitk

from samesplit.errors import LesionError
from samesplit.features.engines import get_engine
from samesplit.features.engines.pyradiomics_catalogue import FEATURES, ON_REQUEST
from samesplit.features.engines.pyradiomics_settings import PyradiomicsSettings
from samesplit.features.profiles import Profile
from samesplit.imaging.case import Case

ENGINE = get_engine("pyradiomics")
ALL_CLASSES = dict.fromkeys(("shape", "firstorder", "glcm", "glrlm", "glszm", "gldm", "ngtdm"))


def profile_of(**settings: Any) -> Profile:
    return Profile("test", "pyradiomics", "", "any", PyradiomicsSettings.model_validate(settings))


def case_of(image: np.ndarray, mask: np.ndarray, spacing_mm: tuple[float, float, float]) -> Case:
    picture = sitk.GetImageFromArray(image.astype(np.float32))
    roi = sitk.GetImageFromArray(mask.astype(np.uint8))
    for grid in (picture, roi):
        grid.SetSpacing(spacing_mm)
        grid.SetOrigin((-31.0, 17.0, 4.5))
    return Case(picture, roi)


@pytest.fixture(scope="module")
def block() -> Case:
    """4 x 3 x 2 voxels of 1 x 2 x 3 mm that hold the numbers 1 to 24."""
    image = np.zeros((8, 9, 10))
    mask = np.zeros(image.shape)
    image[3:5, 3:6, 3:7] = np.arange(1, 25).reshape(2, 3, 4)
    mask[3:5, 3:6, 3:7] = 1
    return case_of(image, mask, (1.0, 2.0, 3.0))


@pytest.fixture(scope="module")
def textured() -> Case:
    """A lesion off the middle of a large field of view, with slices of 3 mm."""
    generator = np.random.default_rng(7)
    shape = (50, 100, 110)
    coarse = np.kron(generator.normal(100, 30, size=(10, 10, 11)), np.ones((5, 10, 10)))
    image = coarse + generator.normal(0, 8, size=shape)
    z, y, x = np.ogrid[:50, :100, :110]
    mask = ((z - 26) / 4) ** 2 + ((y - 45) / 11) ** 2 + ((x - 51) / 9) ** 2 < 1
    return case_of(image, mask, (0.9, 0.9, 3.1))


def test_first_order_values_of_the_numbers_1_to_24(block: Case) -> None:
    values = ENGINE.extract(block, profile_of(featureClass={"firstorder": None}, setting={"binWidth": 6}))
    n = 24
    expected = {
        "Minimum": 1.0,
        "Maximum": 24.0,
        "Range": 23.0,
        "Mean": 12.5,
        "Median": 12.5,
        "Energy": n * (n + 1) * (2 * n + 1) / 6,
        "TotalEnergy": n * (n + 1) * (2 * n + 1) / 6 * 6,
        "Variance": (n**2 - 1) / 12,
        "Skewness": 0.0,
        "RootMeanSquared": math.sqrt((n + 1) * (2 * n + 1) / 6),
        "MeanAbsoluteDeviation": 6.0,
        "10Percentile": 3.3,
        "90Percentile": 21.7,
        "InterquartileRange": 11.5,
        # bins [0, 6), [6, 12), [12, 18), [18, 24), [24, 30) hold 5, 6, 6, 6 and 1 voxels
        "Uniformity": (25 + 36 * 3 + 1) / n**2,
        "Entropy": -sum(k / n * math.log2(k / n) for k in (5, 6, 6, 6, 1)),
    }
    for name, value in expected.items():
        assert values[f"original_firstorder_{name}"] == pytest.approx(value, abs=1e-9), name


def test_shape_values_of_a_block_in_mm(block: Case) -> None:
    values = ENGINE.extract(block, profile_of(featureClass={"shape": None}))
    assert len(values) == 14
    assert values["original_shape_VoxelVolume"] == pytest.approx(24 * 6)
    # The mesh runs half-way between voxel centres: 1/8 voxel is cut off along each step of the 12 edges
    # (24 steps), and 1/8 - 1/48 voxel at each of the 8 corners.
    assert values["original_shape_MeshVolume"] == pytest.approx(6 * (24 - 24 / 8 - 8 * (1 / 8 - 1 / 48)))
    # A regular row of n points has the variance (n^2 - 1) / 12 in squared steps; pyradiomics' axis is 4 SD.
    lengths = {"MajorAxisLength": (3, 2.0), "MinorAxisLength": (2, 3.0), "LeastAxisLength": (4, 1.0)}
    axes = sorted((4 * step * math.sqrt((n**2 - 1) / 12) for n, step in lengths.values()), reverse=True)
    found = [
        values[f"original_shape_{name}"] for name in ("MajorAxisLength", "MinorAxisLength", "LeastAxisLength")
    ]
    assert found == pytest.approx(axes)
    assert values["original_shape_Elongation"] == pytest.approx(axes[1] / axes[0])
    assert values["original_shape_Flatness"] == pytest.approx(axes[2] / axes[0])
    # Voxel centres span 3, 4 and 3 mm; the mesh reaches half a step further, farthest along z on both ends.
    assert values["original_shape_Maximum3DDiameter"] == pytest.approx(math.hypot(3, 4, 3 + 3))


def test_a_two_level_board_has_the_glcm_contrast_of_its_neighbours() -> None:
    board = np.indices((4, 4, 4)).sum(axis=0) % 2
    settings = {"binWidth": 1, "force2D": True}
    values = ENGINE.extract(
        case_of(np.pad(board, 1), np.pad(np.ones_like(board), 1), (1.0, 1.0, 1.0)),
        profile_of(featureClass={"glcm": ["Contrast", "JointEnergy"]}, setting=settings),
    )
    # In plane: along rows and columns every neighbour differs (contrast 1), along diagonals none does (0).
    assert values["original_glcm_Contrast"] == pytest.approx(0.5)
    assert values["original_glcm_JointEnergy"] == pytest.approx(0.5)


def test_native_values_are_those_of_the_measured_voxels(textured: Case) -> None:
    settings = {"resampledPixelSpacing": [4, 4, 4], "binWidth": 0.5, "normalize": True}
    values = ENGINE.extract(
        textured,
        profile_of(
            setting=settings,
            featureClass={"firstorder": ["Maximum"]},
            nativeFeatureClass={"firstorder": ["Maximum"], "shape": ["VoxelVolume"]},
        ),
    )
    inside = sitk.GetArrayFromImage(textured.image)[sitk.GetArrayFromImage(textured.mask) > 0]
    assert values["native_firstorder_Maximum"] == float(inside.max())
    assert values["original_firstorder_Maximum"] != values["native_firstorder_Maximum"]
    assert values["native_shape_VoxelVolume"] == pytest.approx(inside.size * 0.9 * 0.9 * 3.1)


@pytest.mark.parametrize(
    ("setting", "image_types"),
    [
        ({"binCount": 16, "resampledPixelSpacing": [2, 2, 2], "normalize": True, "removeOutliers": 3}, {}),
        ({"binWidth": 10, "resampledPixelSpacing": [1.5, 1.5, 0], "resegmentRange": [20, 180]}, {}),
        ({"binWidth": 10}, {"LoG": {"sigma": [2.0]}, "Wavelet": None, "Gradient": None}),
        ({"binCount": 16, "resampledPixelSpacing": [2, 2, 2]}, {"LoG": {"sigma": [3.0]}, "Wavelet": {}}),
    ],
)
def test_cutting_the_image_to_the_lesion_changes_no_value_of_pyradiomics(
    textured: Case, setting: dict[str, Any], image_types: dict[str, Any]
) -> None:
    from radiomics.featureextractor import RadiomicsFeatureExtractor

    types = {"Original": None, **image_types}
    classes = {"shape": None, "firstorder": None, "glcm": None, "glszm": None}
    ours = ENGINE.extract(textured, profile_of(setting=setting, imageType=types, featureClass=classes))
    extractor = RadiomicsFeatureExtractor(**setting, additionalInfo=False)
    extractor.enabledImagetypes = {name: own or {} for name, own in types.items()}
    extractor.enabledFeatures = {name: [] for name in classes}
    logger = logging.getLogger("radiomics")
    logger.setLevel(logging.CRITICAL)
    theirs = {name: float(value) for name, value in extractor.execute(textured.image, textured.mask).items()}
    logger.setLevel(logging.INFO)
    assert list(ours) == list(theirs)
    for name, value in theirs.items():
        assert ours[name] == pytest.approx(value, rel=2e-4, abs=1e-6), name


def test_extraction_is_the_same_every_time_and_leaves_logging_alone(textured: Case) -> None:
    profile = profile_of(featureClass=ALL_CLASSES, setting={"binCount": 16})
    root, logger = logging.getLogger(), logging.getLogger("radiomics")
    first = ENGINE.extract(textured, profile)
    before = (root.level, list(root.handlers), logger.level, list(logger.handlers), logger.propagate)
    assert ENGINE.extract(textured, profile) == first
    assert (root.level, list(root.handlers), logger.level, list(logger.handlers), logger.propagate) == before
    assert all(isinstance(value, float) for value in first.values())


def test_a_flat_image_gives_values_or_nan_and_no_crash_or_warning(
    block: Case, capfd: pytest.CaptureFixture[str]
) -> None:
    flat = case_of(np.ones((8, 9, 10)), sitk.GetArrayFromImage(block.mask), (1.0, 2.0, 3.0))
    values = ENGINE.extract(flat, profile_of(featureClass=ALL_CLASSES, setting={"binWidth": 1}))
    assert len(values) == 107
    assert values["original_firstorder_Mean"] == 1.0
    assert capfd.readouterr() == ("", "")


def test_a_lesion_lost_by_resampling_is_a_lesion_error() -> None:
    mask = np.zeros((20, 20, 20))
    mask[9:11, 9:11, 9:11] = 1
    tiny = case_of(np.random.default_rng(0).normal(size=mask.shape), mask, (0.5, 0.5, 0.5))
    settings = {"resampledPixelSpacing": [5, 5, 5], "binCount": 8}
    with pytest.raises(LesionError, match="pyradiomics cannot use it"):
        ENGINE.extract(tiny, profile_of(setting=settings, featureClass={"firstorder": None}))


def test_the_catalogue_names_what_is_extracted_in_its_order(block: Case) -> None:
    profile = profile_of(
        featureClass=ALL_CLASSES, nativeFeatureClass={"shape": ["MeshVolume"]}, setting={"binWidth": 4}
    )
    infos = ENGINE.catalogue(profile.settings)
    assert [info.feature for info in infos] == list(ENGINE.extract(block, profile))
    assert len(infos) == 108


def test_the_catalogue_holds_the_features_that_pyradiomics_has() -> None:
    from radiomics import getFeatureClasses

    for name, feature_class in getFeatureClasses().items():
        theirs = feature_class.getFeatureNames()
        usual = {feature for feature, deprecated in theirs.items() if not deprecated}
        assert set(FEATURES[name]) - ON_REQUEST.get(name, frozenset()) == usual, name
        assert ON_REQUEST.get(name, frozenset()) <= set(theirs), name


def test_features_computed_on_request_only_are_computed_on_request(block: Case) -> None:
    classes = {name: sorted(ON_REQUEST[name]) for name in ("shape", "firstorder")}
    values = ENGINE.extract(block, profile_of(featureClass=classes, setting={"binWidth": 4}))
    assert len(values) == 4
    assert values["original_firstorder_StandardDeviation"] == pytest.approx(math.sqrt(575 / 12))
    assert values["original_shape_SphericalDisproportion"] > 1


@pytest.mark.parametrize(
    ("setting", "aggregation"),
    [
        ({"binWidth": 1}, "3D, averaged"),
        ({"binWidth": 1, "weightingNorm": "no_weighting"}, "3D, merged"),
        ({"binWidth": 1, "weightingNorm": "euclidean"}, "3D, weighted"),
        ({"binWidth": 1, "force2D": True}, "2.5D, direction-merged"),
    ],
)
def test_the_catalogue_says_how_directions_become_one_value(
    setting: dict[str, Any], aggregation: str
) -> None:
    settings = profile_of(featureClass={"glcm": ["Contrast"], "glszm": None}, setting=setting).settings
    contrast, *zones = ENGINE.catalogue(settings)
    assert (contrast.ibsi_code, contrast.aggregation) == ("ACUI", aggregation)
    assert zones[0].aggregation == aggregation.partition(",")[0]
