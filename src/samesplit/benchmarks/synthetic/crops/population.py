"""The masses of the CT crops, before any image is made."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Literal

import numpy as np

from samesplit.benchmarks.synthetic.crops.settings import CROP_PROPERTIES, CropSettings, CropSite
from samesplit.benchmarks.synthetic.seeds import stream

__all__ = ["CropLesion", "draw_lesion"]

_FIRST_DAY, _DAYS = dt.date(2012, 1, 2), 4000


@dataclass(frozen=True)
class CropLesion:
    """One mass and its patient.

    `diameter_mm` is the true largest diameter, `size_mm` what was measured; `irregularity` the standard
    deviation of the relative radius; `enhancement_hu` the mean; `texture_mm` the correlation length; `rim_hu`
    the margin minus the centre; `necrosis` is none.
    """

    index: int
    lesion_id: str
    label: Literal["benign", "malignant"]
    site: CropSite
    date: str
    age: int
    sex: Literal["F", "M"]
    diameter_mm: float
    size_mm: float
    irregularity: float
    enhancement_hu: float
    texture_mm: float
    rim_hu: float
    necrosis: float = 0.0


def draw_lesion(settings: CropSettings, index: int) -> CropLesion:
    """Draw the mass at `index`, the same whatever the number of masses."""
    rng = stream(settings.seed, index, "crop")
    malignant = bool(rng.random() < settings.malignant_rate)
    half = (0.5 if malignant else -0.5) * settings.effect
    z = {
        name: float(rng.standard_normal()) + half * getattr(settings.effects, name)
        for name in CROP_PROPERTIES
    }
    shares = np.array([site.share for site in settings.sites])
    site = settings.sites[int(rng.choice(len(shares), p=shares / shares.sum()))]
    # The largest mass leaves a margin of three voxels on each side of the crop.
    largest_mm = (settings.voxels - 6) * settings.voxel_mm
    diameter_mm = float(np.clip(0.7 * largest_mm * np.exp(0.2 * z["size"]), 0.25 * largest_mm, largest_mm))
    noise_of_age, noise_of_size = rng.standard_normal(2)
    return CropLesion(
        index=index,
        lesion_id=f"P{index + 1:04d}",
        label="malignant" if malignant else "benign",
        site=site,
        date=(_FIRST_DAY + dt.timedelta(days=int(rng.integers(_DAYS)))).isoformat(),
        age=int(np.clip(round(58.0 + 11.5 * (noise_of_age + 0.3 * half)), 21, 90)),
        sex="M" if rng.random() < 0.6 else "F",
        diameter_mm=diameter_mm,
        size_mm=round(diameter_mm * float(np.exp(0.04 * noise_of_size)), 1),
        irregularity=float(0.06 * np.exp(0.5 * np.clip(z["irregularity"], -3.0, 2.0))),
        enhancement_hu=75.0 + 20.0 * z["enhancement"],
        texture_mm=float(4.0 * np.exp(0.4 * np.clip(z["texture_length"], -2.5, 2.5))),
        rim_hu=25.0 * z["rim"],
    )
