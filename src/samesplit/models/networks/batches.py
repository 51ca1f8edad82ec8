"""The order and the content of the batches, as functions of the seed and the epoch alone."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, Sampler

from samesplit.models.networks.augmentation import augment, generator_for
from samesplit.models.networks.augmentation_settings import AugmentationSettings
from samesplit.models.networks.preparation import PreparedInputs

__all__ = ["EpochBatches", "LesionDataset", "evaluation_loader", "training_loader"]

Item = tuple[Tensor, Tensor]


class LesionDataset(Dataset[Item]):
    """Batches of inputs and labels, addressed by lists of (epoch, index).

    Without augmentation the epoch makes no difference.
    """

    def __init__(
        self,
        inputs: PreparedInputs,
        labels: Tensor,
        *,
        augmentation: AugmentationSettings | None = None,
        masked: bool = False,
        masks: tuple[int, ...] = (),
        seed: int = 0,
    ) -> None:
        self.inputs = inputs
        self.labels = labels
        self.augmentation = augmentation
        self.masked = masked
        self.masks = masks
        self.seed = seed

    def __len__(self) -> int:
        return len(self.inputs)

    def __getitem__(self, places: list[tuple[int, int]]) -> Item:
        images = torch.stack([self._image(epoch, index) for epoch, index in places])
        return images, self.labels[[index for _, index in places]]

    def _image(self, epoch: int, index: int) -> Tensor:
        image = torch.from_numpy(self.inputs[index])
        if self.augmentation is not None:
            random = generator_for(self.seed, epoch, index)
            image = augment(image, self.augmentation, random, masked=self.masked, masks=self.masks)
        return image


class EpochBatches(Sampler[list[tuple[int, int]]]):
    """Batches of (epoch, index) in an order drawn from the seed and the epoch.

    The lesions are dealt into batches of nearly equal size, so that no batch is left with a single lesion,
    of which batch normalisation could make nothing.

    Args:
        count: Number of lesions.
        batch_size: The most lesions in a batch.
        seed: Decides the order with the epoch; None keeps the lesions in order.

    Example:
        >>> [len(batch) for batch in EpochBatches(17, 16)]
        [9, 8]
    """

    def __init__(self, count: int, batch_size: int, *, seed: int | None = None) -> None:
        self.count = count
        self.batches = -(-count // batch_size)
        self.seed = seed
        self.epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """Take over the number of the epoch; Lightning calls this before each."""
        self.epoch = epoch

    def __len__(self) -> int:
        return self.batches

    def __iter__(self) -> Iterator[list[tuple[int, int]]]:
        order = np.arange(self.count)
        if self.seed is not None:
            order = np.random.default_rng([self.seed, self.epoch]).permutation(self.count)
        for batch in np.array_split(order, self.batches):
            yield [(self.epoch, int(index)) for index in batch]


def training_loader(
    inputs: PreparedInputs,
    labels: Tensor,
    *,
    augmentation: AugmentationSettings,
    masked: bool,
    masks: tuple[int, ...] = (),
    batch_size: int,
    seed: int,
) -> DataLoader[Item]:
    """Shuffled, augmented batches; for `masked` and `masks` see `augment`."""
    dataset = LesionDataset(inputs, labels, augmentation=augmentation, masked=masked, masks=masks, seed=seed)
    return _loader(dataset, EpochBatches(len(inputs), batch_size, seed=seed))


def evaluation_loader(inputs: PreparedInputs, labels: Tensor, *, batch_size: int) -> DataLoader[Item]:
    """Batches in order, as they are."""
    return _loader(LesionDataset(inputs, labels), EpochBatches(len(inputs), batch_size))


def _loader(dataset: LesionDataset, batches: EpochBatches) -> DataLoader[Item]:
    """Make a loader whose *sampler* deals the batches, because Lightning tells the epoch to samplers only."""
    return DataLoader(dataset, sampler=batches, batch_size=None)
