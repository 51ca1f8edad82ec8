"""What every network of this package can do besides giving logits."""

from __future__ import annotations

from abc import abstractmethod
from typing import cast

from torch import Tensor, nn

from samesplit.models.networks.architecture_settings import HeadSettings

__all__ = ["HeadedNetwork", "ImageNetwork"]


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

    def map_layers(self) -> list[nn.Module]:
        """Return the layers that may be looked at: `target_layer`, then those with finer maps."""
        return [self.target_layer()]

    def penultimate(self, images: Tensor) -> Tensor:
        """Return what the very last layer sees, shape (batch, units); the embedding, where there is one layer."""
        return self.embed(images)


class HeadedNetwork(ImageNetwork):
    """A network whose head is as `HeadSettings` say: hidden layers, dropout, one linear layer.

    Whoever derives from it builds the body first and calls `add_head` then, so that a seed gives the same body
    whatever stands behind it.
    """

    hidden: nn.Sequential
    dropout: nn.Dropout
    head: nn.Linear

    def add_head(self, features: int, settings: HeadSettings, *, dropout: float, classes: int) -> None:
        """Build the head.

        Args:
            features: Of the embedding.
            settings: The hidden layers.
            dropout: Before the last layer.
            classes: Of more than two each has a unit; of two the positive one has.
        """
        self.hidden = nn.Sequential()
        for place, units in enumerate(settings.hidden):
            self.hidden.append(nn.Linear(features, units))
            if settings.norm != "none":
                self.hidden.append(nn.BatchNorm1d(units) if settings.norm == "batch" else nn.LayerNorm(units))
            self.hidden.append(nn.ReLU())
            if place < len(settings.hidden) - 1:
                self.hidden.append(nn.Dropout(settings.dropout))
            features = units
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(features, 1 if classes == 2 else classes)

    def classify(self, embedding: Tensor) -> Tensor:
        """Return logits of shape (batch, 1 or n_classes)."""
        return cast("Tensor", self.head(self.dropout(self.hidden(embedding))))

    def penultimate(self, images: Tensor) -> Tensor:
        """Return the units of the last hidden layer; without one, the embedding."""
        return cast("Tensor", self.hidden(self.embed(images)))

    def head_parameters(self) -> list[nn.Parameter]:
        """Return the weights of the hidden layers and of the last one."""
        return [*self.hidden.parameters(), *self.head.parameters()]
