"""The training of one segmentation network: Lightning, MONAI's loss and windows, and exact resume after a kill."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import lightning.pytorch as pl
import torch
from monai.inferers.utils import sliding_window_inference
from monai.losses.dice import DiceCELoss
from torch import Tensor, nn

from samesplit.errors import ModelError
from samesplit.models.networks.checkpoints import (
    CHECKPOINT_SECONDS,
    BestWeights,
    WholeFiles,
    checkpoint_file,
    usable_checkpoint,
)
from samesplit.models.networks.memory import (
    available_memory,
    check_memory,
    estimate_memory,
    telling_memory,
)
from samesplit.models.networks.scopes import deterministic, quiet_lightning, seeded, single_thread
from samesplit.models.networks.training import choose_accelerator
from samesplit.models.networks.training_settings import TrainingSettings
from samesplit.models.segmentation.patches import patch_loader, volume_loader
from samesplit.models.segmentation.settings import (
    SegmentationAugmentation,
    SegmentationTraining,
    StageSettings,
)
from samesplit.models.segmentation.volumes import Volume
from samesplit.ordering import first_best

__all__ = ["StageTask", "device_of", "foreground", "train_stage"]

History = list[dict[str, float]]


@dataclass(frozen=True)
class StageTask:
    """One network that is to be trained.

    Attributes:
        network: Freshly initialised; holds the chosen weights afterwards.
        stage: What it sees.
        settings: How it is trained.
        augmentation: Random changes of its patches.
        training: Volumes of the training part.
        validation: Of the validation part; may be empty.
        seed: Of everything random.
        directory: Where the checkpoint is kept.
        fingerprint: Everything that the outcome depends on. A checkpoint of another one is not used.
        name: The stage in words, for messages.
    """

    network: nn.Module
    stage: StageSettings
    settings: SegmentationTraining
    augmentation: SegmentationAugmentation
    training: list[Volume]
    validation: list[Volume]
    seed: int
    directory: Path
    fingerprint: str
    name: str


def device_of(settings: SegmentationTraining) -> str:
    """Choose the device that a network is trained and asked on: "cpu", "cuda" or "mps".

    Raises:
        ModelError: The device asked for is not there, or cannot do the precision.
    """
    chosen = choose_accelerator(_as_of_networks(settings))
    return "cuda" if chosen == "gpu" else chosen


def train_stage(task: StageTask, *, progress: Callable[[int, int], None] | None = None) -> History:
    """Train a network, going on from the folder's checkpoint if there is one.

    With a validation part the weights of the epoch with the highest Dice are kept, else those of the last. On a
    CPU the outcome is the same to the last bit whether or not the training was interrupted.

    Returns:
        One entry an epoch: `training loss`, `learning rate`, and where the validation part was looked at
        `validation Dice`, the Dice of all its voxels together.

    Raises:
        ModelError: There is nothing to train on, no voxel of any training mask is filled, there is no such device
            or not enough memory, or the loss is no longer a number.
        WorkspaceError: The checkpoint cannot be written.
    """
    _check_training(task)
    device = device_of(task.settings)
    module = _Segmenter(task)
    keeper = _Keeper(task, progress)
    checkpoint = usable_checkpoint(task.directory, task.fingerprint)
    with (
        telling_memory(),
        single_thread(),
        seeded(task.seed),
        deterministic(strict=device == "cpu"),
        quiet_lightning(),
    ):
        if checkpoint is not None and len(checkpoint["history"]) >= task.settings.epochs:
            module.on_load_checkpoint(checkpoint)
            module.load_state_dict(checkpoint["state_dict"])
            keeper.load_state_dict(checkpoint["callbacks"][keeper.state_key])
        else:
            _check_memory(task)
            trainer = pl.Trainer(
                accelerator="gpu" if device == "cuda" else device,
                devices=1,
                precision=task.settings.precision,
                max_epochs=task.settings.epochs,
                check_val_every_n_epoch=task.settings.validate_every,
                default_root_dir=task.directory,
                callbacks=[keeper],
                plugins=[WholeFiles()],
                logger=False,
                enable_progress_bar=False,
                enable_model_summary=False,
                num_sanity_val_steps=0,
                use_distributed_sampler=False,
            )
            batches = patch_loader(
                task.training, task.stage, task.augmentation, task.settings, seed=task.seed
            )
            validation = volume_loader(task.validation) if task.validation else None
            path = None if checkpoint is None else checkpoint_file(task.directory)
            trainer.fit(module, batches, validation, ckpt_path=path, weights_only=True)
    if keeper.best is not None:
        task.network.load_state_dict(keeper.best)
    task.network.to("cpu").eval()
    return module.history


def foreground(network: nn.Module, images: Tensor, stage: StageSettings) -> Tensor:
    """Return the probability of each voxel to be inside the mask, by MONAI's sliding window.

    Args:
        network: On the images' device.
        images: Shape (batch, channels, z, y, x), of any sides.
        stage: The window is its patch.

    Returns:
        Shape (batch, z, y, x). Windows overlap by a quarter and count less towards their borders.
    """
    logits = sliding_window_inference(
        images, (stage.patch,) * 3, sw_batch_size=2, predictor=network, overlap=0.25, mode="gaussian"
    )
    assert isinstance(logits, Tensor)
    return logits[:, 0].float().sigmoid()


def _check_training(task: StageTask) -> None:
    if not task.training:
        raise ModelError(
            f"the training part has no image that the {task.name} can learn from",
            remedy="see the case ledger for lost lesions",
        )
    if not any(volume.load()[1].any() for volume in task.training):
        raise ModelError(
            f"the masks that the {task.name} is to learn from are all empty on its voxels",
            remedy="lower 'voxel_mm', or check the masks",
        )


def _check_memory(task: StageTask) -> None:
    """See to it, with one patch, that the network can be trained in the memory there is."""
    settings = _as_of_networks(task.settings)
    side = (task.stage.patch,) * 3
    patch = torch.zeros(1, task.training[0].load()[0].shape[0], *side)
    estimate = estimate_memory(task.network, settings, patch)
    try:
        check_memory(estimate, available_memory(choose_accelerator(settings)))
    except ModelError as error:
        raise ModelError(
            f"{task.name}: {error.problem}",
            remedy="lower 'batch_size' under 'training', or 'patch' or 'filters' of the stage",
        ) from error


def _as_of_networks(settings: SegmentationTraining) -> TrainingSettings:
    """Return what decides on the device and the memory, in the words of other networks."""
    return TrainingSettings(
        accelerator=settings.accelerator,
        precision=settings.precision,
        batch_size=settings.batch_size,
        weight_average=None,
    )


class _Segmenter(pl.LightningModule):
    """A network with one logit a voxel, trained by Dice plus cross-entropy."""

    def __init__(self, task: StageTask) -> None:
        super().__init__()
        self.network = task.network
        self.task = task
        self.loss = DiceCELoss(sigmoid=True, batch=True)
        self.history: History = []
        self._losses: list[Tensor] = []
        self._overlaps: list[Tensor] = []

    def configure_optimizers(self) -> torch.optim.Optimizer:
        given = self.task.settings
        return torch.optim.AdamW(self.parameters(), lr=given.learning_rate, weight_decay=given.weight_decay)

    def on_train_epoch_start(self) -> None:
        self._losses.clear()
        self._overlaps.clear()
        for group in self.optimizers().param_groups:  # type: ignore[union-attr]
            group["lr"] = self._rate()

    def on_train_batch_start(self, batch: Any, batch_idx: int) -> None:
        torch.manual_seed((self.task.seed * 1_000_003 + self.current_epoch) * 1_000_003 + batch_idx)

    def training_step(self, batch: tuple[Tensor, Tensor], batch_idx: int) -> Tensor:
        images, masks = batch
        loss: Tensor = self.loss(self.network(images), masks)
        if not torch.isfinite(loss.detach()):
            raise ModelError(
                f"the loss of the {self.task.name} is no longer a number in epoch {self.current_epoch + 1}",
                remedy="lower 'learning_rate' under 'training'",
            )
        self._losses.append(loss.detach())
        return loss

    def validation_step(self, batch: tuple[Tensor, Tensor], batch_idx: int) -> None:
        images, masks = batch
        found = foreground(self.network, images, self.task.stage) >= 0.5
        truth = masks[:, 0] > 0
        self._overlaps.append(torch.stack([(found & truth).sum(), found.sum() + truth.sum()]).cpu())

    def on_train_epoch_end(self) -> None:
        entry = {
            "training loss": float(torch.stack(self._losses).cpu().double().mean()),
            "learning rate": self._rate(),
        }
        if self._overlaps:
            shared, both = torch.stack(self._overlaps).sum(dim=0).tolist()
            entry["validation Dice"] = 2 * shared / both if both else 1.0
        self.history.append(entry)

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        checkpoint["history"] = self.history

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        self.history = checkpoint["history"]

    def _rate(self) -> float:
        given = self.task.settings
        if given.schedule == "constant":
            return given.learning_rate
        done = self.current_epoch / max(1, given.epochs - 1)
        return given.learning_rate * (0.01 + 0.99 * (1 + math.cos(math.pi * done)) / 2)


class _Keeper(BestWeights):
    """After each epoch: remember the best weights and keep the checkpoint, which holds them too."""

    def __init__(self, task: StageTask, progress: Callable[[int, int], None] | None) -> None:
        super().__init__()
        self.task = task
        self.progress = progress
        self._kept_at = time.monotonic()

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        assert isinstance(pl_module, _Segmenter)
        history = pl_module.history
        looked = [(place, e["validation Dice"]) for place, e in enumerate(history) if "validation Dice" in e]
        if looked and looked[first_best([dice for _, dice in looked])][0] == len(history) - 1:
            self.remember(pl_module.network)
        # The last epoch always: what a second network waits for is never done twice.
        over = len(history) >= self.task.settings.epochs
        if over or time.monotonic() - self._kept_at >= CHECKPOINT_SECONDS:
            trainer.save_checkpoint(checkpoint_file(self.task.directory))
            self._kept_at = time.monotonic()
        if self.progress is not None:
            self.progress(len(history), self.task.settings.epochs)
