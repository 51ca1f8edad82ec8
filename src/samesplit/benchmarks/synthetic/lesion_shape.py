"""Geometry of one lesion in physical space: margin, necrotic core, texture."""

from __future__ import annotations

from typing import NamedTuple, Protocol

import numpy as np
from scipy import ndimage

from samesplit.benchmarks.synthetic.fields import Array, SmoothField

_ROWS, _COLUMNS = 64, 128
_WAVES = 48
_NEAR_MM = 6.0
_COARSE, _FINE = 0.55, 0.26


class Form(Protocol):
    """The properties of a lesion that its geometry has.

    The largest diameter in mm; the standard deviation of the relative radius; the fraction of the volume that does
    not enhance; the correlation length of the texture in mm.
    """

    @property
    def diameter_mm(self) -> float: ...  # noqa: D102
    @property
    def irregularity(self) -> float: ...  # noqa: D102
    @property
    def necrosis(self) -> float: ...  # noqa: D102
    @property
    def texture_mm(self) -> float: ...  # noqa: D102


class LesionSample(NamedTuple):
    """What a lesion is like at a set of points, each of shape (...)."""

    distance_mm: Array
    necrosis_depth_mm: Array
    texture: Array


class LesionShape:
    """Star-shaped body whose radius is an ellipsoid times a smooth random function of direction.

    The radius is scaled so that the largest diameter equals `lesion.diameter_mm`. The core that does not
    enhance is the innermost part by depth plus a smooth random field, cut at the quantile
    that gives the stated fraction of the volume.

    Args:
        rng: Source of the shape, the core and the texture.
        lesion: Its properties.
    """

    def __init__(self, rng: np.random.Generator, lesion: Form) -> None:
        self._radius_mm = _radius_table(rng, lesion)
        self.reach_mm = float(self._radius_mm.max())
        self.mean_radius_mm = _mean_radius(self._radius_mm)
        period_mm = 2.5 * self.reach_mm
        self._texture = SmoothField(rng, correlation_mm=lesion.texture_mm, period_mm=period_mm)
        core_mm = max(0.4 * self.mean_radius_mm, 2.0)
        self._core = SmoothField(rng, correlation_mm=core_mm, period_mm=period_mm)
        self._core_cut = self._quantile(lesion.necrosis)

    def sample(self, offsets_mm: Array) -> LesionSample:
        """Sample the lesion at points relative to its centre.

        Args:
            offsets_mm: Shape (3, ...), in mm, along the patient axes.

        Returns:
            Signed distance to the margin (negative inside), signed depth to the core (negative
            inside the core) and texture (unit variance), each of shape (...); the last two are looked
            up only where the lesion is near.
        """
        distance, relative = self._distance(offsets_mm)
        core, texture = np.full_like(distance, 10.0), np.zeros_like(distance)
        near = distance < _NEAR_MM
        points = offsets_mm[:, near]
        core[near] = (self._core_value(relative[near], points) - self._core_cut) * self.mean_radius_mm
        texture[near] = self._texture(points)
        return LesionSample(distance, core, texture)

    def _distance(self, offsets_mm: Array) -> tuple[Array, Array]:
        length = np.sqrt(np.sum(offsets_mm**2, axis=0)) + np.float32(1e-3)
        polar = np.arccos(np.clip(offsets_mm[2] / length, -1, 1)) * (_ROWS / np.pi) - 0.5
        azimuth = np.arctan2(offsets_mm[1], offsets_mm[0]) * (_COLUMNS / (2 * np.pi)) + _COLUMNS
        wrapped = np.concatenate([self._radius_mm] * 2 + [self._radius_mm[:, :1]], axis=1)
        radius = ndimage.map_coordinates(
            wrapped, np.stack([polar, azimuth]), order=1, mode="nearest", output=np.float32
        )
        return (length - radius).astype(np.float32), (length / radius).astype(np.float32)

    def _core_value(self, relative: Array, offsets_mm: Array) -> Array:
        return np.asarray(relative + np.float32(0.38) * self._core(offsets_mm), dtype=np.float32)

    def _quantile(self, fraction: float) -> float:
        if fraction < 0.03:
            return -10.0
        axis = np.linspace(-1, 1, 28, dtype=np.float32) * np.float32(self.reach_mm)
        points = np.stack(np.meshgrid(axis, axis, axis, indexing="ij"))
        _, relative = self._distance(points)
        return float(np.quantile(self._core_value(relative, points)[relative < 1], fraction))


def volume_ml(rng: np.random.Generator, lesion: Form) -> float:
    """Return the volume of the body that `LesionShape` makes of the same randomness, to about one per cent.

    It samples the margin in fewer directions and makes neither core nor texture: a tenth of the time.

    Args:
        rng: Source of the shape, fresh.
        lesion: Its properties.
    """
    return 4 / 3 * np.pi * _mean_radius(_radius_table(rng, lesion, rows=16, columns=32)) ** 3 / 1000


def _mean_radius(radius_mm: Array) -> float:
    """Return the radius of the ball of the same volume."""
    rows = len(radius_mm)
    weights = np.sin((np.arange(rows) + 0.5) * np.pi / rows)
    around = np.asarray((weights / weights.mean())[:, None], dtype=np.float32)
    return float(np.cbrt(np.mean(radius_mm**3 * around)))


def _radius_table(
    rng: np.random.Generator, lesion: Form, *, rows: int = _ROWS, columns: int = _COLUMNS
) -> Array:
    polar = ((np.arange(rows) + 0.5) * np.pi / rows)[:, None]
    azimuth = (np.arange(columns) * 2 * np.pi / columns)[None, :]
    unit = np.stack(
        [
            np.sin(polar) * np.cos(azimuth),
            np.sin(polar) * np.sin(azimuth),
            np.broadcast_to(np.cos(polar), (rows, columns)),
        ],
        axis=-1,
    )
    axes = np.exp(0.1 * rng.standard_normal(3))
    ellipsoid = 1.0 / np.linalg.norm(unit / axes, axis=-1)
    coarse, fine = (_directional_field(rng, unit, scale) for scale in (_COARSE, _FINE))
    bumps = np.clip(lesion.irregularity * (0.8 * coarse + 0.6 * fine), -0.4, 0.45)
    radius = ellipsoid * (1 + bumps)
    opposite = np.roll(radius[::-1], columns // 2, axis=1)
    radius *= lesion.diameter_mm / float((radius + opposite).max())
    return np.asarray(radius, dtype=np.float32)


def _directional_field(rng: np.random.Generator, unit: np.ndarray, scale: float) -> np.ndarray:
    waves = rng.standard_normal((_WAVES, 3)) / scale
    phases = rng.uniform(0, 2 * np.pi, _WAVES)
    return np.asarray(np.cos(unit @ waves.T + phases).sum(-1) * np.sqrt(2.0 / _WAVES))
