"""The abdomen round both kidneys as densities in HU, in one phase."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from samesplit.benchmarks.synthetic.ct.population import CtPatient, Side
from samesplit.benchmarks.synthetic.ct.settings import PHASES, Phase
from samesplit.benchmarks.synthetic.fields import Array, SmoothField, coverage
from samesplit.benchmarks.synthetic.seeds import stream
from samesplit.benchmarks.synthetic.shapes import cylinder, ellipsoid, rotation

__all__ = ["Abdomen", "Kidney", "density"]

# HU without contrast, in the arterial and in the venous phase.
_DENSITIES: dict[str, tuple[float, float, float]] = {
    "fat": (-100.0, -100.0, -98.0),
    "muscle": (55.0, 58.0, 65.0),
    "bone": (260.0, 265.0, 270.0),
    "aorta": (40.0, 310.0, 160.0),
    "vena_cava": (40.0, 95.0, 150.0),
    "liver": (55.0, 70.0, 110.0),
    "spleen": (46.0, 115.0, 125.0),
    "bowel": (25.0, 45.0, 60.0),
    "cortex": (34.0, 175.0, 185.0),
    "medulla": (32.0, 75.0, 170.0),
    "sinus": (-60.0, -55.0, -50.0),
}
_SIGN: dict[Side, float] = {"right": -1.0, "left": 1.0}


def density(tissue: str, phase: Phase) -> np.float32:
    """Return the density of a tissue in one phase, in HU.

    Example:
        >>> float(density("cortex", "N")), float(density("cortex", "A"))
        (34.0, 175.0)
    """
    return np.float32(_DENSITIES[tissue][PHASES.index(phase)])


@dataclass(frozen=True)
class Kidney:
    """One kidney: its centre in patient coordinates (LPS, mm), half axes and orientation."""

    side: Side
    centre_mm: npt.NDArray[np.float32]
    axes_mm: npt.NDArray[np.float64]
    frame: npt.NDArray[np.float64]

    def own(self, points_mm: Array) -> Array:
        """Turn points, shape (3, ...), into the kidney's frame: towards the hilum, forwards, upwards."""
        flip = np.array([-_SIGN[self.side], -1.0, 1.0])
        towards = (self.frame * flip).astype(np.float32)
        away = points_mm - self.centre_mm.reshape((3,) + (1,) * (points_mm.ndim - 1))
        return np.asarray(np.einsum("ij,j...->i...", towards, away), dtype=np.float32)

    def surface_point(self, direction: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Where a ray in a direction of the kidney's own frame leaves it, in patient coordinates."""
        length = 1.0 / np.linalg.norm(direction / self.axes_mm)
        return np.asarray(self.centre_mm + self.outward(direction) * length, dtype=np.float64)

    def outward(self, direction: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Turn a direction of the kidney's own frame into patient coordinates."""
        flip = np.array([-_SIGN[self.side], -1.0, 1.0])
        return np.asarray(flip * (self.frame.T @ direction))


class Abdomen:
    """The anatomy of one patient, ready to be painted in any phase.

    Args:
        seed: Seed of the cohort.
        patient: The patient.
    """

    def __init__(self, seed: int, patient: CtPatient) -> None:
        rng = stream(seed, patient.index, "ct-abdomen")
        self.kidneys = {side: _draw_kidney(rng, side) for side in _SIGN}
        self._cortex_mm = float(np.clip(6.0 + rng.standard_normal(), 4.5, 8.0))
        self._shift = rng.standard_normal((5, 3)) * 2.5
        self._warp = SmoothField(rng, correlation_mm=14.0, period_mm=240.0)
        self._detail = SmoothField(rng, correlation_mm=6.0, period_mm=130.0)

    def paint(self, points_mm: Array, *, phase: Phase, edge_mm: float) -> tuple[Array, dict[Side, Array]]:
        """Paint everything but the masses.

        Args:
            points_mm: Points of a regular grid in patient coordinates, shape (3, z, y, x).
            phase: Whose densities.
            edge_mm: In-plane width of the borders.

        Returns:
            Densities in HU, shape (z, y, x), and the signed distance to each kidney (negative inside).
        """
        warp = self._warp.on_grid(points_mm, stride=4)
        detail = self._detail.on_grid(points_mm)
        image = density("fat", phase) + np.float32(4.0) * warp + np.float32(3.0) * detail

        def add(distance: Array, tissue: str) -> None:
            nonlocal image
            image = image + coverage(distance, edge_mm=edge_mm) * (density(tissue, phase) - image)

        for tissue, distance in self._surroundings(points_mm, warp):
            add(distance, tissue)
        distances: dict[Side, Array] = {}
        for side, kidney in self.kidneys.items():
            own = kidney.own(points_mm)
            medial, anterior, superior = (float(axis) for axis in kidney.axes_mm)
            body = ellipsoid(own, (0, 0, 0), kidney.axes_mm) + np.float32(1.3) * warp
            notch = ellipsoid(
                own, (1.12 * medial, 0.8, 0.0), (0.36 * medial, 0.36 * anterior, 0.32 * superior)
            )
            body = np.maximum(body, -notch)
            sinus = (
                ellipsoid(own, (0.6 * medial, 0.4, 0.0), (0.55 * medial, 0.38 * anterior, 0.48 * superior))
                + np.float32(1.2) * detail
            )
            pyramids = np.float32(3.0) * (np.float32(-0.15) - detail)
            medulla = np.maximum(np.maximum(body + np.float32(self._cortex_mm), pyramids), 1.0 - sinus)
            add(body, "cortex")
            add(medulla, "medulla")
            add(np.maximum(sinus, body), "sinus")
            distances[side] = body
        return image, distances

    def _surroundings(self, points: Array, warp: Array) -> list[tuple[str, Array]]:
        """Distances to what lies round the kidneys, painted in this order."""
        bend = np.float32(2.0) * warp
        shift = self._shift
        wall = -(ellipsoid(points, (0, 0, 0), (104.0, 66.0, 900.0)) + bend)
        found = [("muscle", wall)]
        for sign, moved in ((-1.0, shift[0]), (1.0, shift[1])):
            found.append(
                ("muscle", cylinder(points, (sign * 27 + moved[0], 30 + moved[1]), (13.0, 12.0)) + bend)
            )
        found.append(("bone", cylinder(points, (0.0, 38.0), (19.0, 15.0)) + bend))
        found.append(("aorta", cylinder(points, (9 + 0.4 * shift[2, 0], 10.0), (9.0, 9.0)) + 0.5 * bend))
        found.append(
            ("vena_cava", cylinder(points, (-12 + 0.4 * shift[2, 1], 8.0), (10.0, 8.0)) + 0.5 * bend)
        )
        found.append(
            (
                "liver",
                ellipsoid(points, (-62 + shift[3, 0], -38 + shift[3, 1], 42.0), (46.0, 30.0, 44.0)) + bend,
            )
        )
        found.append(
            (
                "spleen",
                ellipsoid(points, (84 + shift[4, 0], 4 + shift[4, 1], 46.0), (16.0, 26.0, 30.0)) + bend,
            )
        )
        found.append(
            (
                "bowel",
                ellipsoid(points, (58 + shift[4, 0], -42 + shift[3, 2], -22.0), (20.0, 13.0, 26.0)) + bend,
            )
        )
        return found


def _draw_kidney(rng: np.random.Generator, side: Side) -> Kidney:
    axes = np.array([21.0, 18.0, 40.0]) * np.exp(0.06 * rng.standard_normal(3))
    centre = np.array([_SIGN[side] * 47.0, 6.0, 0.0 if side == "left" else -5.0])
    centre = centre + rng.uniform(-3, 3, 3)
    frame = rotation(turn_deg=30 + 5 * rng.standard_normal(), lean_deg=10 + 4 * rng.standard_normal())
    return Kidney(side, centre.astype(np.float32), axes, frame)
