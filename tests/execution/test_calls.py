"""Calls that do not depend on each other: the same results wherever they are done, errors included."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from threadpoolctl import threadpool_info

from samesplit.errors import StatisticsError, WorkspaceError
from samesplit.execution.calls import HERE, Calls, Workers


def refuse(what: str) -> int:
    """Raise an error as statistics does."""
    raise StatisticsError(f"{what} is not usable", remedy="leave it out")


def threads() -> int:
    """The most threads that a library of this process may use."""
    import numpy as np

    np.ones((2, 2)) @ np.ones((2, 2))
    return max((int(one["num_threads"]) for one in threadpool_info()), default=1)


def die(mark: str, *, always: bool) -> str:
    """Kill this process, always or the first time only."""
    path = Path(mark)
    first = not path.exists()
    path.touch()
    if first or always:
        os.kill(os.getpid(), signal.SIGKILL)
    return "done"


@pytest.mark.parametrize("jobs", [1, 2])
def test_results_stand_where_they_were_asked_for_and_progress_is_told(jobs: int) -> None:
    told: list[tuple[int, int]] = []
    calls = Calls()
    powers = [calls.ask(f"power {n}", pow, n, 2) for n in range(4)]
    most = calls.ask("threads", threads)
    with pytest.raises(LookupError, match="'power 0' has not been done yet"):
        _ = powers[0].result
    calls.do(Workers(jobs, progress=lambda done, total: told.append((done, total))))
    assert [asked.result for asked in powers] == [0, 1, 4, 9]
    assert most.result == 1
    assert told == [(done, 5) for done in range(6)]
    calls.do(HERE)  # nothing is left to do
    assert powers[3].result == 9


@pytest.mark.parametrize("jobs", [1, 2])
def test_an_error_is_raised_as_where_it_happened_and_of_several_the_first(jobs: int) -> None:
    calls = Calls()
    calls.ask("a power", pow, 2, 2)
    calls.ask("one", refuse, "the first")
    calls.ask("two", refuse, "the second")
    with pytest.raises(StatisticsError, match="the first is not usable") as problem:
        calls.do(Workers(jobs))
    assert problem.value.remedy == "leave it out"


def test_an_error_that_cannot_be_sent_is_told_in_words() -> None:
    calls = Calls()

    def broken() -> None:
        class LocalError(Exception):
            pass

        raise LocalError("no luck")

    calls.ask("broken", broken)
    with pytest.raises(RuntimeError, match="LocalError: no luck"):
        calls.do(HERE)


def test_a_call_whose_process_dies_is_done_again_and_only_then_given_up(tmp_path: Path) -> None:
    calls = Calls()
    once = calls.ask("once", die, str(tmp_path / "once"), always=False)
    other = calls.ask("other", pow, 2, 3)
    calls.do(Workers(2))
    assert (once.result, other.result) == ("done", 8)
    calls.ask("always", die, str(tmp_path / "always"), always=True)
    calls.ask("other", pow, 2, 3)
    with pytest.raises(WorkspaceError, match=r"'always' could not be done: its process died") as problem:
        calls.do(Workers(2))
    assert "--jobs 1" in str(problem.value)


def test_small_work_stays_here_unless_a_cluster_stands_ready() -> None:
    assert Workers(4).unless_small(True) == HERE
    assert Workers(4).unless_small(False) == Workers(4)
    cluster = Workers(4, scheduler="tcp://10.0.0.1:8786")
    assert cluster.unless_small(True) is cluster
