"""How busy the machine is while a run is made: processor, memory, disk and GPUs, written down a line a moment.

The file is for MLflow and for whoever wonders what a run needs. No result comes of it, it is no part of the seal
of a finished run, and a run that cannot write it goes on without. The names are those of MLflow's own system
metrics; `run_memory_usage_megabytes` is that of this process and the processes that it started.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

__all__ = ["interval", "watched"]

_MEGABYTE = 1e6
_SHORTEST_S, _LONGEST_S, _AS_OFTEN = 1.0, 30.0, 300


def interval(elapsed_s: float) -> float:
    """Return how long to wait until the next line, in seconds: the longer a run, the longer.

    A run of five minutes has 300 lines, one of ten hours about 2,000.

    Args:
        elapsed_s: How long the run has taken so far, in seconds.

    Example:
        >>> interval(20.0), interval(3000.0), interval(36_000.0)
        (1.0, 10.0, 30.0)
    """
    return min(max(_SHORTEST_S, elapsed_s / _AS_OFTEN), _LONGEST_S)


@contextmanager
def watched(path: Path) -> Iterator[None]:
    """Write down how busy the machine is while the block runs; nothing where psutil is not installed.

    Lines are added to those of an attempt that was killed. Each is JSON: `time` in seconds since 1970, and numbers
    by the names of MLflow.

    Args:
        path: The file, in a folder that is there or will be soon.
    """
    try:
        import psutil
    except ImportError:
        yield
        return
    over = threading.Event()
    watcher = threading.Thread(
        target=_watch, args=(psutil, path, over), name="samesplit-system-metrics", daemon=True
    )
    watcher.start()
    try:
        yield
    finally:
        over.set()
        watcher.join(timeout=_LONGEST_S)


def _watch(psutil: Any, path: Path, over: threading.Event) -> None:
    """Write a line a moment until the end, and one at the end."""
    gpus, began, done = _gpus(), time.monotonic(), False
    psutil.cpu_percent()  # the share since the last call: there was none
    while not done:
        done = over.wait(interval(time.monotonic() - began))
        with suppress(
            Exception
        ):  # a full disk, or a system that does not tell: nothing of a run hangs on this
            line = json.dumps({"time": round(time.time(), 3), **_machine(psutil), **_of_gpus(gpus)})
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("a", encoding="utf-8") as file:
                file.write(line + "\n")


def _machine(psutil: Any) -> dict[str, float]:
    memory, disk = psutil.virtual_memory(), psutil.disk_usage("/")
    found = {
        "cpu_utilization_percentage": psutil.cpu_percent(),
        "system_memory_usage_megabytes": memory.used / _MEGABYTE,
        "system_memory_usage_percentage": 100 * memory.used / memory.total,
        "run_memory_usage_megabytes": _own_memory(psutil) / _MEGABYTE,
        "disk_usage_percentage": disk.percent,
        "disk_available_megabytes": disk.free / _MEGABYTE,
    }
    return {name: round(float(value), 1) for name, value in found.items()}


def _own_memory(psutil: Any) -> int:
    me = psutil.Process()
    total = 0
    for process in (me, *me.children(recursive=True)):
        with suppress(psutil.Error):  # it has ended since
            total += process.memory_info().rss
    return total


def _gpus() -> tuple[Any, list[Any]]:
    """Return NVIDIA's library and a handle of each GPU; nothing where there is none, or no library for it."""
    try:
        import pynvml

        pynvml.nvmlInit()
        return pynvml, [pynvml.nvmlDeviceGetHandleByIndex(n) for n in range(pynvml.nvmlDeviceGetCount())]
    except Exception:  # not installed, no driver, no GPU: the library has an error of its own for each
        return None, []


def _of_gpus(gpus: tuple[Any, list[Any]]) -> dict[str, float]:
    library, handles = gpus
    found = {}
    for number, handle in enumerate(handles):
        with suppress(
            Exception
        ):  # one that fell off the bus, or that tells no utilisation, such as a MIG slice
            memory = library.nvmlDeviceGetMemoryInfo(handle)
            found[f"gpu_{number}_memory_usage_megabytes"] = round(memory.used / _MEGABYTE, 1)
            found[f"gpu_{number}_memory_usage_percentage"] = round(100 * memory.used / memory.total, 1)
            used = library.nvmlDeviceGetUtilizationRates(handle).gpu
            found[f"gpu_{number}_utilization_percentage"] = float(used)
    return found
