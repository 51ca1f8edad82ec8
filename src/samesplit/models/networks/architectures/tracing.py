"""An empty input is sent through a network: which layers act in which order, and is the input large enough?"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from samesplit.errors import ModelError

__all__ = ["Trace", "check_input_size", "trace"]


@dataclass(frozen=True)
class Step:
    """One call of one layer.

    Attributes:
        name: Of the layer in the network.
        layer: Of the network that was traced, or of a copy of it.
        seen: The shape that went in; None where no tensor did.
        output: What came out.
    """

    name: str
    layer: nn.Module
    seen: tuple[int, ...] | None
    output: Any


@dataclass(frozen=True)
class Trace:
    """What happened to an empty input: the calls of all layers, in the order of their ends, and the output."""

    steps: list[Step]
    output: Any


def trace(network: nn.Module, shape: tuple[int, ...], *, where: str) -> Trace:
    """Send two empty inputs through a network and write down what every layer did; the network stays as it is.

    It is done without numbers (torch's `meta` device) where the network can, so that it costs next to no time and
    memory.

    Args:
        network: Any.
        shape: Channels, then the sides.
        where: For the message.

    Raises:
        ModelError: The network cannot take inputs of this shape.
    """
    try:
        return _run(copy.deepcopy(network).to("meta"), shape, "meta")
    except Exception:  # some networks cannot do without numbers; what is wrong with the input is told below
        pass
    try:
        return _run(copy.deepcopy(network), shape, "cpu")
    except Exception as error:  # whatever the network raises
        if "Expected more than 1" in str(error):
            raise ModelError(
                f"the network is left with a single value to normalise ({error})",
                where=where,
                remedy="give it larger inputs ('size'), or 'norm: group'",
            ) from error
        raise ModelError(
            f"the network cannot take inputs of {shape[0]} channels and {_sides(shape)} pixels "
            f"({type(error).__name__}: {(str(error).splitlines() or [''])[0]})",
            where=where,
            remedy="set a larger 'size' under 'inputs', or one that the network's own numbers divide",
        ) from error


def check_input_size(network: nn.Module, shape: tuple[int, ...], *, where: str) -> None:
    """Refuse inputs that are so small that a layer would make one pixel coarser.

    Args:
        network: Any.
        shape: Channels, then the sides.
        where: For the message.

    Raises:
        ModelError: The inputs are too small, or the network cannot take them at all.

    Example:
        >>> halving = nn.Sequential(*(nn.Conv2d(1, 1, 3, stride=2, padding=1) for _ in range(2)))
        >>> check_input_size(halving, (1, 4, 4), where="here")
        >>> check_input_size(halving, (1, 2, 2), where="here")
        Traceback (most recent call last):
        samesplit.errors.ModelError: here: an input of 2 x 2 pixels is too small: the layer '1' of the network
            would make it coarser than one pixel
        Remedy: set a larger 'size' under 'inputs', or take a network that makes its input coarser fewer times
    """
    refuse_too_small(trace(network, shape, where=where), shape, where=where)


def refuse_too_small(traced: Trace, shape: tuple[int, ...], *, where: str) -> None:
    """Refuse what `check_input_size` refuses, of a network that was traced.

    Raises:
        ModelError: The inputs are too small.
    """
    for step in traced.steps:
        strided = isinstance(step.layer, _STRIDED) and max(_numbers(step.layer.stride)) > 1
        if strided and step.seen is not None and all(side == 1 for side in step.seen[2:]):
            raise ModelError(
                f"an input of {_sides(shape)} pixels is too small: the layer '{step.name}' of the network would "
                "make it coarser than one pixel",
                where=where,
                remedy="set a larger 'size' under 'inputs', or take a network that makes its input coarser fewer "
                "times",
            )


_STRIDED = (nn.Conv2d, nn.Conv3d, nn.MaxPool2d, nn.MaxPool3d, nn.AvgPool2d, nn.AvgPool3d)


def _run(network: nn.Module, shape: tuple[int, ...], device: str) -> Trace:
    steps: list[Step] = []
    names = {layer: name for name, layer in network.named_modules()}

    def write(layer: nn.Module, inputs: tuple[Any, ...], output: Any) -> None:
        first = inputs[0] if inputs else None
        steps.append(
            Step(names[layer], layer, tuple(first.shape) if isinstance(first, Tensor) else None, output)
        )

    for layer in names:
        layer.register_forward_hook(write)
    with torch.no_grad():
        output = network.eval()(torch.zeros(2, *shape, device=device))
    return Trace(steps, output)


def _numbers(stride: Any) -> tuple[int, ...]:
    return tuple(stride) if isinstance(stride, tuple | list) else (stride,)


def _sides(shape: tuple[int, ...]) -> str:
    return " x ".join(str(side) for side in shape[1:])
