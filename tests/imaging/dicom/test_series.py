"""A folder of slices becomes the volume that was scanned, or says what stands against it."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import highdicom
import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from pydicom.dataset import Dataset

from imaging.dicom.scanner import box
from samesplit.errors import LesionError
from samesplit.imaging.case import read_case
from samesplit.imaging.dicom.read import read_dicom_image
from samesplit.imaging.image_references import content_hash, parse_reference

OBLIQUE = np.linalg.qr(np.array([[1.0, 0.2, 0.1], [-0.3, 0.9, 0.2], [0.1, -0.1, 1.0]]))[0]


def read(reference: object) -> tuple[sitk.Image, list[str]]:
    parsed = parse_reference(str(reference))
    assert parsed.is_dicom
    return read_dicom_image(parsed.path, parsed.part)


def error_of(reference: object) -> LesionError:
    with pytest.raises(LesionError) as caught:
        read(reference)
    assert caught.value.remedy
    assert caught.value.where is not None
    return caught.value


def test_voxels_and_grid_come_from_the_slices_positions(scanner: Any, noise: np.ndarray) -> None:
    image, notes = read(scanner.series(noise))
    np.testing.assert_array_equal(sitk.GetArrayFromImage(image), noise)
    assert image.GetSpacing() == pytest.approx((1.0, 2.0, 3.0))  # SliceThickness says 99
    assert image.GetOrigin() == pytest.approx((-10.0, 5.0, 20.0))
    assert image.GetDirection() == pytest.approx(np.eye(3).ravel())
    assert notes == []


@pytest.mark.parametrize("sign", [1, -1])
def test_oblique_slices_keep_every_voxel_where_it_was(scanner: Any, noise: np.ndarray, sign: int) -> None:
    direction = OBLIQUE * np.array([1, 1, sign])
    direction[:, 2] = np.cross(direction[:, 0], direction[:, 1])
    scanner.direction = direction
    image, _ = read(scanner.series(noise))
    np.testing.assert_array_equal(sitk.GetArrayFromImage(image), noise)
    index = (3, 7, 4)
    np.testing.assert_allclose(image.TransformIndexToPhysicalPoint(index), scanner.point(index), atol=1e-4)


def test_agrees_with_itk_on_the_same_series(scanner: Any, noise: np.ndarray) -> None:
    folder = scanner.series(noise)
    names = sitk.ImageSeriesReader.GetGDCMSeriesFileNames(str(folder))
    theirs, (ours, _) = sitk.ReadImage(names), read(folder)
    np.testing.assert_array_equal(sitk.GetArrayFromImage(ours), sitk.GetArrayFromImage(theirs))
    for get in (sitk.Image.GetSpacing, sitk.Image.GetOrigin, sitk.Image.GetDirection):
        assert get(ours) == pytest.approx(get(theirs))


@pytest.mark.parametrize("modality", ["CT", "MR"])
def test_each_slice_is_rescaled_by_its_own_slope_and_intercept(
    scanner: Any, noise: np.ndarray, modality: str
) -> None:
    def edit(dataset: Dataset, z: int) -> None:
        dataset.RescaleSlope, dataset.RescaleIntercept = (1, 0) if z == 0 else (0.37 * z, -5)

    image, _ = read(scanner.series(noise, modality=modality, edit=edit))
    slopes = np.array([1, *(0.37 * np.arange(1, 6))])[:, None, None]
    offsets = np.array([0, -5, -5, -5, -5, -5])[:, None, None]
    np.testing.assert_allclose(sitk.GetArrayFromImage(image), noise * slopes + offsets, rtol=1e-12)


def test_compressed_slices_are_decoded(scanner: Any, noise: np.ndarray, tmp_path: Path) -> None:
    def edit(dataset: Dataset, z: int) -> None:
        dataset.compress(pydicom.uid.RLELossless, generate_instance_uid=False)

    image, _ = read(scanner.series(noise, edit=edit))
    np.testing.assert_array_equal(sitk.GetArrayFromImage(image), noise)


def test_other_files_in_the_folder_are_passed_over(scanner: Any, noise: np.ndarray) -> None:
    folder = scanner.series(noise)
    (folder / "Thumbs.db").write_bytes(b"not DICOM at all")
    (folder / ".hidden.dcm").write_bytes(b"x")
    (folder / "more").mkdir()
    shutil.move(scanner.rtstruct({"GTV": []}), folder / "rt.dcm")
    np.testing.assert_array_equal(sitk.GetArrayFromImage(read(folder)[0]), noise)


class TestSeveralSeries:
    @pytest.fixture
    def folder(self, scanner: Any, noise: np.ndarray) -> Path:
        other = scanner.series(noise + 1, "b", description="T2 axial", modality="MR", series="1.2.3.9")
        folder: Path = scanner.series(noise, description="CT lung", series="1.2.3.4")
        for path in other.iterdir():
            shutil.copy(path, folder / f"b{path.name}")
        return folder

    def test_they_are_listed_when_none_is_named(self, folder: Path) -> None:
        error = error_of(folder)
        assert "there are 2 series" in error.problem
        assert "1.2.3.4  CT  CT lung  6 files" in error.problem
        assert "1.2.3.9  MR  T2 axial  6 files" in error.problem
        with pytest.raises(LesionError, match="there are 2 series"):
            content_hash(str(folder))

    @pytest.mark.parametrize("part", ["1.2.3.9", "T2 axial", "/T2.*/"])
    def test_one_is_named_by_uid_description_or_pattern(
        self, folder: Path, noise: np.ndarray, part: str
    ) -> None:
        image, _ = read(f"{folder}::{part}")
        np.testing.assert_array_equal(sitk.GetArrayFromImage(image), noise + 1)

    def test_a_wrong_name_lists_them_too(self, folder: Path) -> None:
        assert "no series is named 'T1'; found:\n    1.2.3.4  CT" in error_of(f"{folder}::T1").problem

    def test_a_pattern_for_two_is_an_error(self, folder: Path) -> None:
        assert "names 2 series and must name exactly one" in error_of(f"{folder}::/.*/").problem


class TestBadSlices:
    def test_a_missing_slice(self, scanner: Any, noise: np.ndarray) -> None:
        folder = scanner.series(noise)
        next(p for p in folder.iterdir() if pydicom.dcmread(p).InstanceNumber == 4).unlink()
        error = error_of(folder)
        assert "1 slice missing" in error.problem
        assert "26 to 32 mm is 6 mm" in error.problem

    def test_uneven_slices(self, scanner: Any, noise: np.ndarray) -> None:
        def edit(dataset: Dataset, z: int) -> None:
            dataset.ImagePositionPatient = [-10, 5, 20 + 3 * z + (1 if z == 5 else 0)]

        assert "unevenly spaced" in error_of(scanner.series(noise, edit=edit)).problem

    def test_slices_that_drift_are_uneven(self, scanner: Any) -> None:
        def edit(dataset: Dataset, z: int) -> None:
            dataset.ImagePositionPatient = [-10, 5, 20 + 3 * z + 0.002 * z * z]

        error = error_of(scanner.series(np.zeros((30, 4, 4)), edit=edit))
        assert "mm off a regular grid" in error.problem

    def test_rounded_positions_are_read_and_noted(self, scanner: Any, noise: np.ndarray) -> None:
        def edit(dataset: Dataset, z: int) -> None:
            dataset.ImagePositionPatient = [-10, 5, round(20 + 1.25 * z, 1)]

        image, notes = read(scanner.series(noise, edit=edit))
        assert image.GetSpacing()[2] == pytest.approx(1.25, abs=0.02)
        assert "off a regular grid" in notes[0]

    def test_two_slices_at_one_place(self, scanner: Any, noise: np.ndarray) -> None:
        def edit(dataset: Dataset, z: int) -> None:
            dataset.ImagePositionPatient = [-10, 5, 20 + 3 * (z // 2)]

        error = error_of(scanner.series(noise, edit=edit))
        assert "3 of 6 slices lie where another one lies (at 20, 23, 26 mm" in error.problem

    def test_mixed_orientations(self, scanner: Any, noise: np.ndarray) -> None:
        def edit(dataset: Dataset, z: int) -> None:
            if z == 0:
                dataset.ImageOrientationPatient = [1, 0, 0, 0, 0, -1]

        error = error_of(scanner.series(noise, edit=edit))
        assert "differ in ImageOrientationPatient" in error.problem

    def test_mixed_sizes(self, scanner: Any, noise: np.ndarray) -> None:
        def edit(dataset: Dataset, z: int) -> None:
            if z == 2:
                dataset.Rows, dataset.Columns = 14, 12

        assert (
            "differ in Rows: 12 (5 slices); 14 (1 slices)"
            in error_of(scanner.series(noise, edit=edit)).problem
        )

    def test_mixed_pixel_spacings(self, scanner: Any, noise: np.ndarray) -> None:
        def edit(dataset: Dataset, z: int) -> None:
            if z == 2:
                dataset.PixelSpacing = [2.0, 1.1]

        assert "differ in PixelSpacing" in error_of(scanner.series(noise, edit=edit)).problem

    def test_a_tilted_gantry(self, scanner: Any, noise: np.ndarray) -> None:
        def edit(dataset: Dataset, z: int) -> None:
            dataset.ImagePositionPatient = [-10, 5 + 0.5 * z, 20 + 3 * z]

        assert "shifted sideways by up to 2.5 mm" in error_of(scanner.series(noise, edit=edit)).problem

    def test_a_slice_without_a_position(self, scanner: Any, noise: np.ndarray) -> None:
        def edit(dataset: Dataset, z: int) -> None:
            if z == 3:
                del dataset.ImagePositionPatient

        assert "no usable ImagePositionPatient" in error_of(scanner.series(noise, edit=edit)).problem

    def test_bad_orientation(self, scanner: Any, noise: np.ndarray) -> None:
        def edit(dataset: Dataset, z: int) -> None:
            dataset.ImageOrientationPatient = [1, 0, 0, 1, 0, 0]

        assert "no perpendicular unit vectors" in error_of(scanner.series(noise, edit=edit)).problem

    def test_one_slice_alone(self, scanner: Any, noise: np.ndarray) -> None:
        assert "one slice, whose distance" in error_of(scanner.series(noise[:1])).problem

        def edit(dataset: Dataset, z: int) -> None:
            dataset.SpacingBetweenSlices = 4

        image, _ = read(scanner.series(noise[:1], "with", edit=edit))
        assert image.GetSpacing() == pytest.approx((1, 2, 4))

    def test_colour(self, scanner: Any, noise: np.ndarray) -> None:
        def edit(dataset: Dataset, z: int) -> None:
            dataset.SamplesPerPixel = 3

        assert "in colour" in error_of(scanner.series(noise, edit=edit)).problem

    def test_a_slice_that_was_cut_off(self, scanner: Any, noise: np.ndarray) -> None:
        folder = scanner.series(noise)
        path = sorted(folder.iterdir())[0]
        path.write_bytes(path.read_bytes()[:-100])
        assert "pixels cannot be read" in error_of(folder).problem

    def test_a_folder_without_slices(self, tmp_path: Path) -> None:
        (tmp_path / "readme.txt").write_text("nothing here")
        assert "no DICOM image (1 files were looked at)" in error_of(tmp_path).problem


class TestMultiframe:
    @pytest.fixture
    def enhanced(self, scanner: Any, noise: np.ndarray) -> str:
        path: str = scanner.enhanced(noise)
        return path

    def test_frames_are_ordered_and_rescaled(self, enhanced: str, noise: np.ndarray) -> None:
        image, _ = read(enhanced)
        np.testing.assert_array_equal(sitk.GetArrayFromImage(image), 2 * noise + 1)
        assert image.GetSpacing() == pytest.approx((1.0, 2.0, 3.0))
        assert image.GetOrigin() == pytest.approx((-10.0, 5.0, 20.0))
        assert image.GetDirection() == pytest.approx(np.eye(3).ravel())

    def test_one_in_a_folder_is_read_too(self, enhanced: str, tmp_path: Path) -> None:
        folder = tmp_path / "only"
        folder.mkdir()
        shutil.copy(enhanced, folder)
        np.testing.assert_array_equal(
            sitk.GetArrayFromImage(read(folder)[0]), sitk.GetArrayFromImage(read(enhanced)[0])
        )

    def test_missing_frames_are_an_error(self, enhanced: str) -> None:
        dataset = pydicom.dcmread(enhanced)
        del dataset.PerFrameFunctionalGroupsSequence[2]
        dataset.NumberOfFrames = 5
        dataset.PixelData = dataset.PixelData[: 5 * 12 * 14 * 2]
        dataset.save_as(enhanced)
        assert "form no volume" in error_of(enhanced).problem

    def test_one_slices_file_is_no_volume(self, scanner: Any, noise: np.ndarray) -> None:
        path = sorted(scanner.series(noise).iterdir())[0]
        assert "holds one slice" in error_of(path).problem

    def test_a_part_of_it_cannot_be_named(self, enhanced: str) -> None:
        assert "has no parts to name" in error_of(f"{enhanced}::x").problem

    def test_an_rtstruct_is_no_image(self, scanner: Any) -> None:
        assert "holds no image (RTSTRUCT)" in error_of(scanner.rtstruct({"GTV": []})).problem


class TestHash:
    def test_names_and_folders_do_not_count(self, scanner: Any, noise: np.ndarray, tmp_path: Path) -> None:
        folder = scanner.series(noise)
        before = content_hash(str(folder))
        other = tmp_path / "elsewhere"
        other.mkdir()
        for place, path in enumerate(sorted(folder.iterdir(), reverse=True)):
            shutil.copy(path, other / f"IM{place}")
        assert content_hash(str(other)) == before

    def test_a_changed_voxel_and_a_missing_slice_count(self, scanner: Any, noise: np.ndarray) -> None:
        folder = scanner.series(noise)
        before = content_hash(str(folder))
        path = sorted(folder.iterdir())[0]
        content = bytearray(path.read_bytes())
        content[-1] ^= 1
        path.write_bytes(content)
        changed = content_hash(str(folder))
        path.unlink()
        assert len({before, changed, content_hash(str(folder))}) == 3

    def test_another_series_in_the_folder_does_not_count(self, scanner: Any, noise: np.ndarray) -> None:
        folder = scanner.series(noise, series="1.2.3.4")
        before = content_hash(f"{folder}::1.2.3.4")
        path = sorted(scanner.series(noise, "b", series="1.2.3.5").iterdir())[0]
        shutil.copy(path, folder / "b.dcm")
        assert content_hash(f"{folder}::1.2.3.4") == before


def test_a_file_without_an_ending_is_known_by_its_content(scanner: Any, tmp_path: Path) -> None:
    path = Path(scanner.rtstruct({"GTV": []})).rename(tmp_path / "RS.1.2.3")
    assert parse_reference(f"{path}::GTV").is_dicom
    path.write_bytes(b"x" * 200)
    with pytest.raises(LesionError, match="not an image file"):
        parse_reference(f"{path}::GTV")


def test_highdicom_reads_the_same_volume(scanner: Any, noise: np.ndarray) -> None:
    folder = scanner.series(noise)
    volume = highdicom.get_volume_from_series(scanner.read(folder))
    image, _ = read(folder)
    corner = volume.affine @ np.array([0, 11, 13, 1])  # highdicom counts slices the other way round
    np.testing.assert_allclose(corner[:3], image.TransformIndexToPhysicalPoint((13, 11, 5)))
    np.testing.assert_array_equal(sitk.GetArrayFromImage(image), volume.array[::-1])


def test_what_pydicom_warns_of_is_a_note_and_no_warning(scanner: Any, noise: np.ndarray) -> None:
    folder = scanner.series(noise, series="1.2.3.4")
    for path in folder.iterdir():
        path.write_bytes(path.read_bytes().replace(b"1.2.3.4\0", b"1.2.x.4\0"))
    assert content_hash(str(folder))

    case = read_case(str(folder), scanner.rtstruct({"GTV": [box((4.5, 7.5), (3.6, 7.4), 2)]}), lesion_id="L1")

    assert case.repairs == ("image: pydicom warns: Invalid value for VR UI: '1.2.x.4'",)
