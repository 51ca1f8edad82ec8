"""The workers of a Dask cluster open images and extract features, and find what processes of this machine find."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import SimpleITK as sitk
from distributed import LocalCluster

from conftest import SmallStudy
from samesplit.features.comparison.equivalence import NeutralSetting
from samesplit.workflows.compare_engines import EngineComparison, compare_engines
from samesplit.workflows.validate import validate


@pytest.fixture(scope="module")
def scheduler() -> Iterator[str]:
    """The address of a cluster of one process."""
    import dask

    with (
        dask.config.set({"distributed.worker.daemon": False, "distributed.admin.tick.limit": "1h"}),
        LocalCluster(
            n_workers=1, threads_per_worker=1, processes=True, dashboard_address=":0", silence_logs=50
        ) as cluster,
    ):
        yield cluster.scheduler_address


def test_validate_finds_the_same_fault_there(
    small_study: SmallStudy, scheduler: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    lesion = pd.read_csv(small_study.folder / "images.csv")["lesion_id"].iloc[0]
    mask = sitk.ReadImage(str(small_study.mask(lesion)))
    empty = sitk.GetImageFromArray(np.zeros_like(sitk.GetArrayViewFromImage(mask)))
    empty.CopyInformation(mask)
    sitk.WriteImage(empty, str(small_study.mask(lesion)))
    monkeypatch.setattr("samesplit.execution.dispatch.map_in_processes", _not_here)
    there = validate(small_study.folder, scheduler=scheduler)
    monkeypatch.undo()
    here = validate(small_study.folder, jobs=1)
    assert set(there.problems.loc[there.problems["status"] == "failed", "lesion_id"]) == {lesion}
    pd.testing.assert_frame_equal(there.problems, here.problems)


def test_engines_compared_there_agree_to_the_last_digit_with_those_compared_here(
    small_study: SmallStudy, scheduler: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def compared(name: str, *, jobs: int | None, scheduler: str | None) -> EngineComparison:
        return compare_engines(
            small_study.folder,
            engines=["ibsi", "pyradiomics"],
            sequences=["T1C"],
            setting=NeutralSetting(None, bins=8),
            most_lesions=2,
            output=tmp_path / name,
            jobs=jobs,
            scheduler=scheduler,
        )

    monkeypatch.setattr("samesplit.execution.dispatch.map_in_processes", _not_here)
    there = compared("there", jobs=None, scheduler=scheduler)
    monkeypatch.undo()
    _forget(small_study)
    here = compared("here", jobs=1, scheduler=None)
    assert there.failed == here.failed == 0
    pd.testing.assert_frame_equal(there.table, here.table)


def _not_here(*_: object, **__: object) -> Iterator[tuple[int, object]]:
    raise AssertionError("work was done in processes of this machine")


def _forget(study: SmallStudy) -> None:
    for path in (study.root / "reports" / ".cache").rglob("*.json"):
        path.unlink()
