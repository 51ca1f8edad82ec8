from __future__ import annotations

import numpy as np
import pytest

from samesplit.features.families.centroid import centre_of_mass_shift


def test_the_shift_is_between_the_morphological_middle_and_the_bright_middle_of_the_intensity_mask() -> None:
    generator = np.random.default_rng(1)
    image = generator.uniform(1, 9, (5, 6, 7))
    morphological = (generator.random(image.shape) < 0.7).astype(np.uint8)
    intensity = morphological * (generator.random(image.shape) < 0.7)
    spacing = np.array((3.0, 0.7, 1.1))
    bright = np.average(np.argwhere(intensity), axis=0, weights=image[intensity > 0])
    expected = np.linalg.norm((bright - np.argwhere(morphological).mean(axis=0)) * spacing)
    shift = centre_of_mass_shift(image, morphological, intensity, (3.0, 0.7, 1.1))
    assert shift == pytest.approx(expected, rel=1e-12)


def test_a_constant_image_has_no_shift() -> None:
    mask = (np.random.default_rng(2).random((5, 6, 7)) < 0.5).astype(np.uint8)
    assert centre_of_mass_shift(np.full(mask.shape, 7.0), mask, mask, (1.0, 1.0, 1.0)) == pytest.approx(
        0, abs=1e-12
    )


def test_intensities_that_sum_to_zero_have_no_centre() -> None:
    mask = np.ones((1, 1, 2), np.uint8)
    assert np.isnan(centre_of_mass_shift(np.array([[[-1.0, 1.0]]]), mask, mask, (1.0, 1.0, 1.0)))
