"""A small cohort of patients with an organ that holds one bright ball, or two, and folds of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import SimpleITK as sitk

from samesplit.models.protocol import Cases, TrainingFold
from samesplit.models.segmentation.settings import SegmentationNetworkSettings
from samesplit.tasks import SegmentationTask

TASK = SegmentationTask(question="Where are the balls?")
TINY = {
    "coarse": {"voxel_mm": 4, "patch": 8, "filters": 4, "levels": 2},
    "fine": {"voxel_mm": 2, "patch": 16, "filters": 4, "levels": 2, "margin_mm": 6},
    "training": {
        "epochs": 6,
        "learning_rate": 0.02,
        "patches_per_image": 2,
        "validate_every": 3,
        "accelerator": "cpu",
    },
}


def write(values: np.ndarray, path: Path, spacing: tuple[float, float, float] = (2.0, 2.0, 2.0)) -> Path:
    """Write an array (z, y, x) as an image."""
    image = sitk.GetImageFromArray(values)
    image.SetSpacing(spacing)
    image.SetOrigin((10.0, -20.0, 5.0))
    sitk.WriteImage(image, str(path))
    return path


def ball(centre: tuple[float, float, float], radius: float, size: int = 20) -> np.ndarray:
    """A ball in a cube of voxels."""
    place = np.indices((size, size, size)).astype(float)
    return sum((axis - c) ** 2 for axis, c in zip(place, centre, strict=True)) <= radius**2


@pytest.fixture
def tiny() -> Callable[..., SegmentationNetworkSettings]:
    """Settings of networks that train in seconds; keys given as arguments replace whole parts."""

    def make(**changes: object) -> SegmentationNetworkSettings:
        return SegmentationNetworkSettings.model_validate(
            {"name": "tiny", "title": "Tiny", **TINY, **changes}
        )

    return make


@pytest.fixture(scope="session")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> Cases:
    """Eight patients, the last with two balls; the second sequence is darker and lies on a coarser grid."""
    folder = tmp_path_factory.mktemp("organs")
    rows = []
    for number in range(8):
        rng = np.random.default_rng(number)
        organ = ball((9.5, 9.5, 9.5), 8)
        centres = [tuple(rng.uniform(7, 12, 3))] if number < 7 else [(5.5, 9.5, 9.5), (14.5, 9.5, 9.5)]
        radius = 3.2 if number < 7 else 2.6
        balls = [ball(centre, radius) for centre in centres]
        labels = sum((place + 1) * one.astype(np.uint8) for place, one in enumerate(balls))
        grey = rng.normal(0, 0.3, organ.shape) + organ + 3 * (labels > 0)
        kinds = {"CT": (1.0, slice(None)), "PET": (0.5, slice(None, None, 2))}
        for sequence, (scale, kept) in kinds.items():
            spacing = (2.0, 2.0, 2.0) if sequence == "CT" else (4.0, 4.0, 4.0)
            stem = folder / f"{number}-{sequence}"
            part = (kept, kept, kept)
            image = write((scale * grey[part]).astype(np.float32), stem.with_suffix(".nii.gz"), spacing)
            mask = write(labels[part].astype(np.uint8), Path(f"{stem}-mask.nii.gz"), spacing)
            outline = write(organ[part].astype(np.uint8), Path(f"{stem}-organ.nii.gz"), spacing)
            for place in range(len(centres)):
                rows.append(
                    {
                        "lesion_id": f"P{number}-L{place + 1}",
                        "sequence": sequence,
                        "rater": "R1",
                        "image": str(image),
                        "mask": str(mask),
                        "mask_label": str(place + 1),
                        "spacing_mm": float("nan"),
                        "organ_mask": str(outline),
                    }
                )
    ids = list(dict.fromkeys(row["lesion_id"] for row in rows))
    lesions = pd.DataFrame({"patient_id": [i[:2] for i in ids]}, index=pd.Index(ids, name="lesion_id"))
    nothing = pd.DataFrame(index=lesions.index)
    return Cases(lesions, pd.DataFrame(rows), nothing, nothing, ("CT", "PET"), "R1", minimum_voxels=1)


@pytest.fixture
def fold_of(tmp_path: Path) -> Callable[..., TrainingFold]:
    """A fold: the first five lesions train, the sixth chooses."""

    def make(cases: Cases, *, directory: Path | None = None, validation: bool = True) -> TrainingFold:
        ids = cases.lesion_ids
        train, choose = ids[:5], ids[5:6] if validation else []
        labels = pd.Series(0, index=cases.lesions.index)
        return TrainingFold(
            cases.select(train),
            labels.loc[train],
            cases.select(choose),
            labels.loc[choose],
            seed=1,
            directory=directory or tmp_path,
            task=TASK,
        )

    return make
