"""`samesplit export` on the command line."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path

import pytest
from typer.testing import CliRunner

from conftest import SmallStudy
from samesplit.cli import app


def test_export_writes_a_zip_and_says_what_is_not_inside(
    finished_small_study: SmallStudy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, undrawn: None
) -> None:
    shutil.copytree(finished_small_study.root, tmp_path / "w", symlinks=True)
    monkeypatch.chdir(tmp_path / "w")
    words = ["export", "balls", "-o", "balls.zip", "--creator", "Ada Lovelace", "--licence", "CC0-1.0"]

    done = CliRunner().invoke(app, words)

    assert done.exit_code == 0, done.output
    assert (
        "Not inside: images and masks; pieces of images in the report; the 10 files of fitted models"
        in done.output
    )
    assert "Package: balls.zip (" in done.output
    with zipfile.ZipFile("balls.zip") as archive:
        assert archive.testzip() is None
        (name,) = {Path(path).parts[0] for path in archive.namelist()}
        assert name.startswith("balls-")
    again = CliRunner().invoke(app, words)
    assert "is there already" in str(again.exception)
