from __future__ import annotations

import math

import numpy as np
import pytest
import SimpleITK as sitk

from samesplit.run.mask_measures import COMPONENT_COLUMNS, LESION_COLUMNS, measure_image

SPACING = (0.7, 0.7, 5.0)


def image_of(*boxes: tuple[slice, ...]) -> sitk.Image:
    """A mask with boxes (z, y, x), on voxels of 0.7 x 0.7 x 5 mm."""
    voxels = np.zeros((8, 20, 40), dtype=np.uint8)
    for box in boxes:
        voxels[box] = 1
    image = sitk.GetImageFromArray(voxels)
    image.SetSpacing(SPACING)
    return image


LEFT = (slice(2, 5), slice(4, 12), slice(26, 36))
RIGHT = (slice(2, 5), slice(4, 12), slice(4, 12))
STRAY = (slice(7, 8), slice(18, 20), slice(0, 2))
LESIONS = {"L1": image_of(LEFT), "L2": image_of(RIGHT)}


def measured(predicted: sitk.Image, lesions: dict[str, sitk.Image] = LESIONS):  # type: ignore[no-untyped-def]
    return measure_image(lesions, predicted, tolerance_mm=2.0, least_overlap=0.1)


def test_a_perfect_mask_of_two_lesions_is_perfect_for_each() -> None:
    rows, components = measured(image_of(LEFT, RIGHT))
    for lesion, voxels in (("L1", 3 * 8 * 10), ("L2", 3 * 8 * 8)):
        row = rows[lesion]
        assert set(row) == set(LESION_COLUMNS)
        assert (row["dice"], row["lesion_dice"], row["iou"], row["nsd"]) == (1, 1, 1, 1)
        assert (row["hausdorff_mm"], row["hd95_mm"], row["assd_mm"], row["volume_difference_ml"]) == (
            0,
            0,
            0,
            0,
        )
        assert row["volume_ml"] == pytest.approx(voxels * math.prod(SPACING) / 1000)
        assert math.pi / 6 * row["diameter_mm"] ** 3 == pytest.approx(1000 * row["volume_ml"])
    assert [part["component_of"] for part in components] == ["L2", "L1"]
    assert set(components[0]) == set(COMPONENT_COLUMNS)


def test_what_belongs_to_no_lesion_costs_overlap_but_not_lesion_wise_overlap() -> None:
    rows, components = measured(image_of(LEFT, RIGHT, STRAY))
    assert rows["L1"]["dice"] == pytest.approx(2 * 240 / (240 + 244))
    assert rows["L1"]["hausdorff_mm"] > 20
    assert (rows["L1"]["lesion_dice"], rows["L1"]["lesion_hd95_mm"]) == (1, 0)
    assert rows["L1"]["volume_difference_percent"] == pytest.approx(100 * 4 / 240)
    assert sorted(part["component_of"] for part in components) == ["", "L1", "L2"]


def test_a_missed_lesion_is_as_far_off_as_the_diagonal_of_the_image() -> None:
    diagonal = math.hypot(40 * 0.7, 20 * 0.7, 8 * 5.0)
    rows, _ = measured(image_of(LEFT))
    assert (rows["L2"]["detected"], rows["L2"]["dice"], rows["L2"]["lesion_dice"]) == (False, 0, 0)
    assert rows["L2"]["hd95_mm"] == rows["L2"]["lesion_hd95_mm"] == pytest.approx(diagonal)
    assert rows["L2"]["volume_difference_percent"] == -100
    empty, components = measured(image_of())
    assert [row["hausdorff_mm"] for row in empty.values()] == pytest.approx([diagonal] * 2)
    assert components == []


def test_a_lesion_that_is_hardly_touched_is_missed_lesion_wise() -> None:
    corner = (slice(4, 7), slice(11, 19), slice(35, 40))
    rows, components = measured(image_of(corner), {"L1": image_of(LEFT)})
    assert 0 < rows["L1"]["dice"] < 0.1
    assert (rows["L1"]["detected"], rows["L1"]["lesion_dice"]) == (False, 0)
    assert [part["component_of"] for part in components] == [""]


def test_sides_are_those_of_the_patient_not_of_the_array() -> None:
    rows, components = measured(image_of(LEFT, RIGHT, STRAY))
    assert (rows["L1"]["side"], rows["L2"]["side"]) == ("left", "right")
    assert [part["side"] for part in components if part["component_of"] == ""] == ["right"]
    turned = {name: sitk.Image(mask) for name, mask in LESIONS.items()}
    predicted = image_of(LEFT)
    for mask in (*turned.values(), predicted):
        mask.SetDirection((-1, 0, 0, 0, -1, 0, 0, 0, 1))
    rows, components = measured(predicted, turned)
    assert (rows["L1"]["side"], rows["L2"]["side"]) == ("right", "left")
    assert components[0]["side"] == "right"
