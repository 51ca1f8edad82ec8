from __future__ import annotations

import pytest
import torch

from samesplit.errors import ModelError
from samesplit.models.networks.architectures.build import build_network
from samesplit.models.networks.fine_tuning import FineTuning
from samesplit.models.networks.learner import Averaging
from samesplit.models.networks.training_settings import TrainingSettings

INPUTS = {"inputs": {"size": 40, "margin_mm": 2}, "stem": "standard"}
FAST = {"steps": 6, "validate_every_steps": 2, "batch_size": 8, "accelerator": "cpu", "minimum_steps": 0}


@pytest.fixture
def weights(tiny, tmp_path):
    torch.manual_seed(3)
    backbone = build_network(tiny(**INPUTS), 3).backbone
    path = tmp_path / "weights.pt"
    torch.save(backbone.state_dict(), path)
    return path


@pytest.mark.parametrize(("fine_tune", "stays"), [("head", True), ("head-first", False)])
def test_the_body_stays_as_it_was_given_while_the_head_alone_is_trained(
    tiny, make_fold, weights, fine_tune, stays
):
    training = {**FAST, "fine_tune": fine_tune, "head_first_steps": 3, "patience": None}
    model = tiny(training=training, weights=str(weights), keep_precision=32, **INPUTS).build()
    model.fit(make_fold())
    given, ended = torch.load(weights), model._network.backbone.state_dict()
    assert all(torch.equal(value, ended[name]) for name, value in given.items()) == stays
    fresh = tiny(training=training, weights=str(weights), **INPUTS)
    assert any(
        not torch.equal(a, b)
        for a, b in zip(
            build_network(fresh, 3).head_parameters(), model._network.head_parameters(), strict=True
        )
    )


def test_the_body_moves_from_the_step_on_that_the_settings_name(tiny):
    network = build_network(tiny(), 1)
    tuned = FineTuning(network, TrainingSettings(fine_tune="head-first", head_first_steps=2))
    for step, frozen in ((0, True), (1, True), (2, False)):
        network.train()
        tuned.prepare(step)
        assert tuned.frozen(step) == frozen
        assert all(each.requires_grad != frozen for each in tuned.body)
        assert all(each.requires_grad for each in tuned.head)
        assert network.backbone.bn1.training != frozen
    assert tuned.kept_norms(network, 2) == []
    assert network.backbone.bn1 in tuned.kept_norms(network, 0)


def test_a_module_of_ones_own_does_not_tell_which_layers_are_the_head():
    with pytest.raises(ModelError, match="which of its layers are the head"):
        FineTuning(torch.nn.Linear(1, 1), TrainingSettings(head_learning_rate=10))
    assert len(FineTuning(torch.nn.Linear(1, 1), TrainingSettings()).body) == 2


def test_an_average_of_weights_follows_faster_in_the_first_steps_and_by_all_steps_since_the_last_time():
    averaging, averaged = Averaging(0.9), [torch.zeros(1)]
    averaging.passed = (2, 3)
    averaging(averaged, [torch.ones(1)], 1)
    assert averaged[0].item() == pytest.approx(1 - 3 / 12)
    averaging.passed = (1000, 1002)
    averaging(averaged, [torch.ones(1)], 2)
    assert averaged[0].item() == pytest.approx(1 - 0.25 * 0.9**2)
