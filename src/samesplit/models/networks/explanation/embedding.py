"""The lesions as the last layer of a network sees them, laid out on a plane."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from sklearn.manifold import TSNE
from threadpoolctl import threadpool_limits
from torch import Tensor, nn

from samesplit.models.networks.architectures.base import ImageNetwork

__all__ = ["FEWEST_LESIONS", "last_layer_inputs", "plane_of"]

FEWEST_LESIONS = 10
"""Fewer are not laid out: t-SNE has no neighbourhoods to keep."""

_PERPLEXITY = 10.0  # that of the code of Xi et al. 2020


def last_layer_inputs(network: nn.Module, images: Tensor) -> Tensor | None:
    """Return what the last linear layer of a network is given, shape (batch, features).

    Args:
        network: In evaluation mode.
        images: Shape (batch, channels, sides...).

    Returns:
        None where the network has no linear layer, or where it is given something else than one row a lesion.
    """
    linear = [module for module in network.modules() if isinstance(module, nn.Linear)]
    if not linear:
        return network.embed(images) if isinstance(network, ImageNetwork) else None
    seen: list[Tensor] = []
    hook = linear[-1].register_forward_hook(lambda _module, given, _output: seen.append(given[0]))
    try:
        network(images)
    finally:
        hook.remove()
    return seen[-1] if seen and seen[-1].ndim == 2 and len(seen[-1]) == len(images) else None


def plane_of(embedding: npt.NDArray[np.floating], *, seed: int = 0) -> npt.NDArray[np.float64]:
    """Lay lesions out on a plane so that neighbours stay neighbours; distances between groups mean nothing.

    Args:
        embedding: Shape (n_lesions, features), at least `FEWEST_LESIONS`.
        seed: Of t-SNE, which begins with the first two principal components.

    Returns:
        Shape (n_lesions, 2).

    Source:
        t-SNE: van der Maaten and Hinton 2008, Journal of Machine Learning Research 9:2579-2605.

    Example:
        >>> plane_of(np.eye(12)).shape
        (12, 2)
    """
    values = np.asarray(embedding, dtype=np.float64)
    spread = float(values.std(axis=0).max())
    if not spread > 0:  # a network that sees all lesions alike
        return np.zeros((len(values), 2))
    values = (values - values.mean(axis=0)) / spread
    perplexity = min(_PERPLEXITY, (len(values) - 1) / 3)
    tool = TSNE(n_components=2, init="pca", perplexity=perplexity, random_state=seed, n_jobs=1)
    with threadpool_limits(1):
        return np.asarray(tool.fit_transform(values), dtype=np.float64)
