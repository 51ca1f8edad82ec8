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

from samesplit.errors import ModelError
from samesplit.models.networks.building import build_module, build_untrained, memory_format
from samesplit.models.networks.explanation.explain import explain_network
from samesplit.models.networks.fitting import FoldData, fit_networks, trials_table
from samesplit.models.networks.inference import inference_device, logits_of_batch, summary_of
from samesplit.models.networks.kept_weights import compact_state, read_kept_weights
from samesplit.models.networks.module import class_weights
from samesplit.models.networks.never_seen import never_seen, without_sequences
from samesplit.models.networks.preparation import PreparedInputs, prepare_inputs
from samesplit.models.networks.schedule import History, smoothed_scores
from samesplit.models.networks.scopes import deterministic, seeded, single_thread
from samesplit.models.networks.settings import ImageModelSettings, NetworkSettings, TorchModuleSettings
from samesplit.models.networks.test_time import changed_inputs
from samesplit.models.networks.training import Progress
from samesplit.models.protocol import Cases, TrainingFold
from samesplit.models.task_classes import check_task_of_saved, class_names, read_task
from samesplit.storage import write_bytes, write_json
from samesplit.tables import LEDGER, empty_table, stack_ledgers
from samesplit.tasks import Task
from samesplit.under_way import tell
from samesplit.version import __version__

__all__ = ["NetworkModel", "load_network"]


class NetworkModel:
    """A network trained on images, seen through the protocol of all models.

    Args:
        settings: Of kind network or torch-module.
        cache: A folder for prepared inputs that folds, seeds and models may share; None: each fold's own.
        progress: Called after each validation, with the steps done and the most there can be.
    """

    def __init__(
        self, settings: ImageModelSettings, *, cache: Path | None = None, progress: Progress | None = None
    ) -> None:
        self.settings = settings
        self.cache = cache
        self.progress = progress or _tell_step
        self.sequences: tuple[str, ...] = ()
        self.never_seen: tuple[str, ...] = ()
        self.task: Task | None = None
        self.history: History = []
        self.kept = 0
        self.fit_summary: dict[str, Any] = {}
        self.trials = pd.DataFrame()
        self.skipped: pd.DataFrame = empty_table(LEDGER)
        self._network: nn.Module | None = None
        self._inputs = cache
        self.used_inputs: set[str] = set()

    def fit(self, fold: TrainingFold) -> None:
        """Train on the training part; the validation part stops the training and chooses the weights.

        A training that was killed goes on from the checkpoint in the fold's folder, and ends with the same
        weights (on a CPU to the last bit).

        Raises:
            ModelError: A class has no readable lesion in the training part, the AUC is watched and the readable
                lesions of the validation part are of one class, or the network cannot be built or trained.
            WorkspaceError: The fold's folder cannot be written.
        """
        sequences, names = fold.training.sequences, class_names(fold.task)
        self._inputs = self.cache or fold.directory / "inputs"

        def prepared(cases: Cases) -> PreparedInputs:
            return prepare_inputs(cases, self.settings.inputs, sequences=sequences, cache=self._inputs)

        inputs = prepared(fold.training)
        self.never_seen = never_seen(inputs, sequences)
        held, unlooked = without_sequences(fold.validation, self.never_seen)
        validation = prepared(held)
        self.used_inputs = inputs.names() | validation.names()
        data = FoldData(
            inputs,
            _labels(fold.training_labels, inputs),
            validation,
            _labels(fold.validation_labels, validation),
            names,
        )
        class_weights(data.labels, balanced=True, names=names)
        self._check_monitor(data.validation_labels)
        fitted = fit_networks(
            self.settings,
            data,
            build=lambda: build_untrained(self.settings, inputs, len(names)),
            seed=fold.seed,
            directory=fold.directory,
            progress=self.progress,
        )
        self.task, self.sequences = fold.task, sequences
        best = fitted.trials[fitted.best]
        self.history, self.kept = best.history, best.kept
        self.fit_summary = summary_of(fitted, data, self.settings)
        self.trials = trials_table(fitted)
        self.skipped = stack_ledgers([inputs.skipped, validation.skipped, unlooked])
        self._network = fitted.network

    def predict(self, cases: Cases) -> pd.DataFrame:
        """Predict the probabilities of each lesion with at least one readable image; see `Model.predict`.

        A lesion without one, or whose images hold values that are not numbers, is not in the result. A sequence
        that no training lesion had is not looked at: the weights that would see it are as they were drawn. With
        class weights the probabilities are those of a cohort in which all classes are equally frequent.

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
        cases = self._without_never_seen(cases)
        device = inference_device(self.settings)
        network = self._network.to(device).eval()
        found: dict[str, list[float]] = {}
        size = self.settings.training.batch_size
        with torch.inference_mode(), single_thread(), deterministic(strict=device == "cpu"):
            for start in range(0, len(cases), size):
                part = cases.select(cases.lesion_ids[start : start + size])
                found |= self._predict_batch(network, part)
        network.to("cpu")
        index = pd.Index(list(found), name="lesion_id", dtype=str)
        columns = list(self.task.prediction_columns)
        return pd.DataFrame(list(found.values()), index=index, columns=columns, dtype=float)

    def validation_score(self) -> float | None:
        """Return the AUC, or minus the loss, of the validation part in the round that was kept, smoothed."""
        scores = smoothed_scores(self.settings.training, self.history)
        return float(scores[self.kept - 1]) if len(scores) else None

    def details(self) -> dict[str, pd.DataFrame]:
        """Tell what happened while fitting.

        `history` has the columns epoch, steps, metric and value, with a row a validation and metric. `kept_epoch`
        is one line: which weights were kept (epoch and steps), of how many that were trained and could have been,
        what they reach on the training part (without augmentation) and on the validation part, which chose them,
        how far their probabilities lie apart, and why the network seems untrained, if it does; the gap between
        the AUCs is over-fitting. `trials` has a line for each network that was fitted, where there were several.
        `skipped` holds lines for the case ledger, if there are any.
        """
        rows = [
            {"epoch": entry.get("epoch", number), "steps": entry["steps"], "metric": metric, "value": value}
            for number, entry in enumerate(self.history, start=1)
            for metric, value in entry.items()
            if metric not in ("steps", "epoch")
        ]
        tables = {
            "history": pd.DataFrame(rows, columns=["epoch", "steps", "metric", "value"]),
            "kept_epoch": pd.DataFrame([self.fit_summary]),
        }
        if len(self.trials) > 1:
            tables["trials"] = self.trials
        return tables if self.skipped.empty else tables | {"skipped": self.skipped}

    def explain(self, training: Cases, test: Cases) -> dict[str, pd.DataFrame]:
        """Explain the fitted network; see `samesplit.models.networks.explanation`."""
        if self._network is None or self.task is None:
            raise ModelError("a network that is not fitted cannot be explained")
        return explain_network(
            self._network.eval(),
            self.settings.inputs,
            self._without_never_seen(training),
            self._without_never_seen(test),
            classes=len(class_names(self.task)),
            batch_size=self.settings.training.batch_size,
            cache=self._inputs,
        )

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
        torch.save(compact_state(self._network, self.settings.keep_precision), buffer)
        write_bytes(directory / "weights.pt", buffer.getvalue())
        record = {
            "settings": settings,
            "task": None if self.task is None else self.task.model_dump(mode="json"),
            "sequences": list(self.sequences),
            "never_seen": list(self.never_seen),
            "history": self.history,
            "kept": self.kept,
            "fit": {
                name: None if isinstance(value, float) and math.isnan(value) else value
                for name, value in self.fit_summary.items()
            },
            "versions": {"samesplit": __version__, "torch": str(torch.__version__)},
        }
        write_json(directory / "settings.json", record)

    def _without_never_seen(self, cases: Cases) -> Cases:
        cases, noted = without_sequences(cases, self.never_seen)
        self.skipped = stack_ledgers([self.skipped, noted]).drop_duplicates(ignore_index=True)
        return cases

    def _predict_batch(self, network: nn.Module, cases: Cases) -> dict[str, list[float]]:
        assert self.task is not None
        inputs = prepare_inputs(cases, self.settings.inputs, sequences=self.sequences, cache=self._inputs)
        self.used_inputs |= inputs.names()
        self.skipped = stack_ledgers([self.skipped, inputs.skipped]).drop_duplicates(ignore_index=True)
        if not len(inputs):
            return {}
        images = torch.from_numpy(np.stack([inputs[index] for index in range(len(inputs))]))
        found = []
        given = self.settings
        for changed in changed_inputs(inputs, images, given.augmentation, given.test_time_augmentation):
            logits = logits_of_batch(network, changed, given, len(class_names(self.task)))
            found.append(logits.softmax(dim=1) if logits.ndim == 2 else logits.sigmoid()[:, None])
        probabilities = torch.stack(found).mean(dim=0)
        told = zip(inputs.lesion_ids, probabilities.tolist(), strict=True)
        return {lesion_id: each for lesion_id, each in told if all(map(math.isfinite, each))}

    def _check_monitor(self, labels: Tensor) -> None:
        if self.settings.training.monitor == "auc" and len(labels) and len(set(labels.tolist())) < 2:
            raise ModelError(
                "the AUC is to be watched, but the validation part has only one class",
                where=f"model {self.settings.name}",
                remedy="set 'monitor: loss' under 'training', or a larger validation part",
            )


def load_network(directory: Path, *, cache: Path | None = None, task: Task | None = None) -> NetworkModel:
    """Open a network that `NetworkModel.save` kept.

    Args:
        directory: Where it was kept.
        cache: For prepared inputs; see `NetworkModel`.
        task: What it is to answer; None: whatever it was fitted for.

    Raises:
        ModelError: The folder does not hold a whole network, but weights of another, or one that was fitted for
            another kind of task or other classes.
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
        settings = kinds[record["settings"]["kind"]].model_validate(record["settings"])
        known = read_task(record["task"])
        kept, summary = int(record["kept"]), dict(record["fit"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(
            f"does not hold a saved network ({error})",
            where=directory,
            remedy="name a folder with weights.pt and settings.json",
        ) from error
    state = read_kept_weights(directory / "weights.pt")
    if isinstance(settings, TorchModuleSettings):
        settings.came_from(directory, str(directory / "settings.json"))
    if task is not None:
        check_task_of_saved(known, task, directory / "settings.json")
    model = NetworkModel(settings, cache=cache)
    model.task = known
    model.sequences = tuple(record["sequences"])
    model.never_seen = tuple(record.get("never_seen", ()))
    model.history = record["history"]
    model.kept = kept
    model.fit_summary = {name: math.nan if value is None else value for name, value in summary.items()}
    channels = settings.inputs.channels_per_sequence * len(model.sequences)
    with seeded(0):
        network = build_module(settings, channels, len(class_names(known)), saved=state)
    try:
        network.load_state_dict(state)
    except RuntimeError as error:
        raise ModelError(
            "the weights are of another network than the one that settings.json beside them describes",
            where=directory / "weights.pt",
            remedy="name the folder as the run left it",
        ) from error
    model._network = network.to(memory_format=memory_format(settings)).eval()  # type: ignore[call-overload]
    return model


def _tell_step(done: int, total: int) -> None:
    tell(done, total, "step")


def _labels(labels: pd.Series[int], inputs: PreparedInputs) -> Tensor:
    return torch.tensor([int(labels[lesion_id]) for lesion_id in inputs.lesion_ids], dtype=torch.int64)
