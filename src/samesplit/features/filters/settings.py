"""What a profile may say about image filters: one declaration for each kind, as the IBSI's standard 2 defines it.

Filters and their parameters are those of the IBSI's reference manual for image filters (Whybra et al. 2024,
doi:10.1148/radiol.231319; Depeursinge et al., arXiv:2006.05470). Lengths are in mm where the manual writes mm,
and in voxels where it writes voxels. Arrays have the axes z, y, x; what is written by axis in a profile (kernels
of Laws, subbands of wavelets, orders of Riesz filters) is in the manual's order x, y, z.
"""

from __future__ import annotations

import math
import re
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, field_validator, model_validator

from samesplit.declarations import Declaration

__all__ = [
    "Boundary",
    "Filter",
    "GaborFilter",
    "LawsFilter",
    "LogFilter",
    "MeanFilter",
    "Pooling",
    "RieszFilter",
    "SimoncelliFilter",
    "WaveletFilter",
]

Boundary = Literal["zero", "nearest", "periodic", "mirror", "constant"]
"""What lies outside the image (IBSI boundary conditions); `zero` is `constant` with the value 0."""
Pooling = Literal["max", "mean", "min"]
"""How the responses of a rotated filter become one."""
Kernel = Literal["L3", "L5", "E3", "E5", "S3", "S5", "W5", "R5"]
Reach = tuple[int, int, int]

Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Number = Annotated[float, Field(allow_inf_nan=False)]

MOST_LEVELS = 6
"""Of wavelets: at level 6 a response looks 32 times as far as at level 1, beyond any lesion."""
_WAVELETS = {"db": (38, 2), "coif": (17, 6)}  # highest order, taps for each order


class _AnyFilter(Declaration):
    """What all filters have in common."""

    code: ClassVar[str]
    """The IBSI's code of the filter."""

    boundary: Boundary = "mirror"
    """What lies outside the image."""
    constant: Number = 0.0
    """The intensity outside the image, with `boundary: constant`."""

    @model_validator(mode="after")
    def _constant_where_it_belongs(self) -> _AnyFilter:
        if self.constant != 0 and self.boundary != "constant":
            raise ValueError(f"`constant` belongs to `boundary: constant`, and boundary is {self.boundary}")
        return self

    def _outside(self) -> str:
        """Name the boundary where it is not the usual one."""
        if self.boundary == "mirror":
            return ""
        return f"_constant{self.constant:g}" if self.boundary == "constant" else f"_{self.boundary}"


class _Filter(_AnyFilter):
    """What all filters have in common but Gabor's, whose kernels always lie in a plane."""

    dimensions: Literal[2, 3] = 3
    """2 filters slice by slice, in the x-y plane."""

    def _ending(self) -> str:
        return ("_2d" if self.dimensions == 2 else "") + self._outside()

    def _within(self, z: int, y: int, x: int) -> Reach | None:
        """Return how far a response looks; periodic boundaries bring the far side of the image near."""
        return None if self.boundary == "periodic" else (z if self.dimensions == 3 else 0, y, x)


class MeanFilter(_Filter):
    """The mean of a cube (or square) of voxels around each voxel (IBSI S60F)."""

    code: ClassVar[str] = "S60F"
    kind: Literal["mean"] = "mean"
    support_voxels: int = Field(ge=1, le=255)
    """The edge M of the cube, an odd number of voxels."""

    @field_validator("support_voxels")
    @classmethod
    def _odd(cls, given: int) -> int:
        if given % 2 == 0:
            raise ValueError("an odd number of voxels has a centre; even ones have none")
        return given

    @property
    def name(self) -> str:
        """A short name for columns: `mean_5`."""
        return f"mean_{self.support_voxels}{self._ending()}"

    def reach_voxels(self, spacing_mm: tuple[float, float, float]) -> Reach | None:
        """How far a response looks along z, y, x, in voxels; None where it looks at the whole image."""
        half = self.support_voxels // 2
        return self._within(half, half, half)


class LogFilter(_Filter):
    """The Laplacian of Gaussian: edges and blobs of a size (IBSI L6PA)."""

    code: ClassVar[str] = "L6PA"
    kind: Literal["log"] = "log"
    sigma_mm: Positive
    """Standard deviation of the Gaussian."""
    cutoff_sigma: float = Field(default=4.0, ge=1, le=10)
    """The kernel ends at this many standard deviations."""

    @property
    def name(self) -> str:
        """A short name for columns: `log_1.5mm`."""
        cut = "" if self.cutoff_sigma == 4 else f"_cut{self.cutoff_sigma:g}"
        return f"log_{self.sigma_mm:g}mm{cut}{self._ending()}"

    def reach_voxels(self, spacing_mm: tuple[float, float, float]) -> Reach | None:
        """How far a response looks along z, y, x, in voxels; None where it looks at the whole image."""
        return self._within(*(_radius(self.cutoff_sigma * self.sigma_mm / step) for step in spacing_mm))


class LawsFilter(_Filter):
    """Products of Laws' kernels for levels, edges, spots, waves and ripples (IBSI JTXT)."""

    code: ClassVar[str] = "JTXT"
    kind: Literal["laws"] = "laws"
    kernels: tuple[Kernel, ...]
    """The kernels along x, y and z: `L5E5E5`, or `[L5, E5, E5]`."""
    energy_distance: int | None = Field(default=None, ge=1, le=127)
    """Mean of absolute responses up to this Chebyshev distance, in voxels."""
    rotation_invariant: bool = False
    """Whether the kernels are also turned by all right angles."""
    pooling: Pooling = "max"
    """How the responses to all rotations become one."""

    @field_validator("kernels", mode="before")
    @classmethod
    def _written_together(cls, given: Any) -> Any:
        """Take `L5E5E5` apart."""
        return re.findall("..?", given) if isinstance(given, str) else given

    @model_validator(mode="after")
    def _one_for_each_axis(self) -> LawsFilter:
        if len(self.kernels) != self.dimensions:
            raise ValueError(
                f"`dimensions: {self.dimensions}` takes as many kernels, not {len(self.kernels)}"
            )
        return self

    @property
    def name(self) -> str:
        """A short name for columns: `laws_l5e5e5_energy7_max`."""
        energy = "" if self.energy_distance is None else f"_energy{self.energy_distance}"
        pooled = f"_{self.pooling}" if self.rotation_invariant else ""
        return f"laws_{''.join(self.kernels).lower()}{energy}{pooled}{self._ending()}"

    def reach_voxels(self, spacing_mm: tuple[float, float, float]) -> Reach | None:
        """How far a response looks along z, y, x, in voxels; None where it looks at the whole image."""
        along = [int(kernel[1]) // 2 + (self.energy_distance or 0) for kernel in self.kernels]
        if self.rotation_invariant:
            along = [max(along)] * len(along)
        x, y, z = (*along, 0)[:3]
        return self._within(z, y, x)


class GaborFilter(_AnyFilter):
    """Waves of one length and direction under a Gaussian, in planes (IBSI Q88H)."""

    code: ClassVar[str] = "Q88H"
    kind: Literal["gabor"] = "gabor"
    sigma_mm: Positive
    """Standard deviation of the Gaussian along the wave."""
    wavelength_mm: Positive
    """Length of the wave."""
    aspect_ratio: float = Field(default=1.0, ge=0.1, le=10)
    """Gamma: the Gaussian's standard deviation along the wave divided by that across it."""
    angle_degrees: float = Field(default=0.0, ge=0, lt=360)
    """Theta, the direction of the wave; with `angle_step_degrees` the first one."""
    angle_step_degrees: float | None = Field(default=None, ge=1, le=180)
    """The responses of all directions of the full circle in these steps are pooled."""
    pooling: Pooling = "mean"
    """How the responses to all directions become one."""
    response: Literal["modulus", "real", "imaginary"] = "modulus"
    """The part taken of the complex response."""
    planes: Literal["axial", "orthogonal"] = "axial"
    """`orthogonal` averages the responses in the x-y, x-z and y-z planes."""
    cutoff_sigma: float = Field(default=5.0, ge=1, le=10)
    """The kernel ends at this many standard deviations, in either direction."""

    @model_validator(mode="after")
    def _whole_circle(self) -> GaborFilter:
        step = self.angle_step_degrees
        if step is not None and abs(360 / step - round(360 / step)) > 1e-9:
            raise ValueError(f"steps of {step:g} degrees do not divide the full circle of 360")
        return self

    @property
    def dimensions(self) -> Literal[2, 3]:
        """Whether responses look along z, too."""
        return 3 if self.planes == "orthogonal" else 2

    @property
    def name(self) -> str:
        """A short name for columns: `gabor_5mm_2mm_ratio1.5_every22.5deg_mean_orthogonal`."""
        step = self.angle_step_degrees
        parts = (
            f"gabor_{self.sigma_mm:g}mm_{self.wavelength_mm:g}mm",
            "" if self.aspect_ratio == 1 else f"_ratio{self.aspect_ratio:g}",
            "" if step is not None and self.angle_degrees == 0 else f"_{self.angle_degrees:g}deg",
            "" if step is None else f"_every{step:g}deg_{self.pooling}",
            "" if self.response == "modulus" else f"_{self.response}",
            "" if self.planes == "axial" else "_orthogonal",
            "" if self.cutoff_sigma == 5 else f"_cut{self.cutoff_sigma:g}",
            self._outside(),
        )
        return "".join(parts)

    def reach_voxels(self, spacing_mm: tuple[float, float, float]) -> Reach | None:
        """How far a response looks along z, y, x, in voxels; None where it looks at the whole image."""
        if self.boundary == "periodic":
            return None
        furthest_mm = self.cutoff_sigma * self.sigma_mm * max(1.0, 1 / self.aspect_ratio)
        z, y, x = (_radius(furthest_mm / step) for step in spacing_mm)
        return (z if self.planes == "orthogonal" else 0, y, x)


class WaveletFilter(_Filter):
    """One subband of an undecimated (stationary) separable wavelet transform (IBSI 25BO)."""

    code: ClassVar[str] = "25BO"
    kind: Literal["wavelet"] = "wavelet"
    wavelet: str
    """`haar`, Daubechies' `db1` to `db38`, or `coif1` to `coif17`."""
    subband: str
    """Low (L) or high (H) pass along x, y and z: `LLH`."""
    level: int = Field(default=1, ge=1, le=MOST_LEVELS)
    """Decomposition level."""
    rotation_invariant: bool = False
    """Whether the filter is also turned by all right angles."""
    pooling: Pooling = "mean"
    """How the responses to all rotations become one."""

    @field_validator("wavelet")
    @classmethod
    def _known(cls, given: str) -> str:
        if _taps(given) is None:
            known = ", ".join(f"{family}1 to {family}{last}" for family, (last, _) in _WAVELETS.items())
            raise ValueError(f"there is no wavelet of that name here: use haar, {known}")
        return given

    @field_validator("subband")
    @classmethod
    def _letters(cls, given: str) -> str:
        if set(given) - set("LH"):
            raise ValueError("one letter L (low pass) or H (high pass) for each axis, such as LLH")
        return given

    @model_validator(mode="after")
    def _one_for_each_axis(self) -> WaveletFilter:
        if len(self.subband) != self.dimensions:
            raise ValueError(
                f"`dimensions: {self.dimensions}` takes a subband of as many letters, not '{self.subband}'"
            )
        return self

    @property
    def name(self) -> str:
        """A short name for columns: `wavelet_db3_llh_1_mean`."""
        pooled = f"_{self.pooling}" if self.rotation_invariant else ""
        return f"wavelet_{self.wavelet}_{self.subband.lower()}_{self.level}{pooled}{self._ending()}"

    def reach_voxels(self, spacing_mm: tuple[float, float, float]) -> Reach | None:
        """How far a response looks along z, y, x, in voxels; None where it looks at the whole image."""
        reach = (_taps(self.wavelet) or 0) // 2 * (2**self.level - 1)
        return self._within(reach, reach, reach)


class SimoncelliFilter(_Filter):
    """The band-pass map of Simoncelli's non-separable wavelet, made in Fourier space (IBSI PRT7)."""

    code: ClassVar[str] = "PRT7"
    kind: Literal["simoncelli"] = "simoncelli"
    level: int = Field(default=1, ge=1, le=MOST_LEVELS)
    """Decomposition level."""

    @property
    def name(self) -> str:
        """A short name for columns: `simoncelli_1`."""
        return f"simoncelli_{self.level}{self._ending()}"

    def reach_voxels(self, spacing_mm: tuple[float, float, float]) -> Reach | None:
        """None: a response looks at the whole image."""
        return None


class RieszFilter(_Filter):
    """The Riesz transform of a Laplacian of Gaussian or of a Simoncelli wavelet (IBSI AYRS)."""

    code: ClassVar[str] = "AYRS"
    kind: Literal["riesz"] = "riesz"
    order: tuple[Annotated[int, Field(ge=0, le=8)], ...]
    """Of the derivatives along x, y and z: `[1, 0, 0]`."""
    of: Annotated[LogFilter | SimoncelliFilter, Field(discriminator="kind")]
    """The filter that is transformed."""
    structure_sigma_mm: Positive | None = None
    """The response is steered by the structure tensor under a Gaussian of this standard deviation."""

    @model_validator(mode="before")
    @classmethod
    def _one_image(cls, given: Any) -> Any:
        """Give the transformed filter the dimensions and the boundary of the whole."""
        if isinstance(given, dict) and isinstance(given.get("of"), dict):
            shared = {key: given[key] for key in ("dimensions", "boundary", "constant") if key in given}
            return given | {"of": shared | given["of"]}
        return given

    @model_validator(mode="after")
    def _consistent(self) -> RieszFilter:
        if len(self.order) != self.dimensions:
            raise ValueError(f"`dimensions: {self.dimensions}` takes as many orders, not {len(self.order)}")
        if sum(self.order) == 0:
            raise ValueError("orders of zero transform nothing: give at least one that is above 0")
        for key in ("dimensions", "boundary", "constant"):
            if getattr(self, key) != getattr(self.of, key):
                raise ValueError(f"`{key}` is that of the whole filter: leave it out in `of`")
        return self

    @property
    def name(self) -> str:
        """A short name for columns: `riesz_100_log_3mm`, steered `riesz_020_simoncelli_1_steered1mm`."""
        inner = self.of.name.removesuffix(self._ending())
        sigma = self.structure_sigma_mm
        steered = "" if sigma is None else f"_steered{sigma:g}mm"
        return f"riesz_{''.join(map(str, self.order))}_{inner}{steered}{self._ending()}"

    def reach_voxels(self, spacing_mm: tuple[float, float, float]) -> Reach | None:
        """None: a response looks at the whole image."""
        return None


Filter = Annotated[
    MeanFilter | LogFilter | LawsFilter | GaborFilter | WaveletFilter | SimoncelliFilter | RieszFilter,
    Field(discriminator="kind"),
]
"""Any of them."""


def _radius(voxels: float) -> int:
    """Return the radius of a kernel that is cut off at a distance: the nearest whole number, halves upwards."""
    return math.floor(voxels + 0.5)


def _taps(wavelet: str) -> int | None:
    """Return the length of a wavelet's kernels; None where there is no such wavelet."""
    if wavelet == "haar":
        return 2
    match = re.fullmatch(r"(db|coif)([1-9][0-9]?)", wavelet)
    if match is None:
        return None
    last, taps = _WAVELETS[match[1]]
    order = int(match[2])
    return taps * order if order <= last else None
