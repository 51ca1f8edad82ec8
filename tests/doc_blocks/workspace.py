"""The scratch workspace in which pages are run: a small study called `my-study`, and the files that pages name."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import SimpleITK as sitk
import yaml

from conftest import SmallStudy, build_small_study, write_ball
from public_cohorts import kidney_with_tumours, kits_record, write_image

STATISTICS = """
engine: ibsi
description: Statistics and contrast, for quick tests.
settings:
  undefined: []
  discretisation: {method: FBN, bins: 8}
  features: {statistics: all, glcm: [cm_contrast]}
"""
BENCHMARK = """
title: Bright or dark balls
task: {question: "Which balls are bright?", positive: malignant, negative: benign}
cohort:
  sequences: [T1C, T2, A]
  clinical: {age: number, sex: category}
split: {scheme: kfold, folds: 2, repeats: 1, validation: 0.3, seed: 3}
profiles: {mr-default: [T1C, T2]}
models: [ridge, resnet10-25d-minutes]
simple_arm: null
statistics: {reference: ridge, bootstraps: 100}
"""
MODELS = {
    "radiomics-small": """
kind: radiomics-grid
title: Radiomics
profiles: ["*"]
selectors: [anova-f]
classifiers: [logistic]
sizes: [5]
inner_folds: 2
""",
    "resnet10-25d-minutes": """
kind: ridge
title: Stands for a network
""",
}
"""Quick models under the names of slow ones, which pages use."""
PROFILES = ("mr-default", "ct-default", "pet-default", "ct-filtered")
READERS, CONDITIONS = "ABCD", ("unaided", "aided")


def make_workspace(root: Path) -> SmallStudy:
    """Write the workspace, and run its benchmark `my-study` once.

    `my-study` and `second-study` have a frozen split. Beside them stand `image.nii.gz`, `mask.nii.gz` and the same
    under other names, `images.csv`, the tables of a reader study (`readings.csv`, `truth.csv`, `model.csv`),
    predictions (`predictions.csv`, `first.csv`, `second.csv`), the folders `data` (three patients, the last
    without a mask) and `more` (eight lesions), and what public cohorts and pyradiomics have.
    """
    from samesplit.workflows.split import freeze_split

    small = build_small_study(root, patients=16)
    for name in ("first-order", "forest"):
        (root / ("models" if name == "forest" else "features") / f"{name}.yaml").unlink()
    for name in PROFILES:
        (root / "features" / f"{name}.yaml").write_text(STATISTICS)
    for name, text in MODELS.items():
        (root / "models" / f"{name}.yaml").write_text(text)
    (root / "reports").mkdir()
    small.folder.rename(small.folder.with_name("my-study"))
    study = SmallStudy(root, root / "benchmarks" / "my-study")
    (study.folder / "benchmark.yaml").write_text(BENCHMARK)
    images = pd.read_csv(study.folder / "images.csv")
    phase = images[images["sequence"] == "T1C"].assign(
        sequence="A"
    )  # the phase of CT that docs/segmentation.md names
    pd.concat([images, phase]).to_csv(study.folder / "images.csv", index=False)
    freeze_split(study.folder, changes={})
    lesions = pd.read_csv(study.folder / "lesions.csv")
    _reader_study(root, lesions)
    readings = pd.read_csv(root / "readings.csv")
    readings[readings["reader_id"] == "A"].to_csv(study.folder / "readings.csv", index=False)
    _tables_alone(study)
    _images(study)
    _made_elsewhere(root)
    _finished_runs(study)
    return study


def _tables_alone(study: SmallStudy) -> None:
    """A second benchmark without features, and the table of one that docs declare themselves."""
    second, ours = (study.folder.with_name(name) for name in ("second-study", "our-cohort"))
    for folder in (second, ours):
        folder.mkdir()
        shutil.copy(study.folder / "lesions.csv", folder)
    for name in ("splits.csv", "splits.json"):
        shutil.copy(study.folder / name, second)
    declared = yaml.safe_load(BENCHMARK) | {"models": ["clinical-logistic"]}
    del declared["profiles"], declared["cohort"]["sequences"]
    declared["statistics"] = {"reference": "clinical-logistic", "bootstraps": 100}
    (second / "benchmark.yaml").write_text(yaml.safe_dump(declared))


def _finished_runs(study: SmallStudy) -> None:
    """`my-study` has been run, and an older run of it stands under the name that docs/report.md gives."""
    from samesplit.run import RunOptions, load_plan
    from samesplit.workflows.run import run_benchmark

    outcome = run_benchmark(load_plan(study.folder, RunOptions(jobs=1)))
    shutil.copytree(outcome.folder, outcome.folder.with_name("0f3a8c21d4"))


def _made_elsewhere(root: Path) -> None:
    """Public cohorts as they are downloaded, a paper's numbers, and a parameter file of pyradiomics."""
    (root / "Params.yaml").write_text(
        "setting: {binWidth: 25, padDistance: 3}\nfeatureClass: {glcm: [Contrast]}\n"
    )
    labels, image = kidney_with_tumours(), np.zeros((14, 14, 26), dtype=np.int16)
    records = []
    for number in range(16):
        name = f"case_{number:05d}"
        write_image(
            root / "kits23" / "dataset" / name / "imaging.nii.gz", image + 100 * labels.astype(np.int16)
        )
        write_image(root / "kits23" / "dataset" / name / "segmentation.nii.gz", labels)
        records.append(kits_record(name, number, "kits23"))
    (root / "kits23" / "dataset" / "kits23.json").write_text(json.dumps(records))
    dataset = root / "nnUNet_raw" / "Dataset220_KiTS"
    for number in range(4):
        write_image(dataset / "imagesTr" / f"K{number}_0000.nii.gz", image)
        write_image(dataset / "labelsTr" / f"K{number}.nii.gz", np.minimum(labels, 2))
    described = {"channel_names": {"0": "CT"}, "labels": {"background": 0, "kidney": 1, "tumor": 2}}
    described |= {"numTraining": 4, "file_ending": ".nii.gz"}
    (dataset / "dataset.json").write_text(json.dumps(described))
    rng = np.random.default_rng(0)
    parts = {
        f"{part}_{kind}": rng.integers(0, size, shape).astype(np.uint8)
        for part in ("train", "val", "test")
        for kind, size, shape in (("images", 256, (10, 28, 28, 28)), ("labels", 2, (10, 1)))
    }
    np.savez_compressed(root / "nodulemnist3d.npz", **parts)


def _reader_study(root: Path, lesions: pd.DataFrame) -> None:
    rng = np.random.default_rng(5)
    truth = lesions[["lesion_id", "patient_id", "label", "site"]].assign(
        label=(lesions["label"] == "malignant").astype(int)
    )
    truth.to_csv(root / "truth.csv", index=False)
    rows = []
    for reader in READERS:
        for condition in CONDITIONS:
            gain = 15 + 10 * (condition == "aided")
            for lesion, positive in zip(truth["lesion_id"], truth["label"], strict=True):
                score = round(float(np.clip(rng.normal(45 + gain * positive, 20), 0, 100)), 1)
                rows.append((reader, lesion, condition, int(score > 50), score, 20.0))
    columns = ["reader_id", "lesion_id", "modality", "decision", "score", "seconds"]
    pd.DataFrame(rows, columns=columns).to_csv(root / "readings.csv", index=False)
    for name in ("predictions", "model", "first", "second"):
        probability = np.clip(0.35 + 0.3 * truth["label"] + rng.normal(0, 0.15, len(truth)), 0.01, 0.99)
        table = pd.DataFrame({"lesion_id": truth["lesion_id"], "probability": probability.round(4)})
        table.to_csv(root / f"{name}.csv", index=False)


def _images(study: SmallStudy) -> None:
    root = study.root
    image, mask = study.image("L01a"), study.mask("L01a")
    for name in ("image", "t1", "t2", "ct", "mr"):
        shutil.copy(image, root / f"{name}.nii.gz")
    shutil.copy(mask, root / "mask.nii.gz")
    for path, name in ((image, "image"), (mask, "mask")):
        sitk.WriteImage(sitk.ReadImage(str(path)), str(root / f"{name}.nrrd"))
    for patient in ("P01", "P02", "P03"):
        folder = root / "data" / patient
        write_ball(folder / "t2.nii.gz", folder / "mask_anna.nii.gz", brightness=90, radius=5, seed=3)
    (root / "data" / "P03" / "mask_anna.nii.gz").unlink()
    for number in range(8):
        ball = [root / "more" / f"L{number}{end}.nii.gz" for end in ("", "_mask")]
        write_ball(*ball, brightness=50 + 100 * (number % 2), radius=4, seed=0)
    (root / "images.csv").write_text(
        "image,mask,age\ndata/P01/t2.nii.gz,data/P01/mask_anna.nii.gz,63\nimage.nii.gz,mask.nii.gz,58\n"
    )
