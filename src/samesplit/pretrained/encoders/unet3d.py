"""The encoder of the UNet3D of Models Genesis and SuPreM, with their names; MONAI has no such network."""

from __future__ import annotations

from typing import cast

from torch import Tensor, nn
from torch.nn import functional

from samesplit.pretrained.encoders.base import Encoder

__all__ = ["UNet3DEncoder"]


class UNet3DEncoder(Encoder):
    """The four levels on the way down; the feature map of the lowest.

    Args:
        width: Multiplies 32, the number of filters of the first convolution.
        channels: Number of input channels.

    Source:
        Zhou et al. 2021, doi:10.1016/j.media.2020.101840 (Models Genesis); Li et al. 2024, arXiv:2501.11253
        (SuPreM).

    Example:
        >>> import torch
        >>> UNet3DEncoder(width=0.125)(torch.zeros(1, 1, 16, 16, 16)).shape
        torch.Size([1, 64, 2, 2, 2])
    """

    def __init__(self, *, width: float = 1.0, channels: int = 1) -> None:
        filters = round(32 * width)
        super().__init__(_Down(filters, channels), filters * 16)

    def forward(self, images: Tensor) -> Tensor:
        """Return the feature map of the lowest level."""
        return cast("Tensor", self.body(images))


class _BatchNorm(nn.BatchNorm3d):
    """Normalises by the image's own mean and SD, also when nothing is trained, as the authors' ContBatchNorm3d.

    A lesion alone in its batch is thus normalised by itself, and its embedding depends on no other.
    """

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002 - torch's name
        return functional.batch_norm(input, None, None, self.weight, self.bias, True, 0.0, self.eps)


class _Convolution(nn.Module):
    def __init__(self, channels: int, filters: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv3d(channels, filters, 3, padding=1)
        self.bn1 = _BatchNorm(filters)

    def forward(self, images: Tensor) -> Tensor:
        return functional.relu(self.bn1(self.conv1(images)))


class _Level(nn.Module):
    def __init__(self, channels: int, filters: int) -> None:
        super().__init__()
        self.ops = nn.Sequential(_Convolution(channels, filters), _Convolution(filters, 2 * filters))

    def forward(self, images: Tensor) -> Tensor:
        return cast("Tensor", self.ops(images))


class _Down(nn.Module):
    def __init__(self, filters: int, channels: int) -> None:
        super().__init__()
        self.down_tr64 = _Level(channels, filters)
        self.down_tr128 = _Level(2 * filters, 2 * filters)
        self.down_tr256 = _Level(4 * filters, 4 * filters)
        self.down_tr512 = _Level(8 * filters, 8 * filters)

    def forward(self, images: Tensor) -> Tensor:
        for level in (self.down_tr64, self.down_tr128, self.down_tr256):
            images = functional.max_pool3d(level(images), 2)
        return cast("Tensor", self.down_tr512(images))
