"""The training loop of one fold: Lightning, with checkpoints from which a killed training goes on exactly."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import lightning.pytorch as pl
import torch
from torch import Tensor
from torch.utils.data import DataLoader

from samesplit.errors import ModelError
from samesplit.models.networks.batch_norm import batch_norms
from samesplit.models.networks.batches import Batch
from samesplit.models.networks.checkpoints import (
    CHECKPOINT_SECONDS,
    CHECKPOINT_TIMES,
    BestWeights,
    WholeFiles,
    checkpoint_file,
    usable_checkpoint,
)
from samesplit.models.networks.learner import Learner
from samesplit.models.networks.schedule import History, TrainingPlan, best_round, should_stop
from samesplit.models.networks.scopes import deterministic, quiet_lightning, seeded, single_thread
from samesplit.models.networks.training_settings import TrainingSettings

__all__ = ["Progress", "Trained", "TrainingTask", "choose_accelerator", "train"]

Progress = Callable[[int, int], None]
"""Called after each round with the number of steps done and the most there can be."""

State = dict[str, Tensor]


@dataclass(frozen=True)
class TrainingTask:
    """What is to be trained on what.

    Attributes:
        learner: Holds the network, freshly initialised, and how it is trained.
        training: Batches of the training part, as many as a round has.
        validation: Batches of the validation part; None when it is empty.
        directory: Where the checkpoint is kept, and nothing else is written.
        fingerprint: Everything that the outcome depends on. A checkpoint of another one is not used.
    """

    learner: Learner
    training: DataLoader[Batch]
    validation: DataLoader[Batch] | None
    directory: Path
    fingerprint: str


@dataclass(frozen=True)
class Trained:
    """What came of a training.

    Attributes:
        history: One entry a round.
        kept: The round, from 1, whose weights were kept: the best on the validation part, else the last.
    """

    history: History
    kept: int


def train(task: TrainingTask, *, progress: Progress | None = None) -> Trained:
    """Train the network of a learner, going on from the folder's checkpoint if there is one.

    With a validation part the weights of its best round are kept and training stops early; without one, those of
    the last step. On a CPU the outcome is the same to the last bit whether or not the training was interrupted.
    The learner's network holds the kept weights afterwards.

    Raises:
        ModelError: There is no such device, or the loss is no longer a number.
        WorkspaceError: The checkpoint cannot be written.
    """
    learner = task.learner
    settings, plan = learner.settings, learner.plan
    accelerator = choose_accelerator(settings)
    if settings.devices > 1 and accelerator != "gpu" and batch_norms(learner.network):
        raise ModelError(
            "batch normalisation would see a part of each batch only in every process",
            remedy="set 'norm: group', or 'devices: 1' under 'training'",
        )
    keeper = _Keeper(task, progress if settings.devices == 1 else None)
    checkpoint = usable_checkpoint(task.directory, task.fingerprint)
    with (
        single_thread(),
        seeded(learner.seed),
        deterministic(strict=accelerator == "cpu"),
        quiet_lightning(),
    ):
        if checkpoint is not None and _is_over(settings, plan, checkpoint["history"]):
            _take_over(checkpoint, learner, keeper)
        else:
            trainer = _trainer(task, accelerator, keeper)
            path = None if checkpoint is None else checkpoint_file(task.directory)
            trainer.fit(learner, task.training, task.validation, ckpt_path=path, weights_only=True)
            if settings.devices > 1:  # what was trained lies in other processes, and in their last checkpoint
                _take_over(usable_checkpoint(task.directory, task.fingerprint), learner, keeper)
    learner.network.load_state_dict(keeper.best if keeper.best is not None else learner.shown.state_dict())
    learner.network.requires_grad_(True)
    learner.network.to("cpu").eval()
    best = best_round(settings, plan, learner.history)
    return Trained(learner.history, len(learner.history) if best is None else best + 1)


def _take_over(checkpoint: dict[str, Any] | None, learner: Learner, keeper: _Keeper) -> None:
    """Go on from the end of a training."""
    assert checkpoint is not None
    learner.on_load_checkpoint(checkpoint)
    learner.load_state_dict(checkpoint["state_dict"])
    keeper.load_state_dict(checkpoint["callbacks"][keeper.state_key])


def choose_accelerator(settings: TrainingSettings) -> str:
    """Choose the device that a fold trains on: "cpu", "gpu" or "mps".

    Raises:
        ModelError: The device asked for is not there, or cannot do the precision.
    """
    available = {"cpu": True, "gpu": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    wanted = settings.accelerator
    chosen = wanted if wanted != "auto" else next(name for name in ("gpu", "mps", "cpu") if available[name])
    if not available[chosen]:
        raise ModelError(
            f"there is no device of the kind '{chosen}' that torch can use",
            remedy="set 'accelerator: auto' or 'cpu' under 'training', or install torch for the device",
        )
    if settings.precision == "16-mixed" and chosen == "cpu":
        raise ModelError(
            "the precision '16-mixed' needs a GPU",
            remedy="set 'precision: 32-true' under 'training'",
        )
    return chosen


def _is_over(settings: TrainingSettings, plan: TrainingPlan, history: History) -> bool:
    return len(history) >= plan.rounds or should_stop(settings, plan, history)


def _trainer(task: TrainingTask, accelerator: str, keeper: _Keeper) -> pl.Trainer:
    settings = task.learner.settings
    return pl.Trainer(
        accelerator=accelerator,
        devices=settings.devices,
        strategy=_strategy(settings, accelerator),
        sync_batchnorm=settings.devices > 1 and accelerator == "gpu",
        precision=settings.precision,
        max_epochs=task.learner.plan.rounds,
        gradient_clip_val=settings.gradient_clip,
        default_root_dir=task.directory,
        callbacks=[keeper],
        plugins=[WholeFiles()],
        logger=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        num_sanity_val_steps=0,
        use_distributed_sampler=False,
    )


def _strategy(settings: TrainingSettings, accelerator: str) -> str:
    """Return how Lightning trains on several devices: a forked process each, on GPUs a fresh one."""
    if settings.devices == 1:
        return "auto"
    return "ddp_fork" if accelerator == "cpu" else "ddp_spawn"


class _Keeper(BestWeights):
    """After each round: remember the best weights, keep the checkpoint, stop when nothing more is gained."""

    def __init__(self, task: TrainingTask, progress: Progress | None) -> None:
        super().__init__()
        self.path = checkpoint_file(task.directory)
        self.progress = progress
        self._next = time.monotonic() + CHECKPOINT_SECONDS

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        assert isinstance(pl_module, Learner)
        settings, plan, history = pl_module.settings, pl_module.plan, pl_module.history
        if best_round(settings, plan, history) == len(history) - 1:
            self.remember(pl_module.shown)
        if should_stop(settings, plan, history):
            trainer.should_stop = True
        began = time.monotonic()
        if began >= self._next or trainer.world_size > 1:  # all processes together, whatever their clocks say
            trainer.save_checkpoint(self.path)
            ended = time.monotonic()
            self._next = ended + max(CHECKPOINT_SECONDS, CHECKPOINT_TIMES * (ended - began))
        if self.progress is not None:
            self.progress(len(history) * plan.every, plan.steps)
