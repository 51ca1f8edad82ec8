"""A disk that is full when a stage begins ends the run with one clear error; with space again it goes on."""

from __future__ import annotations

import importlib.util
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

import pytest

from conftest import SmallStudy
from samesplit.cli import main
from samesplit.run import RunOptions, SilentReporter, load_plan
from samesplit.workflows.run import run_benchmark

SCRIPTS = Path(__file__).parents[2] / "scripts" / "reliability"


@pytest.fixture(scope="module")
def disks() -> Iterator[ModuleType]:
    """scripts/reliability/disks.py."""
    sys.path.insert(0, str(SCRIPTS))
    spec = importlib.util.spec_from_file_location("disks", SCRIPTS / "disks.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    yield module
    sys.path.remove(str(SCRIPTS))


@pytest.mark.usefixtures("undrawn")
@pytest.mark.parametrize("stage", ["Models"])
def test_the_run_ends_in_words_and_goes_on_when_there_is_space(
    small_study: SmallStudy,
    finished_small_study: SmallStudy,
    disks: ModuleType,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    stage: str,
) -> None:
    try:
        mounted = disks.small_disk(tmp_path / "disk", 60)
        disk = mounted.__enter__()
    except (PermissionError, FileNotFoundError) as error:
        pytest.skip(f"no file system of its own can be mounted here ({error}): a full disk was not tried")
    try:
        root = disk / "workspace"
        shutil.copytree(small_study.root, root)
        filler = disk / "filler"

        class Filling(SilentReporter):
            @contextmanager
            def stage(self, title: str) -> Iterator[object]:
                if title == stage:
                    disks.fill(filler)
                with super().stage(title) as advance:
                    yield advance

        def run() -> None:
            run_benchmark(load_plan(root / "benchmarks" / "balls", RunOptions(jobs=1)), Filling())

        monkeypatch.setattr("samesplit.cli.app", run)
        with pytest.raises(SystemExit) as stopped:
            main()
        told = capsys.readouterr().err
        assert stopped.value.code == 1
        assert told.count("Error:") == 1
        assert "No space left on device" in told
        assert "Remedy: free some disk space" in told

        filler.unlink()
        run_benchmark(load_plan(root / "benchmarks" / "balls", RunOptions(jobs=1)))
        for name in ("predictions.csv", "results.csv"):
            path = Path("reports", "balls", "latest", name)
            assert (root / path).read_bytes() == (finished_small_study.root / path).read_bytes()
    finally:
        mounted.__exit__(None, None, None)
