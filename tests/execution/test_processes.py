from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest
from joblib import Parallel, delayed

from samesplit.execution.processes import WorkerCrashed, map_in_processes


def double(number: int) -> int:
    return 2 * number


def die_when_odd(number: int) -> int:
    if number % 2:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def die_once(mark: str) -> str:
    path = Path(mark)
    if not path.exists():
        path.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return "done"


def threads(_: int) -> str:
    return os.environ["OMP_NUM_THREADS"]


def grow(_: int) -> int:
    """Keep 350 MB more than before, for longer than loky waits between looks at the memory."""
    globals().setdefault("kept", []).append(bytearray(os.urandom(1) * 350_000_000))
    time.sleep(1.1)
    return os.getpid()


def test_every_item_has_its_result() -> None:
    assert dict(map_in_processes(double, range(7), jobs=2)) == {i: 2 * i for i in range(7)}


def test_no_items_need_no_processes() -> None:
    assert list(map_in_processes(double, [], jobs=2)) == []


def test_a_process_that_dies_costs_its_own_item_only() -> None:
    results = dict(map_in_processes(die_when_odd, [0, 1, 2, 4], jobs=2))

    assert isinstance(results[1], WorkerCrashed)
    assert {i: results[i] for i in (0, 2, 3)} == {0: 0, 2: 2, 3: 4}


def test_an_item_whose_process_died_is_tried_once_more_alone(tmp_path: Path) -> None:
    assert dict(map_in_processes(die_once, [str(tmp_path / "mark")], jobs=2)) == {0: "done"}


def test_each_process_keeps_to_one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "4")

    assert dict(map_in_processes(threads, [0], jobs=2)) == {0: "1"}


def test_a_process_whose_memory_grows_stays_and_imports_nothing_anew() -> None:
    assert len({pid for _, pid in map_in_processes(grow, range(3), jobs=1)}) == 1


def test_a_joblib_pool_works_afterwards_in_the_same_process() -> None:
    list(map_in_processes(double, [1, 2], jobs=2))

    assert Parallel(n_jobs=2)(delayed(abs)(i) for i in (-1, -2)) == [1, 2]
