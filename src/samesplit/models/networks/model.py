"""A network as a model: fits on a fold, predicts probabilities, tells its history, and can be kept."""

from __future__ import annotations

import io
import json
import math
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader

from samesplit.errors import ModelError
from samesplit.models.networks.architectures.resnet import build_resnet
from samesplit.models.networks.architectures.torch_module import build_torch_module
from samesplit.models.networks.batches import evaluation_loader, training_loader
from samesplit.models.networks.module import History, auc_of_logits, class_weights, logits_of
from samesplit.models.networks.outputs import check_gives_logits
from samesplit.models.networks.preparation import PreparedInputs, prepare_inputs
from samesplit.models.networks.scopes import deterministic, seeded, single_thread
from samesplit.models.networks.settings import ImageModelSettings, NetworkSettings, TorchModuleSettings
from samesplit.models.networks.training import Progress, TrainingTask, best_epoch, choose_accelerator, train
from samesplit.models.protocol import Cases, TrainingFold
from samesplit.models.task_classes import check_task_of_saved, class_names, read_task
from samesplit.storage import hash_object, write_bytes, write_json
from samesplit.tables import LEDGER, empty_table
from samesplit.tasks import Task
from samesplit.under_way import tell
from samesplit.version import __version__

__all__ = ["NetworkModel", "load_network"]


class NetworkModel:
    """A network trained on images, seen through the protocol of all models.

    Args:
        settings: Of kind network or torch-module.
        cache: A folder for prepared inputs that folds, seeds and models may share; None: each fold's own.
        progress: Called after each epoch.
    """

    def __init__(
        self, settings: ImageModelSettings, *, cache: Path | None = None, progress: Progress | None = None
    ) -> None:
        self.settings = settings
        self.cache = cache
        self.progress = progress or _tell_epoch
        self.sequences: tuple[str, ...] = ()
        self.task: Task | None = None
        self.history: History = []
        self.training_auc = float("nan")
        self.skipped: pd.DataFrame = empty_table(LEDGER)
        self._network: nn.Module | None = None
        self._inputs = cache
        self.used_inputs: set[str] = set()

    def fit(self, fold: TrainingFold) -> None:
        """Train on the training part; the validation part stops the training and chooses the epoch.

        A training that was killed goes on from the checkpoint in the fold's folder, and ends with the same
        weights (on a CPU to the last bit).

        Raises:
            ModelError: A class has no readable lesion in the training part, the AUC is watched and the readable
                lesions of the validation part are of one class, or the network cannot be built or trained.
            WorkspaceError: The fold's folder cannot be written.
        """
        sequences, names = fold.training.sequences, class_names(fold.task)
        self._inputs = self.cache or fold.directory / "inputs"
        inputs, validation = (
            prepare_inputs(
                cases,
                self.settings.inputs,
                sequences=sequences,
                cache=self._inputs,
            )
            for cases in (fold.training, fold.validation)
        )
        self.used_inputs = inputs.names() | validation.names()
        labels = _labels(fold.training_labels, inputs)
        validation_labels = _labels(fold.validation_labels, validation)
        batch_size = self.settings.training.batch_size
        batches = -(-len(inputs) // batch_size)
        epochs = self.settings.training.most_epochs(batches) if batches else self.settings.training.epochs
        given = self.settings.training.model_copy(update={"epochs": epochs})
        weights = class_weights(labels, balanced=given.class_weights, names=names)
        self._check_monitor(validation_labels)
        with seeded(fold.seed), single_thread():
            network = _build(self.settings, inputs.shape[0], len(names))
            if isinstance(self.settings, TorchModuleSettings) and len(inputs):
                few = np.stack([inputs[index] for index in range(min(len(inputs), 2))])
                check_gives_logits(network, torch.from_numpy(few), self.settings, classes=len(names))
        network.to(memory_format=_memory_format(self.settings))  # type: ignore[call-overload]
        training = TrainingTask(
            network=network,
            settings=given,
            training=training_loader(
                inputs,
                labels,
                augmentation=self.settings.augmentation,
                masked=self.settings.inputs.mask_background,
                masks=self.settings.inputs.mask_places(inputs.shape[0]),
                batch_size=given.batch_size,
                seed=fold.seed,
            ),
            validation=evaluation_loader(validation, validation_labels, batch_size=given.batch_size)
            if len(validation)
            else None,
            weights=weights,
            seed=fold.seed,
            directory=fold.directory,
            fingerprint=self._fingerprint(
                fold.seed, len(names), (inputs, labels), (validation, validation_labels)
            ),
        )
        self.history = train(training, progress=self.progress)
        self.task = fold.task
        self.training_auc = self._auc_of(
            network, evaluation_loader(inputs, labels, batch_size=given.batch_size)
        )
        self.sequences = sequences
        self.skipped = pd.concat([inputs.skipped, validation.skipped], ignore_index=True)
        self._network = network

    def predict(self, cases: Cases) -> pd.DataFrame:
        """Predict the probabilities of each lesion with at least one readable image; see `Model.predict`.

        A lesion without one is not in the result. With class weights the probabilities are those of a cohort
        in which all classes are equally frequent.

        Raises:
            ModelError: The model is not fitted, or the cases have other sequences than it was fitted on.
        """
        if self._network is None or self.task is None:
            raise ModelError("the network was asked for probabilities before it was fitted")
        if cases.sequences != self.sequences:
            raise ModelError(
                f"the network was fitted on {', '.join(self.sequences)} and is given {', '.join(cases.sequences)}",
                remedy="give the sequences that it was fitted on, in their order",
            )
        accelerator = choose_accelerator(self.settings.training)
        device = "cuda" if accelerator == "gpu" else accelerator
        network = self._network.to(device).eval()
        found: dict[str, list[float]] = {}
        size = self.settings.training.batch_size
        with torch.inference_mode(), single_thread(), deterministic(strict=device == "cpu"):
            for start in range(0, len(cases), size):
                part = cases.select(cases.lesion_ids[start : start + size])
                found |= self._predict_batch(network, part, device)
        network.to("cpu")
        index = pd.Index(list(found), name="lesion_id", dtype=str)
        columns = list(self.task.prediction_columns)
        return pd.DataFrame(list(found.values()), index=index, columns=columns, dtype=float)

    def validation_score(self) -> float | None:
        """Return the AUC, or minus the loss, of the validation part in the epoch that was kept."""
        best = best_epoch(self.settings.training, self.history)
        if best is None:
            return None
        entry = self.history[best]
        watched = self.settings.training.monitor
        return -float(entry["validation loss"]) if watched == "loss" else float(entry["validation AUC"])

    def details(self) -> dict[str, pd.DataFrame]:
        """Tell what happened while fitting.

        `history` has the columns epoch (from 1), metric and value. `kept_epoch` is one line: the epoch whose
        weights were kept, of how many, and what these weights reach on the training part (without augmentation)
        and on the validation part, which chose them; the gap between the two is over-fitting. `skipped` holds
        lines for the case ledger, if there are any.
        """
        rows = [
            {"epoch": epoch, "metric": metric, "value": value}
            for epoch, entry in enumerate(self.history, start=1)
            for metric, value in entry.items()
            if metric != "steps"
        ]
        kept = self._kept_epoch()
        chosen = self.history[kept - 1] if kept else {}
        line = {
            "epoch": kept,
            "epochs": len(self.history),
            "steps": chosen.get("steps", float("nan")),
            "training_auc": self.training_auc,
            "validation_auc": chosen.get("validation AUC", float("nan")),
        }
        tables = {
            "history": pd.DataFrame(rows, columns=["epoch", "metric", "value"]),
            "kept_epoch": pd.DataFrame([line]),
        }
        return tables if self.skipped.empty else tables | {"skipped": self.skipped}

    def save(self, directory: Path) -> None:
        """Keep the weights as a state dict (`weights.pt`) and everything needed to use them (`settings.json`).

        Raises:
            ModelError: The model is not fitted.
        """
        if self._network is None:
            raise ModelError("a network that is not fitted cannot be saved")
        settings = self.settings.to_dict()
        if isinstance(self.settings, TorchModuleSettings) and (file := self.settings.target_file()):
            directory.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, directory / "target.py")
            settings["target"] = f"target.py:{self.settings.target.rpartition(':')[2]}"
        buffer = io.BytesIO()
        torch.save(self._network.state_dict(), buffer)
        write_bytes(directory / "weights.pt", buffer.getvalue())
        record = {
            "settings": settings,
            "task": None if self.task is None else self.task.model_dump(mode="json"),
            "sequences": list(self.sequences),
            "history": self.history,
            "epoch": self._kept_epoch(),
            "training_auc": None if math.isnan(self.training_auc) else self.training_auc,
            "versions": {"samesplit": __version__, "torch": str(torch.__version__)},
        }
        write_json(directory / "settings.json", record)

    def _kept_epoch(self) -> int:
        """Return the epoch, from 1, whose weights were kept: the best on the validation part, else the last."""
        best = best_epoch(self.settings.training, self.history)
        return len(self.history) if best is None else best + 1

    def _auc_of(self, network: nn.Module, batches: DataLoader[tuple[Tensor, Tensor]]) -> float:
        """Return the AUC of the network as it is, on batches with their labels."""
        assert self.task is not None
        classes = len(class_names(self.task))
        accelerator = choose_accelerator(self.settings.training)
        device = "cuda" if accelerator == "gpu" else accelerator
        network.to(device).eval()
        logits, labels = [], []
        with seeded(0), torch.inference_mode(), single_thread(), deterministic(strict=device == "cpu"):
            for (
                images,
                truth,
            ) in batches:  # a loader that begins draws a number, and so would change torch's own
                placed = images.to(device, memory_format=_memory_format(self.settings))
                logits.append(logits_of(network(placed), len(truth), classes=classes).double().cpu())
                labels.append(truth)
        network.to("cpu")
        auc = auc_of_logits(torch.cat(logits), torch.cat(labels))
        return float("nan") if auc is None else auc

    def _predict_batch(self, network: nn.Module, cases: Cases, device: str) -> dict[str, list[float]]:
        assert self.task is not None
        inputs = prepare_inputs(cases, self.settings.inputs, sequences=self.sequences, cache=self._inputs)
        self.used_inputs |= inputs.names()
        if not len(inputs):
            return {}
        images = torch.from_numpy(np.stack([inputs[index] for index in range(len(inputs))]))
        images = images.to(device, memory_format=_memory_format(self.settings))
        logits = logits_of(network(images), len(images), classes=len(class_names(self.task))).double()
        several = logits.ndim == 2
        probabilities = logits.softmax(dim=1).cpu() if several else logits.sigmoid().cpu()[:, None]
        return dict(zip(inputs.lesion_ids, probabilities.tolist(), strict=True))

    def _check_monitor(self, labels: Tensor) -> None:
        if self.settings.training.monitor == "auc" and len(labels) and len(set(labels.tolist())) < 2:
            raise ModelError(
                "the AUC is to be watched, but the validation part has only one class",
                where=f"model {self.settings.name}",
                remedy="set 'monitor: loss' under 'training', or a larger validation part",
            )

    def _fingerprint(self, seed: int, classes: int, *parts: tuple[PreparedInputs, Tensor]) -> str:
        """Compute a hash of everything that the trained weights depend on."""
        data = [[inputs.keys, labels.tolist()] for inputs, labels in parts]
        return hash_object([self.settings.digest(), seed, classes, data, str(torch.__version__)])


def load_network(directory: Path, *, cache: Path | None = None, task: Task | None = None) -> NetworkModel:
    """Open a network that `NetworkModel.save` kept.

    Args:
        directory: Where it was kept.
        cache: For prepared inputs; see `NetworkModel`.
        task: What it is to answer; None: whatever it was fitted for.

    Raises:
        ModelError: The folder does not hold a whole network, or one that was fitted for another kind of task or
            other classes.
    """
    kinds: dict[str, type[NetworkSettings] | type[TorchModuleSettings]] = {
        "network": NetworkSettings,
        "torch-module": TorchModuleSettings,
    }
    if (directory / "settings.json").exists() and not (directory / "weights.pt").exists():
        raise ModelError(
            "the weights were not kept",
            where=directory,
            remedy="set 'keep: best' or 'keep: all' in the model's file and run again, or take the fold whose "
            "weights were kept",
        )
    try:
        record: dict[str, Any] = json.loads((directory / "settings.json").read_text(encoding="utf-8"))
        state = torch.load(directory / "weights.pt", map_location="cpu", weights_only=True)
        settings = kinds[record["settings"]["kind"]].model_validate(record["settings"])
        known = read_task(record["task"])
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        raise ModelError(
            f"does not hold a saved network ({error})",
            where=directory,
            remedy="name a folder with weights.pt and settings.json",
        ) from error
    if isinstance(settings, TorchModuleSettings):
        settings.came_from(directory, str(directory / "settings.json"))
    if task is not None:
        check_task_of_saved(known, task, directory / "settings.json")
    model = NetworkModel(settings, cache=cache)
    model.task = known
    model.sequences = tuple(record["sequences"])
    model.history = record["history"]
    auc = record.get("training_auc")
    model.training_auc = float("nan") if auc is None else float(auc)
    channels = settings.inputs.channels_per_sequence * len(model.sequences)
    with seeded(0):
        network = _build(settings, channels, len(class_names(known)), fresh=False)
    network.load_state_dict(state)
    model._network = network.to(memory_format=_memory_format(settings)).eval()  # type: ignore[call-overload]
    return model


def _tell_epoch(done: int, total: int) -> None:
    tell(done, total, "epoch")


def _build(settings: ImageModelSettings, channels: int, classes: int, *, fresh: bool = True) -> nn.Module:
    if isinstance(settings, TorchModuleSettings):
        return build_torch_module(settings, channels, classes)
    if isinstance(settings, NetworkSettings):
        weights = settings.weights_file() if fresh else None
        return build_resnet(settings, channels, classes=classes, weights=weights)
    raise ModelError(f"no network is known for {type(settings).__name__}")


def _memory_format(settings: ImageModelSettings) -> torch.memory_format:
    """Channels last, in which convolutions are fastest on a CPU."""
    return torch.channels_last_3d if settings.inputs.dimensions == 3 else torch.channels_last


def _labels(labels: pd.Series[int], inputs: PreparedInputs) -> Tensor:
    return torch.tensor([int(labels[lesion_id]) for lesion_id in inputs.lesion_ids], dtype=torch.int64)
