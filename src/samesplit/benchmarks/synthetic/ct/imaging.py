"""One patient's scan: images of all phases, and the masks of kidneys and masses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt
from scipy import ndimage
from scipy.special import ndtri

from samesplit.benchmarks.synthetic.ct.anatomy import Abdomen, density
from samesplit.benchmarks.synthetic.ct.population import CtPatient, Mass
from samesplit.benchmarks.synthetic.ct.settings import PHASES, Phase
from samesplit.benchmarks.synthetic.fields import Array, coverage
from samesplit.benchmarks.synthetic.lesion_shape import LesionSample, LesionShape
from samesplit.benchmarks.synthetic.scanner import Grid
from samesplit.benchmarks.synthetic.seeds import stream

__all__ = ["ORGAN_LABELS", "MassScan", "Scan", "ScanSettings", "ScannedPhase"]

ORGAN_LABELS = {"right": 1, "left": 2}
"""The values of the kidneys in the organ mask."""

_SOFT_HU = 36.0
_CORE_HU = 18.0
_TEXTURE_HU = 14.0
_BLUR_VOXELS = 0.5
_CORE_EDGE_MM = 3.0


@dataclass(frozen=True)
class ScannedPhase:
    """One phase, shape (z, y, x): HU; masses by number; kidneys by `ORGAN_LABELS`, each with its masses."""

    image: npt.NDArray[np.int16]
    masses: npt.NDArray[np.uint8]
    kidneys: npt.NDArray[np.uint8]
    grid: Grid


class ScanSettings(Protocol):
    """What a scan asks of the settings of a cohort."""

    @property
    def seed(self) -> int:
        """The seed of the cohort."""

    @property
    def voxels(self) -> tuple[int, int, int]:
        """The number of voxels along x, y, z."""

    @property
    def breath_mm(self) -> float:
        """SD of the shift between phases along the body."""


class Scan:
    """A patient on the table, ready to be scanned in any phase.

    Args:
        settings: The cohort's settings.
        patient: The patient.
    """

    def __init__(self, settings: ScanSettings, patient: CtPatient) -> None:
        self._settings, self._patient = settings, patient
        self._abdomen = Abdomen(settings.seed, patient)
        self._shapes = {
            mass.number: LesionShape(stream(settings.seed, patient.index, mass.number, "ct-shape"), mass)
            for mass in patient.masses
        }
        self._centres = {mass.number: self._place(mass) for mass in patient.masses}

    def _place(self, mass: Mass) -> npt.NDArray[np.float32]:
        """Return the centre of a mass in patient coordinates: near its kidney's surface, not at the hilum."""
        rng = stream(self._settings.seed, self._patient.index, mass.number, "ct-place")
        kidney, radius = self._abdomen.kidneys[mass.side], self._shapes[mass.number].mean_radius_mm
        height = (1.0 if mass.pole == "upper" else -1.0) * rng.uniform(0.55, 0.75)
        azimuth = np.deg2rad(rng.uniform(75.0, 285.0))
        across = np.sqrt(1 - height**2)
        direction = np.array([across * np.cos(azimuth), across * np.sin(azimuth), height])
        outward = rng.uniform(-0.6, 0.25) * radius
        return (kidney.surface_point(direction) + outward * kidney.outward(direction)).astype(np.float32)

    def phase(self, phase: Phase) -> ScannedPhase:
        """Scan one phase.

        Args:
            phase: `N`, `A` or `V`.
        """
        settings, site = self._settings, self._patient.site
        rng = stream(settings.seed, self._patient.index, "ct-scan", phase)
        grid = self._grid(rng)
        breath = (rng.standard_normal(3) * np.array([0.5, 0.5, 1.0]) * settings.breath_mm).astype(np.float32)
        points = grid.points() - breath[:, None, None, None]
        image, distances = self._abdomen.paint(points, phase=phase, edge_mm=site.in_plane_mm)
        kidneys = np.zeros(image.shape, dtype=np.uint8)
        for side, distance in distances.items():
            kidneys[distance < 0] = ORGAN_LABELS[side]
        masses = np.zeros(image.shape, dtype=np.uint8)
        for mass in self._patient.masses:
            shape, centre = self._shapes[mass.number], self._centres[mass.number]
            box = grid.box(centre + breath, shape.reach_mm + 8.0)
            sample = shape.sample(points[(slice(None), *box)] - centre[:, None, None, None])
            filled = coverage(sample.distance_mm, edge_mm=site.in_plane_mm)
            part = image[box]
            part += filled * (_densities(mass, sample, phase) - part)
            inside = (sample.distance_mm < 0) & (masses[box] == 0)
            masses[box][inside] = mass.number
            kidneys[box][inside] = ORGAN_LABELS[mass.side]
        image = ndimage.gaussian_filter(image, _BLUR_VOXELS, mode="nearest")
        noise = ndimage.gaussian_filter(rng.standard_normal(image.shape, dtype=np.float32), _BLUR_VOXELS)
        image = image + np.float32(site.noise_hu) * noise / noise.std()
        return ScannedPhase(np.rint(image).astype(np.int16), masses, kidneys, grid)

    def _middle_mm(self) -> npt.NDArray[np.float64]:
        """Return the middle of the field of view in patient coordinates: that of the abdomen."""
        return np.zeros(3)

    def _grid(self, rng: np.random.Generator) -> Grid:
        """Return the grid of a phase: that of the site, moved by up to half a voxel in each direction."""
        site, voxels = self._patient.site, self._settings.voxels
        spacing = (site.in_plane_mm, site.in_plane_mm, site.slice_mm)
        jitter = rng.uniform(-0.5, 0.5, 3) * spacing
        origin = np.round(self._middle_mm() - (np.array(voxels) - 1) / 2 * spacing + jitter, 3)
        return Grid(voxels, spacing, (float(origin[0]), float(origin[1]), float(origin[2])), np.eye(3))


class MassScan(Scan):
    """A scan whose field of view lies round the patient's first mass."""

    def _middle_mm(self) -> npt.NDArray[np.float64]:
        return self._centres[self._patient.masses[0].number].astype(np.float64)


def _densities(mass: Mass, sample: LesionSample, phase: Phase) -> Array:
    """Densities inside a mass in one phase, in HU; shape (z, y, x)."""
    gain = (0.0, *mass.enhancement_hu)[PHASES.index(phase)]
    uptake = np.exp(np.float32(0.25) * sample.texture)
    living = np.float32(_SOFT_HU) + np.float32(gain) * uptake + np.float32(_TEXTURE_HU) * sample.texture
    if mass.fat > 0:
        # Clumps of fat: where the texture is above the quantile that gives the stated share.
        above = sample.texture - np.float32(ndtri(1 - mass.fat))
        share = np.clip(np.float32(0.5) + np.float32(2.0) * above, 0, 1)
        living = living + share * (density("fat", phase) - living)
    if mass.mass_type == "cystic" and mass.necrosis == 0:
        return np.full_like(living, mass.fluid_hu)
    core = mass.fluid_hu if mass.mass_type == "cystic" else _CORE_HU
    dead = np.clip(0.5 - sample.necrosis_depth_mm / np.float32(_CORE_EDGE_MM), 0, 1)
    return np.asarray(living + dead * (np.float32(core) - living), dtype=np.float32)
