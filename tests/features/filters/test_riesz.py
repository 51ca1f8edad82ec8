"""Riesz transforms: waves are shifted by a quarter for each order, and steered ones turn with the image."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from samesplit.features.filters.fourier import Spectra
from samesplit.features.filters.respond import respond
from samesplit.features.filters.riesz import riesz
from samesplit.features.filters.settings import LogFilter, RieszFilter, SimoncelliFilter

LOG = {"kind": "log", "sigma_mm": 1.2}
SIMONCELLI = {"kind": "simoncelli", "level": 1}
ONE_MM = (1.0, 1.0, 1.0)
BLOBS = gaussian_filter(np.random.default_rng(8).normal(size=(12, 14, 16)), 1.0)


def response(image: np.ndarray, order: tuple[int, ...], of: dict[str, Any], **settings: Any) -> np.ndarray:
    one = RieszFilter.model_validate({"order": order, "of": of, "dimensions": len(order), **settings})
    ((_, found),) = respond(image, settings.pop("spacing_mm", ONE_MM), [one])
    return found


def periodic(image: np.ndarray, order: tuple[int, ...], of: dict[str, Any], **settings: Any) -> np.ndarray:
    return response(image, order, of, boundary="periodic", **settings)


def plane_wave(waves: tuple[int, int, int], n: int, shift: float = 0.0) -> np.ndarray:
    """A wave with whole numbers of waves along x, y, z in a cube of n samples."""
    z, y, x = np.indices((n, n, n))
    return np.cos(2 * np.pi * (waves[0] * x + waves[1] * y + waves[2] * z) / n + shift)


@pytest.mark.parametrize(
    ("order", "factor", "shift"),
    [
        ((1, 0, 0), 3 / 7, -np.pi / 2),
        ((0, 1, 0), 6 / 7, -np.pi / 2),
        ((0, 0, 1), -2 / 7, -np.pi / 2),
        ((2, 0, 0), 9 / 49, np.pi),
        ((1, 1, 0), np.sqrt(2) * 18 / 49, np.pi),
        ((0, 1, 1), -np.sqrt(2) * 12 / 49, np.pi),
        ((1, 1, 1), -np.sqrt(6) * 36 / 343, np.pi / 2),
    ],
)
def test_a_wave_is_weighed_by_its_direction_and_shifted_by_a_quarter_for_each_order(
    order: tuple[int, ...], factor: float, shift: float
) -> None:
    waves, n = (3, 6, -2), 32
    filtered = periodic(plane_wave(waves, n), (1, 0, 0), LOG).std() / (3 / 7 * np.sqrt(0.5))
    wanted = factor * filtered * plane_wave(waves, n, shift)
    # A Laplacian of Gaussian is negative for every frequency.
    np.testing.assert_allclose(periodic(plane_wave(waves, n), order, LOG), -wanted, atol=1e-5)


def test_all_components_of_an_order_together_keep_the_energy() -> None:
    odd = BLOBS[:11, :13, :15]  # of half the sampling rate no direction is known, and odd numbers have none
    ((_, filtered),) = respond(odd, ONE_MM, [SimoncelliFilter(boundary="periodic")])
    for total in (1, 2, 3):
        orders = [o for o in np.ndindex(4, 4, 4) if sum(o) == total]
        energy = sum(float((periodic(odd, order, SIMONCELLI) ** 2).sum()) for order in orders)
        assert energy == pytest.approx(float((filtered**2).sum()), rel=1e-4)


@pytest.mark.parametrize("order", [(1, 0, 0), (0, 2, 0), (1, 1, 0), (0, 1, 2)])
def test_steered_responses_turn_with_the_image(order: tuple[int, ...]) -> None:
    turned = np.ascontiguousarray(np.rot90(BLOBS, 1, (0, 2)))
    one = periodic(BLOBS, order, LOG, structure_sigma_mm=1.0)
    other = periodic(turned, order, LOG, structure_sigma_mm=1.0)
    assert one.std() > 1e-3
    np.testing.assert_allclose(np.rot90(one, 1, (0, 2)), other, atol=1e-6)


def test_responses_that_are_not_steered_do_not_turn_with_the_image() -> None:
    turned = np.ascontiguousarray(np.rot90(BLOBS, 1, (0, 2)))
    one, other = (periodic(image, (1, 0, 0), LOG) for image in (BLOBS, turned))
    assert np.abs(np.rot90(one, 1, (0, 2)) - other).max() > 0.1 * np.ptp(one)


@pytest.mark.parametrize("of", [LOG, SIMONCELLI], ids=lambda of: of["kind"])
def test_the_first_direction_is_that_of_a_plane_wave_and_nothing_is_left_for_the_others(
    of: dict[str, Any],
) -> None:
    waves, n = (3, 6, -2), 32
    image = plane_wave(waves, n)
    plain = periodic(image, (0, 1, 0), of) / (6 / 7)  # the response along the wave
    along = periodic(image, (1, 0, 0), of, structure_sigma_mm=1.5)
    np.testing.assert_allclose(along, np.abs(plain), atol=1e-4)
    second = periodic(image, (2, 0, 0), of, structure_sigma_mm=1.5)
    np.testing.assert_allclose(second, periodic(image, (0, 2, 0), of) / (36 / 49), atol=1e-4)
    for order in ((0, 1, 0), (0, 0, 1), (0, 2, 0), (1, 1, 0), (0, 1, 1)):
        assert np.abs(periodic(image, order, of, structure_sigma_mm=1.5)).max() < 1e-4


def test_steered_second_order_responses_add_up_to_the_sum_along_the_axes() -> None:
    orders = [(2, 0, 0), (0, 2, 0), (0, 0, 2)]
    fixed = sum(periodic(BLOBS, order, LOG) for order in orders)
    turned = sum(periodic(BLOBS, order, LOG, structure_sigma_mm=0.8) for order in orders)
    np.testing.assert_allclose(turned, fixed, atol=1e-5)


@pytest.mark.parametrize("boundary", ["mirror", "periodic", "nearest"])
@pytest.mark.parametrize("settings", [{}, {"structure_sigma_mm": 1.0}], ids=["fixed", "steered"])
@pytest.mark.parametrize("order", [(0, 2, 0), (1, 1)], ids=["volume", "slices"])
def test_a_part_has_the_response_of_the_whole(
    boundary: str, settings: dict[str, Any], order: tuple[int, ...]
) -> None:
    given = {"order": order, "dimensions": len(order), "of": LOG, "boundary": boundary}
    one = RieszFilter.model_validate(given | settings)
    part = slice(0, 3), slice(5, 9), slice(14, 16)
    whole = riesz(Spectra(BLOBS), one, ONE_MM)
    np.testing.assert_allclose(riesz(Spectra(BLOBS, part), one, ONE_MM), whole[part], atol=1e-6)


@pytest.mark.parametrize("settings", [{}, {"structure_sigma_mm": 1.0}], ids=["fixed", "steered"])
def test_in_two_dimensions_slices_do_not_see_each_other(settings: dict[str, Any]) -> None:
    both = [response(image, (0, 2), LOG, **settings) for image in (BLOBS, BLOBS[4:5])]
    np.testing.assert_allclose(both[0][4:5], both[1], atol=1e-6)


def test_sizes_in_mm_follow_the_voxels() -> None:
    one = RieszFilter.model_validate({"order": (1, 0, 0), "of": LOG, "structure_sigma_mm": 1.0})
    other = one.model_copy(update={"of": LogFilter(sigma_mm=2.4), "structure_sigma_mm": 2.0})
    np.testing.assert_array_equal(
        riesz(Spectra(BLOBS), one, ONE_MM), riesz(Spectra(BLOBS), other, (2.0, 2.0, 2.0))
    )
