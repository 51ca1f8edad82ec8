"""The encoders of nnU-Net v2 and nnssl, with their names.

`dynamic-network-architectures`, which nnU-Net takes them from, pins old versions of packages that are not needed
here; channels, kernels and blocks are read off the weights, strides off the plans.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from torch import Tensor, nn

from samesplit.errors import ModelError
from samesplit.pretrained.encoders.base import Encoder
from samesplit.pretrained.files import WeightsFile

__all__ = ["NnUNetEncoder", "stage_strides"]

Sides = tuple[int, ...]


class NnUNetEncoder(Encoder):
    """The encoder of a PlainConvUNet or ResidualEncoderUNet, as its weights have it.

    Args:
        shapes: The weights under the encoder's names (`stages.0.0.convs.0.conv.weight`, `stem...`).
        strides: Of each stage, along each side.
        channels: Number of input channels.

    Source:
        Isensee et al. 2021, doi:10.1038/s41592-020-01008-z; Isensee et al. 2024, arXiv:2404.09556 (ResEnc);
        https://github.com/MIC-DKFZ/dynamic-network-architectures.
    """

    def __init__(self, shapes: Mapping[str, Tensor], strides: Sequence[Sides], *, channels: int = 1) -> None:
        body = _Body(shapes, strides, channels)
        super().__init__(body, body.features)

    def forward(self, images: Tensor) -> Tensor:
        """Return the feature map of the bottleneck."""
        return cast("Tensor", self.body(images))


class _Convolution(nn.Module):
    """A convolution, a normalisation and, where asked for, a leaky ReLU: `ConvDropoutNormReLU`."""

    def __init__(
        self, shapes: Mapping[str, Tensor], at: str, *, channels: int, stride: Sides, activation: bool = True
    ) -> None:
        super().__init__()
        weight = shapes[f"{at}.conv.weight"]
        kernel = tuple(weight.shape[2:])
        three = len(kernel) == 3
        self.conv = (nn.Conv3d if three else nn.Conv2d)(
            channels,
            weight.shape[0],
            cast("Any", kernel),
            cast("Any", stride),
            padding=cast("Any", tuple((side - 1) // 2 for side in kernel)),
            bias=f"{at}.conv.bias" in shapes,
        )
        if f"{at}.norm.running_mean" in shapes:
            self.norm: nn.Module = (nn.BatchNorm3d if three else nn.BatchNorm2d)(weight.shape[0])
        else:
            self.norm = (nn.InstanceNorm3d if three else nn.InstanceNorm2d)(weight.shape[0], affine=True)
        self.activation = nn.LeakyReLU() if activation else nn.Identity()

    def forward(self, images: Tensor) -> Tensor:
        return cast("Tensor", self.activation(self.norm(self.conv(images))))


class _Stack(nn.Module):
    def __init__(self, shapes: Mapping[str, Tensor], at: str, *, channels: int, stride: Sides) -> None:
        super().__init__()
        convs: list[nn.Module] = []
        while f"{at}.convs.{len(convs)}.conv.weight" in shapes:
            one = f"{at}.convs.{len(convs)}"
            convs.append(
                _Convolution(
                    shapes, one, channels=channels, stride=stride if not convs else (1,) * len(stride)
                )
            )
            channels = shapes[f"{one}.conv.weight"].shape[0]
        self.convs = nn.Sequential(*convs)
        self.features = channels

    def forward(self, images: Tensor) -> Tensor:
        return cast("Tensor", self.convs(images))


class _Residual(nn.Module):
    def __init__(self, shapes: Mapping[str, Tensor], at: str, *, channels: int, stride: Sides) -> None:
        super().__init__()
        same = (1,) * len(stride)
        self.features = shapes[f"{at}.conv1.conv.weight"].shape[0]
        self.conv1 = _Convolution(shapes, f"{at}.conv1", channels=channels, stride=stride)
        self.conv2 = _Convolution(
            shapes, f"{at}.conv2", channels=self.features, stride=same, activation=False
        )
        self.nonlin2 = nn.LeakyReLU()
        skip: list[nn.Module] = []
        if stride != same:
            pool = nn.AvgPool3d if len(stride) == 3 else nn.AvgPool2d
            skip.append(pool(cast("Any", stride), cast("Any", stride)))
        if channels != self.features:
            projection = f"{at}.skip.{len(skip)}"
            if f"{projection}.conv.weight" in shapes:
                skip.append(
                    _Convolution(shapes, projection, channels=channels, stride=same, activation=False)
                )
        self.skip = nn.Sequential(*skip)

    def forward(self, images: Tensor) -> Tensor:
        return cast("Tensor", self.nonlin2(self.conv2(self.conv1(images)) + self.skip(images)))


class _Blocks(nn.Module):
    def __init__(self, shapes: Mapping[str, Tensor], at: str, *, channels: int, stride: Sides) -> None:
        super().__init__()
        blocks: list[nn.Module] = []
        while f"{at}.blocks.{len(blocks)}.conv1.conv.weight" in shapes:
            block = _Residual(
                shapes,
                f"{at}.blocks.{len(blocks)}",
                channels=channels,
                stride=stride if not blocks else (1,) * len(stride),
            )
            blocks.append(block)
            channels = block.features
        self.blocks = nn.Sequential(*blocks)
        self.features = channels

    def forward(self, images: Tensor) -> Tensor:
        return cast("Tensor", self.blocks(images))


class _Body(nn.Module):
    def __init__(self, shapes: Mapping[str, Tensor], strides: Sequence[Sides], channels: int) -> None:
        super().__init__()
        stages: list[nn.Module] = []
        residual = "stages.0.blocks.0.conv1.conv.weight" in shapes
        if residual:
            self.stem = _Stack(shapes, "stem", channels=channels, stride=(1,) * len(strides[0]))
            channels = self.stem.features
        for number, stride in enumerate(strides):
            stage: _Blocks | _Stack
            if residual:
                stage = _Blocks(shapes, f"stages.{number}", channels=channels, stride=stride)
                stages.append(stage)
            else:
                stage = _Stack(shapes, f"stages.{number}.0", channels=channels, stride=stride)
                stages.append(nn.Sequential(stage))
            channels = stage.features
        self.stages = nn.Sequential(*stages)
        self.features = channels

    def forward(self, images: Tensor) -> Tensor:
        if hasattr(self, "stem"):
            images = self.stem(images)
        return cast("Tensor", self.stages(images))


def stage_strides(file: WeightsFile, shapes: Mapping[str, Tensor]) -> list[Sides]:
    """Find by how much each stage makes an image coarser, which stands in the plans and not in the weights.

    Args:
        file: The checkpoint; nnU-Net keeps the plans in it, nnssl an adaptation plan.
        shapes: Its weights under the encoder's names.

    Raises:
        ModelError: There are no plans in the file, nor a plans.json beside it or above it, or they are of another
            network.
    """
    stages = 1 + max(int(found.group(1)) for name in shapes if (found := re.match(r"stages\.(\d+)\.", name)))
    sides = next(value.ndim for name, value in shapes.items() if name.endswith("conv.weight")) - 2
    if "nnssl_adaptation_plan" in file.beside:
        strides: Any = _of_nnssl(file.beside["nnssl_adaptation_plan"]) or [1] + [2] * (stages - 1)
    else:
        strides = _of_plans(file)
    each = [tuple(one) if isinstance(one, list | tuple) else (int(one),) * sides for one in strides]
    if len(each) != stages or any(len(one) != sides for one in each):
        raise ModelError(
            f"the plans have {len(each)} stages in {len(each[0]) if each else 0} dimensions, "
            f"the weights {stages} in {sides}",
            where=file.path,
            remedy="keep the plans.json of the same training and configuration beside the checkpoint",
        )
    return each


def _of_nnssl(plan: Any) -> Any:
    architecture = plan.get("architecture_plans") if isinstance(plan, dict) else None
    given = architecture.get("arch_kwargs") if isinstance(architecture, dict) else None
    return given.get("strides") if isinstance(given, dict) else None


def _of_plans(file: WeightsFile) -> Any:
    started = file.beside.get("init_args")
    started = started if isinstance(started, dict) else {}
    plans = started.get("plans") or _plans_nearby(file.path)
    if not isinstance(plans, dict):
        raise ModelError(
            "the strides of an nnU-Net stand in its plans, and neither the file nor its folders have any",
            where=file.path,
            remedy="put the plans.json of the training beside the checkpoint",
        )
    configurations = plans.get("configurations") or {}
    named = [str(started.get("configuration")), *(part.rpartition("__")[2] for part in file.path.parts[::-1])]
    name = next((one for one in named if one in configurations), "3d_fullres")
    return _of_configuration(configurations, name) or []


def _plans_nearby(path: Path) -> Any:
    for folder in path.parents[:3]:
        file = folder / "plans.json"
        if file.is_file():
            try:
                return json.loads(file.read_text(encoding="utf-8"))
            except (OSError, ValueError) as error:
                raise ModelError(
                    f"the plans cannot be read ({error})", where=file, remedy="copy plans.json again"
                ) from error
    return None


def _of_configuration(configurations: dict[str, Any], name: str) -> Any:
    configuration = configurations.get(name) or {}
    architecture = configuration.get("architecture") or {}
    strides = (architecture.get("arch_kwargs") or {}).get("strides") or configuration.get(
        "pool_op_kernel_sizes"
    )
    parent = configuration.get("inherits_from")
    return strides if strides or parent is None else _of_configuration(configurations, parent)
