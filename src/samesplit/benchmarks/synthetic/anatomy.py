"""The flank around a kidney, painted tissue by tissue as MR signal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from samesplit.benchmarks.synthetic.fields import Array, SmoothField, coverage
from samesplit.benchmarks.synthetic.seeds import stream
from samesplit.benchmarks.synthetic.shapes import (
    capsule,
    cylinder,
    ellipsoid,
    rotation,
)

Signals = Mapping[str, float]


@dataclass(frozen=True)
class Bowel:
    """One bowel loop: centre and half axes in mm."""

    centre: tuple[float, ...]
    axes: tuple[float, ...]


class Flank:
    """Anatomy of one side of one patient in a frame of medial, anterior and superior mm.

    The origin is the centre of the kidney, so left and right differ only in the sign of the first axis
    and in the neighbouring organ (liver on the right, spleen and bowel on the left). Sizes vary from
    patient to patient; the surfaces are warped by smooth random fields.

    Args:
        seed: Seed of the cohort.
        patient: Index of the patient.
        side: `left` or `right`.
    """

    def __init__(self, seed: int, patient: int, side: str) -> None:
        rng = stream(seed, patient, "flank", side)
        self.side = side
        self.kidney_axes = np.array([29.0, 25.0, 54.0]) * np.exp(0.06 * rng.standard_normal(3))
        self.cortex_mm = float(np.clip(7.0 + rng.standard_normal(), 5.0, 9.5))
        self.fat_mm = float(np.clip(8.0 * np.exp(0.4 * rng.standard_normal()), 3.0, 18.0))
        self.sinus = float(np.clip(1.0 + 0.15 * rng.standard_normal(), 0.7, 1.3))
        self._frame = rotation(
            turn_deg=35 + 6 * rng.standard_normal(), lean_deg=12 + 4 * rng.standard_normal()
        )
        self._shift = rng.standard_normal((6, 3)) * 3.0
        self._bowel = tuple(_draw_bowel(rng, medial) for medial in (-30.0, 0.0, 28.0, 46.0))
        self._warp = SmoothField(rng, correlation_mm=13.0, period_mm=230.0)
        self._detail = SmoothField(rng, correlation_mm=5.5, period_mm=120.0)

    def kidney_surface(self, direction: Array) -> Array:
        """Point where a ray from the kidney's centre leaves the (unwarped) kidney.

        Args:
            direction: Unit vector in the kidney's own frame (hilum, anterior, superior).

        Returns:
            Point in the flank's frame, shape (3,), in mm.
        """
        length = 1.0 / np.linalg.norm(direction / self.kidney_axes)
        return np.asarray(self._frame.T @ (direction * length), dtype=np.float32)

    def kidney_direction(self, direction: Array) -> Array:
        """Turn a direction of the kidney's own frame into the flank's frame."""
        return np.asarray(self._frame.T @ direction, dtype=np.float32)

    def kidney_distance(self, points_mm: Array) -> Array:
        """Return the signed distance to the kidney, as `paint` paints it.

        Args:
            points_mm: Points in the flank's frame, shape (3, z, y, x).

        Returns:
            Distance in mm, negative inside, shape (z, y, x).
        """
        own = np.einsum("ij,j...->i...", self._frame, points_mm).astype(np.float32)
        return self._kidney(own, self._warp.on_grid(points_mm, stride=4))

    def paint(self, points_mm: Array, lesion_mm: Array, *, signals: Signals, edge_mm: float) -> Array:
        """Paint the flank without the lesion itself.

        Args:
            points_mm: Points in the flank's frame, shape (3, z, y, x).
            lesion_mm: Signed distance to the nearest lesion; it pushes neighbours away behind a
                rim of fat. Shape (z, y, x).
            signals: Signal of each tissue.
            edge_mm: In-plane width of tissue borders.

        Returns:
            Signal, shape (z, y, x).
        """
        warp, detail = self._warp.on_grid(points_mm, stride=4), self._detail.on_grid(points_mm)
        own = np.einsum("ij,j...->i...", self._frame, points_mm).astype(np.float32)
        kidney = self._kidney(own, warp)
        septa = np.exp(-((warp + 0.15 * detail) ** 2) / 0.004) * np.clip((kidney - 3) / 4, 0, 1)
        image = np.float32(signals["fat"]) * (1 - np.float32(0.22) * septa + np.float32(0.02) * detail)
        canvas = _Canvas(image, edge_mm)
        rim = np.minimum(kidney - self.fat_mm, lesion_mm - 2.5)
        self._paint_trunk(canvas, points_mm, warp, rim, signals)
        self._paint_organs(canvas, points_mm, warp, detail, rim, signals)
        self._paint_vessels(canvas, points_mm, own, warp, signals)
        self._paint_kidney(canvas, own, kidney, warp, detail, signals)
        return canvas.image

    def _kidney(self, own: Array, warp: Array) -> Array:
        medial = float(self.kidney_axes[0])
        body = ellipsoid(own, (0, 0, 0), self.kidney_axes) + np.float32(1.6) * warp
        notch = ellipsoid(own, (1.12 * medial, 1.0, 0), (11 * self.sinus, 9, 17 * self.sinus))
        return np.asarray(np.maximum(body, -notch), dtype=np.float32)

    def _paint_kidney(
        self, canvas: _Canvas, own: Array, kidney: Array, warp: Array, detail: Array, signals: Signals
    ) -> None:
        medial, anterior, superior = (float(axis) for axis in self.kidney_axes)
        centre = (0.62 * medial, 0.5, 0.0)
        axes = (0.6 * medial * self.sinus, 0.4 * anterior * self.sinus, 0.5 * superior * self.sinus)
        sinus = ellipsoid(own, centre, axes) + np.float32(1.8) * detail
        canvas.add(kidney, np.float32(signals["cortex"]) * (1 + np.float32(0.03) * warp))
        # Pyramids: where the pattern is high, deeper than the cortex, up to the sinus.
        pyramids = np.float32(3.2) * (np.float32(-0.15) - detail)
        medulla = np.maximum(np.maximum(kidney + np.float32(self.cortex_mm), pyramids), 1.0 - sinus)
        canvas.add(medulla, signals["medulla"])
        inner = np.maximum(sinus, kidney)
        canvas.add(inner, signals["fat"])
        calyces = np.maximum(inner + 1.2, np.float32(4.0) * (np.float32(1.05) - detail))
        canvas.add(calyces, signals["urine"])
        pelvis = ellipsoid(own, (0.85 * medial, -2.0, -3.0), (7.5 * self.sinus, 2.6, 7.0 * self.sinus))
        canvas.add(pelvis + np.float32(0.8) * warp, signals["urine"])
        veins = np.maximum(inner + 1.0, np.float32(4.0) * (np.float32(1.15) + detail))
        canvas.add(veins, signals["blood"])

    def _paint_vessels(
        self, canvas: _Canvas, points: Array, own: Array, warp: Array, signals: Signals
    ) -> None:
        hilum = self.kidney_surface(np.array([1.0, 0.1, 0.05], dtype=np.float32)) * np.float32(0.8)
        great = (54.0, 20.0) if self.side == "right" else (62.0, 16.0)
        shift = self._shift[0]
        trunk = (great[0] + shift[0] * 0.6, great[1] + shift[1] * 0.6)
        canvas.add(cylinder(points, trunk, (11.0, 9.0)) + 0.6 * warp, signals["blood"])
        vein_end = (trunk[0] - 6, trunk[1], 8.0 + shift[2])
        canvas.add(capsule(points, tuple(hilum), vein_end, 4.6) + 0.8 * warp, signals["blood"])
        artery_end = (trunk[0], trunk[1] - 14, 14.0 + shift[2])
        canvas.add(capsule(points, tuple(hilum * 0.9), artery_end, 2.4), signals["blood"])

    def _paint_trunk(self, canvas: _Canvas, points: Array, warp: Array, rim: Array, signals: Signals) -> None:
        shift, height = self._shift, points[2]
        grain = np.float32(signals["muscle"]) * (1 + np.float32(0.05) * warp)
        centre = (37 + 0.12 * height + shift[1, 0], -12 + shift[1, 1])
        size = np.clip(1 - height / 160, 0.5, 1.3)
        psoas = cylinder(points, centre, (13.5 * size, 16.0 * size))
        quadratus = cylinder(points, (11 + shift[2, 0], -43 + 0.6 * shift[2, 1]), (25.0, 8.0))
        erector = cylinder(points, (36 + shift[2, 0], -64 + 0.6 * shift[2, 1]), (33.0, 15.0))
        wall = cylinder(points, (65.0, 26.0), (128.0 + 2 * shift[3, 0], 84.0)) + warp
        muscles = (
            np.maximum(psoas, -rim),
            np.maximum(quadratus, -rim),
            erector,
            np.maximum(np.abs(wall - 6) - 5.5, -rim),
        )
        for muscle in muscles:
            canvas.add(muscle + np.float32(1.2) * warp, grain)
        spine = cylinder(points, (68.0, -8.0), (24.0, 19.0))
        canvas.add(spine, np.float32(signals["marrow"]) * (1 + np.float32(0.08) * warp))
        level = (height + float(shift[4, 2])) % 36.0 - 18.0
        canvas.add(np.maximum(spine, np.abs(level) - 4.5), signals["disc"])
        canvas.add(np.abs(spine) - 0.8, signals["muscle"] * 0.5)
        canvas.add(26.0 - wall, 0.0)

    def _paint_organs(
        self, canvas: _Canvas, points: Array, warp: Array, detail: Array, rim: Array, signals: Signals
    ) -> None:
        shift = self._shift[5]
        if self.side == "right":
            centre, axes, name = (-14.0, 58.0, 38.0), (74.0, 52.0, 74.0), "liver"
        else:
            centre, axes, name = (-48.0, 8.0, 54.0), (26.0, 42.0, 48.0), "spleen"
        moved = tuple(float(c + 2.0 * s) for c, s in zip(centre, shift, strict=True))
        organ = ellipsoid(points, moved, axes) + np.float32(2.0) * warp
        wall = cylinder(points, (65.0, 26.0), (124.0, 80.0))
        organ = np.maximum(np.maximum(organ, -rim), wall)
        canvas.add(organ, np.float32(signals[name]) * (1 + np.float32(0.02) * detail))
        vessels = np.maximum(organ + 5, np.float32(4.0) * (np.float32(1.6) - detail))
        canvas.add(vessels, signals["blood"])
        for loop in self._bowel:
            outer = ellipsoid(points, loop.centre, loop.axes) + np.float32(2.2) * warp
            outer = np.maximum(np.maximum(outer, -rim), 4.0 - organ)
            canvas.add(outer, signals["bowel_wall"])
            content = np.float32(signals["bowel_content"]) * (1 + np.float32(0.15) * detail)
            canvas.add(outer + 3.0, content)


class _Canvas:
    def __init__(self, image: Array, edge_mm: float) -> None:
        self.image = np.asarray(image, dtype=np.float32)
        self._edge_mm = edge_mm

    def add(self, distance_mm: npt.NDArray[np.floating[Any]], signal: Array | float) -> None:
        """Lay a tissue over what is there, by the fraction of each voxel that it fills."""
        if not (distance_mm < 4.0).any():
            return
        fraction = coverage(np.asarray(distance_mm, dtype=np.float32), edge_mm=self._edge_mm)
        self.image += fraction * (signal - self.image)


def _draw_bowel(rng: np.random.Generator, medial: float) -> Bowel:
    centre = np.array([medial, 52.0, -25.0]) + rng.standard_normal(3) * (8.0, 6.0, 22.0)
    axes = np.array([15.0, 13.0, 26.0]) * np.exp(0.2 * rng.standard_normal(3))
    return Bowel(tuple(centre.tolist()), tuple(axes.tolist()))
