"""State dicts of pretrained networks, checked and fitted to the network that they are loaded into."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor, nn

from samesplit.errors import ModelError
from samesplit.pretrained.files import WeightsFile, read_weights
from samesplit.pretrained.layouts import MARKS, find_layouts

__all__ = [
    "Mismatch",
    "adapt_first_layer",
    "best_fit",
    "load_file_into",
    "load_into",
    "no_key_map",
    "resnet_shortcuts",
    "shortcuts_of",
]


@dataclass(frozen=True)
class Mismatch:
    """How the weights of a file, in one layout, differ from what a network wants.

    Attributes:
        missing: Names that the network has and the file has not.
        unknown: Names that the file has and the network has not.
        shapes: Names that both have, with both shapes in words.
    """

    missing: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    shapes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.missing) + len(self.unknown) + len(self.shapes)

    def __str__(self) -> str:
        named = (("missing", self.missing), ("unknown", self.unknown), ("of another shape", self.shapes))
        return "; ".join(
            f"{what}: {', '.join(names[:3])}{f' and {len(names) - 3} more' if len(names) > 3 else ''}"
            for what, names in named
            if names
        )


def load_into(module: nn.Module, path: Path, *, layout: str | None = None, sha256: str | None = None) -> str:
    """Load published weights into a network: every parameter of it, or an error.

    A first layer made for another number of channels is adapted (see `adapt_first_layer`); heads and decoders
    that the layout names are left out; nothing else may be missing or left over.

    Args:
        module: A network of MONAI without its last layer, or of `samesplit.pretrained.encoders`. It is changed in
            place.
        path: A file of torch.save or safetensors.
        layout: The name of the publisher's layout, in `samesplit.pretrained.layouts`; None tries all of them.
        sha256: What the file must hash to; None for any.

    Returns:
        The name of the layout that fitted.

    Raises:
        ModelError: The file cannot be read, or its weights are of another network; the message names what is
            missing, unknown or of another shape in the layout that comes nearest.
    """
    return load_file_into(module, read_weights(path, sha256=sha256), layout=layout)


def adapt_first_layer(weight: Tensor, channels: int) -> Tensor:
    """Fit a first convolution to another number of input channels.

    Every new channel gets the mean of the old ones, scaled by old / new, so that the layer's answer to equal
    channels stays what it was. One new channel thus gets the sum of the old ones, which is the same as to give
    the network the grey image in every old channel. With the same number of channels nothing changes.

    Args:
        weight: Shape (filters, old channels, sides...).
        channels: The new number.

    Example:
        >>> import torch
        >>> adapt_first_layer(torch.ones(1, 3, 1, 1), 6).flatten().tolist()
        [0.5, 0.5, 0.5, 0.5, 0.5, 0.5]
        >>> adapt_first_layer(torch.ones(1, 3, 1, 1), 1).flatten().tolist()
        [3.0]
    """
    old = weight.shape[1]
    if old == channels:
        return weight
    return weight.mean(dim=1, keepdim=True).repeat_interleave(channels, dim=1) * (old / channels)


def resnet_shortcuts(path: Path) -> dict[str, str | bool]:
    """Read off a file which shortcuts its ResNet has, as arguments of MONAI's ResNet.

    Type A (MedicalNet's ResNet-18 and -34) pads with zeros and has no parameters; type B is a convolution, with a
    bias in FMCIB's.

    Returns:
        `shortcut_type` ("A" or "B") and `bias_downsample`.

    Raises:
        ModelError: The file cannot be read.
    """
    return shortcuts_of(read_weights(path).tensors)


def shortcuts_of(names: Iterable[str]) -> dict[str, str | bool]:
    """Return the shortcuts of a ResNet whose parameters have these names; see `resnet_shortcuts`.

    Example:
        >>> shortcuts_of(["layer2.0.conv1.weight", "layer2.0.downsample.0.weight"])
        {'shortcut_type': 'B', 'bias_downsample': False}
        >>> shortcuts_of(["layer2.0.conv1.weight"])
        {'shortcut_type': 'A', 'bias_downsample': False}
    """
    ends = {name.partition(".downsample.0.")[2] for name in names}
    return {"shortcut_type": "B" if "weight" in ends else "A", "bias_downsample": "bias" in ends}


def best_fit(
    wanted: Mapping[str, Tensor], file: WeightsFile, layout: str | None = None
) -> tuple[str, dict[str, Tensor], Mismatch]:
    """Find the layout in which the weights of a file come nearest to what a network wants.

    Args:
        wanted: The network's own state dict.
        file: The weights as published.
        layout: The only layout to try; None for all.

    Returns:
        The layout's name, the weights under the network's names, and what does not fit (nothing where all does).

    Raises:
        ModelError: In no layout do the names look like the network's.
    """
    network = next(one for one, mark in MARKS.items() if any(name.startswith(mark) for name in wanted))
    best: tuple[str, dict[str, Tensor], Mismatch] | None = None
    for one in find_layouts(layout):
        for named in one.applied(network, file.tensors):
            given = _adapted(named, wanted)
            mismatch = _compare(given, wanted)
            if best is None or len(mismatch) < len(best[2]):
                best = (one.name, given, mismatch)
            if not mismatch:
                return best
    if best is None:
        raise no_key_map(network, file, layout)
    return best


def no_key_map(network: str, file: WeightsFile, layout: str | None) -> ModelError:
    """Make the error for weights that are those of a network in no layout."""
    tried = ", ".join(one.name for one in find_layouts(layout) if network in one.networks)
    return ModelError(
        f"no key map makes these weights those of a network of the kind {network}: none of their names begins "
        f"with '{MARKS[network]}' (the first of the file is '{next(iter(file.tensors))}')",
        where=file.path,
        remedy="check that the file is of this kind of network"
        + (f"; tried were the layouts {tried}" if tried else "")
        + ("; leave 'layout' out to try all" if layout is not None else ""),
    )


def load_file_into(module: nn.Module, file: WeightsFile, *, layout: str | None = None) -> str:
    """Load weights that were read before; see `load_into`.

    Raises:
        ModelError: The weights are of another network.
    """
    wanted = module.state_dict()
    name, given, mismatch = best_fit(wanted, file, layout)
    if mismatch:
        raise ModelError(
            f"the weights are of another network ({mismatch}; read in the layout {name}, which comes nearest)",
            where=file.path,
            remedy="give the weights of the same network, 2D for slices and 3D for cubes; "
            "if the layout is a new one, rename the parameters to those of MONAI's network",
        )
    broken = next((key for key, value in given.items() if not value.isfinite().all()), None)
    if broken is not None:
        raise ModelError(
            f"the weights hold values that are not numbers ('{broken}')",
            where=file.path,
            remedy="download the file again, or take weights that were kept before the training failed",
        )
    module.load_state_dict(given, strict=False)
    return name


def _adapted(named: dict[str, Tensor], wanted: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Fit the first convolution, where only its number of input channels differs."""
    first = next((name for name, value in wanted.items() if value.ndim > 3), None)
    if first is None or first not in named:
        return named
    given, like = named[first], wanted[first]
    rest = (given.shape[:1] + given.shape[2:]) == (like.shape[:1] + like.shape[2:])
    return named | {first: adapt_first_layer(given, like.shape[1])} if rest else named


def _compare(given: Mapping[str, Tensor], wanted: Mapping[str, Tensor]) -> Mismatch:
    counters = {name for name in wanted if name.endswith("num_batches_tracked")}
    return Mismatch(
        missing=tuple(sorted(wanted.keys() - given.keys() - counters)),
        unknown=tuple(sorted(given.keys() - wanted.keys())),
        shapes=tuple(
            f"{name} {tuple(given[name].shape)} instead of {tuple(wanted[name].shape)}"
            for name in wanted
            if name in given and given[name].shape != wanted[name].shape
        ),
    )
