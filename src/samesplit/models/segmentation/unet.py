"""The 3D networks of MONAI that draw masks."""

from __future__ import annotations

from monai.networks.nets.basic_unet import BasicUNet
from monai.networks.nets.dynunet import DynUNet
from monai.networks.nets.unet import UNet
from torch import nn

from samesplit.models.segmentation.settings import StageSettings

__all__ = ["build_unet"]


def build_unet(stage: StageSettings, channels: int) -> nn.Module:
    """Build a network that gives one logit a voxel.

    Args:
        stage: Which, how wide and how deep.
        channels: Number of input channels.

    Returns:
        Takes shape (batch, channels, z, y, x), with sides of a multiple of `2 ** (levels - 1)`, and gives
        (batch, 1, z, y, x).

    Source:
        Çiçek et al. 2016, doi:10.1007/978-3-319-46723-8_49; DynUNet: Isensee et al. 2021,
        doi:10.1038/s41592-020-01008-z.

    Example:
        >>> import torch
        >>> network = build_unet(StageSettings(patch=8, filters=2, levels=2), 1)
        >>> tuple(network(torch.zeros(1, 1, 8, 8, 8)).shape)
        (1, 1, 8, 8, 8)
    """
    wide = [stage.filters * 2**level for level in range(stage.levels)]
    halvings = [2] * (stage.levels - 1)
    network: nn.Module
    if stage.network == "unet":
        network = UNet(3, channels, 1, channels=wide, strides=halvings, num_res_units=2, norm="INSTANCE")
    elif stage.network == "dynunet":
        network = DynUNet(
            3,
            channels,
            1,
            kernel_size=[3] * stage.levels,
            strides=[1, *halvings],
            upsample_kernel_size=halvings,
            filters=wide,
        )
    else:
        f = stage.filters
        network = BasicUNet(3, channels, 1, features=(f, f, 2 * f, 4 * f, 8 * f, f), norm="instance")
    return network
