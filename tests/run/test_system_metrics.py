from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

from samesplit.run.system_metrics import interval, watched


def lines_of(path: Path) -> list[dict[str, float]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_a_short_run_leaves_a_line_under_the_names_of_mlflow(tmp_path: Path) -> None:
    pytest.importorskip("psutil")
    began = time.time()
    with watched(tmp_path / "run" / "system_metrics.jsonl"):
        pass

    (line,) = lines_of(tmp_path / "run" / "system_metrics.jsonl")
    assert began - 1 < line["time"] < time.time() + 1
    assert {"cpu_utilization_percentage", "system_memory_usage_megabytes"} <= set(line)
    assert 0 < line["run_memory_usage_megabytes"] < line["system_memory_usage_megabytes"] * 2
    assert 0 < line["system_memory_usage_percentage"] <= 100


def test_lines_come_while_the_run_goes_on_and_an_attempt_after_a_kill_adds_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("psutil")
    monkeypatch.setattr("samesplit.run.system_metrics._SHORTEST_S", 0.01)
    path = tmp_path / "system_metrics.jsonl"
    path.write_text('{"time": 1.0, "cpu_utilization_percentage": 5.0}\n')
    until = time.monotonic() + 20
    with watched(path):
        while len(lines_of(path)) < 4 and time.monotonic() < until:
            time.sleep(0.01)

    times = [line["time"] for line in lines_of(path)]
    assert len(times) >= 4
    assert times == sorted(times)


def test_where_nothing_can_be_written_or_psutil_is_missing_the_run_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    with watched(tmp_path / "file" / "system_metrics.jsonl"):
        pass
    monkeypatch.setitem(sys.modules, "psutil", None)
    with watched(tmp_path / "system_metrics.jsonl"):
        pass
    assert not (tmp_path / "system_metrics.jsonl").exists()


def test_gpus_are_told_where_there_are_some(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("psutil")
    library = ModuleType("pynvml")
    library.__dict__.update(
        nvmlInit=lambda: None,
        nvmlDeviceGetCount=lambda: 1,
        nvmlDeviceGetHandleByIndex=lambda number: number,
        nvmlDeviceGetMemoryInfo=lambda _: SimpleNamespace(used=2e9, total=8e9),
        nvmlDeviceGetUtilizationRates=lambda _: SimpleNamespace(gpu=75),
    )
    monkeypatch.setitem(sys.modules, "pynvml", library)
    with watched(tmp_path / "system_metrics.jsonl"):
        pass

    (line,) = lines_of(tmp_path / "system_metrics.jsonl")
    assert (line["gpu_0_memory_usage_megabytes"], line["gpu_0_memory_usage_percentage"]) == (2000.0, 25.0)
    assert line["gpu_0_utilization_percentage"] == 75.0


def test_a_gpu_that_does_not_answer_costs_its_own_numbers_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("psutil")

    def rates(number: int) -> SimpleNamespace:
        if number == 0:
            raise RuntimeError("Not Supported")
        return SimpleNamespace(gpu=75)

    library = ModuleType("pynvml")
    library.__dict__.update(
        nvmlInit=lambda: None,
        nvmlDeviceGetCount=lambda: 2,
        nvmlDeviceGetHandleByIndex=lambda number: number,
        nvmlDeviceGetMemoryInfo=lambda _: SimpleNamespace(used=2e9, total=8e9),
        nvmlDeviceGetUtilizationRates=rates,
    )
    monkeypatch.setitem(sys.modules, "pynvml", library)
    with watched(tmp_path / "system_metrics.jsonl"):
        pass

    (line,) = lines_of(tmp_path / "system_metrics.jsonl")
    assert line["gpu_0_memory_usage_megabytes"] == 2000.0
    assert "gpu_0_utilization_percentage" not in line
    assert line["gpu_1_utilization_percentage"] == 75.0
    assert line["cpu_utilization_percentage"] >= 0


def test_the_longer_a_run_the_rarer_the_lines() -> None:
    assert [interval(seconds) for seconds in (0, 600, 1e6)] == [1.0, 2.0, 30.0]
