"""Writes docs/performance-maps.md: `python scripts/bench/maps/page.py reports/bench`."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

FAMILIES = {
    "firstorder": "statistics, entropy, uniformity",
    "glcm": "co-occurrence",
    "glrlm": "run lengths",
    "glszm": "size zones",
    "gldm": "dependence",
    "ngtdm": "grey tone differences",
}
WHY = {
    "glcm_Correlation": "directions whose pairs have one grey level: 1 in pyradiomics, left out of the mean here",
    "glcm_Imc1": "the same directions: 0 in pyradiomics, left out of the mean here",
    "glcm_JointAverage": "a direction without any pair: NaN in pyradiomics, left out of the mean here",
    "glrlm": "directions in which no line has two voxels: left out in pyradiomics; IBSI counts runs of one voxel",
}
"""Why maps differ where they do, by class or feature."""


class Page:
    """The results as text.

    Args:
        results: What measure.py wrote.
    """

    def __init__(self, results: dict[str, Any]) -> None:
        self.r = results
        self.lines: list[str] = []

    def text(self) -> str:
        """The page."""
        machine = self.r["machine"]
        own, peer = (
            f"{self.r['tools'][one]['name']} {self.r['tools'][one]['version']}"
            for one in ("ibsi", "pyradiomics")
        )
        self._say("# Speed of feature maps")
        self._say(
            "Written by `make bench`; see `scripts/bench/README.md`. Each tool in a process of its own with one "
            "thread, by turns in one run, after a warm-up; processor time in seconds, median of three calls "
            "(one, where it took pyradiomics more than 20 s). Reading the files, resampling and discretisation "
            "(32 levels) are part of every time, writing the maps is not. [feature-maps.md](feature-maps.md) "
            "says what feature maps are."
        )
        self._say(
            f"{machine['processor']}, {machine['cores']} cores, {machine['memory']}, {machine['system']}; "
            f"{self.r['started']}. {own}; {peer}, {self.r['tools']['pyradiomics']['remark']}."
        )
        self._times()
        self._agreement()
        return "\n".join(self.lines).rstrip("\n") + "\n"

    def _say(self, *lines: str) -> None:
        self.lines += [*lines, ""]

    def _times(self) -> None:
        rows: dict[tuple[Any, ...], dict[str, Any]] = {}
        for one in self.r["timed"]:
            key = (one["case"], one["spacing_mm"], one["radius"], tuple(one["classes"]))
            rows.setdefault(key, {})[one["tool"]] = one
        lines = [
            "| lesion | box | maps of | samesplit | pyradiomics | ratio | memory, MB |",
            "|---|---|---|---:|---:|---:|---:|",
        ]
        for (case, spacing, radius, classes), found in rows.items():
            own, peer = found["ibsi"], found.get("pyradiomics")
            what = (
                FAMILIES[classes[0]]
                if len(classes) == 1
                else "all of these"
                if peer
                else "all of these, distance zones"
            )
            side = 2 * radius + 1
            numbers = f"{own['values']}" + (f" and {peer['values']}" if peer else "")
            memory = f"{own['peak_mb']:,.0f}" + (f" and {peer['peak_mb']:,.0f}" if peer else "")
            lines.append(
                f"| {case} ({self.r['cases'][case]['volume_ml']} mL), {spacing:g} mm "
                f"| {side}³ | {what} ({numbers} maps) "
                f"| {own['cpu']:.3f} | {self._seconds(peer)} | {self._ratio(own, peer)} | {memory} |"
            )
        self._say(*lines)
        self._say("Memory is the largest of each process up to then.")

    def _seconds(self, peer: dict[str, Any] | None) -> str:
        return "" if peer is None else f"{peer['cpu']:.2f}"

    def _ratio(self, own: dict[str, Any], peer: dict[str, Any] | None) -> str:
        return "" if peer is None else f"{peer['cpu'] / own['cpu']:.0f} x"

    def _agreement(self) -> None:
        found = self.r["agreement"]
        if not found:
            return  # the run was ended before
        voxels = found[0]["voxels"]
        alike = sum(not one["differ"] for one in found)
        self._say("## The same numbers")
        self._say(
            f"Every map that both define, at every voxel of the lesion `{self.r['agreement_case']}` "
            f"({voxels:,} voxels, the image not resampled, boxes of 3 x 3 x 3): {alike} of {len(found)} maps "
            "agree everywhere to 1e-6. The others agree but where definitions differ:"
        )
        lines = ["| map | voxels that differ | where |", "|---|---:|---|"]
        runs = [one for one in found if one["differ"] and one["class"] == "glrlm"]
        for one in found:
            name = f"{one['class']}_{one['feature']}"
            if one["differ"] and one["class"] != "glrlm":
                lines.append(f"| {name} | {one['differ']:,} | {WHY[name]} |")
        if runs:
            most = max(one["differ"] for one in runs)
            lines.append(f"| the {len(runs)} of glrlm | {most:,} | {WHY['glrlm']} |")
        self._say(*lines)


def main() -> None:
    """Write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("results", type=Path, help="the folder of maps.json")
    parser.add_argument("--docs", type=Path, default=Path("docs"))
    given = parser.parse_args()
    results = json.loads((given.results / "maps.json").read_text())
    (given.docs / "performance-maps.md").write_text(Page(results).text(), encoding="utf-8")


if __name__ == "__main__":
    main()
