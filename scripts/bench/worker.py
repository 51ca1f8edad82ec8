"""Holds one tool in a process of its own and does what it is told, a JSON line for each order and each answer.

Runs in the tool's own Python and imports nothing but the tool. What a tool prints goes to stderr.
"""

from __future__ import annotations

import importlib.util
import json
import os
import platform
import resource
import sys
import time
import traceback
from importlib.metadata import version
from pathlib import Path
from typing import Any


def load(path: Path) -> Any:
    """Import a tool's file."""
    spec = importlib.util.spec_from_file_location(f"bench_tool_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise ImportError(path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def do(tool: Any, order: dict[str, Any]) -> dict[str, Any]:
    """Carry out one order and time it."""
    function = getattr(tool, order["task"])
    wall, cpu = time.perf_counter(), time.process_time()
    values = function(order["case"], *order["arguments"])
    others = resource.getrusage(resource.RUSAGE_CHILDREN)
    return {
        "wall": time.perf_counter() - wall,
        "cpu": time.process_time() - cpu,
        "others_cpu": others.ru_utime + others.ru_stime,
        "values": int(values),
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def main() -> None:
    """Import the tool, say what it is, then answer orders until there are no more."""
    if "BENCH_CORES" in os.environ:
        mine = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, mine[: int(os.environ["BENCH_CORES"])])
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    wall, cpu = time.perf_counter(), time.process_time()
    try:
        tool = load(Path(sys.argv[1]))
        hello = {
            "name": tool.NAME,
            "version": version(tool.PACKAGE),
            "python": platform.python_version(),
            "families": list(tool.FAMILIES),
            "tasks": [task for task in ("one", "sweep", "setting", "profile") if hasattr(tool, task)],
            "remark": getattr(tool, "REMARK", ""),
            "compiles": getattr(tool, "NUMBA", False),
            "import_wall": time.perf_counter() - wall,
            "import_cpu": time.process_time() - cpu,
        }
    except Exception as error:  # whatever is wrong with a tool, the others are measured
        hello = {"error": f"{type(error).__name__}: {error}"}
    answers.write(json.dumps(hello) + "\n")
    for line in sys.stdin:
        try:
            answer = do(tool, json.loads(line))
        except Exception as error:
            traceback.print_exc()
            answer = {"error": f"{type(error).__name__}: {error}"}
        answers.write(json.dumps(answer) + "\n")


if __name__ == "__main__":
    main()
