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

__all__ = ["LAYOUTS", "MARKS", "Layout", "find_layouts"]

Value = TypeVar("Value")

MARKS = {
    "resnet": "layer1.0.",
    "segresnet": "conv_init.",
    "monai-segresnet": "convInit.",
    "unet3d": "down_tr64.ops.",
    "swin-unetr": "patch_embed.",
    "nnunet": "stages.0.",
    "other": "",
}
"""How some names of each kind of network begin, and of no kind before it; others have but their own names."""

_HEADS = r"(class_layers\.out|_fc|fc|last_linear|classification_head|classifier|head|heads)\."


@dataclass(frozen=True)
class Layout:
    """The names of one publisher.

    Attributes:
        name: What `layout` may say.
        title: The networks that were published in it.
        networks: The kinds of network that come in it, keys of `MARKS`.
        prefixes: What names begin with, the likeliest first; names that begin otherwise belong to something
            else (a second encoder, a head). An empty one takes all names.
        dropped: A regular expression for names of heads and decoders, which are left out; it is matched against
            names without the prefix.
        renamed: Pairs of a regular expression and what stands in its place, in their order.
        source: Where the names were looked up.
    """

    name: str
    title: str
    networks: tuple[str, ...]
    prefixes: tuple[str, ...]
    dropped: str = ""
    renamed: tuple[tuple[str, str], ...] = ()
    source: str = ""

    def applied(self, network: str, tensors: Mapping[str, Value]) -> Iterator[dict[str, Value]]:
        """Yield, for each prefix that makes the tensors look like a network, them under the names used here.

        Args:
            network: Its kind, a key of `MARKS`.
            tensors: By the publisher's names.

        Example:
            >>> moco = next(layout for layout in LAYOUTS if layout.name == "moco")
            >>> given = {"module.encoder_q.layer1.0.bn1.bias": 1, "module.encoder_k.layer1.0.bn1.bias": 2}
            >>> list(moco.applied("resnet", given))
            [{'layer1.0.bn1.bias': 1}]
        """
        if network not in self.networks:
            return
        for prefix in self.prefixes:
            named = {name[len(prefix) :]: value for name, value in tensors.items() if name.startswith(prefix)}
            kept = {
                self._renamed(name): value
                for name, value in named.items()
                if not (self.dropped and re.match(self.dropped, name))
            }
            if any(name.startswith(MARKS[network]) for name in kept):
                yield kept

    def _renamed(self, name: str) -> str:
        for pattern, replacement in self.renamed:
            name = re.sub(pattern, replacement, name)
        return name


_RESNET_HEADS = r"(fc|classifier|head|heads|projector|projection|predictor|prototypes|linear)\."

LAYOUTS: tuple[Layout, ...] = (
    Layout(
        "torchvision",
        "torchvision's and MONAI's ResNets",
        ("resnet",),
        ("",),
        dropped=r"fc\.",
        source="https://github.com/pytorch/vision/blob/main/torchvision/models/resnet.py",
    ),
    Layout(
        "medicalnet",
        "MedicalNet's 3D ResNets, and others that were saved as nn.DataParallel",
        ("resnet",),
        ("module.", ""),
        dropped=r"(conv_seg|fc)\.",
        source="https://github.com/Tencent/MedicalNet/blob/master/models/resnet.py",
    ),
    Layout(
        "fmcib",
        "FMCIB's 3D ResNet-50 of double width (`trunk_state_dict`)",
        ("resnet",),
        ("", "model.trunk.", "trunk."),
        dropped=r"heads\.",
        source="https://github.com/AIM-Harvard/foundation-cancer-image-biomarker/blob/master/fmcib/models/load_model.py",
    ),
    Layout(
        "moco",
        "MoCo: the query encoder",
        ("resnet",),
        ("module.encoder_q.", "encoder_q.", "model.encoder_q."),
        dropped=_RESNET_HEADS,
        source="https://github.com/facebookresearch/moco/blob/main/main_lincls.py",
    ),
    Layout(
        "ct-fm",
        "CT-FM's SegResNet encoder (`ct_fm_feature_extractor`, and the encoder of `ct_fm_segresnet`)",
        ("segresnet",),
        ("encoder.", ""),
        source="https://huggingface.co/project-lighter/ct_fm_feature_extractor",
    ),
    Layout(
        "monai-segresnet",
        "MONAI's SegResNet: SuPreM's, and bundles of MONAI's model zoo (whole-body CT, renal structures)",
        ("monai-segresnet",),
        ("", "module.", "model."),
        dropped=r"(up_layers|up_samples|conv_final)\.",
        source="monai.networks.nets.SegResNet, "
        "https://github.com/MrGiovanni/SuPreM/blob/main/target_applications/totalsegmentator/train.py",
    ),
    Layout(
        "vista3d",
        "VISTA3D's SegResNet encoder (`model.safetensors` of VISTA3D-HF, `model.pt` of the MONAI bundle)",
        ("segresnet",),
        ("network.image_encoder.encoder.", "image_encoder.encoder.", "module.image_encoder.encoder."),
        source="https://huggingface.co/MONAI/VISTA3D-HF, monai.networks.nets.vista3d",
    ),
    Layout(
        "models-genesis",
        "Models Genesis' UNet3D",
        ("unet3d",),
        ("module.", ""),
        dropped=r"(up_tr\d+|out_tr)\.",
        source="https://github.com/MrGiovanni/ModelsGenesis/blob/master/pytorch/unet3d.py",
    ),
    Layout(
        "suprem",
        "SuPreM's UNet3D (its others: swin-unetr, monai-segresnet)",
        ("unet3d",),
        ("module.backbone.", "backbone."),
        dropped=r"(up_tr\d+|out_tr)\.",
        source="https://github.com/MrGiovanni/SuPreM/blob/main/target_applications/totalsegmentator/train.py",
    ),
    Layout(
        "swin-unetr",
        "Swin UNETR as in MONAI, of which the Swin transformer is taken; SuPreM's begins with `module.backbone.`",
        ("swin-unetr",),
        ("swinViT.", "module.swinViT.", "module.backbone.swinViT.", "backbone.swinViT.", "model.swinViT."),
        renamed=((r"\.mlp\.fc(\d)\.", r".mlp.linear\1."),),
        source="monai.networks.nets.SwinUNETR",
    ),
    Layout(
        "swin-ssl",
        "the self-supervised Swin transformer of Tang et al. 2022 (`model_swinvit.pt`)",
        ("swin-unetr",),
        ("module.", ""),
        dropped=r"(norm|rotation_head|rotation_pre|contrastive_head|contrastive_pre|convTrans3d|conv)\b",
        renamed=((r"\.mlp\.fc(\d)\.", r".mlp.linear\1."),),
        source="https://github.com/Project-MONAI/research-contributions/tree/main/SwinUNETR, "
        "monai.networks.nets.SwinUNETR.load_from",
    ),
    Layout(
        "swin-disruptive",
        "the Swin transformer of Disruptive Autoencoders (`ssl_pretrained_weights.pth`)",
        ("swin-unetr",),
        ("encoder.",),
        dropped=r"(mask_token|norm\.)",
        renamed=((r"^(layers\d\.0\.)\d+\.", r"\1"),),
        source="monai.networks.nets.swin_unetr.filter_swinunetr",
    ),
    Layout(
        "nnunet",
        "nnU-Net v2 and nnssl: the encoder of a PlainConvUNet or ResidualEncoderUNet (`network_weights`)",
        ("nnunet",),
        ("encoder.", "module.encoder.", "_orig_mod.encoder.", ""),
        dropped=r"(decoder\.|.*\.all_modules\.)",
        source="https://github.com/MIC-DKFZ/dynamic-network-architectures, https://github.com/MIC-DKFZ/nnssl",
    ),
    Layout(
        "simclr",
        "SimCLR, BYOL, SwAV and others that keep an encoder beside a projection",
        ("resnet", "segresnet", "monai-segresnet", "unet3d", "swin-unetr", "nnunet"),
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
        ("resnet", "segresnet", "monai-segresnet", "unet3d", "swin-unetr", "nnunet"),
        ("model.", "net.", "network.", "module.model.", "model.module.", "_orig_mod."),
        dropped=_RESNET_HEADS,
        source="https://lightning.ai/docs/pytorch/stable/common/checkpointing_basic.html",
    ),
    Layout(
        "radimagenet",
        "RadImageNet's 2D ResNets for PyTorch, whose layers are numbered as in nn.Sequential",
        ("resnet",),
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
        "monai",
        "any other network of MONAI, as it names itself; its last layer may be there or not",
        ("other",),
        ("", "module.", "model.", "net.", "network.", "backbone.", "encoder.", "_orig_mod."),
        source="monai.networks.nets",
    ),
    Layout(
        "monai-without-head",
        "the same, of which the last layer is left out",
        ("other",),
        ("", "module.", "model.", "net.", "network.", "backbone.", "encoder.", "_orig_mod."),
        dropped=_HEADS,
        source="monai.networks.nets",
    ),
)
"""Every layout, in the order in which they are tried; any that fits gives the same weights."""


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
