"""Does one command of samesplit and writes what each of its stages took: wall time, processor time, peak memory.

`python scripts/bench/scale/stages.py split|run|tables FOLDER OUTPUT.json [--jobs 2]`. Processor time and memory
are those of this process and of all that it started. It ends itself when they hold more than `--most-gb` together.
"""

from __future__ import annotations

import argparse
import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil

TOO_MUCH = 3
"""The exit status of a command that was ended because of its memory."""


class Watch:
    """Samples memory five times a second, and knows the processor time of processes that have ended.

    Args:
        most_bytes: Above which this process and its children are ended.
    """

    def __init__(self, most_bytes: float) -> None:
        self.me = psutil.Process()
        self.most_bytes = most_bytes
        self.peak = self.highest = 0
        self.spent: dict[tuple[int, float], float] = {}
        threading.Thread(target=self._sample, daemon=True).start()

    def _sample(self) -> None:
        while True:
            self.look()
            time.sleep(0.2)

    def look(self) -> None:
        """Take one sample; resident memory, in which what processes share counts once for each."""
        total, everyone = 0, [self.me, *self.me.children(recursive=True)]
        for process in everyone:
            try:
                with process.oneshot():
                    total += process.memory_info().rss
                    used = process.cpu_times()
                    self.spent[process.pid, process.create_time()] = used.user + used.system
            except psutil.Error:
                continue
        self.peak, self.highest = max(self.peak, total), max(self.highest, total)
        if total > self.most_bytes:
            for process in everyone[1:]:
                process.kill()
            os._exit(TOO_MUCH)

    def seconds(self) -> float:
        """Processor time until now, of processes that have ended up to their last sample."""
        self.look()
        return sum(self.spent.values())


class Measured:
    """A reporter that measures stages.

    Args:
        watch: Of memory and processor time.
    """

    def __init__(self, watch: Watch) -> None:
        self.watch = watch
        self.stages: list[dict[str, Any]] = []

    @contextmanager
    def stage(self, title: str) -> Iterator[Callable[[int, int], None]]:
        """Measure a stage."""
        wall, spent, self.watch.peak = time.perf_counter(), self.watch.seconds(), 0
        last = [wall]

        def advance(done: int, total: int) -> None:
            if time.perf_counter() - last[0] > 20:
                last[0] = time.perf_counter()
                print(f"  {title}: {done} of {total}", flush=True)

        yield advance
        found = {
            "stage": title,
            "wall_s": time.perf_counter() - wall,
            "cpu_s": self.watch.seconds() - spent,
            "peak_bytes": self.watch.peak,
        }
        self.stages.append(found)
        print(
            f"  {title}: {found['wall_s']:.1f} s, processor {found['cpu_s']:.1f} s, "
            f"{found['peak_bytes'] / 1e9:.2f} GB",
            flush=True,
        )

    def say(self, text: str) -> None:
        """Say it."""
        print(f"  {text}", flush=True)


def main() -> None:
    """Do one command."""
    os.environ |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("command", choices=("split", "run", "tables"))
    parser.add_argument("folder", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--most-gb", type=float, default=8.0)
    asked = parser.parse_args()
    measured = Measured(Watch(asked.most_gb * 1e9))
    more: dict[str, Any] = {}
    with measured.stage("Libraries"):
        from samesplit.run import RunOptions, load_plan
        from samesplit.workflows.run import run_benchmark
        from samesplit.workflows.split import freeze_split
    if asked.command == "split":
        with measured.stage("Split"):
            freeze_split(asked.folder, changes={})
    else:
        with measured.stage("Tables"):
            plan = load_plan(asked.folder, RunOptions(jobs=asked.jobs))
        if asked.command == "run":
            with measured.stage("Whole run"):
                done = run_benchmark(plan, measured)
            more = results_of(done.folder)
    more |= {
        "stages": measured.stages,
        "peak_bytes": measured.watch.highest,
        "cpu_s": measured.watch.seconds(),
    }
    asked.output.write_text(json.dumps(more, indent=1), encoding="utf-8")


def results_of(folder: Path) -> dict[str, Any]:
    """Say how large the report is, and what was found."""
    import pandas as pd

    table = pd.read_csv(folder / "results.csv")
    auc = table[(table["quantity"] == "auc") & (table["group"] == "all") & (table["subset"] == "test")]
    page = folder / "report.html"
    return {
        "report_bytes": page.stat().st_size,
        "folder_bytes": sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()),
        "auc": dict(zip(auc["model"], auc["estimate"].round(4), strict=True)),
        "tables": sorted(path.stem for path in (folder / "readers").glob("*.parquet")),
    }


if __name__ == "__main__":
    main()
