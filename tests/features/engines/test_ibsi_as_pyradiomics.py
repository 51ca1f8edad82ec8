"""With the grid, bins and definitions of pyradiomics the engine `ibsi` gives pyradiomics' numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import SimpleITK as sitk

import samesplit as ss
from samesplit.features.catalogue import features
from samesplit.features.engines.ibsi.own_definitions import DEFINITIONS
from samesplit.features.engines.ibsi.settings import IbsiSettings
from samesplit.features.engines.pyradiomics_catalogue import FEATURES, ON_REQUEST
from samesplit.features.profiles import Profile

_SHAPE = ["morph_com", "morph_integ_int", "morph_moran_i", "morph_geary_c"]
_FAMILIES = {
    "shape": ("morphology", ""),
    "firstorder": ("statistics", "histogram", ""),
    "glcm": ("glcm", "_3D_avg"),
    "glrlm": ("glrlm", "_3D_avg"),
    "glszm": ("glszm", "_3D"),
    "gldm": ("ngldm", "_3D"),
    "ngtdm": ("ngtdm", "_3D"),
}


def images(voxels: np.ndarray, inside: np.ndarray) -> tuple[sitk.Image, sitk.Image]:
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


def ours(image: sitk.Image, mask: sitk.Image, **processing: Any) -> dict[str, float]:
    """Everything that pyradiomics has, by its names."""
    discretisation = processing.pop("discretisation")
    own = {kind: list(names) for kind, names in DEFINITIONS.items()}
    shape = [one.tag for one in features() if one.family == "morphology" and one.tag not in _SHAPE]
    settings = {
        "processing": {
            "grid": "corner",
            "rounding": "stored",
            "image_interpolation": "cubic",
            "mask_interpolation": "nearest",
            **processing,
        },
        "features": {"morphology": shape, "histogram": ["ih_entropy", "ih_uniformity"]}
        | dict.fromkeys(("statistics", "glcm", "glrlm", "glszm", "ngldm", "ngtdm"), "all"),
        "pyradiomics": {**own, "voxel_array_shift": 1000},
        "discretisation": discretisation,
        "aggregation": ["3D_avg"],
        "undefined": [],
    }
    profile = Profile("test", "ibsi", "", "any", IbsiSettings.model_validate(settings))
    row = ss.extract(image, mask, profile=profile)
    return {
        f"original_{kind}_{name}": row[_column(kind, name)]
        for kind in _FAMILIES
        for name in FEATURES[kind]
        if name not in ON_REQUEST.get(kind, ())
    }


def _column(kind: str, name: str) -> str:
    *families, end = _FAMILIES[kind]
    if name in DEFINITIONS.get(kind, {}):
        return f"pyradiomics_{kind}_{name}{end}"
    code = FEATURES[kind][name].ibsi_code
    return next(one.tag for one in features() if one.code == code and one.family in families) + end


def theirs(image: sitk.Image, mask: sitk.Image, **settings: Any) -> dict[str, float]:
    radiomics = pytest.importorskip("radiomics", reason="the extra pyradiomics is not installed")
    radiomics.setVerbosity(60)
    extractor = radiomics.featureextractor.RadiomicsFeatureExtractor(
        voxelArrayShift=1000, additionalInfo=False, **settings
    )
    return {name: float(value) for name, value in extractor.execute(image, mask).items()}


def largest_difference(found: dict[str, float], expected: dict[str, float]) -> tuple[float, str]:
    assert set(found) == set(expected)
    assert len(found) == 107
    return max((abs(found[name] - value) / max(abs(value), 1e-6), name) for name, value in expected.items())


FBS = {"method": "FBS", "width": 10, "origin": "lesion"}


@pytest.mark.parametrize(
    ("processing", "settings"),
    [
        ({"discretisation": FBS}, {"binWidth": 10}),
        ({"discretisation": FBS, "spacing_mm": 2}, {"binWidth": 10, "resampledPixelSpacing": [2, 2, 2]}),
        (
            {"discretisation": {"method": "FBN", "bins": 16}, "spacing_mm": [1.4, 1.4, 0]},
            {"binCount": 16, "resampledPixelSpacing": [1.4, 1.4, 0]},
        ),
        (
            {"discretisation": FBS, "range": [-10, 80]},
            {"binWidth": 10, "resegmentRange": [-10, 80]},
        ),
        (
            {
                "discretisation": FBS,
                "spacing_mm": 2,
                "normalisation": {"scale": 100, "clip_sd": 2, "sample": True},
            },
            {
                "binWidth": 10,
                "resampledPixelSpacing": [2, 2, 2],
                "normalize": True,
                "normalizeScale": 100,
                "removeOutliers": 2,
            },
        ),
    ],
    ids=["as read", "2 mm", "in the plane, 16 bins", "re-segmented", "normalised"],
)
def test_every_feature_is_pyradiomics_number(
    ct: np.ndarray, ball: np.ndarray, processing: dict[str, Any], settings: dict[str, Any]
) -> None:
    image, mask = images(ct, ball)
    found = ours(image, mask, **processing)
    assert largest_difference(found, theirs(image, mask, **settings)) < (1e-6, "")


def test_a_lesion_at_the_border_of_its_image(ct: np.ndarray) -> None:
    inside = np.zeros(ct.shape, bool)
    inside[:6, 28:, 3:15] = True
    image, mask = images(ct.astype(np.float64), inside)
    found = ours(image, mask, discretisation=FBS, spacing_mm=2)
    expected = theirs(image, mask, binWidth=10, resampledPixelSpacing=[2, 2, 2])
    assert largest_difference(found, expected) < (1e-6, "")


def test_shape_of_what_re_segmentation_left(ct: np.ndarray, ball: np.ndarray) -> None:
    image, mask = images(ct, ball)
    found = ours(image, mask, discretisation=FBS, range=[-10, 80], resegment_shape=True)
    expected = theirs(image, mask, binWidth=10, resegmentRange=[-10, 80], resegmentShape=True)
    of_mesh = {"MeshVolume", "SurfaceArea", "SurfaceVolumeRatio", "Sphericity"}  # triangles of holes differ
    for name in of_mesh:
        assert found.pop(f"original_shape_{name}") == pytest.approx(
            expected.pop(f"original_shape_{name}"), rel=0.05
        )
    assert found == pytest.approx(expected, rel=1e-6)


def test_a_lesion_of_one_slice_keeps_its_slice(ct: np.ndarray, ball: np.ndarray) -> None:
    image, mask = images(ct, ball * (np.arange(14) == 6)[:, None, None])
    found = ours(image, mask, discretisation=FBS, spacing_mm=2)
    expected = theirs(image, mask, binWidth=10, resampledPixelSpacing=[2, 2, 2])
    runs = {name for name in found if "glrlm" in name}  # pyradiomics leaves out runs across the slice
    assert len(runs) == 16
    assert {name: found[name] for name in found if name not in runs} == pytest.approx(
        {name: expected[name] for name in found if name not in runs}, rel=1e-6
    )
