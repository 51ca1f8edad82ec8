from __future__ import annotations

import numpy as np
import torch
from torch import nn

from samesplit.models.networks.explanation.embedding import last_layer_inputs, plane_of


def test_what_the_last_linear_layer_sees_is_the_embedding():
    network = nn.Sequential(nn.Flatten(), nn.Linear(4, 3), nn.ReLU(), nn.Linear(3, 1)).eval()
    images = torch.rand(5, 1, 2, 2)
    assert torch.equal(last_layer_inputs(network, images), network[:3](images))


def test_a_network_without_a_linear_layer_has_no_embedding():
    assert last_layer_inputs(nn.Sequential(nn.Conv2d(1, 1, 1), nn.Flatten()), torch.rand(2, 1, 1, 1)) is None


def test_two_groups_of_lesions_stay_two_groups_on_the_plane():
    random = np.random.default_rng(3)
    groups = np.repeat([0, 1], 15)
    plane = plane_of(random.normal(0, 0.1, (30, 8)) + 3 * groups[:, None])
    centres = np.array([plane[groups == group].mean(axis=0) for group in (0, 1)])
    nearest = np.linalg.norm(plane[:, None] - centres, axis=2).argmin(axis=1)
    assert (nearest == groups).all()


def test_lesions_that_a_network_sees_all_alike_lie_on_one_point():
    assert not plane_of(np.ones((12, 4))).any()
