from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from samesplit.tracking import come_home, push
from samesplit.tracking.places import remove_artifacts
from tracking.made_runs import make_run, runs_in

pytestmark = pytest.mark.filterwarnings("ignore")  # MLflow's own dependencies warn on import


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace whose run has been pushed; copy it, never change it."""
    root = tmp_path_factory.mktemp("places") / "original"
    push(make_run(root / "reports" / "balls" / "abc"), root / "mlflow.db")
    return root


@pytest.fixture
def original(template: Path, tmp_path: Path) -> Path:
    """A workspace of its own whose run has been pushed."""
    root = tmp_path / "original"
    shutil.copytree(template, root)
    come_home(root / "mlflow.db")
    return root


def files_of(root: Path) -> dict[str, bytes]:
    """Every file of the artifacts, with its content."""
    folder = root / "reports" / ".mlflow"
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


def addresses_of(root: Path) -> list[str]:
    with closing(sqlite3.connect(root / "mlflow.db")) as connection:
        found = connection.execute("SELECT artifact_uri FROM runs WHERE lifecycle_stage = 'active'")
        others = connection.execute("SELECT artifact_location FROM experiments WHERE name = 'balls'")
        return [row[0] for row in [*found, *others]]


def test_a_push_in_a_copied_workspace_leaves_the_original_whole(original: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(original, copy)
    before = files_of(original)

    push(copy / "reports" / "balls" / "abc", copy / "mlflow.db")

    assert files_of(original) == before
    assert len(before) > 5
    assert sorted(map(len, files_of(copy).values())) == sorted(map(len, before.values()))  # not doubled
    assert all(address.startswith(copy.as_uri()) for address in addresses_of(copy))
    assert all(address.startswith(original.as_uri()) for address in addresses_of(original))
    assert len(runs_in(copy / "mlflow.db")) == 3


def test_a_moved_workspace_shows_and_replaces_its_artifacts(original: Path, tmp_path: Path) -> None:
    from mlflow.artifacts import list_artifacts

    moved = tmp_path / "elsewhere" / "moved"
    moved.parent.mkdir()
    original.rename(moved)

    assert come_home(moved / "mlflow.db") == 6  # an experiment, three runs, two models
    parent = runs_in(moved / "mlflow.db").set_index("name").loc["abc", "artifacts"]
    assert "report.html" in {Path(artifact.path).name for artifact in list_artifacts(artifact_uri=parent)}

    before = sorted(files_of(moved).values())
    push(moved / "reports" / "balls" / "abc", moved / "mlflow.db")
    assert not original.exists()
    assert sorted(files_of(moved).values()) == before


def test_a_run_whose_artifacts_did_not_come_along_keeps_its_address(original: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    copy.mkdir()
    shutil.copy(original / "mlflow.db", copy)

    assert come_home(copy / "mlflow.db") == 2  # for new runs, and of the model that has no artifacts
    assert sum(address.startswith(original.as_uri()) for address in addresses_of(copy)) == 3


def test_a_store_at_home_and_one_that_is_a_link_are_left_alone(original: Path, tmp_path: Path) -> None:
    borrowed = tmp_path / "borrower" / "mlflow.db"
    borrowed.parent.mkdir()
    borrowed.symlink_to(original / "mlflow.db")

    assert come_home(original / "mlflow.db") == 0
    assert come_home(borrowed) == 0


@pytest.mark.parametrize(
    "address",
    [
        "file://{root}",
        "file://{root}/reports/.mlflow",
        "file:///",
        "{root}/reports/balls",
        "file://{root}/reports/.mlflow/../balls",
        "s3://bucket/run",
    ],
)
def test_nothing_but_a_folder_of_artifacts_is_ever_deleted(original: Path, address: str) -> None:
    before = sorted(original.rglob("*"))

    assert not remove_artifacts(address.format(root=original), original / "mlflow.db")
    assert sorted(original.rglob("*")) == before


def test_artifacts_behind_a_link_are_anothers(original: Path, tmp_path: Path) -> None:
    """Workspaces that share `reports` by a link, or a link among the artifacts themselves."""
    linked = tmp_path / "linked"
    linked.mkdir()
    (linked / "reports").symlink_to(original / "reports", target_is_directory=True)
    inside = tmp_path / "inside"
    (inside / "reports" / ".mlflow").mkdir(parents=True)
    (inside / "reports" / ".mlflow" / "balls").symlink_to(
        original / "reports" / ".mlflow" / "balls", target_is_directory=True
    )
    before = files_of(original)
    run = next(path.parent for path in (original / "reports" / ".mlflow" / "balls").glob("*/artifacts"))

    for root in (linked, inside):
        there = root / "reports" / ".mlflow" / "balls" / run.name / "artifacts"
        assert there.is_dir()
        assert not remove_artifacts(there.as_uri(), root / "mlflow.db")
    assert files_of(original) == before
