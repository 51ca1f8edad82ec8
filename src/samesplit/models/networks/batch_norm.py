"""The running statistics of batch normalisation, taken anew from the training part.

While it is trained a network normalises by the mean and variance of the batch; when it predicts, by running ones,
which follow those of the batches with a momentum of 0.1. After the few steps that few lesions allow they are
still close to where they began, and belong to weights that have changed since. So they are computed again, as the
mean over batches of the training part, each time before the network is judged (Wu and Johnson 2021, arXiv
2105.07576).
"""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

__all__ = ["batch_norms", "take_statistics"]


def batch_norms(network: nn.Module) -> list[_BatchNorm]:
    """List the layers that keep running statistics."""
    layers = [layer for layer in network.modules() if isinstance(layer, _BatchNorm)]
    return [layer for layer in layers if layer.track_running_stats and layer.running_mean is not None]


def take_statistics(
    network: nn.Module, batches: Iterable[Tensor], *, frozen: Iterable[nn.Module] = ()
) -> None:
    """Set the running statistics to their mean over the batches; nothing else of the network changes.

    Nothing is drawn at random: all layers but those of batch normalisation are as they are at prediction.

    Args:
        network: Changed in place; it stands in evaluation mode afterwards.
        batches: Inputs of the training part, without augmentation, as lesions are predicted without it.
        frozen: Layers that keep the statistics they have.
    """
    kept = {id(layer) for layer in frozen}
    layers = [layer for layer in batch_norms(network) if id(layer) not in kept]
    network.eval()
    if not layers:
        return
    momenta = [layer.momentum for layer in layers]
    for layer in layers:
        layer.reset_running_stats()
        layer.momentum = None  # the mean over all batches seen
        layer.train()
    with torch.no_grad():
        for images in batches:
            network(images)
    for layer, momentum in zip(layers, momenta, strict=True):
        layer.momentum = momentum
    network.eval()
