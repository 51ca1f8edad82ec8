"""Times networks beside a bare PyTorch loop on the same tensors: writes networks.json.

`python scripts/bench/networks/measure.py --output DIR [--model NAME ...] [--seconds 20] [--quick]`;
`page.py` makes the page.
"""

from __future__ import annotations

import argparse
import copy
import json
import os
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch
from rich.console import Console
from torch import Tensor, nn
from torch.nn import functional

sys.path.insert(0, str(Path(__file__).parent))
from embeddings import PROFILES, measure_embeddings

from samesplit.models.networks.architectures.build import build_network
from samesplit.models.networks.batches import (
    AheadLoader,
    Batch,
    TrainingBatches,
    evaluation_loader,
    training_loader,
)
from samesplit.models.networks.inference import logits_of_all
from samesplit.models.networks.module import Classifier
from samesplit.models.networks.preparation import PreparedInputs
from samesplit.models.networks.schedule import plan_training
from samesplit.models.networks.scopes import deterministic, seeded, single_thread
from samesplit.models.networks.settings import NetworkSettings
from samesplit.models.networks.training import TrainingTask, train
from samesplit.models.registry import read_model
from samesplit.tables import LEDGER, empty_table

MODELS = Path(__file__).parents[3] / "models"
NAMES = (
    "resnet18-25d", "resnet50-25d", "densenet121-25d", "resnet18-multiphase", "resnet10-3d", "resnet10-3d-field",
    "resnet10-3d-few-lesions", "resnet18-3d",
)  # fmt: skip


class TimedLoader(AheadLoader):
    """Notes when the training asked for each batch, and when it had it."""

    def __init__(self, other: AheadLoader) -> None:
        super().__init__(other.dataset, sampler=other.sampler, batch_size=None)
        self.asked: list[float] = []
        self.had: list[float] = []
        self.own: list[float] = []
        self.all: list[float] = []

    def __iter__(self) -> Iterator[Batch]:
        """Yield the batches of the loader, with their times."""
        batches = super().__iter__()
        while True:
            self.asked.append(time.perf_counter())
            self.own.append(time.thread_time())
            self.all.append(time.process_time())
            batch = next(batches, None)
            if batch is None:
                return
            self.had.append(time.perf_counter())
            yield batch


def inputs_in(folder: Path, count: int, shape: tuple[int, ...]) -> PreparedInputs:
    """Make random inputs, each in a file as a run keeps them."""
    rng = np.random.default_rng(0)
    parts: list[list[Any]] = []
    for number in range(count):
        path = folder / f"{number}.npy"
        np.save(path, rng.normal(size=shape).astype(np.float32))
        parts.append([path])
    ids = [f"L{number:03d}" for number in range(count)]
    return PreparedInputs(
        ids, [f"{number:032x}" for number in range(count)], empty_table(LEDGER), shape, parts
    )


def bare_step(network: nn.Module, optimiser: torch.optim.Optimizer, images: Tensor, labels: Tensor) -> None:
    """Do what a tutorial does in one step."""
    loss = functional.binary_cross_entropy_with_logits(network(images).flatten(), labels.float())
    loss.backward()
    optimiser.step()
    optimiser.zero_grad()
    loss.item()


def measure(name: str, *, seconds: float) -> dict[str, Any]:
    """Time the training steps and the inference of a model file, ours and bare by turns."""
    settings = read_model(MODELS / f"{name}.yaml")
    assert isinstance(settings, NetworkSettings)
    sequences = settings.number_of_sequences or (2 if settings.fusion is not None else 1)
    channels = settings.inputs.channels_per_sequence * sequences
    shape = (channels, *(settings.inputs.size,) * settings.inputs.dimensions)
    size = settings.training.batch_size
    labels = torch.arange(2 * size) % 2
    layout = torch.channels_last_3d if settings.inputs.dimensions == 3 else torch.channels_last
    with tempfile.TemporaryDirectory() as kept, single_thread(), deterministic(strict=True), seeded(0):
        folder = Path(kept)
        inputs = inputs_in(folder, 2 * size, shape)
        network = build_network(settings, channels).to(memory_format=layout)  # type: ignore[call-overload]
        bare = copy.deepcopy(network)
        optimiser = torch.optim.AdamW(bare.parameters())
        loader = training_loader(
            inputs,
            labels,
            augmentation=settings.augmentation,
            masked=settings.inputs.mask_background,
            masks=settings.inputs.mask_places(channels),
            batches=TrainingBatches(labels, size, every=2, seed=0),
        )
        tensors = [(images.contiguous(memory_format=layout), truth) for images, truth, _ in loader]
        bare_step(bare, optimiser, *tensors[0])
        began = time.perf_counter()
        bare_step(bare, optimiser, *tensors[1])
        steps = max(4, min(40, int(seconds / 4 / (time.perf_counter() - began)))) // 2 * 2
        found: dict[str, list[float]] = {}
        loops: dict[str, list[float]] = {"bare_step_s": [], "bare_step_own_s": []}
        for turn in range(2):
            ours = _our_steps(settings, copy.deepcopy(network), inputs, labels, steps, folder / str(turn))
            found = {key: found.get(key, []) + values for key, values in ours.items()}
            for number in range(steps):
                began, own = time.perf_counter(), time.thread_time()
                bare_step(bare, optimiser, *tensors[number % 2])
                loops["bare_step_s"].append(time.perf_counter() - began)
                loops["bare_step_own_s"].append(time.thread_time() - own)
        evaluation = evaluation_loader(inputs, labels, batch_size=size)
        bare.eval()
        lesions: dict[str, list[float]] = {"lesion_own_s": [], "bare_lesion_own_s": []}
        for _ in range(4):
            own = time.thread_time()
            logits_of_all(network, evaluation, settings, 2)
            lesions["lesion_own_s"].append((time.thread_time() - own) / len(inputs))
            own = time.thread_time()
            with torch.inference_mode():
                for images, _ in tensors:
                    bare(images)
            lesions["bare_lesion_own_s"].append((time.thread_time() - own) / len(inputs))
    return {
        "model": name,
        "input": " x ".join(map(str, shape)),
        "batch": size,
        "parameters": sum(each.numel() for each in network.parameters()),
        "steps": 2 * steps,
        "waiting": sum(found["wait_s"]) / sum(found["step_s"]),
        **{key: statistics.median(values) for key, values in {**found, **loops, **lesions}.items()},
    }


def _our_steps(
    settings: NetworkSettings,
    network: nn.Module,
    inputs: PreparedInputs,
    labels: Tensor,
    steps: int,
    folder: Path,
) -> dict[str, list[float]]:
    """Train as a fold does, without a validation part, and tell the seconds of each step.

    Returns:
        `step_s` by the clock, `step_own_s` of computing in the thread of the training, `step_all_s` in all threads
        (the next batch is made in another), and `wait_s`, what of `step_s` was waited for a batch.
    """
    changes = {
        "steps": steps,
        "epochs": None,
        "validate_every_steps": steps,
        "minimum_steps": 0,
        "warmup_steps": 0,
    }
    given = settings.training.model_copy(update=changes)
    plan = plan_training(given, 2)
    loader = training_loader(
        inputs,
        labels,
        augmentation=settings.augmentation,
        masked=settings.inputs.mask_background,
        masks=settings.inputs.mask_places(inputs.shape[0]),
        batches=TrainingBatches(labels, given.batch_size, every=plan.every, seed=0),
    )
    timed = TimedLoader(loader)  # type: ignore[arg-type]
    folder.mkdir()
    learner = Classifier(network, given, plan, weights=(1.0, 1.0), seed=0)
    train(TrainingTask(learner, timed, None, folder, "bench"))
    # From one request for a batch to the next: the wait for the batch, and the step on it. The first warms up.
    return {
        "step_s": _differences(timed.asked[1:]),
        "step_own_s": _differences(timed.own[1:]),
        "step_all_s": _differences(timed.all[1:]),
        "wait_s": [had - asked for asked, had in zip(timed.asked[1:], timed.had[1:], strict=False)],
    }


def _differences(times: list[float]) -> list[float]:
    return [after - before for before, after in pairwise(times)]


def main() -> None:
    """Measure the models and write what was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--model", nargs="*", default=list(NAMES))
    parser.add_argument("--seconds", type=float, default=20, help="about how long each model is trained")
    parser.add_argument("--quick", action="store_true", help="one small model for two seconds")
    given = parser.parse_args()
    names = ["resnet10-3d-few-lesions"] if given.quick else given.model
    console = Console(stderr=True)
    found = []
    for name in names:
        found.append(measure(name, seconds=2 if given.quick else given.seconds))
        row = found[-1]
        ratio = row["step_own_s"] / row["bare_step_own_s"]
        console.print(f"{name}: {row['step_own_s']:.3f} s of computing a step, {ratio:.2f} x the bare loop")
    record = {
        "models": found,
        "embeddings": [measure_embeddings(name) for name in PROFILES],
        "processor": platform.processor() or platform.machine(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "load": os.getloadavg()[0],
        "torch": str(torch.__version__),
        "python": platform.python_version(),
        "date": date.today().isoformat(),
    }
    given.output.mkdir(parents=True, exist_ok=True)
    (given.output / "networks.json").write_text(json.dumps(record, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
