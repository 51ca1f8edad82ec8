"""Each kind of bad input gets its own clear error; good input arrives unchanged."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import SimpleITK as sitk

from samesplit.errors import LesionError
from samesplit.imaging.case import Box, bounding_box, crop, read_case, roi_values

Save = Callable[..., str]
Block = tuple[np.ndarray, np.ndarray]


@pytest.fixture
def pair(save: Save, block: Block) -> tuple[str, str]:
    image, mask = block
    return save(image, "image.nii.gz"), save(mask, "mask.nii.gz")


def error_of(image: str, mask: str, **settings: object) -> LesionError:
    with pytest.raises(LesionError) as caught:
        read_case(image, mask, lesion_id="L7", **settings)  # type: ignore[arg-type]
    assert "lesion L7" in str(caught.value)
    assert caught.value.remedy
    return caught.value


@pytest.mark.parametrize("suffix", [".nii", ".nii.gz", ".nrrd", ".mha", ".mhd"])
def test_every_format_gives_the_same_voxels_and_grid(save: Save, block: Block, suffix: str) -> None:
    image, mask = block
    case = read_case(save(image, f"i{suffix}"), save(mask, f"m{suffix}"), lesion_id="L1")
    np.testing.assert_array_equal(sitk.GetArrayFromImage(case.image), image)
    np.testing.assert_array_equal(sitk.GetArrayFromImage(case.mask), mask)
    assert case.image.GetSpacing() == pytest.approx((1.0, 2.0, 3.0))
    assert case.image.GetOrigin() == pytest.approx((-10.0, 5.0, 20.0))
    assert case.mask.GetOrigin() == case.image.GetOrigin()
    assert case.repairs == ()


def test_roi_values_are_those_of_the_mask(pair: tuple[str, str]) -> None:
    case = read_case(*pair, lesion_id="L1")
    np.testing.assert_array_equal(roi_values(case), np.arange(1.0, 25.0))


@pytest.mark.parametrize(
    ("dtype", "expected"), [(np.int16, np.float32), (np.uint8, np.float32), (np.int32, np.float64)]
)
def test_whole_numbers_become_floats_that_hold_them(
    save: Save, block: Block, dtype: type, expected: type
) -> None:
    image, mask = block
    case = read_case(save(image.astype(dtype), "i.nrrd"), save(mask, "m.nrrd"), lesion_id="L1")
    assert sitk.GetArrayViewFromImage(case.image).dtype == expected
    np.testing.assert_array_equal(roi_values(case), np.arange(1.0, 25.0))


def test_other_labels_are_left_out(save: Save, block: Block) -> None:
    image, mask = block
    mask[0, 0, 0] = 7
    case = read_case(save(image, "i.nrrd"), save(mask * 3, "m.nrrd"), lesion_id="L1", mask_label=3)
    assert int(sitk.GetArrayViewFromImage(case.mask).sum()) == 24


def test_missing_image_is_named(pair: tuple[str, str], tmp_path: Path) -> None:
    error = error_of(str(tmp_path / "nowhere.nii.gz"), pair[1])
    assert "the image file does not exist" in error.problem
    assert "nowhere.nii.gz" in str(error)


def test_missing_mask_is_named(pair: tuple[str, str], tmp_path: Path) -> None:
    assert "the mask file does not exist" in error_of(pair[0], str(tmp_path / "nowhere.nrrd")).problem


def test_unknown_format_is_named(pair: tuple[str, str], tmp_path: Path) -> None:
    error = error_of(str(tmp_path / "image.png"), pair[1])
    assert "not an image file" in error.problem
    assert ".nii.gz" in str(error.remedy)


@pytest.mark.parametrize("suffix", [".nii", ".nii.gz", ".nrrd", ".mha"])
def test_a_file_of_something_else_is_unreadable(tmp_path: Path, pair: tuple[str, str], suffix: str) -> None:
    path = tmp_path / f"other{suffix}"
    path.write_bytes(b"this is not an image" * 50)
    assert "read" in error_of(str(path), pair[1]).problem or "NIfTI" in error_of(str(path), pair[1]).problem


@pytest.mark.parametrize("suffix", [".nii.gz", ".nrrd"])
def test_a_file_that_may_not_be_opened_is_told(
    save: Save, pair: tuple[str, str], suffix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = save(np.ones((4, 4, 4), dtype=np.uint8), f"locked{suffix}")
    opened = Path.open

    def refuse(path: Path, *how: Any, **more: Any) -> Any:
        if path.name.startswith("locked"):
            raise PermissionError(13, "Permission denied", str(path))
        return opened(path, *how, **more)

    monkeypatch.setattr(Path, "open", refuse)
    assert error_of(image, pair[1]).problem.endswith("the image cannot be opened (Permission denied)")


@pytest.mark.parametrize("suffix", [".nii", ".nii.gz", ".nrrd", ".mha"])
@pytest.mark.parametrize("share", [0.5, 0.95])
def test_a_truncated_file_is_an_error_and_not_zeros(
    tmp_path: Path, save: Save, suffix: str, share: float
) -> None:
    generator = np.random.default_rng(0)
    image = save(generator.normal(size=(20, 20, 20)).astype(np.float32), f"image{suffix}")
    mask = save(np.ones((20, 20, 20), dtype=np.uint8), "mask.nrrd")
    whole = Path(image).read_bytes()
    Path(image).write_bytes(whole[: int(len(whole) * share)])
    problem = error_of(image, mask).problem
    assert "cut off" in problem or "cannot be read" in problem


def test_a_truncated_mask_is_an_error(pair: tuple[str, str]) -> None:
    path = Path(pair[1])
    path.write_bytes(gzip.compress(gzip.decompress(path.read_bytes())[:900]))
    assert "cut off: the header promises" in error_of(*pair).problem


def test_a_damaged_gzip_check_sum_is_an_error(pair: tuple[str, str]) -> None:
    content = bytearray(Path(pair[0]).read_bytes())
    content[-6] ^= 0xFF
    Path(pair[0]).write_bytes(bytes(content))
    assert "damaged" in error_of(*pair).problem


def test_a_2d_image_is_an_error(save: Save, pair: tuple[str, str], block: Block) -> None:
    assert (
        "2D (size 14 x 12), a 3D volume is needed"
        in error_of(save(block[0][5], "flat.nrrd"), pair[1]).problem
    )


def test_a_4d_image_is_an_error(tmp_path: Path, pair: tuple[str, str]) -> None:
    series = sitk.JoinSeries([sitk.ReadImage(pair[0])] * 3)
    sitk.WriteImage(series, str(tmp_path / "series.nii.gz"))
    error = error_of(str(tmp_path / "series.nii.gz"), pair[1])
    assert "4D (size 14 x 12 x 10 x 3)" in error.problem
    assert "one of its volumes" in str(error.remedy)


def test_a_4d_image_of_one_volume_is_that_volume(tmp_path: Path, pair: tuple[str, str]) -> None:
    sitk.WriteImage(sitk.JoinSeries([sitk.ReadImage(pair[0])]), str(tmp_path / "one.nrrd"))
    case = read_case(str(tmp_path / "one.nrrd"), pair[1], lesion_id="L1")
    np.testing.assert_array_equal(roi_values(case), np.arange(1.0, 25.0))


def test_a_colour_image_is_an_error(tmp_path: Path, pair: tuple[str, str]) -> None:
    grey = sitk.ReadImage(pair[0])
    sitk.WriteImage(sitk.Compose(grey, grey, grey), str(tmp_path / "colour.nrrd"))
    assert "3 values a voxel" in error_of(str(tmp_path / "colour.nrrd"), pair[1]).problem


def test_an_empty_mask_is_an_error(save: Save, pair: tuple[str, str], block: Block) -> None:
    assert "mask is empty" in error_of(pair[0], save(np.zeros_like(block[1]), "empty.nii.gz")).problem


def test_an_absent_label_lists_the_labels_found(save: Save, pair: tuple[str, str], block: Block) -> None:
    mask = block[1] * 255
    mask[0, 0, :3] = 4
    error = error_of(pair[0], save(mask, "labels.nrrd"))
    assert "no label 1; labels found: 4 (3 voxels), 255 (24 voxels)" in error.problem
    assert "mask_label" in str(error.remedy)


def test_a_probability_map_is_no_mask(save: Save, pair: tuple[str, str], block: Block) -> None:
    soft = block[1].astype(np.float32) * 0.7
    assert "labels found: 0.7 (24 voxels)" in error_of(pair[0], save(soft, "soft.nrrd")).problem


def test_nan_in_a_mask_is_an_error(save: Save, pair: tuple[str, str], block: Block) -> None:
    mask = block[1].astype(np.float32)
    mask[0, 0, 0] = np.nan
    assert "1 mask voxels are NaN" in error_of(pair[0], save(mask, "nan.nrrd")).problem


def test_a_one_voxel_mask_is_an_error(save: Save, pair: tuple[str, str], block: Block) -> None:
    mask = np.zeros_like(block[1])
    mask[5, 6, 7] = 1
    path = save(mask, "one.nrrd")
    assert "the mask has 1 voxel, at least 8 are needed" in error_of(pair[0], path).problem


def test_the_smallest_mask_is_a_setting(pair: tuple[str, str]) -> None:
    assert "24 voxels, at least 25" in error_of(*pair, minimum_voxels=25).problem
    assert read_case(*pair, lesion_id="L1", minimum_voxels=24).repairs == ()


@pytest.mark.parametrize("kind", [np.float32, np.float64])
@pytest.mark.parametrize("name", ["bad.nrrd", "bad.mha", "bad.nii", "bad.nii.gz"])
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_bad_voxels_inside_the_mask_are_counted(
    save: Save, pair: tuple[str, str], block: Block, bad: float, name: str, kind: type
) -> None:
    """ITK reads NaN in NIfTI files as 0 and says nothing."""
    image = block[0].astype(kind)
    image[4, 5, 6:8] = bad
    image[3, 5, 6] = bad
    error = error_of(save(image, name), pair[1])
    assert "3 image voxels are NaN or infinite: 2 inside the mask, 1 within 20 mm" in error.problem
    assert "index (6, 5, 3)" in error.problem


def test_bad_voxels_far_from_the_mask_are_filled_and_reported(save: Save) -> None:
    image = np.random.default_rng(1).normal(5.0, 1.0, size=(40, 40, 40)).astype(np.float32)
    mask = np.zeros(image.shape, dtype=np.uint8)
    mask[2:6, 2:6, 2:6] = 1
    lowest = image[:39].min()
    image[39] = np.nan
    cubic = {"spacing_mm": (1.0, 1.0, 1.0)}
    case = read_case(save(image, "i.nrrd", **cubic), save(mask, "m.nrrd", **cubic), lesion_id="L1")
    filled = sitk.GetArrayFromImage(case.image)
    np.testing.assert_array_equal(filled[:39], image[:39])
    assert (filled[39] == lowest).all()
    assert "1,600 NaN or infinite voxels" in case.repairs[0]


def test_a_constant_image_is_an_error(save: Save, pair: tuple[str, str], block: Block) -> None:
    image = np.where(block[1] > 0, 3.5, block[0] + np.arange(14)).astype(np.float32)
    error = error_of(save(image, "constant.nrrd"), pair[1])
    assert "constant inside the mask: all 24 voxels are 3.5" in error.problem


def test_image_and_mask_may_be_the_same_shape(save: Save, block: Block) -> None:
    path = save(block[1], "shape.nrrd")
    assert len(roi_values(read_case(path, path, lesion_id="L1"))) == 24


def test_arrays_are_read_in_the_order_z_y_x(tmp_path: Path, block: Block) -> None:
    np.savez_compressed(
        tmp_path / "c.npz", images=np.stack([block[0], block[0] * 2]), masks=np.stack([block[1]] * 2)
    )
    case = read_case(
        f"{tmp_path}/c.npz::images[1]", f"{tmp_path}/c.npz::masks[1]", lesion_id="L1", spacing_mm=1.5
    )
    np.testing.assert_array_equal(sitk.GetArrayFromImage(case.image), block[0] * 2)
    assert case.image.GetSpacing() == (1.5, 1.5, 1.5)


def test_a_npy_stack_is_read_item_by_item(tmp_path: Path, block: Block) -> None:
    np.save(tmp_path / "i.npy", np.stack([block[0]] * 2))
    np.save(tmp_path / "m.npy", np.stack([block[1]] * 2).astype(bool))
    case = read_case(f"{tmp_path}/i.npy[1]", f"{tmp_path}/m.npy[0]", lesion_id="L1", spacing_mm=1.0)
    np.testing.assert_array_equal(roi_values(case), np.arange(1.0, 25.0))


def test_what_is_wrong_with_array_references_is_said(tmp_path: Path, block: Block) -> None:
    np.savez(tmp_path / "c.npz", images=np.stack([block[0]] * 2))
    good = f"{tmp_path}/c.npz::images[0]"
    assert "no item 2" in error_of(f"{tmp_path}/c.npz::images[2]", good, spacing_mm=1.0).problem
    absent = error_of(f"{tmp_path}/c.npz::masks[0]", good, spacing_mm=1.0)
    assert "no array 'masks'" in absent.problem
    assert "images" in str(absent.remedy)
    assert "no voxel size" in error_of(good, good).problem
    assert "4D (shape (2, 10, 12, 14))" in error_of(f"{tmp_path}/c.npz::images", good, spacing_mm=1.0).problem
    assert "does not exist" in error_of(f"{tmp_path}/d.npz::images[0]", good, spacing_mm=1.0).problem
    (tmp_path / "e.npz").write_bytes(b"PK nothing")
    assert "not a readable numpy file" in error_of(f"{tmp_path}/e.npz::a[0]", good, spacing_mm=1.0).problem


def test_a_voxel_size_for_an_image_file_is_an_error(pair: tuple[str, str]) -> None:
    assert "voxel size of its own" in error_of(*pair, spacing_mm=1.0).problem
    assert read_case(*pair, lesion_id="L1", spacing_mm=float("nan")).repairs == ()


def test_the_box_is_tight_and_stays_inside_the_image(pair: tuple[str, str]) -> None:
    case = read_case(*pair, lesion_id="L1")
    assert bounding_box(case.mask) == Box((6, 5, 4), (4, 3, 2))
    assert bounding_box(case.mask, [2, 100, 0]) == Box((4, 0, 4), (8, 12, 2))


def test_cropping_keeps_every_voxel_where_it_is(pair: tuple[str, str]) -> None:
    case = read_case(*pair, lesion_id="L1")
    cut = crop(case.image, Box((6, 5, 4), (4, 3, 2)))
    assert cut.TransformIndexToPhysicalPoint((0, 0, 0)) == case.image.TransformIndexToPhysicalPoint((6, 5, 4))
    np.testing.assert_array_equal(sitk.GetArrayFromImage(cut).ravel(), np.arange(1.0, 25.0))
