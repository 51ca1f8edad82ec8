"""What is under way is told across processes, and nothing of it stays behind."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from samesplit.execution.processes import map_in_processes
from samesplit.under_way import FOLDER_VARIABLE, UnderWay, doing, notes_folder, tell, under_way


def test_the_innermost_piece_counts_and_the_outer_one_comes_back() -> None:
    with doing("model fold 1"):
        tell(1, 4, "epoch")
        with doing("inner"):
            assert under_way() == [UnderWay("inner")]
        assert [str(one) for one in under_way()] == ["model fold 1, epoch 1 of 4"]
    assert under_way() == []
    tell(1, 2, "epoch")  # nobody listens
    assert under_way() == []


def slowly(gate: str) -> str:
    """Tell something, then wait for the test to have seen it."""
    with doing(f"piece {Path(gate).name}"):
        tell(2, 8, "epoch")
        time.sleep(0.6)
        tell(3, 8, "epoch")
        while not Path(gate).exists():
            time.sleep(0.01)
    return os.environ[FOLDER_VARIABLE]


def test_pieces_in_other_processes_are_seen_while_they_last(tmp_path: Path) -> None:
    gates = [str(tmp_path / name) for name in ("one", "two")]
    results = map_in_processes(slowly, gates, jobs=2)
    import threading

    seen: list[list[str]] = []

    def look() -> None:
        until = time.monotonic() + 30
        wanted = ["piece one, epoch 3 of 8", "piece two, epoch 3 of 8"]
        while time.monotonic() < until and sorted(map(str, under_way())) != wanted:
            time.sleep(0.02)
        seen.append(sorted(map(str, under_way())))
        for gate in gates:
            Path(gate).touch()

    thread = threading.Thread(target=look)
    thread.start()
    folders = set(dict(results).values())
    thread.join()

    assert seen == [["piece one, epoch 3 of 8", "piece two, epoch 3 of 8"]]
    assert under_way() == []
    assert not any(Path(str(folder)).exists() for folder in folders)


def test_a_note_that_is_half_written_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    with notes_folder() as notes:
        folder = Path(notes[FOLDER_VARIABLE])
        (folder / "1.json").write_text('{"what": "ha')
        (folder / "2.json").write_text('{"what": "whole", "unit": "", "done": 0, "total": 0}')
        (folder / "3.json").write_text('{"another": "version"}')

        assert under_way() == [UnderWay("whole")]
    assert not folder.exists()


def test_without_a_disk_for_notes_the_work_goes_on(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("samesplit.under_way.tempfile.mkdtemp", lambda **_: (_ for _ in ()).throw(OSError()))
    with notes_folder() as notes:
        assert notes == {}
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "gone"))
    with doing("anything"):
        tell(1, 2, "epoch")
        assert str(under_way()[0]) == "anything, epoch 1 of 2"
