"""A small study that is run, exported as a zip and unpacked elsewhere; one of its models is predictions."""

from __future__ import annotations

import io
import shutil
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from conftest import SmallStudy
from samesplit.run import RunOptions, load_plan
from samesplit.workflows.compare import compare
from samesplit.workflows.export import Exported, ExportOptions, export_benchmark
from samesplit.workflows.run import run_benchmark

QUICK = RunOptions(jobs=1)
WHO = {
    "creators": ("Ada Lovelace; 0000-0002-1825-0097; Society https://ror.org/012345678",),
    "licence": "CC-BY-4.0",
}


@dataclass(frozen=True)
class Round:
    """A study, its package, and the package unpacked elsewhere.

    Attributes:
        study: The exporter's workspace.
        run: The folder of its run.
        written: What the export said.
        clone: The unpacked package.
        data: The folder that SAMESPLIT_DATA names.
    """

    study: SmallStudy
    run: Path
    written: Exported
    clone: Path
    data: Path


def compose_only(_: Figure, target: io.StringIO, **__: object) -> None:
    """Stand for a figure that is composed and not rendered."""
    target.write('<svg viewBox="0 0 9 9"></svg>')


@pytest.fixture(scope="session")
def there_and_back(finished_small_study: SmallStudy, tmp_path_factory: pytest.TempPathFactory) -> Round:
    """The study with its images in a data folder and joined predictions, as a zip, unpacked; never change it."""
    base = tmp_path_factory.mktemp("export")
    root, data = base / "workspace", base / "data"
    shutil.copytree(finished_small_study.root, root, symlinks=True)
    study = SmallStudy(root, root / "benchmarks" / "balls")
    data.mkdir()
    shutil.move(study.folder / "images", data / "balls" / "images")
    with (study.folder / "benchmark.yaml").open("a") as file:
        file.write("data: {folder: balls, licence: CC BY 3.0, source: 'Balls of 2026, doi:10.1000/182'}\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Figure, "savefig", compose_only)
        patch.setenv("SAMESPLIT_DATA", str(data))
        lesions = pd.read_csv(study.folder / "lesions.csv")
        scores = np.random.default_rng(2).uniform(size=len(lesions)).round(3)
        predictions = base / "mine.csv"
        lesions[["lesion_id"]].assign(probability=scores).to_csv(predictions, index=False)
        outcome = run_benchmark(compare(study.folder, predictions, title="Mine"))
        package = base / "balls.zip"
        written = export_benchmark(study.folder, ExportOptions(output=package, **WHO))
        with zipfile.ZipFile(package) as archive:
            archive.extractall(base / "elsewhere")
        (clone,) = (base / "elsewhere").iterdir()
    return Round(study, outcome.folder, written, clone, data)


@pytest.fixture
def own_run(
    there_and_back: Round, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, undrawn: None
) -> SmallStudy:
    """A copy of the exporter's workspace, to spoil."""
    monkeypatch.setenv("SAMESPLIT_DATA", str(there_and_back.data))
    shutil.copytree(there_and_back.study.root, tmp_path / "own", symlinks=True)
    return SmallStudy(tmp_path / "own", tmp_path / "own" / "benchmarks" / "balls")


def run_of(folder: Path) -> Path:
    """Run a benchmark and return the run's folder."""
    return run_benchmark(load_plan(folder, QUICK)).folder
