"""From the settings of a model to its network, ready to be trained or to be given the weights that were kept."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import torch
from torch import nn

from samesplit.errors import ModelError
from samesplit.models.networks.architectures.build import build_network
from samesplit.models.networks.architectures.torch_module import build_torch_module
from samesplit.models.networks.architectures.tracing import check_input_size
from samesplit.models.networks.outputs import check_gives_logits
from samesplit.models.networks.preparation import PreparedInputs
from samesplit.models.networks.settings import ImageModelSettings, NetworkSettings, TorchModuleSettings

__all__ = ["build_module", "build_untrained", "memory_format"]


def build_module(
    settings: ImageModelSettings, channels: int, classes: int, *, saved: Iterable[str] = ()
) -> nn.Module:
    """Build a network to be trained, or one that is to be given the parameters with the names in `saved`.

    Raises:
        ModelError: It cannot be built.
    """
    if isinstance(settings, TorchModuleSettings):
        return build_torch_module(settings, channels, classes)
    if isinstance(settings, NetworkSettings):
        weights = None if saved else settings.weights_file()
        return build_network(settings, channels, classes=classes, weights=weights, saved=saved)
    raise ModelError(f"no network is known for {type(settings).__name__}")


def build_untrained(settings: ImageModelSettings, inputs: PreparedInputs, classes: int) -> nn.Module:
    """Build an untrained network, and see whether it can be trained on these inputs.

    Raises:
        ModelError: It cannot be built, its inputs are too small, or a module of one's own gives no logits.
    """
    network = build_module(settings, inputs.shape[0], classes)
    if isinstance(settings, NetworkSettings):
        check_input_size(network, inputs.shape, where=f"model '{settings.name}'")
    if isinstance(settings, TorchModuleSettings):
        few = np.stack([inputs[index] for index in range(min(len(inputs), 2))])
        check_gives_logits(network, torch.from_numpy(few), settings, classes=classes)
    return network.to(memory_format=memory_format(settings))  # type: ignore[call-overload,no-any-return]


def memory_format(settings: ImageModelSettings) -> torch.memory_format:
    """Channels last, in which convolutions are fastest on a CPU."""
    return torch.channels_last_3d if settings.inputs.dimensions == 3 else torch.channels_last
