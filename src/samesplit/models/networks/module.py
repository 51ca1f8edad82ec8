"""What is minimised when lesions are classified, and how well it is done."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.data import DataLoader
from torchmetrics.functional.classification import binary_auroc

from samesplit.errors import ModelError
from samesplit.models.networks.batches import Batch
from samesplit.models.networks.learner import Learner
from samesplit.models.networks.schedule import TrainingPlan
from samesplit.models.networks.training_settings import TrainingSettings

__all__ = ["Classifier", "auc_of_logits", "class_weights", "logits_of"]


class Classifier(Learner):
    """A network with one logit, trained by weighted binary cross-entropy, or with one a class by that of softmax.

    Args:
        network: Takes a batch of inputs and gives one logit each (or two, one a class), or one a class of several.
        settings: Optimiser, schedule and so on.
        plan: How long.
        weights: What a lesion of each class weighs in the loss of the validation part and, where batches are not
            balanced themselves, of the training.
        seed: Of what the network draws while it trains (dropout).
        statistics: See `Learner`.
    """

    def __init__(
        self,
        network: nn.Module,
        settings: TrainingSettings,
        plan: TrainingPlan,
        *,
        weights: tuple[float, ...],
        seed: int,
        statistics: DataLoader[Batch] | None = None,
    ) -> None:
        super().__init__(network, settings, plan, seed=seed, statistics=statistics)
        self.weights = weights

    def losses(self, outputs: Tensor, labels: Tensor, *, training: bool) -> Tensor:
        """Compute the weighted cross-entropy of each lesion, shape (batch,)."""
        balanced = training and self.settings.sampling == "balanced"
        weights = (1.0,) * len(self.weights) if balanced else self.weights
        logits = logits_of(outputs, len(labels), classes=len(weights))
        each = torch.tensor(weights, dtype=logits.dtype, device=logits.device)[labels]
        if len(weights) > 2:
            return functional.cross_entropy(logits, labels, reduction="none") * each
        return functional.binary_cross_entropy_with_logits(
            logits, labels.to(logits.dtype), each, reduction="none"
        )

    def scores(self, outputs: Tensor, labels: Tensor) -> dict[str, float]:
        """Compute the AUC, where more than one class is there."""
        auc = auc_of_logits(logits_of(outputs, len(labels), classes=len(self.weights)), labels)
        return {} if auc is None else {"validation AUC": auc}


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
    # In 32 bits all logits above 17 have a probability of 1.
    logits, labels = logits.detach().cpu().double(), labels.cpu()
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
