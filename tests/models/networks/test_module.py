from __future__ import annotations

import pytest
import torch
from sklearn.metrics import log_loss
from sklearn.utils.class_weight import compute_sample_weight

from samesplit.errors import ModelError
from samesplit.models.networks.module import Classifier, auc_of_logits, class_weights, logits_of
from samesplit.models.networks.schedule import plan_training
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


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("sampling", ["shuffled", "balanced"])
def test_the_loss_is_the_weighted_log_loss_and_that_of_balanced_batches_is_not_weighted_again(
    sampling, training
):
    labels = torch.tensor([1, 0, 0, 0])
    logits = torch.tensor([0.3, -1.0, 2.0, 0.1])
    settings = TrainingSettings(sampling=sampling)
    module = Classifier(
        torch.nn.Linear(1, 1),
        settings,
        plan_training(settings, 1),
        weights=class_weights(labels, balanced=True),
        seed=0,
    )
    weights = compute_sample_weight("balanced", labels.numpy())
    if training and sampling == "balanced":
        weights = None
    expected = log_loss(labels, logits.double().sigmoid(), sample_weight=weights)
    assert float(module.losses(logits, labels, training=training).mean()) == pytest.approx(expected, rel=1e-5)


def test_one_or_two_logits_a_lesion_are_understood_and_anything_else_is_not():
    two = torch.tensor([[0.2, 0.9], [1.0, -1.0]])
    torch.testing.assert_close(logits_of(two, 2).sigmoid(), two.softmax(1)[:, 1])
    assert logits_of(torch.zeros(3), 3).shape == logits_of(torch.zeros(3, 1), 3).shape == (3,)
    for wrong in (torch.zeros(3, 5), torch.zeros(2, 3, 1), (torch.zeros(3),)):
        with pytest.raises(ModelError, match="for 3 lesions"):
            logits_of(wrong, 3)


def test_very_sure_logits_are_still_told_apart_in_the_auc():
    assert auc_of_logits(torch.tensor([18.0, 20.0, 22.0, 24.0]), torch.tensor([0, 0, 1, 1])) == 1.0
