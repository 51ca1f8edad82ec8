"""What all tests share: the optional data folder, small cohorts and quiet threads."""

from __future__ import annotations

import io
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import SimpleITK as sitk
from hypothesis import settings
from matplotlib.figure import Figure

from samesplit.execution.processes import map_in_processes

os.environ.setdefault("OMP_NUM_THREADS", "1")
# The same examples in every run: a change is judged by what it changes, and not by the luck of the draw.
settings.register_profile("same examples", derandomize=True, database=None, deadline=None)
settings.load_profile("same examples")


def pytest_report_header() -> str:
    folder = os.environ.get("SAMESPLIT_DATA")
    if folder and Path(folder).is_dir():
        return f"SAMESPLIT_DATA: {folder}"
    return "SAMESPLIT_DATA is not set or not a folder: tests on real data are SKIPPED"


@pytest.fixture(scope="session", autouse=True)
def _one_job_means_this_process() -> Iterator[None]:
    """Work on images with one job is done in the test's own process: starting another costs 3 s and shows nothing.

    With two jobs it is done in processes as always, and so it is where a test asks for `real_processes`.
    """

    def here_for_one(function: Any, items: Sequence[Any], *, jobs: int) -> Iterator[tuple[int, Any]]:
        if jobs > 1:
            yield from map_in_processes(function, items, jobs=jobs)
        else:
            yield from ((place, function(item)) for place, item in enumerate(items))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("samesplit.execution.dispatch.map_in_processes", here_for_one)
        yield


@pytest.fixture(scope="session", autouse=True)
def _files_are_not_forced_to_the_disk() -> Iterator[None]:
    """What tests write need not outlive a power cut, and waiting for the disk takes a twentieth of all tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("samesplit.storage.os.fsync", lambda _: None)
        yield


@pytest.fixture
def real_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    """One job means another process, as it does outside of tests."""
    monkeypatch.setattr("samesplit.execution.dispatch.map_in_processes", map_in_processes)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data and reference numbers; the test is skipped when it is absent."""
    folder = os.environ.get("SAMESPLIT_DATA")
    if not folder or not Path(folder).is_dir():
        pytest.skip("SAMESPLIT_DATA does not name a folder: this check on real data was not made")
    return Path(folder).resolve()


@pytest.fixture(scope="session")
def reference(shared_data: Path) -> Callable[[str], pd.DataFrame]:
    """A reader of the reference numbers of other tools, by the name of the table."""

    def read(name: str) -> pd.DataFrame:
        return pd.read_csv(shared_data / "reader_stats" / name)

    return read


@dataclass(frozen=True)
class SmallStudy:
    """A workspace with one small benchmark, written by `small_study`.

    Attributes:
        root: The workspace.
        folder: The benchmark's folder.
    """

    root: Path
    folder: Path

    def edit(self, table: str, change: Callable[[pd.DataFrame], pd.DataFrame]) -> None:
        """Rewrite one of the benchmark's CSV files."""
        path = self.folder / table
        change(pd.read_csv(path, dtype=str, keep_default_na=False)).to_csv(path, index=False)

    def image(self, lesion_id: str, sequence: str = "T1C") -> Path:
        """The image file of a lesion."""
        return self.folder / "images" / f"{lesion_id}_{sequence}.nii.gz"

    def mask(self, lesion_id: str, sequence: str = "T1C") -> Path:
        """The mask file of a lesion."""
        return self.folder / "images" / f"{lesion_id}_{sequence}_mask.nii.gz"


SMALL_BENCHMARK = """
title: Bright or dark balls
task: {question: "Which balls are bright?", positive: malignant, negative: benign}
cohort:
  sequences: [T1C, T2]
  clinical: {age: number, sex: category}
split: {scheme: kfold, folds: 2, repeats: 1, validation: 0.3, seed: 3}
profiles: {first-order: [T1C, T2]}
models: [zero-rule, clinical-logistic, forest]
simple_arm: null
statistics: {reference: forest, bootstraps: 200}
readings: readings.csv
"""
SMALL_PROFILE = """
engine: pyradiomics
modality: MR
description: First-order features only, for quick tests.
settings:
  setting: {binCount: 16}
  imageType: {Original: }
  featureClass: {firstorder: }
"""
SMALL_FOREST = """
kind: estimator
title: Random forest
target: sklearn.ensemble.RandomForestClassifier
parameters: {n_estimators: 20, random_state: 0}
"""


def write_ball(image: Path, mask: Path, *, brightness: float, radius: int, seed: int) -> None:
    """A noisy ball in a dark cube of 20 voxels of 1 x 1 x 2 mm."""
    rng = np.random.default_rng(seed)
    grid = np.indices((20, 20, 20)) - 9.5
    ball = (grid**2).sum(axis=0) <= radius**2
    values = rng.normal(100, 10, ball.shape) + brightness * ball
    for array, path, kind in ((values, image, np.float32), (ball, mask, np.uint8)):
        volume = sitk.GetImageFromArray(array.astype(kind))
        volume.SetSpacing((1.0, 1.0, 2.0))
        path.parent.mkdir(parents=True, exist_ok=True)
        sitk.WriteImage(volume, str(path))


def build_small_study(root: Path, *, patients: int = 24) -> SmallStudy:
    """Write the workspace: patients with one lesion, every eighth with two, bright balls being malignant."""
    study = SmallStudy(root, root / "benchmarks" / "balls")
    rng = np.random.default_rng(11)
    lesions, images, readings = [], [], []
    for p in range(patients):
        malignant = p % 2 == 1
        age = round(float(rng.normal(60 + 8 * malignant, 8)), 1)
        for side in "ab" if p % 8 == 0 else "a":
            lesion = f"L{p:02d}{side}"
            lesions.append(
                (lesion, f"P{p:02d}", ("benign", "malignant")[malignant], "AB"[p % 3 == 0], age, "FM"[p % 2])
            )
            for sequence in ("T1C", "T2"):
                brightness = float(rng.normal(40 + 25 * malignant, 12))
                write_ball(
                    study.image(lesion, sequence),
                    study.mask(lesion, sequence),
                    brightness=brightness,
                    radius=4 + p % 3,
                    seed=1000 * p + len(images),
                )
                paths = [f"images/{lesion}_{sequence}{end}.nii.gz" for end in ("", "_mask")]
                images.append((lesion, sequence, "R1", *paths, 1))
            for reader in ("A", "B"):
                score = float(np.clip(rng.normal(45 + 15 * malignant, 20), 0, 100))
                call = ("benign", "malignant")[score > 50]
                readings.append((reader, lesion, "unaided", call, round(score, 1), 20.0))
    tables = {
        "lesions.csv": pd.DataFrame(
            lesions, columns=["lesion_id", "patient_id", "label", "site", "age", "sex"]
        ),
        "images.csv": pd.DataFrame(
            images, columns=["lesion_id", "sequence", "rater", "image", "mask", "mask_label"]
        ),
        "readings.csv": pd.DataFrame(
            readings, columns=["reader_id", "lesion_id", "modality", "decision", "score", "seconds"]
        ),
    }
    for name, table in tables.items():
        table.to_csv(study.folder / name, index=False)
    (study.folder / "benchmark.yaml").write_text(SMALL_BENCHMARK)
    for noun, name, text in (("features", "first-order", SMALL_PROFILE), ("models", "forest", SMALL_FOREST)):
        (root / noun).mkdir()
        (root / noun / f"{name}.yaml").write_text(text)
    return study


@pytest.fixture(scope="session")
def small_study_template(tmp_path_factory: pytest.TempPathFactory) -> SmallStudy:
    """The small study as built once; never change it."""
    from samesplit.workflows.split import freeze_split

    study = build_small_study(tmp_path_factory.mktemp("study") / "workspace")
    freeze_split(study.folder, changes={})
    return study


@pytest.fixture(scope="session")
def finished_small_study(
    small_study_template: SmallStudy, tmp_path_factory: pytest.TempPathFactory
) -> SmallStudy:
    """The small study after a run, with its cache; never change it, copy it with its links."""
    from samesplit.run import RunOptions, load_plan
    from samesplit.workflows.run import run_benchmark

    root = tmp_path_factory.mktemp("finished") / "workspace"
    shutil.copytree(small_study_template.root, root)
    study = SmallStudy(root, root / "benchmarks" / "balls")
    run_benchmark(load_plan(study.folder, RunOptions(jobs=1)))
    return study


@pytest.fixture
def small_study(small_study_template: SmallStudy, tmp_path: Path) -> SmallStudy:
    """A copy of the small study, with its split frozen, to run or to spoil."""
    root = tmp_path / "fresh"
    shutil.copytree(small_study_template.root, root)
    return SmallStudy(root, root / "benchmarks" / "balls")


@pytest.fixture
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Figures are composed but not rendered: the report of the finished study in test_run.py has them."""

    def save(_: Figure, target: io.StringIO, **__: object) -> None:
        target.write('<svg viewBox="0 0 9 9"></svg>')

    monkeypatch.setattr(Figure, "savefig", save)


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Names a case by its argument where it is given bytes.

    Archives hold the second of their making, so pytest's own names for them differ between two workers that
    collect a second apart, and pytest-xdist then refuses to run anything.
    """
    return argname if isinstance(val, bytes) else None
