"""Measures image filters on the same cases in one run, the tools by turns, and writes filters.json as it goes.

`python scripts/bench/filters/measure.py --data DIR [--quick] [--minutes 10]`; `page.py` makes the page.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))
from cases import find_cases, machine
from tool_process import ToolGoneError, ToolProcess

SETTINGS = {
    **{f"{n}{c}": (c, str(n)) for c in "AB" for n in range(2, 10)},
    "riesz-log": ("B", "riesz-log"),
    "riesz-simoncelli": ("B", "riesz-simoncelli"),
}
"""Filter settings of the IBSI's standard 2, phase 2, on the CT phantom, and two Riesz transforms."""
LAST = ("5B",)
"""What takes a tool minutes comes last, so that the others are measured whatever the time."""
SLOW_S = 30.0
"""A call that takes longer is not made a second time."""
PROFILES = (("ct-filtered", "phantom"), ("mr-filtered", "small"), ("mr-filtered", "medium"))


class Bench:
    """One run.

    Args:
        data: Folder with `sts` and `ibsi1`.
        output: Folder for filters.json and the tools' own output.
        quick: Each thing once, few settings, the small case.
        minutes: Repeats end when this time is over.
    """

    def __init__(self, data: Path, output: Path, *, quick: bool, minutes: float) -> None:
        self.output, self.quick = output, quick
        self.end = time.monotonic() + 60 * minutes
        output.mkdir(parents=True, exist_ok=True)
        self.scratch = tempfile.TemporaryDirectory()
        self.cases = find_cases(data, Path(self.scratch.name))
        self.tools: dict[str, ToolProcess] = {}
        self.results: dict[str, Any] = {
            "machine": machine(), "started": time.strftime("%Y-%m-%d"), "quick": quick,
            "cases": {name: {k: case[k] for k in ("title", "volume_ml")} for name, case in self.cases.items()},
            "tools": {}, "absent": {}, "timed": [], "failures": [],
        }  # fmt: skip

    def run(self) -> None:
        """Everything."""
        for path in sorted((Path(__file__).parent / "tools").glob("*.py")):
            try:
                self.tools[path.stem] = self._new(path)
            except ToolGoneError as error:
                self.results["absent"][path.stem] = str(error)
                continue
            self.results["tools"][path.stem] = self.tools[path.stem].hello
        for profile, case in PROFILES[1:2] if self.quick else PROFILES:
            self.compare("profile", case, profile)
        names = ("2A", "3B", "8B") if self.quick else SETTINGS
        for name in names:
            if name not in LAST:
                self.compare("setting", "phantom", *SETTINGS[name])
        for name in names:
            if name in LAST:
                self.compare("setting", "phantom", *SETTINGS[name])
        for tool in self.tools.values():
            tool.stop()
        self._save()

    def _new(self, path: Path) -> ToolProcess:
        return ToolProcess(path, log=self.output / f"filters-{path.stem}.log", timeout_s=900.0)

    def compare(self, task: str, case: str, *arguments: str, repeats: int = 3) -> None:
        """Warm up and time one order on all tools that can do it, by turns."""
        times: dict[str, list[dict[str, Any]]] = {}
        for name in [name for name, tool in self.tools.items() if task in tool.hello["tasks"]]:
            first = self._ask(name, task, case, arguments)
            if first is not None:
                slow = first["cpu"] > SLOW_S and not self.tools[name].hello["compiles"]
                times[name] = [first | {"only": True}] if slow else []
        for _ in range(1 if self.quick else repeats):
            for name, found in times.items():
                late = found and time.monotonic() > self.end
                if name not in self.tools or late or (found and found[0].get("only")):
                    continue
                again = self._ask(name, task, case, arguments)
                if again is not None:
                    found.append(again)
        for name, found in times.items():
            if found:
                row = {"task": task, "case": case, "arguments": arguments, "tool": name, "n": len(found)}
                for key in ("wall", "cpu"):
                    row[key] = statistics.median(one[key] for one in found)
                row |= {"values": found[0]["values"], "peak_mb": max(one["peak_mb"] for one in found)}
                self.results["timed"].append(row)
        self._save()
        told = ", ".join(
            f"{name} {statistics.median(one['cpu'] for one in found):.3f} s"
            for name, found in times.items()
            if found
        )
        left = (self.end - time.monotonic()) / 60
        print(f"[{left:5.1f} min left] {task} {case} {' '.join(arguments)}: {told}", flush=True)

    def _ask(self, name: str, task: str, case: str, arguments: tuple[str, ...]) -> dict[str, Any] | None:
        """One answer; a tool that cannot do it is left out here, and started anew where it died."""
        tool = self.tools[name]
        try:
            return tool.ask(task, self.cases[case], *arguments)
        except ToolGoneError as error:
            if not str(error).startswith("NotImplementedError"):
                self.results["failures"].append(f"{name}, {task} {case} {' '.join(arguments)}: {error}")
            if tool.ended:
                self.tools[name] = self._new(tool.tool)
            return None

    def _save(self) -> None:
        partial = self.output / "filters.json.new"
        partial.write_text(json.dumps(self.results, indent=1))
        partial.replace(self.output / "filters.json")


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--data", type=Path, default=os.environ.get("SAMESPLIT_DATA"), help="sts and ibsi1 are there"
    )
    parser.add_argument("--output", type=Path, default=Path("reports/bench"))
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--quick", action="store_true", help="each thing once, few settings")
    given = parser.parse_args()
    if given.data is None:
        parser.error("where are the data? Give --data, or set SAMESPLIT_DATA")
    Bench(given.data, given.output, quick=given.quick, minutes=given.minutes).run()


if __name__ == "__main__":
    main()
