from __future__ import annotations

import json

import pytest
import torch

from samesplit.errors import ModelError
from samesplit.pretrained.encoders.build import pretrained_encoder
from samesplit.pretrained.files import read_weights

PLAIN = [[1, 1, 1], [1, 2, 2], [2, 2, 2]]


def convolution(at, filters, channels, kernel=(3, 3, 3)):
    """The parameters of nnU-Net's ConvDropoutNormReLU, each under its two names."""
    conv, bias, scale, shift = torch.rand(filters, channels, *kernel) - 0.5, *torch.rand(3, filters)
    return {
        f"{at}.conv.weight": conv,
        f"{at}.conv.bias": bias,
        f"{at}.norm.weight": scale,
        f"{at}.norm.bias": shift,
        f"{at}.all_modules.0.weight": conv,
        f"{at}.all_modules.0.bias": bias,
        f"{at}.all_modules.1.weight": scale,
        f"{at}.all_modules.1.bias": shift,
    }


def plain():
    """The encoder of a PlainConvUNet with three stages, the first of which looks within slices."""
    torch.manual_seed(3)
    state = {}
    for stage, (filters, channels, kernel) in enumerate(
        [(4, 1, (1, 3, 3)), (8, 4, (3, 3, 3)), (6, 8, (3, 3, 3))]
    ):
        state |= convolution(f"stages.{stage}.0.convs.0", filters, channels, kernel)
        state |= convolution(f"stages.{stage}.0.convs.1", filters, filters, kernel)
    return state


def residual():
    """The encoder of a ResidualEncoderUNet with two stages."""
    torch.manual_seed(4)
    state = convolution("stem.convs.0", 4, 1) | convolution("stages.0.blocks.0.conv1", 4, 4)
    state |= convolution("stages.0.blocks.0.conv2", 4, 4) | convolution("stages.1.blocks.0.conv1", 6, 4)
    state |= convolution("stages.1.blocks.0.conv2", 6, 6)
    projection = convolution("stages.1.blocks.0.skip.1", 6, 4, (1, 1, 1))
    return state | {name: value for name, value in projection.items() if not name.endswith("0.bias")} | {}


def checkpoint(path, encoder, **beside):
    """Write an encoder as nnU-Net does: also inside its decoder."""
    state = {f"encoder.{name}": value for name, value in encoder.items() if "skip.1.conv.bias" not in name}
    state |= {f"decoder.{name}": value for name, value in state.items()}
    path.parent.mkdir(parents=True, exist_ok=True)
    torch.save({"network_weights": state | {"decoder.seg_layers.0.weight": torch.zeros(1)}, **beside}, path)
    return path


def plans(strides):
    return {"configurations": {"3d_fullres": {"architecture": {"arch_kwargs": {"strides": strides}}}}}


def test_nnunet_loads_with_the_plans_in_its_checkpoint(tmp_path):
    started = {"plans": plans(PLAIN), "configuration": "3d_fullres"}
    path = checkpoint(tmp_path / "checkpoint_final.pth", plain(), init_args=started)
    encoder, layout = pretrained_encoder("nnunet", read_weights(path))
    assert (layout, encoder.features) == ("nnunet", 6)
    assert encoder(torch.rand(1, 1, 8, 8, 8)).shape == (1, 6, 4, 2, 2)
    expected = {name: value for name, value in plain().items() if "all_modules" not in name}
    loaded = encoder.body.state_dict()
    assert loaded.keys() == expected.keys()
    assert all(torch.equal(loaded[name], expected[name]) for name in expected)


def test_one_convolution_is_what_nnunet_computes(tmp_path):
    path = checkpoint(tmp_path / "c.pth", plain(), init_args={"plans": plans(PLAIN)})
    encoder, _ = pretrained_encoder("nnunet", read_weights(path))
    state, images = plain(), torch.rand(1, 1, 4, 8, 8)
    at = "stages.0.0.convs.0"
    hidden = torch.nn.functional.conv3d(
        images, state[f"{at}.conv.weight"], state[f"{at}.conv.bias"], padding=(0, 1, 1)
    )
    hidden = torch.nn.functional.instance_norm(
        hidden, weight=state[f"{at}.norm.weight"], bias=state[f"{at}.norm.bias"]
    )
    expected = torch.nn.functional.leaky_relu(hidden, 0.01)
    torch.testing.assert_close(encoder.body.stages[0][0].convs[0](images), expected)


def test_plans_of_older_versions_are_found_above_the_fold(tmp_path):
    folder = tmp_path / "nnUNetTrainer__nnUNetPlans__3d_lowres"
    path = checkpoint(folder / "fold_0" / "checkpoint_final.pth", plain())
    configurations = {
        "3d_lowres": {"inherits_from": "3d_fullres"},
        "3d_fullres": {"pool_op_kernel_sizes": PLAIN},
        "2d": {"pool_op_kernel_sizes": [[1, 1], [2, 2]]},
    }
    (folder / "plans.json").write_text(json.dumps({"configurations": configurations}))
    encoder, _ = pretrained_encoder("nnunet", read_weights(path))
    assert encoder(torch.rand(1, 1, 8, 8, 8)).shape == (1, 6, 4, 2, 2)
    (folder / "plans.json").write_text("{")
    with pytest.raises(ModelError, match="the plans cannot be read"):
        pretrained_encoder("nnunet", read_weights(path))


def test_nnssl_loads_with_its_adaptation_plan(tmp_path):
    plan = {"architecture_plans": {"arch_class_name": "ResEncL"}, "key_to_encoder": "encoder.stages"}
    path = checkpoint(tmp_path / "checkpoint_final.pth", residual(), nnssl_adaptation_plan=plan)
    encoder, _ = pretrained_encoder("nnunet", read_weights(path))
    assert encoder(torch.rand(1, 1, 8, 8, 8)).shape == (1, 6, 4, 4, 4)
    plan["architecture_plans"]["arch_kwargs"] = {"strides": [1, [2, 2, 1]]}
    path = checkpoint(tmp_path / "checkpoint_final.pth", residual(), nnssl_adaptation_plan=plan)
    encoder, _ = pretrained_encoder("nnunet", read_weights(path))
    assert encoder(torch.rand(1, 1, 8, 8, 8)).shape == (1, 6, 4, 4, 8)


def test_a_checkpoint_without_plans_or_with_those_of_another_network_is_refused(tmp_path):
    path = checkpoint(tmp_path / "checkpoint_final.pth", plain())
    with pytest.raises(ModelError, match="neither the file nor its folders") as caught:
        pretrained_encoder("nnunet", read_weights(path))
    assert "plans.json" in caught.value.remedy
    path = checkpoint(tmp_path / "checkpoint_final.pth", plain(), init_args={"plans": plans(PLAIN[:2])})
    with pytest.raises(ModelError, match="the plans have 2 stages in 3 dimensions, the weights 3 in 3"):
        pretrained_encoder("nnunet", read_weights(path))
