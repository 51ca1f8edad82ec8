"""What the scanner adds to the signal: the grid, the bias field, blur, Rician noise, arbitrary units."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from samesplit.benchmarks.synthetic.fields import Array
from samesplit.benchmarks.synthetic.settings import SequenceSettings

_MIN_SLICES, _MAX_SLICES = 20, 32
_MIN_PIXELS, _MAX_PIXELS = 72, 96
_BLUR_PIXELS = 0.55


@dataclass(frozen=True)
class Grid:
    """Voxel grid in patient coordinates (LPS, mm): sizes and spacing in x, y, z order."""

    size: tuple[int, int, int]
    spacing_mm: tuple[float, float, float]
    origin_mm: tuple[float, float, float]
    direction: npt.NDArray[np.float64]

    def points(self) -> Array:
        """Centres of all voxels, shape (3, z, y, x)."""
        axes = [np.arange(n) * step for n, step in zip(self.size, self.spacing_mm, strict=True)]
        z, y, x = np.meshgrid(axes[2], axes[1], axes[0], indexing="ij")
        rotated = np.einsum("ij,j...->i...", self.direction, np.stack([x, y, z]))
        return np.asarray(rotated + np.reshape(self.origin_mm, (3, 1, 1, 1)), dtype=np.float32)

    def box(self, centre_mm: npt.ArrayLike, reach_mm: float) -> tuple[slice, slice, slice]:
        """Index ranges (z, y, x) of the voxels within `reach_mm` of a point."""
        offset = np.asarray(centre_mm) - np.asarray(self.origin_mm)
        index = (self.direction.T @ offset) / np.asarray(self.spacing_mm)
        ranges = []
        for middle, step, count in zip(index, self.spacing_mm, self.size, strict=True):
            low = int(np.floor(middle - reach_mm / step))
            high = int(np.ceil(middle + reach_mm / step)) + 1
            ranges.append(slice(max(low, 0), min(max(high, 0), count)))
        return ranges[2], ranges[1], ranges[0]


def make_grid(
    rng: np.random.Generator,
    sequence: SequenceSettings,
    *,
    centre_mm: npt.ArrayLike,
    field_of_view_mm: float,
    tilt_deg: float,
) -> Grid:
    """Place the crop of one sequence around a lesion, not quite in the middle.

    Args:
        rng: Moves the crop by up to 4 mm in plane and by a fraction of a slice.
        sequence: In-plane spacing and slice thickness.
        centre_mm: Centre of the lesion in patient coordinates.
        field_of_view_mm: Wanted extent; the number of voxels is kept within 72-96 x 72-96 x 20-32.
        tilt_deg: Rotation of the slices about the left-right axis.
    """
    pixels = int(np.clip(round(field_of_view_mm / sequence.in_plane_mm), _MIN_PIXELS, _MAX_PIXELS))
    slices = int(np.clip(round(field_of_view_mm / sequence.slice_mm), _MIN_SLICES, _MAX_SLICES))
    size = (pixels, pixels, slices)
    spacing = (sequence.in_plane_mm, sequence.in_plane_mm, sequence.slice_mm)
    angle = np.deg2rad(tilt_deg)
    direction = np.array([[1, 0, 0], [0, np.cos(angle), -np.sin(angle)], [0, np.sin(angle), np.cos(angle)]])
    middle = direction @ ((np.array(size) - 1) / 2 * spacing)
    jitter = direction @ (rng.uniform(-1, 1, 3) * (4.0, 4.0, 0.5 * sequence.slice_mm))
    origin = np.round(np.asarray(centre_mm) - middle + jitter, 3)
    return Grid(size, spacing, (float(origin[0]), float(origin[1]), float(origin[2])), direction)


def acquire(
    rng: np.random.Generator,
    signal: Array,
    *,
    reference: float,
    bias: float,
    noise: float,
    intensity: float,
) -> npt.NDArray[np.int16]:
    r"""Turn an ideal signal into what the scanner stores.

    The signal is multiplied by a smooth coil sensitivity $e^b$ ($b$ a random quadratic polynomial);
    complex Gaussian noise is added to the blurred signal and itself correlated over
    neighbouring pixels, as after zero filling; the magnitude (Rician noise) is scaled and rounded.

    Args:
        rng: Source of bias and noise.
        signal: Shape (z, y, x), not negative.
        reference: Signal that becomes `intensity` units.
        bias: Standard deviation of $b$.
        noise: Standard deviation of each noise channel relative to `reference`.
        intensity: Arbitrary units; each examination differs from it by about 10 %.

    Returns:
        Image of the same shape.
    """
    log_bias = _polynomial(rng, signal.shape) * np.float32(bias)
    blur = (0.0, _BLUR_PIXELS, _BLUR_PIXELS)
    real = ndimage.gaussian_filter(signal * np.exp(log_bias), blur, mode="nearest")
    sigma = np.float32(noise * reference / _noise_left_by_blur())
    channels = [
        ndimage.gaussian_filter(rng.standard_normal(signal.shape, dtype=np.float32), blur, mode="wrap")
        for _ in range(2)
    ]
    magnitude = np.hypot(real + sigma * channels[0], sigma * channels[1])
    scale = intensity / reference * float(np.exp(0.1 * rng.standard_normal()))
    return np.asarray(np.clip(np.rint(magnitude * np.float32(scale)), 0, 32767), dtype=np.int16)


def _noise_left_by_blur() -> float:
    """Compute the standard deviation of unit white noise after the blur of a slice."""
    impulse = np.zeros(15)
    impulse[7] = 1.0
    return float(np.sum(ndimage.gaussian_filter1d(impulse, _BLUR_PIXELS) ** 2))


def _polynomial(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    z, y, x = (
        np.linspace(-1, 1, count, dtype=np.float32).reshape([-1 if a == b else 1 for b in range(3)])
        for a, count in enumerate(shape)
    )
    c = rng.standard_normal(8).astype(np.float32)
    field = c[0] * x + c[1] * y + 0.5 * c[2] * z + c[3] * x * y
    field = field + 0.7 * c[4] * (x**2 - 1 / 3) + 0.7 * c[5] * (y**2 - 1 / 3)
    field = field + 0.4 * c[6] * x * z + 0.4 * c[7] * y * z
    return np.asarray(field / field.std(), dtype=np.float32)
