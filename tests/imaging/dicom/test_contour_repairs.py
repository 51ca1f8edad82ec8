"""Two named repairs of contours: those without area go, what leaves the image is cut, the ledger counts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import SimpleITK as sitk
from pydicom.dataset import Dataset

from samesplit.errors import LesionError
from samesplit.imaging.case import Case, read_case

Rectangle = Callable[..., np.ndarray]
POINT = np.array([(5.0, 5.0, 1.0)])
LINE = np.array([(5.0, 5.0, 4.0), (7.0, 5.0, 4.0)])


@pytest.fixture
def image(scanner: Any, noise: np.ndarray) -> str:
    return str(scanner.series(noise))


@pytest.fixture
def gtv(rectangle: Rectangle) -> list[np.ndarray]:
    return [rectangle((4.5, 7.5), (3.6, 7.4), z) for z in (2, 3)]


def read(image: str, mask: str, *repairs: Any) -> Case:
    return read_case(image, mask, lesion_id="L7", geometry_repair=repairs)


def mask_of(case: Case) -> np.ndarray:
    values: np.ndarray = sitk.GetArrayFromImage(case.mask)
    return values


def refusal(image: str, mask: str, *repairs: Any) -> LesionError:
    with pytest.raises(LesionError) as caught:
        read(image, mask, *repairs)
    assert caught.value.remedy
    return caught.value


def as_points(item: Dataset, place: int) -> None:
    if len(item.ContourData) == 3:
        item.ContourGeometricType = "POINT"


class TestDegenerateContours:
    @pytest.mark.parametrize("bad", [POINT, LINE])
    def test_without_the_repair_the_message_names_it(
        self, scanner: Any, image: str, gtv: list[np.ndarray], bad: np.ndarray
    ) -> None:
        error = refusal(image, scanner.rtstruct({"GTV": [*gtv, bad]}, edit=as_points))
        assert "contour 3 of 3" in error.problem
        assert "cohort.geometry_repair: drop_degenerate_contours" in str(error.remedy)

    def test_they_are_dropped_and_counted(self, scanner: Any, image: str, gtv: list[np.ndarray]) -> None:
        rt = scanner.rtstruct({"GTV": [POINT, *gtv, LINE]}, edit=as_points)
        case = read(image, rt, "drop_degenerate_contours")
        np.testing.assert_array_equal(mask_of(case), mask_of(read(image, scanner.rtstruct({"GTV": gtv}))))
        assert case.repairs == (
            "drop_degenerate_contours: ROI 'GTV' lost 2 of 4 contours, which hold no area (contour 1 of 4: "
            "1 point at (-5, 15, 23) mm, contour 4 of 4: 2 points over 2 mm at (-5, 15, 32) mm); their points lie "
            "in 3 voxels, and 2 slices (6 mm) have no contour any more",
        )

    def test_an_empty_one_and_one_within_the_lesion_cost_no_slice(
        self, scanner: Any, image: str, gtv: list[np.ndarray]
    ) -> None:
        def edit(item: Dataset, place: int) -> None:
            if place == 2:
                item.ContourData = None

        on_slice_2 = np.array([(1.0, 1.0, 2.0), (2.0, 1.0, 2.0)])
        rt = scanner.rtstruct({"GTV": [*gtv, POINT, on_slice_2]}, edit=edit)
        note = read(image, rt, "drop_degenerate_contours").repairs[0]
        assert "lost 2 of 4 contours" in note
        assert "(contour 3 of 4: 0 points, contour 4 of 4: 2 points over 1 mm" in note
        assert "2 voxels, and 0 slices (0 mm) have" in note

    def test_nothing_is_said_where_nothing_was_dropped(
        self, scanner: Any, image: str, gtv: list[np.ndarray]
    ) -> None:
        assert (
            read(image, scanner.rtstruct({"GTV": gtv}), "drop_degenerate_contours", "clip_contours").repairs
            == ()
        )

    def test_an_roi_of_nothing_else_is_an_error(self, scanner: Any, image: str) -> None:
        rt = scanner.rtstruct({"GTV": [POINT, LINE]}, edit=as_points)
        assert refusal(image, rt, "drop_degenerate_contours").problem == (
            "ROI 'GTV': all 2 contours have fewer than three points"
        )

    def test_open_contours_stay_an_error(self, scanner: Any, image: str, gtv: list[np.ndarray]) -> None:
        def edit(item: Dataset, place: int) -> None:
            item.ContourGeometricType = "OPEN_PLANAR"

        error = refusal(image, scanner.rtstruct({"GTV": gtv}, edit=edit), "drop_degenerate_contours")
        assert "is not closed" in error.problem
        assert "drop_degenerate_contours" not in str(error.remedy)


class TestContoursOutside:
    @pytest.mark.parametrize(
        "away", [((11.5, 15.5), (3.6, 7.4), 4), ((4.5, 7.5), (3.6, 7.4), 6), ((4.5, 7.5), (3.6, 7.4), -3)]
    )
    def test_without_the_repair_the_message_names_it(
        self, scanner: Any, image: str, gtv: list[np.ndarray], rectangle: Rectangle, away: Any
    ) -> None:
        error = refusal(image, scanner.rtstruct({"GTV": [*gtv, rectangle(*away)]}))
        assert "cohort.geometry_repair: clip_contours" in str(error.remedy)

    def test_what_is_outside_is_cut_off_and_counted(
        self, scanner: Any, image: str, gtv: list[np.ndarray], rectangle: Rectangle
    ) -> None:
        across = rectangle((11.5, 15.5), (3.6, 7.4), 4)  # columns 12 to 15 of 14, rows 4 to 7
        beside = rectangle((14.5, 16.5), (3.6, 7.4), 5)  # columns 15 and 16
        above = rectangle((4.5, 7.5), (3.6, 7.4), 6)
        case = read(image, scanner.rtstruct({"GTV": [*gtv, across, beside, above]}), "clip_contours")
        expected = np.zeros((6, 12, 14), dtype=np.uint8)
        expected[2:4, 4:8, 5:8] = expected[4, 4:8, 12:14] = 1
        np.testing.assert_array_equal(mask_of(case), expected)
        assert case.repairs == (
            "clip_contours: ROI 'GTV': 1 of 5 contours were cut at the image's border and 2 lay outside it, "
            "up to 3 mm beyond; 28 of 60 voxels (46.7%, 0.168 mL) were lost",
        )

    def test_holes_stay_holes(self, scanner: Any, image: str, rectangle: Rectangle) -> None:
        ring = [rectangle((8.5, 15.5), (1.5, 8.5), 2), rectangle((10.5, 12.5), (3.5, 6.5), 2)]
        case = read(image, scanner.rtstruct({"GTV": ring}), "clip_contours")
        assert mask_of(case)[2].sum() == 5 * 7 - 2 * 3
        assert "14 of 43 voxels" in case.repairs[0]

    def test_more_outside_than_inside_is_another_images(
        self, scanner: Any, image: str, rectangle: Rectangle
    ) -> None:
        rt = scanner.rtstruct({"GTV": [rectangle((11.5, 25.5), (3.6, 7.4), 4)]})
        assert "85.7% of its voxels lie outside the image" in refusal(image, rt, "clip_contours").problem
        rt = scanner.rtstruct({"GTV": [rectangle((4.5, 7.5), (3.6, 7.4), 9)]})
        assert "100.0% of its voxels" in refusal(image, rt, "clip_contours").problem

    def test_between_slices_stays_an_error(
        self, scanner: Any, image: str, gtv: list[np.ndarray], rectangle: Rectangle
    ) -> None:
        rt = scanner.rtstruct({"GTV": [*gtv, rectangle((4.5, 7.5), (3.6, 7.4), 4.3)]})
        assert "lies between slices" in refusal(image, rt, "clip_contours").problem

    def test_both_repairs_together(
        self, scanner: Any, image: str, gtv: list[np.ndarray], rectangle: Rectangle
    ) -> None:
        rt = scanner.rtstruct({"GTV": [POINT, *gtv, rectangle((11.5, 15.5), (3.6, 7.4), 4)]}, edit=as_points)
        names = [
            note.split(":")[0]
            for note in read(image, rt, "clip_contours", "drop_degenerate_contours").repairs
        ]
        assert names == ["drop_degenerate_contours", "clip_contours"]
