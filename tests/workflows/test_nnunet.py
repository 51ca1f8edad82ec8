"""A benchmark as a dataset of nnU-Net, and back from what a trained nnU-Net leaves behind."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import SimpleITK as sitk
from typer.testing import CliRunner

from conftest import SmallStudy, build_small_study
from samesplit.benchmarks.nnunet import cases_of_images, read_results, readable_cases, split_of_cases
from samesplit.cli import app
from samesplit.errors import CohortError, PredictionsError, SplitError
from samesplit.run.mask_overlap import measure_overlap
from samesplit.run.plan import Plan, RunOptions, load_plan
from samesplit.tasks import SegmentationTask
from samesplit.workflows.nnunet import Exported, export_dataset, import_results
from samesplit.workflows.split import freeze_split

TASKS = """
tasks:
  malignant: {kind: binary, question: "Which?", positive: malignant, negative: benign, indeterminate: [unknown]}
  where: {kind: segmentation, question: "Where are the balls?", sequences: [T1C]}
"""

Read = Callable[[Path], list[str]]


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> SmallStudy:
    """Two lesions in one image, one without T2, one with T2 on another grid, a mask of one voxel, a T2 that is
    no image."""
    study = build_small_study(tmp_path_factory.mktemp("nnunet") / "workspace", patients=8)
    path = study.folder / "benchmark.yaml"
    kept = [line for line in path.read_text().splitlines() if not line.startswith(("task:", "readings:"))]
    text = "\n".join(kept).replace("[zero-rule, clinical-logistic, forest]", "[zero-rule]")
    path.write_text(text.replace("reference: forest, ", "").replace("{first-order: [T1C, T2]}", "{}") + TASKS)
    images = pd.read_csv(study.folder / "images.csv", dtype=str).set_index(["lesion_id", "sequence"])
    images.loc[("L00b", "T1C"), "image"] = images.loc[("L00a", "T1C"), "image"]
    second = sitk.GetArrayFromImage(sitk.ReadImage(str(study.mask("L00b"))))
    second[:] = 0
    second[:3, :3, :3] = 1
    rewrite(study.mask("L00b"), second)
    images = images.drop(index=[("L01a", "T2")])
    coarse = sitk.ReadImage(str(study.image("L02a", "T2")))
    for file in (study.image("L02a", "T2"), study.mask("L02a", "T2")):
        sitk.WriteImage(sitk.Shrink(sitk.ReadImage(str(file)), [2, 1, 1]), str(file))
    voxel = np.zeros_like(second)
    voxel[10, 10, 10] = 1
    rewrite(study.mask("L03a"), voxel)
    study.image("L04a", "T2").write_bytes(b"no image")
    assert coarse.GetSize() == (20, 20, 20)
    images.reset_index().to_csv(study.folder / "images.csv", index=False)
    freeze_split(study.folder, changes={}, overwrite=True)
    return study


def rewrite(path: Path, voxels: np.ndarray) -> None:
    image = sitk.ReadImage(str(path))
    changed = sitk.GetImageFromArray(voxels)
    changed.CopyInformation(image)
    sitk.WriteImage(changed, str(path))


@pytest.fixture(scope="module")
def exported(study: SmallStudy, tmp_path_factory: pytest.TempPathFactory) -> Exported:
    folder = tmp_path_factory.mktemp("raw") / "Dataset501_Balls"
    return export_dataset(study.folder, folder, hounsfield=["T2"])


@pytest.fixture(scope="module")
def trained(exported: Exported, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What nnU-Net leaves: each fold's validation masks (here moved by a voxel) and its summary.json."""
    folder = (
        tmp_path_factory.mktemp("results") / "Dataset501_Balls" / "nnUNetTrainer__nnUNetPlans__3d_fullres"
    )
    for number, fold in enumerate(json.loads((exported.folder / "splits_final.json").read_text())):
        here = folder / f"fold_{number}" / "validation"
        here.mkdir(parents=True)
        cases = []
        for case in fold["val"]:
            label = sitk.ReadImage(str(exported.folder / "labelsTr" / f"{case}.nii.gz"))
            reference = sitk.GetArrayFromImage(label)
            predicted = np.roll(reference, 1, axis=2)
            moved = sitk.GetImageFromArray(predicted)
            moved.CopyInformation(label)
            sitk.WriteImage(moved, str(here / f"{case}.nii.gz"))
            tp = int((reference & predicted).sum())
            fp, fn = int(predicted.sum()) - tp, int(reference.sum()) - tp
            metrics = {"Dice": 2 * tp / (2 * tp + fp + fn), "TP": tp, "FP": fp, "FN": fn}
            cases.append(
                {
                    "reference_file": f"/raw/labelsTr/{case}.nii.gz",
                    "prediction_file": f"/results/{case}.nii.gz",
                    "metrics": {"1": metrics},
                }
            )
        (here / "summary.json").write_text(json.dumps({"metric_per_case": cases}))
    shutil.copy(exported.folder / "splits_final.json", folder.parent)
    return folder


@pytest.fixture(scope="module")
def plan(study: SmallStudy) -> Plan:
    return load_plan(study.folder, RunOptions())


@pytest.fixture
def read(plan: Plan) -> Callable[[Path], list[str]]:
    """Read results as the import does, and return its notes."""
    cases = readable_cases(cases_of_images(plan.cohort.images, ("T1C", "T2")), ("T1C", "T2"))
    folds = split_of_cases(plan.split, plan.cohort.lesions, cases)
    return lambda folder: read_results(folder, cases, folds, plan.split.pairs())[1]


@pytest.fixture
def results(trained: Path, tmp_path: Path) -> Path:
    """A copy to spoil."""
    shutil.copytree(trained.parent, tmp_path / trained.parent.name)
    return tmp_path / trained.parent.name / trained.name


def test_the_dataset_is_laid_out_as_nnunet_wants_it(exported: Exported) -> None:
    declared = json.loads((exported.folder / "dataset.json").read_text())
    assert declared["channel_names"] == {"0": "T1C", "1": "CT"}
    assert declared["labels"] == {"background": 0, "lesion": 1}
    assert declared["file_ending"] == ".nii.gz"
    names = sorted(path.name[:-7] for path in (exported.folder / "labelsTr").iterdir())
    assert declared["numTraining"] == exported.n_cases == len(names) == 6
    images = {path.name for path in (exported.folder / "imagesTr").iterdir()}
    assert images == {f"{name}_000{channel}.nii.gz" for name in names for channel in (0, 1)}


def test_lesions_without_the_first_sequence_are_told(study: SmallStudy, tmp_path: Path) -> None:
    written = export_dataset(study.folder, tmp_path / "Dataset502_Balls", sequences=["T2", "T1C"])
    assert written.notes[0] == "left out: 1 lesion without T2, the first sequence: 'L01a'"


def test_lesions_of_one_image_are_one_case_named_after_the_first(
    exported: Exported, study: SmallStudy
) -> None:
    label = sitk.GetArrayFromImage(sitk.ReadImage(str(exported.folder / "labelsTr" / "L00a.nii.gz")))
    parts = [sitk.GetArrayFromImage(sitk.ReadImage(str(study.mask(lesion)))) for lesion in ("L00a", "L00b")]
    np.testing.assert_array_equal(label, parts[0] | parts[1])
    assert not (exported.folder / "labelsTr" / "L00b.nii.gz").exists()


def test_every_channel_lies_on_the_grid_of_the_first_and_none_is_missing(exported: Exported) -> None:
    for path in (exported.folder / "labelsTr").iterdir():
        label = sitk.ReadImage(str(path))
        for channel in (0, 1):
            image = sitk.ReadImage(
                str(exported.folder / "imagesTr" / f"{path.name[:-7]}_000{channel}.nii.gz")
            )
            assert image.GetSize() == label.GetSize()
            np.testing.assert_allclose(image.GetSpacing(), label.GetSpacing(), rtol=1e-6)
            np.testing.assert_allclose(image.GetOrigin(), label.GetOrigin(), atol=1e-6)
    empty = sitk.ReadImage(str(exported.folder / "imagesTr" / "L01a_0001.nii.gz"))
    assert not sitk.GetArrayFromImage(empty).any()
    told = "\n".join(exported.notes)
    assert "L01a: has no T2: an image of zeros" in told
    assert "L02a: T2 resampled to the grid of the first sequence" in told
    assert "left out: lesion L03a: the mask has 1 voxel" in told


def test_the_split_is_the_frozen_one(exported: Exported, study: SmallStudy) -> None:
    frozen = pd.read_csv(study.folder / "splits.csv")
    folds = json.loads((exported.folder / "splits_final.json").read_text())
    assert len(folds) == exported.n_folds == 2
    for number, fold in enumerate(folds):
        tested = set(frozen.loc[(frozen["fold"] == number) & (frozen["subset"] == "test"), "patient_id"])
        assert {f"P{case[1:3]}" for case in fold["val"]} == tested - {"P03", "P04"}
        assert not {case[1:3] for case in fold["val"]} & {case[1:3] for case in fold["train"]}


def test_the_dice_of_an_imported_fold_is_that_of_its_summary(study: SmallStudy, trained: Path) -> None:
    plan, notes = import_results(study.folder, trained, title="nnU-Net", task="where", replace=True)
    (model,) = plan.externals
    measured = measure_overlap(
        model.predictions, plan.cohort.images, SegmentationTask(question="Where?"), minimum_voxels=8
    ).overlap.set_index("lesion_id")
    assert notes == ()
    for fold in (0, 1):
        summary = json.loads((trained / f"fold_{fold}" / "validation" / "summary.json").read_text())
        for case in summary["metric_per_case"]:
            name = Path(case["prediction_file"]).name[:-7]
            if name != "L00a":  # its case holds two lesions
                assert measured.loc[name, "dice"] == pytest.approx(case["metrics"]["1"]["Dice"], rel=1e-12)
                assert measured.loc[name, "fold"] == fold
    assert {"L00a", "L00b"} <= set(measured.index)


def spoil(path: Path, change) -> None:  # type: ignore[no-untyped-def]
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))


def test_another_split_is_refused(read: Read, results: Path) -> None:
    def swap(folds: list[dict[str, list[str]]]) -> None:
        folds[0]["train"].append(folds[0]["val"].pop())

    spoil(results.parent / "splits_final.json", swap)
    with pytest.raises(SplitError, match="is not the frozen split: 'train' of fold 0 differs in 1 cases"):
        read(results)
    spoil(results.parent / "splits_final.json", list.pop)
    with pytest.raises(SplitError, match="has 1 folds, the frozen split 2"):
        read(results)
    (results.parent / "splits_final.json").write_text("[{}]")
    with pytest.raises(SplitError, match="is no list of nnU-Net's folds"):
        read(results)


def test_without_the_split_the_tested_cases_are_compared_and_a_note_says_so(
    read: Read, results: Path
) -> None:
    (results.parent / "splits_final.json").unlink()
    (results / "fold_0" / "validation" / "summary.json").unlink()
    notes = read(results)
    assert "only the tested cases of each fold were compared" in notes[0]
    assert notes[1] == "fold_0 has no summary.json to compare with"
    stray = next((results / "fold_0" / "validation").glob("*.nii.gz"))
    stray.rename(results / "fold_1" / "validation" / stray.name)
    with pytest.raises(PredictionsError, match="no mask of cases that it tests there"):
        read(results)
    shutil.copy(results / "fold_1" / "validation" / stray.name, stray)
    with pytest.raises(PredictionsError, match="cases that the frozen split does not test there"):
        read(results)
    shutil.rmtree(results / "fold_1")
    with pytest.raises(PredictionsError, match="train fold 1 to its end"):
        read(results)


def test_masks_of_other_references_other_labels_or_damaged_ones_are_refused(
    read: Read, results: Path
) -> None:
    here = results / "fold_0" / "validation"

    def other(summary: dict[str, list[dict[str, dict[str, dict[str, float]]]]]) -> None:
        summary["metric_per_case"][0]["metrics"]["1"]["Dice"] = 0.123

    spoil(here / "summary.json", other)
    with pytest.raises(
        PredictionsError, match=r"has a Dice of 0\.123000 there, and 0\.\d+ with the benchmark's"
    ):
        read(results)
    (here / "summary.json").write_text("[]")
    with pytest.raises(PredictionsError, match="is no summary of nnU-Net"):
        read(results)
    mask = next(here.glob("*.nii.gz"))
    sitk.WriteImage(sitk.ReadImage(str(mask)) * 2, str(mask))
    with pytest.raises(PredictionsError, match="has the label 2, but the dataset has the one label 1"):
        read(results)
    mask.write_bytes(b"no image")
    with pytest.raises(PredictionsError, match="is not a NIfTI file"):
        read(results)


def test_unknown_sequences_tasks_and_names_of_datasets_are_named(
    study: SmallStudy, results: Path, tmp_path: Path
) -> None:
    with pytest.raises(CohortError, match="the benchmark has no sequence 'T3'"):
        export_dataset(study.folder, tmp_path / "Dataset501_Balls", sequences=["T3"])
    with pytest.raises(CohortError, match="'balls' is no name of an nnU-Net dataset"):
        export_dataset(study.folder, tmp_path / "balls")
    with pytest.raises(PredictionsError, match="no such segmentation task"):
        import_results(study.folder, results, title="x", task="malignant")


def test_the_command_line_says_what_to_type_next(study: SmallStudy, tmp_path: Path) -> None:
    folder = tmp_path / "Dataset502_One"
    done = CliRunner().invoke(app, ["nnunet", "export", str(study.folder), str(folder), "--sequence", "T1C"])
    assert done.exit_code == 0, done.output
    assert "7 cases, 2 folds" in done.output
    assert "nnUNetv2_plan_and_preprocess -d 502" in done.output
    assert json.loads((folder / "dataset.json").read_text())["channel_names"] == {"0": "T1C"}
