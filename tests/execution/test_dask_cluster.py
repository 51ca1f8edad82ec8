"""Work on a Dask cluster of separate processes on this machine: results, deaths, and what is kept where."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from distributed import LocalCluster

from samesplit.errors import WorkspaceError
from samesplit.execution.case_units import read_record, result_path, run_case_units
from samesplit.execution.dask_cluster import map_on_dask
from samesplit.execution.processes import WorkerCrashed


@pytest.fixture(scope="module")
def scheduler() -> Iterator[str]:
    """The address of a cluster of two processes, one thread each; a piece may kill two of them, no more."""
    import dask

    settings = {
        "distributed.scheduler.allowed-failures": 1,
        "distributed.worker.daemon": False,
        "distributed.admin.tick.limit": "1h",  # a slow machine is no news
    }
    with (
        dask.config.set(settings),
        LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=":0", silence_logs=50
        ) as cluster,
    ):
        yield cluster.scheduler_address


def test_every_item_has_its_result_with_one_thread_each(scheduler: str) -> None:
    def double(number: int) -> tuple[int, int]:
        import SimpleITK as sitk

        return 2 * number, sitk.ProcessObject.GetGlobalDefaultNumberOfThreads()

    assert dict(map_on_dask(double, range(9), address=scheduler)) == {i: (2 * i, 1) for i in range(9)}
    assert list(map_on_dask(double, [], address="tcp://nobody.invalid:1")) == []


def test_a_worker_that_dies_costs_its_own_piece_only(scheduler: str, tmp_path: Path) -> None:
    marks = str(tmp_path)

    def work(number: int) -> int:
        import os
        import signal
        from pathlib import Path

        mark = Path(marks) / f"{number}.started"
        mark.write_text((mark.read_text() if mark.exists() else "") + "x")
        if number == 1 or (number == 2 and mark.read_text() == "x"):
            os.kill(os.getpid(), signal.SIGKILL)
        return number

    results = dict(map_on_dask(work, range(4), address=scheduler))
    assert isinstance(results[1], WorkerCrashed)
    assert "its worker died" in results[1].reason
    assert {place: results[place] for place in (0, 2, 3)} == {0: 0, 2: 2, 3: 3}
    # Twice alone; before that up to twice among others, where it can also be lost while it waits its turn.
    assert 2 <= len((tmp_path / "1.started").read_text()) <= 4


def test_results_are_kept_by_the_caller_and_not_computed_again(scheduler: str, tmp_path: Path) -> None:
    caller = os.getpid()

    def work(task: Any) -> dict[str, Any]:
        import os

        from samesplit.errors import LesionError

        if task.number == 2:
            raise LesionError("is broken", where="lesion 2")
        if task.number == 3:
            raise MemoryError
        return {"square": task.number**2, "elsewhere": os.getpid() != caller, "undefined": float("nan")}

    tasks = [SimpleNamespace(number=number, key=f"{number:064d}") for number in range(4)]
    told: list[tuple[int, int]] = []
    cache = tmp_path / "cache"
    for attempt in (1, 2):
        outcomes = run_case_units(
            work,
            tasks,
            cache=cache,
            jobs=1,
            scheduler=scheduler,
            progress=lambda done, total: told.append((done, total)),
        )
        assert [outcome.cached for outcome in outcomes] == [attempt == 2] * 2 + [False] * 2
        assert outcomes[2].reason == "lesion 2: is broken"
        assert outcomes[3].reason == "the memory was not enough"
    first = read_record(result_path(cache, tasks[1].key))
    assert first is not None
    assert (first["square"], first["elsewhere"]) == (1, True)
    assert told == [(0, 4), (1, 4), (2, 4), (3, 4), (4, 4), (2, 4), (3, 4), (4, 4)]


def test_stopping_early_leaves_the_cluster_free_for_others(scheduler: str) -> None:
    def slowly(number: int) -> int:
        import time

        time.sleep(0.05)
        return number

    results = map_on_dask(slowly, range(1000), address=scheduler)
    next(results)
    results.close()
    start = time.perf_counter()
    assert dict(map_on_dask(slowly, range(2), address=scheduler)) == {0: 0, 1: 1}
    assert time.perf_counter() - start < 10


def test_items_may_be_large(scheduler: str) -> None:
    items = [bytes(12_000_000), b"ab"]
    assert dict(map_on_dask(len, items, address=scheduler)) == {0: 12_000_000, 1: 2}


def test_what_must_be_the_same_on_a_worker_is_all_that_may_run_there(monkeypatch: pytest.MonkeyPatch) -> None:
    from samesplit.execution import dask_cluster as cluster

    rooms: list[str] = []
    libraries: list[str] = []
    monkeypatch.setattr(cluster, "source_digest", lambda *names: rooms.extend(names) or "0" * 64)
    monkeypatch.setattr(cluster, "library_digest", lambda *names: libraries.extend(names) or "1" * 64)
    assert cluster._code().endswith(f"+{'0' * 12}+{'1' * 12}")
    rooms_of = {".".join(name.split(".")[:2]) for name in rooms}
    assert {
        f"samesplit.{room}"
        for room in ("evaluation", "execution", "features", "imaging", "models", "statistics")
    } <= rooms_of
    assert {"samesplit.run.fold_tasks", "samesplit.run.mask_overlap", "samesplit.run.mask_pairs"} <= set(
        rooms
    )
    assert {"numpy", "scikit-learn", "xgboost"} <= set(libraries)


def test_workers_with_other_code_are_refused(scheduler: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("samesplit.execution.dask_cluster.__version__", "0.0.0")
    with pytest.raises(WorkspaceError, match="other code than the caller"):
        list(map_on_dask(abs, [1], address=scheduler))


def test_a_function_that_workers_cannot_have_is_an_error_that_says_so(scheduler: str) -> None:
    def broken(number: int) -> int:
        import a_module_that_is_not_there

        return a_module_that_is_not_there.f(number)

    with pytest.raises(WorkspaceError, match=r"could not do its work \(ModuleNotFoundError"):
        list(map_on_dask(broken, [1], address=scheduler))


def test_no_scheduler_is_an_error_with_a_remedy() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(WorkspaceError, match="no Dask scheduler answers") as problem:
        list(map_on_dask(abs, [1], address=f"tcp://127.0.0.1:{port}", patience_s=0.5))
    assert "dask scheduler" in str(problem.value)
    with pytest.raises(WorkspaceError, match="is no address of a Dask scheduler: it has no port"):
        list(map_on_dask(abs, [1], address="nonsense://", patience_s=0.5))


def test_a_cluster_without_workers_is_an_error_with_a_remedy() -> None:
    with LocalCluster(n_workers=0, dashboard_address=":0", silence_logs=50) as cluster:
        with pytest.raises(WorkspaceError, match=r"has had no worker for 0\.2 s") as problem:
            list(map_on_dask(abs, [1], address=cluster.scheduler_address, patience_s=0.2))
        assert "dask worker" in str(problem.value)


def test_a_scheduler_that_goes_away_is_an_error() -> None:
    def slowly(number: int) -> int:
        import time

        time.sleep(0.1 if number else 0)
        return number

    with LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=":0", silence_logs=50) as cluster:
        results = map_on_dask(slowly, range(50), address=cluster.scheduler_address, patience_s=1)
        assert next(results) == (0, 0)
        cluster.close()
        with pytest.raises(WorkspaceError, match="the Dask scheduler went away"):
            list(results)


def test_an_address_without_a_port_is_refused_at_once() -> None:
    with pytest.raises(WorkspaceError, match="it has no port"):
        list(map_on_dask(abs, [1], address="nonsense"))
