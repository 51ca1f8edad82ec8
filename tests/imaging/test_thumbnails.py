"""Thumbnails show the right slice, the right way round, with the contour where the mask is."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import SimpleITK as sitk

from samesplit.imaging.case import Case
from samesplit.imaging.thumbnail_drawing import MAXIMUM_SIDE, draw
from samesplit.imaging.thumbnails import COLUMNS, thumbnails
from samesplit.tables import LEDGER, check_table


def case_of(image: np.ndarray, mask: np.ndarray, spacing_mm: tuple[float, float, float]) -> Case:
    picture = sitk.GetImageFromArray(image.astype(np.float32))
    roi = sitk.GetImageFromArray(mask.astype(np.uint8))
    for grid in (picture, roi):
        grid.SetSpacing(spacing_mm)
    return Case(picture, roi)


def area_of(line: list[tuple[float, float]]) -> float:
    x, y = np.array(line).T
    return float(abs(np.dot(x[:-1], y[1:]) - np.dot(x[1:], y[:-1])) / 2)


@pytest.fixture
def squares() -> Case:
    """Slices 3 to 5 hold squares of 6, 10 and 8 voxels; slice z is z bright."""
    image = np.tile(np.arange(9.0)[:, None, None], (1, 40, 40))
    mask = np.zeros(image.shape)
    for level, side in ((3, 6), (4, 10), (5, 8)):
        mask[level, 10 : 10 + side, 20 : 20 + side] = 1
    image[4, 10:20, 20:30] += 50
    return case_of(image, mask, (1.0, 1.0, 5.0))


def test_the_slice_with_most_of_the_lesion_is_drawn(squares: Case) -> None:
    picture = draw(squares)
    assert picture.pixels.dtype == np.uint8
    assert set(np.unique(picture.pixels)) == {0, 255}
    assert int((picture.pixels == 255).sum()) == 100


def test_the_contour_runs_around_the_bright_square(squares: Case) -> None:
    picture = draw(squares)
    rows, columns = np.nonzero(picture.pixels == 255)
    (line,) = picture.contour
    x, y = np.array(line).T
    assert (x.min(), x.max()) == (columns.min(), columns.max() + 1)
    assert (y.min(), y.max()) == (rows.min(), rows.max() + 1)
    assert area_of(line) == pytest.approx(100, abs=1)


def test_a_large_lesion_is_scaled_down_with_its_contour() -> None:
    mask = np.zeros((3, 300, 400))
    mask[1, 50:250, 100:300] = 1
    picture = draw(case_of(mask * 7, mask, (0.5, 0.5, 3.0)))
    assert max(picture.pixels.shape) == MAXIMUM_SIDE
    (line,) = picture.contour
    assert area_of(line) == pytest.approx(int((picture.pixels > 127).sum()), rel=0.03)


def test_pixels_are_square_when_voxels_are_not() -> None:
    mask = np.zeros((3, 20, 40))
    mask[1, 5:15, 10:30] = 1  # 10 rows of 2 mm, 20 columns of 1 mm
    (line,) = draw(case_of(mask + 0.01 * np.arange(40), mask, (1.0, 2.0, 3.0))).contour
    width, height = np.ptp(np.array(line), axis=0)
    assert width == pytest.approx(height, abs=0.5)


def test_a_flipped_file_is_drawn_the_same_way_round(squares: Case) -> None:
    image = sitk.GetArrayFromImage(squares.image)
    image[4, 10, 20] = 90
    upright = case_of(image, sitk.GetArrayFromImage(squares.mask), (1.0, 1.0, 5.0))
    flipped = Case(
        sitk.DICOMOrient(upright.image, "RAI"),
        sitk.DICOMOrient(upright.mask, "RAI"),
    )
    assert flipped.image.GetDirection() != upright.image.GetDirection()
    np.testing.assert_array_equal(draw(flipped).pixels, draw(upright).pixels)
    assert sorted(draw(flipped).contour[0]) == sorted(draw(upright).contour[0])


def test_a_mask_with_two_parts_has_two_contours_and_the_border_closes() -> None:
    mask = np.zeros((1, 20, 20))
    mask[0, 0:5, 0:5] = 1
    mask[0, 10:15, 10:15] = 1
    contours = draw(case_of(mask, mask, (1.0, 1.0, 1.0))).contour
    assert len(contours) == 2
    assert all(line[0] == line[-1] for line in contours)


def test_the_table_has_a_row_for_each_readable_case_and_the_ledger_the_rest(
    cohort: pd.DataFrame, tmp_path: Path
) -> None:
    Path(cohort.loc[2, "image"]).write_bytes(b"no image")
    first = thumbnails(cohort, cache=tmp_path / "cache", jobs=1)
    assert list(first.thumbnails.columns) == COLUMNS
    assert first.thumbnails["lesion_id"].tolist() == ["L0", "L1", "L3"]
    for row in first.thumbnails.itertuples():
        assert len(row.pixels) == row.width * row.height
        assert all(
            0 <= x <= row.width and 0 <= y <= row.height for line in json.loads(row.contour) for x, y in line
        )
    check_table(first.ledger, LEDGER)
    assert first.ledger[["lesion_id", "stage", "status"]].to_numpy().tolist() == [["L2", "images", "failed"]]
    second = thumbnails(cohort, cache=tmp_path / "cache", jobs=1)
    assert second.n_cached == 3
    pd.testing.assert_frame_equal(first.thumbnails, second.thumbnails)


def test_thumbnails_survive_parquet(cohort: pd.DataFrame, tmp_path: Path) -> None:
    table = thumbnails(cohort.iloc[:1], cache=tmp_path / "cache", jobs=1).thumbnails
    table.to_parquet(tmp_path / "t.parquet")
    assert pd.read_parquet(tmp_path / "t.parquet")["pixels"][0] == table["pixels"][0]


def test_shape_cohorts_of_arrays_are_drawn(tmp_path: Path) -> None:
    shapes = np.zeros((1, 12, 12, 12), dtype=np.uint8)
    shapes[0, 3:9, 3:9, 3:9] = 255
    np.savez_compressed(tmp_path / "c.npz", shapes=shapes)
    name = f"{tmp_path}/c.npz::shapes[0]"
    row = {"lesion_id": "A", "sequence": "CT", "rater": "R1", "image": name, "mask": name}
    images = pd.DataFrame([row | {"mask_label": 255, "spacing_mm": 2.0}])
    drawn = thumbnails(images, cache=tmp_path / "cache", jobs=1)
    assert len(drawn.ledger) == 0
    pixels = np.frombuffer(drawn.thumbnails["pixels"][0], dtype=np.uint8)
    assert int((pixels == 255).sum()) == 36


def test_repairs_are_in_the_ledger(save: Callable[..., str], cohort: pd.DataFrame, tmp_path: Path) -> None:
    mask = sitk.GetArrayFromImage(sitk.ReadImage(cohort.loc[0, "mask"]))
    moved = cohort.iloc[:1].assign(mask=save(mask, "moved.nrrd", origin_mm=(0.0, 0.0, 0.0)))
    drawn = thumbnails(moved, cache=tmp_path / "cache", jobs=1, geometry_repair="copy_header")
    assert drawn.ledger["status"].tolist() == ["repaired"]
    assert len(drawn.thumbnails) == 1
