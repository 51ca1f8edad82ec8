"""Masks predicted elsewhere, joined to a task of masks and judged."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import SimpleITK as sitk

from conftest import SmallStudy
from samesplit.errors import PredictionsError
from samesplit.run.plan import load_plan
from samesplit.tables import read_table
from samesplit.workflows.compare import compare
from samesplit.workflows.run import run_benchmark

TASKS = """
tasks:
  malignant: {kind: binary, question: "Which balls are bright?", positive: malignant, negative: benign}
  where: {kind: segmentation, question: "Where are the balls?", sequences: [T2]}
"""


@pytest.fixture
def study(small_study: SmallStudy) -> SmallStudy:
    """The small study, which asks for masks too."""
    from samesplit.workflows.split import freeze_split

    path = small_study.folder / "benchmark.yaml"
    kept = [line for line in path.read_text().splitlines() if not line.startswith(("task:", "readings:"))]
    text = "\n".join(kept).replace("[zero-rule, clinical-logistic, forest]", "[zero-rule]")
    path.write_text(text.replace("reference: forest, ", "") + TASKS)
    freeze_split(small_study.folder, changes={}, overwrite=True)
    return small_study


def write_masks(study: SmallStudy, folder: Path) -> Path:
    """Masks that lack the upper half of each ball; the first is on a grid of half the voxels."""
    folder.mkdir()
    lines = ["lesion_id,mask"]
    for number, lesion in enumerate(pd.read_csv(study.folder / "lesions.csv")["lesion_id"]):
        mask = sitk.ReadImage(str(study.mask(lesion, "T2")))
        array = sitk.GetArrayFromImage(mask)
        array[10:] = 0
        half = sitk.GetImageFromArray(array)
        half.CopyInformation(mask)
        if number == 0:
            half = half[:, :15, :]
        sitk.WriteImage(half, str(folder / f"{lesion}.nii.gz"))
        lines.append(f"{lesion},{lesion}.nii.gz")
    path = folder / "masks.csv"
    path.write_text("\n".join(lines))
    return path


def test_half_a_ball_has_a_dice_of_two_thirds(study: SmallStudy, tmp_path: Path, undrawn: None) -> None:
    path = write_masks(study, tmp_path / "masks")
    plan = compare(study.folder, path, title="Half", task="where", jobs=1)
    (half,) = plan.externals
    assert half.notes == (
        "masks.csv: 1 masks lie on another grid than their image and are resampled to it (nearest neighbour)",
    )

    outcome = run_benchmark(plan)

    folder = outcome.folder / "tasks" / "where"
    overlap = read_table(folder / "overlap.parquet")
    np.testing.assert_allclose(overlap["dice"][1:], 2 / 3, atol=0.02)
    results = read_table(folder / "results.parquet").set_index(["quantity", "group"])
    row = results.loc[("dice", "all")]
    assert (row["model"], row["n"]) == ("half", 27)
    assert row["estimate"] == pytest.approx(2 / 3, abs=0.02)
    assert results.loc[("detection_recall", "all"), "estimate"] == 1.0
    assert results.loc[("volume_difference_percent", "all"), "estimate"] == pytest.approx(-50, abs=3)
    assert len(read_table(folder / "components.parquet")) == 27
    assert "Where are the balls?" in (outcome.folder / "report.html").read_text()

    first = next(path.parent.glob("*.nii.gz"))
    sitk.WriteImage(sitk.ReadImage(str(first)) * 0, str(first))
    assert load_plan(study.folder, plan.options).run_id != plan.run_id  # a mask drawn anew is another answer


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("L00a.nii.gz", "L0.nii.gz", "lesion L00a: the mask L0.nii.gz does not exist"),
        ("L00a,", "L0a,", "line 2: the lesion 'L0a' is not in the benchmark"),
        ("L01a,L01a.nii.gz", "L01a,", "line 4, lesion L01a: the mask is missing"),
    ],
)
def test_a_mask_that_is_not_there_is_named(
    study: SmallStudy, tmp_path: Path, old: str, new: str, message: str
) -> None:
    path = write_masks(study, tmp_path / "masks")
    path.write_text(path.read_text().replace(old, new, 1))
    with pytest.raises(PredictionsError) as caught:
        compare(study.folder, path, title="Half", task="where", jobs=1)
    assert message in str(caught.value)


def test_a_sequence_that_is_not_asked_for_is_refused(study: SmallStudy, tmp_path: Path) -> None:
    path = write_masks(study, tmp_path / "masks")
    text = (
        path.read_text()
        .replace("lesion_id,mask", "lesion_id,mask,sequence")
        .replace(".nii.gz", ".nii.gz,T1C")
    )
    path.write_text(text)
    with pytest.raises(
        PredictionsError, match="the sequence 'T1C' is not asked for\nRemedy: the sequences are: T2"
    ):
        compare(study.folder, path, title="Half", task="where", jobs=1)
