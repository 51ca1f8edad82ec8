from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cloudpickle
import numpy as np
import pandas as pd
import pytest
import SimpleITK as sitk

from samesplit.execution.calls import Workers
from samesplit.run.mask_overlap import MeasuredMasks, measure_overlap
from samesplit.tasks import SegmentationTask

TASK = SegmentationTask(question="Where?")
BOXES = {"L1": (slice(2, 6), slice(2, 6), slice(2, 6)), "L2": (slice(2, 6), slice(2, 6), slice(12, 16))}
STRAY = (slice(8, 9), slice(8, 9), slice(8, 9))


def write(path: Path, voxels: np.ndarray) -> str:
    sitk.WriteImage(sitk.GetImageFromArray(voxels), str(path))
    return str(path)


def boxes(*places: tuple[slice, ...]) -> np.ndarray:
    voxels = np.zeros((10, 10, 20), dtype=np.uint8)
    for number, place in enumerate(places, start=1):
        voxels[place] = number
    return voxels


@pytest.fixture
def images(tmp_path: Path) -> pd.DataFrame:
    """Two lesions in one image, told apart by their labels in one mask."""
    noise = np.random.default_rng(0).normal(100, 10, (10, 10, 20)).astype(np.float32)
    image, mask = (
        write(tmp_path / "A.nii.gz", noise),
        write(tmp_path / "masks.nii.gz", boxes(*BOXES.values())),
    )
    rows = [(lesion, "A", image, mask, label, np.nan) for lesion, label in (("L1", "1"), ("L2", "2"))]
    return pd.DataFrame(rows, columns=["lesion_id", "sequence", "image", "mask", "mask_label", "spacing_mm"])


def predictions(**masks: str) -> pd.DataFrame:
    """One model whose masks are given by lesion."""
    fit = {
        "model": "net",
        "seed": 0,
        "repeat": 0,
        "fold": 0,
        "subset": "test",
        "rater": "R1",
        "sequence": "A",
    }
    return pd.DataFrame([fit | {"lesion_id": lesion, "mask": mask} for lesion, mask in masks.items()])


def measured(told: pd.DataFrame, images: pd.DataFrame) -> tuple[MeasuredMasks, pd.DataFrame]:
    found = measure_overlap(told, images, TASK)
    return found, found.overlap.set_index("lesion_id")


def test_lesions_of_one_image_share_a_mask_and_its_components_are_counted_once(
    images: pd.DataFrame, tmp_path: Path
) -> None:
    both = write(tmp_path / "both.nii.gz", (boxes(*BOXES.values(), STRAY) > 0).astype(np.uint8))
    found, overlap = measured(predictions(L1=both, L2=both), images)
    assert overlap["lesion_dice"].tolist() == [1.0, 1.0]
    assert overlap["dice"].tolist() == [pytest.approx(128 / 129)] * 2
    assert found.components["component_of"].tolist() == ["L1", "L2", ""]
    assert found.components["image_of"].unique().tolist() == ["L1"]
    assert "mask" not in overlap


def test_a_mask_of_one_lesion_is_no_false_positive_of_the_other(images: pd.DataFrame, tmp_path: Path) -> None:
    one = write(tmp_path / "one.nii.gz", boxes(BOXES["L1"]))
    found, overlap = measured(predictions(L1=one), images)
    assert overlap["dice"].tolist() == [1.0]
    other = write(tmp_path / "two.nii.gz", (boxes(*BOXES.values()) > 0).astype(np.uint8))
    found, overlap = measured(predictions(L1=other), images)
    assert overlap["dice"].tolist() == [1.0]
    assert found.components["component_of"].tolist() == ["L1", "L2"]


def test_an_empty_mask_misses_and_a_smaller_grid_is_resampled(images: pd.DataFrame, tmp_path: Path) -> None:
    empty = write(tmp_path / "empty.nii.gz", boxes())
    part = sitk.GetImageFromArray(boxes(BOXES["L1"]))[:10]
    sitk.WriteImage(part, str(tmp_path / "part.nii.gz"))
    _, overlap = measured(predictions(L1=str(tmp_path / "part.nii.gz"), L2=empty), images)
    assert overlap["dice"].to_dict() == {"L1": 1.0, "L2": 0.0}
    assert overlap["detected"].to_dict() == {"L1": True, "L2": False}


def test_what_cannot_be_read_costs_its_lesions_and_leaves_a_note(
    images: pd.DataFrame, tmp_path: Path
) -> None:
    good = write(tmp_path / "good.nii.gz", boxes(BOXES["L1"]))
    (tmp_path / "bad.nii.gz").write_bytes(b"no image")
    found, overlap = measured(predictions(L1=good, L2=str(tmp_path / "bad.nii.gz")), images)
    assert overlap.index.tolist() == ["L1"]
    assert "a predicted mask could not be read and is left out" in found.notes[0]
    gone = images.assign(mask_label=["1", "7"])
    found, overlap = measured(predictions(L1=good, L2=good), gone)
    assert overlap.index.tolist() == ["L1"]
    assert found.notes[0].startswith("a lesion could not be measured and is left out: lesion L2")
    found, overlap = measured(predictions(L1=good), images.assign(mask_label="7"))
    assert overlap.empty
    assert found.components.empty


def test_a_cluster_is_sent_the_masks_that_it_may_not_see_when_their_turn_comes(
    images: pd.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    both = (boxes(*BOXES.values(), STRAY) > 0).astype(np.uint8)
    named = {"net": write(out / "both.nii.gz", both), "bad": str(out / "bad.nii.gz")}
    (out / "bad.nii.gz").write_bytes(b"no image")
    told = pd.concat([predictions(L1=mask, L2=mask).assign(model=name) for name, mask in named.items()])
    apart = predictions(L1=write(tmp_path / "apart.mhd", both)).assign(model="apart")
    told = pd.concat([told, apart])
    here = measure_overlap(told, images, TASK)

    def dispatch(does: Any, items: Any, *, scheduler: str, **_: object) -> Iterator[tuple[int, Any]]:
        assert "no image" not in repr(list(items))  # what is not yet sent is not yet read
        for place, item in enumerate(items):
            sent = cloudpickle.dumps(item)
            out.rename(tmp_path / "not to be seen")
            found = cloudpickle.loads(cloudpickle.dumps(does(cloudpickle.loads(sent))))
            (tmp_path / "not to be seen").rename(out)
            yield place, found

    monkeypatch.setattr("samesplit.execution.calls.dispatch", dispatch)
    there = measure_overlap(told, images, TASK, workers=Workers(scheduler="tcp://10.0.0.1:8786"))

    assert set(here.overlap["model"]) == {"net", "apart"}
    pd.testing.assert_frame_equal(there.overlap, here.overlap)
    pd.testing.assert_frame_equal(there.components, here.components)
    assert there.notes == here.notes
    assert str(out / "bad.nii.gz") in there.notes[0]
