"""One patient's kidney and mass, imaged in any of the five sequences, with the masks of both."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from samesplit.benchmarks.synthetic.anatomy import Flank
from samesplit.benchmarks.synthetic.fields import coverage
from samesplit.benchmarks.synthetic.lesion_shape import LesionShape
from samesplit.benchmarks.synthetic.mr_sequences.population import SrmPatient
from samesplit.benchmarks.synthetic.mr_sequences.settings import MrSequence, MrSequencesSettings
from samesplit.benchmarks.synthetic.mr_sequences.signals import (
    mass_signal,
    necrosis_signal,
    signals_of_tissues,
)
from samesplit.benchmarks.synthetic.scanner import Grid, acquire
from samesplit.benchmarks.synthetic.seeds import stream

__all__ = ["KidneyScene", "ScannedSequence"]

_KIDNEY_LPS_MM = {"right": (-65.0, 20.0, -8.0), "left": (65.0, 20.0, 4.0)}
_SUPERIOR = {"upper": 0.7, "middle": 0.0, "lower": -0.7}
_FAR_MM = 60.0
_CORE_EDGE_MM = 2.0


@dataclass(frozen=True)
class ScannedSequence:
    """One sequence, shape (z, y, x): image, mask of the mass, mask of the kidney with the mass in it."""

    image: npt.NDArray[np.int16]
    mass: npt.NDArray[np.uint8]
    kidney: npt.NDArray[np.uint8]
    grid: Grid


class KidneyScene:
    """A kidney with its mass, ready to be imaged.

    Args:
        settings: The cohort's settings.
        patient: The patient.
    """

    def __init__(self, settings: MrSequencesSettings, patient: SrmPatient) -> None:
        self._settings, self._patient = settings, patient
        mass = patient.mass
        self._flank = Flank(settings.seed, patient.index, mass.side)
        self._shape = LesionShape(stream(settings.seed, patient.index, "srm-shape"), mass)
        self._kidney_mm = np.array(_KIDNEY_LPS_MM[mass.side])
        self._to_flank = np.array([1.0 if mass.side == "right" else -1.0, -1.0, 1.0], dtype=np.float32)
        self.centre_mm = self._place()

    def _place(self) -> npt.NDArray[np.float64]:
        """Return the centre of the mass in patient coordinates: near the surface, and not at the hilum."""
        rng, mass = stream(self._settings.seed, self._patient.index, "srm-place"), self._patient.mass
        latitude = np.arcsin(_SUPERIOR[mass.pole]) + 0.2 * np.clip(rng.standard_normal(), -2, 2)
        azimuth = np.deg2rad(rng.uniform(65.0, 295.0))
        direction = np.array(
            [np.cos(azimuth) * np.cos(latitude), np.sin(azimuth) * np.cos(latitude), np.sin(latitude)]
        ).astype(np.float32)
        outward = mass.outward * self._shape.mean_radius_mm
        point = self._flank.kidney_surface(direction) + outward * self._flank.kidney_direction(direction)
        return np.asarray(self._kidney_mm + point * self._to_flank, dtype=np.float64)

    def scan(self, sequence: MrSequence) -> ScannedSequence:
        """Image one sequence.

        Args:
            sequence: One of the five.
        """
        settings, scanner, mass = self._settings, self._patient.scanner, self._patient.mass
        key = (self._patient.index, "srm-scan", sequence)
        rng = stream(settings.seed, *key)
        grid = self._grid(rng)
        breath = (rng.standard_normal(3) * np.array([0.5, 0.5, 1.0]) * settings.breath_mm).astype(np.float32)
        points = grid.points() - breath[:, None, None, None]
        centre = self.centre_mm.astype(np.float32)
        box = grid.box(self.centre_mm + breath, 1.45 * self._shape.reach_mm + 6.0)
        sample = self._shape.sample(points[(slice(None), *box)] - centre[:, None, None, None])
        distance = np.full(points.shape[1:], _FAR_MM, dtype=np.float32)
        distance[box] = sample.distance_mm
        signals = signals_of_tissues(sequence, scanner.field_strength_t)
        flank = (points - self._kidney_mm.astype(np.float32)[:, None, None, None]) * self._to_flank[
            :, None, None, None
        ]
        edge_mm = settings.in_plane_mm
        painted = np.maximum(self._flank.paint(flank, distance, signals=signals, edge_mm=edge_mm), 0.0)
        living = mass_signal(mass.subtype, sample.texture, sequence, scanner.field_strength_t)
        dead = necrosis_signal(sequence, scanner.field_strength_t)
        share = np.clip(0.5 - sample.necrosis_depth_mm / np.float32(_CORE_EDGE_MM), 0.0, 1.0)
        inside = living + share * (np.float32(dead) - living)
        cortex = np.float32(signals["cortex"])
        inside = np.maximum(cortex + np.float32(scanner.contrast) * (inside - cortex), 0.0)
        part = painted[box]
        part += coverage(sample.distance_mm, edge_mm=edge_mm) * (inside - part)
        image = acquire(
            stream(settings.seed, *key, "noise"),
            painted,
            reference=signals["cortex"],
            bias=scanner.bias,
            noise=scanner.noise,
            intensity=scanner.intensity,
        )
        kidney = (self._flank.kidney_distance(flank) < 0) | (distance < 0)
        return ScannedSequence(image, (distance < 0).astype(np.uint8), kidney.astype(np.uint8), grid)

    def _grid(self, rng: np.random.Generator) -> Grid:
        """Return a grid round the kidney, moved by up to half a voxel in each direction."""
        settings = self._settings
        spacing = (settings.in_plane_mm, settings.in_plane_mm, settings.slice_mm)
        x, y, z = (round(field / step) for field, step in zip(settings.field_mm, spacing, strict=True))
        jitter = rng.uniform(-0.5, 0.5, 3) * spacing
        origin = np.round(self._kidney_mm - (np.array([x, y, z]) - 1) / 2 * spacing + jitter, 3)
        return Grid((x, y, z), spacing, (float(origin[0]), float(origin[1]), float(origin[2])), np.eye(3))
