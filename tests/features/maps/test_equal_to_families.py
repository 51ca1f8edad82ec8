"""A map holds, at each voxel, what the family says of the lesion cut to the box around it."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.ndimage

from features.maps.cut_lesions import boxes, cut, families
from samesplit.features.engines.ibsi.settings import Discretisation, FeatureChoice, IbsiSettings, IvhSettings
from samesplit.features.families.ivh import ivh_levels, ivh_of_counts
from samesplit.features.families.region import Region
from samesplit.features.maps.grid_maps import GridMaps
from samesplit.features.maps.selection import MAPPED_FAMILIES, wanted_maps
from samesplit.features.processing.discretisation import fixed_bin_number
from samesplit.features.processing.settings import ProcessingSettings
from samesplit.features.profiles import Profile


def ragged_region(seed: int, shape: tuple[int, int, int] = (4, 6, 7)) -> Region:
    """A lesion with holes, some of them left by re-segmentation, that touches the volume's faces."""
    generator = np.random.default_rng(seed)
    drawn = (generator.random(shape) < 0.92).astype(np.uint8)
    kept = drawn * (generator.random(shape) < 0.9).astype(np.uint8)
    image = scipy.ndimage.gaussian_filter(generator.normal(size=shape), 0.8)
    return Region(image, drawn, kept, (3.0, 2.5, 2.0))


def profile_of(aggregations: tuple[str, ...], bins: int, **settings: object) -> Profile:
    asked = IbsiSettings(
        discretisation=(Discretisation(method="FBN", bins=bins),),
        aggregation=aggregations,
        features=FeatureChoice(**dict.fromkeys(MAPPED_FAMILIES, "all")),
        undefined=(),
        **settings,
    )
    return Profile("test", "ibsi", "", "any", asked)


def check(region: Region, profile: Profile, radius: int, *, in_plane: bool, jobs: int = 1) -> None:
    settings = profile.settings
    assert isinstance(settings, IbsiSettings)
    levels = np.zeros(region.intensity.shape, np.int64)
    levels[region.intensity > 0] = fixed_bin_number(region.values(), settings.discretisation[0].bins or 0)
    n_levels = int(levels.max())
    maps = GridMaps(region, settings, wanted_maps(profile), radius)
    found: dict[str, list[np.ndarray]] = {}
    for one, values in maps.values(jobs=jobs, done=lambda _: None):
        direction = one.aggregation.rpartition("_")[2] if one.family in ("glcm", "glrlm") else ""
        found.setdefault(one.family + ("_" if direction else "") + direction, []).append(values)
    parts = [cut(region, box) for box in boxes(region, radius, in_plane=in_plane)]
    compute = families("2_5D" if in_plane else "3D", distance=settings.distance, alpha=settings.ngldm_alpha)
    assert set(found) == {*compute, "ivh"}
    for family, of in compute.items():
        wanted = np.array([of(part, levels, n_levels) for part in parts])
        np.testing.assert_allclose(
            np.stack(found[family], axis=1), wanted, rtol=1e-9, atol=1e-7, err_msg=family, equal_nan=True
        )


@pytest.mark.parametrize(("bins", "alpha"), [(5, 0), (60, 2)])
def test_maps_in_3d_are_the_features_of_the_lesion_cut_to_cubes(bins: int, alpha: int) -> None:
    profile = profile_of(("3D_avg", "3D_comb"), bins, ngldm_alpha=alpha)
    check(ragged_region(bins), profile, 1, in_plane=False)


def test_a_larger_radius_and_a_larger_distance_of_pairs() -> None:
    profile = profile_of(("3D_avg", "3D_comb"), 300, distance=2)
    check(ragged_region(3), profile, 2, in_plane=False, jobs=2)


@pytest.mark.parametrize("dimension", ["2D", "2_5D"])
def test_maps_within_slices_are_the_features_of_the_lesion_cut_to_squares(dimension: str) -> None:
    profile = profile_of((f"{dimension}_avg", f"{dimension}_comb"), 4)
    check(ragged_region(4), profile, 1, in_plane=True)


@pytest.mark.parametrize(
    ("ivh", "processing"),
    [
        (IvhSettings(method="FBN", bins=20), ProcessingSettings()),
        (IvhSettings(method="FBS", width=0.1), ProcessingSettings(range=(-0.4, 0.5))),
    ],
)
def test_volume_histograms_take_the_levels_of_the_whole_lesion(
    ivh: IvhSettings, processing: ProcessingSettings
) -> None:
    region = ragged_region(5)
    profile = profile_of(("3D_avg",), 4, ivh=ivh, processing=processing)
    maps = GridMaps(region, profile.settings, wanted_maps(profile, ["ivh"]), 1)
    found = np.stack([values for _, values in maps.values(jobs=1, done=lambda _: None)], axis=1)
    low, high = processing.range or (None, None)
    size = float(ivh.width or ivh.bins or 1)
    levels = ivh_levels(region.values(), method=ivh.method, size=size, lower=low, upper=high)
    assert ivh.method == "FBN" or levels.index.min() < 0  # some voxels lie below the range
    index = np.zeros(region.intensity.shape, np.int64)
    index[region.intensity > 0] = levels.index
    for row, box in zip(found, boxes(region, 1, in_plane=False), strict=True):
        here = index[cut(region, box).intensity > 0]
        counts = np.bincount(here[here >= 0], minlength=levels.n_levels)
        wanted = ivh_of_counts(counts, first=levels.first, step=levels.step, n_voxels=here.size)
        np.testing.assert_allclose(row, wanted, rtol=1e-9)
