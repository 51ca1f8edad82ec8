"""The chain: classifiers judged on the masks that were predicted of their test lesions."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import SimpleITK as sitk

from conftest import SmallStudy, build_small_study
from run.chain.thresholding import MISSED
from samesplit.errors import DeclarationError
from samesplit.models.segmentation.settings import SegmentationNetworkSettings
from samesplit.run import RunOptions, load_plan
from samesplit.run.fold_tasks import FoldTask
from samesplit.statistics.overlap import dice
from samesplit.tables import read_table
from samesplit.workflows.run import RunOutcome, run_benchmark
from samesplit.workflows.split import freeze_split
from samesplit.workflows.validate import validate

QUICK = RunOptions(jobs=1)
BODY = """
models: [zero-rule, forest, bright, {name: mean, use: average, settings: {members: [forest, zero-rule]}}]
tasks:
  malignant: {kind: binary, question: "Which balls are bright?", positive: malignant, negative: benign}
  where: {kind: segmentation, question: "Where are the balls?", sequences: [T1C]}
"""
CHAIN = "chain: {segmentation: bright}\n"
BRIGHT = "kind: segmentation-network\ntitle: Bright voxels\n"


def with_chain(root: Path, text: str) -> SmallStudy:
    study = SmallStudy(root, root / "benchmarks" / "balls")
    path = study.folder / "benchmark.yaml"
    kept = [
        line for line in path.read_text().splitlines() if not line.startswith(("task:", "models", "readings"))
    ]
    path.write_text("\n".join(kept) + text)
    (root / "models" / "bright.yaml").write_text(BRIGHT)
    return study


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[SmallStudy, RunOutcome]:
    """Twelve patients of the small study, with a chain, after a run; never change it."""
    root = tmp_path_factory.mktemp("chain") / "workspace"
    build_small_study(root, patients=12)
    study = with_chain(root, BODY + CHAIN)
    freeze_split(study.folder, changes={})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(SegmentationNetworkSettings, "built_by", "run.chain.thresholding:ThresholdModel")
        patch.setattr("samesplit.workflows.run._report", lambda folder: folder / "report.html")
        return study, run_benchmark(load_plan(study.folder, QUICK))


@pytest.fixture(scope="module")
def tables(finished: tuple[SmallStudy, RunOutcome]) -> dict[str, pd.DataFrame]:
    folder = finished[1].folder / "tasks" / "malignant" / "details"
    return {
        name: read_table(folder / f"{name}.parquet") for name in ("chain", "chain_lesions", "chain_images")
    }


def test_every_found_lesion_is_classified_on_its_predicted_mask(
    finished: tuple[SmallStudy, RunOutcome], tables: dict[str, pd.DataFrame]
) -> None:
    assert not finished[1].failures
    chain, lesions = tables["chain"], tables["chain_lesions"]
    assert len(lesions) == 14  # each lesion is tested in one of two folds
    found = set(lesions.loc[lesions["found"], "lesion_id"])
    assert set(chain["model"]) == {"forest", "mean"}  # what looks at no mask is not judged on other masks
    assert set(chain["rater"]) == {"predicted by bright"}
    assert set(chain["subset"]) == {"test"}
    for _, part in chain.groupby("model"):
        assert sorted(part["lesion_id"]) == sorted(found)


def test_what_the_chain_costs_is_judged(finished: tuple[SmallStudy, RunOutcome]) -> None:
    folder = finished[1].folder / "tasks" / "malignant"
    judged = read_table(folder / "chain.parquet")
    found = judged[judged["quantity"] == "lesions_found"].set_index("model")["estimate"]
    assert found.to_dict() == pytest.approx({"forest": 13 / 14, "mean": 13 / 14})


def test_the_usual_predictions_know_nothing_of_the_chain(
    finished: tuple[SmallStudy, RunOutcome], tables: dict[str, pd.DataFrame]
) -> None:
    folder = finished[1].folder / "tasks" / "malignant"
    predictions = read_table(folder / "predictions.parquet")
    assert set(predictions["rater"]) == {"R1"}
    forest = predictions.query("model == 'forest' and subset == 'test'").set_index("lesion_id")["probability"]
    chained = tables["chain"].query("model == 'forest'").set_index("lesion_id")["probability"]
    assert not np.allclose(chained, forest[chained.index])  # other masks, other features, other answers


def test_the_dice_of_a_found_lesion_is_that_of_its_predicted_mask(
    finished: tuple[SmallStudy, RunOutcome], tables: dict[str, pd.DataFrame]
) -> None:
    study, outcome = finished
    masks = read_table(outcome.folder / "tasks" / "where" / "predictions.parquet").query("subset == 'test'")
    lesions = tables["chain_lesions"].set_index("lesion_id")
    checked = 0
    for lesion, mask in masks[["lesion_id", "mask"]].itertuples(index=False):
        predicted = sitk.GetArrayFromImage(sitk.ReadImage(mask)) > 0
        truth = sitk.GetArrayFromImage(sitk.ReadImage(str(study.mask(lesion)))) > 0
        if lesions.loc[lesion, "found"] and not (predicted & ~truth).any():
            assert lesions.loc[lesion, "dice"] == pytest.approx(dice(truth, predicted))
            checked += 1
    assert checked > 3


def test_a_lesion_that_was_not_found_is_listed_and_what_was_drawn_instead_is_a_false_positive(
    tables: dict[str, pd.DataFrame],
) -> None:
    missed = tables["chain_lesions"].set_index("lesion_id").loc[MISSED]
    assert (missed["found"], missed["dice"]) == (False, 0.0)
    assert missed["reason"] == "no predicted component is this lesion"
    images = tables["chain_images"].set_index("patient_id")
    assert images.loc[MISSED[:3].replace("L", "P"), "false_positives"] == 1
    assert MISSED not in set(tables["chain"]["lesion_id"])


def test_a_sequence_without_predicted_masks_takes_those_of_the_other(
    finished: tuple[SmallStudy, RunOutcome], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The forest sees features of T2 too, on whose images nothing was drawn."""
    study, _ = finished
    seen: list[FoldTask] = []
    monkeypatch.setattr(SegmentationNetworkSettings, "built_by", "run.chain.thresholding:ThresholdModel")
    plan = load_plan(study.folder, QUICK)
    object.__setattr__(plan, "run_id", "again")
    monkeypatch.setattr("samesplit.workflows.run._report", lambda folder: folder / "report.html")
    from samesplit.run import model_stage

    fitted = model_stage.run_folds

    def seeing(tasks: list[FoldTask], **rest: Any) -> Any:
        seen.extend(tasks)
        return fitted(tasks, **rest)

    monkeypatch.setattr(model_stage, "run_folds", seeing)
    run_benchmark(plan)
    forest = next(task for task in seen if task.settings.name == "forest")
    cases = forest.cases["predicted by bright"]
    assert set(cases.images["sequence"]) == {"T1C", "T2"}
    assert cases.features.notna().all().all()
    trained = set(forest.subsets[forest.subsets != "test"].index)
    assert not trained & set(cases.lesion_ids)  # no training lesion has a predicted mask


@pytest.mark.parametrize(
    ("chain", "message"),
    [
        ("{segmentation: brigth}", "'models' lists no model 'brigth'\nRemedy: did you mean 'bright'?"),
        ("{segmentation: forest}", "the model 'forest' draws no masks for the task 'where'"),
        ("{segmentation: bright, task: malignant}", "no single task of masks is named"),
        (
            "{segmentation: bright, classifiers: [zero-rule]}",
            "the model 'zero-rule' does not classify by",
        ),
    ],
)
def test_a_chain_that_cannot_be_is_refused_before_anything_runs(
    finished: tuple[SmallStudy, RunOutcome], tmp_path: Path, chain: str, message: str
) -> None:
    shutil.copytree(finished[0].root, tmp_path / "w", ignore=shutil.ignore_patterns("reports"))
    folder = tmp_path / "w" / "benchmarks" / "balls"
    path = folder / "benchmark.yaml"
    path.write_text(path.read_text().replace("{segmentation: bright}", chain))
    with pytest.raises(DeclarationError) as caught:
        load_plan(folder, QUICK)
    assert message in str(caught.value)
    assert "benchmark.yaml, chain" in str(caught.value)
    if "brigth" in message:
        (fault,) = validate(folder, jobs=1).faults
        assert message in str(fault)
