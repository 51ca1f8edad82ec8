from __future__ import annotations

import pytest
import torch
from monai.networks.nets.resnet import ResNet

from samesplit.pretrained.encoders.shortcuts import exchange_padded_shortcuts


@pytest.mark.parametrize("side", [32, 35])
def test_a_shortcut_without_parameters_gives_what_monais_gives_and_passes_the_gradient_back(side):
    torch.manual_seed(0)
    network = ResNet(
        "basic", [1] * 4, [4, 8, 16, 32], spatial_dims=3, n_input_channels=1, shortcut_type="A",
        conv1_t_stride=2, feed_forward=False,
    ).eval()  # fmt: skip
    images = torch.rand(2, 1, side, side, side)
    given, names = network(images).detach(), list(network.state_dict())

    def gradient_through_the_shortcuts_alone():
        for stage in (network.layer2, network.layer3, network.layer4):
            torch.nn.init.zeros_(stage[0].bn2.weight)
        network.zero_grad()
        network(images).sum().backward()
        return network.conv1.weight.grad

    exchange_padded_shortcuts(network)
    torch.testing.assert_close(network(images).detach(), given, rtol=1e-6, atol=1e-7)
    assert list(network.state_dict()) == names
    assert gradient_through_the_shortcuts_alone().abs().sum() > 0
