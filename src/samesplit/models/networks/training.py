"""The training loop of one fold: Lightning, with checkpoints from which a killed training goes on exactly."""

from __future__ import annotations

import io
import json
import math
import time
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import lightning.pytorch as pl
import torch
from lightning.pytorch.callbacks import Checkpoint
from lightning.pytorch.plugins.io import TorchCheckpointIO
from torch import Tensor, nn
from torch.utils.data import DataLoader

from samesplit.errors import ModelError
from samesplit.models.networks.module import Classifier, History
from samesplit.models.networks.scopes import deterministic, quiet_lightning, seeded, single_thread
from samesplit.models.networks.training_settings import TrainingSettings
from samesplit.ordering import first_best
from samesplit.storage import write_bytes, write_json

__all__ = ["Progress", "TrainingTask", "best_epoch", "choose_accelerator", "should_stop", "train"]

CHECKPOINT_SECONDS = 10.0
"""Checkpoints are written after an epoch, at most this often: a kill costs about this much time."""

Progress = Callable[[int, int], None]
"""Called after each epoch with the number of epochs done and the most there can be."""

State = dict[str, Tensor]


@dataclass(frozen=True)
class TrainingTask:
    """What is to be trained on what.

    Attributes:
        network: Freshly initialised; holds the chosen weights afterwards.
        settings: How.
        training: Batches of the training part.
        validation: Batches of the validation part; None when it is empty.
        weights: Of each class in the loss.
        seed: Of everything random.
        directory: Where the checkpoint is kept, and nothing else is written.
        fingerprint: Everything that the outcome depends on. A checkpoint of another one is not used.
    """

    network: nn.Module
    settings: TrainingSettings
    training: DataLoader[tuple[Tensor, Tensor]]
    validation: DataLoader[tuple[Tensor, Tensor]] | None
    weights: tuple[float, ...]
    seed: int
    directory: Path
    fingerprint: str


def train(task: TrainingTask, *, progress: Progress | None = None) -> History:
    """Train a network, going on from the folder's checkpoint if there is one.

    With a validation part the weights of its best epoch are kept and training stops early; without one,
    those of the last of a fixed number of epochs. On a CPU the outcome is the same to the last bit whether or
    not the training was interrupted.

    Returns:
        One entry an epoch; see `History`.

    Raises:
        ModelError: There is no such device, or the loss is no longer a number.
        WorkspaceError: The checkpoint cannot be written.
    """
    accelerator = choose_accelerator(task.settings)
    module = Classifier(task.network, task.settings, weights=task.weights, seed=task.seed)
    keeper = _Keeper(task, progress)
    checkpoint = _usable_checkpoint(task)
    with (
        single_thread(),
        seeded(task.seed),
        deterministic(strict=accelerator == "cpu"),
        quiet_lightning(),
    ):
        if checkpoint is not None and _is_over(task.settings, checkpoint["history"]):
            module.on_load_checkpoint(checkpoint)
            module.load_state_dict(checkpoint["state_dict"])
            keeper.load_state_dict(checkpoint["callbacks"][keeper.state_key])
        else:
            trainer = _trainer(task, accelerator, keeper)
            path = None if checkpoint is None else _checkpoint_file(task.directory)
            trainer.fit(module, task.training, task.validation, ckpt_path=path, weights_only=True)
    if keeper.best is not None:
        task.network.load_state_dict(keeper.best)
    task.network.to("cpu").eval()
    return module.history


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


def best_epoch(settings: TrainingSettings, history: History) -> int | None:
    """Find the first epoch (from 0) with the best value of `monitor`, of those that end after `minimum_steps`.

    Returns:
        None without a validation part, and while there were too few steps.

    Example:
        >>> losses = [0.7, 0.5, 0.6]
        >>> history = [{"validation loss": loss, "steps": 4 * (epoch + 1)} for epoch, loss in enumerate(losses)]
        >>> best_epoch(TrainingSettings(), history), best_epoch(TrainingSettings(minimum_steps=12), history)
        (1, 2)
    """
    key, sign = ("validation loss", 1.0) if settings.monitor == "loss" else ("validation AUC", -1.0)
    if not history or key not in history[0]:
        return None
    enough = [
        epoch for epoch, entry in enumerate(history) if entry.get("steps", math.inf) >= settings.minimum_steps
    ]
    if not enough:
        return None
    return enough[first_best([sign * history[epoch][key] for epoch in enough], largest=False)]


def should_stop(settings: TrainingSettings, history: History) -> bool:
    """Whether the validation part has got no better for `patience` epochs, of those that may be kept."""
    best = best_epoch(settings, history)
    return best is not None and settings.patience is not None and len(history) - 1 - best >= settings.patience


def _is_over(settings: TrainingSettings, history: History) -> bool:
    return len(history) >= settings.epochs or should_stop(settings, history)


def _trainer(task: TrainingTask, accelerator: str, keeper: _Keeper) -> pl.Trainer:
    return pl.Trainer(
        accelerator=accelerator,
        devices=1,
        precision=task.settings.precision,
        max_epochs=task.settings.epochs,
        gradient_clip_val=task.settings.gradient_clip,
        default_root_dir=task.directory,
        callbacks=[keeper],
        plugins=[_WholeFiles()],
        logger=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        num_sanity_val_steps=0,
        use_distributed_sampler=False,
    )


class _Keeper(Checkpoint):
    """After each epoch: remember the best weights, keep the checkpoint, stop when nothing more is gained.

    The best weights travel inside the one checkpoint file, so that the two can never disagree.
    """

    def __init__(self, task: TrainingTask, progress: Progress | None) -> None:
        self.settings = task.settings
        self.path = _checkpoint_file(task.directory)
        self.progress = progress
        self.best: State | None = None
        self._kept_at = time.monotonic()

    @property
    def state_key(self) -> str:
        return "samesplit"

    def state_dict(self) -> dict[str, Any]:
        return {"best": self.best}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self.best = state_dict["best"]

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        assert isinstance(pl_module, Classifier)
        history = pl_module.history
        if best_epoch(self.settings, history) == len(history) - 1:
            weights: Mapping[str, Tensor] = pl_module.network.state_dict()
            self.best = {name: value.detach().cpu().clone() for name, value in weights.items()}
        if should_stop(self.settings, history):
            trainer.should_stop = True
        if time.monotonic() - self._kept_at >= CHECKPOINT_SECONDS:
            trainer.save_checkpoint(self.path)
            self._kept_at = time.monotonic()
        if self.progress is not None:
            self.progress(len(history), self.settings.epochs)


class _WholeFiles(TorchCheckpointIO):
    """Checkpoints that are either whole or not there."""

    def save_checkpoint(
        self, checkpoint: dict[str, Any], path: str | Path, storage_options: Any | None = None
    ) -> None:
        buffer = io.BytesIO()
        torch.save(checkpoint, buffer)
        write_bytes(Path(path), buffer.getbuffer())  # type: ignore[arg-type]  # written without a copy


def _checkpoint_file(directory: Path) -> Path:
    return directory / "last.ckpt"


def _usable_checkpoint(task: TrainingTask) -> dict[str, Any] | None:
    """Return the folder's checkpoint if it is of this very task; else begin anew under its fingerprint."""
    path, record = _checkpoint_file(task.directory), task.directory / "training.json"
    try:
        if json.loads(record.read_text(encoding="utf-8"))["fingerprint"] == task.fingerprint:
            with zipfile.ZipFile(path) as file:
                if file.testzip() is None:  # torch itself does not look at the checksums
                    checkpoint: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
                    return checkpoint
    except Exception:  # there is none, or it is damaged, for which torch raises many kinds: start afresh
        pass
    path.unlink(missing_ok=True)
    write_json(record, {"fingerprint": task.fingerprint})
    return None
