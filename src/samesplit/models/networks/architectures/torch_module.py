"""A torch module of the user's own in place of a ResNet."""

from __future__ import annotations

from torch import nn

from samesplit.errors import ModelError
from samesplit.models.networks.outputs import FromProbabilities
from samesplit.models.networks.settings import TorchModuleSettings

__all__ = ["build_torch_module"]


def build_torch_module(settings: TorchModuleSettings, channels: int, classes: int = 2) -> nn.Module:
    """Build the module that the model file names; it gives logits, whatever the file says of its outputs.

    Args:
        settings: The target and its parameters.
        channels: Number of input channels, told to the class under the name `channels_parameter`, if any.
        classes: Number of the task's classes, told under the name `classes_parameter`, if any.

    Raises:
        ModelError: The target cannot be imported, does not take the parameters, or is no torch module.
    """
    parameters = dict(settings.parameters)
    if settings.channels_parameter is not None:
        parameters[settings.channels_parameter] = channels
    if settings.classes_parameter is not None:
        parameters[settings.classes_parameter] = classes
    make = settings.load()
    try:
        network = make(**parameters)
    except Exception as error:  # whatever the user's code raises
        raise ModelError(
            f"'{settings.target}' could not be built: {type(error).__name__}: {error}",
            where=settings.where,
            remedy=f"it was given {parameters or 'no parameters'}; correct 'parameters', "
            "or name the parameter for the number of channels in 'channels_parameter'",
        ) from error
    if not isinstance(network, nn.Module):
        raise ModelError(
            f"'{settings.target}' gave a {type(network).__name__}, not a torch.nn.Module",
            where=settings.where,
            remedy="name a class derived from torch.nn.Module",
        )
    if not any(parameter.requires_grad for parameter in network.parameters()):
        raise ModelError(
            f"'{settings.target}' has nothing to train",
            where=settings.where,
            remedy="name a module with parameters that require gradients",
        )
    return FromProbabilities(network, classes) if settings.outputs == "probabilities" else network
