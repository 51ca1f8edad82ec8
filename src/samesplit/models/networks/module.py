"""What is minimised, by which steps, and what is written down after each epoch."""

from __future__ import annotations

import math
from typing import Any

import lightning.pytorch as pl
import torch
from torch import Tensor, nn
from torch.nn import functional
from torchmetrics.functional.classification import binary_auroc

from samesplit.errors import ModelError
from samesplit.models.networks.training_settings import TrainingSettings
from samesplit.ordering import below

__all__ = ["Classifier", "History", "auc_of_logits", "class_weights", "learning_rate", "logits_of"]

History = list[dict[str, float]]
"""One entry an epoch: `training loss`, `learning rate`, `steps` (of the optimiser, from the beginning to its end)
and, with a validation part, `validation loss` and, when both classes are in it, `validation AUC`."""


class Classifier(pl.LightningModule):
    """A network with one logit, trained by weighted binary cross-entropy, or with one a class by that of softmax.

    All that a later epoch depends on is in the weights, the optimiser, the seed and `history`, and all of it
    is in the checkpoint.

    Args:
        network: Takes a batch of inputs and gives one logit each (or two, one a class), or one a class of several.
        settings: Optimiser, schedule and so on.
        weights: What a lesion of each class weighs in the loss.
        seed: Of what the network draws while it trains (dropout).
    """

    def __init__(
        self, network: nn.Module, settings: TrainingSettings, *, weights: tuple[float, ...], seed: int
    ) -> None:
        super().__init__()
        self.network = network
        self.settings = settings
        self.weights = weights
        self.seed = seed
        self.history: History = []
        self._training: list[tuple[Tensor, int]] = []
        self._validation: list[tuple[Tensor, Tensor]] = []

    def forward(self, images: Tensor) -> Tensor:
        """Logits of shape (batch,), of more than two classes (batch, n_classes)."""
        return logits_of(self.network(images), len(images), classes=len(self.weights))

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """AdamW, or SGD with Nesterov momentum."""
        given = self.settings
        if given.optimiser == "adamw":
            return torch.optim.AdamW(
                self.parameters(), lr=given.learning_rate, weight_decay=given.weight_decay
            )
        return torch.optim.SGD(
            self.parameters(),
            lr=given.learning_rate,
            momentum=given.momentum,
            nesterov=given.momentum > 0,
            weight_decay=given.weight_decay,
        )

    def on_train_epoch_start(self) -> None:
        """Set the learning rate of this epoch."""
        self._training.clear()
        rate = learning_rate(self.settings, self.current_epoch, self.history)
        for group in self.optimizers().param_groups:  # type: ignore[union-attr]
            group["lr"] = rate

    def on_train_batch_start(self, batch: Any, batch_idx: int) -> None:
        """Draw dropout from the seed, the epoch and the batch, not from what was drawn before."""
        torch.manual_seed((self.seed * 1_000_003 + self.current_epoch) * 1_000_003 + batch_idx)

    def training_step(self, batch: tuple[Tensor, Tensor], batch_idx: int) -> Tensor:
        """Compute the loss of one batch."""
        images, labels = batch
        loss = self._loss(self(images), labels)
        self._training.append((loss.detach(), len(labels)))
        return loss

    def on_validation_epoch_start(self) -> None:
        """Forget the last epoch's logits."""
        self._validation.clear()

    def validation_step(self, batch: tuple[Tensor, Tensor], batch_idx: int) -> None:
        """Keep the logits of one batch."""
        images, labels = batch
        self._validation.append((self(images).float(), labels))

    def on_train_epoch_end(self) -> None:
        """Write down how the epoch went; the validation part was looked at just before.

        Raises:
            ModelError: The loss is no longer a number.
        """
        losses = torch.stack([loss for loss, _ in self._training]).double().cpu()
        counts = torch.tensor([count for _, count in self._training], dtype=torch.double)
        entry = {
            "training loss": float((losses * counts).sum() / counts.sum()),
            "learning rate": learning_rate(self.settings, self.current_epoch, self.history),
            "steps": self.global_step,
        }
        if self._validation:
            logits = torch.cat([logits for logits, _ in self._validation])
            labels = torch.cat([labels for _, labels in self._validation])
            entry["validation loss"] = float(self._loss(logits, labels))
            if (auc := auc_of_logits(logits, labels)) is not None:
                entry["validation AUC"] = auc
        if not all(math.isfinite(value) for value in entry.values()):
            raise ModelError(
                f"the loss is no longer a number after epoch {self.current_epoch + 1}",
                remedy="lower 'learning_rate' under 'training', or set 'gradient_clip: 1'",
            )
        self.history.append(entry)

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Keep the history with the weights."""
        checkpoint["history"] = self.history

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Go on from the history."""
        self.history = checkpoint["history"]

    def _loss(self, logits: Tensor, labels: Tensor) -> Tensor:
        if len(self.weights) > 2:
            losses = functional.cross_entropy(logits, labels, reduction="none")
            each = torch.tensor(self.weights, dtype=losses.dtype, device=losses.device)
            return (losses * each[labels]).mean()
        negative, positive = self.weights
        weight = torch.where(labels > 0, positive, negative).to(logits.dtype)
        return functional.binary_cross_entropy_with_logits(logits, labels.to(logits.dtype), weight)


def logits_of(output: Any, count: int, *, classes: int = 2) -> Tensor:
    """Return the logit of the positive class from what a network gave, or of more than two classes those of all.

    Args:
        output: Shape (batch,), (batch, 1), or (batch, 2) with one logit a class, negative first; of more than two
            classes shape (batch, n_classes).
        count: The batch's size.
        classes: How many there are.

    Raises:
        ModelError: The output has another shape.

    Example:
        >>> logits_of(torch.tensor([[0.5, 2.0]]), 1).tolist()
        [1.5]
    """
    if classes > 2:
        if isinstance(output, Tensor) and tuple(output.shape) == (count, classes):
            return output
    elif isinstance(output, Tensor):
        if tuple(output.shape) in ((count,), (count, 1)):
            return output.reshape(count)
        if tuple(output.shape) == (count, 2):
            return output[:, 1] - output[:, 0]
    got = tuple(output.shape) if isinstance(output, Tensor) else type(output).__name__
    wanted = "its forward must give one logit a lesion, shape (batch, 1), or two, shape (batch, 2)"
    if classes > 2:
        wanted = (
            f"its forward must give one logit a class, shape (batch, {classes}); name the parameter of the module "
            "that is to be told how many in 'classes_parameter'"
        )
    raise ModelError(f"the network gave {got} for {count} lesions", remedy=wanted)


def auc_of_logits(logits: Tensor, labels: Tensor) -> float | None:
    """Return the AUC, or of more than two classes the mean of that of each against the others.

    Args:
        logits: Shape (n_lesions,) or (n_lesions, n_classes).
        labels: Class numbers, shape (n_lesions,). A class without a lesion, or with all of them, is left out.

    Returns:
        None where all lesions are of one class.

    Example:
        >>> auc_of_logits(torch.tensor([0.1, 2.0]), torch.tensor([0, 1]))
        1.0
    """
    scores = {1: logits.sigmoid()} if logits.ndim == 1 else dict(enumerate(logits.softmax(dim=1).T))
    found = [
        float(binary_auroc(score, (labels == label).int()))
        for label, score in scores.items()
        if 0 < int((labels == label).sum()) < len(labels)
    ]
    return sum(found) / len(found) if found else None


def class_weights(
    labels: Tensor, *, balanced: bool, names: tuple[str, ...] = ("negative", "positive")
) -> tuple[float, ...]:
    """Tell what a lesion of each class weighs: the reciprocal of the class's share, over the number of classes.

    The mean weight of a lesion is 1.

    Args:
        labels: Class numbers.
        balanced: Or 1 each.
        names: Of the classes, for messages.

    Raises:
        ModelError: A class is missing.

    Example:
        >>> class_weights(torch.tensor([0, 0, 0, 1]), balanced=True)
        (0.6666666666666666, 2.0)
    """
    count, classes = len(labels), len(names)
    each = torch.bincount(labels, minlength=classes).tolist() if count else [0] * classes
    missing = [name for name, of_class in zip(names, each, strict=True) if not of_class]
    if missing:
        what = f"{count} readable lesions, all of the same class"
        if classes > 2:
            what = f"{count} readable lesions, none of the class {', '.join(missing)}"
        raise ModelError(
            f"the training part has {what if count else 'no readable lesion'}",
            remedy=f"use a split with {'both' if classes == 2 else 'all'} classes in every training part; see the "
            "case ledger for lost lesions",
        )
    if not balanced:
        return (1.0,) * classes
    return tuple(count / (classes * of_class) for of_class in each)


def learning_rate(settings: TrainingSettings, epoch: int, history: History) -> float:
    """Return the learning rate of an epoch, from the epochs before it alone.

    Example:
        >>> settings = TrainingSettings(epochs=3, learning_rate=1.0)
        >>> [round(learning_rate(settings, epoch, []), 3) for epoch in range(3)]
        [1.0, 0.505, 0.01]
    """
    top, warmup = settings.learning_rate, settings.warmup_epochs
    if epoch < warmup:
        return top * (epoch + 1) / (warmup + 1)
    if settings.schedule == "cosine":
        progress = (epoch - warmup) / max(1, settings.epochs - 1 - warmup)
        return top * (0.01 + 0.99 * (1 + math.cos(math.pi * progress)) / 2)
    if settings.schedule == "constant":
        return top
    rate, best, waited = top, math.inf, 0
    for entry in history[:epoch]:
        loss = entry.get("validation loss", entry["training loss"])
        best, waited = (loss, 0) if below(loss, best) else (best, waited + 1)
        if waited == settings.plateau_epochs:
            rate, waited = rate / 10, 0
    return rate
