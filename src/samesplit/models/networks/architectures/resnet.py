"""The ResNets of the baselines: MONAI's, with one logit or one a class, from random or given weights."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import cast

from monai.networks.nets import resnet
from torch import Tensor, nn

from samesplit.models.networks.architectures.base import HeadedNetwork
from samesplit.models.networks.architectures.normalisation import exchange_batch_norm
from samesplit.models.networks.settings import NetworkSettings
from samesplit.pretrained.encoders.shortcuts import exchange_padded_shortcuts

__all__ = [
    "USUAL_SHORTCUTS",
    "ResNetClassifier",
    "Shortcuts",
    "number_of_features",
    "resnet_backbone",
    "run_stage",
]

Shortcuts = Mapping[str, str | bool]
USUAL_SHORTCUTS: Shortcuts = MappingProxyType({"shortcut_type": "B", "bias_downsample": False})
"""Convolutions without a bias, as torchvision has them."""


class ResNetClassifier(HeadedNetwork):
    """A ResNet and a head, which gives the logit of the positive class, or one a class.

    Args:
        settings: Architecture, width, stem, head, dropout and view.
        channels: Number of input channels.
        classes: Of more than two each has a unit.
        shortcuts: As the starting weights have them; see `resnet_backbone`.

    Source:
        He et al. 2016, doi:10.1109/CVPR.2016.90; in 3D Hara et al. 2018, doi:10.1109/CVPR.2018.00685.
    """

    def __init__(
        self,
        settings: NetworkSettings,
        channels: int,
        classes: int = 2,
        *,
        shortcuts: Shortcuts = USUAL_SHORTCUTS,
    ) -> None:
        super().__init__()
        self.backbone = resnet_backbone(settings, channels, shortcuts)
        features = number_of_features(settings)
        self.add_head(features, settings.head, dropout=settings.dropout, classes=classes)

    def embed(self, images: Tensor) -> Tensor:
        """Return what the head sees, shape (batch, features), for images (batch, channels, sides...)."""
        return cast("Tensor", self.backbone(images))

    def target_layer(self) -> nn.Module:
        """Return the last stage of convolutions."""
        return self.map_layers()[0]

    def map_layers(self) -> list[nn.Module]:
        """Return the four stages of convolutions, the last first."""
        return [self.backbone.get_submodule(f"layer{number}") for number in (4, 3, 2, 1)]


def resnet_backbone(
    settings: NetworkSettings, channels: int, shortcuts: Shortcuts = USUAL_SHORTCUTS
) -> nn.Module:
    """Build a ResNet without its last layer, from random weights.

    Args:
        settings: Architecture, width, stem, normalisation and view.
        channels: Number of input channels.
        shortcuts: `shortcut_type` and `bias_downsample` of MONAI's ResNet.
    """
    standard = settings.stem == "standard"
    make = getattr(resnet, settings.network)
    backbone: nn.Module = make(
        spatial_dims=settings.inputs.dimensions,
        n_input_channels=channels,
        conv1_t_size=7 if standard else 3,
        conv1_t_stride=1 if settings.stem == "small" else 2,
        no_max_pool=not standard,
        widen_factor=settings.width,
        feed_forward=False,
        **shortcuts,
    )
    exchange_padded_shortcuts(backbone)
    exchange_batch_norm(backbone, settings.norm)
    return backbone


def number_of_features(settings: NetworkSettings) -> int:
    """Return how many features a ResNet gives.

    Example:
        >>> number_of_features(NetworkSettings(name="a", title="A", network="resnet50", width=0.5))
        1024
    """
    return int(512 * settings.width) * (4 if settings.network == "resnet50" else 1)


def run_stage(backbone: nn.Module, stage: int, maps: Tensor) -> Tensor:
    """Send maps through one of the four stages of a ResNet; the first has the stem before it.

    Args:
        backbone: From `resnet_backbone`.
        stage: 0 to 3.
        maps: What the stage before gave; of the first the images, shape (batch, channels, sides...).
    """
    names = [f"layer{stage + 1}"]
    if stage == 0:
        names = [*("conv1", "bn1", "act"), *(() if backbone.no_max_pool else ("maxpool",)), *names]
    for name in names:
        maps = backbone.get_submodule(name)(maps)
    return maps
