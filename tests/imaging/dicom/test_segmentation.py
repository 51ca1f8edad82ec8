"""A segment of a DICOM SEG becomes the mask that was stored, wherever its frames lie."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from pydicom.dataset import Dataset
from pydicom.uid import generate_uid

from samesplit.errors import LesionError
from samesplit.imaging.case import Case, read_case
from samesplit.imaging.image_references import content_hash

OBLIQUE = np.linalg.qr(np.array([[1.0, 0.2, 0.1], [-0.3, 0.9, 0.2], [0.1, -0.1, 1.0]]))[0]
OBLIQUE[:, 2] = np.cross(OBLIQUE[:, 0], OBLIQUE[:, 1])


@pytest.fixture
def folder(scanner: Any, noise: np.ndarray) -> Path:
    path: Path = scanner.series(noise)
    return path


def read(image: object, mask: str, **settings: Any) -> Case:
    return read_case(str(image), mask, lesion_id="L7", **settings)


def mask_of(case: Case) -> np.ndarray:
    values: np.ndarray = sitk.GetArrayFromImage(case.mask)
    return values


def error_of(image: object, mask: str, **settings: Any) -> LesionError:
    with pytest.raises(LesionError) as caught:
        read(image, mask, **settings)
    assert caught.value.remedy
    return caught.value


@pytest.mark.parametrize("kind", ["BINARY", "FRACTIONAL", "LABELMAP"])
def test_the_segment_comes_back(scanner: Any, folder: Path, blob: np.ndarray, kind: str) -> None:
    stored = blob.astype(float) if kind == "FRACTIONAL" else blob
    case = read(folder, scanner.seg(folder, {"Tumour": stored}, kind=kind))
    np.testing.assert_array_equal(mask_of(case), blob)
    assert case.repairs == ()


@pytest.mark.parametrize("kind", ["BINARY", "FRACTIONAL", "LABELMAP"])
@pytest.mark.parametrize("size", [(77, 95), (5, 5), (7, 9), (3, 11), (9, 2), (8, 13), (3, 3), (1, 9)])
def test_slices_of_any_size_come_back(scanner: Any, size: tuple[int, int], kind: str) -> None:
    """A frame of 77 x 95 voxels of one bit ends within a byte."""
    rng = np.random.default_rng(size[0])
    image = rng.integers(0, 1000, size=(16, *size))
    mask = (rng.random(image.shape) < 0.6).astype(np.uint8)
    mask[:, 0, 0] = 1  # frames without a voxel are not stored
    seg = scanner.seg(
        scanner.series(image), {"Tumour": mask.astype(float) if kind == "FRACTIONAL" else mask}, kind=kind
    )
    np.testing.assert_array_equal(mask_of(read(scanner.root / "ct", seg, minimum_voxels=1)), mask)


def test_a_segment_of_odd_size_is_resampled_whole(scanner: Any) -> None:
    rng = np.random.default_rng(4)
    image = rng.integers(0, 1000, size=(8, 7, 9))
    mask = np.zeros(image.shape, dtype=np.uint8)
    mask[2:7, 2:6, 3:8] = 1
    seg = scanner.seg(scanner.series(image), {"Tumour": mask})
    scanner.spacing_mm, scanner.origin_mm = (0.5, 1.0, 1.5), (-10.25, 4.5, 19.25)
    fine = scanner.series(image.repeat(2, 0).repeat(2, 1).repeat(2, 2), "fine")
    case = read(fine, seg, geometry_repair="resample_mask")
    np.testing.assert_array_equal(mask_of(case), mask.repeat(2, 0).repeat(2, 1).repeat(2, 2))


def test_frames_that_skip_slices_are_put_where_they_belong(
    scanner: Any, folder: Path, blob: np.ndarray
) -> None:
    blob[5], blob[3] = blob[3], 0  # frames on slices 2 and 5 alone: their distance is no slice distance
    np.testing.assert_array_equal(mask_of(read(folder, scanner.seg(folder, {"Tumour": blob}))), blob)


def test_a_single_frame_is_enough(scanner: Any, folder: Path, blob: np.ndarray) -> None:
    blob[3] = 0
    np.testing.assert_array_equal(mask_of(read(folder, scanner.seg(folder, {"Tumour": blob}))), blob)


def test_oblique_images_too(scanner: Any, noise: np.ndarray, blob: np.ndarray) -> None:
    scanner.direction = OBLIQUE
    folder = scanner.series(noise)
    np.testing.assert_array_equal(mask_of(read(folder, scanner.seg(folder, {"Tumour": blob}))), blob)


def test_an_image_with_other_axes_takes_the_same_voxels(
    scanner: Any, noise: np.ndarray, blob: np.ndarray, folder: Path, tmp_path: Path
) -> None:
    seg = scanner.seg(folder, {"Tumour": blob})
    picture = read(folder, seg).image
    turned = sitk.Flip(sitk.PermuteAxes(picture, [2, 0, 1]), [True, False, False])
    sitk.WriteImage(turned, str(tmp_path / "turned.nii.gz"))
    case = read(tmp_path / "turned.nii.gz", seg)
    np.testing.assert_array_equal(mask_of(case), blob.transpose(1, 2, 0)[:, :, ::-1])
    assert "no frame of reference to compare" in case.repairs[0]


def test_fractions_count_from_one_half(scanner: Any, folder: Path, blob: np.ndarray) -> None:
    fractions = blob * 0.9
    fractions[2, 4, 5], fractions[2, 4, 6], fractions[0, 0, 0] = 0.495, 0.505, 0.3
    expected = blob.copy()
    expected[2, 4, 5] = 0
    case = read(folder, scanner.seg(folder, {"Tumour": fractions}, kind="FRACTIONAL"))
    np.testing.assert_array_equal(mask_of(case), expected)


@pytest.mark.parametrize("kind", ["BINARY", "LABELMAP"])
def test_the_segment_is_chosen_by_label_pattern_or_number(
    scanner: Any, folder: Path, blob: np.ndarray, kind: str
) -> None:
    other = np.zeros_like(blob)
    other[1:3, 9:11, 9:12] = 1
    seg = scanner.seg(folder, {"Liver": other, "Tumour core": blob}, kind=kind)
    for part in ("Tumour core", "/Tumour.*/", "[2]"):
        np.testing.assert_array_equal(mask_of(read(folder, f"{seg}::{part}")), blob)
    np.testing.assert_array_equal(mask_of(read(folder, f"{seg}::Liver")), other)
    error = error_of(folder, seg)
    assert "there are 2 segments; found:\n    [1] Liver\n    [2] Tumour core" in error.problem
    assert "no segment is named 'Spleen'" in error_of(folder, f"{seg}::Spleen").problem


def test_overlapping_segments_do_not_mix(scanner: Any, folder: Path, blob: np.ndarray) -> None:
    larger = blob.copy()
    larger[1:5, 2:10, 2:10] = 1
    seg = scanner.seg(folder, {"Inner": blob, "Outer": larger})
    np.testing.assert_array_equal(mask_of(read(folder, f"{seg}::Inner")), blob)
    np.testing.assert_array_equal(mask_of(read(folder, f"{seg}::Outer")), larger)


def test_another_grid_needs_a_named_repair(
    scanner: Any, noise: np.ndarray, blob: np.ndarray, folder: Path
) -> None:
    seg = scanner.seg(folder, {"Tumour": blob})
    scanner.spacing_mm, scanner.origin_mm = (0.5, 1.0, 1.5), (-10.25, 4.5, 19.25)
    fine = scanner.series(noise.repeat(2, 0).repeat(2, 1).repeat(2, 2), "fine")
    assert "image and mask have different geometry" in error_of(fine, seg).problem
    case = read(fine, seg, geometry_repair="resample_mask")
    np.testing.assert_array_equal(mask_of(case), blob.repeat(2, 0).repeat(2, 1).repeat(2, 2))
    assert case.repairs[0].startswith("resample_mask")


def test_a_part_of_the_image_that_lacks_the_segment(
    scanner: Any, noise: np.ndarray, blob: np.ndarray, folder: Path
) -> None:
    seg = scanner.seg(folder, {"Tumour": blob})
    part = scanner.series(noise[:3], "part")
    assert "segment 'Tumour': 6 of its voxels lie outside the image" in error_of(part, seg).problem


def test_another_frame_of_reference(scanner: Any, folder: Path, blob: np.ndarray) -> None:
    seg = scanner.seg(folder, {"Tumour": blob})
    dataset = pydicom.dcmread(seg)
    dataset.FrameOfReferenceUID = generate_uid()
    dataset.save_as(seg)
    assert "segment 'Tumour' belongs to another frame of reference" in error_of(folder, seg).problem


def test_an_empty_segment(scanner: Any, folder: Path, blob: np.ndarray) -> None:
    seg = scanner.seg(folder, {"Tumour": blob, "Nothing": np.zeros_like(blob)})
    error = error_of(folder, f"{seg}::Nothing")
    assert error.problem == "segment 'Nothing': it has no voxel"


def test_a_file_that_was_cut_off(scanner: Any, folder: Path, blob: np.ndarray) -> None:
    def edit(dataset: Dataset, place: int) -> None:
        dataset.PixelData = dataset.PixelData[:4]

    seg = scanner.seg(folder, {"Tumour": blob}, edit=edit)
    assert "segment 'Tumour' cannot be read" in error_of(folder, seg).problem


def test_a_series_of_labels_is_a_mask_too(scanner: Any, folder: Path, blob: np.ndarray) -> None:
    labels = scanner.series(blob * 3, "labels")
    np.testing.assert_array_equal(mask_of(read(folder, str(labels), mask_label=3)), blob)


def test_the_hash_is_of_file_and_segment(scanner: Any, folder: Path, blob: np.ndarray) -> None:
    seg = scanner.seg(folder, {"A": blob, "B": blob[:, ::-1]})
    assert len({content_hash(f"{seg}::{part}") for part in ("A", "B", "[1]")}) == 3
