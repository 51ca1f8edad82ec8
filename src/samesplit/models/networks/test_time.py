"""Test-time augmentation: the same random changes of a lesion's input each time it is predicted."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from samesplit.models.networks.augmentation import augment, generator_for
from samesplit.models.networks.augmentation_settings import AugmentationSettings
from samesplit.models.networks.preparation import PreparedInputs

__all__ = ["changed_inputs"]


def changed_inputs(
    inputs: PreparedInputs, images: Tensor, settings: AugmentationSettings, count: int
) -> Iterator[Tensor]:
    """Yield the inputs as they are, then changed at random so many times.

    They are flipped, turned, sheared, zoomed and shifted as in training; grey values stay. What is drawn depends
    on the content of a lesion's input alone, whatever other lesions are predicted with it.

    Args:
        inputs: For the hash of each.
        images: The same inputs, shape (n_lesions, channels, sides...).
        settings: Of the training's augmentation.
        count: How often.
    """
    yield images
    shapes = settings.model_copy(update={"noise": 0.0, "intensity_scale": 0.0})
    for draw in range(1, count + 1):
        randoms = [generator_for(0, draw, int(key[:8], 16)) for key in inputs.keys]
        changed = [
            augment(image, shapes, random, masked=False)
            for image, random in zip(images, randoms, strict=True)
        ]
        yield torch.stack(changed)
