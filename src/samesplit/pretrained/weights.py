"""State dicts of pretrained networks, checked and fitted to the network that they are loaded into."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from samesplit.errors import ModelError

__all__ = ["adapt_first_layer", "load_backbone"]


def load_backbone(backbone: nn.Module, path: Path) -> None:
    """Load a state dict with the names of torchvision's and MONAI's ResNets into a backbone.

    The last layer (`fc.*`) is dropped and a `module.` prefix is taken off. A first layer made for another
    number of channels is adapted; see `adapt_first_layer`.

    Raises:
        ModelError: The file is missing, is not a state dict, or its names or shapes are of another network.
    """
    given = _read_state(path)
    wanted = backbone.state_dict()
    if "conv1.weight" in given:
        given["conv1.weight"] = adapt_first_layer(given["conv1.weight"], wanted["conv1.weight"].shape[1])
    counters = {name for name in wanted if name.endswith("num_batches_tracked")}
    missing = sorted(wanted.keys() - given.keys() - counters)
    unknown = sorted(given.keys() - wanted.keys())
    shapes = [
        f"{name} {tuple(given[name].shape)} instead of {tuple(wanted[name].shape)}"
        for name in wanted
        if name in given and given[name].shape != wanted[name].shape
    ]
    problems = [
        f"{what}: {', '.join(names[:3])}{f' and {len(names) - 3} more' if len(names) > 3 else ''}"
        for what, names in (("missing", missing), ("unknown", unknown), ("of another shape", shapes))
        if names
    ]
    if problems:
        raise ModelError(
            f"the weights are of another network ({'; '.join(problems)})",
            where=path,
            remedy="give the state dict of the same ResNet, 2D for slices and 3D for cubes",
        )
    backbone.load_state_dict(given, strict=False)


def adapt_first_layer(weight: Tensor, channels: int) -> Tensor:
    """Fit a first convolution to another number of input channels.

    Every new channel gets the mean of the old ones, scaled by old / new, so that the layer's answer to equal
    channels stays what it was. With the same number of channels nothing changes.

    Args:
        weight: Shape (filters, old channels, sides...).
        channels: The new number.

    Example:
        >>> adapt_first_layer(torch.ones(1, 3, 1, 1), 6).flatten().tolist()
        [0.5, 0.5, 0.5, 0.5, 0.5, 0.5]
    """
    old = weight.shape[1]
    if old == channels:
        return weight
    return weight.mean(dim=1, keepdim=True).repeat_interleave(channels, dim=1) * (old / channels)


def _read_state(path: Path) -> dict[str, Tensor]:
    if not path.is_file():
        raise ModelError(
            "the weights do not exist",
            where=path,
            remedy="give the path of a state dict, or leave 'weights' out to start from random numbers",
        )
    try:
        content: Any = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises many kinds for what is not a tensor file
        raise ModelError(
            f"the weights cannot be read ({str(error).splitlines()[0]})",
            where=path,
            remedy="save them with torch.save(model.state_dict(), path)",
        ) from error
    content = content.get("state_dict", content) if isinstance(content, dict) else content
    if not isinstance(content, dict) or not all(isinstance(value, Tensor) for value in content.values()):
        raise ModelError(
            "the file holds no state dict", where=path, remedy="save model.state_dict(), not the model"
        )
    names = {str(name).removeprefix("module."): value for name, value in content.items()}
    return {name: value for name, value in names.items() if not name.startswith("fc.")}
