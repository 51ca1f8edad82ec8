"""The encoders of SegResNets: CT-FM's and VISTA3D's, and those of MONAI's model zoo and SuPreM."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from monai.networks.nets.segresnet import SegResNet
from monai.networks.nets.segresnet_ds import SegResEncoder
from torch import Tensor

from samesplit.errors import ModelError
from samesplit.pretrained.encoders.base import Encoder

__all__ = ["MonaiSegResNetEncoder", "SegResNetEncoder", "monai_segresnet_options", "segresnet_options"]


class SegResNetEncoder(Encoder):
    """MONAI's SegResEncoder; the feature map of the deepest level.

    Args:
        width: Multiplies 32, the number of filters of the first level; 1.5 for VISTA3D.
        dimensions: 2 or 3.
        channels: Number of input channels.
        blocks_down: Residual blocks a level; each level but the last halves the sides and doubles the filters.
        norm: The normalisation: batch (CT-FM) or instance (VISTA3D).
        act: The activation.

    Source:
        Myronenko 2018, arXiv:1810.11654; CT-FM: Pai et al. 2025, arXiv:2501.09001; VISTA3D: He et al. 2024,
        arXiv:2406.05285.

    Example:
        >>> import torch
        >>> encoder = SegResNetEncoder(width=0.125)
        >>> encoder(torch.zeros(1, 1, 32, 32, 32)).shape
        torch.Size([1, 64, 2, 2, 2])
    """

    def __init__(
        self,
        *,
        width: float = 1.0,
        dimensions: int = 3,
        channels: int = 1,
        blocks_down: Sequence[int] = (1, 2, 2, 4, 4),
        norm: str = "batch",
        act: str = "relu",
    ) -> None:
        filters = round(32 * width)
        body = SegResEncoder(
            spatial_dims=dimensions,
            init_filters=filters,
            in_channels=channels,
            act=act,
            norm=norm,
            blocks_down=tuple(blocks_down),
        )
        super().__init__(body, filters * 2 ** (len(blocks_down) - 1))

    def forward(self, images: Tensor) -> Tensor:
        """Return the feature map of the deepest level."""
        return cast("Tensor", cast("Any", self.body)(images)[-1])


class MonaiSegResNetEncoder(Encoder):
    """The way down of MONAI's SegResNet, with group normalisation; the feature map of the deepest level.

    Args:
        width: Multiplies 16, the number of filters of the first level; 2 for the bundles of whole-body CT and of
            renal structures.
        dimensions: 2 or 3.
        channels: Number of input channels.
        blocks_down: Residual blocks a level.

    Source:
        Myronenko 2018, arXiv:1810.11654; https://monai.io/model-zoo.

    Example:
        >>> import torch
        >>> MonaiSegResNetEncoder(width=0.5)(torch.zeros(1, 1, 16, 16, 16)).shape
        torch.Size([1, 64, 2, 2, 2])
    """

    def __init__(
        self,
        *,
        width: float = 1.0,
        dimensions: int = 3,
        channels: int = 1,
        blocks_down: Sequence[int] = (1, 2, 2, 4),
    ) -> None:
        filters = round(16 * width)
        body = SegResNet(
            spatial_dims=dimensions,
            init_filters=filters,
            in_channels=channels,
            blocks_down=tuple(blocks_down),
            blocks_up=(1,) * (len(blocks_down) - 1),
        )
        for part in ("up_layers", "up_samples", "conv_final"):
            delattr(body, part)
        super().__init__(body, filters * 2 ** (len(blocks_down) - 1))

    def forward(self, images: Tensor) -> Tensor:
        """Return the feature map of the deepest level."""
        return cast("Tensor", cast("Any", self.body).encode(images)[0])


def monai_segresnet_options(names: Iterable[str]) -> dict[str, Any]:
    """Read off the weights how many blocks each level has.

    Example:
        >>> monai_segresnet_options(["down_layers.0.1.conv1.conv.weight", "down_layers.1.1.norm1.bias"])
        {'blocks_down': (1, 1)}
    """
    return {"blocks_down": _blocks(names, r"down_layers\.(\d+)\.(\d+)\.(?:conv1|norm1)\.")}


def _blocks(names: Iterable[str], pattern: str) -> tuple[int, ...]:
    """Count the blocks of each level by their names."""
    blocks: dict[int, set[int]] = {}
    for name in names:
        if found := re.match(pattern, name):
            blocks.setdefault(int(found.group(1)), set()).add(int(found.group(2)))
    return tuple(len(blocks[level]) for level in sorted(blocks))


def segresnet_options(names: Mapping[str, Tensor], path: Path) -> dict[str, Any]:
    """Read off the weights, and a config.json beside them, what their SegResNet was.

    Args:
        names: The weights under MONAI's names.
        path: The file of the weights.

    Raises:
        ModelError: The config.json cannot be read, or contradicts the weights.
    """
    options: dict[str, Any] = {
        "blocks_down": _blocks(names, r"layers\.(\d+)\.blocks\.(\d+)\."),
        "norm": "batch" if any(name.endswith("running_mean") for name in names) else "instance",
    }
    config = _config(path.with_name("config.json"))
    declared = config.get("blocks_down")
    if declared is not None and tuple(declared) != options["blocks_down"]:
        raise ModelError(
            f"its config.json says blocks_down {declared}, but the weights have {list(options['blocks_down'])}",
            where=path,
            remedy="download weights and config.json of the same network into one folder",
        )
    return options | {key: config[key] for key in ("norm", "act") if isinstance(config.get(key), str)}


def _config(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelError(f"it cannot be read ({error})", where=path, remedy="download it again") from error
    # VISTA3D's describes more than the network, which stands in the weights; only CT-FM's is flat.
    return content if isinstance(content, dict) and "blocks_down" in content else {}
