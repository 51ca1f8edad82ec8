from __future__ import annotations

import os
from pathlib import Path

import pytest

from samesplit.imaging import file_hashes
from samesplit.imaging.file_hashes import file_hash
from samesplit.imaging.image_references import content_hash
from samesplit.storage import hash_file


def test_a_file_is_read_once_and_again_when_it_was_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "image.nii"
    path.write_bytes(b"one")
    first = hash_file(path)
    read: list[Path] = []
    monkeypatch.setattr(file_hashes, "hash_file", lambda one: read.append(one) or hash_file(one))

    assert [file_hash(path), content_hash(str(path)), file_hash(path)] == [first] * 3
    assert read == [path]

    path.write_bytes(b"two")  # of the same size
    os.utime(path, ns=(1, 1))
    assert file_hash(path) == hash_file(path) != first
    assert len(read) == 2


def test_a_missing_file_is_an_error_each_time(tmp_path: Path) -> None:
    for _ in range(2):
        with pytest.raises(FileNotFoundError):
            file_hash(tmp_path / "absent.nii")
