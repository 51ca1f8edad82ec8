"""What a view of a lesion is: which slices or cube, how large, of which grey values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from samesplit.declarations import Declaration
from samesplit.imaging.correction import BiasCorrection, HistogramMatching

__all__ = ["InputSettings", "MaskRegime", "View"]

View = Literal["2.5d", "2d", "3d", "max-slice", "crop-3d"]
MaskRegime = Literal["lesion", "box", "box-with-mask-channel"]

_MASKS: dict[str, dict[str, bool]] = {
    "lesion": {"mask_background": True, "mask_channel": False},
    "box": {"mask_background": False, "mask_channel": False},
    "box-with-mask-channel": {"mask_background": False, "mask_channel": True},
}
_SMALLEST, _LARGEST = 8, 512


class InputSettings(Declaration):
    """How a lesion's image and mask become the numbers that a network sees."""

    view: View = "2.5d"
    """2.5d: the largest axial, sagittal and coronal slice as three channels a sequence; 2d: the largest
    axial slice; 3d: a cube. max-slice and crop-3d: the same as 2d and 3d, but of all sequences (phases) at one
    place in the patient (`grid: first`); max-slice wants a window of stated mm (`field_mm`)."""
    slice: Literal["largest", "centre"] = "largest"
    """Which slice is taken, of views made of slices. largest: the one with the largest area of the lesion;
    centre: the one nearest to the lesion's centre of mass."""
    size: int = Field(default=64, ge=_SMALLEST, le=_LARGEST)
    """Side of the square or cube, in pixels or voxels; with `mm_per_pixel` it follows from the field."""
    mm_per_pixel: float | None = Field(default=None, gt=0)
    """Size of a pixel or voxel in mm: `size` is then `field_mm` divided by this, to the nearest whole number."""
    margin_mm: float = Field(default=5.0, ge=0)
    """In mm, added on every side of the mask's bounding box."""
    aspect: Literal["keep", "stretch"] = "keep"
    """keep: the field is as wide as the box's longest side in every direction, so that a millimetre is the
    same number of pixels in each; stretch: each side of the box fills the field."""
    field_mm: float | None = Field(default=None, gt=0)
    """A fixed field of view in mm, centred on the box, the same for every lesion, which keeps the lesion's size;
    it stands in for the margin and aspect. What of a larger lesion lies outside is cut off, with a note in the
    case ledger; a smaller one has its surroundings round it (or 0, where they are masked)."""
    grid: str | None = None
    """Where the sequences of a lesion are cut. own: each round its own mask; first: all of them at the same place
    in the patient, in the field of the lesion's first sequence that can be read; the name of a sequence: in the
    field of that one where the lesion has it, else as first. Then only the mask of that sequence counts, and the
    same pixel shows the same place in each. Empty: first for max-slice and crop-3d, else own."""
    mask: MaskRegime | None = None
    """What the mask does, as one name for the two keys below. lesion: everything outside it is 0; box: it only
    says where the field is; box-with-mask-channel: it says where the field is and is a channel of its own. Empty:
    as the two keys say."""
    mask_background: bool = True
    """Whether everything outside the mask is set to 0."""
    background: Literal["mean", "lowest"] = "mean"
    """What that 0 means, with `mask_background`. mean: as `scaling` has it, which for z-score is the mean of the
    surroundings, so that a lesion as bright as they are is hard to tell from them; lowest: grey values are counted
    from the lowest of the surroundings upwards, so that the background is as dark as the darkest voxel."""
    mask_channel: bool = False
    """Whether the mask itself, 1 inside and 0 outside, is one more channel for each channel of an image, so that
    the network sees shape and size apart from brightness."""
    bias_correction: BiasCorrection | None = None
    """N4 of the whole image, before everything else, with the settings that a feature profile has for it
    (docs/features.md), such as `{mask: otsu}`; for MR. null: not done."""
    histogram_matching: HistogramMatching | None = None
    """The whole image's histogram is matched to that of another sequence of the lesion, both bias corrected before
    where that is asked, such as `{reference: T1C}`; for MR. The named sequence stays as it is. null: not done."""
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

    @model_validator(mode="before")
    @classmethod
    def _fill_in(cls, given: Any) -> Any:
        return {**given, **_from_mask(given), **_from_pixels(given)} if isinstance(given, Mapping) else given

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

    @model_validator(mode="after")
    def _field_of_stated_size(self) -> InputSettings:
        if self.view == "max-slice" and self.field_mm is None:
            raise ValueError("'view: max-slice' needs 'field_mm', the side of its window in mm")
        if self.slice == "centre" and self.dimensions == 3:
            raise ValueError("'slice: centre' is for views made of slices, not for cubes")
        return self

    @property
    def one_place(self) -> bool:
        """Whether all sequences are cut at the same place in the patient.

        Example:
            >>> InputSettings(view="max-slice", field_mm=140, mm_per_pixel=0.625).one_place
            True
        """
        return (self.grid or ("first" if self.view in ("max-slice", "crop-3d") else "own")) != "own"

    @property
    def reference_sequence(self) -> str:
        """The sequence that `grid` names; "" where it names none."""
        return "" if self.grid in (None, "own", "first") else str(self.grid)

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
        return 3 if self.view in ("3d", "crop-3d") else 2


def _from_mask(given: Mapping[str, Any]) -> dict[str, bool]:
    """Return the two keys that `mask` stands for."""
    name = given.get("mask")
    if not isinstance(name, str) or name not in _MASKS:
        return {}
    for key, value in _MASKS[name].items():
        if key in given and given[key] is not value:
            told = str(value).lower()
            raise ValueError(f"'mask: {name}' means '{key}: {told}': take '{key}' out, or 'mask'")
    return _MASKS[name]


def _from_pixels(given: Mapping[str, Any]) -> dict[str, int]:
    """Return the size that follows from the field and the size of a pixel."""
    pixel, field = given.get("mm_per_pixel"), given.get("field_mm")
    if pixel is None or not isinstance(pixel, int | float) or pixel <= 0:
        return {}
    if not isinstance(field, int | float):
        raise ValueError("'mm_per_pixel' needs 'field_mm', the side of the field in mm")
    size = round(field / pixel)
    if given.get("size") not in (None, size):
        raise ValueError(
            f"{field:g} mm at {pixel:g} mm a pixel are {size} pixels, and 'size' says {given['size']}: take it out"
        )
    if not _SMALLEST <= size <= _LARGEST:
        raise ValueError(
            f"{field:g} mm at {pixel:g} mm a pixel are {size} pixels, which must be {_SMALLEST} to {_LARGEST}"
        )
    return {"size": size}
