"""What the results of a case are kept under."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from samesplit import storage
from samesplit.imaging.case_tasks import case_files
from samesplit.storage import library_digest


@pytest.mark.parametrize("library", ["SimpleITK", "pydicom", "highdicom"])
def test_another_version_of_a_library_that_reads_files_meets_no_old_results(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, library: str
) -> None:
    np.savez(tmp_path / "a.npz", image=np.zeros((2, 2, 2)), mask=np.ones((2, 2, 2)))
    row = {"lesion_id": "L1", "sequence": "CT", "rater": "R1", "mask_label": "1", "spacing_mm": 1.0}
    images = pd.DataFrame([row | {name: f"{tmp_path / 'a.npz'}::{name}" for name in ("image", "mask")}])
    installed = storage.version
    found = []
    for other in ("", library):
        monkeypatch.setattr(
            storage, "version", lambda name, other=other: installed(name) + "x" * (name == other)
        )
        library_digest.cache_clear()
        found += [case.content for case in case_files(images, geometry_repair=None, minimum_voxels=1)]
    library_digest.cache_clear()
    assert len(found) == 2
    assert len(set(found)) == 2
