"""A run whose model draws masks: from images to Dice, with masks that lie on the grid of their image."""

from __future__ import annotations

from pathlib import Path

import pytest
import SimpleITK as sitk

from conftest import SmallStudy, build_small_study
from samesplit.errors import DeclarationError
from samesplit.run import RunOptions, load_plan
from samesplit.tables import read_table
from samesplit.workflows.run import run_benchmark
from samesplit.workflows.split import freeze_split

UNET = """
kind: segmentation-network
title: U-Net
localise: "no"
fine: {voxel_mm: 2, patch: 16, filters: 4, levels: 2}
training: {epochs: 15, learning_rate: 0.02, patches_per_image: 2, validate_every: 5, accelerator: cpu}
"""


@pytest.fixture
def study(tmp_path: Path) -> SmallStudy:
    """Eight patients, and nothing but their masks asked for."""
    study = build_small_study(tmp_path / "w", patients=8)
    path = study.folder / "benchmark.yaml"
    left_out = ("task:", "models", "profiles", "readings", "statistics")
    kept = [line for line in path.read_text().splitlines() if not line.startswith(left_out)]
    path.write_text(
        "\n".join(kept)
        + '\nmodels: [unet]\ntasks: {where: {kind: segmentation, question: "Where?", sequences: [T1C]}}\n'
        + "statistics: {mask_regression: {columns: [diameter_mm]}}\n"
    )
    (study.root / "models" / "unet.yaml").write_text(UNET)
    freeze_split(study.folder, changes={})
    return study


def test_a_network_draws_masks_and_a_second_run_finds_them_done(study: SmallStudy, undrawn: None) -> None:
    outcome = run_benchmark(load_plan(study.folder, RunOptions(jobs=1)))
    assert not outcome.failures
    folder = outcome.folder / "tasks" / "where"
    predictions = read_table(folder / "predictions.parquet")
    tested = predictions[predictions["subset"] == "test"]
    assert len(tested) == 9
    for lesion, mask in tested[["lesion_id", "mask"]].itertuples(index=False):
        drawn, image = sitk.ReadImage(mask), sitk.ReadImage(str(study.image(lesion)))
        assert (drawn.GetSize(), drawn.GetSpacing()) == (image.GetSize(), image.GetSpacing())
    dice = read_table(folder / "results.parquet").query("quantity == 'dice' and group == 'all'")
    assert dice["estimate"].item() > 0.3
    assert len(read_table(folder / "details" / "segmentation_history.parquet")) == 2 * (15 * 2 + 3)
    assert read_table(folder / "dice_covariates.parquet")["term"].tolist() == ["intercept", "diameter_mm"]
    assert run_benchmark(load_plan(study.folder, RunOptions(jobs=1))).unchanged


def test_a_network_that_finds_the_organ_first_is_refused_where_no_organ_was_outlined(
    study: SmallStudy,
) -> None:
    path = study.root / "models" / "unet.yaml"
    path.write_text(UNET.replace('localise: "no"', "localise: organ"))
    with pytest.raises(DeclarationError, match="finds the organ first, and images"):
        load_plan(study.folder, RunOptions(jobs=1))
