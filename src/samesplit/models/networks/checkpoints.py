"""Checkpoints of a training: whole files, used again only by the very same training."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import torch
from lightning.pytorch.callbacks import Checkpoint
from lightning.pytorch.plugins.io import TorchCheckpointIO
from torch import Tensor, nn

from samesplit.kept import note_damage
from samesplit.storage import write_bytes, write_json

__all__ = [
    "CHECKPOINT_SECONDS",
    "CHECKPOINT_TIMES",
    "BestWeights",
    "WholeFiles",
    "checkpoint_file",
    "usable_checkpoint",
]

CHECKPOINT_SECONDS = 10.0
"""Checkpoints are written after a round, at most this often: a kill costs about this much time."""
CHECKPOINT_TIMES = 20.0
"""Where writing one takes long, the next waits this many times as long."""


class WholeFiles(TorchCheckpointIO):
    """Checkpoints that are either whole or not there."""

    def save_checkpoint(
        self, checkpoint: dict[str, Any], path: str | Path, storage_options: Any | None = None
    ) -> None:
        """Write the checkpoint beside the last one, and put it in its place when it is whole."""
        buffer = io.BytesIO()
        torch.save(checkpoint, buffer)
        write_bytes(Path(path), buffer.getbuffer())  # type: ignore[arg-type]  # written without a copy


class BestWeights(Checkpoint):
    """The base of what looks at a training after each round: the best weights so far, inside the one checkpoint.

    Weights and checkpoint are one file, so that the two can never disagree.
    """

    def __init__(self) -> None:
        self.best: dict[str, Tensor] | None = None

    @property
    def state_key(self) -> str:
        """The name of this state in the checkpoint."""
        return "samesplit"

    def state_dict(self) -> dict[str, Any]:
        """Return what the checkpoint holds of it."""
        return {"best": self.best}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from what the checkpoint holds."""
        self.best = state_dict["best"]

    def remember(self, network: nn.Module) -> None:
        """Take a copy of the weights of a network, on the CPU, for the best so far."""
        self.best = {name: value.detach().cpu().clone() for name, value in network.state_dict().items()}


def checkpoint_file(directory: Path) -> Path:
    """Return where the checkpoint of a training stands."""
    return directory / "last.ckpt"


def usable_checkpoint(directory: Path, fingerprint: str) -> dict[str, Any] | None:
    """Return the folder's checkpoint if it is of this very training; else begin anew under its fingerprint."""
    path, record = checkpoint_file(directory), directory / "training.json"
    same = False
    try:
        same = json.loads(record.read_text(encoding="utf-8"))["fingerprint"] == fingerprint
        if same:
            with zipfile.ZipFile(path) as file:
                if file.testzip() is None:  # torch itself does not look at the checksums
                    checkpoint: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
                    return checkpoint
    except Exception:  # there is none, or it is damaged, for which torch raises many kinds: start afresh
        pass
    if same and path.exists():
        note_damage(directory, f"{path.name}, the checkpoint of a training, is damaged")
    path.unlink(missing_ok=True)
    write_json(record, {"fingerprint": fingerprint})
    return None
