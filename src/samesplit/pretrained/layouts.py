"""How publishers name the parameters of their networks: one layout is one declared map to the names used here.

The names used here are those of MONAI's networks (`ResNet`, `SegResEncoder`, `SwinTransformer`), and of
`samesplit.pretrained.encoders` for those that MONAI does not have.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

from samesplit.errors import ModelError

__all__ = ["LAYOUTS", "Layout", "find_layouts"]

Value = TypeVar("Value")


@dataclass(frozen=True)
class Layout:
    """The names of one publisher.

    Attributes:
        name: What `layout` may say.
        title: The networks that were published in it.
        prefixes: What names begin with, the likeliest first; names that begin otherwise belong to something
            else (a second encoder, a head). An empty one takes all names.
        dropped: A regular expression for names of heads and decoders, which are left out; it is matched against
            names without the prefix.
        renamed: Pairs of a regular expression and what stands in its place, in their order.
        source: Where the names were looked up.
    """

    name: str
    title: str
    prefixes: tuple[str, ...]
    dropped: str = ""
    renamed: tuple[tuple[str, str], ...] = ()
    source: str = ""

    def applied(self, tensors: Mapping[str, Value]) -> Iterator[tuple[str, dict[str, Value]]]:
        """Yield each prefix that some name begins with, and the tensors under the names used here.

        Example:
            >>> moco = next(layout for layout in LAYOUTS if layout.name == "moco")
            >>> dict(moco.applied({"module.encoder_q.conv1.weight": 1, "module.encoder_k.conv1.weight": 2}))
            {'module.encoder_q.': {'conv1.weight': 1}}
        """
        for prefix in self.prefixes:
            named = {name[len(prefix) :]: value for name, value in tensors.items() if name.startswith(prefix)}
            kept = {
                self._renamed(name): value
                for name, value in named.items()
                if not (self.dropped and re.match(self.dropped, name))
            }
            if kept:
                yield prefix, kept

    def _renamed(self, name: str) -> str:
        for pattern, replacement in self.renamed:
            name = re.sub(pattern, replacement, name)
        return name


_RESNET_HEADS = r"(fc|classifier|head|heads|projector|projection|predictor|prototypes|linear)\."

LAYOUTS: tuple[Layout, ...] = (
    Layout(
        "torchvision",
        "torchvision's and MONAI's ResNets",
        ("", "module."),
        dropped=r"fc\.",
        source="https://github.com/pytorch/vision/blob/main/torchvision/models/resnet.py",
    ),
    Layout(
        "medicalnet",
        "MedicalNet's 3D ResNets",
        ("module.", ""),
        dropped=r"(conv_seg|fc)\.",
        source="https://github.com/Tencent/MedicalNet/blob/master/models/resnet.py",
    ),
    Layout(
        "radimagenet",
        "RadImageNet's 2D ResNets for PyTorch, whose layers are numbered as in nn.Sequential",
        ("backbone.", "module.backbone."),
        dropped=r"(fc|classifier)\.",
        renamed=(
            (r"^0\.", "conv1."),
            (r"^1\.", "bn1."),
            (r"^4\.", "layer1."),
            (r"^5\.", "layer2."),
            (r"^6\.", "layer3."),
            (r"^7\.", "layer4."),
        ),
        source="https://github.com/BMEII-AI/RadImageNet",
    ),
    Layout(
        "fmcib",
        "FMCIB's 3D ResNet-50 of double width (`trunk_state_dict`)",
        ("", "model.trunk.", "trunk."),
        dropped=r"heads\.",
        source="https://github.com/AIM-Harvard/foundation-cancer-image-biomarker/blob/master/fmcib/models/load_model.py",
    ),
    Layout(
        "moco",
        "MoCo: the query encoder",
        ("module.encoder_q.", "encoder_q.", "model.encoder_q."),
        dropped=_RESNET_HEADS,
        source="https://github.com/facebookresearch/moco/blob/main/main_lincls.py",
    ),
    Layout(
        "simclr",
        "SimCLR, BYOL, SwAV and others that keep an encoder beside a projection",
        (
            "module.encoder.",
            "encoder.",
            "module.backbone.",
            "backbone.",
            "model.backbone.",
            "model.encoder.",
            "online_encoder.net.",
            "convnet.",
        ),
        dropped=_RESNET_HEADS,
        source="https://github.com/Lightning-Universe/lightning-bolts, https://github.com/lightly-ai/lightly",
    ),
    Layout(
        "lightning",
        "Lightning modules, which keep their network under one name",
        ("model.", "net.", "network.", "module.model.", "model.module.", "_orig_mod."),
        dropped=_RESNET_HEADS,
        source="https://lightning.ai/docs/pytorch/stable/common/checkpointing_basic.html",
    ),
    Layout(
        "ct-fm",
        "CT-FM's SegResNet encoder (`ct_fm_feature_extractor`, and the encoder of `ct_fm_segresnet`)",
        ("encoder.", ""),
        source="https://huggingface.co/project-lighter/ct_fm_feature_extractor",
    ),
    Layout(
        "vista3d",
        "VISTA3D's SegResNet encoder (`model.safetensors` of VISTA3D-HF, `model.pt` of the MONAI bundle)",
        ("network.image_encoder.encoder.", "image_encoder.encoder.", "module.image_encoder.encoder."),
        source="https://huggingface.co/MONAI/VISTA3D-HF, monai.networks.nets.vista3d",
    ),
    Layout(
        "models-genesis",
        "Models Genesis' UNet3D",
        ("module.", ""),
        dropped=r"(up_tr\d+|out_tr)\.",
        source="https://github.com/MrGiovanni/ModelsGenesis/blob/master/pytorch/unet3d.py",
    ),
    Layout(
        "suprem",
        "SuPreM's UNet3D (its Swin UNETR is the layout swin-unetr)",
        ("module.backbone.", "backbone."),
        dropped=r"(up_tr\d+|out_tr)\.",
        source="https://github.com/MrGiovanni/SuPreM/blob/main/target_applications/totalsegmentator/train.py",
    ),
    Layout(
        "swin-unetr",
        "Swin UNETR as in MONAI, of which the Swin transformer is taken; SuPreM's begins with `module.backbone.`",
        ("swinViT.", "module.swinViT.", "module.backbone.swinViT.", "backbone.swinViT.", "model.swinViT."),
        renamed=((r"\.mlp\.fc(\d)\.", r".mlp.linear\1."),),
        source="monai.networks.nets.SwinUNETR",
    ),
    Layout(
        "swin-ssl",
        "the self-supervised Swin transformer of Tang et al. 2022 (`model_swinvit.pt`)",
        ("module.", ""),
        dropped=r"(norm|rotation_head|rotation_pre|contrastive_head|contrastive_pre|convTrans3d|conv)\b",
        renamed=((r"\.mlp\.fc(\d)\.", r".mlp.linear\1."),),
        source="https://github.com/Project-MONAI/research-contributions/tree/main/SwinUNETR, "
        "monai.networks.nets.SwinUNETR.load_from",
    ),
    Layout(
        "swin-disruptive",
        "the Swin transformer of Disruptive Autoencoders (`ssl_pretrained_weights.pth`)",
        ("encoder.",),
        dropped=r"(mask_token|norm\.)",
        renamed=((r"^(layers\d\.0\.)\d+\.", r"\1"),),
        source="monai.networks.nets.swin_unetr.filter_swinunetr",
    ),
    Layout(
        "nnunet",
        "nnU-Net v2 and nnssl: the encoder of a PlainConvUNet or ResidualEncoderUNet (`network_weights`)",
        ("encoder.", "module.encoder.", "_orig_mod.encoder.", ""),
        dropped=r"(decoder\.|.*\.all_modules\.)",
        source="https://github.com/MIC-DKFZ/dynamic-network-architectures, https://github.com/MIC-DKFZ/nnssl",
    ),
)
"""Every layout, those with the fewest assumptions first."""


def find_layouts(name: str | None) -> Iterable[Layout]:
    """Return the layouts to try: the named one, or all.

    Raises:
        ModelError: There is no such layout.

    Example:
        >>> [layout.name for layout in find_layouts("medicalnet")]
        ['medicalnet']
    """
    if name is None:
        return LAYOUTS
    found = [layout for layout in LAYOUTS if layout.name == name]
    if not found:
        raise ModelError(
            f"there is no layout '{name}' of weights",
            remedy=f"name one of {', '.join(layout.name for layout in LAYOUTS)}, or none to try all",
        )
    return found
