"""Group or instance normalisation in place of a network's batch normalisation.

MONAI's ResNets take `norm` and hand it to their first layer alone (1.6.1), so the layers are exchanged
afterwards, in whatever network they are.
"""

from __future__ import annotations

import math

from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from samesplit.models.networks.settings import Normalisation

__all__ = ["MOST_GROUPS", "exchange_batch_norm"]

MOST_GROUPS = 8
"""Of group normalisation, doi:10.1007/978-3-030-01261-8_1; fewer where they do not divide the channels."""

_INSTANCE_NORMS = {
    nn.BatchNorm1d: nn.InstanceNorm1d,
    nn.BatchNorm2d: nn.InstanceNorm2d,
    nn.BatchNorm3d: nn.InstanceNorm3d,
}


def exchange_batch_norm(network: nn.Module, norm: Normalisation) -> None:
    """Put another normalisation in the place of each batch normalisation of an untrained network.

    Args:
        network: Changed in place.
        norm: With `batch` nothing is changed.

    Example:
        >>> network = nn.Sequential(nn.Conv2d(1, 12, 3), nn.BatchNorm2d(12))
        >>> exchange_batch_norm(network, "group")
        >>> network[1]
        GroupNorm(4, 12, eps=1e-05, affine=True, bias=True)
    """
    if norm == "batch":
        return
    for parent in list(network.modules()):
        for name, layer in list(parent.named_children()):
            if isinstance(layer, _BatchNorm):
                setattr(parent, name, _other(layer, norm))


def _other(layer: _BatchNorm, norm: Normalisation) -> nn.Module:
    if norm == "group":
        return nn.GroupNorm(math.gcd(MOST_GROUPS, layer.num_features), layer.num_features, eps=layer.eps)
    return _INSTANCE_NORMS[type(layer)](layer.num_features, eps=layer.eps, affine=True)
