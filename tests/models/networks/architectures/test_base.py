from __future__ import annotations

import pytest
import torch
from torch import nn

from samesplit.models.networks.architectures.build import build_network

IMAGES = torch.rand(3, 3, 16, 16, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("classes", [2, 3])
def test_a_head_without_hidden_layers_is_one_linear_layer_on_the_embedding(tiny, classes):
    network = build_network(tiny(), 3, classes=classes).eval()
    logits, embedding = network(IMAGES), network.embed(IMAGES)
    assert embedding.shape == (3, 64)
    assert torch.equal(network.penultimate(IMAGES), embedding)
    torch.testing.assert_close(logits, embedding @ network.head.weight.T + network.head.bias)
    assert logits.shape == (3, 1 if classes == 2 else 3)


def test_the_head_of_xi_2020_has_five_hidden_layers_with_dropout_after_the_first_four(tiny):
    hidden = [256, 128, 64, 32, 16]
    network = build_network(tiny(head={"hidden": hidden, "norm": "batch", "dropout": 0.5}), 3)
    kinds = [type(layer) for layer in network.hidden]
    one = [nn.Linear, nn.BatchNorm1d, nn.ReLU]
    assert kinds == [*[*one, nn.Dropout] * 4, *one]
    assert [layer.out_features for layer in network.hidden if isinstance(layer, nn.Linear)] == hidden
    assert network.penultimate(IMAGES).shape == (3, 16)
    assert network.embed(IMAGES).shape == (3, 64)


def test_the_parameters_of_the_head_and_those_of_the_body_are_all_there_are(tiny):
    network = build_network(tiny(head={"hidden": [8], "norm": "layer"}), 3)
    head = {id(parameter) for parameter in network.head_parameters()}
    body = {id(parameter) for parameter in network.backbone.parameters()}
    assert len(head) == 6
    assert head.isdisjoint(body)
    assert head | body == {id(parameter) for parameter in network.parameters()}


def test_a_head_that_norms_within_a_lesion_trains_on_one_lesion(tiny):
    network = build_network(tiny(norm="group", head={"hidden": [8], "norm": "layer"}), 3).train()
    network(IMAGES[:1]).sum().backward()
    assert all(parameter.grad is not None for parameter in network.parameters())


def test_a_seed_gives_the_same_body_whatever_the_head(tiny):
    bodies = []
    for head in ({}, {"hidden": [8]}):
        torch.manual_seed(3)
        bodies.append(build_network(tiny(head=head), 3).backbone.state_dict())
    assert all(torch.equal(bodies[0][name], bodies[1][name]) for name in bodies[0])
