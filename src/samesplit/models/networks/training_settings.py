"""What a model file may say about how a network is trained."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from samesplit.declarations import Declaration

__all__ = ["TrainingSettings"]


class TrainingSettings(Declaration):
    """How a network is fitted to the training part of a fold."""

    epochs: int = Field(default=25, ge=1)
    """The most epochs; exactly this many when the validation part is empty."""
    batch_size: int = Field(default=16, ge=1)
    """Lesions in one step of the optimiser."""
    optimiser: Literal["adamw", "sgd"] = "adamw"
    """Adam with decoupled weight decay, or stochastic gradient descent."""
    learning_rate: float = Field(default=1e-3, gt=0)
    """The largest: `schedule` and `warmup_epochs` lower it."""
    weight_decay: float = Field(default=1e-2, ge=0)
    """How strongly large weights are drawn towards 0."""
    momentum: float = Field(default=0.9, ge=0, lt=1)
    """Of SGD (Nesterov)."""
    schedule: Literal["cosine", "plateau", "constant"] = "cosine"
    """cosine: down to 1 % of the learning rate in the last epoch; plateau: a tenth after every
    `plateau_epochs` without a lower validation loss."""
    warmup_epochs: int = Field(default=0, ge=0)
    """Epochs over which the learning rate climbs linearly."""
    plateau_epochs: int = Field(default=5, ge=1)
    """Of `schedule: plateau`."""
    patience: int | None = Field(default=10, ge=1)
    """Stop after this many epochs in which the validation part got no better; null: never."""
    minimum_steps: int = Field(default=0, ge=0)
    """Before so many steps of the optimiser (batches) no epoch may be kept and no training stops early: on few
    lesions an epoch is a few steps, and the first one can look best by chance. Where `epochs` do not hold so
    many steps, there are more epochs."""
    monitor: Literal["loss", "auc"] = "loss"
    """What is watched on the validation part, for stopping and for choosing the epoch to keep."""
    class_weights: bool = True
    """Whether each class weighs the reciprocal of its frequency in the training part."""
    gradient_clip: float | None = Field(default=None, gt=0)
    """Largest norm of the gradient."""
    accelerator: Literal["auto", "cpu", "gpu", "mps"] = "auto"
    """auto: a GPU when there is one. A fold always trains on one device."""
    precision: Literal["32-true", "bf16-mixed", "16-mixed"] = "32-true"
    """Of the numbers that are computed with: 32 bits, or 16 bits where the device can (`16-mixed`: a GPU)."""

    @model_validator(mode="after")
    def _warmup_ends(self) -> TrainingSettings:
        if self.warmup_epochs >= self.epochs:
            raise ValueError("'warmup_epochs' must be fewer than 'epochs'")
        return self

    def most_epochs(self, batches: int) -> int:
        """Return the most epochs of so many batches there can be: `epochs`, or as many as `minimum_steps` takes.

        Example:
            >>> TrainingSettings(epochs=25, minimum_steps=200).most_epochs(3)
            67
        """
        return max(self.epochs, -(-self.minimum_steps // batches))
