from __future__ import annotations

import pytest
import torch
from torch import nn

from samesplit.models.networks.batch_norm import batch_norms, take_statistics


@pytest.fixture
def network() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.Dropout(0.5), nn.Conv2d(4, 2, 3), nn.BatchNorm2d(2)
    )


def test_running_statistics_become_the_means_over_the_batches(network: nn.Sequential) -> None:
    batches = [3 * torch.randn(6, 1, 8, 8) + 5 for _ in range(4)]
    with torch.no_grad():
        seen = [network[0](images) for images in batches]
    take_statistics(network, batches)
    means = torch.stack([each.mean(dim=(0, 2, 3)) for each in seen]).mean(dim=0)
    variances = torch.stack([each.transpose(0, 1).flatten(1).var(dim=1) for each in seen]).mean(dim=0)
    torch.testing.assert_close(network[1].running_mean, means, rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(network[1].running_var, variances, rtol=1e-5, atol=1e-5)
    assert not any(module.training for module in network.modules())
    assert [layer.momentum for layer in batch_norms(network)] == [0.1, 0.1]


def test_nothing_is_drawn_and_no_weight_changes(network: nn.Sequential) -> None:
    batches = [torch.randn(6, 1, 8, 8) for _ in range(2)]
    weights = [parameter.clone() for parameter in network.parameters()]
    state = torch.get_rng_state()
    take_statistics(network, batches)
    first = network[4].running_mean.clone()
    take_statistics(network, batches)
    assert torch.equal(network[4].running_mean, first)
    assert torch.equal(torch.get_rng_state(), state)
    assert all(torch.equal(a, b) for a, b in zip(weights, network.parameters(), strict=True))


def test_layers_that_are_frozen_and_those_without_statistics_stay(network: nn.Sequential) -> None:
    take_statistics(network, [torch.randn(6, 1, 8, 8)], frozen=[network[1]])
    assert torch.equal(network[1].running_mean, torch.zeros(4))
    assert not torch.equal(network[4].running_mean, torch.zeros(2))
    without = nn.Sequential(
        nn.Conv2d(1, 2, 3), nn.GroupNorm(1, 2), nn.BatchNorm2d(2, track_running_stats=False)
    )
    assert batch_norms(without) == []
    take_statistics(without, iter(()))
