from __future__ import annotations

import pytest
import torch

from samesplit.errors import ModelError
from samesplit.models.networks import fitting, memory
from samesplit.models.networks.architectures.build import build_network
from samesplit.models.networks.memory import available_memory, check_memory, estimate_memory, telling_memory
from samesplit.models.networks.training_settings import TrainingSettings


def test_the_estimate_counts_weights_their_copies_and_what_the_backward_pass_needs():
    network = torch.nn.Sequential(torch.nn.Linear(100, 50), torch.nn.ReLU(), torch.nn.Linear(50, 1))
    found = estimate_memory(network, TrainingSettings(batch_size=8), torch.zeros(2, 100))
    weights = 4 * (100 * 50 + 50 + 50 + 1)
    # The gradient, two moments of Adam and the average; the input and the output of ReLU, met again as gradients.
    assert found == {"weights": weights, "optimiser": 4 * weights, "batch": 2 * 8 * 4 * (100 + 50)}
    plain = TrainingSettings(batch_size=8, optimiser="sgd", weight_average=None)
    assert estimate_memory(network, plain, torch.zeros(2, 100))["optimiser"] == 2 * weights


def test_estimating_leaves_the_network_as_it_was(tiny):
    network = build_network(tiny(), 1)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    estimate_memory(network, TrainingSettings(), torch.randn(2, 1, 16, 16))
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())
    assert all(parameter.grad is None for parameter in network.parameters())


def test_a_training_that_does_not_fit_is_refused_before_it_begins(tiny, make_fold, monkeypatch):
    monkeypatch.setattr(fitting, "available_memory", lambda _: 10 * 2**20)
    fold = make_fold()
    with pytest.raises(ModelError, match=r"about .* MiB of memory .* 10 MiB are free") as caught:
        tiny(width=1, training={"batch_size": 16, "steps": 2, "accelerator": "cpu"}).build().fit(fold)
    assert "batch_size" in str(caught.value.remedy)
    assert not (fold.directory / "last.ckpt").exists()
    check_memory({"weights": 2**31}, None)  # where it cannot be told how much is free


def test_a_batch_size_above_the_number_of_lesions_is_not_taken_for_so_many(tiny, make_fold, monkeypatch):
    monkeypatch.setattr(fitting, "available_memory", lambda _: 100 * 2**20)
    tiny(training={"batch_size": 100_000, "steps": 1, "accelerator": "cpu"}).build().fit(make_fold())


def test_the_memory_of_this_machine_is_told():
    free = available_memory("cpu")
    assert free is not None
    assert 2**20 < free < 2**50
    assert available_memory("mps") is None


def test_a_limit_of_the_container_counts(tmp_path, monkeypatch):
    (tmp_path / "memory.max").write_text("3000\n")
    (tmp_path / "memory.current").write_text("1000\n")
    monkeypatch.setattr(memory, "_CONTAINER", tmp_path)
    assert available_memory("cpu") == 2000
    (tmp_path / "memory.max").write_text("max\n")
    assert available_memory("cpu") != 2000


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory"),
        MemoryError(),
        RuntimeError("DefaultCPUAllocator: can't allocate memory"),
    ],
)
def test_memory_that_runs_out_all_the_same_is_a_clear_error(error):
    with pytest.raises(ModelError, match="not enough memory"), telling_memory():
        raise error
    with pytest.raises(RuntimeError, match="something else"), telling_memory():
        raise RuntimeError("something else")


def test_a_normalisation_that_is_left_with_a_single_value_is_a_clear_error(tiny, make_fold):
    with pytest.raises(ModelError, match="single value to normalise") as caught:
        tiny(norm="instance", training={"steps": 2, "accelerator": "cpu"}).build().fit(make_fold())
    assert "norm: group" in str(caught.value.remedy)
