from __future__ import annotations

import pytest
import torch
from monai.networks.nets import DenseNet
from monai.networks.nets.segresnet_ds import SegResEncoder
from safetensors.torch import save_file
from torch import nn

from samesplit.errors import ModelError
from samesplit.models.networks.architectures.build import build_network
from samesplit.models.networks.architectures.monai_networks import check_monai_network
from samesplit.models.networks.explanation.grad_cam import class_activation_maps, explained_layer
from samesplit.models.networks.settings import NetworkSettings

DENSE = {"init_features": 8, "growth_rate": 4, "block_config": [1, 1]}
VIT = {"patch_size": 8, "hidden_size": 16, "mlp_dim": 16, "num_layers": 1, "num_heads": 2}
SWIN = {
    "embed_dim": 12,
    "window_size": [4, 4],
    "patch_size": [2, 2],
    "depths": [1, 1, 1, 1],
    "num_heads": [1] * 4,
}
ENCODER = {"init_filters": 4, "blocks_down": [1, 1]}


def settings(
    network: str, parameters: dict, view: str = "2.5d", *, size: int = 32, **changes: object
) -> NetworkSettings:
    given = {"network": f"monai:{network}", "parameters": parameters, "inputs": {"view": view, "size": size}}
    return NetworkSettings.model_validate({"name": "mine", "title": "Mine", **given, **changes})


@pytest.mark.parametrize(
    ("network", "parameters", "view", "features", "target"),
    [
        ("DenseNet", DENSE, "2.5d", 10, "backbone.class_layers.relu"),
        ("DenseNet", DENSE, "3d", 10, "backbone.class_layers.relu"),
        ("ViT", VIT, "2.5d", 16, "backbone.patch_embedding.patch_embeddings"),
        ("SEResNet50", {"layers": [1, 1, 1, 1]}, "2d", 2048, "backbone.layer4"),
        ("EfficientNetBN", {"model_name": "efficientnet-b0"}, "2d", 1280, "backbone._bn1"),
        ("swin_unetr.SwinTransformer", SWIN, "2.5d", 192, "maps"),
        ("segresnet_ds.SegResEncoder", ENCODER, "3d", 8, "maps"),
    ],
)
def test_a_network_by_name_has_a_body_a_head_and_a_layer_for_grad_cam(
    network, parameters, view, features, target
):
    made = settings(network, parameters, view)
    built = build_network(made, made.inputs.channels_per_sequence, classes=3).train()
    images = torch.rand(2, made.inputs.channels_per_sequence, *(32,) * made.inputs.dimensions)
    logits = built(images)
    logits.sum().backward()
    assert logits.shape == (2, 3)
    assert built.embed(images).shape == (2, features)
    assert built.head.weight.grad is not None
    assert {layer: name for name, layer in built.named_modules()}[built.target_layer()] == target
    assert {id(one) for one in built.head_parameters()} == {id(built.head.weight), id(built.head.bias)}


def test_a_network_by_name_may_have_hidden_layers_and_another_normalisation():
    built = build_network(settings("DenseNet", DENSE, norm="group", head={"hidden": [8]}), 3)
    assert built.penultimate(torch.rand(2, 3, 32, 32)).shape == (2, 8)
    assert not any(isinstance(layer, nn.BatchNorm2d) for layer in built.modules())


def test_a_transformer_gives_logits_and_not_their_hyperbolic_tangent():
    built = build_network(settings("ViT", VIT), 3).eval()
    with torch.no_grad():
        built.head.bias += 10
    assert (built(torch.rand(2, 3, 32, 32)) > 5).all()


def test_its_parameters_come_back_from_a_state_dict():
    first, second = (build_network(settings("DenseNet", DENSE), 3).eval() for _ in range(2))
    second.load_state_dict(first.state_dict())
    images = torch.rand(2, 3, 32, 32)
    assert torch.equal(first(images), second(images))


def test_it_starts_from_the_state_dict_of_its_class_whatever_that_was_trained_to_tell_apart(tmp_path):
    given = DenseNet(spatial_dims=2, in_channels=1, out_channels=7, **DENSE)
    path = tmp_path / "weights.pt"
    torch.save({"state_dict": {f"model.{name}": value for name, value in given.state_dict().items()}}, path)
    built = build_network(settings("DenseNet", DENSE, "2d"), 1, weights=path)
    assert torch.equal(built.backbone.features.conv0.weight, given.features.conv0.weight)
    assert built.head.out_features == 1
    with pytest.raises(ModelError, match="of another network"):
        build_network(settings("DenseNet", DENSE | {"growth_rate": 6}, "2d"), 1, weights=path)


def test_encoders_of_published_networks_that_draw_are_fine_tuned_from_their_files(tmp_path):
    """CT-FM's, VISTA3D's and Swin UNETR's, with decoders and heads beside them."""
    given = SegResEncoder(spatial_dims=3, init_filters=4, in_channels=1, blocks_down=(1, 1), norm="batch")
    path = tmp_path / "model.safetensors"
    save_file(
        {f"encoder.{name}": value for name, value in given.state_dict().items()} | {"up.w": torch.zeros(1)},
        path,
    )
    built = build_network(settings("segresnet_ds.SegResEncoder", ENCODER, "3d"), 1, weights=path)
    torch.testing.assert_close(built.backbone.state_dict(), given.state_dict(), rtol=0, atol=0)
    swin = build_network(settings("swin_unetr.SwinTransformer", SWIN, "2d"), 1).backbone.state_dict()
    old = {f"module.swinViT.{name.replace('mlp.linear', 'mlp.fc')}": value for name, value in swin.items()}
    torch.save({"net": old | {"module.decoder1.w": torch.zeros(1)}}, tmp_path / "swin.pt")
    again = build_network(settings("swin_unetr.SwinTransformer", SWIN, "2d"), 1, weights=tmp_path / "swin.pt")
    torch.testing.assert_close(again.backbone.state_dict(), swin, rtol=0, atol=0)


@pytest.mark.parametrize(
    ("network", "parameters", "changes", "message"),
    [
        ("DensNet121", {}, {}, "did you mean 'monai:DenseNet121'"),
        ("gone.Net", {}, {}, "no network called 'gone.Net'"),
        ("DenseNet", {"growth": 4}, {}, "could not be built: TypeError"),
        ("DenseNet", {"in_channels": 4}, {}, "may not set in_channels"),
        ("DenseNet121", {"pretrained": True}, {}, "nothing is downloaded"),
        (
            "UNet",
            {"channels": [4, 8], "strides": [2]},
            {},
            r"no network that classifies: .* \(2, 2, 32, 32\)",
        ),
        ("ViT", {**VIT, "post_activation": "Tanh"}, {}, "no linear layer stands last"),
        ("DenseNet121", {"block_config": [1] * 5, "growth_rate": 2}, {"inputs": {"size": 8}}, "8 x 8 pixels"),
    ],
)
def test_what_cannot_be_is_said_before_anything_runs(network, parameters, changes, message):
    with pytest.raises(ModelError, match=message) as caught:
        settings(network, parameters, **changes).check_ready()
    assert "model 'mine'" in str(caught.value)
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("network", "parameters", "layer"),
    [
        ("DenseNet", DENSE, "backbone.class_layers.relu"),
        ("ViT", VIT, "backbone.patch_embedding.patch_embeddings"),
        ("ViT", {**VIT, "proj_type": "perceptron"}, None),
        ("swin_unetr.SwinTransformer", SWIN, "maps"),
    ],
)
def test_grad_cam_finds_its_layer_or_says_that_there_is_none(network, parameters, layer):
    built = build_network(settings(network, parameters, size=64), 3).eval()
    images = torch.rand(2, 3, 64, 64)
    assert explained_layer(built, images[:1]) == layer
    if layer is not None:
        maps = class_activation_maps(built, images, layer, classes=2)
        assert maps.shape == (2, 2, 64, 64)
        assert 0 <= maps.min() <= maps.max() <= 1
        assert maps.max() > 0


def test_a_check_leaves_the_random_numbers_as_they_were():
    torch.manual_seed(1)
    check_monai_network(settings("DenseNet", DENSE))
    checked = torch.rand(1)
    torch.manual_seed(1)
    assert torch.equal(torch.rand(1), checked)
