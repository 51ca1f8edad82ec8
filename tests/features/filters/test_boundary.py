"""Images beyond their faces against numpy's padding."""

from __future__ import annotations

import numpy as np
import pytest

from samesplit.features.filters.boundary import PaddedImage, extended, widened
from samesplit.features.filters.settings import Boundary

IMAGE = np.random.default_rng(0).normal(size=(3, 4, 5))
MODES: dict[Boundary, str] = {
    "zero": "constant",
    "nearest": "edge",
    "periodic": "wrap",
    "mirror": "symmetric",
    "constant": "constant",
}


def padded(boundary: Boundary, far: int, constant: float) -> np.ndarray:
    more = {"constant_values": constant} if boundary == "constant" else {}
    return np.pad(IMAGE, far, mode=MODES[boundary], **more)


@pytest.mark.parametrize("boundary", MODES)
@pytest.mark.parametrize("far", [1, 3, 8])
def test_an_image_goes_on_as_its_boundary_says(boundary: Boundary, far: int) -> None:
    box = widened(PaddedImage(IMAGE).wanted, (far, far, far))
    np.testing.assert_array_equal(extended(IMAGE, box, boundary, 7.0), padded(boundary, far, 7.0))


@pytest.mark.parametrize("boundary", MODES)
def test_a_part_that_holds_what_is_looked_at_is_enough(boundary: Boundary) -> None:
    box = slice(-2, 2), slice(1, 6), slice(2, 3)
    whole = extended(IMAGE, box, boundary, 7.0)
    start = (0, 0, 2) if boundary == "periodic" else (0, 1, 2)
    stop = (3, 4, 3) if boundary == "periodic" else (2, 4, 3)
    part = IMAGE[tuple(slice(a, b) for a, b in zip(start, stop, strict=True))]
    found = extended(part, box, boundary, 7.0, origin=start, size=IMAGE.shape)
    np.testing.assert_array_equal(found, whole)


def test_surroundings_are_those_of_the_wanted_part() -> None:
    wanted = slice(1, 2), slice(0, 2), slice(3, 5)
    found = PaddedImage(IMAGE, wanted).around((0, 2, 1), "mirror")
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, padded("mirror", 2, 0.0)[3:4, 0:6, 4:8].astype(np.float32))


def test_another_reach_or_boundary_gives_other_surroundings() -> None:
    image = PaddedImage(IMAGE)
    for boundary in MODES:
        for far in (1, 2):
            found = image.around((far, far, far), boundary, 7.0)
            np.testing.assert_array_equal(found, padded(boundary, far, 7.0).astype(np.float32))
