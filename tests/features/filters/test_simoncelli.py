"""Simoncelli's wavelet passes one band of frequencies, the same in all directions."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pytest

from samesplit.features.filters.fourier import Spectra
from samesplit.features.filters.settings import Boundary, SimoncelliFilter
from samesplit.features.filters.simoncelli import band_passed, simoncelli

NOISE = np.random.default_rng(3).normal(size=(10, 12, 14))


def response(
    image: np.ndarray, level: int = 1, dimensions: int = 3, boundary: Boundary = "periodic"
) -> np.ndarray:
    one = SimoncelliFilter.model_validate({"level": level, "dimensions": dimensions, "boundary": boundary})
    return simoncelli(Spectra(image), one)


def wave(waves: int, n: int, axis: int = 2) -> np.ndarray:
    """Whole waves along one axis of a volume of n samples; the same in the other two."""
    along = np.cos(2 * np.pi * waves * np.arange(n) / n).reshape([-1 if a == axis else 1 for a in range(3)])
    return np.broadcast_to(along, [n if a == axis else 3 for a in range(3)])


def gain(radius: float) -> float:
    return float(np.cos(np.pi / 2 * np.log2(2 * radius))) if 1 / 4 < radius < 1 else 0.0


@pytest.mark.parametrize("waves", [3, 10, 20, 32, 40, 50, 60])
@pytest.mark.parametrize("level", [1, 2, 3])
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_wave_is_multiplied_by_the_printed_filter(waves: int, level: int, axis: int) -> None:
    n = 125  # an odd number of samples: frequencies lie where those of the transform do, times n / (n - 1)
    image = wave(waves, n, axis)
    wanted = gain(2 * waves / (n - 1) * 2 ** (level - 1)) * image
    np.testing.assert_allclose(response(image, level), wanted, atol=1e-6)


def test_an_even_number_of_samples_has_the_mean_of_the_filter_half_a_step_to_either_side() -> None:
    n, waves = 64, 12
    sides = [gain(np.sqrt((2 * waves + s) ** 2 + 2 * s * s) / (n - 1)) for s in (1, -1)]
    image = np.broadcast_to(wave(waves, n)[1, 1], (n, n, n))
    np.testing.assert_allclose(response(image), np.mean(sides) * image, atol=1e-6)


def test_the_mean_is_taken_away() -> None:
    np.testing.assert_allclose(response(NOISE + 1000), response(NOISE), atol=1e-3)
    assert abs(response(NOISE).mean()) < 1e-6


@pytest.mark.parametrize("boundary", ["zero", "nearest", "periodic", "mirror", "constant"])
@pytest.mark.parametrize("dimensions", [2, 3])
def test_a_part_has_the_response_of_the_whole(boundary: Boundary, dimensions: Literal[2, 3]) -> None:
    one = SimoncelliFilter(level=2, boundary=boundary, dimensions=dimensions)
    part = slice(2, 5), slice(0, 7), slice(13, 14)
    found = simoncelli(Spectra(NOISE, part), one)
    assert found.dtype == np.float32
    assert found.shape == (3, 7, 1)
    np.testing.assert_array_equal(found, simoncelli(Spectra(NOISE), one)[part])


def test_in_two_dimensions_slices_do_not_see_each_other() -> None:
    np.testing.assert_allclose(
        response(NOISE, dimensions=2, boundary="mirror")[4:5],
        response(NOISE[4:5], dimensions=2, boundary="mirror"),
        atol=1e-6,
    )


def test_boundaries_matter_at_the_faces_alone() -> None:
    image = np.random.default_rng(4).normal(size=(1, 100, 100))
    zero, mirror = (response(image, dimensions=2, boundary=boundary) for boundary in ("zero", "mirror"))
    assert np.abs(zero - mirror)[0, :2].max() > 0.1
    assert np.abs(zero - mirror)[0, 45:55, 45:55].max() < 5e-3


def test_the_transform_of_one_image_is_made_once_for_all_levels() -> None:
    spectra = Spectra(NOISE)
    first = spectra.of(3, "mirror", 0.0, 16)
    for level in (1, 2):
        simoncelli(spectra, SimoncelliFilter(level=level))
    assert spectra.of(3, "mirror", 0.0, 16) is first
    assert spectra.of(2, "mirror", 0.0, 16) is not first


@pytest.mark.parametrize("dimensions", [2, 3])
@pytest.mark.parametrize("level", [1, 2, 3])
@pytest.mark.parametrize("wide", [14, 2])
def test_frequencies_that_are_left_out_are_those_the_filter_does_not_pass(
    dimensions: int, level: int, wide: int
) -> None:
    spectrum = Spectra(NOISE[:, :, :wide]).of(dimensions, "periodic", 0.0, 0)
    whole, kept = band_passed(spectrum, level), band_passed(spectrum, level, cut=True)
    columns = kept.shape[2]
    assert np.array_equal(whole[:, :, :columns], kept)
    assert not whole[:, :, columns:].any()
