from __future__ import annotations

import pickle

import numpy as np
import pytest
import torch

from samesplit.errors import ModelError
from samesplit.models.networks.architectures.build import build_network
from samesplit.models.networks.kept_weights import compact_state, read_kept_weights, round_weights
from samesplit.models.networks.model import load_network


def test_half_precision_halves_the_file_and_holds_the_network_that_predicted(tiny, make_fold):
    models = {}
    for bits in (16, 32):
        fold = make_fold(name=str(bits))
        models[bits] = tiny(
            width=0.5, keep_precision=bits, training={"steps": 4, "accelerator": "cpu"}
        ).build()
        models[bits].fit(fold)
        models[bits].save(fold.directory / "kept")
        again = load_network(fold.directory / "kept").predict(fold.validation)
        assert again.equals(models[bits].predict(fold.validation))
    sizes = {
        bits: (fold.directory.parent / str(bits) / "kept" / "weights.pt").stat().st_size for bits in models
    }
    assert sizes[16] < 0.6 * sizes[32]
    probabilities = [model.predict(fold.validation)["probability"] for model in models.values()]
    assert np.abs(probabilities[0] - probabilities[1]).max() < 0.005
    assert not probabilities[0].equals(probabilities[1])


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_probabilities_of_rounded_weights_move_by_less_than_the_stated_tolerance(tiny, seed):
    torch.manual_seed(seed)
    network = build_network(tiny(network="resnet18", width=0.5), 3).eval()
    torch.nn.init.normal_(network.head.weight, std=0.3)  # logits of several units, as of a trained network
    images = torch.randn(20, 3, 32, 32)
    with torch.inference_mode():
        before = network(images)
        round_weights(network, 16)
        after = network(images)
    assert float(before.abs().max()) > 1
    assert 0 < float((before - after).abs().max()) < 4 * 0.005  # a sigmoid is nowhere steeper than 1/4


def test_statistics_and_weights_beyond_the_range_of_half_precision_stay_as_they_are():
    network = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.BatchNorm1d(2))
    with torch.no_grad():
        network[0].weight[0, 0] = 1e6
        network[1].running_var += 1 / 3
    weight = network[0].weight.clone()
    round_weights(network, 16)
    state = compact_state(network, 16)
    assert torch.equal(state["0.weight"], weight)
    assert state["0.bias"].dtype == torch.float16
    assert state["1.running_var"].dtype == torch.float32
    assert all(value.dtype != torch.float16 for value in compact_state(network, 32).values())


def test_kept_weights_that_are_damaged_or_hold_code_are_refused_with_their_file(tmp_path):
    file = tmp_path / "weights.pt"
    torch.save({"weight": torch.arange(100.0)}, file)
    whole = file.read_bytes()
    place = whole.find(torch.arange(100.0).numpy().tobytes())
    turned = whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :]
    for content in (b"", b"no weights", whole[: len(whole) // 2], turned, pickle.dumps({"weight": print})):
        file.write_bytes(content)
        with pytest.raises(ModelError, match="the weights are damaged") as caught:
            read_kept_weights(file)
        assert str(file) in str(caught.value)
    torch.save({"weight": print}, file)
    with pytest.raises(ModelError, match="nothing was run"):
        read_kept_weights(file)


def test_kept_weights_of_another_network_are_told(tiny, make_fold):
    fold = make_fold()
    model = tiny(training={"steps": 1, "accelerator": "cpu"}).build()
    model.fit(fold)
    model.save(fold.directory / "kept")
    state = torch.load(fold.directory / "kept" / "weights.pt", weights_only=True)
    last = list(state)[-1]
    torch.save(state | {last: torch.zeros(3, 3)}, fold.directory / "kept" / "weights.pt")
    with pytest.raises(ModelError, match="of another network"):
        load_network(fold.directory / "kept")
