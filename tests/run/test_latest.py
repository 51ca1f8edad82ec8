from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from samesplit.errors import WorkspaceError
from samesplit.run.latest import latest_run, point_latest, stale_copy


def finished(reports: Path, name: str) -> Path:
    folder = reports / name
    folder.mkdir(parents=True)
    (folder / "run.json").write_text(f'{{"run": "{name}"}}')
    return folder


def test_the_latest_run_is_the_one_last_pointed_to(tmp_path: Path) -> None:
    first, second = finished(tmp_path, "aaa"), finished(tmp_path, "bbb")
    for run in (first, second, first):
        point_latest(run)
        assert latest_run(tmp_path, benchmark="x") == run
        assert (tmp_path / "latest").resolve() == run
        assert stale_copy(tmp_path) == ""


def test_a_real_folder_named_latest_is_told_of_and_not_used(tmp_path: Path) -> None:
    """A workspace copied with its links turned into folders, then run again."""
    first, second = finished(tmp_path / "balls", "aaa"), tmp_path / "copy" / "bbb"
    point_latest(first)
    shutil.copytree(tmp_path / "balls", tmp_path / "copy")  # follows links
    assert not (tmp_path / "copy" / "latest").is_symlink()
    finished(tmp_path / "copy", "bbb")

    point_latest(second)

    assert latest_run(tmp_path / "copy", benchmark="x") == second
    assert "is a folder of its own and no link" in stale_copy(tmp_path / "copy")
    assert (tmp_path / "copy" / "latest" / "run.json").read_text() == '{"run": "aaa"}'


def test_without_links_the_pointer_alone_says_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_links(*_: object, **__: object) -> None:
        raise OSError("not here")

    monkeypatch.setattr(Path, "symlink_to", no_links)
    run = finished(tmp_path, "aaa")
    point_latest(run)

    assert latest_run(tmp_path, benchmark="x") == run
    assert sorted(path.name for path in tmp_path.iterdir()) == ["aaa", "latest.json"]


@pytest.mark.parametrize("damage", [None, b"", b"{", b"\0\0", b"[]"])
def test_without_a_whole_pointer_the_link_or_the_copied_folder_says_it(
    tmp_path: Path, damage: bytes | None
) -> None:
    run = finished(tmp_path, "aaa")
    point_latest(run)
    pointer = tmp_path / "latest.json"
    pointer.unlink() if damage is None else pointer.write_bytes(damage)
    assert latest_run(tmp_path, benchmark="x") == run
    (tmp_path / "latest").unlink()
    shutil.copytree(run, tmp_path / "latest")
    assert latest_run(tmp_path, benchmark="x") == run
    shutil.rmtree(run)
    assert latest_run(tmp_path, benchmark="x") == tmp_path / "latest"


def test_a_benchmark_without_runs_or_whose_run_was_deleted_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(WorkspaceError, match="has not been run") as caught:
        latest_run(tmp_path, benchmark="my-study")
    assert "samesplit run my-study" in str(caught.value)
    run = finished(tmp_path, "aaa")
    point_latest(run)
    shutil.rmtree(run)
    with pytest.raises(WorkspaceError, match="is gone"):
        latest_run(tmp_path, benchmark="my-study")
