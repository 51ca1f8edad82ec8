"""What perturbations may be declared, and how strong each is."""

from __future__ import annotations

from typing import Annotated, Any, Literal, get_args

from pydantic import Field, field_validator

from samesplit.declarations import Declaration

__all__ = ["RATERS", "STEPS", "Perturbations", "Step"]

Step = Literal["contour", "volume", "translation", "displacement", "rotation", "noise"]
"""One way of changing a case; see `samesplit.features.perturbation.perturb`."""

STEPS: tuple[Step, ...] = get_args(Step)
RATERS = "raters"
"""Not a way of changing a case: the masks that several raters have drawn."""

_STRENGTH: dict[str, tuple[str, ...]] = {
    "contour": ("supervoxel_mm3",),
    "volume": ("volume_fraction",),
    "translation": ("translation_voxels",),
    "displacement": ("displacement_mm",),
    "rotation": ("rotation_degrees",),
    "noise": ("noise_factor",),
}


class Perturbations(Declaration):
    """Which perturbations, how often, and how strong.

    A kind is a step, several steps joined by `+` that are carried out one after the other, or `raters`.

    Example:
        >>> Perturbations(kinds=("rotation+contour",), repetitions=2).strength("rotation+contour")
        {'rotation_degrees': 10.0, 'supervoxel_mm3': 250.0}
    """

    kinds: tuple[str, ...] = Field(default=("contour", "volume", "translation", "noise"), min_length=1)
    repetitions: Annotated[int, Field(ge=2)] = 3
    """Of each kind, each with draws of its own; `raters` has one a rater."""
    supervoxel_mm3: Annotated[float, Field(gt=0)] = 250.0
    """Contour: the mean size of the supervoxels that the mask gains or loses as a whole, at least 20 voxels."""
    volume_fraction: Annotated[float, Field(gt=0, lt=1)] = 0.2
    """Volume: the mask shrinks or grows by up to this share of its voxels."""
    translation_voxels: Annotated[float, Field(gt=0, le=1)] = 0.5
    """Translation: how far the grid moves along each axis, at most."""
    displacement_mm: Annotated[float, Field(gt=0)] = 1.0
    """Displacement: how far the mask moves against the image along each axis, at most."""
    rotation_degrees: Annotated[float, Field(gt=0, le=45)] = 10.0
    """Rotation: the largest angle, either way, about the slices' normal."""
    noise_factor: Annotated[float, Field(gt=0)] = 1.0
    """Noise: the added noise's standard deviation as a multiple of the image's own."""

    @field_validator("kinds", mode="before")
    @classmethod
    def _one_or_many(cls, value: Any) -> Any:
        return (value,) if isinstance(value, str) else value

    @field_validator("kinds")
    @classmethod
    def _known(cls, kinds: tuple[str, ...]) -> tuple[str, ...]:
        for kind in kinds:
            unknown = [step for step in kind.split("+") if step not in STEPS]
            if unknown and kind != RATERS:
                known = ", ".join((*STEPS, RATERS))
                raise ValueError(
                    f"there is no perturbation '{unknown[0]}'. Known: {known}; join steps by '+'"
                )
        doubled = sorted({kind for kind in kinds if kinds.count(kind) > 1})
        if doubled:
            raise ValueError(f"named more than once: {', '.join(doubled)}")
        return kinds

    @property
    def made(self) -> tuple[str, ...]:
        """The kinds that change a case; all but `raters`."""
        return tuple(kind for kind in self.kinds if kind != RATERS)

    def strength(self, kind: str) -> dict[str, float]:
        """Return the settings that a kind depends on."""
        return {name: getattr(self, name) for step in kind.split("+") for name in _STRENGTH[step]}
