"""Any network of MONAI that classifies, or gives maps of features, by the name of its class."""

from __future__ import annotations

import difflib
import inspect
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any, cast

from monai.networks import nets
from torch import Tensor, nn

from samesplit.errors import ModelError
from samesplit.models.networks.architectures.base import HeadedNetwork
from samesplit.models.networks.architectures.normalisation import exchange_batch_norm
from samesplit.models.networks.architectures.tracing import Step, Trace, refuse_too_small, trace
from samesplit.models.networks.scopes import seeded
from samesplit.models.networks.settings import MONAI, NetworkSettings
from samesplit.pretrained.files import read_weights
from samesplit.pretrained.weights import load_file_into

__all__ = ["MonaiClassifier", "check_monai_network"]

_CHANNELS = ("in_channels", "n_input_channels", "in_chans")
_OUTPUTS = ("num_classes", "out_channels")
_NOT_DOWNLOADED = {"pretrained": False, "pretrained_url": None}
_NO_TARGET = (
    nn.AdaptiveAvgPool2d, nn.AdaptiveAvgPool3d, nn.AvgPool2d, nn.AvgPool3d, nn.Dropout, nn.Dropout2d, nn.Dropout3d,
)  # fmt: skip


class MonaiClassifier(HeadedNetwork):
    """A network of `monai.networks.nets` whose last linear layer gives way to a head of this package.

    The numbers of dimensions, channels, classes and pixels are told to the class under the names that it has for
    them; everything else is as `parameters` say. A class that gives maps of features in place of logits
    (`ResNetFeatures`, `swin_unetr.SwinTransformer`) has the last of them pooled to their mean.

    Args:
        settings: The class, its parameters, normalisation, head and view.
        channels: Number of input channels.
        classes: Of more than two each has a unit.

    Raises:
        ModelError: There is no such class, it cannot be built or take the inputs, or it does not classify.
    """

    def __init__(self, settings: NetworkSettings, channels: int, classes: int = 2) -> None:
        super().__init__()
        where = f"model '{settings.name}'"
        self.backbone = _build(settings, channels, classes, where)
        exchange_batch_norm(self.backbone, settings.norm)
        shape = (channels, *(settings.inputs.size,) * settings.inputs.dimensions)
        traced = trace(self.backbone, shape, where=where)
        refuse_too_small(traced, shape, where=where)
        self.maps = nn.Identity()
        last = _last_linear(traced)
        self.gives_maps = last is None
        self._target: str | None = None
        self._last = None if last is None else last.name
        if last is not None:
            features = cast("int", last.layer.in_features)
            _replace(self.backbone, last.name, nn.Identity())
            self._target = _last_map_layer(traced, settings.inputs.dimensions)
        else:
            maps = _maps_in(traced.output, settings.inputs.dimensions)
            if maps is None or maps.shape[1] == classes:  # one map a class is a segmentation
                raise _no_classifier(settings, traced, where)
            features = maps.shape[1]
        self.add_head(features, settings.head, dropout=settings.dropout, classes=classes)

    def load_weights(self, path: Path) -> None:
        """Load the state dict of a network of the same class, whose last linear layer is left out.

        Names may be those of any layout that docs/encoders.md lists for the class; a first convolution for
        another number of channels is adapted.

        Raises:
            ModelError: The file cannot be read, or its weights are of another network.
        """
        file, wanted = read_weights(path), {_layer_of(name) for name in self.backbone.state_dict()}
        kept = {
            name: value
            for name, value in file.tensors.items()
            if _layer_of(name) in wanted
            or self._last is None
            or not f".{_layer_of(name)}".endswith(f".{self._last}")
        }
        load_file_into(self.backbone, replace(file, tensors=kept))

    def embed(self, images: Tensor) -> Tensor:
        """Return what the head sees, shape (batch, features), for images (batch, channels, sides...)."""
        output = self.backbone(images)
        if self.gives_maps:
            maps = self.maps(output if isinstance(output, Tensor) else output[-1])
            return cast("Tensor", maps.flatten(2).mean(dim=2))
        first = output if isinstance(output, Tensor) else output[0]
        return cast("Tensor", first)

    def target_layer(self) -> nn.Module:
        """Return the last layer that gives maps; of a transformer that is the one that makes patches of the image.

        Of a network without convolutions, in which nothing lies in the image, it is a layer that is never asked.
        """
        return self.maps if self._target is None else self.backbone.get_submodule(self._target)


def check_monai_network(settings: NetworkSettings) -> None:
    """Build a network of MONAI once and send an empty input through it, before anything runs.

    Raises:
        ModelError: See `MonaiClassifier`.
    """
    sequences = settings.number_of_sequences or len(settings.sequences) or 1
    with seeded(0):
        MonaiClassifier(settings, sequences * settings.inputs.channels_per_sequence)


def _find(settings: NetworkSettings, where: str) -> type[nn.Module]:
    wanted = settings.network.removeprefix(MONAI)
    module, _, name = wanted.rpartition(".")
    place: Any = nets
    if module:
        try:
            place = import_module(f"{nets.__name__}.{module}")
        except ImportError:
            place = None
    found = getattr(place, name, None)
    if not (inspect.isclass(found) and issubclass(found, nn.Module)):
        known = [
            each for each, one in vars(nets).items() if inspect.isclass(one) and issubclass(one, nn.Module)
        ]
        near = difflib.get_close_matches(wanted, known, n=1)
        raise ModelError(
            f"MONAI has no network called '{wanted}'",
            where=where,
            remedy=(f"did you mean '{MONAI}{near[0]}'? " if near else "")
            + "name a class of monai.networks.nets, or of a module in it ('monai:swin_unetr.SwinTransformer')",
        )
    return found


def _build(settings: NetworkSettings, channels: int, classes: int, where: str) -> nn.Module:
    make = _find(settings, where)
    accepted = _accepted(make)
    given = {key: _as_tuple(value) for key, value in settings.parameters.items()}
    size, dimensions = settings.inputs.size, settings.inputs.dimensions
    sides = (size,) * dimensions
    ours = {
        **dict.fromkeys(_CHANNELS, channels),
        **dict.fromkeys(_OUTPUTS, classes),
        "spatial_dims": dimensions,
        "img_size": sides,
        "image_size": size,
        **_NOT_DOWNLOADED,
    }
    taken = sorted(given.keys() & ours.keys())
    if taken:
        downloads = _NOT_DOWNLOADED.keys() & set(taken)
        why = "nothing is downloaded; see 'weights'" if downloads else "the inputs and the task say it"
        raise ModelError(
            f"'parameters' may not set {', '.join(taken)} of '{settings.network}': {why}",
            where=where,
            remedy="leave it out",
        )
    # A vision transformer is told to classify, and to give logits as they are.
    usual = {"classification": True, "post_activation": "none", "progress": False}
    given = {key: value for key, value in {**usual, **ours}.items() if key in accepted} | given
    try:
        return make(**given)
    except Exception as error:  # whatever MONAI raises for numbers that do not go together
        raise ModelError(
            f"'{settings.network}' could not be built: {type(error).__name__}: {error}",
            where=where,
            remedy=f"it was given {given}; correct 'parameters'",
        ) from error


def _accepted(kind: type[nn.Module]) -> Mapping[str, inspect.Parameter]:
    """Return the parameters of a class by name, and where it hands others on those of what it derives from."""
    found: dict[str, inspect.Parameter] = {}
    for one in kind.__mro__:
        if "__init__" in vars(one):
            parameters = inspect.signature(vars(one)["__init__"]).parameters
            found = {**parameters, **found}
            if not any(each.kind is inspect.Parameter.VAR_KEYWORD for each in parameters.values()):
                break
    return found


def _last_linear(traced: Trace) -> Step | None:
    """Return the linear layer that gives the logits; None where something else gives the output."""
    output = traced.output
    first = output[0] if isinstance(output, tuple | list) and output else output
    linear = [step for step in traced.steps if isinstance(step.layer, nn.Linear)]
    return linear[-1] if linear and linear[-1].output is first and first.ndim == 2 else None


def _last_map_layer(traced: Trace, dimensions: int) -> str | None:
    """Return the name of the last layer whose maps lie as the last convolution's do; None without a convolution.

    It is called once and neither pools nor drops, so that its activations and their gradients can be looked at.
    """
    calls = Counter(step.name for step in traced.steps)
    convolutions = [
        place for place, step in enumerate(traced.steps) if isinstance(step.layer, nn.Conv2d | nn.Conv3d)
    ]
    if not convolutions:
        return None
    after = traced.steps[convolutions[-1] :]
    names = [
        step.name
        for step in after
        if isinstance(step.output, Tensor)
        and step.output.ndim == dimensions + 2
        and step.output.shape[2:] == after[0].output.shape[2:]
        and step.name
        and calls[step.name] == 1
        and not isinstance(step.layer, _NO_TARGET)
    ]
    return names[-1] if names else None


def _maps_in(output: Any, dimensions: int) -> Tensor | None:
    """Return the maps that a network gives, of several the last; None where it gives none."""
    last = output[-1] if isinstance(output, tuple | list) and output else output
    return last if isinstance(last, Tensor) and last.ndim == dimensions + 2 else None


def _no_classifier(settings: NetworkSettings, traced: Trace, where: str) -> ModelError:
    output = traced.output
    got = f"an output of shape {tuple(output.shape)}" if isinstance(output, Tensor) else type(output).__name__
    return ModelError(
        f"'{settings.network}' is no network that classifies: for two lesions it gives {got}, and no linear layer "
        "stands last",
        where=where,
        remedy="take one that does (DenseNet121, EfficientNetBN, SEResNet50, ViT), one that gives maps of "
        "features (swin_unetr.SwinTransformer), or write a module of your own ('kind: torch-module')",
    )


def _layer_of(parameter: str) -> str:
    return parameter.rpartition(".")[0]


def _replace(network: nn.Module, name: str, layer: nn.Module) -> None:
    parent, _, last = name.rpartition(".")
    setattr(network.get_submodule(parent), last, layer)


def _as_tuple(value: Any) -> Any:
    """Return lists as tuples, which some classes of MONAI insist on."""
    return tuple(_as_tuple(one) for one in value) if isinstance(value, list) else value
