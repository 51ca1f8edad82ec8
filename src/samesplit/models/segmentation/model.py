"""Segmentation networks as a model: fits on a fold, draws the masks of other lesions, and can be kept."""

from __future__ import annotations

import io
import json
import os
import re
import tempfile
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import SimpleITK as sitk
import torch
from torch import nn

from samesplit.errors import LesionError, ModelError
from samesplit.models.networks.kept_weights import read_kept_weights
from samesplit.models.networks.scopes import deterministic, seeded, single_thread
from samesplit.models.protocol import Cases, TrainingFold
from samesplit.models.segmentation.drawing import Networks, draw_masks
from samesplit.models.segmentation.scenes import Scene, scenes_of
from samesplit.models.segmentation.settings import SegmentationNetworkSettings, StageSettings
from samesplit.models.segmentation.training import History, StageTask, device_of, train_stage
from samesplit.models.segmentation.unet import build_unet
from samesplit.models.segmentation.volumes import ledger_row, open_scene, training_volumes
from samesplit.storage import hash_object, write_bytes, write_json
from samesplit.tables import LEDGER, empty_table
from samesplit.tasks import SegmentationTask
from samesplit.under_way import tell
from samesplit.version import __version__

__all__ = ["SegmentationModel", "load_segmentation"]

_ALL = "all"
"""The name of the networks that see all sequences together."""
_WORDS = {"coarse": "first stage", "fine": "second stage"}


class SegmentationModel:
    """3D networks that draw masks, one stage or two, of all sequences together or of each.

    Args:
        settings: Of kind segmentation-network.
        cache: A folder for prepared images that folds, seeds and models may share; None: each fold's own.
    """

    def __init__(self, settings: SegmentationNetworkSettings, *, cache: Path | None = None) -> None:
        self.settings = settings
        self.cache = cache
        self.sequences: tuple[str, ...] = ()
        self.task: SegmentationTask | None = None
        self.history: dict[str, History] = {}
        self.skipped: pd.DataFrame = empty_table(LEDGER)
        self.used_inputs: set[str] = set()
        self._networks: dict[str, Networks] = {}

    def fit(self, fold: TrainingFold) -> None:
        """Train each network on the training part; the validation part chooses the epochs.

        A training that was killed goes on from the checkpoints in the fold's folder, and ends with the same
        weights (on a CPU to the last bit).

        Raises:
            ModelError: The organ is to be found first and an image has no organ mask; nothing in the training part
                can be read; the device asked for is not there; the loss is no longer a number.
            WorkspaceError: The fold's folder cannot be written.
        """
        assert isinstance(fold.task, SegmentationTask)
        device_of(self.settings.training)  # refused before images are read
        self.task, self.sequences = fold.task, fold.training.sequences
        cache = self.cache or fold.directory / "inputs"
        scenes = [scenes_of(cases) for cases in (fold.training, fold.validation)]
        for name, sequences in self._groups():
            training, validation = ([s.only(sequences) for s in part] for part in scenes)
            training, validation = ([s for s in part if s.rows] for part in (training, validation))
            stages = {
                stage: self._train(fold, name, sequences, stage, training, validation, cache)
                for stage in (("fine",) if self.settings.localise == "no" else ("coarse", "fine"))
            }
            self._networks[name] = Networks(sequences, stages.get("coarse"), stages["fine"])

    def predict(self, cases: Cases) -> pd.DataFrame:
        """Refuse to answer in place: masks are files, which `segment` writes."""
        raise ModelError("draws masks, which are files: ask 'segment'", where=f"model {self.settings.name}")

    def segment(self, cases: Cases, directory: Path) -> pd.DataFrame:
        """Draw the masks of all lesions; no mask of the cases is read.

        Lesions of one image share one mask, with all that was found in the image. An image in which nothing is
        found has an empty one. Files that an attempt before this one left are not made again.

        Args:
            cases: The lesions and their images.
            directory: Where the masks are written, as compressed NIfTI on the grid of each image.

        Returns:
            Columns lesion_id, sequence and mask (the file's name in the folder). A sequence that cannot be read
            has no row.

        Raises:
            ModelError: The model is not fitted, or the cases have other sequences than it was fitted on.
        """
        if not self._networks or self.task is None:
            raise ModelError("the network was asked for masks before it was fitted")
        if cases.sequences != self.sequences:
            raise ModelError(
                f"the network was fitted on {', '.join(self.sequences)} and is given {', '.join(cases.sequences)}",
                remedy="give the sequences that it was fitted on, in their order",
            )
        asked = tuple(s for s in self.sequences if s in (self.task.sequences or self.sequences))
        device = device_of(self.settings.training)
        for networks in self._networks.values():
            for network in networks.named().values():
                network.to(device).eval()
        scenes, rows = scenes_of(cases), []
        with torch.inference_mode(), single_thread(), deterministic(strict=device == "cpu"):
            for number, scene in enumerate(scenes):
                tell(number, len(scenes), "image", whole=False)
                rows += self._segment_scene(scene, asked, device, directory)
        for networks in self._networks.values():
            for network in networks.named().values():
                network.to("cpu")
        return pd.DataFrame(rows, columns=["lesion_id", "sequence", "mask"])

    def validation_score(self) -> float | None:
        """Return the mean, over the networks that draw, of the highest Dice on the validation part."""
        best = [
            max((entry["validation Dice"] for entry in history if "validation Dice" in entry), default=None)
            for name, history in self.history.items()
            if name.endswith("fine")
        ]
        known = [value for value in best if value is not None]
        return sum(known) / len(known) if known else None

    def details(self) -> dict[str, pd.DataFrame]:
        """Tell what happened while fitting.

        `segmentation_history` has the columns sequences (`all`, or the sequence), stage (`coarse` or `fine`),
        epoch (from 1), metric and value. `skipped` holds lines for the case ledger, if there are any.
        """
        rows = [
            (*name.rsplit("/", 1), epoch, metric, value)
            for name, history in self.history.items()
            for epoch, entry in enumerate(history, start=1)
            for metric, value in entry.items()
        ]
        told = pd.DataFrame(rows, columns=["sequences", "stage", "epoch", "metric", "value"])
        tables = {"segmentation_history": told}
        return tables if self.skipped.empty else tables | {"skipped": self.skipped}

    def save(self, directory: Path) -> None:
        """Keep all weights as one state dict (`weights.pt`) and what is needed to use them (`settings.json`).

        Raises:
            ModelError: The model is not fitted.
        """
        if not self._networks or self.task is None:
            raise ModelError("a network that is not fitted cannot be saved")
        state = {
            f"{name}/{stage}": network.state_dict()
            for name, networks in self._networks.items()
            for stage, network in networks.named().items()
        }
        buffer = io.BytesIO()
        torch.save(state, buffer)
        write_bytes(directory / "weights.pt", buffer.getvalue())
        write_json(
            directory / "settings.json",
            {
                "settings": self.settings.to_dict(),
                "task": self.task.model_dump(mode="json"),
                "sequences": list(self.sequences),
                "history": self.history,
                "versions": {"samesplit": __version__, "torch": str(torch.__version__)},
            },
        )

    def restore(self, directory: Path, record: dict[str, Any]) -> None:
        """Take up what `save` left."""
        state = read_kept_weights(directory / "weights.pt")
        self.task = SegmentationTask.model_validate(record["task"])
        self.sequences, self.history = tuple(record["sequences"]), record["history"]
        for name in dict.fromkeys(key.rsplit("/", 1)[0] for key in state):
            sequences = self.sequences if name == _ALL else (name,)
            stages: dict[str, nn.Module] = {}
            for stage in (stage for stage in ("coarse", "fine") if f"{name}/{stage}" in state):
                stages[stage] = build_unet(self._stage(stage), len(sequences))
                stages[stage].load_state_dict(state[f"{name}/{stage}"])
            self._networks[name] = Networks(sequences, stages.get("coarse"), stages["fine"])

    def _groups(self) -> list[tuple[str, tuple[str, ...]]]:
        """Name the sets of sequences that have networks of their own."""
        if self.settings.sequences_as == "networks":
            return [(name, (name,)) for name in self.sequences]
        return [(_ALL, self.sequences)]

    def _stage(self, name: str) -> StageSettings:
        return self.settings.coarse if name == "coarse" else self.settings.fine

    def _train(
        self,
        fold: TrainingFold,
        name: str,
        sequences: tuple[str, ...],
        stage: str,
        training: list[Scene],
        validation: list[Scene],
        cache: Path,
    ) -> nn.Module:
        """Prepare the volumes of one network, and train it."""
        prepare = partial(
            training_volumes, settings=self.settings, sequences=sequences, stage=stage, cache=cache
        )
        volumes, skipped = prepare(training)
        to_choose, skipped_too = prepare(validation)
        tables = [table for table in (self.skipped, skipped, skipped_too) if len(table)]
        if tables:
            self.skipped = pd.concat(tables, ignore_index=True).drop_duplicates(ignore_index=True)
        self.used_inputs |= {volume.key[:16] for volume in (*volumes, *to_choose)}
        with seeded(fold.seed), single_thread():
            network = build_unet(self._stage(stage), len(sequences))
        words = f"network of the {_WORDS[stage]}" if self.settings.localise != "no" else "network"
        task = StageTask(
            network=network,
            stage=self._stage(stage),
            settings=self.settings.training,
            augmentation=self.settings.augmentation,
            training=volumes,
            validation=to_choose,
            seed=fold.seed,
            directory=fold.directory / f"{name}-{stage}",
            fingerprint=hash_object(
                [
                    self.settings.digest(),
                    fold.seed,
                    [volume.key for volume in volumes],
                    [volume.key for volume in to_choose],
                    str(torch.__version__),
                ]
            ),
            name=words if name == _ALL else f"{words} of {name}",
        )
        self.history[f"{name}/{stage}"] = train_stage(task, progress=_tell_epoch)
        return network

    def _segment_scene(
        self, scene: Scene, asked: tuple[str, ...], device: str, directory: Path
    ) -> list[tuple[str, str, str]]:
        """Draw the masks of one scene, or take those that are there already."""
        wanted = [name for name in asked if name in scene.sequences]
        first = scene.lesion_ids[0]
        file = first if re.fullmatch(r"[\w.-]+", first) else hash_object(first)[:16]
        files = {name: f"{name}/{file}.nii.gz" for name in wanted}
        if not all((directory / file).is_file() for file in files.values()):
            try:
                masks = self._masks_of(scene, tuple(wanted), device)
            except LesionError as error:
                self._note_lost(scene, error)
                return []
            files = {name: file for name, file in files.items() if name in masks}
            for name, file in files.items():
                _write_mask(masks[name], directory / file)
        return [
            (lesion, name, file)
            for lesion in scene.lesion_ids
            for name, file in files.items()
            if lesion in scene.lesions_in(name)
        ]

    def _masks_of(self, scene: Scene, asked: tuple[str, ...], device: str) -> dict[str, sitk.Image]:
        masks: dict[str, sitk.Image] = {}
        for networks in self._networks.values():
            part = scene.only(networks.sequences)
            if part.rows:
                opened = open_scene(part, self.settings)
                masks |= draw_masks(opened, networks, self.settings, asked, device)
        return masks

    def _note_lost(self, scene: Scene, error: LesionError) -> None:
        rows = [ledger_row(lesion, "", scene, error) for lesion in scene.lesion_ids]
        self.skipped = pd.concat([self.skipped, pd.DataFrame(rows)], ignore_index=True)


def load_segmentation(directory: Path) -> SegmentationModel:
    """Open networks that `SegmentationModel.save` kept.

    Raises:
        ModelError: The folder does not hold whole networks.
    """
    try:
        record: dict[str, Any] = json.loads((directory / "settings.json").read_text(encoding="utf-8"))
        model = SegmentationModel(SegmentationNetworkSettings.model_validate(record["settings"]))
        model.restore(directory, record)
    except Exception as error:  # torch raises many kinds for a damaged file
        raise ModelError(
            f"holds no segmentation network that can be used ({type(error).__name__}: {error})",
            where=directory,
            remedy="set 'keep: best' or 'keep: all' in the model's file and run again",
        ) from error
    return model


def _write_mask(mask: sitk.Image, path: Path) -> None:
    """Write a mask as compressed NIfTI, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, suffix=".nii.gz")
    os.close(handle)
    try:
        sitk.WriteImage(mask, name, useCompression=True)
        write_bytes(path, Path(name).read_bytes())
    finally:
        Path(name).unlink(missing_ok=True)


def _tell_epoch(done: int, total: int) -> None:
    tell(done, total, "epoch")
