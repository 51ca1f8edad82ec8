"""Each perturbation does what it says, comes out the same everywhere, and never loses a mask in silence."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np
import pytest
import SimpleITK as sitk

from samesplit.errors import LesionError
from samesplit.features.perturbation.grids import displace, rotate, translate
from samesplit.features.perturbation.masks import change_volume, supervoxels
from samesplit.features.perturbation.noise import noise_level
from samesplit.features.perturbation.perturb import (
    OF_THE_MASK,
    dice,
    generator,
    perturb,
    supervoxels_of,
)
from samesplit.features.perturbation.settings import STEPS, Perturbations
from samesplit.features.perturbation.supervoxels import starts_with_contour
from samesplit.imaging.case import Case

SPACING_MM = (1.0, 1.5, 3.0)
TURNED = (0.0, 1.0, 0.0, -1.0, 0.0, 0.0, 0.0, 0.0, 1.0)
ALL = Perturbations(supervoxel_mm3=120, kinds=(*STEPS, "rotation+volume+contour"))


def make_case(*, radius_mm: float = 12.0, noise: float = 25.0) -> Case:
    """A bright ellipsoid off the middle of a dark volume, drawn a little beside its edge, on turned axes."""
    z, y, x = np.meshgrid(np.arange(16) * 3.0, np.arange(32) * 1.5, np.arange(44) * 1.0, indexing="ij")
    ball = (z - 24) ** 2 + 1.6 * (y - 23) ** 2 + 0.6 * (x - 20) ** 2 <= radius_mm**2
    image = (
        100
        + 60 * np.roll(ball, (1, 2, 3), axis=(0, 1, 2))
        + np.random.default_rng(5).normal(scale=noise, size=ball.shape)
    )
    return Case(_as_image(image.astype(np.float32)), _as_image(ball.astype(np.uint8)))


def _as_image(array: np.ndarray) -> sitk.Image:
    image = sitk.GetImageFromArray(array)
    image.SetSpacing(SPACING_MM)
    image.SetOrigin((-30.0, 12.0, 100.0))
    image.SetDirection(TURNED)
    return image


def arrays(case: Case) -> tuple[np.ndarray, np.ndarray]:
    return sitk.GetArrayFromImage(case.image), sitk.GetArrayFromImage(case.mask)


def run(case: Case, kind: str, repetition: int = 0, settings: Perturbations = ALL, **keys: Any) -> Case:
    return perturb(case, kind, settings, content=keys.pop("content", "abc"), repetition=repetition, **keys)


@pytest.mark.parametrize("kind", ALL.kinds)
def test_a_perturbed_case_is_a_case_on_the_same_grid_and_differs(kind: str) -> None:
    case = make_case()
    image, mask = arrays(case)
    changed = run(case, kind)
    for one, other in ((changed.image, case.image), (changed.mask, case.mask)):
        assert one.GetPixelID() == other.GetPixelID()
        assert one.GetSize() == other.GetSize()
        assert one.GetDirection() == other.GetDirection()
        assert one.GetOrigin() == other.GetOrigin()
    new_image, new_mask = arrays(changed)
    assert set(np.unique(new_mask)) == {0, 1}
    image_moves = bool({"translation", "rotation", "noise"} & set(kind.split("+")))
    assert (not np.array_equal(new_image, image)) == image_moves
    # A small move of a coarse mask may leave it as it is, but not every one does.
    masks = [arrays(run(case, kind, repetition))[1] for repetition in range(4)]
    assert (kind == "noise") == all(np.array_equal(other, mask) for other in masks)
    assert 0.6 < dice(case.mask, changed.mask) <= 1
    again = arrays(case)
    assert np.array_equal(again[0], image)  # what was read is left alone
    assert np.array_equal(again[1], mask)


@pytest.mark.parametrize("kind", ALL.kinds)
def test_repetitions_and_contents_differ_and_each_comes_out_the_same_again(kind: str) -> None:
    case = make_case()
    found = {
        key: b"".join(part.tobytes() for part in arrays(run(case, kind, key[0], content=key[1])))
        for key in ((0, "abc"), (1, "abc"), (0, "abd"))
    }
    of_the_mask = kind in OF_THE_MASK  # and of nothing else
    assert len(set(found.values())) == (2 if of_the_mask else 3)
    again = arrays(run(make_case(), kind, 0))
    assert b"".join(part.tobytes() for part in again) == found[0, "abc"]


def test_draws_depend_on_content_settings_kind_and_repetition_and_not_on_the_process() -> None:
    settings = Perturbations()
    draw = generator("abc", "noise", settings, place=0, repetition=1).random()
    others = [
        generator("abc", "noise", settings, place=0, repetition=2),
        generator("abc", "noise", settings, place=1, repetition=1),
        generator("abc", "volume", settings, place=0, repetition=1),
        generator("abc", "noise", Perturbations(noise_factor=2), place=0, repetition=1),
        generator("abd", "noise", settings, place=0, repetition=1),
    ]
    assert draw not in [other.random() for other in others]
    same = Perturbations(rotation_degrees=3)  # plays no part in noise
    assert generator("abc", "noise", same, place=0, repetition=1).random() == draw
    code = (
        "from samesplit.features.perturbation.perturb import generator;"
        "from samesplit.features.perturbation.settings import Perturbations;"
        "print(repr(float(generator('abc', 'noise', Perturbations(), place=0, repetition=1).random())))"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert float(told) == draw


def test_volume_shrinks_and_grows_by_a_share_and_keeps_to_the_rim() -> None:
    case = make_case()
    _, mask = arrays(case)
    sizes = [int(arrays(run(case, "volume", repetition))[1].sum()) / mask.sum() for repetition in range(6)]
    assert all(0.8 <= size < 1 for size in sizes[::2])
    assert all(1 < size <= 1.2 for size in sizes[1::2])
    shrunk, grown = (arrays(run(case, "volume", repetition))[1] for repetition in (0, 1))
    assert not (shrunk & ~mask.astype(bool)).any()
    assert (grown >= mask).all()


def test_the_volume_is_met_to_the_voxel_and_never_falls_below_the_least() -> None:
    mask = arrays(make_case())[1].astype(bool)
    for fraction in (-0.4, -0.1, 0.25):
        rng = np.random.default_rng(0)
        changed = change_volume(
            mask, fraction=fraction, spacing_mm=SPACING_MM[::-1], minimum_voxels=8, rng=rng
        )
        assert changed.sum() == round(mask.sum() * (1 + fraction))
    tiny = np.zeros((3, 3, 4), dtype=bool)
    tiny[1, 1, 1:3] = True
    kept = change_volume(
        tiny, fraction=-0.9, spacing_mm=(1, 1, 1), minimum_voxels=8, rng=np.random.default_rng(0)
    )
    assert kept.sum() == 2


def test_supervoxels_are_as_large_as_asked_and_follow_the_lesions_edge() -> None:
    image, mask = arrays(make_case(noise=0.5))
    parts = supervoxels(
        image.astype(float), mask.astype(bool), spacing_mm=SPACING_MM[::-1], supervoxel_mm3=250.0
    )
    count = parts.max() + 1
    assert image.size * 4.5 / count == pytest.approx(250, rel=0.4)
    shared = np.bincount(parts[mask > 0], minlength=count) / np.bincount(parts.ravel(), minlength=count)
    assert np.mean((shared > 0.1) & (shared < 0.9)) < 0.15


@pytest.mark.parametrize("kind", ["contour", "contour+noise", "rotation+contour"])
def test_a_contour_is_the_same_in_supervoxels_found_before_unless_another_step_comes_first(kind: str) -> None:
    case = make_case()
    parts = supervoxels_of(case, ALL)
    for repetition in range(2):
        alone, shared = (arrays(run(case, kind, repetition, parts=given)) for given in (None, parts))
        np.testing.assert_array_equal(alone[0], shared[0])
        np.testing.assert_array_equal(alone[1], shared[1])
    one = np.zeros_like(parts)  # a single supervoxel is all of the box
    fills = dice(case.mask, run(case, kind, parts=one).mask) < 0.5
    assert fills == starts_with_contour(kind)


def test_contours_of_shapes_without_an_image_move_too() -> None:
    case = make_case()
    mask = sitk.Cast(case.mask, sitk.sitkFloat32)
    changed = run(Case(mask, case.mask), "contour")
    assert 0.6 < dice(case.mask, changed.mask) < 1


def test_a_translation_of_a_whole_voxel_moves_image_and_mask_by_it() -> None:
    case = make_case()
    image, mask = arrays(case)
    moved_image, moved_mask = arrays(translate(case, voxels=(1.0, 0.0, 0.0)))
    inner = (slice(4, 12), slice(6, 26), slice(6, 36))
    np.testing.assert_allclose(moved_image[inner], np.roll(image, -1, axis=2)[inner], atol=1e-3)
    np.testing.assert_array_equal(moved_mask, np.roll(mask, -1, axis=2))


def test_a_displacement_moves_the_mask_alone_along_the_images_axes() -> None:
    case = make_case()
    image, mask = arrays(case)
    moved = displace(case, offset_mm=(2.0, -1.5, 3.0))
    np.testing.assert_array_equal(arrays(moved)[0], image)
    np.testing.assert_array_equal(arrays(moved)[1], np.roll(mask, (1, -1, 2), axis=(0, 1, 2)))


def test_a_rotation_turns_about_the_middle_of_the_mask() -> None:
    case = make_case()
    _, mask = arrays(case)
    mask[:, :16] = 0  # a half ball
    half = Case(case.image, _as_image(mask))
    there = rotate(half, degrees=20.0)
    assert dice(half.mask, there.mask) < 0.93
    assert arrays(there)[1].sum() == pytest.approx(mask.sum(), rel=0.03)
    back = rotate(there, degrees=-20.0)
    assert dice(half.mask, back.mask) > dice(half.mask, there.mask)


def test_noise_is_estimated_and_as_much_is_added() -> None:
    case = make_case(noise=4.0)
    image, _ = arrays(case)
    assert noise_level(image.astype(float)) == pytest.approx(4.0, rel=0.1)
    added = arrays(run(case, "noise"))[0] - image
    assert added.std() == pytest.approx(noise_level(image.astype(float)), rel=0.05)
    twice = arrays(run(case, "noise", settings=Perturbations(noise_factor=2)))[0] - image
    assert twice.std() == pytest.approx(2 * added.std(), rel=0.05)
    assert noise_level(np.zeros((3, 1, 1))) == 0.0


@pytest.mark.parametrize("kind", ALL.kinds)
def test_a_mask_of_one_voxel_at_the_corner_survives_or_is_an_error(kind: str) -> None:
    case = make_case()
    mask = np.zeros_like(arrays(case)[1])
    mask[0, 0, 0] = 1

    def outcome(repetition: int) -> Case | str:
        try:
            return run(Case(case.image, _as_image(mask)), kind, repetition, minimum_voxels=1)
        except LesionError as error:
            return str(error)

    for found in map(outcome, range(4)):
        assert "left" in found if isinstance(found, str) else arrays(found)[1].sum() >= 1


def test_a_mask_that_gets_too_small_is_an_error_that_says_so() -> None:
    case = make_case(radius_mm=3.0)
    with pytest.raises(LesionError, match=r"the mask has \d+ voxels left after 'displacement'") as problem:
        run(case, "displacement", minimum_voxels=10_000)
    assert "perturb less" in str(problem.value)
    far = Perturbations(kinds=("displacement",), displacement_mm=500.0)
    with pytest.raises(LesionError, match="no voxel left"):
        run(case, "displacement", settings=far)


def test_the_sequence_that_others_are_matched_to_stays_its_own_companion() -> None:
    case = make_case()
    own = Case(case.image, case.mask, matching_reference=case.image)
    other = Case(case.image, case.mask, matching_reference=make_case(noise=1.0).image)
    for kind in ("noise", "translation", "contour"):
        changed = run(own, kind)
        assert changed.matching_reference is changed.image
        assert run(other, kind).matching_reference is other.matching_reference


def test_sequences_that_share_a_mask_have_it_changed_in_the_same_way() -> None:
    first, second = make_case(), make_case(noise=3.0)
    for kind in ("volume", "displacement"):
        one, two = (run(case, kind, content=content) for case, content in ((first, "T1"), (second, "T1e")))
        np.testing.assert_array_equal(arrays(one)[1], arrays(two)[1])
