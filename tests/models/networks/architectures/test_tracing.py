from __future__ import annotations

import pytest
import torch
from torch import nn

from samesplit.errors import ModelError
from samesplit.models.networks.architectures.build import build_network
from samesplit.models.networks.architectures.tracing import check_input_size, trace


class Looks(nn.Module):
    """A module that needs numbers, which the empty input of torch's meta device does not have."""

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(4, 1)

    def forward(self, images):
        return self.layer(images.flatten(1)) if float(images.sum()) == 0 else images


def test_layers_are_written_down_in_the_order_of_their_ends():
    network = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU())
    traced = trace(network, (1, 5, 5), where="here")
    assert [step.name for step in traced.steps] == ["0", "1", ""]
    assert traced.steps[0].seen == (2, 1, 5, 5)
    assert traced.output.shape == (2, 2, 3, 3)
    assert not network[0]._forward_hooks


def test_a_network_that_needs_numbers_is_given_some():
    assert trace(Looks(), (1, 2, 2), where="here").output.shape == (2, 1)


@pytest.mark.parametrize(("view", "channels"), [("2.5d", 3), ("3d", 1)])
@pytest.mark.parametrize(("stem", "least"), [("standard", 17), ("medium", 9)])
def test_a_resnet_refuses_one_pixel_before_its_last_stride_and_the_settings_agree(
    tiny, view, channels, stem, least
):
    for size in (least - 1, least):
        settings = tiny(stem=stem, inputs={"view": view, "size": size})
        shape = (channels, *(size,) * settings.inputs.dimensions)
        network = build_network(settings, channels)
        if size == least:
            check_input_size(network, shape, where="here")
            settings.check_ready()
            continue
        with pytest.raises(ModelError, match=r"too small: the layer 'backbone\.layer4"):
            check_input_size(network, shape, where="here")
        with pytest.raises(ModelError, match=f"an input of {size} pixels is too small"):
            settings.check_ready()


def test_what_a_network_says_of_an_input_is_passed_on():
    with pytest.raises(ModelError, match=r"cannot take inputs of 2 channels and 8 x 8 pixels \(RuntimeError"):
        check_input_size(nn.Conv2d(1, 1, 3), (2, 8, 8), where="model 'mine'")


def test_a_trace_draws_no_random_numbers():
    network = nn.Sequential(nn.Conv2d(1, 2, 3), nn.Dropout(0.5))
    torch.manual_seed(1)
    trace(network, (1, 5, 5), where="here")
    drawn = torch.rand(1)
    torch.manual_seed(1)
    assert torch.equal(torch.rand(1), drawn)
