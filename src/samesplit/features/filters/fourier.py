"""Images in Fourier space: one transform of an image serves all filters that are defined there.

The image is extended by its boundary condition before it is transformed, so that what lies at one face does
not meet what lies at the other; with periodic boundaries it is transformed as it is. All is float64 until the
response is there.
Source: IBSI reference manual for image filters, boundary conditions (arXiv:2006.05470).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import fft

from samesplit.features.filters.boundary import Box, extended
from samesplit.features.filters.settings import Boundary

__all__ = ["MARGIN_VOXELS", "Spectra", "Spectrum", "even_size"]

MARGIN_VOXELS = 16
"""How far an image is extended at least, where its boundary is not periodic."""

Floats = npt.NDArray[np.float64]
Complex = npt.NDArray[np.complex128]
Volume = npt.NDArray[np.float32]


class Spectrum:
    """One image, extended and transformed.

    Args:
        image: Axes z, y, x.
        dimensions: 3, or 2 for each slice in the x-y plane by itself.
        boundary: What lies beyond the faces.
        constant: The intensity there with `boundary` "constant".
        margin: How far the image is extended at least, in voxels; not at all with periodic boundaries.
        slices: The slices that responses are wanted of; with 2 dimensions the others are left out. All when None.

    Attributes:
        axes: The axes that are transformed.
        sizes: Samples along z, y, x, extension included.
        values: The transform along z, y, x, with frequencies of 0 and above along x; never changed.

    Example:
        >>> image = np.zeros((4, 4, 4))
        >>> image[1, 2, 3] = 1.0
        >>> spectrum = Spectrum(image, margin=3)
        >>> spectrum.sizes, spectrum.values.shape
        ((10, 10, 10), (10, 10, 6))
        >>> whole = (slice(0, 4),) * 3
        >>> int(spectrum.back(spectrum.values.copy(), whole).argmax()) == int(image.argmax())
        True
    """

    def __init__(
        self,
        image: npt.NDArray[np.floating],
        *,
        dimensions: int = 3,
        boundary: Boundary = "mirror",
        constant: float = 0.0,
        margin: int = MARGIN_VOXELS,
        slices: slice | None = None,
    ) -> None:
        self.axes = (0, 1, 2)[3 - dimensions :]
        before, sizes = [0, 0, 0], list(image.shape)
        if dimensions == 2 and slices is not None:
            before[0], sizes[0] = -slices.start, slices.stop - slices.start
        if boundary != "periodic":
            for axis in self.axes:
                before[axis] = margin
                sizes[axis] = even_size(image.shape[axis] + 2 * margin)
        z, y, x = (slice(-b, n - b) for b, n in zip(before, sizes, strict=True))
        padded = extended(image, (z, y, x), boundary, constant).astype(np.float64)
        self.sizes = (sizes[0], sizes[1], sizes[2])
        self.values: Complex = fft.rfftn(padded, axes=self.axes, overwrite_x=True)
        self._before = before

    def frequencies(self, axis: int) -> Floats:
        """Return the frequencies of a transformed axis in units of half the sampling rate; 0 for others."""
        if axis not in self.axes:
            return np.zeros(self.sizes[axis])
        return np.asarray(2 * fft.fftfreq(self.sizes[axis]))[: self.values.shape[axis]]

    def back(self, filtered: Complex, wanted: Box) -> Volume:
        """Return what a filtered transform is as an image.

        Args:
            filtered: The transform times a filter; it is used up. The highest frequencies along x may be left
                out, and count as 0.
            wanted: The part to return, in the image's indices; it may lie beyond the faces, within the
                extension.
        """
        parts = [slice(part.start + b, part.stop + b) for part, b in zip(wanted, self._before, strict=True)]
        if 0 in self.axes:
            filtered = fft.ifft(filtered, axis=0, overwrite_x=True)
        filtered = fft.ifft(filtered[parts[0]], axis=1, overwrite_x=True)
        found = fft.irfft(filtered[:, parts[1]], n=self.sizes[2], axis=2, overwrite_x=True)
        return np.asarray(found[:, :, parts[2]], dtype=np.float32, order="C")


class Spectra:
    """The transforms of one image under different boundary conditions; the last one is kept for the next filter.

    Attributes:
        image: Axes z, y, x.
        wanted: The part of it on which responses are wanted.
    """

    def __init__(self, image: npt.NDArray[np.floating], wanted: Box | None = None) -> None:
        z, y, x = (slice(0, n) for n in image.shape)
        self.image = image
        self.wanted: Box = (z, y, x) if wanted is None else wanted
        self._last: tuple[tuple[object, ...], Spectrum] | None = None

    def of(self, dimensions: int, boundary: Boundary, constant: float, margin: int) -> Spectrum:
        """Return the transform of the image; arguments as of `Spectrum`."""
        key = (dimensions, boundary, constant, margin)
        if self._last is None or self._last[0] != key:
            self._last = None  # frees the memory before the next one is made
            made = Spectrum(
                self.image,
                dimensions=dimensions,
                boundary=boundary,
                constant=constant,
                margin=margin,
                slices=self.wanted[0],
            )
            self._last = key, made
        return self._last[1]


def even_size(least: int) -> int:
    """Return an even number of samples, not below the least, that a transform is fast for.

    Example:
        >>> even_size(96), even_size(97), even_size(231)
        (96, 100, 240)
    """
    return 2 * int(fft.next_fast_len((least + 1) // 2, real=True))
