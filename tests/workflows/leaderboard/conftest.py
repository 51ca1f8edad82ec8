"""The benchmark that the tests of boards share."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from board_study import BoardStudy, write_board_study


@pytest.fixture(scope="session")
def study_template(tmp_path_factory: pytest.TempPathFactory) -> BoardStudy:
    """The benchmark as written once; never change it."""
    return write_board_study(tmp_path_factory.mktemp("board") / "workspace")


@pytest.fixture
def study(study_template: BoardStudy, tmp_path: Path) -> BoardStudy:
    """A copy of the benchmark, to submit to."""
    root = tmp_path / "workspace"
    shutil.copytree(study_template.root, root)
    return replace(study_template, root=root, folder=root / "benchmarks" / "spots")
