"""Whatever is kept and damaged is made again: the same results, a note, and no traceback."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from conftest import SmallStudy
from samesplit.errors import SamesplitError
from samesplit.run import RunOptions, load_plan
from samesplit.run.sealing import MARK, reseal, sealed
from samesplit.run_folder import HISTORY, SYSTEM_METRICS
from samesplit.tracking import push
from samesplit.workflows.run import run_benchmark

QUICK = RunOptions(jobs=1)


def cut_off(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def empty(path: Path) -> None:
    path.write_bytes(b"")


def zeros(path: Path) -> None:
    path.write_bytes(b"\0" * path.stat().st_size)


def deleted(path: Path) -> None:
    path.unlink()


def flipped(path: Path) -> None:
    """One bit in the middle is another: the size and the ends stay."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


DAMAGES = (cut_off, empty, zeros, deleted, flipped)


@pytest.fixture(scope="module")
def finished(finished_small_study: SmallStudy, tmp_path_factory: pytest.TempPathFactory) -> SmallStudy:
    """The small study after a run, whose files are damaged and put back."""
    root = tmp_path_factory.mktemp("damage") / "workspace"
    shutil.copytree(finished_small_study.root, root, symlinks=True)
    return SmallStudy(root, root / "benchmarks" / "balls")


@pytest.fixture
def done(finished: SmallStudy, tmp_path: Path, undrawn: None) -> SmallStudy:
    """A copy of the finished study, to damage."""
    root = tmp_path / "workspace"
    shutil.copytree(finished.root, root, symlinks=True)
    return SmallStudy(root, root / "benchmarks" / "balls")


def run_folder(study: SmallStudy) -> Path:
    return (study.root / "reports" / "balls" / "latest").resolve()


def content(study: SmallStudy) -> dict[str, bytes]:
    """Every file of the run whose content a second making elsewhere does not change."""
    folder = run_folder(study)
    changing = {
        "run",
        "complete",
        "report",
        "mlflow",
        "images",
        "content",
        "seconds-table",
        "system_metrics",
    }  # times and paths, as in skops files
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.stem not in changing and path.suffix != ".skops"
    }


@pytest.mark.parametrize("damage", DAMAGES)
def test_no_damage_in_the_folder_of_a_finished_run_stays_unseen(
    finished: SmallStudy, damage: Callable[[Path], None], caplog: pytest.LogCaptureFixture
) -> None:
    folder = run_folder(finished)
    files = [path for path in sorted(folder.rglob("*")) if path.is_file() and path.stat().st_size]
    files.remove(folder / HISTORY)  # it tells of other runs, and every run makes it anew
    if folder / SYSTEM_METRICS in files:  # no result hangs on it, and a push leaves half a line of it out
        files.remove(folder / SYSTEM_METRICS)
    assert len(files) > 40
    for path in files:
        was = path.read_bytes()
        damage(path)
        try:
            caplog.clear()
            assert sealed(folder) == {} or (path.name == MARK and damage is flipped), path
            assert path.name in caplog.text or path.name == MARK, path
        finally:
            path.write_bytes(was)
    assert sealed(folder)["failures"] == {}


def test_a_damaged_history_of_other_runs_is_made_again_by_the_next_run(
    done: SmallStudy, undrawn: None
) -> None:
    history = run_folder(done) / HISTORY
    was = history.read_bytes()
    cut_off(history)
    assert run_benchmark(load_plan(done.folder, QUICK)).unchanged
    assert history.read_bytes() == was


@pytest.mark.parametrize("damage", DAMAGES)
def test_damaged_files_of_run_and_cache_are_made_again(
    finished: SmallStudy, done: SmallStudy, damage: Callable[[Path], None], caplog: pytest.LogCaptureFixture
) -> None:
    folder, cache = run_folder(done), done.root / "reports" / ".cache"
    hurt = [folder / name for name in ("results.parquet", "predictions.parquet", "run.json", "report.html")]
    hurt += [sorted((cache / room).rglob("*.json"))[0] for room in ("features", "thumbnails")]
    folds = sorted(path.parent for path in (cache / "folds").rglob("done.json"))
    kinds = ["done.json", "predictions.parquet", "predictions.json", "model/model.json"]
    hurt += [fold / kind for fold, kind in zip(folds, kinds, strict=False)]
    hurt += sorted(folder.rglob("fitted.skops"))[:1]
    whole = content(finished)
    for path in hurt:
        damage(path)

    outcome = run_benchmark(load_plan(done.folder, QUICK))

    assert outcome.failures == {}
    assert not outcome.unchanged
    assert content(done) == whole
    noted = [record for record in caplog.records if record.name == "samesplit.kept"]
    assert len(noted) >= 5 + 2 * (damage is not deleted)  # nothing tells of a record that is not there
    assert not [record for record in noted if "is made again" not in record.getMessage()]
    for path in hurt:
        assert path.stat().st_size > 0, path
    assert run_benchmark(load_plan(done.folder, QUICK)).unchanged


def test_a_report_that_is_written_again_is_no_damage(done: SmallStudy) -> None:
    from samesplit.reports import build_report

    folder = run_folder(done)
    (folder / "report.html").write_text("an older samesplit wrote this")
    build_report(folder)
    reseal(folder)

    assert run_benchmark(load_plan(done.folder, QUICK)).unchanged


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_push_of_a_damaged_run_says_what_to_do(
    finished: SmallStudy, tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    for name in ("run.json", "results.parquet"):
        folder = tmp_path / name / "reports" / "balls" / "run"
        shutil.copytree(run_folder(finished), folder)
        damage(folder / name)
        if damage is flipped:
            continue  # it can still be read, or not
        with pytest.raises(SamesplitError, match=r"run the benchmark") as caught:
            push(folder, tmp_path / name / "mlflow.db")
        assert name in str(caught.value)
