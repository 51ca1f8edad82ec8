"""The Swin transformer of Swin UNETR: MONAI's, SuPreM's, and the self-supervised ones."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast

from monai.networks.nets.swin_unetr import SwinTransformer
from torch import Tensor, nn

from samesplit.pretrained.encoders.base import Encoder

__all__ = ["SwinEncoder", "swin_options"]


class SwinEncoder(Encoder):
    """MONAI's SwinTransformer with the depths, heads and windows of Swin UNETR; the feature map of its last stage.

    Args:
        width: Multiplies 48, the number of features of the first stage.
        channels: Number of input channels.
        use_v2: Whether a residual convolution stands before every stage (Swin UNETR v2).

    Source:
        Hatamizadeh et al. 2022, arXiv:2201.01266; Tang et al. 2022, doi:10.1109/CVPR52688.2022.02007.

    Example:
        >>> import torch
        >>> SwinEncoder(width=0.25)(torch.zeros(1, 1, 32, 32, 32)).shape
        torch.Size([1, 192, 1, 1, 1])
    """

    def __init__(self, *, width: float = 1.0, channels: int = 1, use_v2: bool = False) -> None:
        size = round(48 * width)
        body = SwinTransformer(
            in_chans=channels,
            embed_dim=size,
            window_size=(7, 7, 7),
            patch_size=(2, 2, 2),
            depths=(2, 2, 2, 2),
            num_heads=(3, 6, 12, 24),
            norm_layer=nn.LayerNorm,
            spatial_dims=3,
            use_v2=use_v2,
        )
        super().__init__(body, size * 16)

    def forward(self, images: Tensor) -> Tensor:
        """Return the feature map of the last stage, normalised over its channels as Swin UNETR does."""
        return cast("Tensor", cast("Any", self.body)(images, True)[-1])


def swin_options(names: Iterable[str]) -> dict[str, Any]:
    """Read off the weights which Swin transformer they are of.

    Example:
        >>> swin_options(["layers1c.0.conv1.conv.weight"])
        {'use_v2': True}
    """
    return {"use_v2": any(name.startswith("layers1c.") for name in names)}
