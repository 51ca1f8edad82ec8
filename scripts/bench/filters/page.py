"""Writes docs/performance-filters.md: `python scripts/bench/filters/page.py reports/bench`."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

OURS = "ibsi"
FILTERS = {
    "2": "mean, 5 voxels",
    "3": "Laplacian of Gaussian, 1.5 mm",
    "4": "Laws L5E5(E5), rotation invariant, energy of 7 voxels",
    "5": "Gabor, 5 mm, every 22.5 degrees (B: three planes)",
    "6": "wavelet db3, (L)LH, level 1, rotation invariant",
    "7": "wavelet db3, (H)HH, level 2, rotation invariant",
    "8": "Simoncelli wavelet, level 1",
    "9": "Simoncelli wavelet, level 2",
    "riesz-log": "Riesz (1, 0, 0) of Laplacian of Gaussian, 1.5 mm",
    "riesz-simoncelli": "Riesz (0, 2, 0) of Simoncelli wavelet, level 1",
}


class Page:
    """The results as text.

    Args:
        results: What measure.py wrote.
    """

    def __init__(self, results: dict[str, Any]) -> None:
        self.r = results
        self.tools = sorted(results["tools"], key=lambda tool: tool != OURS)
        self.lines: list[str] = []

    def text(self) -> str:
        """The page."""
        machine = self.r["machine"]
        self._say("# Speed of image filters")
        self._say(
            "Written by `make bench`; see `scripts/bench/README.md`. Every tool in a process of its own "
            "with one thread, the tools by turns in one run, after a warm-up; processor time in seconds, "
            "median of three calls (fewer where it says so). Reading the files, interpolation, "
            "re-segmentation and the features are part of every time. “x” is how many times as long as "
            "samesplit a tool takes."
        )
        self._say(
            f"{machine['processor']}, {machine['cores']} cores, {machine['memory']}, {machine['system']}; "
            f"{self.r['started']}. " + "; ".join(self._label(tool) for tool in self.tools) + "."
        )
        self._say("## Each filter of IBSI-2 by itself")
        self._say(
            "The settings of the standard's phase 2 on the IBSI CT phantom, and two Riesz transforms: the "
            "18 statistics of one response map. A: slice by slice, on the image's own voxels. B: in 3D, on "
            "cubic voxels of 1 mm."
        )
        self._settings()
        self._say("## A filtered profile")
        self._say(
            "`ct-filtered` and `mr-filtered`: all features of the image, and statistics, histogram and "
            "textures of 14 response maps (five Laplacians of Gaussian, four wavelets, three Laws energies, "
            "two Gabor filters) at 1 mm."
        )
        self._profiles()
        self._remarks()
        return "\n".join(self.lines) + "\n"

    def _say(self, *lines: str) -> None:
        self.lines += [*lines, ""]

    def _label(self, tool: str) -> str:
        hello = self.r["tools"][tool]
        return f"{hello['name']} {hello['version']}"

    def _table(self, first: list[str], rows: list[list[str]]) -> None:
        head = [*first, *(self.r["tools"][tool]["name"] for tool in self.tools)]
        marks = ["---"] * len(first) + ["---:"] * len(self.tools)
        self._say(*("| " + " | ".join(row) + " |" for row in (head, marks, *rows)))

    def _cells(self, found: dict[str, dict[str, Any]]) -> list[str]:
        """Seconds and ratio of each tool, and how often it was called where that is not three times."""
        cells = []
        for tool in self.tools:
            row = found.get(tool)
            if row is None:
                cells.append("–")
                continue
            ratio = row["cpu"] / found[OURS]["cpu"] if OURS in found else None
            told = f"{row['cpu']:.3f}" if row["cpu"] < 10 else f"{row['cpu']:.1f}"
            if tool != OURS and ratio is not None:
                told += f" ({ratio:.1f} x)"
            if row["n"] < 3 and not self.r["quick"]:
                told += f", {row['n']} call{'s' if row['n'] > 1 else ''}"
            cells.append(told)
        return cells

    def _found(self, task: str) -> dict[tuple[str, ...], dict[str, dict[str, Any]]]:
        found: dict[tuple[str, ...], dict[str, dict[str, Any]]] = {}
        for row in self.r["timed"]:
            if row["task"] == task:
                found.setdefault((row["case"], *row["arguments"]), {})[row["tool"]] = row
        return found

    def _settings(self) -> None:
        found = self._found("setting")
        order = sorted(found, key=lambda key: (key[1], list(FILTERS).index(key[2])))
        rows = [
            [
                f"{setting}.{configuration}" if setting.isdigit() else configuration,
                FILTERS[setting],
                *self._cells(found[key]),
            ]
            for key in order
            for _, configuration, setting in [key]
        ]
        self._table(["setting", "filter"], rows)
        for tool in self.tools[1:]:
            for configuration in "AB":
                ratios = [
                    rows[tool]["cpu"] / rows[OURS]["cpu"]
                    for key, rows in found.items()
                    if key[1] == configuration and tool in rows and OURS in rows
                ]
                if ratios:
                    self._say(
                        f"{self._label(tool)} takes {min(ratios):.1f} to {max(ratios):.1f} times as long in "
                        f"configuration {configuration}."
                    )

    def _profiles(self) -> None:
        rows = []
        for (case, profile), found in self._found("profile").items():
            counts = dict.fromkeys(f"{found[tool]['values']:,}" for tool in self.tools if tool in found)
            values = ", ".join(counts)
            title = f"{case} ({self.r['cases'][case]['volume_ml']} mL)"
            rows.append([f"`{profile}`", title, values, *self._cells(found)])
        self._table(["profile", "case", "values"], rows)
        peaks = {
            self.r["tools"][tool]["name"]: max(
                row["peak_mb"] for row in self.r["timed"] if row["tool"] == tool
            )
            for tool in self.tools
            if any(row["tool"] == tool for row in self.r["timed"])
        }
        told = ", ".join(f"{name} {peak:,.0f} MB" for name, peak in peaks.items())
        self._say(f"Largest memory of each process over the whole run: {told}.")

    def _remarks(self) -> None:
        remarks = [
            f"- {self._label(tool)}: {self.r['tools'][tool]['remark']}."
            for tool in self.tools
            if self.r["tools"][tool]["remark"]
        ]
        remarks += [f"- {tool} was absent: {why}." for tool, why in self.r["absent"].items()]
        remarks += [f"- Not measured: {failure.strip()}." for failure in self.r["failures"]]
        if remarks:
            self._say("## Remarks")
            self._say(*remarks)
        while self.lines[-1] == "":
            self.lines.pop()


def main() -> None:
    """Write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("results", type=Path, help="the folder that measure.py wrote to")
    parser.add_argument("--docs", type=Path, default=Path("docs"))
    given = parser.parse_args()
    page = Page(json.loads((given.results / "filters.json").read_text()))
    (given.docs / "performance-filters.md").write_text(page.text())
    print(f"Wrote {given.docs / 'performance-filters.md'}")


if __name__ == "__main__":
    main()
