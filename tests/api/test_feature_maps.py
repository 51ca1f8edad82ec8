"""Feature maps from Python: a mapping of arrays, images, a table, files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

import samesplit as ss
from samesplit.errors import DeclarationError


def ball() -> tuple[np.ndarray, np.ndarray]:
    z, y, x = np.indices((10, 10, 10)) - 4.5
    mask = z**2 + y**2 + x**2 <= 12
    return np.random.default_rng(2).normal(100, 20, mask.shape).round(), mask


def test_maps_are_arrays_by_name_and_images_in_their_place(tmp_path: Path) -> None:
    image, mask = ball()
    maps = ss.feature_maps(
        image, mask, profile="ct-default", features=["stat_mean", "cm_contrast_3D_avg"], spacing=2.0, jobs=1
    )
    assert list(maps) == ["stat_mean", "cm_contrast_3D_avg"]
    assert len(maps) == 2
    assert repr(maps) == "<2 feature maps, profile ct-default, radius 1>"
    array = maps["stat_mean"]
    assert (~np.isnan(array)).sum() == mask.sum()
    around = np.where(mask, image, np.nan)[4:7, 4:7, 4:7]
    low = np.argwhere(mask).min(axis=0)
    assert array[tuple(5 - low)] == pytest.approx(np.nanmean(around))
    whole = maps.image("stat_mean", whole=True)
    assert whole.GetSize() == (10, 10, 10)
    assert maps.image("stat_mean").GetOrigin() == tuple(2.0 * i for i in low[::-1])
    table = maps.table().set_index("feature")
    assert table.loc["cm_contrast_3D_avg", "ibsi_code"] == "ACUI"
    assert table.loc["stat_mean", "voxels"] == mask.sum()
    written = maps.write(tmp_path / "maps", suffix=".nrrd")
    assert [path.name for path in written] == ["stat_mean.nrrd", "cm_contrast_3D_avg.nrrd"]
    read = sitk.GetArrayFromImage(sitk.ReadImage(str(written[0])))
    np.testing.assert_allclose(read, array.astype(np.float32))


def test_one_feature_may_be_given_by_its_name_alone() -> None:
    image, mask = ball()
    maps = ss.feature_maps(
        image, mask, profile="ct-default", features="stat_max", radius=2, spacing=2.0, jobs=1
    )
    assert list(maps) == ["stat_max"]
    assert maps.radius == 2


def test_a_profile_that_matches_images_needs_the_other_image(tmp_path: Path) -> None:
    image, mask = ball()
    profile = tmp_path / "matched.yaml"
    profile.write_text(
        "engine: ibsi\ndescription: Matched.\nsettings:\n  undefined: []\n  features: {statistics: all}\n"
        "  processing: {histogram_matching: {reference: T1}}\n"
    )
    with pytest.raises(DeclarationError, match="matches images to another one of the lesion"):
        ss.feature_maps(image, mask, profile=profile, spacing=2.0)
    maps = ss.feature_maps(
        image, mask, profile=profile, features="stat_mean", spacing=2.0, matching_reference=image, jobs=1
    )
    assert not np.isnan(maps["stat_mean"]).all()
