"""The picture in README.md shows the numbers that the demonstration has."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path
from types import ModuleType

import pandas as pd
import pytest
from PIL import Image
from sklearn.metrics import roc_auc_score

ROOT = Path(__file__).parents[1]
DEMO = ROOT / "benchmarks" / "demo-renal-mass"


@pytest.fixture(scope="module")
def picture() -> ModuleType:
    path = ROOT / "scripts" / "picture_of_report.py"
    spec = importlib.util.spec_from_file_location("picture_of_report", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_the_picture_has_the_aucs_of_the_readers_of_the_demo(picture: ModuleType) -> None:
    """Those need no run: they come from the tables of the benchmark alone."""
    labels = pd.read_csv(DEMO / "lesions.csv").set_index("lesion_id")["label"] == "malignant"
    readings = pd.read_csv(DEMO / "readings.csv").dropna(subset=["score", "decision"])
    expected = {
        f"reader:{reader}/{modality}": round(roc_auc_score(labels[mine["lesion_id"]], mine["score"]), 3)
        for (reader, modality), mine in readings.groupby(["reader_id", "modality"])
    }
    shown = picture.numbers_of_picture()
    assert {name: found[0] for name, found in shown.items() if name.startswith("reader:")} == expected


def test_the_picture_has_a_line_for_every_model_of_the_demo(picture: ModuleType) -> None:
    text = (DEMO / "benchmark.yaml").read_text(encoding="utf-8")
    block = re.search(r"^models:\n((?:  - .*\n)+)", text, re.MULTILINE)
    assert block is not None
    declared = re.findall(r"^  - ([\w-]+)", block[1], re.MULTILINE)
    shown = {name for name in picture.numbers_of_picture() if ":" not in name}
    assert shown - {"ridge"} == set(declared)  # the simple arm stands in the report and not under models


def test_the_picture_shows_the_numbers_of_the_latest_run_of_the_demo(picture: ModuleType) -> None:
    run = picture.latest_run()
    if run is None:
        pytest.skip("the demo was not run here (make demo); the readers and the models are checked without")
    assert picture.stale(picture.numbers_of_picture(), picture.numbers_of_run(run)) == []


def test_a_picture_with_old_numbers_is_stale(picture: ModuleType) -> None:
    run = {"radiomics-small": [0.866, 0.798, 0.934], "resnet18-25d": [0.684, 0.58, 0.788], "zero-rule": [0.5]}
    assert picture.stale(run, run) == []
    assert picture.stale({**run, "resnet18-25d": [0.69, 0.59, 0.79]}, run) == []
    old = {"radiomics-small": [0.866, 0.8, 0.934], "resnet18-25d": [0.75, 0.65, 0.85], "zero-rule": [0.5]}
    assert picture.stale(old, run) == [
        "radiomics-small: the picture shows 0.866 (0.800 to 0.934), the run has 0.866 (0.798 to 0.934)",
        "resnet18-25d: the picture shows 0.750 (0.650 to 0.850), the run has 0.684 (0.580 to 0.788)",
    ]
    assert picture.stale({**run, "old": [0.5]}, run) == ["old: only in the picture"]


def test_the_picture_was_taken_by_the_script(picture: ModuleType) -> None:
    with Image.open(picture.PICTURE) as image:
        assert image.size == picture.SIZE_PX
        assert image.info.get("numbers")
