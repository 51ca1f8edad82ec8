from __future__ import annotations

import threading
from pathlib import Path

import pytest
from filelock import FileLock, Timeout

from samesplit.features.engines.ibsi.compiling import alone_at_first


def is_taken(folder: Path) -> bool:
    try:
        FileLock(folder / "lock", timeout=0).acquire().lock.release()
    except Timeout:
        return True
    return False


def test_until_a_block_was_left_once_only_one_is_inside(tmp_path: Path) -> None:
    with alone_at_first("a", folder=tmp_path):
        assert is_taken(tmp_path)
    for key, taken in (("a", False), ("b", True)):
        with alone_at_first(key, folder=tmp_path):
            assert is_taken(tmp_path) == taken
    assert not is_taken(tmp_path)


def test_a_block_that_failed_does_not_count(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no voxel"), alone_at_first("a", folder=tmp_path):
        raise ValueError("no voxel")
    assert not is_taken(tmp_path)
    with alone_at_first("a", folder=tmp_path):
        assert is_taken(tmp_path)


def test_the_second_waits_for_the_first(tmp_path: Path) -> None:
    order = []

    def second() -> None:
        with alone_at_first("a", folder=tmp_path):
            order.append("second")

    with alone_at_first("a", folder=tmp_path):
        thread = threading.Thread(target=second)
        thread.start()
        thread.join(0.2)
        order.append("first")
    thread.join()
    assert order == ["first", "second"]


def test_who_waits_too_long_or_cannot_write_goes_on(tmp_path: Path) -> None:
    with alone_at_first("a", folder=tmp_path), alone_at_first("a", folder=tmp_path, patience_s=0.05):
        assert is_taken(tmp_path)
    (tmp_path / "file").write_text("")
    with alone_at_first("a", folder=tmp_path / "file" / "folder"):
        assert not (tmp_path / "file" / "folder").exists()
