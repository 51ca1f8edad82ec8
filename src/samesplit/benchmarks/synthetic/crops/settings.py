"""Everything about the synthetic CT crops that can be adjusted."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal, Self

import numpy as np
from pydantic import Field, model_validator
from scipy.special import ndtr

from samesplit.benchmarks.synthetic.base import CohortPart, CohortSettings, NonNegative, Positive

__all__ = ["CROP_PROPERTIES", "CropEffects", "CropProperty", "CropSettings", "CropSite", "CropSubtype"]

CropProperty = Literal["size", "irregularity", "enhancement", "texture_length", "rim"]
CROP_PROPERTIES: tuple[CropProperty, ...] = ("size", "irregularity", "enhancement", "texture_length", "rim")


class CropEffects(CohortPart):
    """Malignant minus benign, in standard deviations of the property within a class.

    All are multiplied by `CropSettings.effect`. `size` is the diameter, `irregularity` that of the margin,
    `enhancement` the mean in HU, `texture_length` the correlation length of the texture, `rim` by how much the
    margin enhances more than the centre, which radial means show and histograms and textures hardly do.
    """

    size: float = 0.3
    irregularity: float = 0.8
    enhancement: float = 0.4
    texture_length: float = 1.0
    rim: float = 0.7


class CropSite(CohortPart):
    """A hospital: its share of the patients, and the noise of its scanner in HU (SD).

    `subtype_shares` replaces the shares of the subtypes; one that it does not name is not seen there.
    """

    later: ClassVar[tuple[str, ...]] = ("subtype_shares",)

    name: str
    vendor: str
    share: Positive
    noise_hu: NonNegative
    subtype_shares: dict[str, Positive] | None = None


class CropSubtype(CohortPart):
    """A subtype, where a cohort is one of subtypes.

    `share` is its part of all masses, relative to the other subtypes. `shifts` says by how many standard
    deviations a property deviates from a mass of no subtype; they are multiplied by `CropSettings.effect` and
    stand in the place of the difference between malignant and benign masses. `texture_hu` replaces that of the
    cohort: a cyst has next to none.
    """

    name: str
    label: Literal["benign", "malignant"]
    share: Positive
    shifts: dict[CropProperty, float] = Field(default_factory=dict)
    texture_hu: NonNegative | None = None


class CropSettings(CohortSettings):
    """Small CT crops round renal masses, one mass a patient: cheap enough for a thousand and more.

    Each mass has five properties, which are independent and standard normal within a class and then turned into
    mm and HU. So the AUC that the properties themselves allow is known (`best_auc`); what is measured in an
    image of finite resolution and with noise reaches less.

    Example:
        >>> CropSettings().best_auc > 0.8 and CropSettings(effect=0.0).best_auc == 0.5
        True
    """

    later: ClassVar[tuple[str, ...]] = ("subtypes", "sites_in_order")

    kind: Literal["renal-ct-crops"] = "renal-ct-crops"
    seed: Annotated[int, Field(ge=0)] = 2026
    n_lesions: Annotated[int, Field(ge=1, le=100_000)] = 1200
    malignant_rate: Annotated[float, Field(gt=0.0, lt=1.0)] = 0.5
    effect: float = 1.0
    effects: CropEffects = CropEffects()
    texture_hu: NonNegative = 32.0
    """SD of the texture inside the mass, in HU."""
    voxels: Annotated[int, Field(ge=16, le=96)] = 32
    """Side of the cube."""
    voxel_mm: Annotated[float, Field(ge=0.5, le=4.0)] = 1.5
    sites: Annotated[tuple[CropSite, ...], Field(min_length=1)] = (
        CropSite(name="north", vendor="Siemens", share=0.4, noise_hu=8.0),
        CropSite(name="east", vendor="GE", share=0.35, noise_hu=11.0),
        CropSite(name="south", vendor="Philips", share=0.25, noise_hu=15.0),
    )

    subtypes: tuple[CropSubtype, ...] = ()
    """Where given, each mass has one of them, which decides whether it is malignant, and lesions.csv has the
    column `subtype`; `malignant_rate` and `effects` then count for nothing."""
    sites_in_order: bool = False
    """Whether the patients of the sites follow each other in exactly their shares, instead of being drawn."""

    @model_validator(mode="after")
    def _known_subtypes(self) -> Self:
        names = [subtype.name for subtype in self.subtypes]
        if len(set(names)) != len(names):
            msg = f"two subtypes have the same name: {', '.join(names)}; give each its own"
            raise ValueError(msg)
        for site in self.sites:
            unknown = [name for name in site.subtype_shares or {} if name not in names]
            if unknown:
                msg = (
                    f"{site.name!r} has a share of {unknown[0]!r}, which is no subtype of: {', '.join(names)}"
                )
                raise ValueError(msg)
        return self

    @property
    def best_auc(self) -> float:
        r"""The AUC of the best score of the five properties, if they were known exactly, without subtypes.

        $\Phi(d / \sqrt{2})$ with $d$ the root of the sum of the squared effects (two normal distributions of equal
        covariance).
        """
        effects = np.array([getattr(self.effects, name) for name in CROP_PROPERTIES]) * self.effect
        return float(ndtr(np.linalg.norm(effects) / np.sqrt(2)))
