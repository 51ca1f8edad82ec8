from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import SimpleITK as sitk

import samesplit as ss
from conftest import SmallStudy
from samesplit.errors import DeclarationError, LesionError, WorkspaceError

Volume = npt.NDArray[np.float64]
QUICK = """
engine: ibsi
description: Volume and statistics, for quick tests.
settings:
  undefined: []
  features: {morphology: [morph_vol_approx], statistics: [stat_mean, stat_var, stat_range]}
"""


@pytest.fixture
def profile(tmp_path: Path) -> Path:
    path = tmp_path / "quick.yaml"
    path.write_text(QUICK)
    return path


@pytest.fixture
def volumes() -> tuple[Volume, npt.NDArray[np.bool_]]:
    """A ball of 8 voxels radius in noise, axes z, y, x."""
    grid = np.indices((20, 24, 28)) - np.array([9.5, 11.5, 13.5])[:, None, None, None]
    ball = (grid**2).sum(axis=0) <= 64
    return np.random.default_rng(0).normal(100, 10, ball.shape) + 50 * ball, ball


def test_files_arrays_and_images_give_the_same_values(
    volumes: tuple[Volume, npt.NDArray[np.bool_]], profile: Path, tmp_path: Path
) -> None:
    grey, ball = volumes[0].astype(np.float32), volumes[1]
    image, mask = sitk.GetImageFromArray(grey), sitk.GetImageFromArray(ball.astype(np.uint8))
    for one in (image, mask):
        one.SetSpacing((0.5, 1.0, 3.0))
    paths = (tmp_path / "image.nii.gz", tmp_path / "mask.nii.gz")
    for one, path in zip((image, mask), paths, strict=True):
        sitk.WriteImage(one, str(path))

    from_files = ss.extract(*paths, profile=profile)
    from_arrays = ss.extract(grey, ball, profile=profile, spacing=(3.0, 1.0, 0.5))
    from_images = ss.extract(image, mask, profile=profile)
    mixed = ss.extract(paths[0], ball, profile=profile)

    assert from_files.name == "quick"
    assert from_files.notna().all()
    assert from_files["morph_vol_approx"] == pytest.approx(ball.sum() * 1.5)
    for other in (from_arrays, from_images, mixed):
        np.testing.assert_allclose(other, from_files, rtol=1e-6)


def test_the_values_are_those_of_a_run(small_study: SmallStudy) -> None:
    study = ss.open_benchmark(small_study.folder)
    table = study.features("first-order", jobs=1)

    row = ss.extract(
        small_study.image("L01a"),
        small_study.mask("L01a"),
        profile=small_study.root / "features/first-order.yaml",
    )

    wanted = table.loc["L01a", [f"first-order/T1C/{name}" for name in row.index]]
    np.testing.assert_array_equal(row.to_numpy(), wanted.to_numpy())


def test_a_spacing_of_one_number_means_cubes(
    volumes: tuple[Volume, npt.NDArray[np.bool_]], profile: Path
) -> None:
    row = ss.extract(*volumes, profile=profile, spacing=2.0)

    assert row["morph_vol_approx"] == pytest.approx(volumes[1].sum() * 8)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"spacing": None}, "the image is an array, which has no voxel size"),
        ({"spacing": (1.0, 2.0)}, r"the spacing \(1.0, 2.0\) is no voxel size"),
        ({"spacing": -1.0}, "the spacing -1.0 is no voxel size"),
        ({"mask": np.zeros((20, 24, 28), dtype=bool)}, "the mask"),
        (
            {"mask": np.ones((24, 20, 28), dtype=bool)},
            r"the shape \(24, 20, 28\), and the image \(20, 24, 28\)",
        ),
        ({"image": np.zeros((24, 28))}, r"the image is 2D \(shape \(24, 28\)\)"),
        ({"image": np.ones((20, 24, 28))}, "the image is constant inside the mask"),
        ({"image": sitk.Image(4, 4, sitk.sitkFloat32)}, "the image is 2D with 1 values a voxel"),
        ({"image": Path("no-such-file.nii.gz")}, "no-such-file.nii.gz: the image file does not exist"),
        ({"mask_label": 7}, "the mask"),
    ],
)
def test_what_is_wrong_with_an_image_is_said(
    volumes: tuple[Volume, npt.NDArray[np.bool_]], profile: Path, change: dict[str, object], message: str
) -> None:
    given: dict[str, object] = {"image": volumes[0], "mask": volumes[1], "spacing": 1.0} | change
    with pytest.raises(LesionError, match=message):
        ss.extract(profile=profile, **given)  # type: ignore[arg-type]


def test_an_unknown_profile_is_told_with_the_nearest(volumes: tuple[Volume, npt.NDArray[np.bool_]]) -> None:
    with pytest.raises(WorkspaceError, match="did you mean 'ct-default'"):
        ss.extract(*volumes, profile="ct-defaults", spacing=1.0)


def test_a_profile_that_matches_histograms_asks_for_the_other_image(
    volumes: tuple[Volume, npt.NDArray[np.bool_]], profile: Path
) -> None:
    matching = "settings:\n  processing: {histogram_matching: {reference: T1C}}\n"
    profile.write_text(QUICK.replace("settings:\n", matching))
    grey, ball = volumes

    with pytest.raises(DeclarationError, match=r"matches images to another one(.|\n)*matching_reference"):
        ss.extract(grey, ball, profile=profile, spacing=1.0)
    row = ss.extract(grey, ball, profile=profile, spacing=1.0, matching_reference=2 * grey)

    assert row["stat_mean"] == pytest.approx(2 * grey[ball].mean(), rel=0.02)


def test_three_voxel_sizes_do_not_fit_a_numpy_file(profile: Path) -> None:
    with pytest.raises(LesionError, match="names three voxel sizes"):
        ss.extract("a.npy", "b.npy", profile=profile, spacing=(3.0, 1.0, 1.0))
