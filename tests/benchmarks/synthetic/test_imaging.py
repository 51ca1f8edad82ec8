from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from scipy import ndimage

from samesplit.benchmarks.synthetic.imaging import SEQUENCES, LesionScene, Rendered
from samesplit.benchmarks.synthetic.population import draw_population
from samesplit.benchmarks.synthetic.settings import RaterSettings, SyntheticSettings

SETTINGS = SyntheticSettings(n_patients=9)
LESIONS = draw_population(SETTINGS)


def dice(one: np.ndarray, two: np.ndarray) -> float:
    return float(2 * np.sum((one > 0) & (two > 0)) / (np.sum(one > 0) + np.sum(two > 0)))


@pytest.fixture(scope="module")
def rendered() -> list[dict[str, Rendered]]:
    scenes = [LesionScene(SETTINGS, lesion) for lesion in LESIONS]
    return [{sequence: scene.render(sequence) for sequence in SEQUENCES} for scene in scenes]


def test_raters_agree_as_well_as_people_do(rendered):
    values = [
        dice(*pair) for case in rendered for scan in case.values() for pair in combinations(scan.masks, 2)
    ]
    assert 0.85 < np.mean(values) < 0.92
    assert min(values) > 0.7
    assert max(values) < 1.0


def test_the_bias_of_a_rater_makes_contours_wider_or_tighter(rendered):
    ratios = [
        [mask.sum() / scan.truth.sum() for mask in scan.masks] for case in rendered for scan in case.values()
    ]
    first, wide, tight = np.mean(ratios, axis=0)
    assert wide > first > tight


def test_raters_without_error_draw_the_truth():
    perfect = RaterSettings(bias=(0.0, 0.0, 0.0), contour_sd=0, slice_sd=0, sequence_sd=0)
    scan = LesionScene(SETTINGS.model_copy(update={"raters": perfect}), LESIONS[0]).render("T1C")
    for mask in scan.masks:
        assert dice(mask, scan.truth) > 0.995


def test_every_mask_is_one_piece_inside_the_image_and_off_its_border(rendered):
    for case in rendered:
        for scan in case.values():
            for mask in scan.masks:
                assert mask.shape == scan.image.shape
                assert set(np.unique(mask)) == {0, 1}
                assert ndimage.label(mask, np.ones((3, 3, 3)))[1] == 1
                inner = mask[1:-1, 1:-1, 1:-1]
                assert inner.sum() == mask.sum() > 100


def test_masks_of_both_sequences_cover_the_same_place(rendered):
    for case in rendered:
        for one, two in zip(case["T1C"].masks, case["T2"].masks, strict=True):
            source, target = case["T1C"].grid, case["T2"].grid
            offset = target.points() - np.reshape(source.origin_mm, (3, 1, 1, 1))
            index = np.einsum("ji,j...->i...", source.direction, offset)
            index /= np.reshape(source.spacing_mm, (3, 1, 1, 1))
            moved = ndimage.map_coordinates(one.astype(np.float32), index[::-1], order=1) > 0.5
            assert dice(moved, two) > 0.8


def test_images_fit_16_bits_and_are_neither_empty_nor_saturated(rendered):
    for case in rendered:
        for scan in case.values():
            assert scan.image.dtype == np.int16
            assert scan.image.min() >= 0
            assert (scan.image == 32767).mean() < 0.001
            assert scan.image.std() > 10


def test_the_image_knows_nothing_of_the_label():
    lesion = LESIONS[0]
    other = "benign" if lesion.label == "malignant" else "malignant"
    one = LesionScene(SETTINGS, lesion).render("T1C")
    two = LesionScene(SETTINGS, replace(lesion, label=other, subtype="other", conspicuity=9.0)).render("T1C")
    np.testing.assert_array_equal(one.image, two.image)
    np.testing.assert_array_equal(one.masks, two.masks)


def test_rendering_again_gives_the_same_voxels_in_any_order(rendered):
    scene = LesionScene(SETTINGS, LESIONS[1])
    second, first = scene.render("T2"), scene.render("T1C")
    np.testing.assert_array_equal(first.image, rendered[1]["T1C"].image)
    np.testing.assert_array_equal(second.image, rendered[1]["T2"].image)
    np.testing.assert_array_equal(second.masks, rendered[1]["T2"].masks)


def test_more_uptake_makes_the_lesion_brighter_on_t1c_only():
    quiet = SETTINGS.model_copy(
        update={"sites": tuple(s.model_copy(update={"noise": 0.0}) for s in SETTINGS.sites)}
    )
    site = quiet.sites[0]
    base = replace(LESIONS[0], necrosis=0.0, patient=replace(LESIONS[0].patient, site=site))
    for sequence, brighter in (("T1C", True), ("T2", False)):
        low, high = (
            LesionScene(quiet, replace(base, uptake_mm=value)).render(sequence) for value in (0.2, 0.9)
        )
        inside = ndimage.binary_erosion(low.truth, iterations=2)
        ratio = high.image[inside].mean() / low.image[inside].mean()
        assert (ratio > 1.3) == brighter
        assert ratio >= 1.0
