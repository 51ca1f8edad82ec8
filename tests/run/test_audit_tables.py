from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from samesplit.run.audit_tables import adopt_audit
from samesplit.storage import write_json
from samesplit.tables import write_table

HASHES = {"cohort": "c", "images": "i", "lesions": "l", "split": "s", "profile ct": "p"}


@pytest.fixture
def run_folder(tmp_path: Path) -> Path:
    """A run and an audit of the same inputs."""
    folder = tmp_path / "bench" / "0123456789"
    write_json(folder / "run.json", {"hashes": HASHES | {"labels": "l", "results": "r"}})
    write_json(tmp_path / "bench" / "audit" / "record.json", {"hashes": HASHES, "seed": 0})
    write_table(pd.DataFrame({"leak": ["a"]}), tmp_path / "bench" / "audit" / "audit.parquet")
    return folder


def change(path: Path, **changes: object) -> None:
    write_json(path, json.loads(path.read_text()) | changes)


def test_an_audit_of_the_same_inputs_goes_into_the_runs_folder_once(run_folder: Path) -> None:
    assert adopt_audit(run_folder)
    assert pd.read_parquet(run_folder / "audit.parquet")["leak"].tolist() == ["a"]
    assert json.loads((run_folder / "audit_record.json").read_text())["seed"] == 0
    assert not adopt_audit(run_folder)


@pytest.mark.parametrize("what", ["cohort", "images", "split", "profile ct"])
def test_an_audit_of_other_inputs_stays_out_and_an_older_copy_goes(run_folder: Path, what: str) -> None:
    adopt_audit(run_folder)
    change(run_folder.parent / "audit" / "record.json", hashes=HASHES | {what: "another"})

    assert adopt_audit(run_folder)
    assert not (run_folder / "audit.parquet").exists()
    assert not (run_folder / "audit_record.json").exists()


def test_a_canary_run_gets_no_audit(run_folder: Path) -> None:
    change(run_folder / "run.json", options={"shuffle_labels": True})

    assert not adopt_audit(run_folder)


def test_without_an_audit_nothing_happens(tmp_path: Path) -> None:
    write_json(tmp_path / "bench" / "run" / "run.json", {"hashes": HASHES})

    assert not adopt_audit(tmp_path / "bench" / "run")
    assert not adopt_audit(tmp_path / "nothing")


@pytest.mark.parametrize("name", ["audit.parquet", "audit.json", "record.json"])
@pytest.mark.parametrize("damage", ["cut off", "empty", "zeros", "deleted"])
def test_a_damaged_audit_is_left_out(
    run_folder: Path, name: str, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    adopt_audit(run_folder)
    path = run_folder.parent / "audit" / name
    content = path.read_bytes()
    if damage == "deleted":
        path.unlink()
    else:
        cut = {"cut off": content[: len(content) // 2], "empty": b"", "zeros": b"\0" * len(content)}
        path.write_bytes(cut[damage])

    assert adopt_audit(run_folder)
    assert not (run_folder / "audit.parquet").exists()
    assert "until it is done again" in caplog.text or damage == "deleted"
