"""Small cohorts of spheres and rods, held in one numpy file, for networks that train in seconds."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from samesplit.models.networks.settings import NetworkSettings
from samesplit.models.protocol import Cases, TrainingFold

MakeCases = Callable[..., tuple[Cases, "pd.Series[int]"]]

TINY = {
    "network": "resnet10",
    "width": 0.125,
    "stem": "medium",
    "inputs": {"size": 16, "margin_mm": 2},
    "training": {"epochs": 3, "batch_size": 8, "accelerator": "cpu"},
}


@pytest.fixture
def tiny() -> Callable[..., NetworkSettings]:
    """Settings of a network that trains in a second; keys given as arguments replace whole parts."""

    def make(**changes: object) -> NetworkSettings:
        return NetworkSettings.model_validate({"name": "tiny", "title": "Tiny", **TINY, **changes})

    return make


@pytest.fixture(scope="session")
def make_cases(tmp_path_factory: pytest.TempPathFactory) -> MakeCases:
    """Lesions in noise: negatives are dark-centred spheres, positives bright-centred ones."""
    folder = tmp_path_factory.mktemp("cohort")

    def make(count: int, *, seed: int = 0, sequences: tuple[str, ...] = ("A",)) -> tuple[Cases, pd.Series]:
        random = np.random.default_rng(seed)
        labels = np.arange(count) % 2
        z, y, x = np.mgrid[:20, :20, :20] - 9.5
        images, masks = np.empty((2, count, 20, 20, 20), dtype=np.float32)
        for index, label in enumerate(labels):
            radius = random.uniform(5, 8)
            distance = np.sqrt(z**2 + y**2 + (x * random.uniform(0.9, 1.2)) ** 2)
            masks[index] = distance < radius
            centre = (distance < radius / 2) * (1.5 if label else -1.5)
            images[index] = masks[index] + centre + random.normal(0, 0.7, z.shape)
        file = folder / f"{count}-{seed}.npz"
        np.savez(file, images=images, masks=masks.astype(np.uint8))
        ids = [f"L{index:03d}" for index in range(count)]
        table = pd.DataFrame(
            {
                "lesion_id": lesion_id,
                "sequence": sequence,
                "rater": "R1",
                "image": f"{file}::images[{index}]",
                "mask": f"{file}::masks[{index}]",
                "mask_label": 1,
                "spacing_mm": 1.0,
            }
            for index, lesion_id in enumerate(ids)
            for sequence in sequences
        )
        lesions = pd.DataFrame({"patient_id": ids}, index=pd.Index(ids, name="lesion_id"))
        nothing = pd.DataFrame(index=lesions.index)
        cases = Cases(lesions, table, nothing, nothing, sequences, "R1")
        return cases, pd.Series(labels, index=lesions.index, name="label")

    return make


@pytest.fixture
def make_fold(make_cases: MakeCases, tmp_path: Path) -> Callable[..., TrainingFold]:
    """A fold with its own folder."""

    def make(
        *,
        training: int = 16,
        validation: int = 8,
        seed: int = 0,
        name: str = "fold",
        sequences: tuple[str, ...] = ("A",),
    ) -> TrainingFold:
        cases, labels = make_cases(training + validation, sequences=sequences)
        first, last = cases.lesion_ids[:training], cases.lesion_ids[training:]
        directory = tmp_path / name
        directory.mkdir(exist_ok=True)
        return TrainingFold(
            training=cases.select(first),
            training_labels=labels[first],
            validation=cases.select(last),
            validation_labels=labels[last],
            seed=seed,
            directory=directory,
        )

    return make
