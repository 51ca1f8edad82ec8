from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.utils.data import Dataset

from samesplit.errors import ModelError
from samesplit.models.networks.batches import AheadLoader, EpochBatches, InOrder, TrainingBatches


def dealt(count: int, batch_size: int, *, turn: int = 0, seed: int = 3, every: int | None = None, **given):
    labels = given.pop("labels", torch.zeros(count, dtype=torch.int64))
    batches = TrainingBatches(labels, batch_size, every=every or 1, seed=seed, **given)
    if every is None:
        batches.every = batches.batches  # a round is a pass
    batches.set_epoch(turn)
    return list(batches)


@pytest.mark.parametrize(
    ("count", "batch_size"), [(2, 16), (16, 16), (17, 16), (33, 16), (100, 16), (3, 2), (5, 2)]
)
def test_every_lesion_is_in_one_batch_of_each_pass_and_none_is_alone(count, batch_size):
    found = dealt(count, batch_size, turn=4)
    assert sorted(index for batch in found for _, index in batch) == list(range(count))
    assert {turn for batch in found for turn, _ in batch} == {4}
    assert min(map(len, found)) > 1
    assert max(map(len, found)) <= batch_size + (count % 2 if batch_size == 2 else 0)


def test_batches_of_one_are_made_when_they_are_asked_for():
    assert [len(batch) for batch in dealt(3, 1)] == [1, 1, 1]


def test_rounds_go_on_where_the_last_ended_whatever_their_length():
    short = [batch for turn in range(15) for batch in dealt(20, 8, turn=turn, every=1)]
    long = [batch for turn in range(3) for batch in dealt(20, 8, turn=turn, every=5)]
    assert short == long


def test_the_order_depends_on_seed_and_pass_alone():
    def order(seed: int, turn: int) -> list[int]:
        return [index for batch in dealt(30, 8, turn=turn, seed=seed) for _, index in batch]

    assert order(1, 2) == order(1, 2)
    assert order(1, 2) != order(1, 3)
    assert order(1, 2) != order(2, 2)
    for in_order in (InOrder(list(range(30)), 8), EpochBatches(30, 8)):
        assert [index for batch in in_order for _, index in batch] == np.arange(30).tolist()


def test_epochs_of_batches_have_the_order_of_their_number():
    batches = EpochBatches(30, 8, seed=1)
    batches.set_epoch(2)
    assert list(batches) == dealt(30, 8, turn=2, seed=1)


class Doubled(Dataset):
    def __getitem__(self, places):
        if places == "bad":
            raise ModelError("cannot be read")
        return 2 * places


def test_batches_made_ahead_come_in_order_and_errors_reach_the_training():
    loader = AheadLoader(Doubled(), sampler=[1, 2, 3], batch_size=None)
    assert list(loader) == list(loader) == [2, 4, 6]
    assert list(AheadLoader(Doubled(), sampler=[], batch_size=None)) == []
    with pytest.raises(ModelError, match="cannot be read"):
        list(AheadLoader(Doubled(), sampler=[1, "bad", 3], batch_size=None))
    for first in loader:  # the thread ends when nobody asks for more
        assert first == 2
        break


def test_balanced_batches_hold_as_many_of_each_class_and_use_all_lesions_of_a_class_alike():
    labels = torch.tensor([0] * 20 + [1] * 4 + [2] * 6)
    counts = np.zeros(30, dtype=int)
    for turn in range(12):
        found = dealt(30, 9, turn=turn, labels=labels, sampling="balanced")
        for batch in found:
            of_class = np.bincount(labels[[index for _, index in batch]], minlength=3)
            assert np.ptp(of_class) <= 1
            np.add.at(counts, [index for _, index in batch], 1)
        draws = [draw for batch in found for draw, _ in batch]
        assert len(set(draws)) == len(draws)  # a lesion that comes twice is augmented differently
    for label in range(3):
        assert np.ptp(counts[labels == label]) <= 12  # one a pass, where its lesions do not divide it
        assert counts[labels == label].sum() == 120
