"""What a model file may say about how a network is trained."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from samesplit.declarations import Declaration

__all__ = ["DEFAULT_STEPS", "TrainingSettings"]

DEFAULT_STEPS = 300
"""The length of a training whose model file names neither `steps` nor `epochs`."""


class TrainingSettings(Declaration):
    """How a network is fitted to the training part of a fold."""

    steps: int | None = Field(default=None, ge=1)
    """The length of the training in steps of the optimiser (batches), whatever the number of lesions; 300 where
    neither `steps` nor `epochs` is given. On few lesions an epoch is a few steps, and some epochs train nothing.
    Rounded up to a whole number of validations."""
    epochs: int | None = Field(default=None, ge=1)
    """The length in passes through the training part, in place of `steps`."""
    batch_size: int = Field(default=16, ge=1)
    """The most lesions in one step of the optimiser. Lesions are dealt so that none is alone in a batch."""
    sampling: Literal["shuffled", "balanced"] = "shuffled"
    """How lesions come into batches. shuffled: each once a pass; balanced: as many of each class in every batch,
    those of rarer classes more often (each as often as the others of its class), and the loss weighs all
    alike."""
    optimiser: Literal["adamw", "sgd"] = "adamw"
    """Adam with decoupled weight decay, or stochastic gradient descent."""
    learning_rate: float = Field(default=1e-3, gt=0)
    """The largest: `schedule` and `warmup_steps` lower it."""
    weight_decay: float = Field(default=1e-2, ge=0)
    """How strongly large weights are drawn towards 0."""
    momentum: float = Field(default=0.9, ge=0, lt=1)
    """Of SGD (Nesterov)."""
    schedule: Literal["cosine", "plateau", "constant"] = "cosine"
    """cosine: down to 1 % of the learning rate in the last step; plateau: a tenth after every `plateau_epochs`
    validations without a lower validation loss."""
    warmup_steps: int | None = Field(default=None, ge=0)
    """Steps over which the learning rate climbs linearly; null: as `warmup_epochs` has it."""
    warmup_epochs: int = Field(default=0, ge=0)
    """Epochs over which the learning rate climbs linearly, in place of `warmup_steps`."""
    plateau_epochs: int = Field(default=5, ge=1)
    """Of `schedule: plateau`, in validations."""
    validate_every_steps: int | None = Field(default=None, ge=1)
    """After how many steps the network is judged on the validation part; null: after each epoch, of epochs shorter
    than 10 steps after as many as hold 10."""
    patience: int | None = Field(default=10, ge=1)
    """Stop after this many validations that were no better than the best; null: never."""
    minimum_steps: int | None = Field(default=None, ge=0)
    """Before so many steps no weights may be kept and no training stops early: the first weights can look best by
    chance. null: a quarter of the length. A training that is shorter is lengthened to it."""
    smoothing: int = Field(default=3, ge=1)
    """Over how many validations, the newest among them, the watched score is averaged before it is compared; with
    few validation lesions a single one is mostly noise. 1: not at all."""
    monitor: Literal["loss", "auc"] = "loss"
    """What is watched on the validation part, for stopping and for choosing the weights to keep."""
    weight_average: float | None = Field(default=0.95, gt=0, lt=1)
    """The weights that are validated and kept are a moving average of those of all steps, in which the average
    before a step counts so much (less in the first steps); null: the weights of the last step as they are."""
    class_weights: bool = True
    """Whether each class weighs the reciprocal of its frequency in the training part."""
    gradient_clip: float | None = Field(default=None, gt=0)
    """Largest norm of the gradient."""
    fine_tune: Literal["all", "head", "head-first"] = "all"
    """What is trained when the network starts from given weights. all: every layer; head: the layers after the
    embedding, while the others stay as given; head-first: the head alone for `head_first_steps`, then every
    layer."""
    head_first_steps: int = Field(default=50, ge=1)
    """Of `fine_tune: head-first`."""
    head_learning_rate: float = Field(default=1.0, gt=0)
    """What the learning rate of the head is multiplied by; 10: ten times that of the other layers."""
    trials: int = Field(default=1, ge=1)
    """How many networks, from random numbers of their own, are fitted in every fold and for every seed; the one
    with the best score on the validation part is kept. The report states how many there were."""
    devices: int = Field(default=1, ge=1)
    """How many processes share the lesions of every batch, each with a device of its own (a GPU, or a core). The
    outcome is that of one process but for rounding. Needs `fine_tune: all`, and on a CPU another normalisation
    than that of the batch, which no process sees whole."""
    accelerator: Literal["auto", "cpu", "gpu", "mps"] = "auto"
    """auto: a GPU when there is one."""
    precision: Literal["32-true", "bf16-mixed", "16-mixed"] = "32-true"
    """Of the numbers that are computed with: 32 bits, or 16 bits where the device can (`16-mixed`: a GPU)."""

    @model_validator(mode="after")
    def _one_length(self) -> TrainingSettings:
        if self.steps is not None and self.epochs is not None:
            raise ValueError("name 'steps' or 'epochs', not both")
        if self.epochs is not None and self.warmup_steps is None and self.warmup_epochs >= self.epochs:
            raise ValueError("'warmup_epochs' must be fewer than 'epochs'")
        if self.epochs is None and (self.warmup_steps or 0) >= (self.steps or DEFAULT_STEPS):
            raise ValueError("'warmup_steps' must be fewer than 'steps'")
        if self.devices > 1 and self.fine_tune != "all":
            raise ValueError("'devices' of more than 1 go with 'fine_tune: all'")
        return self
