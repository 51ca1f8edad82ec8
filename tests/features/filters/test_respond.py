"""Response maps on parts of images, and every filter against a plain computation of it."""

from __future__ import annotations

from itertools import permutations, product

import numpy as np
import pytest
import pywt
from scipy.ndimage import convolve1d, uniform_filter
from scipy.signal import fftconvolve

from samesplit.features.filters.respond import respond
from samesplit.features.filters.settings import (
    Filter,
    GaborFilter,
    LawsFilter,
    LogFilter,
    MeanFilter,
    Pooling,
    WaveletFilter,
)

IMAGE = np.random.default_rng(5).integers(-200, 300, (9, 11, 13)).astype(np.float64)
ONE_MM = (1.0, 1.0, 1.0)
SCIPY = {"zero": "constant", "nearest": "nearest", "periodic": "wrap", "mirror": "reflect"}
POOL = {"max": np.max, "mean": np.mean, "min": np.min}
FILTERS: tuple[Filter, ...] = (
    MeanFilter(support_voxels=3),
    LogFilter(sigma_mm=1),
    LogFilter(sigma_mm=0.7, dimensions=2, boundary="nearest"),
    LawsFilter(kernels="L3E3S3", boundary="zero"),
    LawsFilter(kernels="L5E5E5", rotation_invariant=True, energy_distance=2),
    LawsFilter(kernels="E5S5", dimensions=2, energy_distance=1, boundary="constant", constant=9),
    GaborFilter(sigma_mm=1, wavelength_mm=3, angle_degrees=30),
    GaborFilter(sigma_mm=0.8, wavelength_mm=2, angle_step_degrees=45, planes="orthogonal"),
    WaveletFilter(wavelet="db2", subband="LLH"),
    WaveletFilter(wavelet="haar", subband="HL", level=2, dimensions=2, rotation_invariant=True),
)


def response(one: Filter, image: np.ndarray = IMAGE) -> np.ndarray:
    ((_, found),) = respond(image, ONE_MM, [one])
    return found


def close(found: np.ndarray, wanted: np.ndarray) -> None:
    np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-5 * np.ptp(wanted))


@pytest.mark.parametrize("one", FILTERS, ids=lambda one: one.name)
def test_a_part_has_the_responses_of_the_whole(one: Filter) -> None:
    wanted = slice(2, 5), slice(0, 6), slice(7, 13)
    whole = response(one)
    ((_, part),) = respond(IMAGE, ONE_MM, [one], wanted=wanted)
    assert whole.shape == IMAGE.shape
    assert whole.dtype == np.float32
    close(part, whole[wanted])


@pytest.mark.parametrize("one", [one for one in FILTERS if one.dimensions == 2], ids=lambda one: one.name)
def test_in_two_dimensions_slices_do_not_see_each_other(one: Filter) -> None:
    close(response(one)[3:4], response(one, IMAGE[3:4]))


@pytest.mark.parametrize("one", FILTERS, ids=lambda one: one.name)
def test_responses_look_no_further_than_they_say(one: Filter) -> None:
    reach = one.reach_voxels(ONE_MM)
    assert reach is not None
    image = np.zeros([4 * far + 3 for far in reach])
    middle = tuple(size // 2 for size in image.shape)
    if one.boundary == "constant":
        image[:] = one.constant
    flat = response(one, image)
    image[middle] += 100.0
    seen = np.argwhere(np.abs(response(one, image) - flat) > 1e-3)
    assert len(seen) > 0
    assert (np.abs(seen - middle) <= reach).all()


@pytest.mark.parametrize("boundary", SCIPY)
def test_means_are_those_of_scipy(boundary: str) -> None:
    for dimensions, size in ((3, 5), (2, (1, 5, 5))):
        one = MeanFilter(support_voxels=5, boundary=boundary, dimensions=dimensions)
        close(response(one), uniform_filter(IMAGE, size, mode=SCIPY[boundary]))


def test_the_laplacian_of_gaussian_is_its_printed_kernel() -> None:
    sigma, reach = 1.3, 5
    z, y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1, -reach : reach + 1] / sigma
    square = x * x + y * y + z * z
    kernel = (square - 3) / sigma**2 * (1 / (np.sqrt(2 * np.pi) * sigma)) ** 3 * np.exp(-square / 2)
    wanted = fftconvolve(np.pad(IMAGE, reach, mode="symmetric"), kernel, mode="valid")
    close(response(LogFilter(sigma_mm=1.3)), wanted)


def test_sizes_in_mm_follow_the_voxels() -> None:
    for one, twice in (
        (LogFilter(sigma_mm=1.5), LogFilter(sigma_mm=3)),
        (
            GaborFilter(sigma_mm=1, wavelength_mm=3, planes="orthogonal"),
            GaborFilter(sigma_mm=2, wavelength_mm=6, planes="orthogonal"),
        ),
    ):
        ((_, found),) = respond(IMAGE, (2.0, 2.0, 2.0), [twice])
        close(found, response(one))


def test_voxels_of_different_sizes_see_a_round_laplacian() -> None:
    blob = LogFilter(sigma_mm=4)
    z, y, x = np.mgrid[-12:13, -16:17, -16:17]
    responses = []
    for spacing in ((2.0, 1.0, 1.0), (1.0, 2.0, 1.0)):
        ball = np.exp(-((z * spacing[0]) ** 2 + (y * spacing[1]) ** 2 + x**2) / (2 * 3.0**2))
        ((_, found),) = respond(ball, spacing, [blob], wanted=(slice(12, 13), slice(16, 17), slice(16, 17)))
        responses.append(found.item())
    assert responses[0] == pytest.approx(responses[1], rel=1e-3)


def laws(image: np.ndarray, names: str) -> np.ndarray:
    kernels = {
        "L5": np.array([1, 4, 6, 4, 1]) / np.sqrt(70),
        "E5": np.array([-1, -2, 0, 2, 1]) / np.sqrt(10),
        "W5": np.array([-1, 2, 0, -2, 1]) / np.sqrt(10),
        "S3": np.array([-1, 2, -1]) / np.sqrt(6),
        "E3": np.array([-1, 0, 1]) / np.sqrt(2),
    }
    for place in range(len(names) // 2):  # along x, y, z
        image = convolve1d(image, kernels[names[2 * place : 2 * place + 2]], axis=2 - place, mode="reflect")
    return image


def wavelet(image: np.ndarray, name: str, subband: str, level: int) -> np.ndarray:
    kernels = {"L": np.array(pywt.Wavelet(name).dec_lo), "H": np.array(pywt.Wavelet(name).dec_hi)}
    margin = 14
    image = np.pad(image, margin, mode="symmetric")
    for now in range(1, level + 1):
        for place, letter in enumerate(subband if now == level else "L" * len(subband)):
            spread = np.zeros(len(kernels[letter]) * 2 ** (now - 1))
            spread[:: 2 ** (now - 1)] = kernels[letter]
            image = convolve1d(image, spread, axis=2 - place)
    return image[(slice(margin, -margin),) * 3]


def turned(image: np.ndarray, respond_to: object, dimensions: int) -> list[np.ndarray]:
    """The responses to the image turned by all right angles, turned back."""
    found = []
    for order in permutations(range(3)):
        for signs in product((1, -1), repeat=3):
            matrix = np.zeros((3, 3))
            matrix[range(3), order] = signs
            if np.linalg.det(matrix) > 0 and (dimensions == 3 or matrix[0, 0] == 1):
                steps = tuple(slice(None, None, signs[order.index(axis)]) for axis in range(3))
                one = respond_to(np.ascontiguousarray(image[steps].transpose(order)))  # type: ignore[operator]
                found.append(one.transpose(np.argsort(order))[steps])
    return found


@pytest.mark.parametrize("names", ["L5E5S3", "L5E5E5", "E5W5E3", "L5E5", "E5W5"])
def test_laws_rotations_are_those_of_turned_images(names: str) -> None:
    dimensions = len(names) // 2
    responses = turned(IMAGE, lambda image: laws(image, names), dimensions)
    assert len(responses) == (24 if dimensions == 3 else 4)
    for pooling, function in POOL.items():
        one = LawsFilter(kernels=names, dimensions=dimensions, rotation_invariant=True, pooling=pooling)
        wanted = function(responses, axis=0)
        np.testing.assert_allclose(response(one), wanted, atol=1e-5 * np.ptp(responses[0]))


@pytest.mark.parametrize(("subband", "level"), [("LLH", 1), ("HHH", 2), ("LH", 1), ("HL", 3)])
def test_wavelet_rotations_are_those_of_turned_images(subband: str, level: int) -> None:
    dimensions = len(subband)
    responses = turned(IMAGE, lambda image: wavelet(image, "db2", subband, level), dimensions)
    given = {"wavelet": "db2", "subband": subband, "level": level, "dimensions": dimensions}
    for pooling, function in POOL.items():
        one = WaveletFilter(**given, rotation_invariant=True, pooling=pooling)
        close(response(one), function(responses, axis=0))


def test_the_energy_is_the_mean_of_absolute_responses() -> None:
    one = LawsFilter(kernels="L5E5S3", energy_distance=2)
    close(response(one), uniform_filter(np.abs(laws(IMAGE, "L5E5S3")), 5, mode="reflect"))


def gabor(image: np.ndarray, one: GaborFilter, angle: float) -> np.ndarray:
    """The complex response in slices of the first axis, waves at 0 degrees along the last."""
    far = round(one.cutoff_sigma * one.sigma_mm * max(1, 1 / one.aspect_ratio))
    k2, k1 = np.mgrid[-far : far + 1, -far : far + 1]
    cosine, sine = np.cos(np.radians(angle)), np.sin(np.radians(angle))
    u, v = k1 * cosine + k2 * sine, k2 * cosine - k1 * sine
    kernel = np.exp(
        -(u * u + one.aspect_ratio**2 * v * v) / (2 * one.sigma_mm**2) + 2j * np.pi * u / one.wavelength_mm
    )
    padded = np.pad(image, ((0, 0), (far, far), (far, far)), mode="symmetric")
    return np.stack([fftconvolve(one_slice, kernel, mode="valid") for one_slice in padded])


@pytest.mark.parametrize(
    ("part", "function"), [("modulus", np.abs), ("real", np.real), ("imaginary", np.imag)]
)
def test_a_gabor_response_is_that_of_its_printed_kernel(part: str, function: object) -> None:
    one = GaborFilter(sigma_mm=2, wavelength_mm=4, aspect_ratio=1.5, angle_degrees=30, response=part)
    close(response(one), function(gabor(IMAGE, one, 30)))  # type: ignore[operator]


@pytest.mark.parametrize("pooling", ["max", "mean", "min"])
@pytest.mark.parametrize("part", ["modulus", "imaginary"])
def test_gabor_directions_are_pooled_and_planes_averaged(pooling: Pooling, part: str) -> None:
    one = GaborFilter(
        sigma_mm=1.5,
        wavelength_mm=3,
        aspect_ratio=0.8,
        angle_step_degrees=60,
        pooling=pooling,
        response=part,
        planes="orthogonal",
    )
    function = np.abs if part == "modulus" else np.imag
    planes = []
    for order in ((0, 1, 2), (1, 0, 2), (2, 0, 1)):  # slices, then the axis of k2, then that of k1
        slices = IMAGE.transpose(order)
        pooled = POOL[pooling]([function(gabor(slices, one, angle)) for angle in range(0, 360, 60)], axis=0)
        planes.append(pooled.transpose(np.argsort(order)))
    wanted = np.mean(planes, axis=0)
    np.testing.assert_allclose(response(one), wanted, atol=2e-4 * np.abs(wanted).max() + 2e-3)


def test_filters_that_share_work_respond_as_they_do_alone() -> None:
    subbands = [WaveletFilter(wavelet="db2", subband=subband) for subband in ("LLL", "LLH", "HLL", "HHH")]
    invariant = [WaveletFilter(**one.model_dump() | {"rotation_invariant": True}) for one in subbands]
    gabor_filters = [  # more of them than are made at once, two of them with another reach
        GaborFilter(sigma_mm=sigma, wavelength_mm=length, aspect_ratio=2, angle_step_degrees=90)
        for sigma, length in ((1, 2), (1, 3), (1, 4), (1, 5), (1, 6), (0.5, 2), (0.5, 3))
    ]
    cancelled = LawsFilter(kernels="E5E5E5", rotation_invariant=True, pooling="mean")
    filters = [*FILTERS, *subbands, cancelled, *invariant, *gabor_filters, *subbands[::-1]]
    found = list(respond(IMAGE, ONE_MM, filters, wanted=(slice(1, 6), slice(3, 11), slice(0, 9))))
    assert [one for one, _ in found] == filters
    for one, together in found:
        close(together, response(one)[1:6, 3:11, 0:9])
    assert not found[len(FILTERS) + len(subbands)][1].any()


def test_a_response_is_made_when_it_is_asked_for() -> None:
    image = IMAGE.copy()
    responses = respond(image, ONE_MM, [MeanFilter(support_voxels=1), MeanFilter(support_voxels=3)])
    _, first = next(responses)
    np.testing.assert_array_equal(first, IMAGE)
    image[:] = 7  # the second response is of the image as it is by then
    np.testing.assert_allclose(next(responses)[1], 7, rtol=1e-6)
