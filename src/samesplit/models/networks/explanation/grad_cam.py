"""Grad-CAM of every class, in two and three dimensions, on a layer that is fine enough to look at.

MONAI's `GradCAM` leaves its hooks in the network and switches in-place layers off; here a network stays as it is.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from samesplit.models.networks.architectures.base import ImageNetwork
from samesplit.models.networks.module import logits_of

__all__ = ["class_activation_maps", "explained_layer"]

FINEST_NEEDED = 7
"""A map of fewer cells along a side says nothing of a lesion; 7 is what ImageNet networks have at 224 pixels."""

_CONVOLUTIONS = (nn.Conv2d, nn.Conv3d)


def explained_layer(network: nn.Module, image: Tensor) -> str | None:
    """Name the layer that is explained: the deepest whose map has at least 7 cells along its shortest side.

    Of ResNets, one or one a sequence, these are the stages, of other networks of the package their last
    convolutions, and of a module of the user's own its convolutions. Where all maps are coarser, the finest of
    them is taken.

    Args:
        network: In evaluation mode.
        image: One input, shape (1, channels, sides...).

    Returns:
        The name as `named_modules` has it; None where no layer gives a map.
    """
    candidates = _candidates(network)
    sides: dict[nn.Module, int] = {}

    def note(module: nn.Module, _: object, output: object) -> None:
        if isinstance(output, Tensor) and output.ndim == image.ndim and min(output.shape[2:]) > 1:
            sides[module] = min(output.shape[2:])

    hooks = [module.register_forward_hook(note) for module in candidates]
    try:
        with torch.no_grad():
            network(image)
    finally:
        for hook in hooks:
            hook.remove()
    seen = [module for module in candidates if module in sides]
    if not seen:
        return None
    fine = [module for module in seen if sides[module] >= FINEST_NEEDED]
    chosen = fine[0] if fine else max(seen, key=lambda module: sides[module])
    return next(str(name) for name, module in network.named_modules() if module is chosen)


def class_activation_maps(network: nn.Module, images: Tensor, layer: str, *, classes: int) -> Tensor:
    """Compute where the evidence for each class lies in each image.

    Args:
        network: In evaluation mode; its weights stay as they are.
        images: Shape (batch, channels, sides...).
        layer: From `explained_layer`.
        classes: How many there are; of two the first map is of the negative class.

    Returns:
        Shape (batch, classes, sides...), from 0 to 1: 1 where a map is highest. A map without any evidence is 0.

    Source:
        Selvaraju et al. 2017, doi:10.1109/ICCV.2017.74.
    """
    kept: list[Tensor] = []
    hook = network.get_submodule(layer).register_forward_hook(lambda _m, _given, output: kept.append(output))
    try:
        with torch.enable_grad():
            logits = logits_of(network(images.requires_grad_()), len(images), classes=classes)
            each = [-logits, logits] if logits.ndim == 1 else list(logits.T)
            found = [_evidence(kept[-1], of_class.sum(), last=of_class is each[-1]) for of_class in each]
    finally:
        hook.remove()
        images.requires_grad_(False)
    maps = torch.stack(found, dim=1)
    mode = "trilinear" if maps.ndim == 5 else "bilinear"
    maps = functional.interpolate(maps, size=images.shape[2:], mode=mode, align_corners=False)
    highest = maps.flatten(2).amax(dim=2).reshape(*maps.shape[:2], *(1,) * (maps.ndim - 2))
    return torch.where(highest > 0, maps / highest.clamp(min=torch.finfo(maps.dtype).tiny), maps)


def _evidence(activations: Tensor, score: Tensor, *, last: bool) -> Tensor:
    """Return the positive part of the activations, weighted by what each channel adds to the score."""
    gradient = torch.autograd.grad(score, activations, retain_graph=not last)[0]
    weights = gradient.flatten(2).mean(dim=2).reshape(*gradient.shape[:2], *(1,) * (gradient.ndim - 2))
    return (weights * activations).sum(dim=1).clamp(min=0).detach().float()


def _candidates(network: nn.Module) -> Sequence[nn.Module]:
    """Return the layers that may be explained, the deepest first."""
    if isinstance(network, ImageNetwork):
        return network.map_layers()
    return [module for module in network.modules() if isinstance(module, _CONVOLUTIONS)][::-1]
