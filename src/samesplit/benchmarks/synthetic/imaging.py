"""Images and masks of one lesion."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from samesplit.benchmarks.synthetic.anatomy import Flank
from samesplit.benchmarks.synthetic.fields import Array, coverage
from samesplit.benchmarks.synthetic.lesion_shape import LesionShape
from samesplit.benchmarks.synthetic.population import Lesion
from samesplit.benchmarks.synthetic.raters import Mask, RaterContours
from samesplit.benchmarks.synthetic.scanner import Grid, acquire, make_grid
from samesplit.benchmarks.synthetic.seeds import stream
from samesplit.benchmarks.synthetic.settings import SequenceSettings, SyntheticSettings
from samesplit.benchmarks.synthetic.signal import TISSUES, tissue_signal

SEQUENCES = ("T1C", "T2")

_KIDNEY_LPS_MM = {"right": (-65.0, 20.0, -8.0), "left": (65.0, 20.0, 4.0)}
_SUPERIOR = {"upper": 0.75, "middle": 0.0, "lower": -0.75}
_FAR_MM = 60.0
_TEXTURE_UPTAKE, _TEXTURE_T2 = 0.28, 0.14
_CORE_EDGE_MM = 2.0


@dataclass(frozen=True)
class Rendered:
    """One sequence of one lesion: image, and the masks in the order of `raters.RATERS`; shape (z, y, x)."""

    sequence: str
    image: npt.NDArray[np.int16]
    masks: Sequence[Mask]
    grid: Grid
    truth: npt.NDArray[np.bool_]


class LesionScene:
    """A lesion in its flank, ready to be imaged on any grid.

    Args:
        settings: The cohort's settings.
        lesion: The lesion.
    """

    def __init__(self, settings: SyntheticSettings, lesion: Lesion) -> None:
        self._settings, self._lesion = settings, lesion
        self._flank = Flank(settings.seed, lesion.patient.index, lesion.side)
        self._shape = LesionShape(stream(settings.seed, lesion.patient.index, lesion.number, "shape"), lesion)
        self._contours = RaterContours(
            settings.seed, lesion, radius_mm=self._shape.mean_radius_mm, settings=settings.raters
        )
        self._kidney_mm = np.array(_KIDNEY_LPS_MM[lesion.side])
        sign = 1.0 if lesion.side == "right" else -1.0
        self._to_flank = np.array([sign, -1.0, 1.0], dtype=np.float32)
        rng = stream(settings.seed, lesion.patient.index, lesion.number, "place")
        self.centre_mm = self._place(rng)
        self._capsule = float(max(rng.uniform(-0.35, 0.55), 0.0))

    def _place(self, rng: np.random.Generator) -> npt.NDArray[np.float64]:
        latitude = np.arcsin(_SUPERIOR[self._lesion.location]) + 0.2 * rng.standard_normal()
        azimuth = np.deg2rad(rng.uniform(65.0, 295.0))
        direction = np.array(
            [np.cos(azimuth) * np.cos(latitude), np.sin(azimuth) * np.cos(latitude), np.sin(latitude)]
        ).astype(np.float32)
        outward = rng.uniform(-0.45, 0.5) * self._shape.mean_radius_mm
        point = self._flank.kidney_surface(direction) + outward * self._flank.kidney_direction(direction)
        return np.asarray(self._kidney_mm + point * self._to_flank, dtype=np.float64)

    def render(self, sequence: str) -> Rendered:
        """Image one sequence and draw all raters' masks.

        Args:
            sequence: `T1C` or `T2`.
        """
        site = self._lesion.patient.site
        protocol = site.t1c if sequence == "T1C" else site.t2
        key = (self._lesion.patient.index, self._lesion.number, sequence)
        grid = make_grid(
            stream(self._settings.seed, *key, "grid"),
            protocol,
            centre_mm=self.centre_mm,
            field_of_view_mm=self._settings.field_of_view_mm,
            tilt_deg=site.tilt_deg,
        )
        points = grid.points()
        box = grid.box(self.centre_mm, 1.45 * self._shape.reach_mm + 6.0)
        offsets = points[(slice(None), *box)] - self.centre_mm.astype(np.float32)[:, None, None, None]
        sample = self._shape.sample(offsets)
        distance = np.full(points.shape[1:], _FAR_MM, dtype=np.float32)
        distance[box] = sample.distance_mm
        signal, reference = self._signal(points, distance, sequence, protocol)
        lesion = self._lesion_signal(sample.texture, sample.necrosis_depth_mm, sequence, protocol)
        self._add_lesion(signal[box], sample.distance_mm, lesion, protocol, sequence)
        image = acquire(
            stream(self._settings.seed, *key, "scan"),
            signal,
            reference=reference,
            bias=site.bias,
            noise=site.noise,
            intensity=site.intensity,
        )
        masks = []
        for part in self._contours.masks(sample.distance_mm, offsets, sequence=sequence):
            mask = np.zeros(points.shape[1:], dtype=np.uint8)
            mask[box] = part
            masks.append(mask)
        return Rendered(sequence, image, masks, grid, distance < 0)

    def _signal(
        self, points: Array, distance: Array, sequence: str, protocol: SequenceSettings
    ) -> tuple[Array, float]:
        rng = stream(self._settings.seed, self._lesion.patient.index, "contrast")
        # Timing of the injection and perfusion differ from patient to patient.
        dose, phase = float(np.exp(0.1 * rng.standard_normal())), float(rng.uniform(0.7, 1.15))
        factors = {"medulla": dose * phase, "fat": 0.0}
        signals = {
            name: float(
                tissue_signal(
                    name,
                    sequence_name=sequence,
                    sequence=protocol,
                    field_strength_t=self._lesion.patient.site.field_strength_t,
                    uptake_mm=tissue.uptake_mm * factors.get(name, dose),
                )
            )
            for name, tissue in TISSUES.items()
        }
        flank = (points - self._kidney_mm.astype(np.float32)[:, None, None, None]) * self._to_flank[
            :, None, None, None
        ]
        painted = self._flank.paint(flank, distance, signals=signals, edge_mm=protocol.in_plane_mm)
        return np.maximum(painted, 0.0), signals["cortex"]

    def _lesion_signal(
        self, texture: Array, core_mm: Array, sequence: str, protocol: SequenceSettings
    ) -> Array:
        lesion, strength = self._lesion, self._lesion.patient.site.field_strength_t
        living = tissue_signal(
            "lesion",
            sequence_name=sequence,
            sequence=protocol,
            field_strength_t=strength,
            uptake_mm=lesion.uptake_mm * np.exp(np.float32(_TEXTURE_UPTAKE) * texture),
            t2_scale=lesion.t2_scale * np.exp(np.float32(_TEXTURE_T2) * texture),
        )
        dead = tissue_signal(
            "necrosis",
            sequence_name=sequence,
            sequence=protocol,
            field_strength_t=strength,
            t2_scale=np.exp(np.float32(_TEXTURE_T2) * texture),
        )
        share = np.clip(0.5 - core_mm / np.float32(_CORE_EDGE_MM), 0.0, 1.0)
        return np.asarray(living + share * (dead - living), dtype=np.float32)

    def _add_lesion(
        self, signal: Array, distance: Array, lesion: Array, protocol: SequenceSettings, sequence: str
    ) -> None:
        edge_mm = protocol.in_plane_mm
        signal += coverage(distance, edge_mm=edge_mm) * (lesion - signal)
        capsule = tissue_signal(
            "capsule",
            sequence_name=sequence,
            sequence=protocol,
            field_strength_t=self._lesion.patient.site.field_strength_t,
        )
        ring = coverage(np.abs(distance) - np.float32(0.5), edge_mm=1.5 * edge_mm)
        signal += np.float32(self._capsule) * ring * (float(capsule) - signal)
