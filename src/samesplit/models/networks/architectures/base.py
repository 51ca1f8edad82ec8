"""What every network of this package can do besides giving logits."""

from __future__ import annotations

from abc import abstractmethod

from torch import Tensor, nn

__all__ = ["ImageNetwork"]


class ImageNetwork(nn.Module):
    """A network that is a body, which embeds images, and a head, which gives logits from the embedding.

    Fine-tuning trains the two apart, Grad-CAM looks at the last convolutions, and pictures of the learnt space
    at the embedding.
    """

    def forward(self, images: Tensor) -> Tensor:
        """Logits of shape (batch, 1), of more than two classes (batch, n_classes)."""
        return self.classify(self.embed(images))

    @abstractmethod
    def embed(self, images: Tensor) -> Tensor:
        """Return the embedding, shape (batch, features), of images of shape (batch, channels, sides...)."""

    @abstractmethod
    def classify(self, embedding: Tensor) -> Tensor:
        """Return logits of shape (batch, 1 or n_classes) from an embedding."""

    @abstractmethod
    def target_layer(self) -> nn.Module:
        """Return the layer whose activations still lie in the image, and no later one's do (for Grad-CAM)."""

    @abstractmethod
    def head_parameters(self) -> list[nn.Parameter]:
        """Return the parameters of the head; all others are the body's."""
