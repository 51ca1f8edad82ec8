from __future__ import annotations

import pytest
import torch
from torch import nn

from samesplit.models.networks.architectures.resnet import ResNetClassifier
from samesplit.models.networks.explanation.grad_cam import class_activation_maps, explained_layer
from samesplit.models.networks.settings import NetworkSettings


class MeanBrightness(nn.Module):
    """The logit is the mean of the image, seen through one convolution that changes nothing."""

    def __init__(self, dimensions: int, classes: int = 1) -> None:
        super().__init__()
        self.same = (nn.Conv2d if dimensions == 2 else nn.Conv3d)(1, 1, 1, bias=False)
        self.head = nn.Linear(1, classes, bias=False)
        nn.init.ones_(self.same.weight)
        with torch.no_grad():
            self.head.weight.copy_(torch.tensor([1.0, -1.0, 0.0])[:classes, None])

    def forward(self, images):
        return self.head(self.same(images).flatten(2).mean(dim=2))


@pytest.mark.parametrize("dimensions", [2, 3])
def test_the_map_of_the_positive_class_is_where_the_evidence_is_and_the_negative_class_has_none(dimensions):
    images = torch.zeros(2, 1, *(8,) * dimensions)
    images[0].view(-1)[3] = 5.0
    images[1].view(-1)[11] = 2.0
    maps = class_activation_maps(MeanBrightness(dimensions).eval(), images, "same", classes=2)
    assert maps.shape == (2, 2, *(8,) * dimensions)
    assert torch.allclose(maps[0, 1].flatten(), (images[0] / 5).flatten())
    assert torch.allclose(maps[1, 1].flatten(), (images[1] / 2).flatten())
    assert not maps[:, 0].any()


def test_of_three_classes_each_has_its_own_map():
    images = torch.zeros(1, 1, 8, 8)
    images[0, 0, 2, 2], images[0, 0, 5, 5] = 3.0, -4.0
    maps = class_activation_maps(MeanBrightness(2, classes=3).eval(), images, "same", classes=3)[0]
    assert [int(maps[k].argmax()) for k in (0, 1)] == [2 * 8 + 2, 5 * 8 + 5]
    assert not maps[2].any()


def test_explaining_leaves_the_weights_and_their_gradients_as_they_were():
    network = MeanBrightness(2).eval()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    class_activation_maps(network, torch.rand(1, 1, 8, 8), "same", classes=2)
    assert all(torch.equal(before[name], value) for name, value in network.state_dict().items())


@pytest.mark.parametrize(
    ("size", "layer"), [(64, "backbone.layer2"), (32, "backbone.layer1"), (16, "backbone.layer1")]
)
def test_of_a_resnet_the_deepest_stage_is_taken_that_is_still_seven_cells_wide_else_the_finest(size, layer):
    settings = NetworkSettings.model_validate(
        {"name": "n", "title": "N", "network": "resnet10", "width": 0.125, "inputs": {"size": size}}
    )
    network = ResNetClassifier(settings, 1).eval()
    assert explained_layer(network, torch.zeros(1, 1, size, size)) == layer


def test_a_module_without_convolutions_has_no_layer_to_explain():
    assert explained_layer(nn.Sequential(nn.Flatten(), nn.Linear(64, 1)), torch.zeros(1, 1, 8, 8)) is None
