"""The tables of the CT crops, and the image and mask of each."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import ndimage

from samesplit.benchmarks.synthetic.crops.population import CropLesion, draw_lesion
from samesplit.benchmarks.synthetic.crops.settings import CropSettings
from samesplit.benchmarks.synthetic.fields import coverage
from samesplit.benchmarks.synthetic.files import Volume, no_readings, write_volume
from samesplit.benchmarks.synthetic.lesion_shape import LesionShape
from samesplit.benchmarks.synthetic.scanner import Grid
from samesplit.benchmarks.synthetic.seeds import stream

__all__ = ["CropCohort", "render"]

SEQUENCE, RATER = "CT", "R1"
_FAT_HU, _KIDNEY_HU = -95.0, 160.0
_BLUR_VOXELS = 0.5


@dataclass(frozen=True)
class CropCohort:
    """Makes the CT crops of its settings, mass by mass."""

    settings: CropSettings
    version: int = 1

    def tables(self) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
        """Return lesions, images and readings (none)."""
        lesions = self.units()
        table = pd.DataFrame(
            [
                {
                    "lesion_id": lesion.lesion_id,
                    "patient_id": lesion.lesion_id,
                    "label": lesion.label,
                    "label_provenance": "pathology",
                    "site": lesion.site.name,
                    "scanner_vendor": lesion.site.vendor,
                    "date": lesion.date,
                    "size_mm": lesion.size_mm,
                    "age": lesion.age,
                    "sex": lesion.sex,
                }
                | ({"subtype": lesion.subtype} if lesion.subtype else {})
                for lesion in lesions
            ]
        )
        names = [_files(lesion) for lesion in lesions]
        images = pd.DataFrame(
            {
                "lesion_id": table["lesion_id"],
                "sequence": SEQUENCE,
                "rater": RATER,
                "image": [image for image, _ in names],
                "mask": [mask for _, mask in names],
                "mask_label": 1,
            }
        )
        return table, images, no_readings()

    def units(self) -> list[CropLesion]:
        """Return the masses."""
        return [draw_lesion(self.settings, index) for index in range(self.settings.n_lesions)]

    def write(self, unit: CropLesion, directory: Path) -> None:
        """Write the image and mask of one mass that are not there yet."""
        paths = [directory / name for name in _files(unit)]
        if all(path.is_file() for path in paths):
            return
        image, mask, grid = render(self.settings, unit)
        arrays: tuple[Volume, ...] = (image, mask)
        for path, array in zip(paths, arrays, strict=True):
            if not path.is_file():
                write_volume(path, array, grid)


def render(
    settings: CropSettings, lesion: CropLesion
) -> tuple[npt.NDArray[np.int16], npt.NDArray[np.uint8], Grid]:
    """Make the image and the mask of one mass.

    The mass lies in fat beside the kidney, whose surface is a plane in a random direction. Inside, the grey
    value is the mean enhancement, a part that rises from the centre to the margin and averages 0, and a
    texture; all are blurred a little, then noise is added.

    Returns:
        Image in HU and mask, shape (z, y, x), and where their voxels lie.

    Example:
        >>> settings = CropSettings(n_lesions=1)
        >>> image, mask, _ = render(settings, draw_lesion(settings, 0))
        >>> image.shape, bool(image[mask > 0].mean() > image[mask == 0].min())
        ((32, 32, 32), True)
    """
    rng = stream(settings.seed, lesion.index, "image")
    count, step = settings.voxels, settings.voxel_mm
    corner = -(count - 1) / 2 * step + rng.uniform(-1.5, 1.5, 3) * step
    origin = np.round(corner, 3)
    grid = Grid((count,) * 3, (step,) * 3, (float(origin[0]), float(origin[1]), float(origin[2])), np.eye(3))
    points = grid.points()
    shape = LesionShape(stream(settings.seed, lesion.index, "shape"), lesion)
    sample = shape.sample(points)
    towards = rng.standard_normal(3)
    towards = (towards / np.linalg.norm(towards)).astype(np.float32)
    depth = np.tensordot(towards, points, axes=1) - np.float32(rng.uniform(0.1, 0.9) * shape.mean_radius_mm)
    image = np.float32(_FAT_HU) + np.float32(_KIDNEY_HU - _FAT_HU) * coverage(
        np.asarray(-depth, dtype=np.float32), edge_mm=step
    )
    outward = np.clip(1 + sample.distance_mm / np.float32(shape.mean_radius_mm), 0, 1)
    inside = sample.distance_mm < 0
    rim = outward**2
    rim = rim - rim[inside].mean()
    texture_hu = settings.texture_hu if lesion.texture_hu is None else lesion.texture_hu
    living = (
        np.float32(lesion.enhancement_hu)
        + np.float32(lesion.rim_hu) * rim
        + np.float32(texture_hu) * sample.texture
    )
    image = image + coverage(sample.distance_mm, edge_mm=step) * (living - image)
    image = ndimage.gaussian_filter(image, _BLUR_VOXELS, mode="nearest")
    noise = ndimage.gaussian_filter(rng.standard_normal(image.shape, dtype=np.float32), _BLUR_VOXELS)
    image = image + np.float32(lesion.site.noise_hu) * noise / noise.std()
    return np.rint(image).astype(np.int16), inside.astype(np.uint8), grid


def _files(lesion: CropLesion) -> tuple[str, str]:
    return f"images/{lesion.lesion_id}/CT.nii.gz", f"images/{lesion.lesion_id}/CT-R1.nii.gz"
