"""Fabricated runs that the report tests share; each is made once a session."""

from __future__ import annotations

import importlib.util
import io
import shutil
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType

import pytest
from matplotlib.figure import Figure

from samesplit.reports import build, build_report
from samesplit.reports.context import Context, make_contexts
from samesplit.reports.document import Report
from samesplit.reports.run_folder import read_tasks


def _load(name: str) -> ModuleType:
    path = Path(__file__).with_name(f"{name}.py")
    spec = importlib.util.spec_from_file_location(f"{name}_for_reports", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def maker() -> ModuleType:
    return _load("make_run")


@pytest.fixture(scope="session")
def maker_of_tasks() -> ModuleType:
    return _load("make_task_run")


@pytest.fixture(scope="session")
def task_run(maker_of_tasks: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """90 lesions in three named test sets; tasks with two classes, three classes and a time to an event."""
    folder: Path = maker_of_tasks.make_task_run(tmp_path_factory.mktemp("tasks"))
    return folder


@pytest.fixture(scope="session")
def task_contexts(task_run: Path) -> tuple[Context, ...]:
    """The tasks of the run as the sections take them."""
    return make_contexts(read_tasks(task_run))


@pytest.fixture(scope="session")
def task_report(task_run: Path) -> Report:
    """What the report of the tasks says; the page is written as well."""
    return _built(task_run)


@pytest.fixture(scope="session")
def full_run(maker: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """120 lesions, six models, four readers, five folds, everything written."""
    folder: Path = maker.make_run(tmp_path_factory.mktemp("full"), n_lesions=120, bootstraps=50)
    return folder


@pytest.fixture(scope="session")
def full_report(full_run: Path) -> Report:
    """What the report of the full run says; the page is written as well, from this very report."""
    return _built(full_run)


def _built(run: Path) -> Report:
    made: list[Report] = []
    inner = build._report

    def keep(contexts: Sequence[Context]) -> Report:
        made.append(inner(contexts))
        return made[-1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(build, "_report", keep)
        build_report(run)
    (report,) = made
    return report


@pytest.fixture(scope="session")
def small_run(maker: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run with one test set and two models, quick to report on."""
    folder: Path = maker.make_run(
        tmp_path_factory.mktemp("small"),
        n_lesions=60,
        folds=1,
        seeds=(0,),
        models=("radiomics-grid", "clinical"),
        n_readers=2,
        bootstraps=50,
    )
    return folder


@pytest.fixture
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Figures are composed but not rendered, for tests of what a report says."""

    def save(_: Figure, target: io.StringIO, **__: object) -> None:
        target.write('<svg viewBox="0 0 9 9"></svg>')

    monkeypatch.setattr(Figure, "savefig", save)


@pytest.fixture
def copy_of(tmp_path: Path) -> Callable[[Path], Path]:
    """A copy of a run that a test may change."""

    def copy(folder: Path) -> Path:
        return Path(shutil.copytree(folder, tmp_path / "run"))

    return copy
