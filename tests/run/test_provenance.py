from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import pytest

from samesplit.run import provenance
from samesplit.run.provenance import ContentHashes, git_state, machine
from samesplit.storage import hash_file


def test_a_file_has_the_hash_of_its_content_and_is_read_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = tmp_path / "a.nii.gz", tmp_path / "b.nii.gz"
    for path in (first, second):
        path.write_bytes(b"the same image")
    hashes = ContentHashes()
    known = hashes.of(str(first))

    monkeypatch.setattr(provenance, "content_hash", lambda path: pytest.fail(f"{path} was read again"))

    assert hashes.of(str(first)) == known == hash_file(second)


def test_items_of_one_array_share_the_hash_of_their_file_and_stay_apart(tmp_path: Path) -> None:
    np.savez(tmp_path / "cases.npz", images=np.zeros((2, 3, 3, 3)))
    hashes = ContentHashes()

    first, second = (hashes.of(f"{tmp_path}/cases.npz::images[{item}]") for item in (0, 1))

    assert first.removesuffix("::images[0]") == second.removesuffix("::images[1]")
    assert first != second


@pytest.mark.parametrize("name", ["no-such-file.nii.gz", "no-such-file.npz::images[0]", "notes.docx"])
def test_what_cannot_be_read_is_missing_and_stops_nothing(tmp_path: Path, name: str) -> None:
    assert ContentHashes().of(str(tmp_path / name)).startswith("missing")


def test_the_machine_is_told_in_words_and_numbers() -> None:
    told = machine()

    assert int(told["cores"]) >= 1
    assert float(told["memory_gb"]) > 0
    assert told["processor"]


def test_the_commit_of_a_workspace_is_told_and_whether_anything_changed_since(tmp_path: Path) -> None:
    def git(*words: str) -> None:
        who = ("-c", "user.name=a", "-c", "user.email=a@b.c")
        subprocess.run(["git", *who, *words], cwd=tmp_path, check=True, capture_output=True)

    git("init")
    (tmp_path / "benchmark.yaml").write_text("title: A\n")
    git("add", ".")
    git("commit", "-m", "first")
    clean = git_state(tmp_path)
    assert len(str(clean["commit"])) == 40
    assert clean["changed"] is False
    (tmp_path / "benchmark.yaml").write_text("title: B\n")
    assert git_state(tmp_path) == {**clean, "changed": True}


def test_a_folder_that_git_cannot_tell_of_has_no_state(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert git_state(tmp_path) == {}
    monkeypatch.setenv("PATH", "")
    assert git_state(tmp_path) == {}
