"""Kill whole runs with SIGKILL at random moments, resume them, and compare: `python scripts/reliability/kills.py`.

One run that nobody interrupts is the reference. The others are killed, with all their processes, once or several
times in a row, at moments that a seed spreads over the time of the reference; then the command is typed again.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(Path(__file__).parent))

from study import build, command, environment, start  # noqa: E402

_STAGE = re.compile(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d  ([^:]+): (.*)")
COMPARED = ("predictions.csv", "results.csv")
RUN = ("run", "balls", "--jobs", "1")


def stage_of(log: Path) -> str:
    """The stage that the last line of progress names."""
    stage = "loading"
    for line in log.read_text(errors="replace").splitlines() if log.exists() else []:
        if found := _STAGE.match(line):
            name, state = found.groups()
            stage = f"after {name}" if ": done" in line or "done in" in state else name
    return stage


def leftovers(root: Path) -> list[str]:
    """Temporary files and folders that no finished work leaves behind."""
    hidden = {".cache", ".mlflow"}
    return sorted(
        path.relative_to(root).as_posix()
        for path in root.rglob(".*")
        if path.name not in hidden and not path.name.endswith(".lock")
    )


def tracked(root: Path) -> dict[str, object]:
    """What mlflow.db holds: active runs by name, others, and whether the file is whole."""
    with closing(sqlite3.connect(root / "mlflow.db")) as store:
        runs = store.execute("SELECT name, lifecycle_stage, status, run_uuid FROM runs").fetchall()
        metrics = store.execute("SELECT COUNT(*) FROM latest_metrics").fetchone()[0]
        whole = store.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
    active = [run for run in runs if run[1] == "active"]
    return {
        "active": sorted(run[0] for run in active),
        "unfinished": sum(run[2] != "FINISHED" for run in active),
        "deleted": len(runs) - len(active),
        "metrics": metrics,
        "whole": whole,
    }


def state(root: Path) -> dict[str, object]:
    """What is compared between a run that was killed and the reference."""
    latest = root / "reports" / "balls" / "latest"
    return {
        **{name: (latest / name).read_bytes() for name in COMPARED},
        "runs": sorted(one.name for one in latest.parent.iterdir() if one.is_dir() and not one.is_symlink()),
        "tracked": tracked(root),
    }  # fmt: skip


def timeline(log: Path, began: datetime) -> list[tuple[float, str]]:
    """When each stage began, in seconds after the command was typed."""
    found: dict[str, float] = {"loading": 0.0}
    for line in log.read_text().splitlines():
        if match := _STAGE.match(line):
            moment = datetime.strptime(line[:19], "%Y-%m-%d %H:%M:%S")
            found.setdefault(match[1], max((moment - began).total_seconds(), 0.0))
    return [(second, stage) for stage, second in found.items()]


def kill_in(root: Path, stage: str, seconds: float, log: Path) -> dict[str, object] | None:
    """Start the run and kill it with its processes some seconds after a stage began; None where it had ended."""
    began = time.monotonic()
    process = start(root, *RUN, log=log)
    since = began if stage == "loading" else None
    while process.poll() is None:
        if since is None and f"  {stage}:" in log.read_text(errors="replace"):
            since = time.monotonic()
        if since is not None and time.monotonic() - since >= seconds:
            under_way = stage_of(log)
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            return {"stage": under_way, "after_s": round(time.monotonic() - began, 1)}
        time.sleep(0.05)
    return None


def main() -> None:
    """Read the command line, kill, resume and compare."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--kills", type=int, default=20)
    asked.add_argument("--runs", type=int, default=20, help="runs over which the kills are spread")
    asked.add_argument("--seed", type=int, default=7)
    asked.add_argument("--output", type=Path, default=ROOT / "reports" / "reliability" / "kills.json")
    given = asked.parse_args()
    rng = random.Random(given.seed)
    given.output.parent.mkdir(parents=True, exist_ok=True)
    told: dict[str, Any] = {"seed": given.seed, "runs": []}
    with tempfile.TemporaryDirectory(prefix="samesplit-kills-") as scratch:
        fresh, reference = Path(scratch) / "fresh", Path(scratch) / "reference"
        build(fresh)
        shutil.copytree(fresh, reference)
        typed, began = datetime.now(), time.monotonic()
        log = reference.with_suffix(".log")
        if start(reference, *RUN, log=log).wait():
            raise SystemExit(log.read_text())
        length = round(time.monotonic() - began, 1)
        stages = timeline(log, typed)
        told |= {"reference_s": length, "stages": stages}
        expected = state(reference)
        print(f"The reference took {length:.0f} s: {stages}", flush=True)
        # A moment in each of as many equal parts of the reference as there are kills, dealt out to the runs.
        moments = [length * (place + rng.random()) / given.kills for place in range(given.kills)]
        for number in range(given.runs):
            root = Path(scratch) / f"run{number}"
            shutil.copytree(fresh, root)
            told["runs"].append(_one_run(root, moments[number :: given.runs], stages, expected))
            print(json.dumps(told["runs"][-1]), flush=True)
            given.output.write_text(json.dumps(told, indent=1))
            shutil.rmtree(root)


def _one_run(
    root: Path, moments: list[float], stages: list[tuple[float, str]], expected: dict[str, Any]
) -> dict[str, Any]:
    """Kill a run at each of the moments, one after the other, resume it, and compare."""
    kills = []
    for place, moment in enumerate(moments):
        begun, stage = max(one for one in stages if one[0] <= moment)
        killed = kill_in(root, stage, moment - begun, root.with_name(f"{root.name}-{place}.log"))
        kills.append({"moment_s": round(moment, 1), **(killed or {"stage": "none: it had ended"})})
    began = time.monotonic()
    log = root.with_name(f"{root.name}-resumed.log")
    code = start(root, *RUN, log=log).wait()
    one: dict[str, Any] = {"kills": kills, "resume_s": round(time.monotonic() - began, 1), "code": code}
    if code:
        return {**one, "said": log.read_text()[-1500:]}
    found = state(root)
    one["differs"] = [name for name in (*COMPARED, "runs") if found[name] != expected[name]]
    one |= {"tracked": found["tracked"], "tracked_once": _once(found["tracked"], expected["tracked"])}
    one["leftovers"] = leftovers(root)
    clean = subprocess.run(
        command("clean"), cwd=root, env=environment(), capture_output=True, text=True, check=False
    )
    one["leftovers_after_clean"] = leftovers(root) if clean.returncode == 0 else [clean.stderr[-500:]]
    return one


def _once(found: dict[str, Any], expected: dict[str, Any]) -> bool:
    """Whether the store holds one set of runs, all finished; those that a push deleted again do not count."""
    return all(found[key] == expected[key] for key in ("active", "unfinished", "metrics", "whole"))


if __name__ == "__main__":
    main()
