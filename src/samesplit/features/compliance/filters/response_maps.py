"""Phase 1 of IBSI-2: 36 filter settings on digital phantoms, 33 of which have a reference response map.

Source: Whybra et al., Radiology 2024, doi:10.1148/radiol.231319, and the IBSI reference manual for image
filters, arXiv:2006.05470. Phantoms have cubic voxels of 2 mm.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import SimpleITK as sitk

from samesplit.errors import LesionError
from samesplit.features.compliance.filters.location import Files
from samesplit.features.filters.settings import (
    Filter,
    GaborFilter,
    LawsFilter,
    LogFilter,
    MeanFilter,
    RieszFilter,
    SimoncelliFilter,
    WaveletFilter,
)

__all__ = ["TESTS", "MapTest", "kind_of", "read_volume", "responses"]

Volume = npt.NDArray[np.floating]


@dataclass(frozen=True)
class MapTest:
    """One test.

    Attributes:
        name: The IBSI's, as `3.b.2`.
        phantom: What is filtered.
        filter: How.
        has_reference: Whether the teams agreed on a map.
    """

    name: str
    phantom: str
    filter: Filter
    has_reference: bool = True

    @property
    def file_name(self) -> str:
        """The name as it stands in names of files: `3_b_2`."""
        return self.name.replace(".", "_")


def _tests() -> Iterator[MapTest]:
    for part, boundary in enumerate(("zero", "nearest", "periodic", "mirror"), start=1):
        yield MapTest(f"1.a.{part}", "checkerboard", MeanFilter(support_voxels=15, boundary=boundary))
    yield MapTest("1.b.1", "impulse", MeanFilter(support_voxels=15, boundary="zero", dimensions=2))
    yield MapTest("2.a", "impulse", LogFilter(sigma_mm=3, boundary="zero"))
    yield MapTest("2.b", "checkerboard", LogFilter(sigma_mm=5))
    yield MapTest("2.c", "checkerboard", LogFilter(sigma_mm=5, dimensions=2))
    for letter, phantom, one in (
        ("a", "impulse", LawsFilter(kernels=("E5", "L5", "S5"), boundary="zero")),
        ("b", "checkerboard", LawsFilter(kernels=("E3", "W5", "R5"))),
        ("c", "checkerboard", LawsFilter(kernels=("L5", "S5"), dimensions=2)),
    ):
        turned = one.model_copy(update={"rotation_invariant": True, "pooling": "max"})
        yield MapTest(f"3.{letter}.1", phantom, one)
        yield MapTest(f"3.{letter}.2", phantom, turned)
        yield MapTest(f"3.{letter}.3", phantom, turned.model_copy(update={"energy_distance": 7}))
    narrow = GaborFilter(sigma_mm=10, wavelength_mm=4, aspect_ratio=0.5, angle_degrees=60, boundary="zero")
    wide = GaborFilter(sigma_mm=20, wavelength_mm=8, aspect_ratio=2.5, angle_degrees=225)
    for letter, phantom, gabor, step in (("a", "impulse", narrow, 45.0), ("b", "sphere", wide, 22.5)):
        every = {"angle_degrees": 0.0, "angle_step_degrees": step, "pooling": "mean", "planes": "orthogonal"}
        yield MapTest(f"4.{letter}.1", phantom, gabor)
        yield MapTest(f"4.{letter}.2", phantom, gabor.model_copy(update=every))
    mean = {"rotation_invariant": True, "pooling": "mean"}
    for number, phantom, wavelet in (
        (5, "impulse", WaveletFilter(wavelet="db2", subband="LHL", boundary="zero")),
        (6, "sphere", WaveletFilter(wavelet="coif1", subband="HHL", boundary="periodic")),
    ):
        yield MapTest(f"{number}.a.1", phantom, wavelet)
        yield MapTest(f"{number}.a.2", phantom, wavelet.model_copy(update=mean))
    for part, subband in enumerate(("LLL", "HHH"), start=1):
        haar = WaveletFilter(
            wavelet="haar", subband=subband, level=2, rotation_invariant=True, pooling="mean"
        )
        yield MapTest(f"7.a.{part}", "checkerboard", haar)
    for level in (1, 2, 3):
        yield MapTest(f"8.a.{level}", "checkerboard", SimoncelliFilter(level=level, boundary="periodic"))
    log = LogFilter(sigma_mm=3, boundary="zero")
    yield MapTest("9.a", "impulse", RieszFilter(order=(1, 0, 0), of=log, boundary="zero"))
    blobs = RieszFilter(order=(0, 2, 0), of=log, boundary="zero")
    yield MapTest("9.b.1", "sphere", blobs)
    yield MapTest("9.b.2", "sphere", _steered(blobs), has_reference=False)
    outside_zero = SimoncelliFilter(level=1, boundary="zero")
    first = RieszFilter(order=(1, 0, 0), of=outside_zero, boundary="zero")
    yield MapTest("10.a", "impulse", first, has_reference=False)
    nearest = SimoncelliFilter(level=1, boundary="nearest")
    second = RieszFilter(order=(0, 2, 0), of=nearest, boundary="nearest")
    yield MapTest("10.b.1", "pattern_1", second)
    yield MapTest("10.b.2", "pattern_1", _steered(second), has_reference=False)


def _steered(one: RieszFilter) -> RieszFilter:
    return one.model_copy(update={"structure_sigma_mm": 1.0})


TESTS: tuple[MapTest, ...] = tuple(_tests())
"""All tests, in the order of the standard."""


_KINDS = {
    "mean": "mean",
    "log": "LoG",
    "laws": "Laws",
    "gabor": "Gabor",
    "wavelet": "separable wavelet",
    "simoncelli": "Simoncelli",
}


def kind_of(one: Filter) -> str:
    """Return what a filter is called.

    Example:
        >>> kind_of(RieszFilter(order=(1, 0, 0), of=LogFilter(sigma_mm=3)))
        'Riesz, LoG'
    """
    return f"Riesz, {_KINDS[one.of.kind]}" if isinstance(one, RieszFilter) else _KINDS[one.kind]


def responses(files: Files, tests: Sequence[MapTest] = TESTS) -> Iterator[tuple[MapTest, Volume]]:
    """Yield each test with its response map, phantom after phantom, one map in memory at a time.

    Raises:
        LesionError: The file of a phantom cannot be read.
    """
    # The kernels take a second to import: not before they are needed.
    from samesplit.features.filters.respond import respond

    by_phantom: dict[str, list[MapTest]] = {}
    for test in tests:
        by_phantom.setdefault(test.phantom, []).append(test)
    for phantom, those in by_phantom.items():
        path = files.phantoms.get(phantom)
        if path is None:
            continue
        image, spacing = _read(path)
        maps = respond(image, spacing, [test.filter for test in those])
        for test, (_, response) in zip(those, maps, strict=True):
            yield test, response


def read_volume(path: Path) -> Volume:
    """Return the voxels of a file, axes z, y, x.

    Raises:
        LesionError: It cannot be read.
    """
    return _read(path)[0]


def _read(path: Path) -> tuple[Volume, tuple[float, float, float]]:
    try:
        image = sitk.ReadImage(str(path))
    except RuntimeError as error:
        raise LesionError(
            "this file of the IBSI-2 data cannot be read", where=path, remedy="download it again"
        ) from error
    x, y, z = image.GetSpacing()
    return sitk.GetArrayFromImage(image).astype(np.float64), (z, y, x)
