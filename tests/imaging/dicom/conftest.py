"""A scanner that writes into the test's folder, and what it is given to scan."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from imaging.dicom.scanner import Scanner, box


@pytest.fixture
def scanner(tmp_path: Path) -> Scanner:
    return Scanner(tmp_path)


@pytest.fixture
def noise() -> np.ndarray:
    """Whole numbers, 6 slices of 12 rows and 14 columns."""
    return np.random.default_rng(5).integers(-500, 500, size=(6, 12, 14))


@pytest.fixture
def blob() -> np.ndarray:
    """A mask of 18 voxels on slices 2 and 3, of which one slice has an odd shape."""
    mask = np.zeros((6, 12, 14), dtype=np.uint8)
    mask[2, 4:8, 5:8] = 1
    mask[3, 4:6, 5:7] = mask[3, 6, 6:8] = 1
    return mask


@pytest.fixture
def rectangle() -> Callable[..., np.ndarray]:
    return box
