"""Uneven and tilted series come back as the volume that was scanned, masks drawn on them stay on the lesion."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from pydicom.dataset import Dataset

from samesplit.errors import LesionError
from samesplit.imaging.case import Case, read_case
from samesplit.imaging.dicom.resample import map_slices, resample_planes
from samesplit.imaging.image_references import content_hash

Write = Callable[..., Path]
SIZE = 48
UNEVEN = [0.0, 3, 6, 9, 12, 18, 21, 27, 30, 33, 36, 42, 45]
EVEN = [3.0 * place for place in range(16)]
CENTRE, RADIUS = np.array([24.2, 25.1, 23.3]), 13.4


def scanned(points: np.ndarray) -> np.ndarray:
    """A smooth patient: grey levels at points in mm, of curvature up to 4000 / 10² a mm²."""
    waves: np.ndarray = 4000 * np.prod(np.sin(points / 10.0 + np.array([0.3, 1.1, 0.7])), axis=-1)
    return waves


def planes(heights: list[float], tilt: float) -> np.ndarray:
    """Where the voxels of slices lie whose stack leans by a tilt in degrees (x, y, z on the last axis)."""
    rows, columns = np.indices((SIZE, SIZE), dtype=float)
    return np.stack(
        [np.stack([columns, rows + z * np.tan(np.radians(tilt)), np.full_like(rows, z)], -1) for z in heights]
    )


@pytest.fixture
def write(scanner: Any) -> Write:
    def make(heights: list[float], tilt: float = 0.0, name: str = "ct") -> Path:
        scanner.spacing_mm, scanner.origin_mm = (1.0, 1.0, 3.0), (0.0, 0.0, 0.0)

        def edit(dataset: Dataset, z: int) -> None:
            dataset.ImagePositionPatient = [
                0, round(heights[z] * np.tan(np.radians(tilt)), 8), heights[z]
            ]  # fmt: skip

        folder: Path = scanner.series(np.round(scanned(planes(heights, tilt))), name, edit=edit)
        return folder

    return make


def circles(scanner: Any, heights: list[float]) -> str:
    """The ball's outlines on the slices, in mm (the scanner's voxels are 1 mm)."""
    scanner.spacing_mm, angles = (1.0, 1.0, 1.0), np.linspace(0, 2 * np.pi, 180, endpoint=False)
    contours = []
    for z in heights:
        square = RADIUS**2 - (z - CENTRE[2]) ** 2
        if square > 0:
            ring = np.sqrt(square) * np.column_stack([np.cos(angles), np.sin(angles)])
            contours.append(np.column_stack([ring + CENTRE[:2], np.full(len(ring), z)]))
    path: str = scanner.rtstruct({"GTV": contours})
    return path


def read(folder: Path, mask: str, **settings: Any) -> Case:
    return read_case(str(folder), mask, lesion_id="L7", **({"geometry_repair": "resample_slices"} | settings))


def places(image: sitk.Image) -> np.ndarray:
    """Where the voxels of an upright image lie, in mm, axes z, y, x."""
    z, y, x = np.indices(image.GetSize()[::-1], dtype=float)
    index = np.stack([x, y, z], axis=-1)
    where: np.ndarray = index * np.array(image.GetSpacing()) + np.array(image.GetOrigin())
    return where


def mask_of(case: Case) -> np.ndarray:
    values: np.ndarray = sitk.GetArrayFromImage(case.mask)
    return values


def ball_of(case: Case) -> np.ndarray:
    inside: np.ndarray = ((places(case.mask) - CENTRE) ** 2).sum(axis=-1) <= RADIUS**2
    return inside


def dice(one: np.ndarray, other: np.ndarray) -> float:
    return float(2 * (one & other).sum() / (one.sum() + other.sum()))


class TestUnevenSlices:
    def test_slices_stay_and_gaps_are_filled(self, scanner: Any, write: Write) -> None:
        case = read(write(UNEVEN), circles(scanner, UNEVEN))
        values = sitk.GetArrayFromImage(case.image)
        assert case.image.GetSize() == (SIZE, SIZE, 16)
        assert case.image.GetSpacing() == (1.0, 1.0, 3.0)
        known = np.round(scanned(planes(UNEVEN, 0)))
        taken = [EVEN.index(z) for z in UNEVEN]
        np.testing.assert_array_equal(values[taken], known)
        for z in sorted(set(range(16)) - set(taken)):
            np.testing.assert_allclose(values[z], (values[z - 1] + values[z + 1]) / 2)
        # linear interpolation over 6 mm: at most 6² / 8 times the curvature, and the rounding
        assert np.abs(values - scanned(places(case.image))).max() <= 36 / 8 * 40 + 1

    def test_the_ledger_says_what_was_made(self, scanner: Any, write: Write) -> None:
        case = read(write(UNEVEN), circles(scanner, UNEVEN))
        inside = mask_of(case)[[5, 8, 13]].sum()
        assert case.repairs == (
            "resample_slices: 13 slices 3 to 6 mm apart became 16 slices 3 mm apart, 3 of them interpolated "
            "between two (at 15, 24, 39 mm from the first)",
            f"resample_slices: {inside:,} of the lesion's {mask_of(case).sum():,} voxels lie on interpolated "
            "slices",
        )

    def test_contours_are_interpolated_like_the_image(self, scanner: Any, write: Write) -> None:
        mended = read(write(UNEVEN), circles(scanner, UNEVEN))
        whole = read(write(EVEN, name="even"), circles(scanner, EVEN))
        assert dice(mask_of(mended) > 0, mask_of(whole) > 0) >= 0.99
        assert dice(mask_of(mended) > 0, ball_of(mended)) >= 0.99
        assert mask_of(mended).sum() * 3.0 == pytest.approx(4 / 3 * np.pi * RADIUS**3, rel=0.02)

    def test_segments_too(self, scanner: Any, write: Write) -> None:
        folder = write(UNEVEN)
        drawn = ((planes(UNEVEN, 0) - CENTRE) ** 2).sum(axis=-1) <= RADIUS**2
        for kind in ("BINARY", "LABELMAP"):
            case = read(folder, scanner.seg(folder, {"GTV": drawn.astype(np.uint8)}, kind=kind))
            np.testing.assert_array_equal(mask_of(case)[[EVEN.index(z) for z in UNEVEN]], drawn)
            assert dice(mask_of(case) > 0, ball_of(case)) >= 0.98

    def test_an_even_series_is_left_as_it_is(self, scanner: Any, write: Write) -> None:
        folder, rt = write(EVEN), circles(scanner, EVEN)
        mended, strict = read(folder, rt), read(folder, rt, geometry_repair=None)
        assert mended.repairs == strict.repairs == ()
        np.testing.assert_array_equal(
            sitk.GetArrayFromImage(mended.image), sitk.GetArrayFromImage(strict.image)
        )

    def test_without_the_repair_the_message_names_it(self, scanner: Any, write: Write) -> None:
        with pytest.raises(LesionError) as caught:
            read(write(UNEVEN), circles(scanner, UNEVEN), geometry_repair=None)
        assert "3 slices missing: the usual distance along the normal is 3 mm" in caught.value.problem
        assert "cohort.geometry_repair: resample_slices" in str(caught.value.remedy)

    def test_a_wide_gap_is_not_bridged(self, scanner: Any, write: Write) -> None:
        heights = [0.0, 3, 6, 9, 21, 24, 27]
        with pytest.raises(LesionError, match="there is one of 12 mm between slices 3 mm apart"):
            read(write(heights), circles(scanner, heights))

    def test_slices_that_drift_are_interpolated(self, scanner: Any, write: Write) -> None:
        heights = [3 * z + 0.006 * z * z for z in range(20)]
        case = read(write(heights), circles(scanner, heights))
        error = np.abs(sitk.GetArrayFromImage(case.image) - scanned(places(case.image)))
        slope = 4000 / 10
        assert error.max() <= 0.1 * 3.3 * slope + 9 / 8 * 40 * 1.3 + 1
        assert dice(mask_of(case) > 0, ball_of(case)) >= 0.97  # a slice a tenth off its plane counts as on it

    def test_masks_of_another_folder_must_fit_the_new_grid(
        self, scanner: Any, write: Write, tmp_path: Path
    ) -> None:
        folder = write(UNEVEN)
        case = read(folder, circles(scanner, UNEVEN))
        sitk.WriteImage(case.mask, str(tmp_path / "mended.nii.gz"))
        again = read(folder, str(tmp_path / "mended.nii.gz"))
        np.testing.assert_array_equal(mask_of(again), mask_of(case))


class TestTiltedGantry:
    @pytest.mark.parametrize("tilt", [-12.0, 5.0, 20.0])
    def test_the_upright_grid_shows_what_was_scanned(self, scanner: Any, write: Write, tilt: float) -> None:
        case = read(write(EVEN, tilt), circles(scanner, EVEN))
        values = sitk.GetArrayFromImage(case.image)
        lowest = values.min()
        where = places(case.image)
        covered = values != lowest
        covered &= np.abs(where[..., 1] - where[..., 2] * np.tan(np.radians(tilt)) - 23.5) < 22.5
        # linear interpolation over 1 mm within the slices: an eighth of the curvature, and the rounding
        assert np.abs(values - scanned(where))[covered].max() <= 40 / 8 + 1
        assert covered.mean() > 0.6

    @pytest.mark.parametrize("tilt", [-12.0, 5.0, 20.0])
    def test_contours_stay_where_they_were_drawn(self, scanner: Any, write: Write, tilt: float) -> None:
        case = read(write(EVEN, tilt), circles(scanner, EVEN))
        assert dice(mask_of(case) > 0, ball_of(case)) >= 0.995

    @pytest.mark.parametrize("tilt", [-12.0, 20.0])
    def test_segments_move_by_the_nearest_voxel(self, scanner: Any, write: Write, tilt: float) -> None:
        folder = write(EVEN, tilt)
        drawn = ((planes(EVEN, tilt) - CENTRE) ** 2).sum(axis=-1) <= RADIUS**2
        case = read(folder, scanner.seg(folder, {"GTV": drawn.astype(np.uint8)}))
        assert mask_of(case).sum() == drawn.sum()
        assert dice(mask_of(case) > 0, ball_of(case)) >= 0.97

    def test_the_ledger_says_how_far_and_onto_what(self, scanner: Any, write: Write) -> None:
        case = read(write(EVEN, 20.0), circles(scanner, EVEN))
        assert case.image.GetSize() == (SIZE, SIZE + 17, 16)
        assert case.repairs == (
            "resample_slices: the slices were shifted within their planes by up to 16.4 mm (a gantry tilted by "
            "20.00 degrees, to within 0.00 mm) onto an upright grid of 48 x 65 voxels instead of 48 x 48; what no "
            "slice covers got the image's lowest value",
        )

    def test_without_the_repair_the_message_names_it(self, scanner: Any, write: Write) -> None:
        with pytest.raises(LesionError, match="a tilted gantry") as caught:
            read(write(EVEN, 20.0), circles(scanner, EVEN), geometry_repair=None)
        assert "cohort.geometry_repair: resample_slices" in str(caught.value.remedy)

    def test_a_contour_beside_its_own_slice_is_outside(
        self, scanner: Any, write: Write, rectangle: Callable[..., np.ndarray]
    ) -> None:
        folder = write(EVEN, 20.0)
        scanner.spacing_mm = (1.0, 1.0, 1.0)
        rt = scanner.rtstruct(
            {"GTV": [rectangle((20, 30), (40, 54), 0.0)]}
        )  # on the canvas, not on the slice
        with pytest.raises(LesionError, match=r"on slice 0 leaves the image by 6\.5 voxels"):
            read(folder, rt)
        case = read(folder, rt, geometry_repair=("resample_slices", "clip_contours"))
        assert mask_of(case).sum() == 11 * 8

    def test_tilted_and_uneven_at_once(self, scanner: Any, write: Write) -> None:
        case = read(write(UNEVEN, 12.0), circles(scanner, UNEVEN))
        assert [note.split(":")[0] for note in case.repairs if note.startswith("res")] == [
            "resample_slices"
        ] * 3
        assert dice(mask_of(case) > 0, ball_of(case)) >= 0.99

    def test_slices_that_jump_sideways_are_no_tilt(self, scanner: Any, noise: np.ndarray) -> None:
        def edit(dataset: Dataset, z: int) -> None:
            dataset.ImagePositionPatient = [-10 + (0, 2, -1, 3, 0, 1)[z], 5, 20 + 3 * z]

        rt = scanner.rtstruct({"GTV": [np.array([(6.0, 5, 3), (10, 5, 3), (10, 8, 3), (6, 8, 3)])]})
        case = read(scanner.series(noise, edit=edit), rt)
        assert "by up to 3 mm (unevenly) onto an upright grid of 18 x 12 voxels" in case.repairs[0]
        values = sitk.GetArrayFromImage(case.image)
        for z, shift in enumerate((0, 2, -1, 3, 0, 1)):
            np.testing.assert_array_equal(values[z, :, 1 + shift : 15 + shift], noise[z])

    def test_oblique_slices_lean_too(self, scanner: Any) -> None:
        """The same shear in a turned frame gives the same voxels."""
        cos, sin = np.cos(np.radians(15)), np.sin(np.radians(15))
        turned = np.array([[1, 0, 0], [0, cos, -sin], [0, sin, cos]])
        scanner.spacing_mm, scanner.origin_mm, scanner.direction = (1.0, 1.0, 3.0), (5.0, -7.0, 2.0), turned
        values = np.round(scanned(planes(EVEN, 15.0)))

        def edit(dataset: Dataset, z: int) -> None:
            lean = EVEN[z] * np.tan(np.radians(15))
            place = np.array(scanner.origin_mm) + turned @ np.array([0, lean, EVEN[z]])
            dataset.ImagePositionPatient = [round(float(v), 8) for v in place]

        rt = scanner.rtstruct({"GTV": [np.array([(20.0, 20, 5), (30, 20, 5), (30, 30, 5), (20, 30, 5)])]})
        case = read(scanner.series(values, edit=edit), rt)
        np.testing.assert_allclose(np.reshape(case.image.GetDirection(), (3, 3)), turned, atol=1e-9)
        assert mask_of(case).sum() == 11 * 11
        index = case.image.TransformPhysicalPointToIndex(scanner.point((25, 25, 5)))
        assert mask_of(case)[index[::-1]] == 1


class TestMultiframe:
    @pytest.mark.parametrize(("heights", "tilt"), [(UNEVEN, 0.0), (EVEN, 15.0), (UNEVEN, 15.0)])
    def test_frames_become_what_slices_become(
        self, scanner: Any, write: Write, heights: list[float], tilt: float
    ) -> None:
        lean = np.tan(np.radians(tilt))
        folder, rt = write(heights, tilt), circles(scanner, heights)
        scanner.spacing_mm = (1.0, 1.0, 3.0)
        values = np.round(scanned(planes(heights, tilt)))
        file = scanner.enhanced(values, [(0.0, round(lean * z, 8), z) for z in heights])
        slices, frames = read(folder, rt), read(Path(file), rt)
        np.testing.assert_allclose(
            sitk.GetArrayFromImage(frames.image), 2 * sitk.GetArrayFromImage(slices.image) + 1, atol=1e-2
        )
        np.testing.assert_array_equal(mask_of(frames), mask_of(slices))
        assert frames.repairs == slices.repairs
        with pytest.raises(LesionError, match="the frames form no volume") as caught:
            read(Path(file), rt, geometry_repair=None)
        assert "cohort.geometry_repair: resample_slices" in str(caught.value.remedy)


class TestCopies:
    @pytest.fixture
    def folder(self, scanner: Any, noise: np.ndarray) -> Path:
        path: Path = scanner.series(noise)
        return path

    def copy(self, folder: Path, place: int, name: str, *, brighter: int = 0) -> None:
        source = next(p for p in folder.iterdir() if pydicom.dcmread(p).InstanceNumber == place + 1)
        dataset = pydicom.dcmread(source)
        if brighter:
            dataset.PixelData = (np.frombuffer(dataset.PixelData, "<i2") + brighter).astype("<i2").tobytes()
        dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = f"1.2.3.{place}.{brighter}"
        dataset.save_as(folder / name)

    def test_a_slice_that_is_there_twice_is_taken_once(
        self, scanner: Any, folder: Path, noise: np.ndarray, blob: np.ndarray
    ) -> None:
        seg = scanner.seg(folder, {"Tumour": blob})
        before = content_hash(str(folder))
        self.copy(folder, 2, "zz2.dcm")
        self.copy(folder, 5, "zz5.dcm")
        case = read(folder, seg, geometry_repair=None)
        np.testing.assert_array_equal(sitk.GetArrayFromImage(case.image), noise)
        assert case.repairs == (
            "image: 2 slices were there twice, with the same pixels at the same place, and taken once "
            "(without zz2.dcm, zz5.dcm)",
        )
        assert content_hash(str(folder)) != before

    def test_a_whole_series_twice(
        self, scanner: Any, folder: Path, noise: np.ndarray, blob: np.ndarray
    ) -> None:
        seg = scanner.seg(folder, {"Tumour": blob})
        for path in list(folder.iterdir()):
            shutil.copy(path, path.with_name(f"copy of {path.name}"))
        case = read(folder, seg, geometry_repair=None)
        np.testing.assert_array_equal(sitk.GetArrayFromImage(case.image), noise)
        assert "6 slices were there twice" in case.repairs[0]

    @pytest.mark.parametrize("repair", [None, "resample_slices"])
    def test_the_same_place_with_other_pixels_is_an_error(
        self, scanner: Any, folder: Path, blob: np.ndarray, repair: Any
    ) -> None:
        seg = scanner.seg(folder, {"Tumour": blob})
        self.copy(folder, 2, "zz2.dcm", brighter=1)
        with pytest.raises(LesionError, match=r"1 of 7 slices lie where another one lies \(at 26 mm"):
            read(folder, seg, geometry_repair=repair)


@pytest.mark.parametrize("seed", range(4))
def test_whole_shifts_move_voxels_and_nothing_else(seed: int) -> None:
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(5, 4, 6))
    offsets = rng.integers(-3, 4, size=(5, 2)).astype(float)
    slices = map_slices(np.arange(5.0), offsets, (6, 4), near=0.1, where="here")
    made = resample_planes(list(values), slices, fill=-99.0)
    assert (made != -99).sum() == values.size
    for z, (column, row) in enumerate((offsets - np.array(slices.corner)).astype(int)):
        np.testing.assert_array_equal(made[z, row : row + 4, column : column + 6], values[z])
