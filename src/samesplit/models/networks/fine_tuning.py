"""Which layers of a network that starts from given weights are trained, when, and how fast."""

from __future__ import annotations

from torch import nn

from samesplit.errors import ModelError
from samesplit.models.networks.architectures.base import ImageNetwork
from samesplit.models.networks.batch_norm import batch_norms
from samesplit.models.networks.training_settings import TrainingSettings

__all__ = ["FineTuning"]


class FineTuning:
    """Knows the head and the body of a network, and holds the body still while only the head is trained.

    Args:
        network: Of this package, where the settings speak of its head.
        settings: `fine_tune` and what goes with it.

    Raises:
        ModelError: The settings speak of the head, and the network does not tell which of its layers it is.
    """

    def __init__(self, network: nn.Module, settings: TrainingSettings) -> None:
        self.settings = settings
        self.network = network
        apart = settings.fine_tune != "all" or settings.head_learning_rate != 1
        if apart and not isinstance(network, ImageNetwork):
            raise ModelError(
                "a network of one's own does not tell which of its layers are the head",
                remedy="leave 'fine_tune' and 'head_learning_rate' out, or derive it from "
                "samesplit.models.networks.architectures.base.ImageNetwork",
            )
        self.head = network.head_parameters() if apart and isinstance(network, ImageNetwork) else []
        of_head = {id(parameter) for parameter in self.head}
        self.body = [each for each in network.parameters() if id(each) not in of_head and each.requires_grad]
        self._body_norms = [
            layer
            for layer in batch_norms(network)
            if all(id(each) not in of_head for each in layer.parameters())
        ]

    def frozen(self, step: int) -> bool:
        """Tell whether the body stands still in a step."""
        given = self.settings
        return given.fine_tune == "head" or (
            given.fine_tune == "head-first" and step < given.head_first_steps
        )

    def prepare(self, step: int) -> None:
        """Let the body be trained in a step or hold it still, its batch normalisation included."""
        if self.settings.fine_tune == "all":
            return
        frozen = self.frozen(step)
        for parameter in self.body:
            parameter.requires_grad_(not frozen)
        for layer in self._body_norms:
            layer.train(not frozen)

    def kept_norms(self, network: nn.Module, step: int) -> list[nn.Module]:
        """List the batch normalisations of a network, or of a copy of it, that keep their statistics."""
        if not self.frozen(step):
            return []
        own = [
            name
            for name, layer in self.network.named_modules()
            if any(layer is each for each in self._body_norms)
        ]
        layers = dict(network.named_modules())
        return [layers[name] for name in own]
