"""Processes that die, results that are kept, and the order of outcomes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from samesplit.errors import LesionError
from samesplit.execution.case_units import failure_codes, run_case_units
from samesplit.execution.failures import OUT_OF_MEMORY, REFUSED, TRANSIENT, UNEXPECTED, WORKER_CRASHED

pytestmark = pytest.mark.usefixtures("real_processes")


def make_worker(folder: Path) -> Any:
    """A function that is sent to the workers by value, since they cannot import this test."""
    place = str(folder)

    def work(number: int) -> dict[str, Any]:
        import os
        import signal
        from pathlib import Path

        from samesplit.errors import LesionError

        with (Path(place) / f"{number}.started").open("a") as file:
            file.write("x")
        if number == 3:
            os.kill(os.getpid(), signal.SIGKILL)
        if number == 5:
            raise LesionError("is broken", where="lesion 5")
        if number == 6:
            raise ZeroDivisionError("by chance")
        if number == 7:
            raise MemoryError
        return {"square": number**2, "undefined": float("nan"), "threads": os.environ["OMP_NUM_THREADS"]}

    return work


def tasks_of(numbers: list[int]) -> list[Any]:
    return [SimpleNamespace(number=n, key=f"{n:064d}") for n in numbers]


def by_number(folder: Path) -> Any:
    work = make_worker(folder)
    return lambda task: work(task.number)


def test_a_process_that_dies_costs_one_task_and_the_others_are_done(tmp_path: Path) -> None:
    numbers = list(range(9))
    outcomes = run_case_units(by_number(tmp_path), tasks_of(numbers), cache=tmp_path / "cache", jobs=2)
    reasons = {n: outcome.reason for n, outcome in zip(numbers, outcomes, strict=True) if outcome.reason}
    assert set(reasons) == {3, 5, 6, 7}
    assert "its process died, twice" in reasons[3]
    assert reasons[5] == "lesion 5: is broken"
    assert reasons[6].startswith("ZeroDivisionError: by chance (test_case_units.py:")
    assert "memory" in reasons[7]
    codes = {n: outcome.code for n, outcome in zip(numbers, outcomes, strict=True) if outcome.code}
    assert codes == {3: WORKER_CRASHED, 5: REFUSED, 6: UNEXPECTED, 7: OUT_OF_MEMORY}
    assert failure_codes(outcomes) & TRANSIENT == {WORKER_CRASHED, OUT_OF_MEMORY}
    squares = {
        n: outcome.record["square"] for n, outcome in zip(numbers, outcomes, strict=True) if outcome.record
    }
    assert squares == {n: n**2 for n in (0, 1, 2, 4, 8)}
    assert {outcome.record["threads"] for outcome in outcomes if outcome.record} == {"1"}
    assert len((tmp_path / "3.started").read_text()) == 2


def test_what_is_done_is_not_done_again(tmp_path: Path) -> None:
    numbers = [0, 1, 5]
    for attempt in (1, 2):
        outcomes = run_case_units(by_number(tmp_path), tasks_of(numbers), cache=tmp_path / "cache", jobs=1)
        assert [outcome.cached for outcome in outcomes] == [attempt == 2, attempt == 2, False]
    assert len((tmp_path / "0.started").read_text()) == 1
    assert len((tmp_path / "5.started").read_text()) == 2
    assert outcomes[1].record is not None
    assert outcomes[1].record["undefined"] != outcomes[1].record["undefined"]


def test_after_kill_9_of_everything_finished_results_are_there(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        textwrap.dedent(
            f"""
            import time
            from pathlib import Path
            from types import SimpleNamespace
            from samesplit.execution.case_units import run_case_units

            def work(task):
                time.sleep(0 if task.number < 3 else 60)
                return {{"number": task.number}}

            tasks = [SimpleNamespace(number=n, key=f"{{n:064d}}") for n in range(6)]
            run_case_units(work, tasks, cache=Path({str(tmp_path / "cache")!r}), jobs=2)
            """
        )
    )
    process = subprocess.Popen([sys.executable, str(script)], start_new_session=True)
    deadline = time.monotonic() + 30
    while len(list((tmp_path / "cache").rglob("0*.json"))) < 3 and time.monotonic() < deadline:
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    outcomes = run_case_units(
        lambda task: {"number": task.number}, tasks_of(list(range(6))), cache=tmp_path / "cache", jobs=1
    )
    assert [outcome.cached for outcome in outcomes] == [True] * 3 + [False] * 3
    assert [outcome.record and outcome.record["number"] for outcome in outcomes] == list(range(6))


def test_no_task_starts_no_process(tmp_path: Path) -> None:
    def refuse(task: Any) -> dict[str, Any]:
        raise AssertionError

    assert run_case_units(refuse, [], cache=tmp_path, jobs=2) == []


def test_lesion_errors_cross_process_borders_whole() -> None:
    import pickle

    error = pickle.loads(pickle.dumps(LesionError("is empty", where="lesion L1", remedy="draw it")))
    assert str(error) == "lesion L1: is empty\nRemedy: draw it"


@pytest.mark.parametrize("jobs", [1, 3])
def test_outcomes_come_in_the_order_of_the_tasks(tmp_path: Path, jobs: int) -> None:
    outcomes = run_case_units(by_number(tmp_path), tasks_of([8, 1, 4]), cache=tmp_path / "cache", jobs=jobs)
    assert [outcome.record and outcome.record["square"] for outcome in outcomes] == [64, 1, 16]
