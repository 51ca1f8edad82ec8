"""What a module's outputs are: logits, as the loss and the predictions take them, or probabilities.

A sigmoid applied twice squeezes all probabilities into 0.5 to 0.73, trains badly, and fails nowhere. So a module
of one's own is asked before its training: torch's own record of how an output was computed says whether a sigmoid
or softmax stands last.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from samesplit.errors import ModelError
from samesplit.models.networks.module import logits_of
from samesplit.models.networks.settings import TorchModuleSettings

__all__ = ["FromProbabilities", "are_probabilities", "check_gives_logits", "last_squashing"]

_SQUASHING = {"Sigmoid": "sigmoid", "Softmax": "softmax", "Hardsigmoid": "hard sigmoid"}
# What keeps numbers between 0 and 1 where they are: shapes, parts, joining, 1 - p, and means over patches.
_HARMLESS = (
    "Alias", "Amax", "AsStrided", "Cat", "Clamp", "Clone", "Expand", "Gather", "Index", "Max", "Mean", "Permute",
    "ReshapeAlias", "Rsub", "Select", "Slice", "Split", "Squeeze", "Stack", "T", "ToCopy", "Transpose", "Unbind",
    "UnsafeView", "Unsqueeze", "View",
)  # fmt: skip
_TOLERANCE = 1e-2  # mixed precision adds up no closer


def last_squashing(output: Tensor) -> str | None:
    """Name the function between 0 and 1 that an output comes from: `sigmoid`, `softmax`, `hard sigmoid`, or None.

    It is read from the graph that torch keeps for gradients, through whatever changes shapes only, so that a
    module, a function and a method are all found, and a sigmoid inside the network is not.

    Args:
        output: Computed with gradients.

    Example:
        >>> x = torch.ones(3, 2, requires_grad=True)
        >>> last_squashing(torch.sigmoid(x)[:, 0]), last_squashing(x.sigmoid() @ torch.ones(2))
        ('sigmoid', None)
    """
    waiting: list[Any] = [output.grad_fn]
    while waiting:
        node = waiting.pop()
        if node is None:
            continue
        name = node.name().partition("Backward")[0]
        if name in _SQUASHING:
            return _SQUASHING[name]
        if name in _HARMLESS:
            waiting += [earlier for earlier, _ in node.next_functions]
    return None


def check_gives_logits(
    network: nn.Module, images: Tensor, settings: TorchModuleSettings, *, classes: int = 2
) -> None:
    """See to it that a module whose outputs are taken for logits does not end in a sigmoid or softmax.

    Args:
        network: Untrained; it is left as it was.
        images: A batch of inputs.
        settings: Of the module.
        classes: Of the task.

    Raises:
        ModelError: It does, or its outputs have another shape than those of a network.
    """
    if settings.outputs != "logits":
        return
    was_training = network.training
    network.eval()
    try:
        with torch.enable_grad():
            output = network(images)
    finally:
        network.train(was_training)
    logits_of(output, len(images), classes=classes)
    found = last_squashing(output)
    if found is not None:
        raise ModelError(
            f"'{settings.target}' ends in a {found}, and its outputs are taken for logits: a sigmoid would be "
            "applied twice",
            where=settings.where,
            remedy=f"let its forward leave the {found} out, or write 'outputs: probabilities' into the model file",
        )


def are_probabilities(outputs: Tensor) -> bool:
    """Whether every output lies between 0 and 1 (and those of a lesion add up to 1, if it has several).

    Args:
        outputs: Shape (n_lesions,), (n_lesions, 1) or (n_lesions, n_classes).

    Example:
        >>> are_probabilities(torch.tensor([[0.2, 0.8], [0.6, 0.4]]))
        True
        >>> are_probabilities(torch.tensor([0.2, 0.8, -0.1]))
        False
    """
    inside = bool(((outputs >= 0) & (outputs <= 1)).all())
    if outputs.ndim == 2 and outputs.shape[1] > 1:
        return inside and bool(((outputs.sum(dim=1) - 1).abs() <= _TOLERANCE).all())
    return inside


class FromProbabilities(nn.Module):
    """Gives the logits of a module whose outputs are probabilities (`outputs: probabilities`).

    Args:
        module: Gives the probability of the positive class, shape (batch,) or (batch, 1), or one a class that
            add up to 1, shape (batch, 2); of more than two classes one a class, shape (batch, n_classes).
        classes: How many there are.
    """

    def __init__(self, module: nn.Module, classes: int = 2) -> None:
        super().__init__()
        self.module = module
        self.classes = classes

    def forward(self, images: Tensor) -> Tensor:
        """Logits of the positive class, shape (batch,), or of more than two of each, shape (batch, n_classes).

        Raises:
            ModelError: The module gave something else than probabilities.
        """
        output = self.module(images)
        logits_of(output, len(images), classes=self.classes)  # the shapes are those of logits
        if not are_probabilities(output.detach()):
            raise ModelError(
                "the module's outputs are declared as probabilities, and some are below 0 or above 1, or the "
                f"{'two' if self.classes == 2 else self.classes} of a lesion do not add up to 1",
                remedy="write 'outputs: logits' into the model file, or end the module in a sigmoid or softmax",
            )
        if self.classes > 2:
            log_probabilities: Tensor = output.float().clamp(min=1e-7).log()
            return log_probabilities
        positive = output[:, 1] if output.shape == (len(images), 2) else output.reshape(len(images))
        logits: Tensor = torch.logit(positive.float(), eps=1e-7)
        return logits
