from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from conftest import SmallStudy
from samesplit.cleaning import clean
from samesplit.errors import WorkspaceError
from samesplit.run import RunOptions, load_plan
from samesplit.run.plan import run_code
from samesplit.run.sealing import MARK
from samesplit.tracking import push
from samesplit.uses import LIST, using
from samesplit.workflows.run import run_benchmark
from samesplit.workspace import Workspace

pytestmark = pytest.mark.filterwarnings("ignore")  # MLflow's own dependencies warn on import

QUICK = RunOptions(jobs=1, only=("zero-rule", "clinical-logistic"))


@pytest.fixture(scope="module")
def finished(small_study_template: SmallStudy, tmp_path_factory: pytest.TempPathFactory) -> SmallStudy:
    """The small study, run once and pushed."""
    root = tmp_path_factory.mktemp("cleaning") / "workspace"
    shutil.copytree(small_study_template.root, root)
    study = SmallStudy(root, root / "benchmarks" / "balls")
    push(run_benchmark(load_plan(study.folder, QUICK)).folder, root / "mlflow.db")
    return study


@pytest.fixture
def done(finished: SmallStudy, tmp_path: Path) -> SmallStudy:
    """A copy of the finished study."""
    root = tmp_path / "workspace"
    shutil.copytree(finished.root, root, symlinks=True)
    return SmallStudy(root, root / "benchmarks" / "balls")


def files_of(root: Path) -> dict[str, bytes]:
    """All files but locks, which come and go."""
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in root.rglob("*")
        if path.is_file() and not path.is_symlink() and path.suffix != ".lock"
    }


def litter(root: Path) -> list[Path]:
    """What deleted runs, older code and killed processes leave."""
    cache = root / "reports" / ".cache"
    key = "ab" + "0" * 62
    left = [
        cache / "folds" / "ab" / key / "predictions.parquet",
        cache / "folds" / "ab" / f".{key}.x1" / "predictions.parquet",
        cache / "folds" / "working" / key / "last.ckpt",
        cache / "features" / "ab" / f"{key}.json",
        cache / "features" / "ab" / f".{key}.json.x1",
        cache / "thumbnails" / "ab" / f"{key}.json",
        cache / "inputs" / "ab" / f"{key}.npy",
        cache / "audit" / "ab" / f"{key}.npz",
        cache / "audit" / "tables" / f"{key}.npz",
        root / "reports" / ".mlflow" / "balls" / "0" / "artifacts" / "report.html",
        root / "reports" / ".mlflow" / "balls" / "models" / "m-0" / "artifacts" / "MLmodel",
    ]
    for path in left:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x" * 1000)
    return left


def test_what_no_run_refers_to_is_removed_and_nothing_else(done: SmallStudy) -> None:
    outside = done.root.parent / "another" / "reports" / ".cache" / "features"
    outside.mkdir(parents=True)
    (outside / "x.json").write_text("{}")
    before = files_of(done.root)
    left = litter(done.root)
    workspace = Workspace(done.root)

    planned = clean(workspace, code=run_code(), dry_run=True)

    assert all(path.exists() for path in left)
    assert sum(one.bytes for one in planned) == 1000 * len(left)

    removed = clean(workspace, code=run_code())

    assert [one for one in removed if "locks" not in one.what] == [
        one for one in planned if "locks" not in one.what
    ]
    assert files_of(done.root) == before
    assert (outside / "x.json").exists()
    assert clean(workspace, code=run_code()) == []
    assert run_benchmark(load_plan(done.folder, QUICK)).unchanged


def test_what_a_deleted_run_alone_referred_to_is_removed(done: SmallStudy) -> None:
    shutil.rmtree(load_plan(done.folder, QUICK).run_folder)

    removed = {one.what: one.count for one in clean(Workspace(done.root), code=run_code())}

    assert removed["fitted folds"] == 4
    assert removed["features"] > 20
    assert not list((done.root / "reports" / ".cache").rglob("*.json"))
    assert "artifacts of runs that MLflow does not show" not in removed  # MLflow shows them still


def test_a_run_that_was_killed_keeps_what_it_has_unless_other_code_began_it(done: SmallStudy) -> None:
    folder = load_plan(done.folder, QUICK).run_folder
    for name in (MARK, "run.json"):
        (folder / name).unlink()
    listed = json.loads((folder / LIST).read_text())["uses"]
    fold = next(name for name in listed if name.startswith("folds/"))
    cache = done.root / "reports" / ".cache"
    shutil.rmtree(cache / fold)
    working = cache / "folds" / "working" / Path(fold).name / "last.ckpt"
    working.parent.mkdir(parents=True)
    working.write_bytes(b"half")
    before = files_of(done.root)

    clean(Workspace(done.root), code=run_code())

    assert files_of(done.root) == before

    removed = {one.what for one in clean(Workspace(done.root), code="other")}

    assert {"unfinished runs of other code", "unfinished folds", "fitted folds"} <= removed
    assert not folder.exists()
    assert not working.exists()


def test_nothing_is_removed_while_a_run_is_under_way(done: SmallStudy) -> None:
    left, workspace = litter(done.root), Workspace(done.root)

    with using(workspace.cache, None):
        with pytest.raises(WorkspaceError, match="is under way") as caught:
            clean(workspace, code=run_code())
        assert "wait until it has ended" in str(caught.value)
        assert all(path.exists() for path in left)
    (workspace.cache / "users" / "1-killed.lock").touch()  # of a process that is no more
    assert clean(workspace, code=run_code())


def test_a_damaged_list_and_a_cache_that_others_share_stop_the_cleaning(done: SmallStudy) -> None:
    workspace = Workspace(done.root)
    path = load_plan(done.folder, QUICK).run_folder / LIST
    was = path.read_bytes()
    for damage in (was[:20], b"", b"\0" * 99, b"[]"):
        path.write_bytes(damage)
        with pytest.raises(WorkspaceError, match="list of what this run uses is damaged"):
            clean(workspace, code=run_code())
    path.write_bytes(was)
    shared = done.root.parent / "shared"
    workspace.cache.rename(shared)
    workspace.cache.symlink_to(shared, target_is_directory=True)
    before = files_of(shared)

    with pytest.raises(WorkspaceError, match="is a link to another place"):
        clean(workspace, code=run_code())

    assert files_of(shared) == before


@pytest.mark.parametrize("room", ["folds", "features", "thumbnails", "inputs", "audit"])
def test_a_folder_of_the_cache_that_is_a_link_to_elsewhere_is_left_alone(done: SmallStudy, room: str) -> None:
    workspace, shared = Workspace(done.root), done.root.parent / "shared"
    litter(done.root)
    (workspace.cache / room).rename(shared)
    (workspace.cache / room).symlink_to(shared, target_is_directory=True)
    before = files_of(shared), files_of(done.root)

    with pytest.raises(WorkspaceError, match="is a link to another place") as caught:
        clean(workspace, code=run_code())

    assert room in str(caught.value)
    assert (files_of(shared), files_of(done.root)) == before


def test_an_unfinished_run_that_lies_elsewhere_is_left_alone(done: SmallStudy) -> None:
    folder = load_plan(done.folder, QUICK).run_folder
    for name in (MARK, "run.json"):
        (folder / name).unlink()
    shared = done.root.parent / "shared"
    folder.parent.rename(shared)
    folder.parent.symlink_to(shared, target_is_directory=True)

    clean(Workspace(done.root), code="other")

    assert (shared / folder.name / LIST).is_file()


@pytest.mark.parametrize("place", [".mlflow/balls", "balls", ".cache/folds/ab"])
def test_nothing_behind_a_link_inside_reports_is_removed(done: SmallStudy, place: str) -> None:
    """Artifacts, locks and kept folds of another workspace, whose own store and runs refer to them."""
    left = litter(done.root)
    linked, shared = done.root / "reports" / place, done.root.parent / "shared"
    (done.root / "reports" / "balls" / ".abc.lock").touch()
    linked.rename(shared)
    linked.symlink_to(shared, target_is_directory=True)
    before = sorted(shared.rglob("*"))

    clean(Workspace(done.root), code=run_code())

    assert before
    assert sorted(shared.rglob("*")) == before
    assert any(not path.exists() for path in left)  # what lies at home is removed all the same


def test_a_workspace_without_reports_has_nothing_to_remove(tmp_path: Path) -> None:
    assert clean(Workspace(tmp_path), code="") == []
