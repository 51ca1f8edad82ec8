"""The five images of one mass, and the regions of interest of two observers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from samesplit.benchmarks.synthetic.fields import Array, SmoothField, coverage
from samesplit.benchmarks.synthetic.lesion_shape import LesionSample, LesionShape
from samesplit.benchmarks.synthetic.scanner import Grid
from samesplit.benchmarks.synthetic.seeds import stream
from samesplit.benchmarks.synthetic.signal import TISSUES
from samesplit.benchmarks.synthetic.t1_mapping.population import T1Lesion
from samesplit.benchmarks.synthetic.t1_mapping.settings import T1MappingSettings
from samesplit.benchmarks.synthetic.t1_mapping.signal import fit_t1, spoiled_echo, t1_after_contrast

__all__ = ["OBSERVERS", "SEQUENCES", "Rendered", "render"]

SEQUENCES = ("T1WI", "CMP", "NP", "T1map", "T1emap")
OBSERVERS = ("R1", "R2")

_UNITS = 400.0
"""What the signal of renal cortex before contrast becomes in the weighted images."""
_FAT_LEFT = 0.15
"""What fat suppression leaves of the signal of fat."""
_BLUR_PIXELS = 0.5
_CORE_EDGE_MM = 2.0
_FROM_MARGIN_MM, _FROM_CORE_MM = 2.0, 1.5


@dataclass(frozen=True)
class Rendered:
    """The images by sequence (shape (z, y, x); maps in ms), the regions by observer, and their grid."""

    images: dict[str, npt.NDArray[np.int16]]
    regions: dict[str, npt.NDArray[np.uint8]]
    grid: Grid


@dataclass(frozen=True)
class _Scene:
    """What lies in each voxel.

    The share of kidney (else fat), of the mass, and of necrosis in it; factors on T1 before contrast (`texture`)
    and on what contrast does (`perfusion`).
    """

    kidney: Array
    mass: Array
    dead: Array
    texture: Array
    perfusion: Array
    sample: LesionSample

    def paint(self, *, fat: float, kidney: float, living: Array, dead: float) -> Array:
        around = np.float32(fat) + np.float32(kidney - fat) * self.kidney
        inside = living + self.dead * (np.float32(dead) - living)
        return np.asarray(around + self.mass * (inside - around), dtype=np.float32)


def render(settings: T1MappingSettings, lesion: T1Lesion) -> Rendered:
    """Make the images of one mass and draw both observers' regions.

    The mass lies at the surface of a kidney in fat. T1 maps are fitted to two noisy signals of different flip
    angle, as a scanner does, so that noise in them grows with T1.

    Example:
        >>> from samesplit.benchmarks.synthetic.t1_mapping.population import draw_lesions
        >>> settings = T1MappingSettings()
        >>> made = render(settings, draw_lesions(settings)[0])
        >>> bool((made.regions["R1"] > 0).any()), sorted(made.images)
        (True, ['CMP', 'NP', 'T1WI', 'T1emap', 'T1map'])
    """
    rng = stream(settings.seed, lesion.index, "image")
    grid = _grid(settings, lesion, rng)
    points = grid.points()
    shape = LesionShape(stream(settings.seed, lesion.index, "shape"), lesion)
    perfusion = SmoothField(
        stream(settings.seed, lesion.index, "perfusion"),
        correlation_mm=lesion.texture_mm,
        period_mm=3.0 * lesion.diameter_mm,
    )
    scene = _scene(settings, shape, points, perfusion(points), rng)
    regions = {
        observer: _region(settings, scene.sample, grid, stream(settings.seed, lesion.index, "roi", observer))
        for observer in OBSERVERS
    }
    return Rendered(_images(settings, lesion, scene, rng), regions, grid)


def _grid(settings: T1MappingSettings, lesion: T1Lesion, rng: np.random.Generator) -> Grid:
    """Return the grid of all five images; as many slices as the mass takes, and one or two more on each side."""
    slices = int(np.ceil(lesion.diameter_mm / settings.slice_mm)) + 3
    size = (settings.voxels, settings.voxels, slices)
    spacing = (settings.in_plane_mm, settings.in_plane_mm, settings.slice_mm)
    middle = (np.array(size) - 1) / 2 * spacing
    origin = np.round(rng.uniform(-0.5, 0.5, 3) * spacing - middle, 3)
    return Grid(size, spacing, (float(origin[0]), float(origin[1]), float(origin[2])), np.eye(3))


def _scene(
    settings: T1MappingSettings,
    shape: LesionShape,
    points: Array,
    perfusion: Array,
    rng: np.random.Generator,
) -> _Scene:
    sample = shape.sample(points)
    towards = rng.standard_normal(3)
    towards = (towards / np.linalg.norm(towards)).astype(np.float32)
    depth = np.tensordot(towards, points, axes=1) - np.float32(rng.uniform(0.1, 0.9) * shape.mean_radius_mm)
    edge = settings.in_plane_mm
    return _Scene(
        kidney=coverage(np.asarray(-depth, dtype=np.float32), edge_mm=edge),
        mass=coverage(sample.distance_mm, edge_mm=edge),
        dead=np.clip(0.5 - sample.necrosis_depth_mm / np.float32(_CORE_EDGE_MM), 0.0, 1.0),
        texture=np.exp(np.float32(settings.texture) * sample.texture),
        perfusion=np.exp(np.float32(settings.perfusion) * perfusion),
        sample=sample,
    )


def _images(
    settings: T1MappingSettings, lesion: T1Lesion, scene: _Scene, rng: np.random.Generator
) -> dict[str, npt.NDArray[np.int16]]:
    """Return the weighted images and the maps, all with noise."""
    t1 = {name: TISSUES[name].t1_ms[0] for name in ("fat", "cortex", "necrosis")}
    after = {name: t1_after_contrast(t1[name], TISSUES[name].uptake_mm) for name in t1}
    before_ms = np.float32(lesion.t1_ms) * scene.texture
    after_ms = np.minimum(np.float32(lesion.t1e_ms) / scene.perfusion, before_ms)
    repetition, angles = settings.repetition_ms, settings.flip_deg
    cortex = float(spoiled_echo(t1["cortex"], flip_deg=angles[1], repetition_ms=repetition))
    sigma = settings.noise * cortex

    def echo(t1_ms: float | Array, flip_deg: float) -> Array:
        return spoiled_echo(t1_ms, flip_deg=flip_deg, repetition_ms=repetition)

    def acquired(signal: Array) -> Array:
        blur = (0.0, _BLUR_PIXELS, _BLUR_PIXELS)
        real = ndimage.gaussian_filter(signal, blur, mode="nearest")
        noise = rng.standard_normal((2, *signal.shape), dtype=np.float32) * np.float32(sigma)
        return np.asarray(np.hypot(real + noise[0], noise[1]), dtype=np.float32)

    def painted(times: dict[str, float], living_ms: Array, flip_deg: float) -> Array:
        signal = {name: float(echo(time, flip_deg)) for name, time in times.items()}
        return scene.paint(
            fat=signal["fat"],
            kidney=signal["cortex"],
            living=echo(living_ms, flip_deg),
            dead=signal["necrosis"],
        )

    images: dict[str, npt.NDArray[np.int16]] = {}
    plain = {name: float(echo(time, angles[1])) for name, time in t1.items()}
    enhanced = {name: float(echo(time, angles[1])) for name, time in after.items()}
    living = echo(before_ms, angles[1])
    for sequence, percent in (("T1WI", 0.0), ("CMP", lesion.cmp_percent), ("NP", lesion.np_percent)):
        of = plain if sequence == "T1WI" else enhanced
        signal = scene.paint(
            fat=_FAT_LEFT * plain["fat"],
            kidney=of["cortex"],
            living=living * (1 + np.float32(percent / 100) * scene.perfusion),
            dead=of["necrosis"],
        )
        images[sequence] = np.rint(acquired(signal) * (_UNITS / cortex)).astype(np.int16)
    for sequence, times, living_ms in (("T1map", t1, before_ms), ("T1emap", after, after_ms)):
        small, large = (acquired(painted(times, living_ms, angle)) for angle in angles)
        found = fit_t1(small, large, flip_deg=angles, repetition_ms=repetition)
        images[sequence] = np.rint(found).astype(np.int16)
    return images


def _region(
    settings: T1MappingSettings, sample: LesionSample, grid: Grid, rng: np.random.Generator
) -> npt.NDArray[np.uint8]:
    """Draw a disc in the largest solid part of a slice, clear of the margin and of necrosis."""
    observers = settings.observers
    solid = _solid(settings, sample, grid.spacing_mm[0] ** 2)
    room = np.stack([ndimage.distance_transform_edt(plane, sampling=settings.in_plane_mm) for plane in solid])
    widest = room.max(axis=(1, 2))
    place = int(widest.argmax())
    beside = [z for z in (place - 1, place + 1) if 0 <= z < len(widest) and widest[z] > 0.7 * widest[place]]
    if beside and rng.random() < observers.other_slice_rate:
        place = int(rng.choice(beside))
    area = float(
        np.clip(
            observers.area_mm2 * np.exp(observers.area_sd * rng.standard_normal()), *observers.area_range_mm2
        )
    )
    row, column = np.unravel_index(int(room[place].argmax()), room[place].shape)
    step = grid.spacing_mm[0]
    rows, columns = np.mgrid[: room.shape[1], : room.shape[2]]
    reach = float(np.sqrt(area / np.pi))
    slack = max(float(room[place].max()) - reach, 0.3 * reach)
    moved = rng.standard_normal(2) * min(observers.centre_sd_mm, slack)
    away = np.hypot((rows - row) * step - moved[0], (columns - column) * step - moved[1])
    allowed = solid[place]
    count = min(max(round(area / step**2), 1), int(allowed.sum()))
    nearest = np.argsort(np.where(allowed, away, np.inf).ravel(), kind="stable")[:count]
    region = np.zeros(solid.shape, dtype=np.uint8)
    region[place].ravel()[nearest] = 1
    return region


def _solid(settings: T1MappingSettings, sample: LesionSample, pixel_mm2: float) -> npt.NDArray[np.bool_]:
    """Return the part that a region may hold: clear of margin and necrosis where that leaves room for a region."""
    living = (sample.distance_mm < 0) & (sample.necrosis_depth_mm > 0)
    clear = (sample.distance_mm < -_FROM_MARGIN_MM) & (sample.necrosis_depth_mm > _FROM_CORE_MM)
    for part in (clear, living):
        if part.sum(axis=(1, 2)).max() * pixel_mm2 >= settings.observers.area_range_mm2[0]:
            return np.asarray(part)
    return np.asarray(sample.distance_mm < 0)
