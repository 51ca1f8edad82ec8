from __future__ import annotations

import pytest
import torch
from monai.networks.nets import resnet18

from samesplit.errors import ModelError
from samesplit.models.networks.architectures.build import build_network
from samesplit.pretrained.weights import adapt_first_layer


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    """A state dict named as torchvision's: conv1 with three channels, fc with 1,000 classes."""
    torch.manual_seed(5)
    network = resnet18(
        spatial_dims=2, n_input_channels=3, conv1_t_stride=2, num_classes=1000, bias_downsample=False
    )
    path = tmp_path_factory.mktemp("weights") / "resnet18.pth"
    torch.save(network.state_dict(), path)
    return path


def settings(tiny, **changes):
    return tiny(network="resnet18", width=1, stem="standard", **changes)


@pytest.mark.parametrize(("view", "sides"), [("2.5d", (24, 24)), ("3d", (24, 24, 24))])
@pytest.mark.parametrize("stem", ["standard", "medium", "small"])
def test_every_stem_gives_one_logit_a_lesion(tiny, view, sides, stem):
    network = build_network(tiny(stem=stem, inputs={"view": view, "size": 24}), 2)
    assert network(torch.zeros(3, 2, *sides)).shape == (3, 1)


def test_a_deeper_network_has_a_head_that_fits(tiny):
    network = build_network(tiny(network="resnet50", width=0.25), 3)
    assert network(torch.zeros(2, 3, 32, 32)).shape == (2, 1)


@pytest.mark.parametrize(
    ("norm", "layer"), [("batch", "BatchNorm2d"), ("group", "GroupNorm"), ("instance", "InstanceNorm2d")]
)
def test_the_normalisation_is_the_one_asked_for(tiny, norm, layer):
    network = build_network(tiny(norm=norm, width=0.13), 2)
    found = {type(module).__name__ for module in network.modules() if "Norm" in type(module).__name__}
    assert found == {layer}
    alone, among = torch.randn(1, 2, 24, 24), torch.randn(3, 2, 24, 24)
    same = torch.allclose(
        network(torch.cat([alone, among]))[:1], network(torch.cat([alone, 2 * among]))[:1], atol=1e-4
    )
    assert same == (norm != "batch")  # the others of a batch matter to batch normalisation alone


def test_weights_made_with_batch_normalisation_go_with_no_other(tiny):
    with pytest.raises(ValueError, match="norm: batch"):
        settings(tiny, weights="resnet18.pth", norm="group")


def test_imagenet_weights_load_and_the_last_layer_stays_new(tiny, weights):
    given = torch.load(weights, weights_only=True)
    network = build_network(settings(tiny), 3, weights=weights)
    assert torch.equal(network.backbone.conv1.weight, given["conv1.weight"])
    assert torch.equal(network.backbone.layer4[1].bn2.running_mean, given["layer4.1.bn2.running_mean"])
    assert network.head.out_features == 1


def test_more_channels_than_the_weights_have_answer_alike_to_equal_channels(tiny, weights):
    given = torch.load(weights, weights_only=True)["conv1.weight"]
    network = build_network(settings(tiny), 6, weights=weights)
    grey = torch.rand(1, 1, 20, 20)
    old = torch.nn.functional.conv2d(grey.expand(-1, 3, -1, -1), given)
    new = torch.nn.functional.conv2d(grey.expand(-1, 6, -1, -1), network.backbone.conv1.weight)
    torch.testing.assert_close(new, old)


def test_the_same_number_of_channels_keeps_the_first_layer():
    weight = torch.rand(4, 3, 7, 7)
    assert adapt_first_layer(weight, 3) is weight


def test_a_data_parallel_state_dict_loads_without_its_prefix(tiny, weights, tmp_path):
    given = torch.load(weights, weights_only=True)
    path = tmp_path / "prefixed.pt"
    torch.save({"state_dict": {f"module.{name}": value for name, value in given.items()}}, path)
    network = build_network(settings(tiny), 3, weights=path)
    assert torch.equal(network.backbone.conv1.weight, given["conv1.weight"])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"network": "resnet34"}, r"missing: layer1\.2"),
        ({"network": "resnet10"}, r"unknown: layer1\.1"),
        ({"inputs": {"view": "3d"}}, r"of another shape: conv1\.weight"),
    ],
)
def test_weights_of_another_network_are_refused_by_name(tiny, weights, changes, message):
    with pytest.raises(ModelError, match=message):
        build_network(
            tiny(**{"network": "resnet18", "width": 1, "stem": "standard", **changes}), 3, weights=weights
        )


@pytest.mark.parametrize(
    ("content", "message"),
    [(None, "do not exist"), (b"not a tensor file", "cannot be read"), ([torch.zeros(1)], "no state dict")],
)
def test_a_file_that_holds_no_weights_is_named(tiny, tmp_path, content, message):
    path = tmp_path / "weights.pt"
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif content is not None:
        torch.save(content, path)
    with pytest.raises(ModelError, match=message) as caught:
        build_network(settings(tiny), 3, weights=path)
    assert str(path) in str(caught.value)
    assert caught.value.remedy


def test_shortcuts_without_parameters_come_from_the_weights_and_are_found_again_in_what_is_saved(
    tiny, tmp_path
):
    """Type A, as MedicalNet's ResNet-18 and -34 have it."""
    given = resnet18(
        spatial_dims=3,
        n_input_channels=1,
        conv1_t_stride=2,
        feed_forward=False,
        shortcut_type="A",
        widen_factor=0.125,
    )
    path = tmp_path / "weights.pt"
    torch.save({"state_dict": {f"module.{name}": value for name, value in given.state_dict().items()}}, path)
    three = settings(tiny, inputs={"view": "3d", "size": 32}).model_copy(update={"width": 0.125})
    network = build_network(three, 1, weights=path).eval()
    images = torch.rand(2, 1, 32, 32, 32)
    torch.testing.assert_close(network.embed(images), given.eval()(images))
    again = build_network(three, 1, saved=network.state_dict()).eval()
    again.load_state_dict(network.state_dict())
    assert torch.equal(again(images), network(images))
