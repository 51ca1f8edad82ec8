"""The shortcut of ResNets that has no parameters (type A), as part of what is trained.

MONAI's, like MedicalNet's own code, copies the values alone (`.data`), so that no gradient goes back through it:
the stages before it would learn from the other branch only.
"""

from __future__ import annotations

from functools import partial
from typing import Any, cast

import torch
from torch import Tensor, nn

__all__ = ["PaddedShortcut", "exchange_padded_shortcuts"]


class PaddedShortcut(nn.Module):
    """Every second voxel of the maps, and zeros for the channels that there are more.

    Args:
        channels: Of the maps that it gives.
        stride: 1 keeps every voxel.

    Source:
        He et al. 2016, doi:10.1109/CVPR.2016.90, option A.

    Example:
        >>> PaddedShortcut(3, stride=2)(torch.ones(1, 1, 4, 4)).sum(dim=(2, 3)).tolist()
        [[4.0, 0.0, 0.0]]
    """

    def __init__(self, channels: int, *, stride: int) -> None:
        super().__init__()
        self.channels, self.stride = channels, stride

    def forward(self, maps: Tensor) -> Tensor:
        """Return maps of shape (batch, channels, sides / stride...)."""
        every = slice(None, None, self.stride)
        kept = maps[(slice(None), slice(None), *[every] * (maps.ndim - 2))]
        more = kept.new_zeros(len(kept), self.channels - kept.shape[1], *kept.shape[2:])
        return torch.cat([kept, more], dim=1)


def exchange_padded_shortcuts(network: nn.Module) -> None:
    """Put a shortcut that passes gradients back in the place of each one of MONAI's that has no parameters.

    Args:
        network: Changed in place; what it gives, and the names of its parameters, stay the same.
    """
    for block in list(network.modules()):
        if isinstance(monai := getattr(block, "downsample", None), partial):
            given = monai.keywords
            cast("Any", block).downsample = PaddedShortcut(given["planes"], stride=given["stride"])
