"""An encoder with published weights, or with random ones where a comparison wants them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from samesplit.errors import ModelError
from samesplit.pretrained.encoders.base import Encoder
from samesplit.pretrained.encoders.nnunet import NnUNetEncoder, stage_strides
from samesplit.pretrained.encoders.resnet import ResNetEncoder
from samesplit.pretrained.encoders.segresnet import (
    MonaiSegResNetEncoder,
    SegResNetEncoder,
    monai_segresnet_options,
    segresnet_options,
)
from samesplit.pretrained.encoders.swin import SwinEncoder, swin_options
from samesplit.pretrained.encoders.unet3d import UNet3DEncoder
from samesplit.pretrained.files import WeightsFile
from samesplit.pretrained.layouts import find_layouts
from samesplit.pretrained.weights import load_file_into, no_key_map, shortcuts_of

__all__ = ["pretrained_encoder", "random_encoder"]


def pretrained_encoder(
    network: str,
    file: WeightsFile,
    *,
    width: float = 1.0,
    dimensions: int = 3,
    channels: int = 1,
    layout: str | None = None,
    dilated: bool = False,
) -> tuple[Encoder, str]:
    """Build an encoder, of which all that the weights tell is as they have it, and load them.

    Args:
        network: resnet10, resnet18, resnet34, resnet50, segresnet, monai-segresnet, unet3d, swin-unetr or
            nnunet.
        file: The weights as published.
        width: Multiplies the number of channels of every layer; of nnunet it is not asked.
        dimensions: 2 for slices, 3 for cubes.
        channels: Number of input channels.
        layout: The publisher's layout; None tries all.
        dilated: Of ResNets: as in MedicalNet.

    Returns:
        The encoder, in evaluation mode and without gradients, and the name of the layout that fitted.

    Raises:
        ModelError: The weights are of another network.
    """
    named = _named(network, file, layout)
    options = _options(network, file, named)
    if network.startswith("resnet"):
        options["dilated"] = dilated
    encoder = _make(network, width=width, dimensions=dimensions, channels=channels, **options)
    return _frozen(encoder), load_file_into(encoder.body, file, layout=layout)


def random_encoder(
    network: str,
    *,
    seed: int,
    width: float = 1.0,
    dimensions: int = 3,
    channels: int = 1,
    dilated: bool = False,
) -> Encoder:
    """Build an encoder with random weights: what an untrained network of this kind sees.

    The caller's random numbers are left as they were.

    Raises:
        ModelError: The network is nnunet, whose shape is known from its weights alone.
    """
    if network == "nnunet":
        raise ModelError(
            "an nnU-Net is built from its weights, so it cannot have random ones",
            remedy="give 'weights', or take another network",
        )
    options: dict[str, Any] = {"dilated": dilated} if network.startswith("resnet") else {}
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return _frozen(_make(network, width=width, dimensions=dimensions, channels=channels, **options))


def _frozen(encoder: Encoder) -> Encoder:
    return encoder.eval().requires_grad_(False)


def _make(network: str, *, width: float, dimensions: int, channels: int, **options: Any) -> Encoder:
    if network.startswith("resnet"):
        return ResNetEncoder(network, width=width, dimensions=dimensions, channels=channels, **options)
    if network in ("segresnet", "monai-segresnet"):
        segresnet = SegResNetEncoder if network == "segresnet" else MonaiSegResNetEncoder
        return segresnet(width=width, dimensions=dimensions, channels=channels, **options)
    if network == "nnunet":
        return NnUNetEncoder(channels=channels, **options)
    made: Callable[..., Encoder] = UNet3DEncoder if network == "unet3d" else SwinEncoder
    return made(width=width, channels=channels, **options)


def _options(network: str, file: WeightsFile, named: dict[str, Tensor]) -> dict[str, Any]:
    if network.startswith("resnet"):
        return dict(shortcuts_of(named))
    if network == "segresnet":
        return segresnet_options(named, file.path)
    if network == "monai-segresnet":
        return monai_segresnet_options(named)
    if network == "swin-unetr":
        return swin_options(named)
    if network == "nnunet":
        return {"shapes": named, "strides": stage_strides(file, named)}
    return {}


def _named(network: str, file: WeightsFile, layout: str | None) -> dict[str, Tensor]:
    """Return the weights under the network's own names, by the first layout in which they look like it."""
    kind = "resnet" if network.startswith("resnet") else network
    found = (named for one in find_layouts(layout) for named in one.applied(kind, file.tensors))
    named = next(found, None)
    if named is None:
        raise no_key_map(kind, file, layout)
    return named
