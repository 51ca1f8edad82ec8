"""From trained networks to the mask of an image: where to look, what is found there, on the image's own grid."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import SimpleITK as sitk
import torch
from torch import nn

from samesplit.models.segmentation.grids import Region, regions_of, stage_grid
from samesplit.models.segmentation.settings import SegmentationNetworkSettings, StageSettings
from samesplit.models.segmentation.training import foreground
from samesplit.models.segmentation.volumes import ReadScene

__all__ = ["Networks", "draw_masks"]

_DIGITS = 4
"""Probabilities are rounded to this many digits before they are compared with 0.5."""


@dataclass(frozen=True)
class Networks:
    """The trained networks of one set of sequences.

    Attributes:
        sequences: Their input channels, in order.
        coarse: Finds where to look; None in a model of one stage.
        fine: Draws the mask.
    """

    sequences: tuple[str, ...]
    coarse: nn.Module | None
    fine: nn.Module

    def named(self) -> dict[str, nn.Module]:
        """Return the networks by the name of their stage."""
        both = {"coarse": self.coarse, "fine": self.fine}
        return {name: network for name, network in both.items() if network is not None}


def draw_masks(
    opened: ReadScene,
    networks: Networks,
    settings: SegmentationNetworkSettings,
    asked: tuple[str, ...],
    device: str,
) -> dict[str, sitk.Image]:
    """Draw the mask of each asked sequence of a scene.

    The first stage says where to look; where it finds nothing, nothing is drawn. What the second finds in several
    places is put together on the grid of each image.

    Args:
        opened: The images; no mask of them is read.
        networks: Trained, on the device.
        settings: Of the model.
        asked: The sequences whose masks are wanted.
        device: Where the networks are.

    Returns:
        By sequence a mask of 0 and 1 (uint8) on the grid of its image; sequences that the scene lacks are left
        out.
    """
    regions = [opened.whole]
    if networks.coarse is not None:
        grid = stage_grid(opened.whole, settings.coarse)
        rough = _found(opened, networks.coarse, networks.sequences, settings.coarse, grid, device)
        outline = _image_like(_inside(rough).astype(np.uint8), grid)
        margin = settings.fine.margin_mm
        regions = [part.widened(margin, opened.whole) for part in regions_of(outline)]
    drawn: dict[str, npt.NDArray[np.float32]] = {}
    for region in regions:
        grid = stage_grid(region, settings.fine)
        chances = _image_like(
            _within(
                _found(opened, networks.fine, networks.sequences, settings.fine, grid, device), grid, region
            ),
            grid,
        )
        for name in asked:
            if name in opened.images:
                moved = sitk.Resample(
                    chances, opened.images[name], sitk.Transform(), sitk.sitkLinear, 0.0, sitk.sitkFloat32
                )
                values = sitk.GetArrayFromImage(moved)
                drawn[name] = np.maximum(drawn[name], values) if name in drawn else values
    masks = {}
    for name in asked:
        if name in opened.images:
            image = opened.images[name]
            nothing = np.zeros(image.GetSize()[::-1], dtype=np.float32)
            mask = _image_like(_inside(drawn.get(name, nothing)).astype(np.uint8), image)
            masks[name] = _without_small(mask, settings)
    return masks


def _found(
    opened: ReadScene,
    network: nn.Module,
    sequences: tuple[str, ...],
    stage: StageSettings,
    grid: sitk.Image,
    device: str,
) -> npt.NDArray[np.float32]:
    """Return the probability of each voxel of a grid, shape (z, y, x)."""
    images = torch.from_numpy(opened.on(grid, sequences).astype(np.float16).astype(np.float32))
    found = foreground(network, images[None].to(device), stage)[0]
    return np.asarray(found.cpu().numpy(), dtype=np.float32)


def _within(values: npt.NDArray[np.float32], grid: sitk.Image, region: Region) -> npt.NDArray[np.float32]:
    """Return probabilities with those outside a region set to 0: a grid may be larger than what is looked at."""
    origin, spacing = np.array(grid.GetOrigin()), np.array(grid.GetSpacing())
    inside = [
        (low - step / 2 <= (places := start + step * np.arange(count))) & (places <= high + step / 2)
        for low, high, start, step, count in zip(
            region.low, region.high, origin, spacing, grid.GetSize(), strict=True
        )
    ]
    x, y, z = inside
    return np.where(z[:, None, None] & y[None, :, None] & x[None, None, :], values, np.float32(0))


def _inside(chances: npt.NDArray[np.float32]) -> npt.NDArray[np.bool_]:
    return np.asarray(np.round(chances.astype(np.float64), _DIGITS) >= 0.5)


def _image_like(values: npt.NDArray[np.generic], grid: sitk.Image) -> sitk.Image:
    image = sitk.GetImageFromArray(values)
    image.CopyInformation(grid)
    return image


def _without_small(mask: sitk.Image, settings: SegmentationNetworkSettings) -> sitk.Image:
    """Take out connected parts that are too small, or all but the largest."""
    if settings.components == "all" and settings.smallest_ml <= 0:
        return mask
    voxel_ml = float(np.prod(mask.GetSpacing())) / 1000
    parts = sitk.RelabelComponent(
        sitk.ConnectedComponent(mask, True), int(np.ceil(settings.smallest_ml / voxel_ml - 1e-6)), True
    )
    kept: sitk.Image = sitk.Cast(
        parts == 1 if settings.components == "largest" else parts > 0, sitk.sitkUInt8
    )
    return kept
