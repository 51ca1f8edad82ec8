"""An ROI becomes the voxels that were drawn, or the message names the ROI, the contour and the slice."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from pydicom.dataset import Dataset
from pydicom.uid import generate_uid
from skimage.measure import find_contours

from samesplit.errors import LesionError
from samesplit.imaging.case import Case, read_case
from samesplit.imaging.image_references import content_hash

Rectangle = Callable[..., np.ndarray]
OBLIQUE = np.linalg.qr(np.array([[1.0, 0.2, 0.1], [-0.3, 0.9, 0.2], [0.1, -0.1, 1.0]]))[0]


@pytest.fixture
def image(scanner: Any, noise: np.ndarray) -> str:
    return str(scanner.series(noise, series="1.2.3.4"))


@pytest.fixture
def gtv(rectangle: Rectangle) -> list[np.ndarray]:
    """Rectangles of 3 x 4 voxels on slices 2 and 3."""
    return [rectangle((4.5, 7.5), (3.6, 7.4), z) for z in (2, 3)]


def read(image: str, mask: str, **settings: Any) -> Case:
    return read_case(image, mask, lesion_id="L7", **settings)


def mask_of(case: Case) -> np.ndarray:
    values: np.ndarray = sitk.GetArrayFromImage(case.mask)
    return values


def error_of(image: str, mask: str) -> LesionError:
    with pytest.raises(LesionError) as caught:
        read(image, mask)
    assert caught.value.remedy
    assert "lesion L7" in str(caught.value.where)
    return caught.value


def test_contours_become_the_voxels_within(scanner: Any, image: str, gtv: list[np.ndarray]) -> None:
    case = read(image, scanner.rtstruct({"GTV": gtv}, series="1.2.3.4"))
    expected = np.zeros((6, 12, 14), dtype=np.uint8)
    expected[2:4, 4:8, 5:8] = 1
    np.testing.assert_array_equal(mask_of(case), expected)
    assert case.repairs == ()


@pytest.mark.parametrize("sign", [1, -1])
def test_oblique_images_too(scanner: Any, noise: np.ndarray, blob: np.ndarray, sign: int) -> None:
    direction = OBLIQUE * np.array([1, sign, 1])
    direction[:, 2] = np.cross(direction[:, 0], direction[:, 1])
    scanner.direction = direction
    folder = scanner.series(noise)
    contours = [
        np.column_stack([line[:-1, ::-1], np.full(len(line) - 1, z)])
        for z in (2, 3)
        for line in find_contours(blob[z].astype(float), 0.5)
    ]
    np.testing.assert_array_equal(mask_of(read(str(folder), scanner.rtstruct({"GTV": contours}))), blob)


def test_the_roi_is_chosen_by_name_pattern_or_number(
    scanner: Any, image: str, gtv: list[np.ndarray], rectangle: Rectangle
) -> None:
    rt = scanner.rtstruct({"Heart": [rectangle((1, 9), (1, 9), 1)], "GTV-1 ": gtv, "Lung": []})
    masks = [mask_of(read(image, f"{rt}::{part}")) for part in ("GTV-1", "/GTV.*/", "[5]")]
    assert [int(mask.sum()) for mask in masks] == [24, 24, 24]
    assert int(mask_of(read(image, f"{rt}::Heart")).sum()) == 81
    error = error_of(image, rt)
    assert "there are 3 ROIs; found:\n    [4] Heart\n    [5] GTV-1\n    [6] Lung" in error.problem
    assert "no ROI is named 'PTV'; found" in error_of(image, f"{rt}::PTV").problem
    assert "names 2 ROIs" in error_of(image, f"{rt}::/.*[au].*/").problem


def test_holes_are_cut_out(scanner: Any, image: str, rectangle: Rectangle) -> None:
    contours = [rectangle((1.5, 9.5), (1.5, 9.5), 2), rectangle((3.5, 6.5), (3.5, 6.5), 2)]
    assert int(mask_of(read(image, scanner.rtstruct({"GTV": contours}))).sum()) == 64 - 9


def test_a_nifti_image_takes_contours_by_their_coordinates(
    scanner: Any, noise: np.ndarray, image: str, gtv: list[np.ndarray], tmp_path: Path
) -> None:
    rt = scanner.rtstruct({"GTV": gtv})
    copy = sitk.GetImageFromArray(noise.astype(np.int16))
    copy.SetSpacing(scanner.spacing_mm)
    copy.SetOrigin(scanner.origin_mm)
    sitk.WriteImage(copy, str(tmp_path / "ct.nii.gz"))
    case = read(str(tmp_path / "ct.nii.gz"), rt)
    np.testing.assert_array_equal(mask_of(case), mask_of(read(image, rt)))
    assert "no frame of reference to compare" in case.repairs[0]


class TestNotes:
    def test_another_series_of_the_same_frame(self, scanner: Any, image: str, gtv: list[np.ndarray]) -> None:
        case = read(image, scanner.rtstruct({"GTV": gtv}, series="1.2.3.5"))
        assert case.repairs == ("mask: ROI 'GTV' was drawn on another series of the same frame of reference",)

    def test_slices_between_that_have_no_contour(
        self, scanner: Any, image: str, rectangle: Rectangle
    ) -> None:
        contours = [rectangle((4.5, 7.5), (3.6, 7.4), z) for z in (1, 3, 4)]
        case = read(image, scanner.rtstruct({"GTV": contours}))
        assert "no contour on 1 of the slices between its first and last: 2" in case.repairs[0]

    def test_contours_that_hold_no_voxel_centre(
        self, scanner: Any, image: str, gtv: list[np.ndarray], rectangle: Rectangle
    ) -> None:
        case = read(image, scanner.rtstruct({"GTV": [*gtv, rectangle((1.2, 1.6), (2.1, 2.6), 2)]}))
        assert "hold no voxel centre (up to 0.4 mm²) gave none: contour 3 of 3 on slice 2" in case.repairs[0]
        assert int(mask_of(case).sum()) == 24

    def test_crossing_contours(self, scanner: Any, image: str, rectangle: Rectangle) -> None:
        contours = [rectangle((1.5, 6.5), (1.5, 6.5), 2), rectangle((4.5, 9.5), (1.5, 6.5), 2)]
        case = read(image, scanner.rtstruct({"GTV": contours}))
        assert int(mask_of(case).sum()) == 25 + 25 - 2 * 10
        assert "contour 1 of 2 on slice 2 and contour 2 of 2 on slice 2 cross" in case.repairs[0]

        def edit(item: Dataset, place: int) -> None:
            item.ContourGeometricType = "CLOSEDPLANAR_XOR"

        case = read(image, scanner.rtstruct({"GTV": contours}, edit=edit))
        assert int(mask_of(case).sum()) == 30
        assert case.repairs == ()


class TestBadContours:
    def refused(self, scanner: Any, image: str, gtv: list[np.ndarray], **changes: Any) -> str:
        def edit(item: Dataset, place: int) -> None:
            if place == 1:
                for keyword, value in changes.items():
                    setattr(item, keyword, value)

        return error_of(image, scanner.rtstruct({"GTV": gtv}, edit=edit)).problem

    def test_an_roi_without_contours(self, scanner: Any, image: str) -> None:
        assert error_of(image, scanner.rtstruct({"GTV": []})).problem == "ROI 'GTV' has no contours"

    def test_an_empty_contour(self, scanner: Any, image: str, gtv: list[np.ndarray]) -> None:
        assert "ROI 'GTV': contour 2 of 2 is empty" in self.refused(scanner, image, gtv, ContourData=None)

    def test_an_open_contour(self, scanner: Any, image: str, gtv: list[np.ndarray]) -> None:
        problem = self.refused(scanner, image, gtv, ContourGeometricType="OPEN_PLANAR")
        assert "contour 2 of 2 at (-5.5, 12.2, 29) mm is not closed (its type is OPEN_PLANAR)" in problem

    def test_a_point(self, scanner: Any, image: str, gtv: list[np.ndarray]) -> None:
        problem = self.refused(
            scanner, image, gtv, ContourGeometricType="POINT", ContourData=["1", "2", "29"]
        )
        assert "is not closed (its type is POINT)" in problem

    def test_two_points(self, scanner: Any, image: str, gtv: list[np.ndarray]) -> None:
        problem = self.refused(scanner, image, gtv, ContourData=["1", "12", "29", "2", "12", "29"])
        assert "has 2 points, at least 3 are needed" in problem

    def test_numbers_that_are_no_points(self, scanner: Any, image: str, gtv: list[np.ndarray]) -> None:
        assert "some of them missing" in self.refused(scanner, image, gtv, ContourData=["1"] * 10)

    @pytest.mark.parametrize("z", [-1, 6])
    def test_above_or_below_the_image(
        self, scanner: Any, image: str, gtv: list[np.ndarray], rectangle: Rectangle, z: int
    ) -> None:
        rt = scanner.rtstruct({"GTV": [*gtv, rectangle((4.5, 7.5), (3.6, 7.4), z)]})
        problem = error_of(image, rt).problem
        assert "ROI 'GTV': contour 3 of 3 at" in problem
        assert f"lies outside the image, on slice {z} of 6" in problem

    @pytest.mark.parametrize(
        ("x", "y"), [((-1.5, 3.0), (2.0, 5.0)), ((9.0, 14.5), (2.0, 5.0)), ((2.0, 5.0), (9.0, 12.5))]
    )
    def test_beside_the_image(
        self, scanner: Any, image: str, rectangle: Rectangle, x: tuple[float, float], y: tuple[float, float]
    ) -> None:
        problem = error_of(image, scanner.rtstruct({"GTV": [rectangle(x, y, 4)]})).problem
        assert problem == "ROI 'GTV': contour 1 of 1 on slice 4 leaves the image by 1 voxels"

    def test_the_image_border_itself_is_inside(self, scanner: Any, image: str, rectangle: Rectangle) -> None:
        whole = rectangle((-0.5, 13.5), (-0.5, 11.5), 5)
        assert int(mask_of(read(image, scanner.rtstruct({"GTV": [whole]}))).sum()) == 14 * 12

    def test_between_slices(
        self, scanner: Any, image: str, gtv: list[np.ndarray], rectangle: Rectangle
    ) -> None:
        rt = scanner.rtstruct({"GTV": [*gtv, rectangle((4.5, 7.5), (3.6, 7.4), 4.3)]})
        problem = error_of(image, rt).problem
        assert "contour 3 of 3 at" in problem
        assert "lies between slices: 0.9 mm from slice 4, more than 0.2 mm" in problem

    def test_a_hair_off_the_slice_is_on_it(self, scanner: Any, image: str, rectangle: Rectangle) -> None:
        near = rectangle((4.5, 7.5), (3.6, 7.4), 4.06)
        assert mask_of(read(image, scanner.rtstruct({"GTV": [near]})))[4].sum() == 12

    def test_across_slices(self, scanner: Any, image: str, gtv: list[np.ndarray]) -> None:
        gtv[1][0, 2] = 5
        problem = error_of(image, scanner.rtstruct({"GTV": gtv})).problem
        assert "does not lie in a slice of the image: its points spread over 6 mm" in problem

    def test_the_same_contour_twice(self, scanner: Any, image: str, gtv: list[np.ndarray]) -> None:
        problem = error_of(image, scanner.rtstruct({"GTV": [*gtv, gtv[0]]})).problem
        assert "contour 1 of 3 on slice 2 and contour 3 of 3 on slice 2 are the same contour" in problem

    def test_another_frame_of_reference(self, scanner: Any, image: str, gtv: list[np.ndarray]) -> None:
        problem = error_of(image, scanner.rtstruct({"GTV": gtv}, frame=generate_uid())).problem
        assert "ROI 'GTV' belongs to another frame of reference" in problem

    def test_only_slivers_are_an_empty_mask(self, scanner: Any, image: str, rectangle: Rectangle) -> None:
        rt = scanner.rtstruct({"GTV": [rectangle((1.2, 1.6), (2.1, 2.6), 2)]})
        assert error_of(image, rt).problem == "the mask is empty"

    def test_another_label_is_not_there(self, scanner: Any, image: str, gtv: list[np.ndarray]) -> None:
        with pytest.raises(LesionError, match="no label 2; labels found: 1"):
            read(image, scanner.rtstruct({"GTV": gtv}), mask_label=2)

    def test_a_file_whose_sequences_do_not_fit(self, scanner: Any, image: str, gtv: list[np.ndarray]) -> None:
        rt = scanner.rtstruct({"GTV": gtv})
        dataset = pydicom.dcmread(rt)
        del dataset.StructureSetROISequence[0].ROINumber
        dataset.save_as(rt)
        assert "the DICOM content is damaged (AttributeError" in error_of(image, rt).problem

    def test_a_missing_and_a_broken_file(self, scanner: Any, image: str, tmp_path: Path) -> None:
        assert "does not exist" in error_of(image, f"{tmp_path}/none.dcm::GTV").problem
        (tmp_path / "bad.dcm").write_text("no DICOM at all")
        assert "is no DICOM file" in error_of(image, str(tmp_path / "bad.dcm")).problem


def test_the_hash_is_of_file_and_roi(scanner: Any, gtv: list[np.ndarray], tmp_path: Path) -> None:
    rt = scanner.rtstruct({"GTV": gtv, "PTV": gtv})
    copy = tmp_path / "copy.dcm"
    copy.write_bytes(Path(rt).read_bytes())
    assert content_hash(f"{rt}::GTV") == content_hash(f"{copy}::GTV")
    assert len({content_hash(rt), content_hash(f"{rt}::GTV"), content_hash(f"{rt}::PTV")}) == 3


@pytest.mark.data
def test_the_ibsi_phantoms_contours_give_its_nifti_mask(shared_data: Path) -> None:
    phantom = shared_data / "ibsi1" / "ct_phantom"
    if not phantom.is_dir():
        pytest.skip(f"{phantom} is not there: the RTSTRUCT was not compared with its NIfTI mask")
    folder, rt = phantom / "dicom" / "image", next((phantom / "dicom" / "mask").glob("*.dcm"))
    drawn = read(str(folder), f"{rt}::GTV-1")
    known = read(str(phantom / "nifti/image/phantom.nii.gz"), str(phantom / "nifti/mask/mask.nii.gz"))
    assert int(mask_of(drawn).sum()) == 125_256
    np.testing.assert_array_equal(mask_of(drawn), mask_of(known))
    np.testing.assert_array_equal(sitk.GetArrayFromImage(drawn.image), sitk.GetArrayFromImage(known.image))
    assert drawn.image.GetSpacing() == pytest.approx(known.image.GetSpacing(), abs=1e-6)
    assert drawn.image.GetOrigin() == pytest.approx(known.image.GetOrigin(), abs=1e-6)
    assert drawn.repairs == ()
