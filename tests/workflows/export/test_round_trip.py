"""Export, unpack elsewhere, run: the same predictions."""

from __future__ import annotations

import hashlib
import json
import shutil
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import SimpleITK as sitk
import yaml

from conftest import SmallStudy, build_small_study
from samesplit.run import RunOptions, load_plan
from samesplit.workflows.compare import compare
from samesplit.workflows.export import ExportOptions, export_benchmark
from samesplit.workflows.run import run_benchmark
from samesplit.workflows.split import freeze_split
from samesplit.workflows.validate import validate

QUICK = RunOptions(jobs=1)
WHO = {"creators": ("Ada Lovelace",), "licence": "CC0-1.0"}


def test_a_run_of_the_unpacked_package_gives_the_same_predictions_and_results(
    there_and_back, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clone = tmp_path / "clone"
    shutil.copytree(there_and_back.clone, clone)
    monkeypatch.setenv("SAMESPLIT_DATA", str(there_and_back.data))

    again = run_benchmark(load_plan(clone / "benchmarks" / "balls", QUICK)).folder

    assert again.name == there_and_back.run.name
    for name in ("predictions.csv", "results.csv"):
        assert (again / name).read_bytes() == (clone / "results" / name).read_bytes()
    assert set(pd.read_csv(again / "predictions.csv")["model"]) == {
        "zero-rule", "clinical-logistic", "forest", "mine",
    }  # fmt: skip


def test_other_images_than_those_of_the_published_run_are_told(
    there_and_back, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clone, data = tmp_path / "clone", tmp_path / "data"
    shutil.copytree(there_and_back.clone, clone)
    shutil.copytree(there_and_back.data, data)
    monkeypatch.setenv("SAMESPLIT_DATA", str(data))
    path = data / "balls" / "images" / "L02a_T2.nii.gz"
    image = sitk.ReadImage(str(path))
    image[3, 3, 3] = 999
    sitk.WriteImage(image, str(path))

    plan = load_plan(clone / "benchmarks" / "balls", QUICK)
    (told,) = plan.remarks

    assert told.startswith(
        "1 of 108 image files differ from those of the published run (image_hashes.csv): image of "
    )
    assert "L02a T2" in told
    assert told in validate(clone / "benchmarks" / "balls", jobs=1).notes


def test_nothing_is_said_where_all_images_are_those_of_the_published_run(
    there_and_back, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SAMESPLIT_DATA", str(there_and_back.data))
    assert load_plan(there_and_back.clone / "benchmarks" / "balls", QUICK).remarks == ()


def test_the_same_run_gives_the_same_bytes(there_and_back, own_run: SmallStudy, tmp_path: Path) -> None:
    options = ExportOptions(
        output=tmp_path / "again.zip",
        creators=("Ada Lovelace; 0000-0002-1825-0097; Society https://ror.org/012345678",),
        licence="CC-BY-4.0",
    )
    again = export_benchmark(own_run.folder, options)
    assert again.path.read_bytes() == there_and_back.written.path.read_bytes()


def test_every_file_has_its_hash_its_licence_and_a_citation(there_and_back) -> None:
    clone = there_and_back.clone
    lines = (clone / "SHA256SUMS").read_text().splitlines()
    sums = {path: digest for digest, path in (line.split("  ", 1) for line in lines)}
    there = {path.relative_to(clone).as_posix() for path in clone.rglob("*") if path.is_file()}
    assert set(sums) == there - {"SHA256SUMS"}
    assert all(hashlib.sha256((clone / path).read_bytes()).hexdigest() == sums[path] for path in sums)

    licences = pd.read_csv(clone / "licences.csv").set_index("file")
    assert licences.loc["benchmarks/balls/lesions.csv", "licence"] == "CC-BY-3.0"
    assert licences.loc["benchmarks/balls/lesions.csv", "citation"].startswith("Balls of 2026")
    assert licences.loc["models/zero-rule.yaml", "licence"] == "Apache-2.0"
    assert licences.loc["models/forest.yaml", "licence"] == "CC-BY-4.0"
    assert licences.loc["results/predictions.csv", "citation"].startswith("Lovelace, Ada (20")
    assert there - set(licences.index) == {
        "SHA256SUMS", "croissant.json", "ro-crate-metadata.json", "licences.csv",
    }  # fmt: skip


def test_nothing_of_an_image_and_no_trace_of_the_machine_is_inside(there_and_back) -> None:
    study, clone = there_and_back.study, there_and_back.clone
    kinds = {path.suffix for path in clone.rglob("*") if path.is_file()}
    assert kinds <= {".csv", ".json", ".yaml", ".parquet", ".html", ".md", ".txt", ".cff", ""}
    assert "thumbnails" not in {path.stem for path in clone.rglob("*")}
    assert "data:image/png" in (there_and_back.run / "report.html").read_text()
    assert "data:image/png" not in (clone / "results" / "report.html").read_text()
    assert '"png_base64"' not in (clone / "results" / "report.json").read_text()
    own = [str(study.root).encode(), str(there_and_back.data).encode()]
    for path in clone.rglob("*"):
        if path.is_file():
            assert not any(trace in path.read_bytes() for trace in own), path
    assert json.loads((clone / "results" / "run.json").read_text())["machine"]["system"] == "Linux"


def test_the_report_shows_pieces_of_images_where_they_are_asked_for(
    own_run: SmallStudy, tmp_path: Path
) -> None:
    options = ExportOptions(output=tmp_path / "p", thumbnails=True, predictions=False, models=True, **WHO)
    written = export_benchmark(own_run.folder, options)
    assert "data:image/png" in (written.path / "results" / "report.html").read_text()
    assert not (written.path / "results" / "predictions.csv").exists()
    assert not (written.path / "reports").exists()
    assert (written.path / "results/models/forest/seed0-repeat0-fold0/fitted.skops").is_file()
    assert written.notes == ("images and masks", "predictions of single lesions")


@pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated:DeprecationWarning")
def test_a_study_of_a_feature_table_needs_no_images(tmp_path: Path, undrawn: None) -> None:
    study = build_small_study(tmp_path / "w", patients=16)
    for name in ("images.csv", "readings.csv"):
        (study.folder / name).unlink()
    shutil.rmtree(study.folder / "images")
    told = yaml.safe_load((study.folder / "benchmark.yaml").read_text())
    told = {key: told[key] for key in ("title", "task", "split", "models", "simple_arm", "statistics")}
    told |= {"features": {"file": "table.csv", "id_column": "ID"}, "models": ["forest"]}
    (study.folder / "benchmark.yaml").write_text(yaml.safe_dump(told))
    lesions = pd.read_csv(study.folder / "lesions.csv")
    rng = np.random.default_rng(4)
    features = {f"f {number}": rng.normal(size=len(lesions)) for number in range(3)}
    pd.DataFrame({"ID": lesions["lesion_id"], **features}).to_csv(study.folder / "table.csv", index=False)
    freeze_split(study.folder, changes={})
    run_benchmark(load_plan(study.folder, QUICK))

    clone = export_benchmark(study.folder, ExportOptions(output=tmp_path / "clone", **WHO)).path
    again = run_benchmark(load_plan(clone / "benchmarks" / "balls", QUICK)).folder

    assert (again / "predictions.csv").read_bytes() == (clone / "results" / "predictions.csv").read_bytes()
    assert "None are needed" in (clone / "README.md").read_text()
    import mlcroissant as mlc

    (row, *_) = mlc.Dataset(str(clone / "croissant.json")).records("features")
    assert row["features/f_1"] == pytest.approx(features["f 1"][0])


def test_of_predicted_masks_the_package_has_hashes_and_several_tasks_have_their_results(
    tmp_path: Path, undrawn: None
) -> None:
    study = build_small_study(tmp_path / "w", patients=8)
    path = study.folder / "benchmark.yaml"
    told = yaml.safe_load(path.read_text())
    told = {key: told[key] for key in ("title", "cohort", "split", "simple_arm")}
    told["cohort"]["sequences"] = ["T1C"]
    told |= {"models": ["zero-rule"], "statistics": {"bootstraps": 200}}
    told["tasks"] = {
        "bright": {"kind": "binary", "question": "Bright?", "positive": "malignant", "negative": "benign"},
        "where": {"kind": "segmentation", "question": "Where?"},
    }
    path.write_text(yaml.safe_dump(told))
    study.edit("images.csv", lambda table: table[table["sequence"] == "T1C"])
    freeze_split(study.folder, changes={})
    masks = pd.read_csv(study.folder / "images.csv")[["lesion_id", "sequence", "mask"]]
    masks["mask"] = [str(study.folder / name) for name in masks["mask"]]
    masks.to_csv(tmp_path / "masks.csv", index=False)
    run_benchmark(compare(study.folder, tmp_path / "masks.csv", title="Drawn", task="where"))

    written = export_benchmark(study.folder, ExportOptions(output=tmp_path / "clone.zip", **WHO))
    with zipfile.ZipFile(written.path) as archive:
        names = {name.partition("/")[2] for name in archive.namelist()}
        with archive.open(f"balls-{_run(study)}/results/predictions.csv") as file:
            predictions = pd.read_csv(file, dtype=str, keep_default_na=False)

    assert {"results/tasks/bright/results.csv", "results/tasks/where/results.csv"} <= names
    assert not any(name.startswith("reports/") or name.endswith(".nii.gz") for name in names)
    drawn = predictions[predictions["model"] == "drawn"]
    first = hashlib.sha256(study.mask(drawn["lesion_id"].iloc[0]).read_bytes()).hexdigest()
    assert drawn["mask_sha256"].iloc[0] == first
    assert "mask" not in predictions
    assert any("the masks of 'Drawn', which are images" in note for note in written.notes)


def _run(study: SmallStudy) -> str:
    return str(json.loads((study.root / "reports" / "balls" / "latest.json").read_text())["run"])
