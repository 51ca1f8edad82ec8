"""The ResNets of the baselines: MONAI's, with one logit or one a class, from random or given weights."""

from __future__ import annotations

from pathlib import Path
from typing import cast

from monai.networks.nets import resnet
from torch import Tensor, nn

from samesplit.models.networks.architectures.base import ImageNetwork
from samesplit.models.networks.architectures.normalisation import exchange_batch_norm
from samesplit.models.networks.settings import NetworkSettings
from samesplit.pretrained.weights import load_backbone

__all__ = ["ResNetClassifier", "build_resnet"]


class ResNetClassifier(ImageNetwork):
    """A ResNet, dropout, and one linear unit that gives the logit of the positive class, or one unit a class.

    Args:
        settings: Architecture, width, stem, dropout and view.
        channels: Number of input channels.
        classes: Of more than two each has a unit.

    Source:
        He et al. 2016, doi:10.1109/CVPR.2016.90; in 3D Hara et al. 2018, doi:10.1109/CVPR.2018.00685.
    """

    def __init__(self, settings: NetworkSettings, channels: int, classes: int = 2) -> None:
        super().__init__()
        standard = settings.stem == "standard"
        make = getattr(resnet, settings.network)
        self.backbone: nn.Module = make(
            spatial_dims=settings.inputs.dimensions,
            n_input_channels=channels,
            conv1_t_size=7 if standard else 3,
            conv1_t_stride=1 if settings.stem == "small" else 2,
            no_max_pool=not standard,
            widen_factor=settings.width,
            feed_forward=False,
            bias_downsample=False,
        )
        exchange_batch_norm(self.backbone, settings.norm)
        expansion = 4 if settings.network == "resnet50" else 1
        self.dropout = nn.Dropout(settings.dropout)
        self.head = nn.Linear(int(512 * settings.width) * expansion, 1 if classes == 2 else classes)

    def embed(self, images: Tensor) -> Tensor:
        """Return what the last layer sees, shape (batch, features), for images (batch, channels, sides...)."""
        return cast("Tensor", self.backbone(images))

    def classify(self, embedding: Tensor) -> Tensor:
        """Return logits of shape (batch, 1 or n_classes)."""
        return cast("Tensor", self.head(self.dropout(embedding)))

    def target_layer(self) -> nn.Module:
        """Return the last stage of convolutions."""
        return cast("nn.Module", self.backbone.layer4)

    def head_parameters(self) -> list[nn.Parameter]:
        """Return the weights of the last layer."""
        return list(self.head.parameters())


def build_resnet(
    settings: NetworkSettings, channels: int, *, classes: int = 2, weights: Path | None = None
) -> ResNetClassifier:
    """Build the network and load its starting weights, if any.

    Raises:
        ModelError: The weights are missing, unreadable or of another network.
    """
    network = ResNetClassifier(settings, channels, classes)
    if weights is not None:
        load_backbone(network.backbone, weights)
    return network
