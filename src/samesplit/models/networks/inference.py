"""What a trained network says of lesions, as logits; and how it was trained, in one line."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader

from samesplit.models.networks.batches import Batch, evaluation_loader
from samesplit.models.networks.building import memory_format
from samesplit.models.networks.fit_summary import summarise_fit
from samesplit.models.networks.fitting import FittedNetwork, FoldData
from samesplit.models.networks.module import auc_of_logits, logits_of
from samesplit.models.networks.scopes import deterministic, seeded, single_thread
from samesplit.models.networks.settings import ImageModelSettings
from samesplit.models.networks.training import choose_accelerator

__all__ = ["inference_device", "logits_of_all", "logits_of_batch", "summary_of"]


def inference_device(settings: ImageModelSettings) -> str:
    """Return torch's name of the device that a network predicts on."""
    accelerator = choose_accelerator(settings.training)
    return "cuda" if accelerator == "gpu" else accelerator


def logits_of_batch(network: nn.Module, images: Tensor, settings: ImageModelSettings, classes: int) -> Tensor:
    """Return the logits of a batch in double precision, shape (batch,) or (batch, classes), on the CPU.

    Args:
        network: In evaluation mode.
        images: Shape (batch, channels, sides...), anywhere.
        settings: Of the model.
        classes: How many there are.
    """
    device = next(network.parameters()).device
    placed = images.to(device, memory_format=memory_format(settings))
    return logits_of(network(placed), len(images), classes=classes).cpu().double()


def logits_of_all(
    network: nn.Module, batches: DataLoader[Batch], settings: ImageModelSettings, classes: int
) -> Tensor:
    """Return the logits of the network as it is, for all lesions of a loader, shape (n_lesions, ...)."""
    device = inference_device(settings)
    network.to(device).eval()
    # A loader that begins draws a number, and so would change torch's own.
    with seeded(0), torch.inference_mode(), single_thread(), deterministic(strict=device == "cpu"):
        logits = [logits_of_batch(network, images, settings, classes) for images, _, _ in batches]
    network.to("cpu")
    return torch.cat(logits)


def summary_of(fitted: FittedNetwork, data: FoldData, settings: ImageModelSettings) -> dict[str, Any]:
    """Sum up how the kept network was trained; see `summarise_fit`."""
    best, size, classes = fitted.trials[fitted.best], settings.training.batch_size, len(data.names)
    loader = evaluation_loader(data.training, data.labels, batch_size=size)
    training = every = logits_of_all(fitted.network, loader, settings, classes)
    if len(data.validation):
        loader = evaluation_loader(data.validation, data.validation_labels, batch_size=size)
        every = torch.cat([training, logits_of_all(fitted.network, loader, settings, classes)])
    auc = auc_of_logits(training, data.labels)
    kept, last = best.history[best.kept - 1], best.history[-1]
    return summarise_fit(kept, last, fitted.plan, auc, every, trials=len(fitted.trials))
