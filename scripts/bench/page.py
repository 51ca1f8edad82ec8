"""Writes docs/performance.md and its figure from results.json: `python scripts/bench/page.py reports/bench`."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure

OURS = "ibsi"
POINTS_OF_A_CURVE = 6
COLOURS = {
    "ibsi": "#0072B2",
    "pyradiomics": "#D55E00",
    "flash_radiomics": "#009E73",
    "pictologics": "#CC79A7",
}


class Page:
    """The results as text.

    Args:
        results: What measure.py wrote.
    """

    def __init__(self, results: dict[str, Any]) -> None:
        self.r = results
        tools = results["tools"]
        results["tools"] = dict(sorted(tools.items(), key=lambda item: item[0] != OURS))
        self.lines: list[str] = []

    def text(self, figure: str) -> str:
        """The page, with the figure's path in it."""
        self._head()
        self._settings()
        self._sweep()
        self._families()
        self._start()
        self._memory(figure)
        self._remarks()
        return "\n".join(self.lines) + "\n"

    def _say(self, *lines: str) -> None:
        self.lines += [*lines, ""]

    def _table(self, head: list[str], rows: list[list[str]]) -> None:
        numbers = 0 if head[-1] == "Remark" else len(head) - 1
        marks = ["---"] * (len(head) - numbers) + ["---:"] * numbers
        self._say(*("| " + " | ".join(row) + " |" for row in (head, marks, *rows)))

    def label(self, tool: str) -> str:
        """Name and version of a tool."""
        hello = self.r["tools"][tool]
        return f"{hello['name']} {hello['version']}"

    def _rows(self, task: str, *arguments: Any) -> dict[tuple[str, str], dict[str, Any]]:
        wanted = list(arguments)
        return {
            (row["tool"], row["case"]): row
            for row in self.r["timed"]
            if row["task"] == task and list(row["arguments"]) == wanted
        }

    def _cases(self, found: dict[tuple[str, str], Any]) -> list[str]:
        return [case for case in self.r["cases"] if any(known == case for _, known in found)]

    def _title(self, case: str) -> str:
        return f"{case} ({self.r['cases'][case]['volume_ml']} mL)"

    def _head(self) -> None:
        machine = self.r["machine"]
        self._say("# Speed and memory of feature extraction")
        self._say(
            "Written by `make bench`; see `scripts/bench/README.md`. Every tool in a process of its own with one "
            "thread, the tools by turns in one run, after a warm-up; processor time, median of five calls (fewer "
            "where it says so). Reading the files is part of every time, unless a remark says otherwise. “×” is "
            "the tool's time "
            "divided by ours.",
            "",
            f"{machine['processor']}, {machine['cores']} cores, {machine['memory']}, {machine['system']}, "
            f"Python {machine['python']}; {self.r['started']}.",
        )
        self._table(
            ["Tool", "Version", "Python", "Remark"],
            [[h["name"], h["version"], h["python"], h["remark"] or "–"] for h in self.r["tools"].values()],
        )
        for tool, why in self.r["absent"].items():
            self._say(f"Not measured: {tool} ({why}).")
        where = ", ".join(f"{name}: {case['title']}" for name, case in self.r["cases"].items())
        self._say(f"Cases, T1-weighted MR of the sarcoma cohort unless said otherwise: {where}.")

    def _settings(self) -> None:
        self._say(
            "## One setting", "", "2 mm cubic voxels, cubic splines, 32 bins, every family that the tool has."
        )
        self._by_case(self._rows("one", 2.0, "all"), scale=1000, unit="ms")

    def _by_case(self, found: dict[tuple[str, str], Any], *, scale: float, unit: str) -> None:
        cases = self._cases(found)
        rows = []
        for tool in self.r["tools"]:
            known = [found.get((tool, case)) for case in cases]
            if not any(known):
                continue
            values = next(row["values"] for row in known if row)
            cells = [
                self._cell(row, found.get((OURS, case)), scale)
                for row, case in zip(known, cases, strict=True)
            ]
            rows.append([self.label(tool), f"{values:,}", *cells])
        self._table(["Tool", "Values", *(f"{self._title(case)}, {unit}" for case in cases)], rows)

    def _cell(self, row: dict[str, Any] | None, ours: dict[str, Any] | None, scale: float) -> str:
        if row is None:
            return "–"
        text = f"{scale * row['cpu']:.3g}" if scale * row["cpu"] < 1000 else f"{scale * row['cpu']:,.0f}"
        if ours is not None and row is not ours:
            text += f" ({row['cpu'] / ours['cpu']:.3g} ×)"
        return text if row["n"] >= 5 else f"{text}, n = {row['n']}"

    def _sweep(self) -> None:
        self._say(
            "## The profile xi2020-mr",
            "",
            "79 non-texture features at 1 mm, and 94 textures at 1, 2, 3 and 4 mm with 8, 16, 32 and 64 levels, "
            "of the lesion's own range and equalised: 3,087 values. Here all are computed; the "
            "profile itself leaves "
            "out 23 that mean nothing in arbitrary units. Tools that cannot equalise inside the lesion are given "
            "an equalised image. Values that a tool does not have cost it nothing.",
        )
        for interpolation in ("linear", "cubic"):
            found = self._rows("sweep", interpolation)
            if found:
                own = " (the profile's own)" if interpolation == "linear" else ""
                self._say(f"{interpolation.capitalize()} interpolation of the image{own}, seconds:")
                self._by_case(found, scale=1, unit="s")
        if self.r["cores"]:
            told = ", ".join(
                f"{rate:.0f} with {n} process{'es' * (n != '1')}" for n, rate in self.r["cores"].items()
            )
            self._say(f"Whole profiles a minute, one thread a process: {told}.")

    def _families(self) -> None:
        self._say(
            "## Families",
            "",
            "A call for one family alone at 2 mm and 32 bins, in ms: each reads, resamples and discretises anew.",
        )
        for case in ("small", "medium", "phantom"):
            self._family_table(case)

    def _family_table(self, case: str) -> None:
        rows, tools = [], []
        for tool in self.r["tools"]:
            if any(
                r["tool"] == tool and r["case"] == case and r["arguments"][-1] != "all"
                for r in self._ones(case)
            ):
                tools.append(tool)
        for family in dict.fromkeys(
            r["arguments"][1] for r in self._ones(case) if r["arguments"][1] != "all"
        ):
            found = self._rows("one", 2.0, family)
            cells = [self._cell(found.get((tool, case)), found.get((OURS, case)), 1000) for tool in tools]
            rows.append([family, *cells])
        if rows:
            self._say(f"{self._title(case)}:")
            self._table(["Family", *(self.label(tool) for tool in tools)], rows)

    def _ones(self, case: str) -> list[dict[str, Any]]:
        rows = [row for row in self.r["timed"] if row["task"] == "one" and row["case"] == case]
        return [row for row in rows if row["arguments"][0] == 2.0]

    def _start(self) -> None:
        start = dict(self.r["start"])
        package = start.pop("package", None)
        self._say(
            "## Start",
            "",
            "A new process, small case, wall seconds: import of the tool, then the first call.",
        )
        rows = []
        for tool, found in start.items():
            cells = []
            for kind in ("warm", "cold"):
                one = found.get(kind)
                cells.append("–" if one is None else f"{one['import']:.2f} + {one['call']:.2f}")
            rows.append([self.label(tool), *cells])
        self._table(["Tool", "Compiled code cached, or none", "Nothing cached: first use on a machine"], rows)
        what = "the first call is the whole profile xi2020-mr for samesplit, one setting for the others"
        self._say(
            f"Here {what}." + ("" if package is None else f" `import samesplit` takes {package:.2f} s.")
        )

    def _memory(self, figure: str) -> None:
        self._say("## Memory and size")
        if self.r["memory"]:
            case = self.r["memory"][0]["case"]
            self._say(
                f"Peak memory of a new process, {self._title(case)}, MB, Python and libraries included:"
            )
            words = {"one": "one setting at 1 mm", "sweep": "profile xi2020-mr"}
            self._table(
                ["Tool", "Work", "Peak, MB"],
                [[self.label(m["tool"]), words[m["task"]], f"{m['peak_mb']:,.0f}"] for m in self.r["memory"]],
            )
        slopes = [f"{self.label(tool)} {slope:.2f}" for tool, slope in self.slopes().items()]
        self._say(
            f"![Time of one setting against the voxels of the lesion]({figure})",
            "",
            "Time grows with voxels to the power of (slope over the larger half of the points): "
            f"{'; '.join(slopes)}.",
        )

    def points(self) -> dict[str, list[tuple[float, float]]]:
        """(voxels, seconds) of one setting, by tool, where there are enough of them for a curve."""
        found: dict[str, list[tuple[float, float]]] = {}
        for row in self.r["timed"]:
            if row["task"] == "one" and row["arguments"][1] == "all" and row["case"] != "phantom":
                voxels = 1000 * float(self.r["cases"][row["case"]]["volume_ml"]) / row["arguments"][0] ** 3
                found.setdefault(row["tool"], []).append((voxels, row["cpu"]))
        return {tool: sorted(points) for tool, points in found.items() if len(points) >= POINTS_OF_A_CURVE}

    def slopes(self) -> dict[str, float]:
        """Slope in a log-log plot of the larger half of the points."""
        found = {}
        for tool, points in self.points().items():
            half = np.log(np.array(points[len(points) // 2 :]))
            if len(half) > 1:
                found[tool] = float(np.polyfit(half[:, 0], half[:, 1], 1)[0])
        return found

    def _remarks(self) -> None:
        if self.r["failures"]:
            self._say("## What failed", "", *(f"- {failure}" for failure in self.r["failures"]))


def draw(page: Page, path: Path) -> None:
    """Draw time against voxels."""
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "bench", "font.size": 9}):
        figure = Figure(figsize=(6.4, 3.8), layout="constrained")
        axes = figure.subplots()
        for tool, points in page.points().items():
            x, y = zip(*points, strict=True)
            axes.loglog(x, y, "o-", ms=4, lw=1.4, label=page.label(tool), color=COLOURS.get(tool))
        axes.set(xlabel="voxels of the lesion", ylabel="seconds, one setting, files read")
        axes.grid(visible=True, which="major", color="#e3e7eb", lw=0.7)
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(frameon=False)
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path, metadata={"Date": None, "Creator": None}, facecolor="white")


def main() -> None:
    """Write page and figure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="where results.json is")
    parser.add_argument("--docs", type=Path, default=Path("docs"))
    given = parser.parse_args()
    page = Page(json.loads((given.folder / "results.json").read_text()))
    figure = given.docs / "images" / "performance.svg"
    draw(page, figure)
    (given.docs / "performance.md").write_text(page.text("images/performance.svg"))


if __name__ == "__main__":
    main()
