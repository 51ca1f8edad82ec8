"""From the settings of a model file to the network."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from samesplit.errors import ModelError
from samesplit.models.networks.architectures.base import HeadedNetwork
from samesplit.models.networks.architectures.monai_networks import MonaiClassifier
from samesplit.models.networks.architectures.multiphase import MultiPhaseClassifier
from samesplit.models.networks.architectures.resnet import USUAL_SHORTCUTS, ResNetClassifier, Shortcuts
from samesplit.models.networks.scopes import seeded
from samesplit.models.networks.settings import NetworkSettings
from samesplit.pretrained.weights import load_into, resnet_shortcuts, shortcuts_of

__all__ = ["build_network", "check_starting_weights"]


def build_network(
    settings: NetworkSettings,
    channels: int,
    *,
    classes: int = 2,
    weights: Path | None = None,
    saved: Iterable[str] = (),
) -> HeadedNetwork:
    """Build the network and load its starting weights, if any, into every encoder.

    Args:
        settings: What is built.
        channels: Of all sequences together.
        classes: Number of the task's classes.
        weights: A file of starting weights; None: random ones, from torch's own generator. A ResNet gets the
            shortcuts that the file's has (type A in MedicalNet's ResNet-18 and -34).
        saved: The names of the parameters that are to be loaded afterwards, of a network that was kept.

    Raises:
        ModelError: The network cannot be built, or is made for another number of sequences; or the weights are
            missing, unreadable or of another network.
    """
    _check_sequences(settings, channels)
    if settings.of_monai:
        network = MonaiClassifier(settings, channels, classes)
        if weights is not None:
            network.load_weights(weights)
        return network
    shortcuts: Shortcuts = USUAL_SHORTCUTS
    if weights is not None or saved:
        shortcuts = shortcuts_of(saved) if weights is None else resnet_shortcuts(weights)
    if settings.fusion is None:
        single = ResNetClassifier(settings, channels, classes, shortcuts=shortcuts)
        if weights is not None:
            load_into(single.backbone, weights)
        return single
    several = MultiPhaseClassifier(settings, channels, classes, shortcuts=shortcuts)
    if weights is not None:
        for encoder in several.encoders:
            load_into(encoder, weights)
    return several


def check_starting_weights(settings: NetworkSettings) -> None:
    """Build the network once from its starting weights, before anything runs.

    Raises:
        ModelError: See `build_network`.
    """
    sequences = settings.number_of_sequences or len(settings.sequences) or 1
    with seeded(0):
        channels = sequences * settings.inputs.channels_per_sequence
        build_network(settings, channels, weights=settings.weights_file())


def _check_sequences(settings: NetworkSettings, channels: int) -> None:
    wanted, given = settings.number_of_sequences, channels / settings.inputs.channels_per_sequence
    if wanted is not None and given != wanted:
        raise ModelError(
            f"the network is made for {wanted} sequences and is given {given:g}",
            where=f"model '{settings.name}'",
            remedy="name the sequences that it is to see in 'sequences', or set 'number_of_sequences: null'",
        )
