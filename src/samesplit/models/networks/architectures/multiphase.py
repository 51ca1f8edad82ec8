"""One encoder a sequence, and one lesion's embedding from whichever sequences it has."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from samesplit.errors import ModelError
from samesplit.models.networks.architecture_settings import FusionSettings
from samesplit.models.networks.architectures.base import HeadedNetwork
from samesplit.models.networks.architectures.resnet import (
    USUAL_SHORTCUTS,
    Shortcuts,
    number_of_features,
    resnet_backbone,
    run_stage,
)
from samesplit.models.networks.settings import NetworkSettings

__all__ = ["CrossAttention", "MultiPhaseClassifier", "present_phases"]

_STAGES = 4
"""Of a ResNet."""


class MultiPhaseClassifier(HeadedNetwork):
    """ResNets that look at one sequence each, late fusion of what they give, and a head.

    A block of channels that is 0 throughout is a sequence that the lesion does not have: no encoder sees it, so it
    enters no batch normalisation either. A lesion without any sequence is taken as if it had all.

    Args:
        settings: Architecture, fusion, head and view.
        channels: Of all sequences together, in blocks of `settings.inputs.channels_per_sequence`.
        classes: Of more than two each has a unit.
        shortcuts: As the starting weights have them; see `resnet_backbone`.

    Raises:
        ModelError: The channels are no whole number of sequences, or the attention heads do not divide the
            features.

    Source:
        One ResNet-18 a CT phase and late fusion: Xiong et al. 2025, doi:10.1038/s41467-025-56784-z.
    """

    def __init__(
        self,
        settings: NetworkSettings,
        channels: int,
        classes: int = 2,
        *,
        shortcuts: Shortcuts = USUAL_SHORTCUTS,
    ) -> None:
        super().__init__()
        fusion, each = settings.fusion or FusionSettings(), settings.inputs.channels_per_sequence
        phases, rest = divmod(channels, each)
        if rest or not phases:
            raise ModelError(
                f"{channels} channels are no whole number of sequences of {each} each",
                where=f"model '{settings.name}'",
                remedy="give the network the channels that its 'inputs' make",
            )
        self.fusion, self.phases, self.features = fusion, phases, number_of_features(settings)
        count = phases if fusion.encoders == "separate" else 1
        self.encoders = nn.ModuleList(resnet_backbone(settings, each, shortcuts) for _ in range(count))
        self.stages = nn.ModuleList(nn.Identity() for _ in range(_STAGES))
        embedded = self.features
        if fusion.method == "concatenation":
            self.missing = nn.Parameter(torch.zeros(phases, self.features))
            embedded = phases * self.features
        elif fusion.method == "cross-attention":
            if self.features % fusion.attention_heads:
                raise ModelError(
                    f"{fusion.attention_heads} attention heads do not divide the {self.features} features of an "
                    "encoder",
                    where=f"model '{settings.name}'",
                    remedy="set 'attention_heads' under 'fusion' to a divisor",
                )
            self.attention = CrossAttention(phases, self.features, fusion.attention_heads)
        self.add_head(embedded, settings.head, dropout=settings.dropout, classes=classes)

    def embed(self, images: Tensor) -> Tensor:
        """Return the fused embedding, shape (batch, features), of images (batch, channels, sides...).

        For `concatenation` features are those of all sequences, one block a sequence in their order.
        """
        present = self._taken(present_phases(images, self.phases))
        maps = self._all_maps(images, present)
        each = maps.flatten(2).mean(dim=2).reshape(len(maps), self.phases, self.features)
        if self.fusion.method == "concatenation":
            return torch.where(present[..., None], each, self.missing.to(each.dtype)).flatten(1)
        if self.fusion.method == "cross-attention":
            each = self.attention(each, present)
        weights = present.to(each.dtype)[..., None]
        mean: Tensor = (each * weights).sum(dim=1) / weights.sum(dim=1)
        return mean

    def target_layer(self) -> nn.Module:
        """Return the layer with the last maps of all sequences: (batch, sequences * features, sides...)."""
        return self.stages[-1]

    def map_layers(self) -> list[nn.Module]:
        """Return the layers with the maps of all sequences after each stage, the last stage first."""
        return list(self.stages)[::-1]

    def _all_maps(self, images: Tensor, present: Tensor) -> Tensor:
        """Return the last maps of every sequence side by side; those of a sequence that is missing are 0."""
        for stage, together in enumerate(self.stages):
            blocks = images.chunk(self.phases, dim=1)
            found = [
                self._after(stage, phase, block, present[:, phase]) for phase, block in enumerate(blocks)
            ]
            like = next(maps for maps in found if maps is not None)
            images = together(
                torch.cat([torch.zeros_like(like) if maps is None else maps for maps in found], dim=1)
            )
        return images

    def _after(self, stage: int, phase: int, block: Tensor, rows: Tensor) -> Tensor | None:
        """Return the maps of one sequence after one stage; 0 where a lesion lacks it, None where all do."""
        encoder = self.encoders[phase if len(self.encoders) > 1 else 0]
        count = int(rows.sum())
        if not count:
            return None
        with _lone_lesion(encoder, alone=count == 1):
            if count == len(rows):
                return run_stage(encoder, stage, block)
            some = run_stage(encoder, stage, block[rows])
        return some.new_zeros(len(rows), *some.shape[1:]).index_put((rows,), some)

    def _taken(self, present: Tensor) -> Tensor:
        """Which sequences are looked at: those that are there, in training less those dropped by chance."""
        if not self.training or self.fusion.phase_dropout == 0:
            return present
        drawn = torch.rand(present.shape, device="cpu").to(present.device)  # on every device the same draw
        kept = present & (drawn >= self.fusion.phase_dropout)
        return torch.where(kept.any(dim=1, keepdim=True), kept, present)


class CrossAttention(nn.Module):
    """Each sequence's embedding asks those of all sequences that the lesion has, and is completed by the answers.

    Args:
        phases: Number of sequences.
        features: Of an embedding.
        heads: Of the attention; they divide the features.

    Source:
        Multi-head attention with a residual, layer normalisation before it: Vaswani et al. 2017, arXiv:1706.03762.
    """

    def __init__(self, phases: int, features: int, heads: int) -> None:
        super().__init__()
        self.phase = nn.Parameter(torch.zeros(phases, features))
        nn.init.normal_(self.phase, std=0.02)
        self.norm = nn.LayerNorm(features)
        self.attend = nn.MultiheadAttention(features, heads, batch_first=True)

    def forward(self, embeddings: Tensor, present: Tensor) -> Tensor:
        """Return the completed embeddings.

        Args:
            embeddings: Shape (batch, phases, features).
            present: Shape (batch, phases); what is not present is not attended to.
        """
        asked = self.norm(embeddings + self.phase)
        answer, _ = self.attend(asked, asked, asked, key_padding_mask=~present, need_weights=False)
        completed: Tensor = embeddings + answer
        return completed


def present_phases(images: Tensor, phases: int) -> Tensor:
    """Tell which sequences each lesion has: those whose block of channels is not 0 throughout.

    Args:
        images: Shape (batch, phases * channels, sides...).
        phases: Number of sequences.

    Returns:
        Shape (batch, phases), bool. A lesion that seems to have none is said to have all.

    Example:
        >>> images = torch.zeros(2, 2, 4, 4)
        >>> images[0, 1] = 1
        >>> present_phases(images, 2).tolist()
        [[False, True], [True, True]]
    """
    present = (images != 0).reshape(len(images), phases, -1).any(dim=2)
    return present | ~present.any(dim=1, keepdim=True)


@contextmanager
def _lone_lesion(encoder: nn.Module, *, alone: bool) -> Iterator[None]:
    """Let batch normalisation use its running statistics for a batch of one, of which it could make nothing.

    Only layers that take statistics change, in training or when they are taken anew; those held still stay so.
    """
    norms = [layer for layer in encoder.modules() if isinstance(layer, _BatchNorm)] if alone else []
    layers = [layer for layer in norms if layer.training]
    for layer in layers:
        layer.eval()
    try:
        yield
    finally:
        for layer in layers:
            layer.train()
