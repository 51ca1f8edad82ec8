"""Measures every tool on the same cases in one run, alternating, and writes results.json as it goes.

`python scripts/bench/measure.py --data DIR [--quick] [--minutes 15]`; `page.py` makes the page of the results.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))
from cases import find_cases, machine
from tool_process import HERE, ToolGoneError, ToolProcess

LONG_S = 5.0
"""A first call that takes longer counts, and is the only one: no start-up of a warm process takes that long."""
TOO_SLOW_FOR_CURVE_S = 2.0
ENOUGH_S = 240.0
"""Compiling a peer anew is only measured while this much time is left."""


class Bench:
    """One run.

    Args:
        data: Folder with `sts` and `ibsi1`.
        output: Folder for results.json and the tools' own output.
        quick: Each thing once, small case only.
        minutes: Repeats end when this time is over.
        only: Stems of the tools to measure; empty for all.
    """

    def __init__(self, data: Path, output: Path, *, quick: bool, minutes: float, only: list[str]) -> None:
        self.output, self.quick = output, quick
        self.end = time.monotonic() + 60 * minutes
        output.mkdir(parents=True, exist_ok=True)
        self.scratch = tempfile.TemporaryDirectory()
        self.cases = find_cases(data, Path(self.scratch.name))
        self.files = [path for path in sorted((HERE / "tools").glob("*.py")) if not only or path.stem in only]
        self.tools: dict[str, ToolProcess] = {}
        self.results: dict[str, Any] = {
            "machine": machine(), "started": time.strftime("%Y-%m-%d"), "quick": quick, "minutes": minutes,
            "cases": {name: {k: case[k] for k in ("title", "volume_ml")} for name, case in self.cases.items()},
            "tools": {}, "absent": {}, "timed": [], "start": {}, "memory": [], "cores": {}, "failures": [],
        }  # fmt: skip

    def run(self) -> None:
        """Everything, most important first."""
        self._start_tools()
        main = "small" if self.quick else "medium"
        self.compare("one", main, 2.0, "all")
        self.compare("sweep", main, "linear")
        for family in self._families():
            self.compare("one", main, 2.0, family)
        for case in () if self.quick else ("small", "large", "phantom", "xlarge"):
            self.compare("one", case, 2.0, "all")
        self.both_cores(main)
        self.curve()
        self.peaks()
        self.starts()
        if not self.quick:
            for family in self._families():
                self.compare("one", "phantom", 2.0, family)
            for case, interpolation in (("small", "linear"), ("medium", "cubic"), ("large", "linear")):
                self.compare("sweep", case, interpolation)
        for tool in self.tools.values():
            tool.stop()
        self.results["minutes_taken"] = round(self.results["minutes"] - (self.end - time.monotonic()) / 60, 1)
        self.save()

    def _start_tools(self) -> None:
        for path in self.files:
            try:
                tool = self._new(path)
            except ToolGoneError as error:
                self.results["absent"][path.stem] = str(error)
                continue
            self.tools[path.stem] = tool
            self.results["tools"][path.stem] = tool.hello
        self.save()

    def _new(
        self, path: Path, environment: dict[str, str] | None = None, timeout_s: float = 300.0
    ) -> ToolProcess:
        return ToolProcess(
            path, environment=environment, log=self.output / f"{path.stem}.log", timeout_s=timeout_s
        )

    def _families(self) -> list[str]:
        known = [family for tool in self.tools.values() for family in tool.hello["families"]]
        return list(dict.fromkeys(known))

    def compare(self, task: str, case: str, *arguments: Any, repeats: int = 5, slow: bool = True) -> None:
        """Warm up and time one order on all tools that can do it, by turns."""
        able = [
            name for name in self.tools if self._can(name, task, arguments) and (slow or self._is_quick(name))
        ]
        times: dict[str, list[dict[str, float]]] = {name: [] for name in able}
        once = set()
        for name in able:
            first = self._ask(name, task, case, arguments)
            if first is not None and first["cpu"] > LONG_S and not self._compiles(name):
                times[name].append(first)
                once.add(name)
        for _ in range(1 if self.quick else repeats):
            for name in able:
                late = times[name] and time.monotonic() > self.end  # whatever the time, each is measured once
                if name not in self.tools or name in once or late:
                    continue
                found = self._ask(name, task, case, arguments)
                if found is not None:
                    times[name].append(found)
        for name, all_found in times.items():
            if all_found:
                row = {"task": task, "case": case, "arguments": arguments, "tool": name, "n": len(all_found)}
                for key in ("wall", "cpu"):
                    row[key] = statistics.median(found[key] for found in all_found)
                row["cpu_all"] = [round(found["cpu"], 5) for found in all_found]
                row["values"] = all_found[0]["values"]
                self.results["timed"].append(row)
        self.save()
        self._say(f"{task} {case} {' '.join(map(str, arguments))}", times)

    def _can(self, name: str, task: str, arguments: tuple[Any, ...]) -> bool:
        hello = self.tools[name].hello
        if task not in hello["tasks"]:
            return False
        return task != "one" or arguments[1] == "all" or arguments[1] in hello["families"]

    def _compiles(self, name: str) -> bool:
        return name in self.tools and bool(self.tools[name].hello["compiles"])

    def _is_quick(self, name: str) -> bool:
        rows = [r for r in self.results["timed"] if r["tool"] == name and r["task"] == "one"]
        return all(row["cpu"] < TOO_SLOW_FOR_CURVE_S for row in rows)

    def _ask(self, name: str, task: str, case: str, arguments: tuple[Any, ...]) -> dict[str, Any] | None:
        """One answer; a tool that fails is started anew, one that cannot be is left out from then on."""
        try:
            return self.tools[name].ask(task, self.cases[case], *arguments)
        except ToolGoneError as error:
            self.results["failures"].append(f"{name}, {task} {case} {arguments}: {error}")
            self.tools[name].stop()
            path = self.tools.pop(name).tool
            try:
                self.tools[name] = self._new(path)
            except ToolGoneError as worse:
                self.results["failures"].append(f"{name}: {worse}")
            return None

    def starts(self) -> None:
        """Import, and the first call of a new process, with caches of compiled code as they are and without."""
        for path in self.files:
            if path.stem not in self.tools or "one" not in self.tools[path.stem].hello["tasks"]:
                continue
            found = {"warm": self._first_call(path, {})}
            left = self.end - time.monotonic()
            if self._compiles(path.stem) and (path.stem == "ibsi" or (not self.quick and left > ENOUGH_S)):
                with tempfile.TemporaryDirectory() as empty:
                    found["cold"] = self._first_call(path, {"NUMBA_CACHE_DIR": empty})
            self.results["start"][path.stem] = found
            self.save()
        command = "import time; t = time.perf_counter(); import samesplit; print(time.perf_counter() - t)"
        took = [self._python(command) for _ in range(3)]
        self.results["start"]["package"] = statistics.median(took)
        self.save()

    def _python(self, command: str) -> float:
        done = subprocess.run([sys.executable, "-c", command], capture_output=True, text=True, check=True)
        return float(done.stdout)

    def _first_call(self, path: Path, environment: dict[str, str]) -> dict[str, float] | None:
        try:
            tool = self._new(path, environment)
            answer = tool.ask(
                "sweep" if path.stem == "ibsi" else "one",
                self.cases["small"],
                *(("linear",) if path.stem == "ibsi" else (2.0, "all")),
            )
            tool.stop()
        except ToolGoneError as error:
            self.results["failures"].append(f"{path.stem}, first call: {error}")
            return None
        return {"import": tool.hello["import_wall"], "call": answer["wall"]}

    def peaks(self) -> None:
        """Peak memory of new processes on the largest case."""
        case = "small" if self.quick else "xlarge"
        for path in self.files:
            for task, arguments in (("one", (1.0, "all")), ("sweep", ("linear",))):
                if path.stem not in self.tools or not self._can(path.stem, task, arguments):
                    continue
                if not self._is_quick(path.stem):
                    continue
                try:
                    tool = self._new(path, timeout_s=200.0)
                    answer = tool.ask(task, self.cases[case], *arguments)
                    tool.stop()
                except ToolGoneError as error:
                    self.results["failures"].append(f"{path.stem}, memory: {error}")
                    continue
                self.results["memory"].append({"tool": path.stem, "task": task, "case": case} | answer)
                self.save()

    def both_cores(self, case: str, lesions: int = 8) -> None:
        """Our lesions a minute in one process and in one process a core."""
        if "ibsi" not in self.tools:
            return
        path = self.tools["ibsi"].tool
        for processes in sorted({1, int(self.results["machine"]["cores"])}):
            try:
                tools = [self._new(path) for _ in range(processes)]
                for tool in tools:
                    tool.ask("sweep", self.cases[case], "linear")
                begin = time.perf_counter()
                for _ in range(lesions):
                    for tool in tools:
                        tool.send("sweep", self.cases[case], "linear")
                    for tool in tools:
                        tool.wait()
                taken = time.perf_counter() - begin
                for tool in tools:
                    tool.stop()
            except ToolGoneError as error:
                self.results["failures"].append(f"{processes} processes: {error}")
                continue
            self.results["cores"][str(processes)] = 60 * lesions * processes / taken
        self.save()

    def curve(self) -> None:
        """Time of one setting against the voxels of the lesion, for tools that are quick enough."""
        sizes = ("small",) if self.quick else ("small", "medium", "large", "xlarge")
        for case in sizes:
            for spacing in (1.0, 4.0) if self.quick else (1.0, 1.5, 2.0, 3.0, 4.0):
                if spacing != 2.0:
                    self.compare("one", case, spacing, "all", repeats=3, slow=False)

    def save(self) -> None:
        """Write what there is."""
        partial = self.output / "results.json.new"
        partial.write_text(json.dumps(self.results, indent=1))
        partial.replace(self.output / "results.json")

    def _say(self, what: str, times: dict[str, list[dict[str, float]]]) -> None:
        told = ", ".join(
            f"{name} {1000 * statistics.median(t['cpu'] for t in found):.1f} ms"
            for name, found in times.items()
            if found
        )
        left = (self.end - time.monotonic()) / 60
        print(f"[{left:5.1f} min left] {what}: {told}", flush=True)


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--data", type=Path, default=os.environ.get("SAMESPLIT_DATA"), help="sts and ibsi1 are there"
    )
    parser.add_argument("--output", type=Path, default=Path("reports/bench"))
    parser.add_argument("--minutes", type=float, default=15.0)
    parser.add_argument("--quick", action="store_true", help="each thing once, on the small case")
    parser.add_argument("--only", action="append", default=[], help="only this tool (repeatable)")
    given = parser.parse_args()
    if given.data is None:
        parser.error("where are the data? Give --data, or set SAMESPLIT_DATA")
    Bench(given.data, given.output, quick=given.quick, minutes=given.minutes, only=given.only).run()


if __name__ == "__main__":
    main()
