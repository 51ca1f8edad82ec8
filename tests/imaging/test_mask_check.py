"""An image that stands where a mask should is refused with that reason; every kind of real mask passes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import SimpleITK as sitk

from samesplit.errors import LesionError
from samesplit.imaging.case import read_case
from samesplit.imaging.mask_check import check_is_mask
from samesplit.imaging.mask_label import MaskLabel
from samesplit.workflows.validate import validate

Save = Callable[..., str]
SHAPE = (16, 24, 24)


def ball(shape: tuple[int, int, int] = SHAPE) -> np.ndarray:
    axes = np.meshgrid(*[np.linspace(-1, 1, n) for n in shape], indexing="ij")
    return (sum(axis**2 for axis in axes) < 0.3).astype(np.uint8)


def scan(kind: str) -> np.ndarray:
    """Grey levels as a scanner gives them, 8-bit ones with saturated regions."""
    rng = np.random.default_rng(3)
    smooth = np.kron(rng.normal(0, 1, tuple(n // 4 for n in SHAPE)), np.ones((4, 4, 4)))
    noise = rng.normal(0, 1, SHAPE)
    return {
        "CT": (40 + 200 * smooth + 12 * noise).astype(np.int16),
        "MR": np.maximum(300 + 150 * smooth + 15 * noise, 0).astype(np.uint16),
        "8-bit": np.clip(120 + 130 * smooth + 9 * noise, 0, 255).astype(np.uint8),
        "PET": np.maximum(3 + smooth + 0.3 * noise, 0).astype(np.float32),
    }[kind]


def refusal(labels: np.ndarray, image: np.ndarray, label: MaskLabel = 1) -> LesionError:
    with pytest.raises(LesionError) as caught:
        check_is_mask(sitk.GetImageFromArray(labels), sitk.GetImageFromArray(image), label)
    assert caught.value.remedy
    return caught.value


def accepted(labels: np.ndarray, image: np.ndarray, label: MaskLabel = 1) -> None:
    check_is_mask(sitk.GetImageFromArray(labels), sitk.GetImageFromArray(image), label)


KINDS = ["CT", "MR", "8-bit", "PET"]


@pytest.mark.parametrize("label", [1, "any", "0.5"])
@pytest.mark.parametrize("kind", KINDS)
def test_image_and_mask_swapped(kind: str, label: MaskLabel) -> None:
    error = refusal(scan(kind), ball(), label)
    assert error.problem.startswith("image and mask are swapped: the mask holds ")
    assert error.remedy == "exchange image and mask"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("label", [1, "any"])
def test_the_same_file_twice(kind: str, label: MaskLabel) -> None:
    assert refusal(scan(kind), scan(kind), label).problem == "the mask holds the image's own voxels"


@pytest.mark.parametrize("kind", KINDS)
def test_another_image_as_mask(kind: str) -> None:
    other = scan("MR").astype(np.float32) + 1
    problem = refusal(scan(kind), other).problem
    what = "negative numbers (-" if kind == "CT" else "different values that lie scattered"
    assert problem.startswith("the mask holds ")
    assert what in problem


def test_any_does_not_take_a_whole_image() -> None:
    problem = refusal(scan("CT"), scan("MR"), "any").problem
    assert "mask_label any would take 9" in problem


def test_a_masked_image_is_a_mask_by_any_and_by_nothing_else() -> None:
    image = scan("CT")
    accepted(image * ball(), image, "any")
    assert "negative numbers" in refusal(image * ball(), image).problem


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.float32, np.float64])
@pytest.mark.parametrize("high", [1, 4, 255])
def test_two_values_are_a_mask_in_any_type(dtype: type, high: int) -> None:
    accepted((ball() * high).astype(dtype), scan("CT"))


@pytest.mark.parametrize("n", [11, 117, 300])
def test_label_maps_of_many_organs_are_masks(n: int) -> None:
    """As of TotalSegmentator, 117 organs: blocks of 2 x 3 voxels on several slices, each with its number."""
    rows = np.arange(40)[:, None] // 2
    columns = np.arange(60) // 3
    labels = np.broadcast_to((rows * 20 + columns) % (n + 1), (8, 40, 60)).astype(np.int16)
    assert len(np.unique(labels)) == n + 1
    accepted(labels, np.random.default_rng(1).normal(size=labels.shape), 7)
    accepted(labels / np.float32(n), np.random.default_rng(1).normal(size=labels.shape), 7 / n)


def test_lesions_of_one_voxel_are_few_enough_to_lie_as_they_like() -> None:
    labels = np.zeros(SHAPE, dtype=np.int16)
    labels[2, 3, 4:14] = np.arange(1, 11)
    accepted(labels, scan("CT"))
    labels[2, 3, 14] = 11
    assert "11 different values that lie scattered" in refusal(labels, scan("CT")).problem


def test_many_lesions_of_one_voxel_each_with_a_number_of_its_own_are_labels() -> None:
    labels = np.zeros(SHAPE, dtype=np.int16)
    places = [(z, y, x) for z in range(1, SHAPE[0], 2) for y in range(1, 12, 3) for x in range(1, 16, 3)][:40]
    for number, place in enumerate(places, start=1):
        labels[place] = number
    assert labels.max() == 40
    accepted(labels, scan("CT"), 7)
    labels[0, :4, :10] = np.arange(100, 140).reshape(4, 10)
    assert "different values that lie scattered" in refusal(labels, scan("CT")).problem


def test_a_large_image_is_known_by_some_of_its_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("samesplit.imaging.mask_check._SAMPLED", 5_000)
    noise = np.random.default_rng(2).integers(0, 4000, size=SHAPE, dtype=np.uint16)
    assert "or more different values" in refusal(noise, noise + 1).problem


def probabilities() -> np.ndarray:
    soft: np.ndarray = sitk.GetArrayFromImage(
        sitk.SmoothingRecursiveGaussian(sitk.GetImageFromArray(ball().astype(np.float32)), 2.0)
    )
    return np.clip(soft, 0, 1)


def test_a_probability_map_needs_a_threshold(save: Save) -> None:
    image = save(scan("CT"), "i.nrrd")
    with pytest.raises(LesionError, match="different values that lie scattered") as caught:
        read_case(image, save(probabilities(), "soft.nrrd"), lesion_id="L7")
    assert "save a probability map as 0 and 1 at a threshold of your choice" in str(caught.value.remedy)
    steps = (np.round(probabilities() * 4) / 4).astype(np.float32)
    with pytest.raises(LesionError, match="voxels of the mask are fractions"):
        read_case(image, save(np.maximum(steps, ball()), "steps.nrrd"), lesion_id="L7")
    half = read_case(image, save(steps, "steps.nrrd"), lesion_id="L7", mask_label="0.5")
    np.testing.assert_array_equal(sitk.GetArrayFromImage(half.mask), steps == 0.5)


def test_validation_says_so(small_study: Any) -> None:
    def spoil(images: Any) -> Any:
        swap = images["lesion_id"].eq("L01a") & images["sequence"].eq("T1C")
        images.loc[swap, ["image", "mask"]] = images.loc[swap, ["mask", "image"]].to_numpy()
        twice = images["lesion_id"].eq("L02a") & images["sequence"].eq("T2")
        images.loc[twice, "mask"] = images.loc[twice, "image"]
        copy = images["lesion_id"].eq("L03a") & images["sequence"].eq("T2")
        name = Path(images.loc[copy, "image"].item())
        (small_study.folder / "copy.nii.gz").write_bytes((small_study.folder / name).read_bytes())
        images.loc[copy, "mask"] = "copy.nii.gz"
        return images

    small_study.edit("images.csv", spoil)
    findings = validate(small_study.folder, jobs=1)
    reasons = dict(zip(findings.problems["lesion_id"], findings.problems["reason"], strict=True))
    assert "image and mask are swapped" in reasons.pop("L01a")
    assert "the mask holds the image's own voxels" in reasons.pop("L02a")
    assert "the mask holds the image's own voxels" in reasons.pop("L03a")
    assert reasons == {}
    assert not findings.fine
