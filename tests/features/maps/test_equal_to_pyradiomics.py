"""Maps are those of pyradiomics' voxel-based extraction where both define a feature in the same way."""

from __future__ import annotations

import warnings
from collections.abc import Iterator

import numpy as np
import pytest
import scipy.ndimage
import SimpleITK as sitk

import samesplit as ss
from samesplit.features.engines.ibsi.settings import Discretisation, FeatureChoice, IbsiSettings
from samesplit.features.engines.pyradiomics import _quiet
from samesplit.features.engines.pyradiomics_catalogue import FEATURES
from samesplit.features.families.neighbours import directions
from samesplit.features.profiles import Profile

radiomics = pytest.importorskip("radiomics.featureextractor")

CLASSES = ("firstorder", "glcm", "glrlm", "glszm", "gldm", "ngtdm")
ONE_LEVEL = {"glcm_Correlation", "glcm_Imc1"}
"""Where a direction sees one grey level only these are 0/0. pyradiomics takes 1 and 0 for it; here it is
left out of the mean, as in a whole lesion."""
NO_PAIR = {"glcm_JointAverage"}
"""Where a direction has no pair of voxels pyradiomics gives NaN; here that direction is left out of the mean."""
NO_LINE = {f"glrlm_{name}" for name in FEATURES["glrlm"]}
"""pyradiomics leaves out directions in which no line has two voxels; IBSI counts their runs of one voxel."""


def lesion(*, holes: bool) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(11)
    image = 500 + 100 * scipy.ndimage.gaussian_filter(generator.normal(size=(6, 8, 9)), 0.8)
    mask = np.zeros(image.shape, np.uint8)
    mask[1:-1, :, 1:] = 1
    if holes:
        mask &= (generator.random(mask.shape) < 0.85).astype(np.uint8)
    return image, mask


def of_pyradiomics(
    image: np.ndarray, mask: np.ndarray, radius: int, *, flat: bool
) -> Iterator[tuple[str, np.ndarray]]:
    """Each of pyradiomics' maps by class and feature, on the lesion's voxels."""
    picture, roi = sitk.GetImageFromArray(image), sitk.GetImageFromArray(mask)
    with _quiet(), warnings.catch_warnings():
        extractor = radiomics.RadiomicsFeatureExtractor(
            additionalInfo=False, binCount=8, kernelRadius=radius, force2D=flat, force2Ddimension=0
        )
        extractor.disableAllFeatures()
        for name in CLASSES:
            extractor.enableFeatureClassByName(name)
        found = extractor.execute(picture, roi, voxelBased=True)
    for name, box in found.items():
        x, y, z = picture.TransformPhysicalPointToIndex(box.GetOrigin())
        values = sitk.GetArrayFromImage(box)
        whole = np.zeros(image.shape)
        whole[z : z + values.shape[0], y : y + values.shape[1], x : x + values.shape[2]] = values
        yield name.removeprefix("original_"), whole[mask > 0]


def own_maps(image: np.ndarray, mask: np.ndarray, radius: int, *, flat: bool) -> dict[str, np.ndarray]:
    """Our maps by IBSI code, on the lesion's voxels."""
    families = ("statistics", "histogram", "glcm", "glrlm", "glszm", "ngldm", "ngtdm")
    settings = IbsiSettings(
        discretisation=(Discretisation(method="FBN", bins=8),),
        aggregation=("2D_avg" if flat else "3D_avg",),
        features=FeatureChoice(**dict.fromkeys(families, "all")),
        undefined=(),
    )
    profile = Profile("test", "ibsi", "", "any", settings)
    maps = ss.feature_maps(image, mask, profile=profile, radius=radius, spacing=1.0, jobs=1)
    box = scipy.ndimage.find_objects(mask)[0]
    codes = dict(zip(maps.table()["feature"], maps.table()["ibsi_code"], strict=True))
    return {codes[name]: values[mask[box] > 0] for name, values in maps.items()}


def sides(image: np.ndarray, mask: np.ndarray, radius: int, *, flat: bool) -> dict[str, np.ndarray]:
    """Whether, in every direction, each voxel's box has a pair, two levels in pairs, a line of two voxels."""
    reach = np.array([0 if flat else radius, radius, radius])
    low, high = image[mask > 0].min(), image[mask > 0].max()
    levels = np.minimum(np.floor(8 * (image - low) / (high - low)), 7) + 1
    found: dict[str, list[bool]] = {"pair": [], "levels": [], "line": []}
    for centre in np.argwhere(mask):
        inside = {
            tuple(v): levels[tuple(v)] for v in np.argwhere(mask) if (np.abs(v - centre) <= reach).all()
        }
        ways = directions(in_plane=flat)
        pairs = [
            [
                (level, inside[there])
                for v, level in inside.items()
                if (there := tuple(np.add(v, way))) in inside
            ]
            for way in ways
        ]
        found["pair"].append(all(pairs))
        found["levels"].append(all(len({level for pair in side for level in pair}) > 1 for side in pairs))
        steps = [
            any(tuple(np.add(v, k * way)) in inside for v in inside for k in range(1, 2 * radius + 1))
            for way in ways
        ]
        found["line"].append(all(steps))
    return {name: np.array(values) for name, values in found.items()}


@pytest.mark.parametrize(("radius", "flat", "holes"), [(1, False, True), (2, False, False), (1, True, True)])
def test_every_map_is_that_of_pyradiomics(radius: int, flat: bool, holes: bool) -> None:
    image, mask = lesion(holes=holes)
    own = own_maps(image, mask, radius, flat=flat)
    alike = sides(image, mask, radius, flat=flat)
    everywhere = np.ones(int(mask.sum()), bool)
    compared = 0
    for name, theirs in of_pyradiomics(image, mask, radius, flat=flat):
        feature_class, feature = name.split("_")
        code = FEATURES[feature_class][feature].ibsi_code
        if code is None:  # MCC, TotalEnergy
            continue
        where = everywhere
        if name in ONE_LEVEL:
            where = alike["levels"]
        elif name in NO_PAIR:
            where = alike["pair"]
        elif name in NO_LINE:
            where = alike["line"]
        assert where.mean() > 0.5, name
        excess = 3.0 if feature == "Kurtosis" else 0.0
        np.testing.assert_allclose(
            own[code][where], theirs[where] - excess, rtol=1e-8, atol=1e-6, err_msg=name
        )
        compared += 1
    assert compared == 91
