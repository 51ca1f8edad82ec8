from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.metrics import log_loss
from sklearn.utils.class_weight import compute_sample_weight

from samesplit.errors import ModelError
from samesplit.models.networks.batches import EpochBatches
from samesplit.models.networks.module import Classifier, class_weights, learning_rate, logits_of
from samesplit.models.networks.training_settings import TrainingSettings


def test_class_weights_are_the_balanced_ones_of_scikit_learn():
    labels = torch.tensor([1] * 3 + [0] * 9)
    negative, positive = class_weights(labels, balanced=True)
    expected = compute_sample_weight("balanced", labels.numpy())
    assert (positive, negative) == pytest.approx((expected[0], expected[-1]))
    assert class_weights(labels, balanced=False) == (1.0, 1.0)


@pytest.mark.parametrize("labels", [[], [0, 0], [1, 1, 1]])
def test_a_training_part_without_both_classes_is_an_error(labels):
    with pytest.raises(ModelError, match=r"no readable lesion|all of the same class"):
        class_weights(torch.tensor(labels), balanced=True)


def test_the_loss_is_the_weighted_log_loss():
    labels = torch.tensor([1, 0, 0, 0])
    logits = torch.tensor([0.3, -1.0, 2.0, 0.1])
    module = Classifier(
        torch.nn.Identity(), TrainingSettings(), weights=class_weights(labels, balanced=True), seed=0
    )
    weights = compute_sample_weight("balanced", labels.numpy())
    expected = log_loss(labels, logits.double().sigmoid(), sample_weight=weights)
    assert float(module._loss(logits, labels)) == pytest.approx(expected, rel=1e-5)


def test_one_or_two_logits_a_lesion_are_understood_and_anything_else_is_not():
    two = torch.tensor([[0.2, 0.9], [1.0, -1.0]])
    torch.testing.assert_close(logits_of(two, 2).sigmoid(), two.softmax(1)[:, 1])
    assert logits_of(torch.zeros(3), 3).shape == logits_of(torch.zeros(3, 1), 3).shape == (3,)
    for wrong in (torch.zeros(3, 5), torch.zeros(2, 3, 1), (torch.zeros(3),)):
        with pytest.raises(ModelError, match="for 3 lesions"):
            logits_of(wrong, 3)


def test_the_plateau_schedule_falls_to_a_tenth_after_waiting():
    settings = TrainingSettings(schedule="plateau", plateau_epochs=2, learning_rate=1.0)
    history = [
        {"validation loss": loss, "training loss": 0.0} for loss in (1.0, 0.9, 0.95, 0.91, 0.92, 0.93, 0.5)
    ]
    rates = [learning_rate(settings, epoch, history) for epoch in range(8)]
    assert rates == pytest.approx([1, 1, 1, 1, 0.1, 0.1, 0.01, 0.01])
    level = [{"validation loss": 0.9 * (1 - 1e-13 * epoch), "training loss": 0.0} for epoch in range(3)]
    assert learning_rate(settings, 3, level) == pytest.approx(0.1)  # a fall in the last digits is none


def test_warm_up_climbs_to_the_learning_rate():
    settings = TrainingSettings(schedule="constant", warmup_epochs=3, learning_rate=1.0)
    assert [learning_rate(settings, epoch, []) for epoch in range(5)] == [0.25, 0.5, 0.75, 1.0, 1.0]


@pytest.mark.parametrize("count", [1, 2, 16, 17, 33, 100])
def test_every_lesion_is_in_one_batch_of_each_epoch_and_none_is_alone(count):
    batches = EpochBatches(count, 16, seed=3)
    batches.set_epoch(4)
    dealt = list(batches)
    assert len(dealt) == len(batches)
    assert sorted(index for batch in dealt for _, index in batch) == list(range(count))
    assert {epoch for batch in dealt for epoch, _ in batch} == {4}
    assert max(map(len, dealt)) <= 16
    assert count == 1 or min(map(len, dealt)) > 1


def test_the_order_depends_on_seed_and_epoch_alone():
    def order(seed: int | None, epoch: int) -> list[int]:
        batches = EpochBatches(30, 8, seed=seed)
        batches.set_epoch(epoch)
        return [index for batch in batches for _, index in batch]

    assert order(1, 2) == order(1, 2)
    assert order(1, 2) != order(1, 3)
    assert order(1, 2) != order(2, 2)
    assert order(None, 5) == np.arange(30).tolist()
