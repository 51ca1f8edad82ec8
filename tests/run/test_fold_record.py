from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from samesplit.models.settings import Weights
from samesplit.run.fold_record import drop_weights, has_weights, read_fold, write_fold

RECORD = {"seconds": 1.5, "device": "cpu"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The files of a fitted fold, without a record."""
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "weights.pt").write_bytes(b"weights")
    (tmp_path / "predictions.parquet").write_bytes(b"predictions")
    return tmp_path


def read(folder: Path, **more: Any) -> dict[str, Any]:
    record, damage = read_fold(folder, **more)
    assert damage == ""
    return record


@pytest.mark.parametrize("weights", ["all", "best"])
def test_weights_that_are_to_be_kept_stand_in_the_record(folder: Path, weights: Weights) -> None:
    write_fold(folder, RECORD, weights=weights)

    assert has_weights(read(folder))
    assert read(folder)["seconds"] == 1.5


def test_weights_that_nobody_wants_are_taken_out_and_the_fold_is_whole(folder: Path) -> None:
    write_fold(folder, RECORD, weights="none")

    assert not (folder / "model" / "weights.pt").exists()
    assert not has_weights(read(folder))
    assert read(folder)["dropped"]
    assert read(folder, weights="all") == {}  # whoever wants the weights fits again


def test_weights_can_be_dropped_later(folder: Path) -> None:
    write_fold(folder, RECORD, weights="all")

    changed = drop_weights(folder, read(folder))

    assert read(folder) == changed
    assert not has_weights(changed)


def test_weights_that_are_missing_without_being_dropped_are_damage(folder: Path) -> None:
    write_fold(folder, RECORD, weights="all")
    (folder / "model" / "weights.pt").unlink()

    record, damage = read_fold(folder)

    assert record == {}
    assert "weights.pt" in damage


def test_a_folder_without_a_record_was_not_finished(folder: Path, tmp_path: Path) -> None:
    assert read_fold(folder) == ({}, "done.json is missing")
    assert read_fold(tmp_path / "nowhere") == ({}, "")
