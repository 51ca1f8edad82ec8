"""The benchmark of large studies, on a small one: every stage runs and is recorded, and the page says what was."""

from __future__ import annotations

import copy
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
SCRIPTS = ROOT / "scripts" / "bench" / "scale"
PAGE = ROOT / "docs" / "performance-scale.md"
STAGES = ["Libraries", "Tables", "Grid", "Models", "Statistics", "Report", "Whole run"]


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """What measure.py says of 300 lesions, 50 features and 3,000 readings."""
    folder = tmp_path_factory.mktemp("scale")
    size = ("--sizes", "300", "--features", "50", "--kind", "parquet", "--jobs", "1")
    subprocess.run(
        [sys.executable, str(SCRIPTS / "measure.py"), "--output", str(folder), *size], check=True, timeout=900
    )
    return folder, json.loads((folder / "scale.json").read_text(encoding="utf-8"))


@pytest.mark.slow
def test_every_stage_of_a_study_of_tables_is_measured(measured: tuple[Path, dict[str, Any]]) -> None:
    (one,) = measured[1]["sizes"]
    assert (one["lesions"], one["features"], one["readings"]) == (300, 50, 3000)
    assert one["split"]["status"] == one["run"]["status"] == 0
    assert [stage["stage"] for stage in one["run"]["stages"]] == STAGES
    for stage in one["run"]["stages"]:
        assert stage["cpu_s"] > 0
        assert 1e8 < stage["peak_bytes"] < measured[1]["most_gb"] * 1e9
    auc = one["run"]["auc"]
    assert {"one-cell", "clinical-logistic", "zero-rule"} <= set(auc)
    assert sum(name.startswith("reader:") for name in auc) == 10
    assert auc["one-cell"] > 0.6
    assert {"mrmc", "against_model"} <= set(one["run"]["tables"])


@pytest.mark.slow
def test_the_page_is_made_of_what_was_measured(measured: tuple[Path, dict[str, Any]], tmp_path: Path) -> None:
    record = copy.deepcopy(measured[1])
    (one,) = record["sizes"]
    larger = copy.deepcopy(one) | {"lesions": 1200}
    for command in ("split", "run"):
        for stage in larger[command]["stages"]:
            stage["cpu_s"] *= 16
    failed = copy.deepcopy(one) | {"lesions": 9600, "run": {"status": 3, "stages": []}}
    record["sizes"] += [larger, failed]
    (tmp_path / "scale.json").write_text(json.dumps(record), encoding="utf-8")
    subprocess.run(
        [sys.executable, str(SCRIPTS / "page.py"), str(tmp_path), "--docs", str(tmp_path)], check=True
    )
    text = (tmp_path / "performance-scale.md").read_text(encoding="utf-8")
    assert text.startswith("# Large studies\n\n1,200 lesions with 50 features each and 3,000 readings")
    (statistics,) = re.findall(r"^\| Statistics \| ([0-9.]+) \|", text, flags=re.MULTILINE)
    assert float(statistics) == pytest.approx(2.0)
    assert "9,600" not in text
    assert "<svg" in (tmp_path / "images" / "performance-scale.svg").read_text(encoding="utf-8")


def test_a_command_that_holds_too_much_memory_is_ended(tmp_path: Path) -> None:
    script = [sys.executable, str(SCRIPTS / "stages.py"), "tables", str(tmp_path), str(tmp_path / "x.json")]
    done = subprocess.run([*script, "--most-gb", "0.02"], check=False, timeout=300)
    assert done.returncode == 3
    assert not (tmp_path / "x.json").exists()


def test_the_published_page_holds_its_promise() -> None:
    text = PAGE.read_text(encoding="utf-8")
    first = text.split("\n\n")[1]
    assert first.startswith("10,000 lesions with 3,000 features each and 100,000 readings")
    (memory,) = re.findall(r"and ([0-9.]+) GB of memory", first)
    assert float(memory) < 8
