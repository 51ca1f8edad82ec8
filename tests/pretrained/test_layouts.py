"""Tiny random networks, written as their publishers write them, must load with every number where it belongs."""

from __future__ import annotations

import json
import re

import pytest
import torch
from monai.networks.nets import DenseNet, SegResNet, SwinUNETR
from monai.networks.nets.segresnet_ds import SegResEncoder, SegResNetDS2
from safetensors.torch import save_file
from torch import nn

from samesplit.errors import ModelError
from samesplit.pretrained.encoders.build import pretrained_encoder, random_encoder
from samesplit.pretrained.encoders.resnet import ResNetEncoder
from samesplit.pretrained.encoders.unet3d import UNet3DEncoder
from samesplit.pretrained.files import read_weights
from samesplit.pretrained.layouts import LAYOUTS
from samesplit.pretrained.weights import load_into, resnet_shortcuts


def prefixed(prefix, state, **more):
    return {f"{prefix}{name}": value for name, value in state.items()} | more


def resnet(network, **options):
    """The state dict of a random ResNet, an eighth as wide, with running statistics of its own."""
    torch.manual_seed(0)
    encoder = ResNetEncoder(network, **{"width": 0.125, **options})
    for name, value in encoder.body.named_buffers():
        if name.endswith(("running_mean", "running_var")):
            nn.init.uniform_(value, 0.5, 1.5)
    return encoder.body.state_dict()


def checked(network, path, original, **options):
    """Load, and compare every number with the network that was written."""
    encoder, layout = pretrained_encoder(network, read_weights(path), **options)
    loaded = encoder.body.state_dict()
    for name, value in original.items():
        torch.testing.assert_close(loaded[name], value, rtol=0, atol=0)
    assert loaded.keys() == original.keys()
    assert not any(parameter.requires_grad for parameter in encoder.parameters())
    return encoder, layout


@pytest.mark.parametrize(
    ("network", "shortcut"), [("resnet10", "B"), ("resnet18", "A"), ("resnet34", "A"), ("resnet50", "B")]
)
def test_medicalnet_loads_with_the_shortcuts_of_its_file(tmp_path, network, shortcut):
    original = resnet(network, shortcut_type=shortcut)
    path = tmp_path / "resnet_23dataset.pth"
    torch.save({"epoch": 0, "arch": network, "state_dict": prefixed("module.", original)}, path)
    assert resnet_shortcuts(path) == {"shortcut_type": shortcut, "bias_downsample": False}
    encoder, layout = checked(network, path, original, width=0.125, dilated=True)
    assert layout == "medicalnet"
    # Dilated, as its authors trained it: the sides are an eighth; as a classifier they would be a thirty-second.
    features = 256 if network == "resnet50" else 64
    assert encoder(torch.zeros(1, 1, 32, 32, 32)).shape == (1, features, 4, 4, 4)
    plain, _ = checked(network, path, original, width=0.125)
    assert plain(torch.zeros(1, 1, 32, 32, 32)).shape == (1, features, 1, 1, 1)


def test_a_dilated_block_is_what_medicalnet_computes():
    torch.manual_seed(1)
    body = ResNetEncoder("resnet18", width=0.125, shortcut_type="A", dilated=True).eval().body
    block, images = body.layer4[0], torch.rand(1, 32, 6, 6, 6)
    hidden = torch.nn.functional.conv3d(images, block.conv1.weight, padding=4, dilation=4)
    hidden = torch.nn.functional.conv3d(
        torch.relu(block.bn1(hidden)), block.conv2.weight, padding=4, dilation=4
    )
    shortcut = torch.cat([images, torch.zeros_like(images)], dim=1)
    torch.testing.assert_close(block(images), torch.relu(block.bn2(hidden) + shortcut))


def test_radimagenet_loads_from_its_numbered_layers(tmp_path):
    original = resnet("resnet50", dimensions=2, channels=3)
    numbers = {"conv1": 0, "bn1": 1, "layer1": 4, "layer2": 5, "layer3": 6, "layer4": 7}
    published = {
        "backbone." + re.sub(r"^\w+", lambda first: str(numbers[first.group()]), name): value
        for name, value in original.items()
    }
    assert {
        "backbone.0.weight",
        "backbone.1.running_var",
        "backbone.4.0.downsample.1.bias",
    } <= published.keys()
    torch.save(published, tmp_path / "ResNet50.pt")
    _, layout = checked("resnet50", tmp_path / "ResNet50.pt", original, width=0.125, dimensions=2, channels=3)
    assert layout == "radimagenet"


def test_fmcib_loads_with_its_biased_shortcuts_and_double_width(tmp_path):
    original = resnet("resnet50", width=0.25, bias_downsample=True)
    content = {"trunk_state_dict": original, "head_state_dict": {"0.weight": torch.zeros(1)}}
    torch.save(content, tmp_path / "model_weights.torch")
    encoder, _ = checked("resnet50", tmp_path / "model_weights.torch", original, width=0.25)
    assert "layer2.0.downsample.0.bias" in encoder.body.state_dict()
    checked("resnet50", tmp_path / "model_weights.torch", original, width=0.25, layout="fmcib")
    with pytest.raises(
        ModelError, match=r"of another shape: conv1\.weight \(16, 1, 7, 7, 7\) instead of \(8"
    ):
        pretrained_encoder("resnet50", read_weights(tmp_path / "model_weights.torch"), width=0.125)


@pytest.mark.parametrize(
    ("prefix", "more", "layout"),
    [
        ("", {"fc.weight": torch.zeros(3, 4)}, "torchvision"),
        ("model.", {"loss.weight": torch.zeros(2)}, "lightning"),
        ("model.", {"model.head.weight": torch.zeros(2)}, "lightning"),
        (
            "module.encoder_q.",
            {"module.encoder_k.conv1.weight": torch.zeros(2), "module.queue": torch.zeros(2)},
            "moco",
        ),
        ("module.encoder_q.", {"module.encoder_q.fc.0.weight": torch.zeros(2)}, "moco"),
        ("encoder.", {"projector.0.weight": torch.zeros(2)}, "simclr"),
        ("backbone.", {"projection_head.layers.0.weight": torch.zeros(2)}, "simclr"),
        ("_orig_mod.", {}, "lightning"),
    ],
)
def test_prefixes_come_off_and_what_belongs_elsewhere_stays_out(tmp_path, prefix, more, layout):
    original = resnet("resnet10", dimensions=2)
    torch.save({"state_dict": prefixed(prefix, original, **more)}, tmp_path / "last.ckpt")
    _, found = checked("resnet10", tmp_path / "last.ckpt", original, width=0.125, dimensions=2)
    assert found == layout


def test_ct_fm_loads_from_safetensors_with_its_config(tmp_path):
    original = SegResEncoder(init_filters=4, blocks_down=(1, 2, 2, 4, 4), in_channels=1).state_dict()
    assert {
        "conv_init.weight",
        "layers.0.downsample.weight",
        "layers.4.blocks.3.norm2.bias",
    } <= original.keys()
    save_file(original, tmp_path / "model.safetensors")
    config = {"blocks_down": [1, 2, 2, 4, 4], "in_channels": 1, "init_filters": 4, "spatial_dims": 3}
    (tmp_path / "config.json").write_text(json.dumps(config))
    _, layout = checked("segresnet", tmp_path / "model.safetensors", original, width=0.125)
    assert layout == "ct-fm"
    whole = prefixed("encoder.", original, **{"up_layers.0.upsample.weight": torch.zeros(1)})
    save_file(whole, tmp_path / "segresnet.safetensors")
    checked("segresnet", tmp_path / "segresnet.safetensors", original, width=0.125, layout="ct-fm")
    (tmp_path / "config.json").write_text(json.dumps(config | {"blocks_down": [1, 2, 2, 4]}))
    with pytest.raises(ModelError, match=r"config\.json says blocks_down \[1, 2, 2, 4\]"):
        pretrained_encoder("segresnet", read_weights(tmp_path / "model.safetensors"), width=0.125)
    (tmp_path / "config.json").write_text("{")
    with pytest.raises(ModelError, match=r"config\.json: it cannot be read"):
        pretrained_encoder("segresnet", read_weights(tmp_path / "model.safetensors"), width=0.125)


@pytest.mark.parametrize(("container", "prefix"), [("net", "module."), ("state_dict", ""), ("model", "")])
def test_monais_segresnet_of_suprem_and_of_bundles_loads_without_its_decoder(tmp_path, container, prefix):
    torch.manual_seed(4)
    network = SegResNet(init_filters=8, blocks_down=(1, 2, 2, 4), blocks_up=(1, 1, 1), dropout_prob=0.2)
    torch.save({container: prefixed(prefix, network.state_dict())}, tmp_path / "model.pt")
    encoder, layout = pretrained_encoder("monai-segresnet", read_weights(tmp_path / "model.pt"), width=0.5)
    assert (layout, encoder.features) == ("monai-segresnet", 64)
    images = torch.rand(1, 1, 16, 16, 16)
    torch.testing.assert_close(encoder(images), network.eval().encode(images)[0])


@pytest.mark.parametrize("prefix", ["network.image_encoder.", "image_encoder."])
def test_vista3d_gives_its_encoder_with_instance_norm(tmp_path, prefix):
    network = SegResNetDS2(init_filters=6, blocks_down=(1, 2, 2, 4, 4), norm="instance", out_channels=6)
    published = prefixed(prefix, network.state_dict(), **{f"{prefix[:-14]}class_head.weight": torch.zeros(1)})
    save_file({name: value.contiguous() for name, value in published.items()}, tmp_path / "model.safetensors")
    encoder, layout = checked(
        "segresnet", tmp_path / "model.safetensors", network.encoder.state_dict(), width=0.1875
    )
    assert (layout, encoder.features) == ("vista3d", 96)
    assert not any("running" in name for name in encoder.body.state_dict())


@pytest.mark.parametrize(
    ("container", "prefix", "layout"),
    [("state_dict", "module.", "models-genesis"), ("net", "module.backbone.", "suprem")],
)
def test_the_unet3d_of_models_genesis_and_suprem_loads_without_its_decoder(
    tmp_path, container, prefix, layout
):
    torch.manual_seed(2)
    original = UNet3DEncoder(width=0.125).body.state_dict()
    assert {"down_tr64.ops.0.conv1.bias", "down_tr512.ops.1.bn1.num_batches_tracked"} <= original.keys()
    decoder = {
        f"{prefix}up_tr256.up_conv.weight": torch.zeros(1),
        f"{prefix}out_tr.final_conv.bias": torch.zeros(1),
    }
    elsewhere = {"module.organ_embedding": torch.zeros(1)} if layout == "suprem" else {}
    torch.save({container: prefixed(prefix, original, **decoder, **elsewhere)}, tmp_path / "unet.pth")
    encoder, found = checked("unet3d", tmp_path / "unet.pth", original, width=0.125)
    assert found == layout
    # Its batch norm looks at the image itself: the running statistics change nothing.
    images = torch.rand(1, 1, 16, 16, 16)
    before = encoder(images)
    encoder.body.down_tr64.ops[0].bn1.running_mean.fill_(5)
    assert torch.equal(encoder(images), before)


@pytest.mark.parametrize("v2", [False, True])
def test_swin_unetr_gives_its_transformer(tmp_path, v2):
    network = SwinUNETR(in_channels=1, out_channels=2, feature_size=12, use_v2=v2)
    original = network.swinViT.state_dict()
    torch.save({"state_dict": network.state_dict()}, tmp_path / "swin_unetr.pt")
    _, layout = checked("swin-unetr", tmp_path / "swin_unetr.pt", original, width=0.25)
    assert layout == "swin-unetr"
    torch.save({"net": prefixed("module.backbone.", network.state_dict())}, tmp_path / "suprem.pth")
    checked("swin-unetr", tmp_path / "suprem.pth", original, width=0.25)


def test_self_supervised_swin_transformers_load_from_both_older_namings(tmp_path):
    original = SwinUNETR(in_channels=1, out_channels=2, feature_size=12).swinViT.state_dict()
    older = {name.replace(".mlp.linear", ".mlp.fc"): value for name, value in original.items()}
    heads = {"module.rotation_head.weight": torch.zeros(1), "module.convTrans3d.bias": torch.zeros(1)}
    torch.save({"state_dict": prefixed("module.", older, **heads)}, tmp_path / "model_swinvit.pt")
    assert checked("swin-unetr", tmp_path / "model_swinvit.pt", original, width=0.25)[1] == "swin-ssl"
    nested = {
        re.sub(r"^(layers\d\.0\.)", r"encoder.\g<1>0.", name): value for name, value in original.items()
    }
    nested = {
        name if name.startswith("encoder.") else f"encoder.{name}": value for name, value in nested.items()
    }
    more = {
        "encoder.mask_token": torch.zeros(1),
        "encoder.norm.weight": torch.zeros(1),
        "decoder.x": torch.zeros(1),
    }
    torch.save({"model": nested | more}, tmp_path / "ssl_pretrained_weights.pth")
    found = checked("swin-unetr", tmp_path / "ssl_pretrained_weights.pth", original, width=0.25)
    assert found[1] == "swin-disruptive"


@pytest.mark.parametrize("prefix", ["", "model.", "module."])
def test_any_other_network_of_monai_loads_by_its_own_names_without_its_last_layer(tmp_path, prefix):
    options = {
        "spatial_dims": 2,
        "out_channels": 2,
        "init_features": 4,
        "growth_rate": 2,
        "block_config": (1, 1),
    }
    published = DenseNet(in_channels=3, **options)
    torch.save({"state_dict": prefixed(prefix, published.state_dict())}, tmp_path / "densenet.ckpt")
    network = DenseNet(in_channels=1, **options)
    network.class_layers.out = nn.Identity()
    assert load_into(network, tmp_path / "densenet.ckpt") == "monai-without-head"
    torch.testing.assert_close(
        network.features.conv0.weight, published.features.conv0.weight.sum(1, keepdim=True)
    )
    whole = DenseNet(in_channels=3, **options)
    assert load_into(whole, tmp_path / "densenet.ckpt") == "monai"
    images = torch.rand(1, 3, 32, 32)
    torch.testing.assert_close(whole.eval()(images), published.eval()(images))


def test_every_layout_says_where_its_names_come_from():
    assert len({layout.name for layout in LAYOUTS}) == len(LAYOUTS)
    assert all(layout.source and layout.title for layout in LAYOUTS)


def test_a_grey_image_is_seen_as_by_the_three_channels_of_the_file(tmp_path):
    torch.save(resnet("resnet10", dimensions=2, channels=3), tmp_path / "rgb.pt")
    file = read_weights(tmp_path / "rgb.pt")
    grey = torch.rand(1, 1, 64, 64)
    one, _ = pretrained_encoder("resnet10", file, width=0.125, dimensions=2, channels=1)
    three, _ = pretrained_encoder("resnet10", file, width=0.125, dimensions=2, channels=3)
    torch.testing.assert_close(one(grey), three(grey.expand(-1, 3, -1, -1)), rtol=1e-5, atol=1e-6)


def test_weights_of_another_network_are_refused_with_the_layouts_that_were_tried(tmp_path):
    torch.save({"model.layers.0.weight": torch.zeros(2, 2)}, tmp_path / "other.pt")
    with pytest.raises(ModelError, match="no key map") as caught:
        pretrained_encoder("resnet18", read_weights(tmp_path / "other.pt"))
    assert all(name in caught.value.remedy for name in ("torchvision", "medicalnet", "moco", "lightning"))
    assert "models-genesis" not in caught.value.remedy
    torch.save(resnet("resnet18"), tmp_path / "resnet18.pt")
    body = ResNetEncoder("resnet10", width=0.125).body
    with pytest.raises(ModelError, match=r"unknown: layer1\.1\.bn1\.bias.*in the layout torchvision"):
        load_into(body, tmp_path / "resnet18.pt")
    with pytest.raises(ModelError, match="no key map"):
        load_into(body, tmp_path / "resnet18.pt", layout="moco")
    with pytest.raises(ModelError, match="there is no layout 'medcalnet'"):
        load_into(body, tmp_path / "resnet18.pt", layout="medcalnet")


def test_weights_of_a_training_that_failed_are_refused(tmp_path):
    original = resnet("resnet10")
    torch.save(original | {"bn1.bias": torch.full_like(original["bn1.bias"], torch.nan)}, tmp_path / "a.pt")
    with pytest.raises(ModelError, match=r"not numbers \('bn1\.bias'\)"):
        pretrained_encoder("resnet10", read_weights(tmp_path / "a.pt"), width=0.125)


def test_random_weights_follow_their_seed_and_leave_the_callers_random_numbers_alone():
    torch.manual_seed(7)
    expected = torch.rand(3)
    torch.manual_seed(7)
    encoders = [random_encoder("resnet10", seed=seed, width=0.125) for seed in (1, 1, 2)]
    assert torch.equal(torch.rand(3), expected)
    first, again, other = (encoder.body.conv1.weight for encoder in encoders)
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    with pytest.raises(ModelError, match="built from its weights"):
        random_encoder("nnunet", seed=1)
