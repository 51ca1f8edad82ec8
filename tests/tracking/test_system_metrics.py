from __future__ import annotations

from pathlib import Path

import pytest

from samesplit.tracking.system_metrics import system_metrics

pytestmark = pytest.mark.filterwarnings("ignore")  # MLflow's own dependencies warn on import


def test_each_moment_is_a_step_and_half_a_line_of_a_killed_run_is_left_out(tmp_path: Path) -> None:
    lines = [
        '{"time": 10.5, "cpu_utilization_percentage": 50.0}',
        '{"time": 11.5, "cpu_utilization_percentage": 70.0, "gpu_0_utilization_percentage": 9.0}',
        '{"time": 12.5, "cpu_util',
        "[1]",
        '{"cpu_utilization_percentage": 1.0}',
        '{"time": 20.0, "cpu_utilization_percentage": 60.0}',
    ]
    (tmp_path / "system_metrics.jsonl").write_text("\n".join(lines))

    told = [(m.key, m.value, m.timestamp, m.step) for m in system_metrics(tmp_path)]

    assert told == [
        ("system/cpu_utilization_percentage", 50.0, 10_500, 0),
        ("system/cpu_utilization_percentage", 70.0, 11_500, 1),
        ("system/gpu_0_utilization_percentage", 9.0, 11_500, 1),
        ("system/cpu_utilization_percentage", 60.0, 20_000, 2),
    ]


def test_of_a_run_that_nobody_watched_there_are_none(tmp_path: Path) -> None:
    assert system_metrics(tmp_path) == []
