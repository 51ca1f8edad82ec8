"""What a view of a lesion is: which slices or cube, how large, of which grey values."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator, model_validator

from samesplit.declarations import Declaration

__all__ = ["InputSettings"]


class InputSettings(Declaration):
    """How a lesion's image and mask become the numbers that a network sees."""

    view: Literal["2.5d", "2d", "3d"] = "2.5d"
    """2.5d: the largest axial, sagittal and coronal slice as three channels a sequence; 2d: the largest
    axial slice; 3d: a cube."""
    size: int = Field(default=64, ge=8, le=512)
    """Side of the square or cube, in pixels or voxels."""
    margin_mm: float = Field(default=5.0, ge=0)
    """In mm, added on every side of the mask's bounding box."""
    aspect: Literal["keep", "stretch"] = "keep"
    """keep: the field is as wide as the box's longest side in every direction, so that a millimetre is the
    same number of pixels in each; stretch: each side of the box fills the field."""
    field_mm: float | None = Field(default=None, gt=0)
    """A fixed field of view in mm, centred on the box, the same for every lesion, which keeps the lesion's size;
    it stands in for the margin and aspect."""
    mask_background: bool = True
    """Whether everything outside the mask is set to 0."""
    background: Literal["mean", "lowest"] = "mean"
    """What that 0 means, with `mask_background`. mean: as `scaling` has it, which for z-score is the mean of the
    surroundings, so that a lesion as bright as they are is hard to tell from them; lowest: grey values are counted
    from the lowest of the surroundings upwards, so that the background is as dark as the darkest voxel."""
    mask_channel: bool = False
    """Whether the mask itself, 1 inside and 0 outside, is one more channel for each channel of an image, so that
    the network sees shape and size apart from brightness."""
    scaling: Literal["z-score", "percentile", "none"] = "z-score"
    """How grey values are made comparable, from the mask's bounding box widened by `surroundings_mm`.
    z-score: mean 0 and SD 1; percentile: the two `percentiles` become -1 and 1, clipped beyond."""
    surroundings_mm: float = Field(default=10.0, ge=0)
    """By how many mm the mask's bounding box is widened on every side for `scaling`."""
    percentiles: tuple[float, float] = (1.0, 99.0)
    """Of the grey values, in per cent, for `scaling: percentile`."""
    windows: dict[str, tuple[float, float]] = Field(default_factory=dict)
    """Fixed windows in physical units (HU, SUV) by sequence: low becomes -1, high 1, clipped beyond. They
    stand in for `scaling`."""

    @field_validator("percentiles")
    @classmethod
    def _rising_percentiles(cls, value: tuple[float, float]) -> tuple[float, float]:
        if not 0 <= value[0] < value[1] <= 100:
            raise ValueError("must be two rising numbers between 0 and 100")
        return value

    @field_validator("windows")
    @classmethod
    def _rising_windows(cls, value: dict[str, tuple[float, float]]) -> dict[str, tuple[float, float]]:
        for sequence, (low, high) in value.items():
            if not low < high:
                raise ValueError(f"the window of {sequence} must rise from low to high")
        return value

    @model_validator(mode="after")
    def _background_is_masked(self) -> InputSettings:
        if self.background == "lowest" and not self.mask_background:
            raise ValueError("'background: lowest' goes with 'mask_background: true'")
        return self

    @property
    def planes(self) -> int:
        """How many images one sequence gives: slices, or one cube."""
        return 3 if self.view == "2.5d" else 1

    @property
    def channels_per_sequence(self) -> int:
        """How many channels one sequence gives: its images, then their masks where they are asked for."""
        return 2 * self.planes if self.mask_channel else self.planes

    def mask_places(self, channels: int) -> tuple[int, ...]:
        """Which of the channels of an input are masks.

        Args:
            channels: Of all sequences together.

        Example:
            >>> InputSettings(mask_channel=True).mask_places(12)
            (3, 4, 5, 9, 10, 11)
            >>> InputSettings().mask_places(6)
            ()
        """
        each = self.channels_per_sequence
        return tuple(place for place in range(channels) if place % each >= self.planes)

    @property
    def dimensions(self) -> int:
        """2 for slices, 3 for cubes."""
        return 3 if self.view == "3d" else 2
