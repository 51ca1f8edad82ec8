"""How much memory a training takes, estimated before it begins.

A network that does not fit ends in an error deep inside a library, or is killed without a word. So two lesions are
sent through it first: what the backward pass needs of the forward pass is counted, and with the weights, gradients
and what the optimiser keeps of them compared with the memory there is.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from torch import Tensor, nn

from samesplit.errors import ModelError
from samesplit.models.networks.training_settings import TrainingSettings

__all__ = ["MemoryEstimate", "available_memory", "check_memory", "estimate_memory", "telling_memory"]

MemoryEstimate = dict[str, int]
"""Bytes by what they are for: `weights`, `optimiser` (with gradients and the average) and `batch`."""

_CONTAINER = Path("/sys/fs/cgroup")
_GRADIENTS = 2
"""What is held for the backward pass is met again as its gradients and the working space of convolutions."""
_REMEDY = "lower 'batch_size' under 'training' or 'size' under 'inputs', or take a narrower network"


def estimate_memory(network: nn.Module, settings: TrainingSettings, images: Tensor) -> MemoryEstimate:
    """Estimate what the training of a network takes.

    Args:
        network: Untrained; it is left as it was.
        settings: For the batch size, the optimiser and the average.
        images: A few inputs, shape (batch, channels, sides...).

    Raises:
        ModelError: One of its normalisations is left with a single value.
    """
    weights = sum(each.numel() * each.element_size() for each in network.parameters())
    copies = 1 + (2 if settings.optimiser == "adamw" else 1) + (settings.weight_average is not None)
    own = {each.untyped_storage().data_ptr() for each in [*network.parameters(), *network.buffers()]}
    saved: dict[int, Tensor] = {}

    def count(tensor: Tensor) -> Tensor:
        saved[tensor.untyped_storage().data_ptr()] = tensor
        return tensor

    was = {name: value.clone() for name, value in network.named_buffers()}
    network.train()
    try:
        with torch.enable_grad(), torch.autograd.graph.saved_tensors_hooks(count, lambda tensor: tensor):
            network(images)
    except ValueError as error:
        if "Expected more than 1" not in str(error):
            raise
        raise ModelError(
            f"the network is left with a single value to normalise ({error})",
            remedy="give it larger inputs ('size'), a larger 'batch_size', or 'norm: group'",
        ) from error
    finally:
        for name, value in network.named_buffers():
            value.copy_(was[name])
    held = sum(each.untyped_storage().nbytes() for place, each in saved.items() if place not in own)
    batch = _GRADIENTS * held * settings.batch_size // len(images)
    return {"weights": weights, "optimiser": copies * weights, "batch": batch}


def available_memory(accelerator: str) -> int | None:
    """Return how many bytes are free on a device ("cpu", "gpu" or "mps"); None where it cannot be told."""
    if accelerator == "gpu":
        free, _ = torch.cuda.mem_get_info()
        return int(free)
    if accelerator != "cpu":
        return None
    found = [each for each in (_of_machine(), _of_group()) if each is not None]
    return min(found) if found else None


def check_memory(estimate: MemoryEstimate, available: int | None) -> None:
    """See to it that a training fits into the memory.

    Raises:
        ModelError: It does not.
    """
    if available is None or sum(estimate.values()) <= available:
        return
    parts = ", ".join(f"{what} {_size(value)}" for what, value in estimate.items())
    raise ModelError(
        f"the training would take about {_size(sum(estimate.values()))} of memory ({parts}), and "
        f"{_size(available)} are free",
        remedy=_REMEDY,
    )


@contextmanager
def telling_memory() -> Iterator[None]:
    """Say what to do when memory runs out all the same.

    Raises:
        ModelError: It did.
    """
    try:
        yield
    except (torch.OutOfMemoryError, MemoryError) as error:
        raise ModelError("there is not enough memory for this network", remedy=_REMEDY) from error
    except RuntimeError as error:
        if "not enough memory" in str(error) or "can't allocate memory" in str(error):
            raise ModelError("there is not enough memory for this network", remedy=_REMEDY) from error
        raise


def _of_machine() -> int | None:
    """Return what Linux calls available."""
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable"))
    except (OSError, StopIteration, ValueError):  # another system
        return None


def _of_group() -> int | None:
    """Return what the limit of the container leaves, where there is one."""
    try:
        limit = int((_CONTAINER / "memory.max").read_text(encoding="ascii"))
        return limit - int((_CONTAINER / "memory.current").read_text(encoding="ascii"))
    except (OSError, ValueError):  # no limit, or another system
        return None


def _size(count: int) -> str:
    return f"{count / 2**30:.1f} GiB" if count >= 2**30 else f"{count / 2**20:.0f} MiB"
