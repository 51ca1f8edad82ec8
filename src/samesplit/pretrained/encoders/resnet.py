"""ResNets in 2D and 3D: torchvision's, RadImageNet's, MedicalNet's, FMCIB's."""

from __future__ import annotations

from typing import Any, cast

from monai.networks.nets.resnet import ResNet
from torch import Tensor, nn

from samesplit.pretrained.encoders.base import Encoder
from samesplit.pretrained.encoders.shortcuts import PaddedShortcut, exchange_padded_shortcuts

__all__ = ["ResNetEncoder"]

_STAGES: dict[str, tuple[str, tuple[int, int, int, int]]] = {
    "resnet10": ("basic", (1, 1, 1, 1)),
    "resnet18": ("basic", (2, 2, 2, 2)),
    "resnet34": ("basic", (3, 4, 6, 3)),
    "resnet50": ("bottleneck", (3, 4, 6, 3)),
}


class ResNetEncoder(Encoder):
    """A ResNet of MONAI without pooling and last layer.

    Args:
        network: resnet10, resnet18, resnet34 or resnet50.
        width: Multiplies the channels of every layer.
        dimensions: 2 or 3.
        channels: Number of input channels.
        shortcut_type: A (zeros) or B (a convolution).
        bias_downsample: Whether the convolution of type B has a bias.
        dilated: Whether the last two stages are dilated by 2 and 4 instead of halving the sides, as in MedicalNet,
            whose networks were trained to segment.

    Source:
        He et al. 2016, doi:10.1109/CVPR.2016.90; MedicalNet: Chen et al. 2019, arXiv:1904.00625.

    Example:
        >>> import torch
        >>> encoder = ResNetEncoder("resnet10", width=0.125, dimensions=3, channels=1).eval()
        >>> encoder(torch.zeros(1, 1, 32, 32, 32)).shape
        torch.Size([1, 64, 1, 1, 1])
    """

    def __init__(
        self,
        network: str,
        *,
        width: float = 1.0,
        dimensions: int = 3,
        channels: int = 1,
        shortcut_type: str = "B",
        bias_downsample: bool = False,
        dilated: bool = False,
    ) -> None:
        block, layers = _STAGES[network]
        planes = [64, 128, 256, 512]
        body = ResNet(
            block,
            list(layers),
            planes,
            spatial_dims=dimensions,
            n_input_channels=channels,
            conv1_t_size=7,
            conv1_t_stride=2,
            shortcut_type=shortcut_type,
            widen_factor=width,
            feed_forward=False,
            bias_downsample=bias_downsample,
        )
        exchange_padded_shortcuts(body)
        if dilated:
            _dilate(body.layer3, 2)
            _dilate(body.layer4, 4)
        super().__init__(body, int(512 * width) * (4 if block == "bottleneck" else 1))

    def forward(self, images: Tensor) -> Tensor:
        """Return the feature map of the last stage."""
        body = cast("Any", self.body)
        hidden = body.maxpool(body.act(body.bn1(body.conv1(images))))
        return cast("Tensor", body.layer4(body.layer3(body.layer2(body.layer1(hidden)))))


def _dilate(stage: nn.Module, dilation: int) -> None:
    """Let a stage keep its sides and look farther instead."""
    for block in cast("Any", stage):
        for layer in (*block.children(), *_parts_of(block.downsample)):
            if isinstance(layer, nn.Conv2d | nn.Conv3d):
                sides = len(layer.kernel_size)
                layer.stride = (1,) * sides
                if layer.kernel_size[0] == 3:
                    layer.dilation = layer.padding = (dilation,) * sides
        if isinstance(block.downsample, PaddedShortcut):
            block.downsample.stride = 1


def _parts_of(downsample: Any) -> tuple[nn.Module, ...]:
    return tuple(downsample) if isinstance(downsample, nn.Sequential) else ()
