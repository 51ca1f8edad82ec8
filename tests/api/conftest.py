"""Studies to open from Python: one of labels alone, whose evaluation takes a moment."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from samesplit.api.study import Study, open_benchmark
from samesplit.workflows.split import freeze_split

BENCHMARK = """\
title: Labels alone
task: {question: "Which are malignant?", positive: malignant, negative: benign}
cohort: {clinical: {age: number}}
split: {scheme: kfold, folds: 3, validation: 0.25, seed: 5}
models: []
simple_arm: null
statistics: {bootstraps: 100}
"""


def write_labels_alone(root: Path) -> Path:
    """A workspace with 45 lesions of 36 patients, half of them malignant, and a frozen split of three folds."""
    folder = root / "benchmarks" / "labels-alone"
    for noun in ("benchmarks/labels-alone", "features", "models"):
        (root / noun).mkdir(parents=True)
    (folder / "benchmark.yaml").write_text(BENCHMARK)
    rng = np.random.default_rng(4)
    malignant = np.arange(45) % 2
    lesions = {
        "lesion_id": [f"L{number:02d}" for number in range(45)],
        "patient_id": [f"P{number % 36:02d}" for number in range(45)],
        "label": np.where(malignant, "malignant", "benign"),
        "age": np.round(60 + 8 * malignant + rng.normal(0, 6, 45), 1),
        "histology": np.where(malignant, "clear cell", "oncocytoma"),
    }
    pd.DataFrame(lesions).to_csv(folder / "lesions.csv", index=False)
    freeze_split(folder, changes={})
    return folder


@pytest.fixture(scope="session")
def labels_alone_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_labels_alone(tmp_path_factory.mktemp("api") / "workspace")


@pytest.fixture
def labels_alone(labels_alone_template: Path, tmp_path: Path) -> Path:
    """The benchmark's folder, in a workspace of the test's own."""
    import shutil

    shutil.copytree(labels_alone_template.parents[1], tmp_path / "workspace")
    return tmp_path / "workspace" / "benchmarks" / "labels-alone"


@pytest.fixture
def with_zero_rule(labels_alone: Path) -> None:
    """The benchmark has a model of its own."""
    path = labels_alone / "benchmark.yaml"
    path.write_text(path.read_text().replace("models: []", "models: [zero-rule]"))


@pytest.fixture
def study(labels_alone: Path) -> Study:
    """The study of labels alone, opened."""
    return open_benchmark(labels_alone)
