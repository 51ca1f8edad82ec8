"""Which predicted component is which lesion, in images with several lesions and in arrays."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
import SimpleITK as sitk

from samesplit.imaging.case import read_case
from samesplit.run.chain.predicted_masks import PredictedMasks, predicted_masks

SHAPE = (8, 10, 12)


def cube(*corners: tuple[int, int, int], side: int = 3) -> np.ndarray:
    """Cubes of voxels, numbered."""
    labels = np.zeros(SHAPE, np.uint8)
    for number, (z, y, x) in enumerate(corners, start=1):
        labels[z : z + side, y : y + side, x : x + side] = number
    return labels


def write(values: np.ndarray, path: Path, spacing: float = 2.0) -> str:
    image = sitk.GetImageFromArray(values)
    image.SetSpacing((spacing,) * 3)
    sitk.WriteImage(image, str(path))
    return str(path)


@pytest.fixture
def grey() -> np.ndarray:
    return np.random.default_rng(0).normal(size=SHAPE).astype(np.float32)


def plan_of(tmp_path: Path, rows: list[dict[str, Any]], sequences: tuple[str, ...] = ("A",)) -> Any:
    """As much of a plan as is looked at."""
    images = pd.DataFrame(rows).assign(rater="R1")
    ids = list(dict.fromkeys(images["lesion_id"]))
    cohort = SimpleNamespace(
        images=images, lesions=pd.DataFrame({"lesion_id": ids, "patient_id": [i[:2] for i in ids]})
    )
    settings = SimpleNamespace(rater="R1", sequences=sequences, minimum_voxels=8, geometry_repair=())
    workspace = SimpleNamespace(cache=tmp_path / "cache")
    split = SimpleNamespace(pairs=lambda: [(0, 2)], lesions=lambda *_: ids)
    definition = SimpleNamespace(cohort=settings)
    return SimpleNamespace(cohort=cohort, definition=definition, workspace=workspace, split=split)


def row(
    lesion: str, image: str, mask: str, label: int, sequence: str = "A", spacing: float = np.nan
) -> dict[str, Any]:
    return {
        "lesion_id": lesion,
        "sequence": sequence,
        "image": image,
        "mask": mask,
        "mask_label": str(label),
        "spacing_mm": spacing,
    }


def found_in(plan: Any, lesions: list[str], mask: str, sequence: str = "A") -> PredictedMasks:
    table = pd.DataFrame({"lesion_id": lesions}).assign(
        model="unet", seed=0, repeat=0, fold=2, subset="test", rater="R1", sequence=sequence, mask=mask
    )
    return predicted_masks(plan, "unet", table, 0.1)


def test_a_component_that_covers_two_lesions_is_parted_and_one_beside_them_is_false(
    tmp_path: Path, grey: np.ndarray
) -> None:
    truth = cube((1, 1, 1), (1, 1, 5), (4, 6, 8))
    drawn = np.zeros(SHAPE, np.uint8)
    drawn[1:4, 1:4, 1:8] = 1  # both of the first two, and what lies between them
    drawn[7, 9, 0:2] = 1
    image, mask = write(grey, tmp_path / "a.nii.gz"), write(truth, tmp_path / "m.nii.gz")
    lesions = ["P1-1", "P1-2", "P1-3"]
    plan = plan_of(tmp_path, [row(lesion, image, mask, n) for n, lesion in enumerate(lesions, start=1)])
    made = found_in(plan, lesions, write(drawn, tmp_path / "p.nii.gz"))
    told = pd.DataFrame(made.lesions).set_index("lesion_id")
    assert told["found"].tolist() == [True, False, False]  # of equals the lesion with the smaller number
    assert told["dice"].tolist() == pytest.approx([2 * 27 / (27 + 36), 0, 0])
    assert made.scans == [{"repeat": 0, "fold": 2, "patient_id": "P1", "image": image, "false_positives": 1}]
    (given,) = made.images[0, 2].to_dict("records")
    case = read_case(image, given["mask"], lesion_id="P1-1", mask_label=given["mask_label"])
    handed = sitk.GetArrayFromImage(case.mask)
    assert given["rater"] == "predicted by unet"
    assert handed.sum() == 36
    assert not handed[truth == 2].any()


def test_a_found_lesion_of_too_few_voxels_counts_as_missed(tmp_path: Path, grey: np.ndarray) -> None:
    drawn = np.zeros(SHAPE, np.uint8)
    drawn[1:3, 1:3, 1] = 1
    image = write(grey, tmp_path / "a.nii.gz")
    plan = plan_of(tmp_path, [row("P1-1", image, write(cube((1, 1, 1)), tmp_path / "m.nii.gz"), 1)])
    made = found_in(plan, ["P1-1"], write(drawn, tmp_path / "p.nii.gz"))
    (told,) = made.lesions
    assert (told["found"], told["reason"]) == (False, "the predicted mask has fewer than 8 voxels")
    assert made.images[0, 2].empty


def test_false_positives_are_counted_once_a_patient_in_the_first_sequence_that_there_is(
    tmp_path: Path, grey: np.ndarray
) -> None:
    image, mask = write(grey, tmp_path / "a.nii.gz"), write(cube((1, 1, 1)), tmp_path / "m.nii.gz")
    drawn = write((cube((1, 1, 1)) + cube((5, 6, 8))).astype(np.uint8), tmp_path / "p.nii.gz")
    rows = [
        row("P1-1", image, mask, 1, "A"),
        row("P1-1", image, mask, 1, "B"),
        row("P2-1", image, mask, 1, "B"),
    ]
    tables = [
        pd.DataFrame({"lesion_id": lesions}).assign(sequence=sequence, mask=file)
        for lesions, sequence, file in (
            (["P1-1"], "A", drawn),
            (["P1-1"], "B", drawn),
            (["P2-1"], "B", write(cube((1, 1, 1)), tmp_path / "q.nii.gz")),
        )
    ]
    table = pd.concat(tables).assign(model="unet", seed=0, repeat=0, fold=2, subset="test", rater="R1")
    made = predicted_masks(plan_of(tmp_path, rows, ("A", "B")), "unet", table, 0.1)
    assert [(scan["patient_id"], scan["false_positives"]) for scan in made.scans] == [("P1", 1), ("P2", 0)]


def test_a_lesion_without_an_image_to_draw_on_is_missed(tmp_path: Path, grey: np.ndarray) -> None:
    image, mask = write(grey, tmp_path / "a.nii.gz"), write(cube((1, 1, 1)), tmp_path / "m.nii.gz")
    plan = plan_of(tmp_path, [row("P1-1", image, mask, 1), row("P2-1", image, mask, 1, "B")], ("A", "B"))
    made = found_in(plan, ["P1-1"], mask)
    told = pd.DataFrame(made.lesions).set_index("lesion_id")
    assert told["found"].to_dict() == {"P1-1": True, "P2-1": False}
    assert told.loc["P2-1", "reason"] == "no mask was drawn: it has no image of A that can be read"


def test_a_rater_s_mask_that_cannot_be_read_is_told(tmp_path: Path, grey: np.ndarray) -> None:
    image = write(grey, tmp_path / "a.nii.gz")
    plan = plan_of(tmp_path, [row("P1-1", image, str(tmp_path / "none.nii.gz"), 1)])
    made = found_in(plan, ["P1-1"], write(cube((1, 1, 1)), tmp_path / "p.nii.gz"))
    (told,) = made.lesions
    assert not told["found"]
    assert told["reason"] == "the rater's mask cannot be read: the mask file does not exist"


def test_masks_of_arrays_are_arrays_and_a_finer_sequence_takes_the_mask_resampled(
    tmp_path: Path, grey: np.ndarray
) -> None:
    truth = cube((1, 2, 3), side=4)
    np.savez(tmp_path / "c.npz", images=grey[None], masks=truth[None])
    fine = np.repeat(np.repeat(np.repeat(grey, 2, 0), 2, 1), 2, 2)
    there = sitk.GetImageFromArray(fine)
    there.SetOrigin((-0.5, -0.5, -0.5))
    sitk.WriteImage(there, str(tmp_path / "b.nii.gz"))
    far = sitk.GetImageFromArray(grey)
    far.SetOrigin((500.0, 0.0, 0.0))
    sitk.WriteImage(far, str(tmp_path / "far.nii.gz"))
    mask = write(truth, tmp_path / "m.nii.gz")
    rows = [
        row("P1-1", f"{tmp_path}/c.npz::images[0]", f"{tmp_path}/c.npz::masks[0]", 1, spacing=2.0),
        row("P1-1", str(tmp_path / "b.nii.gz"), mask, 1, "B"),
        row("P1-1", str(tmp_path / "far.nii.gz"), mask, 1, "C"),
    ]
    plan = plan_of(tmp_path, rows, ("A", "B", "C"))
    made = found_in(plan, ["P1-1"], mask)
    images = made.images[0, 2].set_index("sequence")
    assert images.index.tolist() == ["A", "B"]  # nothing of the mask lies in C
    case = read_case(rows[0]["image"], images.loc["A", "mask"], lesion_id="P1-1", spacing_mm=2.0)
    assert (sitk.GetArrayFromImage(case.mask) == (truth > 0)).all()
    finer = sitk.GetArrayFromImage(sitk.ReadImage(images.loc["B", "mask"]))
    assert (finer == np.repeat(np.repeat(np.repeat(truth, 2, 0), 2, 1), 2, 2)).all()
    assert set(made.content) == set(images["mask"])
