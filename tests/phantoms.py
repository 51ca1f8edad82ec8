"""Small phantoms on disk, and tables that name them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import SimpleITK as sitk

SPACING_MM = (1.0, 2.0, 3.0)


@pytest.fixture
def save(tmp_path: Path) -> Callable[..., str]:
    """Write an array (z, y, x) as an image file and give its path."""

    def write(
        array: np.ndarray,
        name: str,
        *,
        spacing_mm: tuple[float, ...] = SPACING_MM,
        origin_mm: tuple[float, ...] = (-10.0, 5.0, 20.0),
        direction: tuple[float, ...] | None = None,
    ) -> str:
        image = sitk.GetImageFromArray(np.asarray(array))
        image.SetSpacing(spacing_mm[: image.GetDimension()])
        image.SetOrigin(origin_mm[: image.GetDimension()])
        if direction is not None:
            image.SetDirection(direction)
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        sitk.WriteImage(image, str(path))
        return str(path)

    return write


@pytest.fixture
def block() -> tuple[np.ndarray, np.ndarray]:
    """A block of 4 x 3 x 2 voxels (x, y, z) that holds the numbers 1 to 24 in a dark image."""
    image = np.zeros((10, 12, 14), dtype=np.float32)
    mask = np.zeros(image.shape, dtype=np.uint8)
    image[4:6, 5:8, 6:10] = np.arange(1, 25, dtype=np.float32).reshape(2, 3, 4)
    mask[4:6, 5:8, 6:10] = 1
    return image, mask


def noisy_case(seed: int, *, shape: tuple[int, int, int] = (16, 24, 24)) -> tuple[np.ndarray, np.ndarray]:
    """Smooth noise and an ellipsoid in its middle."""
    generator = np.random.default_rng(seed)
    coarse = generator.normal(100.0, 20.0, size=tuple(n // 4 for n in shape))
    image = np.kron(coarse, np.ones((4, 4, 4))) + generator.normal(0.0, 2.0, size=shape)
    grid = np.meshgrid(*[np.linspace(-1, 1, n) for n in shape], indexing="ij")
    return image.astype(np.float32), (sum(axis**2 for axis in grid) < 0.3).astype(np.uint8)


@pytest.fixture
def cohort(save: Callable[..., str]) -> pd.DataFrame:
    """An images table of four lesions."""
    rows: list[dict[str, Any]] = []
    for number in range(4):
        image, mask = noisy_case(number)
        rows.append(
            {
                "lesion_id": f"L{number}",
                "sequence": "T2",
                "rater": "R1",
                "image": save(image, f"L{number}_image.nii.gz"),
                "mask": save(mask, f"L{number}_mask.nii.gz"),
                "mask_label": 1,
                "spacing_mm": np.nan,
            }
        )
    return pd.DataFrame(rows)
