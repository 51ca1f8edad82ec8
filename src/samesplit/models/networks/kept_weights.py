"""Weights as they are kept on the disk: in half precision, or as they were trained."""

from __future__ import annotations

import pickle
import zipfile
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from samesplit.errors import ModelError
from samesplit.models.networks.settings import WeightBits

__all__ = ["compact_state", "read_kept_weights", "round_weights"]

_LARGEST = 65504.0
"""The largest number of half precision."""


def round_weights(network: nn.Module, bits: WeightBits) -> None:
    """Round a trained network's weights to what is kept, so that it predicts with what is loaded again later.

    A weight changes by no more than a relative 2**-11 (below 6e-5: by 3e-8). Statistics of batch normalisation,
    and layers with a weight beyond the range of half precision, stay as they are.

    Args:
        network: Changed in place; its numbers stay 32-bit ones.
        bits: With 32 nothing changes.

    Example:
        >>> network = nn.Linear(1, 1)
        >>> _ = nn.init.constant_(network.weight, 0.1)
        >>> round_weights(network, 16)
        >>> round(network.weight.detach().item(), 6)
        0.099976
    """
    with torch.no_grad():
        for weight in network.parameters():
            if bits == 16 and _fits(weight):
                weight.copy_(weight.half())


def compact_state(network: nn.Module, bits: WeightBits) -> dict[str, Tensor]:
    """Return the state dict of a network whose weights were rounded, each weight in as many bits as it needs."""
    weights = {name for name, _ in network.named_parameters()}
    return {
        name: value.half() if bits == 16 and name in weights and _fits(value) else value
        for name, value in network.state_dict().items()
    }


def read_kept_weights(file: Path) -> dict[str, Any]:
    """Read weights that a run kept; nothing but tensors and plain values is opened, and no code is run.

    Args:
        file: Written by `torch.save`.

    Raises:
        ModelError: It is damaged, or holds other objects.
    """
    try:
        with zipfile.ZipFile(file) as whole:
            damaged = whole.testzip()  # torch itself does not look at the checksums
        if damaged is None:
            state: dict[str, Any] = torch.load(file, map_location="cpu", weights_only=True)
            return state
    except pickle.UnpicklingError as error:
        raise ModelError(
            "the file holds Python objects besides tensors, and opening those may run code; nothing was run",
            where=file,
            remedy="take the file that the run wrote, or run again",
        ) from error
    except (OSError, ValueError, RuntimeError, EOFError, zipfile.BadZipFile) as error:
        raise _damaged(file) from error
    raise _damaged(file)


def _damaged(file: Path) -> ModelError:
    return ModelError(
        "the weights are damaged", where=file, remedy="take the file that the run wrote, or run again"
    )


def _fits(weight: Tensor) -> bool:
    return weight.dtype == torch.float32 and bool((weight.abs() <= _LARGEST).all())
