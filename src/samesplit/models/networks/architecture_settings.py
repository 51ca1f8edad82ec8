"""What a model file may say about the layers behind a network's convolutions: how phases meet, and the head."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from samesplit.declarations import Declaration

__all__ = ["FusionSettings", "HeadSettings"]

Share = Annotated[float, Field(ge=0, lt=1)]


class HeadSettings(Declaration):
    """The layers between the embedding of a lesion and its logits: hidden ones, if any, and a linear last one."""

    hidden: tuple[Annotated[int, Field(ge=1)], ...] = ()
    """Units of each hidden layer, in order; each has a ReLU. `[256, 128, 64, 32, 16]` is the head of Xi 2020.
    Without any the head is one linear layer, which is right for few lesions."""
    norm: Literal["none", "batch", "layer"] = "none"
    """Normalisation before each hidden layer's ReLU: over the batch, or over the units of one lesion, which works
    for batches of any size. (Behind the ReLU a unit that is silent in all training lesions has no variance, and
    would be made huge in the first lesion in which it is not.)"""
    dropout: Share = 0.0
    """Behind every hidden layer but the last; the model's own `dropout` stands before the last layer of all."""


class FusionSettings(Declaration):
    """One encoder a sequence (phase), and how what they give becomes one embedding of the lesion.

    A sequence that a lesion does not have is never looked at: no encoder sees it, and what stands in its place in
    the embedding is learnt (`concatenation`) or left out (`cross-attention`, `mean`). So one network takes
    whatever sequences a lesion has. A variant for fewer is the same file with `sequences` that name them.
    """

    method: Literal["concatenation", "cross-attention", "mean"] = "concatenation"
    """concatenation: the embeddings side by side, in the order of the sequences, with a learnt vector for one that
    is missing; cross-attention: each sequence's embedding is completed by what it attends to in those of all that
    the lesion has, then their mean; mean: of the embeddings of those that the lesion has."""
    encoders: Literal["separate", "shared"] = "separate"
    """separate: weights of its own for each sequence; shared: the same weights for all, which is a third of the
    parameters for three sequences and right where they look alike."""
    attention_heads: int = Field(default=8, ge=1)
    """Of `cross-attention`; they must divide the number of features of an encoder."""
    phase_dropout: Share = 0.0
    """The chance that a sequence of a lesion is taken away in a training step, so that the network learns to do
    without it; one always stays."""
