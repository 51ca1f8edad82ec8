from __future__ import annotations

import os
import signal
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from samesplit.errors import ModelError
from samesplit.execution.work_units import (
    Deferred,
    WorkUnit,
    is_kept,
    read_result,
    result_path,
    run_work_units,
)


def double(number: int) -> Mapping[str, Any]:
    if number < 0:
        raise ModelError("is below zero", where=f"number {number}", remedy="give another")
    if number == 13:
        raise ZeroDivisionError("bad luck")
    if number == 99:
        os.kill(os.getpid(), signal.SIGKILL)
    return {"twice": np.array([2 * number]), "process": np.array(os.getpid())}


def load(folder: Path, key: str) -> int:
    return int(read_result(folder, key, "twice")["twice"][0])


def pieces(folder: Path, numbers: list[int]) -> list[tuple[Path, WorkUnit]]:
    return [(folder, WorkUnit(f"n{number}", double, number)) for number in numbers]


def test_every_piece_is_kept_and_done_once(tmp_path: Path) -> None:
    assert dict(run_work_units(pieces(tmp_path, [1, 2]))) == {0: "", 1: ""}
    before = {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    assert dict(run_work_units(pieces(tmp_path, [1, 2, 3]))) == {0: "", 1: "", 2: ""}
    after = {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    assert {name: after[name] for name in before} == before
    assert set(after) == {"n1.npz", "n2.npz", "n3.npz"}
    assert read_result(tmp_path, "n3")["twice"].tolist() == [6]


def test_a_piece_that_fails_leaves_its_reason_and_the_others_alone(tmp_path: Path) -> None:
    reasons = dict(run_work_units(pieces(tmp_path, [-1, 13, 4])))
    assert reasons[0] == str(ModelError("is below zero", where="number -1", remedy="give another"))
    assert reasons[1].startswith("ZeroDivisionError: bad luck (test_work_units.py:")
    assert reasons[2] == ""
    assert [is_kept(tmp_path, key) for key in ("n-1", "n13", "n4")] == [False, False, True]


def test_a_damaged_result_is_made_anew(tmp_path: Path) -> None:
    list(run_work_units(pieces(tmp_path, [5])))
    path = result_path(tmp_path, "n5")
    path.write_bytes(path.read_bytes()[:40])
    assert not is_kept(tmp_path, "n5")
    with pytest.raises(ModelError, match="cannot be read"):
        read_result(tmp_path, "n5")
    list(run_work_units(pieces(tmp_path, [5])))
    assert read_result(tmp_path, "n5", "twice")["twice"].tolist() == [10]


def test_a_later_payload_is_made_from_results_when_its_turn_comes(tmp_path: Path) -> None:
    second = [(tmp_path, WorkUnit("second", double, Deferred(load, (tmp_path, "n3"))))]
    assert "n3.npz" in dict(run_work_units(second))[0]
    assert dict(run_work_units([*pieces(tmp_path, [3]), *second])) == {0: "", 1: ""}
    assert read_result(tmp_path, "second")["twice"].tolist() == [12]


@pytest.mark.slow
def test_on_several_processes_a_piece_whose_process_dies_costs_itself_only(tmp_path: Path) -> None:
    reasons = dict(run_work_units(pieces(tmp_path, [1, 99, 2, -1]), jobs=2))
    assert "its process died" in reasons[1]
    assert "is below zero" in reasons[3]
    assert (reasons[0], reasons[2]) == ("", "")
    assert read_result(tmp_path, "n1")["process"] != os.getpid()
