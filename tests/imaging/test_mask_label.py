"""The lesion's voxels are those of the label that was asked for, within rounding, or all that are not 0."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import SimpleITK as sitk

from samesplit.errors import LesionError
from samesplit.imaging.case import Case, read_case
from samesplit.imaging.mask_label import MaskLabel, parse_mask_label, select_label

Save = Callable[..., str]
Block = tuple[np.ndarray, np.ndarray]


def read(save: Save, image: np.ndarray, mask: np.ndarray, label: MaskLabel) -> Case:
    return read_case(save(image, "i.nii.gz"), save(mask, "m.nii.gz"), lesion_id="L7", mask_label=label)


def mask_of(case: Case) -> np.ndarray:
    values: np.ndarray = sitk.GetArrayFromImage(case.mask)
    return values


def taken(values: np.ndarray, label: MaskLabel) -> tuple[np.ndarray, str | None]:
    roi, note = select_label(sitk.GetImageFromArray(values.reshape(1, 1, -1)), label)
    return sitk.GetArrayFromImage(roi).ravel(), note


@pytest.mark.parametrize("bad", ["", "none", "0", "-1", "nan", "inf", "1;2", "0,5"])
def test_what_is_no_label_is_refused(bad: str) -> None:
    with pytest.raises(ValueError, match="neither a number above 0 nor 'any'"):
        parse_mask_label(bad)


@pytest.mark.parametrize(
    ("value", "label"),
    [(1 / 255, "any"), (1 / 255, "0.00392"), (1 / 255, "0.0039"), (0.999, "1"), (0.999, "0.999")],
)
def test_masks_scaled_to_one_are_read(save: Save, block: Block, value: float, label: str) -> None:
    image, mask = block
    case = read(save, image, mask.astype(np.float32) * np.float32(value), label)
    np.testing.assert_array_equal(mask_of(case), mask)


@pytest.mark.parametrize("value", [1 / 255, 0.7, 255.0])
def test_the_message_names_a_label_that_works(save: Save, block: Block, value: float) -> None:
    image, mask = block
    scaled = mask.astype(np.float32) * np.float32(value)
    with pytest.raises(LesionError, match="the mask has no label 1; labels found: ") as caught:
        read(save, image, scaled, 1)
    remedy = str(caught.value.remedy)
    assert "or 'any' for all that is not 0" in remedy
    named = remedy.split("for example ")[1].split(",")[0]
    for label in (named, "any"):
        np.testing.assert_array_equal(mask_of(read(save, image, scaled, label)), mask)


def test_a_label_within_rounding_is_noted(save: Save, block: Block) -> None:
    image, mask = block
    case = read(save, image, mask.astype(np.float32) * np.float32(0.999), 1)
    assert case.repairs == ("mask: mask_label 1 took 24 voxels of 0.999, the same within rounding",)
    assert read(save, image, mask.astype(np.float64), 1).repairs == ()


def test_neighbouring_labels_of_a_scaled_map_are_told_apart() -> None:
    scaled = np.arange(256, dtype=np.float32) / np.float32(255)
    for place in range(1, 256):
        found, _ = taken(scaled, f"{place / 255:.4g}")
        assert np.flatnonzero(found).tolist() == [place]


@pytest.mark.parametrize("label", [1, 254, 65_535])
def test_whole_numbers_are_compared_exactly(label: int) -> None:
    values = np.array([label - 1, label, label + 1], dtype=np.int32)
    found, note = taken(values, label)
    assert found.tolist() == [0, 1, 0]
    assert note is None


def test_any_takes_all_that_is_not_zero(save: Save, block: Block) -> None:
    image, mask = block
    labels = mask.copy()
    labels[5] *= 3
    assert mask_of(read(save, image, labels, 3)).sum() == 12
    case = read(save, image, labels, "any")
    np.testing.assert_array_equal(mask_of(case), mask)
    assert case.repairs == ("mask: mask_label any took 24 voxels of 1 to 3",)
    assert read(save, image, mask * 255, "any").repairs == ()


def test_what_resampling_leaves_beside_zero_is_zero(save: Save, block: Block) -> None:
    image, mask = block
    noise = np.where(mask > 0, 0.8, 1e-12).astype(np.float32)
    np.testing.assert_array_equal(mask_of(read(save, image, noise, "any")), mask)


def test_a_mask_that_holds_the_grey_values_within_it_is_taken_by_any(save: Save, block: Block) -> None:
    """As FSL's `fslmaths image -mas mask` gives."""
    image, mask = block
    image = image + 40
    case = read(save, image, image * mask, "any")
    np.testing.assert_array_equal(mask_of(case), mask)
    assert case.repairs == ("mask: mask_label any took 24 voxels of 41 to 64",)
