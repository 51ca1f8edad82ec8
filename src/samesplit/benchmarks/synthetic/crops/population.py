"""The masses of the CT crops, before any image is made."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Literal

import numpy as np

from samesplit.benchmarks.synthetic.base import number_in_order
from samesplit.benchmarks.synthetic.crops.settings import (
    CROP_PROPERTIES,
    CropSettings,
    CropSite,
    CropSubtype,
)
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
    texture_hu: float | None = None
    subtype: str = ""
    necrosis: float = 0.0


def draw_lesion(settings: CropSettings, index: int) -> CropLesion:
    """Draw the mass at `index`, the same whatever the number of masses."""
    rng = stream(settings.seed, index, "crop")
    malignant = bool(rng.random() < settings.malignant_rate)
    residual = {name: float(rng.standard_normal()) for name in CROP_PROPERTIES}
    shares = [site.share for site in settings.sites]
    drawn = int(rng.choice(len(shares), p=np.array(shares) / np.sum(shares)))
    site = settings.sites[
        number_in_order(shares, index, settings.n_lesions) if settings.sites_in_order else drawn
    ]
    subtype = _draw_subtype(settings, site, index)
    if subtype is not None:
        malignant = subtype.label == "malignant"
    half = (0.5 if malignant else -0.5) * settings.effect
    z = {
        name: residual[name]
        + (
            half * getattr(settings.effects, name)
            if subtype is None
            else settings.effect * subtype.shifts.get(name, 0.0)
        )
        for name in CROP_PROPERTIES
    }
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
        texture_hu=None if subtype is None else subtype.texture_hu,
        subtype="" if subtype is None else subtype.name,
    )


def _draw_subtype(settings: CropSettings, site: CropSite, index: int) -> CropSubtype | None:
    """Return the subtype of a mass; None in a cohort without subtypes."""
    shares = site.subtype_shares or {subtype.name: subtype.share for subtype in settings.subtypes}
    among = [subtype for subtype in settings.subtypes if subtype.name in shares]
    if not among:
        return None
    weights = np.array([shares[subtype.name] for subtype in among])
    rng = stream(settings.seed, index, "crop-subtype")
    return among[int(rng.choice(len(among), p=weights / weights.sum()))]
