"""The order and the content of the batches, as functions of the seed and the step alone."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Literal

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, Sampler

from samesplit.models.networks.augmentation import augment, generator_for
from samesplit.models.networks.augmentation_settings import AugmentationSettings
from samesplit.models.networks.preparation import PreparedInputs

__all__ = [
    "Batch",
    "EpochBatches",
    "InOrder",
    "LesionDataset",
    "TrainingBatches",
    "batches_a_pass",
    "evaluation_loader",
    "statistics_loader",
    "training_loader",
]

Batch = tuple[Tensor, Tensor, Tensor]
"""Inputs (batch, channels, sides...), class numbers (batch,) and the lesions' places in the dataset (batch,)."""

Places = list[tuple[int, int]]
"""The lesions of a batch: for each the number that its augmentation is drawn by, and its place."""

MOST_STATISTICS_BATCHES = 16


class LesionDataset(Dataset[Batch]):
    """Batches of inputs and labels, addressed by lists of (draw, index).

    Without augmentation the draw makes no difference.
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

    def __getitem__(self, places: Places) -> Batch:
        images = torch.stack([self._image(draw, index) for draw, index in places])
        indices = torch.tensor([index for _, index in places])
        return images, self.labels[indices], indices

    def _image(self, draw: int, index: int) -> Tensor:
        image = torch.from_numpy(self.inputs[index])
        if self.augmentation is not None:
            random = generator_for(self.seed, draw, index)
            image = augment(image, self.augmentation, random, masked=self.masked, masks=self.masks)
        return image


def batches_a_pass(count: int, batch_size: int) -> int:
    """Return how many batches so many lesions are dealt into: none is left alone, unless all are to be.

    Example:
        >>> batches_a_pass(17, 16), batches_a_pass(3, 2), batches_a_pass(3, 1)
        (2, 1, 3)
    """
    wanted = -(-count // batch_size)
    return wanted if batch_size == 1 else max(1, min(wanted, count // 2))


def own_share(places: Places) -> Places:
    """Return which lesions of a batch are this process's, where several train one network."""
    if not torch.distributed.is_initialized():
        return places
    return places[torch.distributed.get_rank() :: torch.distributed.get_world_size()]


class TrainingBatches(Sampler[Places]):
    """The batches of one round of a training, in an order drawn from the seed and the number of the pass.

    A round goes on in the middle of a pass where the one before it ended. The lesions of a pass are dealt into
    batches of nearly equal size, so that no batch is left with a single lesion, of which batch normalisation could
    make nothing; where pairs cannot be kept otherwise, a batch holds one lesion more than `batch_size`.

    Args:
        labels: Class numbers, shape (n_lesions,).
        batch_size: The most lesions in a batch.
        every: Batches in a round.
        seed: Decides the order with the pass.
        sampling: See `TrainingSettings`.

    Example:
        >>> batches = TrainingBatches(torch.zeros(17), 16, every=3, seed=0)
        >>> [len(batch) for batch in batches]
        [9, 8, 9]
    """

    def __init__(
        self,
        labels: Tensor,
        batch_size: int,
        *,
        every: int,
        seed: int,
        sampling: Literal["shuffled", "balanced"] = "shuffled",
    ) -> None:
        self.labels = labels.numpy()
        self.batches = batches_a_pass(len(labels), batch_size)
        self.every = every
        self.seed = seed
        self.sampling = sampling
        self.round = 0
        self._dealt: tuple[int, list[Places]] = (-1, [])

    def set_epoch(self, epoch: int) -> None:
        """Take over the number of the round, which Lightning calls an epoch; it calls this before each."""
        self.round = epoch

    def __len__(self) -> int:
        return self.every

    def __iter__(self) -> Iterator[Places]:
        for step in range(self.round * self.every, (self.round + 1) * self.every):
            turn, batch = divmod(step, self.batches)
            if self._dealt[0] != turn:
                self._dealt = (turn, self._deal(turn))
            yield own_share(self._dealt[1][batch])

    def _deal(self, turn: int) -> list[Places]:
        """Deal the lesions of one pass."""
        count = len(self.labels)
        if self.sampling == "shuffled":
            order = np.random.default_rng([self.seed, turn]).permutation(count)
            places = [(turn, int(index)) for index in order]
        else:
            places = [(turn * count + slot, index) for slot, index in enumerate(self._balanced(turn))]
        cuts = np.array_split(np.arange(count), self.batches)
        return [[places[at] for at in cut] for cut in cuts]

    def _balanced(self, turn: int) -> list[int]:
        """Take the classes by turns, and of each its lesions in an order that is drawn again at its end."""
        count, classes = len(self.labels), np.unique(self.labels)
        queues = []
        for label in classes:
            random = np.random.default_rng([self.seed, turn, int(label)])
            own = np.flatnonzero(self.labels == label)
            turns = -(-count // len(own))
            queues.append(np.concatenate([random.permutation(own) for _ in range(turns)]))
        return [int(queues[(turn + at) % len(classes)][at // len(classes)]) for at in range(count)]


class EpochBatches(Sampler[Places]):
    """All batches of one epoch, as (epoch, index), in an order drawn from the seed and the epoch.

    Args:
        count: Number of lesions.
        batch_size: The most in a batch; see `batches_a_pass`.
        seed: Decides the order with the epoch; None keeps the lesions in order.

    Example:
        >>> [len(batch) for batch in EpochBatches(17, 16)]
        [9, 8]
    """

    def __init__(self, count: int, batch_size: int, *, seed: int | None = None) -> None:
        self.count = count
        self.batches = batches_a_pass(count, batch_size)
        self.seed = seed
        self.epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """Take over the number of the epoch; Lightning calls this before each."""
        self.epoch = epoch

    def __len__(self) -> int:
        return self.batches

    def __iter__(self) -> Iterator[Places]:
        order = np.arange(self.count)
        if self.seed is not None:
            order = np.random.default_rng([self.seed, self.epoch]).permutation(self.count)
        for batch in np.array_split(order, self.batches):
            yield [(self.epoch, int(index)) for index in batch]


class InOrder(Sampler[Places]):
    """Batches of given lesions, in the order given.

    Args:
        order: Their places.
        batch_size: The most in a batch; see `batches_a_pass`.
    """

    def __init__(self, order: list[int], batch_size: int) -> None:
        self.order = order
        self.batches = batches_a_pass(len(order), batch_size)

    def __len__(self) -> int:
        return self.batches

    def __iter__(self) -> Iterator[Places]:
        for part in np.array_split(np.array(self.order, dtype=int), self.batches):
            yield [(0, int(index)) for index in part]


def training_loader(
    inputs: PreparedInputs,
    labels: Tensor,
    *,
    augmentation: AugmentationSettings,
    masked: bool,
    masks: tuple[int, ...] = (),
    batches: TrainingBatches,
) -> DataLoader[Batch]:
    """Load augmented batches; for `masked` and `masks` see `augment`."""
    dataset = LesionDataset(
        inputs, labels, augmentation=augmentation, masked=masked, masks=masks, seed=batches.seed
    )
    return _loader(dataset, batches)


def evaluation_loader(inputs: PreparedInputs, labels: Tensor, *, batch_size: int) -> DataLoader[Batch]:
    """Load batches in order, as they are."""
    return _loader(LesionDataset(inputs, labels), InOrder(list(range(len(inputs))), batch_size))


def statistics_loader(
    inputs: PreparedInputs, labels: Tensor, *, batch_size: int, seed: int
) -> DataLoader[Batch]:
    """Load the training part, as it is, in one mixed order; of a large one as many lesions as 16 batches hold."""
    order = np.random.default_rng([seed]).permutation(len(inputs))[: MOST_STATISTICS_BATCHES * batch_size]
    return _loader(LesionDataset(inputs, labels), InOrder(order.tolist(), batch_size))


class AheadLoader(DataLoader[Batch]):
    """Loads and augments the next batch in a thread of its own while the network works on this one.

    A batch depends on its places alone, so it is the same whoever makes it when.
    """

    def __iter__(self) -> Iterator[Batch]:  # type: ignore[override]
        """Yield the batches that the sampler deals."""
        with ThreadPoolExecutor(1, initializer=torch.set_num_threads, initargs=(1,)) as pool:
            ahead = None
            for places in self.sampler:
                coming = pool.submit(self.dataset.__getitem__, places)
                if ahead is not None:
                    yield ahead.result()
                ahead = coming
            if ahead is not None:
                yield ahead.result()


def _loader(dataset: LesionDataset, batches: Sampler[Places]) -> DataLoader[Batch]:
    """Make a loader whose *sampler* deals the batches, because Lightning tells the epoch to samplers only."""
    return AheadLoader(dataset, sampler=batches, batch_size=None)
