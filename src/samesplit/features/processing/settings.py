"""What a profile may say about the steps between reading an image and computing features."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from samesplit.declarations import Declaration
from samesplit.features.processing.grid import Spacing
from samesplit.imaging.correction import BiasCorrection, HistogramMatching

__all__ = [
    "SMALLEST_MM",
    "Normalisation",
    "ProcessingSettings",
    "Unit",
    "large_enough",
    "spacing_zyx",
]

Unit = Literal["arbitrary", "HU", "SUV", "quantitative"]
Number = Annotated[float, Field(allow_inf_nan=False)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Length = Annotated[float, Field(ge=0, allow_inf_nan=False)]
XYZ = tuple[Length | None, Length | None, Length | None]

SMALLEST_MM = 0.1
"""Smallest edge of a voxel: with smaller ones a lesion of some centimetres does not fit into memory."""


class Normalisation(Declaration):
    """Intensities are turned to mean 0 and standard deviation `scale`."""

    over: Literal["image", "roi"] = "image"
    """Voxels that mean and standard deviation (divided by their number, but see `sample`) come from."""
    sample: bool = False
    """The standard deviation divides by the number of voxels less 1, as ITK's and so pyradiomics' does."""
    scale: Positive = 1.0
    """The standard deviation afterwards."""
    clip_sd: Positive | None = None
    """Intensities beyond this many standard deviations are set to that bound."""


class ProcessingSettings(Declaration):
    """From an image and a mask to a region, in IBSI's order of steps; what is not said is not done."""

    unit: Unit = "arbitrary"
    """What intensities mean: HU and SUV are checked; `quantitative` has a meaning of its own (T1 in ms, ADC)."""
    rounding: Literal["none", "before", "after", "both", "stored"] = "none"
    """Round intensities to whole numbers before interpolation, after it, or both (IBSI for CT). `stored`: where
    the file holds whole numbers and nothing is normalised, decimals are cut off after interpolation, as ITK (and
    so pyradiomics) does."""
    bias_correction: BiasCorrection | None = None
    histogram_matching: HistogramMatching | None = None
    normalisation: Normalisation | None = None
    spacing_mm: Length | XYZ | None = None
    """New distance of voxels in mm: one number, or three in the order x, y, z in which 0 or null keeps an axis
    (2D interpolation: [2, 2, 0]); nothing keeps the image's own voxels."""
    grid: Literal["centres", "corner"] = "centres"
    """Where the new grid lies: its centre on the image's centre (IBSI), or its corner on the image's corner, as
    pyradiomics lays it."""
    image_interpolation: Literal["nearest", "linear", "cubic"] = "linear"
    """Cubic means cubic splines, which pass through the image's values."""
    mask_interpolation: Literal["nearest", "linear"] = "linear"
    mask_threshold: float = Field(default=0.5, gt=0, le=1, allow_inf_nan=False)
    """A voxel of the new grid belongs to the lesion when the interpolated mask reaches this."""
    range: tuple[Number | None, Number | None] | None = None
    """Lowest and highest intensity that counts, both counted themselves; null where there is no bound."""
    outliers_sd: Positive | None = None
    """Intensities further than this many standard deviations from the lesion's mean do not count."""
    resegment_shape: bool = False
    """Voxels that do not count for intensities do not count for size and shape either (not IBSI)."""

    @field_validator("bias_correction", "normalisation", mode="before")
    @classmethod
    def _true_is_default(cls, value: Any) -> Any:
        return {} if value is True else None if value is False else value

    @model_validator(mode="after")
    def _consistent(self) -> ProcessingSettings:
        if self.spacing_mm == 0:
            raise ValueError("spacing_mm is above 0; leave it out to keep the image's own voxels")
        for length in self.target_mm:
            if length is not None:
                large_enough(length, "spacing_mm")
        low, high = self.range or (None, None)
        if low is not None and high is not None and low >= high:
            raise ValueError(f"range holds the lowest intensity first: {low:g} is not below {high:g}")
        corrected = [name for name in ("bias_correction", "histogram_matching") if getattr(self, name)]
        if corrected and self.rounding in ("before", "both"):
            raise ValueError(
                f"rounding before interpolation comes before {corrected[0]}: use 'after' or 'none'"
            )
        changed = [*corrected, *(["normalisation"] if self.normalisation else [])]
        if changed and self.unit != "arbitrary":
            raise ValueError(
                f"{changed[0]} takes the unit {self.unit} away: set unit: arbitrary, or leave it out"
            )
        return self

    @property
    def target_mm(self) -> Spacing:
        """`spacing_mm` along z, y, x; None keeps an axis."""
        return spacing_zyx(self.spacing_mm)


def spacing_zyx(spacing_mm: float | XYZ | None) -> Spacing:
    """Return a spacing as profiles write it (one number, x y z, or nothing) along z, y, x; None keeps an axis.

    Example:
        >>> spacing_zyx((2, 2, 0)), spacing_zyx(1.0), spacing_zyx(None)
        ((None, 2.0, 2.0), (1.0, 1.0, 1.0), (None, None, None))
    """
    x, y, z = spacing_mm if isinstance(spacing_mm, tuple) else (spacing_mm,) * 3
    return _length(z), _length(y), _length(x)


def large_enough(spacing_mm: float, key: str) -> float:
    """Return the spacing of voxels as given.

    Args:
        spacing_mm: Their edge.
        key: The setting, for the message.

    Raises:
        ValueError: It is below `SMALLEST_MM`.
    """
    if spacing_mm < SMALLEST_MM:
        raise ValueError(
            f"{key} holds voxels of {spacing_mm:g} mm: use {SMALLEST_MM} mm or more, smaller ones run out of "
            "memory"
        )
    return spacing_mm


def _length(value: float | None) -> float | None:
    return float(value) if value else None
