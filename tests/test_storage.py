from __future__ import annotations

import multiprocessing
import os
import signal
from pathlib import Path
from typing import Any

import pytest

from samesplit.errors import WorkspaceError
from samesplit.storage import (
    canonical_json,
    hash_file,
    hash_object,
    locked,
    replace_directory,
    temporary_directory,
    write_bytes,
    write_json,
    write_text,
)


def test_files_are_written_whole_with_their_folders(tmp_path: Path) -> None:
    path = write_text(tmp_path / "a" / "b" / "c.txt", "søn\n")
    assert path.read_bytes() == "søn\n".encode()
    assert write_json(path, {"b": 1, "a": "ø"}).read_text() == '{\n  "a": "ø",\n  "b": 1\n}\n'
    assert [p.name for p in path.parent.iterdir()] == ["c.txt"]
    assert path.stat().st_mode & 0o777 == 0o644


def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_text(tmp_path / "a", "old")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(WorkspaceError) as caught:
        write_bytes(path, b"new")
    assert str(caught.value).startswith(f"{path}: cannot be written (No space left on device)\nRemedy: free")
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["a"]


@pytest.mark.parametrize("name", ["file/a", "file/b/a"])
def test_a_folder_that_cannot_be_written(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_text("a file where a folder is wanted")
    with pytest.raises(WorkspaceError, match="cannot be written"):
        write_text(tmp_path / name, "x")
    with pytest.raises(WorkspaceError, match="cannot be written"), temporary_directory(tmp_path / name):
        pass
    with pytest.raises(WorkspaceError, match="cannot be written"), locked(tmp_path / name):
        pass


def test_a_temporary_folder_goes_away_unless_it_is_moved(tmp_path: Path) -> None:
    with temporary_directory(tmp_path / "target") as folder:
        (folder / "x").write_text("1")
        assert folder.parent == tmp_path
        replace_directory(folder, tmp_path / "target")
    assert [p.name for p in tmp_path.iterdir()] == ["target"]
    with pytest.raises(KeyError), temporary_directory(tmp_path / "other") as folder:
        raise KeyError
    assert [p.name for p in tmp_path.iterdir()] == ["target"]


def test_a_folder_that_is_there_already_wins(tmp_path: Path) -> None:
    (tmp_path / "target").mkdir()
    (tmp_path / "target" / "first").write_text("1")
    with temporary_directory(tmp_path / "target") as folder:
        (folder / "second").write_text("2")
        replace_directory(folder, tmp_path / "target")
    assert [p.name for p in (tmp_path / "target").iterdir()] == ["first"]
    with pytest.raises(WorkspaceError, match="cannot be written"):
        replace_directory(tmp_path / "not there", tmp_path / "elsewhere")


def test_hashes_name_content(tmp_path: Path) -> None:
    path = write_text(tmp_path / "a", "abc")
    assert hash_file(path) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert hash_object({"a": 1, "b": [2, 3]}) == hash_object({"b": [2, 3], "a": 1})
    assert hash_object([1, 2]) != hash_object([2, 1])
    assert canonical_json({"ø": (1, None)}) == '{"ø":[1,null]}'


def _hold(path: Path, ready: Any) -> None:
    with locked(path):
        ready.set()
        signal.pause()


def test_a_lock_is_held_by_one_and_freed_by_a_kill(tmp_path: Path) -> None:
    path = tmp_path / "run.lock"
    context = multiprocessing.get_context("spawn")
    ready = context.Event()
    other = context.Process(target=_hold, args=(path, ready))
    other.start()
    try:
        assert ready.wait(60)
        with (
            pytest.raises(WorkspaceError, match=r"more than 0.1 s\nRemedy: wait"),
            locked(path, timeout_s=0.1),
        ):
            pass
    finally:
        other.kill()
        other.join()
    with locked(path, timeout_s=10):
        assert path.exists()


def test_an_error_inside_a_lock_or_folder_stays_itself(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="mine"), locked(tmp_path / "lock"):
        raise OSError("mine")
    with locked(tmp_path / "lock", timeout_s=1):
        pass
    with pytest.raises(OSError, match="mine"), temporary_directory(tmp_path / "folder"):
        raise OSError("mine")
