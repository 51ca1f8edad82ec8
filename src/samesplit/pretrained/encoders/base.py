"""What every encoder is: a body with the names of its publisher, and the feature map of its deepest stage."""

from __future__ import annotations

from abc import abstractmethod

from torch import Tensor, nn

__all__ = ["Encoder"]


class Encoder(nn.Module):
    """A network without its head or decoder.

    Attributes:
        body: The module that weights are loaded into.
        features: How many channels the feature map has.
    """

    def __init__(self, body: nn.Module, features: int) -> None:
        super().__init__()
        self.body = body
        self.features = features

    @abstractmethod
    def forward(self, images: Tensor) -> Tensor:
        """Return the feature map, shape (batch, features, sides...), of images (batch, channels, sides...)."""
