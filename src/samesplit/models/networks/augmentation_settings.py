"""What a model file may say about the random changes of training inputs."""

from __future__ import annotations

from pydantic import Field

from samesplit.declarations import Declaration

__all__ = ["AugmentationSettings"]


class AugmentationSettings(Declaration):
    """Random changes of the training inputs, drawn afresh for each lesion and epoch."""

    flips: bool = True
    """Each axis is turned round with a chance of one half."""
    rotation_degrees: float = Field(default=15.0, ge=0, le=180)
    """Largest turn to either side, in degrees; of a cube about each of its axes."""
    shear: float = Field(default=0.1, ge=0, lt=1)
    """Largest shear: by how much of a side one edge slides along the opposite one."""
    zoom: float = Field(default=0.1, ge=0, lt=1)
    """0.1: between 1/1.1 and 1.1 times as large."""
    shift: float = Field(default=0.05, ge=0, lt=1)
    """Largest shift along each axis, as a share of the side."""
    intensity_scale: float = Field(default=0.1, ge=0, lt=1)
    """0.1: each channel's values are multiplied by 1/1.1 to 1.1; those of a mask stay."""
    noise: float = Field(default=0.05, ge=0)
    """SD of the added Gaussian noise, in units of the scaled values; masked background stays 0, masks stay."""
