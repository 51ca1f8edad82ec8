"""Maps of a case: their place in the patient, several grids, progress, what is refused."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk

from samesplit.errors import DeclarationError, LesionError
from samesplit.features.engines.ibsi.extraction import extract
from samesplit.features.engines.ibsi.settings import IbsiSettings
from samesplit.features.maps.compute import Map, compute_maps
from samesplit.features.maps.selection import wanted_maps
from samesplit.features.profiles import Profile
from samesplit.imaging.case import Case, case_of_images

TURNED = (0.0, 1.0, 0.0, -1.0, 0.0, 0.0, 0.0, 0.0, 1.0)
"""Axes turned by a right angle about z."""


def case_of(spacing: tuple[float, float, float] = (1.0, 1.5, 2.0)) -> Case:
    """A ball of noise off the image's middle, axes turned; intensities are whole numbers."""
    z, y, x = np.indices((10, 12, 14))
    ball = ((z - 4) ** 2 + (y - 6) ** 2 + (x - 7) ** 2 <= 10).astype(np.uint8)
    image = sitk.GetImageFromArray(np.random.default_rng(5).integers(0, 90, ball.shape).astype(np.float32))
    image.SetSpacing(spacing)
    image.SetOrigin((-30.0, 12.0, 7.0))
    image.SetDirection(TURNED)
    mask = sitk.GetImageFromArray(ball)
    mask.CopyInformation(image)
    return case_of_images(image, mask)


def profile_of(**settings: object) -> Profile:
    return Profile("test", "ibsi", "", "any", IbsiSettings.model_validate({"undefined": []} | settings))


def maps_of(
    profile: Profile, features: list[str] | None = None, case: Case | None = None, **options: int
) -> dict[str, Map]:
    found = compute_maps(case or case_of(), profile, wanted_maps(profile, features), **options)
    return {one.wanted.name: one for one in found}


PLAIN = profile_of(
    features={"statistics": "all", "glcm": "all"},
    discretisation={"method": "FBN", "bins": 8},
    aggregation=["3D_avg"],
)


def test_a_map_lies_on_the_voxels_of_the_image_where_nothing_is_interpolated() -> None:
    case = case_of()
    one = maps_of(PLAIN, ["stat_max"], case)["stat_max"]
    image = sitk.GetArrayFromImage(case.image)
    mask = sitk.GetArrayFromImage(case.mask)
    whole = one.placement.image(one.values, whole=True)
    assert whole.GetOrigin() == pytest.approx(case.image.GetOrigin())
    assert whole.GetSize() == case.image.GetSize()
    found = sitk.GetArrayFromImage(whole)
    np.testing.assert_array_equal(np.isnan(found), mask == 0)
    box = one.placement.image(one.values)
    assert box.GetDirection() == TURNED
    for index in ((3, 3, 3), (0, 2, 4)):
        place = box.TransformIndexToPhysicalPoint(index)
        x, y, z = case.image.TransformPhysicalPointToIndex(place)
        around = (slice(z - 1, z + 2), slice(y - 1, y + 2), slice(x - 1, x + 2))
        if mask[z, y, x]:
            assert box[index] == image[around][mask[around] > 0].max()
        else:
            assert np.isnan(box[index])
    assert mask[4, 6, 7]


def test_a_map_lies_on_the_grid_of_the_profile_where_the_image_is_interpolated() -> None:
    case = case_of()
    profile = profile_of(
        features={"statistics": ["stat_mean"]}, processing={"spacing_mm": 1, "image_interpolation": "linear"}
    )
    one = maps_of(profile, case=case)["stat_mean"]
    box = one.placement.image(one.values)
    assert box.GetSpacing() == (1.0, 1.0, 1.0)
    inside = ~np.isnan(sitk.GetArrayFromImage(box))
    voxels = np.argwhere(inside)[:, ::-1].mean(axis=0)
    centre = np.array(box.TransformContinuousIndexToPhysicalPoint(voxels.tolist()))
    drawn = np.argwhere(sitk.GetArrayViewFromImage(case.mask))[:, ::-1].mean(axis=0)
    wanted = np.array(case.image.TransformContinuousIndexToPhysicalPoint(drawn.tolist()))
    np.testing.assert_allclose(centre, wanted, atol=0.3)


def test_a_box_larger_than_the_lesion_holds_the_features_of_the_lesion() -> None:
    case = case_of()
    profile = profile_of(
        features=dict.fromkeys(("statistics", "histogram", "ivh", "glcm", "glszm", "gldzm", "ngldm"), "all"),
        discretisation={"method": "FBN", "bins": 8},
        aggregation=["3D_comb"],
    )
    assert isinstance(profile.settings, IbsiSettings)
    row = extract(case, profile.settings)
    for name, one in maps_of(profile, case=case, radius=7).items():
        np.testing.assert_allclose(one.values, row[name], rtol=1e-9, err_msg=name)


def test_several_grids_have_maps_of_their_own() -> None:
    profile = profile_of(
        features={"ngtdm": ["ngt_contrast"]},
        discretisation=[{"method": "FBN", "bins": 8}, {"method": "FBN", "bins": 4}],
        texture_spacing_mm=[1, 2],
        aggregation=["3D_comb"],
    )
    found = maps_of(profile)
    assert list(found) == [f"ngt_contrast_3D_{mm}mm_fbn{bins}" for mm in (1, 2) for bins in (8, 4)]
    sizes = {name: one.placement.spacing_mm for name, one in found.items()}
    assert sizes["ngt_contrast_3D_2mm_fbn4"] == (2.0, 2.0, 2.0)
    assert len(found["ngt_contrast_3D_1mm_fbn8"].values) > 4 * len(found["ngt_contrast_3D_2mm_fbn8"].values)


def test_progress_counts_every_voxel_once_for_each_family() -> None:
    told: list[tuple[int, int]] = []
    maps = maps_of(PLAIN, None, None)
    found = compute_maps(
        case_of(), PLAIN, wanted_maps(PLAIN), jobs=2, progress=lambda done, total: told.append((done, total))
    )
    for one in found:
        np.testing.assert_array_equal(one.values, maps[one.wanted.name].values)
    n_voxels = len(maps["stat_mean"].values)
    assert told[-1] == (2 * n_voxels, 2 * n_voxels)
    assert [done for done, _ in told] == sorted(done for done, _ in told)


@pytest.mark.parametrize("radius", [0, 8])
def test_a_radius_that_makes_no_neighbourhood_is_refused(radius: int) -> None:
    with pytest.raises(DeclarationError, match=f"1 to 7 voxels to either side, not {radius}"):
        maps_of(PLAIN, radius=radius)


def test_too_many_levels_for_pairs_are_refused() -> None:
    profile = profile_of(
        features={"glcm": "all"},
        discretisation={"method": "FBS", "width": 0.05, "origin": 0},
        aggregation=["3D_avg"],
    )
    with pytest.raises(LesionError, match="co-occurrence maps take at most 1024"):
        maps_of(profile)


def test_pairs_farther_apart_than_the_box_are_refused() -> None:
    profile = profile_of(
        features={"glcm": "all"},
        discretisation={"method": "FBN", "bins": 8},
        distance=3,
        aggregation=["3D_avg"],
    )
    with pytest.raises(LesionError, match="no two voxels of a box of radius 1 are 3 voxels apart"):
        maps_of(profile)


def test_response_maps_of_filters_have_maps_too() -> None:
    case = case_of()
    filters = {
        "discretisation": {"method": "FBN", "bins": 4},
        "features": {"statistics": "all", "glcm": ["cm_contrast"]},
        "images": [{"kind": "mean", "support_voxels": 3}, {"kind": "simoncelli", "level": 1}],
    }
    profile = profile_of(features={"statistics": ["stat_mean"]}, filters=filters, aggregation=["3D_comb"])
    assert isinstance(profile.settings, IbsiSettings)
    row = extract(case, profile.settings)
    told: list[tuple[int, int]] = []
    found = list(
        compute_maps(
            case,
            profile,
            wanted_maps(profile),
            radius=7,
            progress=lambda done, total: told.append((done, total)),
        )
    )
    assert [one.wanted.name for one in found] == list(row)
    assert told[-1][0] == told[-1][1]
    for one in found:  # the box holds the whole lesion
        np.testing.assert_allclose(one.values, row[one.wanted.name], rtol=1e-9, err_msg=one.wanted.name)
        assert one.placement.box == found[0].placement.box
    only = maps_of(profile, ["simoncelli_1_stat_max"], case)
    assert list(only) == ["simoncelli_1_stat_max"]
    assert only["simoncelli_1_stat_max"].wanted.info.filter_code == "PRT7"
