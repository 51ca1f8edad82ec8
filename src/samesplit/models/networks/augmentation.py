"""Random changes of training inputs that can be drawn again: same seed, epoch and lesion, same change."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional

from samesplit.models.networks.augmentation_settings import AugmentationSettings

__all__ = ["augment", "draw_affine", "generator_for"]


def generator_for(seed: int, epoch: int, lesion_index: int) -> np.random.Generator:
    """Return the random numbers of one lesion in one epoch, whatever was drawn before.

    Nothing is carried from one epoch to the next, so a training that goes on from a checkpoint sees exactly
    the inputs that an uninterrupted one sees.

    Example:
        >>> float(generator_for(1, 2, 3).normal()) == float(generator_for(1, 2, 3).normal())
        True
    """
    return np.random.default_rng([seed, epoch, lesion_index])


def augment(
    image: Tensor,
    settings: AugmentationSettings,
    random: np.random.Generator,
    *,
    masked: bool,
    masks: Sequence[int] = (),
) -> Tensor:
    """Flip, turn, shear, zoom, shift, scale and add noise to one input.

    All channels move together, as one picture does, so that the sequences of a lesion stay in register; what comes
    in from outside is 0. Only grey values are scaled and made noisy. A channel that is 0 everywhere, as those of a
    missing sequence are, stays 0.

    Args:
        image: Shape (channels, height, width) or (channels, depth, height, width), equal sides.
        settings: How much of each.
        random: See `generator_for`.
        masked: Whether 0 is background that stays without noise.
        masks: Which channels are masks.

    Returns:
        A new tensor of the same shape.
    """
    dimensions = image.ndim - 1
    missing = ~image.flatten(1).any(dim=1)
    matrix = draw_affine(settings, random, dimensions=dimensions)
    if not np.array_equal(matrix, np.eye(dimensions, dimensions + 1)):
        theta = torch.from_numpy(matrix).to(image.dtype)[None]
        grid = functional.affine_grid(theta, [1, *image.shape], align_corners=False)
        image = functional.grid_sample(image[None], grid, padding_mode="zeros", align_corners=False)[0]
    if masks:
        grey = [channel for channel in range(image.shape[0]) if channel not in masks]
        changed = image.clone()
        changed[grey] = _change_grey_values(image[grey], settings, random, masked=masked)
    else:
        changed = _change_grey_values(image, settings, random, masked=masked)
    if missing.any():
        changed[missing] = 0
    return changed


def draw_affine(
    settings: AugmentationSettings, random: np.random.Generator, *, dimensions: int
) -> npt.NDArray[np.float64]:
    """Draw the affine map from output to input, in coordinates that run from -1 to 1 along each side.

    Returns:
        Shape (dimensions, dimensions + 1), as `torch.nn.functional.affine_grid` takes it.
    """
    matrix = np.eye(dimensions)
    if settings.rotation_degrees > 0:
        for first, second in combinations(range(dimensions), 2):
            angle = np.deg2rad(random.uniform(-settings.rotation_degrees, settings.rotation_degrees))
            turn = np.eye(dimensions)
            turn[[first, second], [first, second]] = np.cos(angle)
            turn[first, second], turn[second, first] = -np.sin(angle), np.sin(angle)
            matrix = matrix @ turn
    if settings.shear > 0:
        shear = random.uniform(-settings.shear, settings.shear, (dimensions, dimensions))
        np.fill_diagonal(shear, 1)
        matrix = matrix @ np.triu(shear)
    if settings.zoom > 0:
        matrix = matrix / _around_one(random, settings.zoom, 1)[0]
    if settings.flips:
        matrix = matrix @ np.diag(random.choice([-1.0, 1.0], dimensions))
    shift = 2 * random.uniform(-settings.shift, settings.shift, dimensions)
    return np.concatenate([matrix, shift[:, None]], axis=1)


def _change_grey_values(
    image: Tensor, settings: AugmentationSettings, random: np.random.Generator, *, masked: bool
) -> Tensor:
    if settings.intensity_scale > 0:
        factors = _around_one(random, settings.intensity_scale, image.shape[0]).astype(np.float32)
        image = image * torch.from_numpy(factors).reshape(-1, *(1,) * (image.ndim - 1))
    if settings.noise > 0:
        noise = torch.from_numpy(random.normal(0, settings.noise, image.shape).astype(np.float32))
        image = torch.where(image == 0, image, image + noise) if masked else image + noise
    return image


def _around_one(random: np.random.Generator, amount: float, count: int) -> npt.NDArray[np.float64]:
    """Factors between 1 / (1 + amount) and 1 + amount, as often below as above 1."""
    factors: npt.NDArray[np.float64] = (1 + amount) ** random.uniform(-1, 1, count)
    return factors
