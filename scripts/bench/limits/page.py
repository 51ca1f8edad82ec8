"""Writes docs/performance-limits.md from limits.json: `python scripts/bench/limits/page.py reports/bench`."""

from __future__ import annotations

import argparse
import json
import statistics
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

WORK = {"one": "one setting at 1 mm, 174 values", "sweep": "profile xi2020-mr, 3,087 values"}


def table(head: list[str], rows: list[list[str]]) -> str:
    """Return a table whose columns but the first are numbers."""
    marks = ["---"] + ["---:"] * (len(head) - 1)
    return "\n".join("| " + " | ".join(row) + " |" for row in (head, marks, *rows))


def first_use(r: dict[str, Any]) -> list[str]:
    """With no code kept: on one core, and on all."""
    alike: dict[tuple[bool, int], list[dict[str, float]]] = defaultdict(list)
    for found in r["first_uses"]:
        alike[found["load"] > int(r["machine"]["cores"]), int(found["cores"])].append(found)
    rows = []
    for (busy, cores), found in sorted(alike.items()):
        median = {key: statistics.median(one[key] for one in found) for key in ("wall", "cpu", "others_cpu")}
        state = f"busy machine (load {max(one['load'] for one in found):.1f})" if busy else "machine not busy"
        rows.append(
            [
                f"nothing compiled before, {cores} core{'s' * (cores > 1)}, {state}, n = {len(found)}",
                f"{median['wall']:.1f}",
                f"{median['cpu']:.1f}",
                f"{median['others_cpu']:.1f}",
            ]
        )
    warm = r["warm"]
    rows.append(["compiled before", f"{warm['wall']:.1f}", f"{warm['cpu']:.1f}", "–"])
    return [
        "## First use on a machine",
        "The first extraction compiles its kernels (numba), and keeps what it compiled. Several processes share "
        "the work where there are several cores. The profile xi2020-mr on the small case (STS_008), with all "
        "3,087 values, as the first call of a new process, whose import took "
        f"{warm['import']:.1f} s before; seconds, medians. Other work on the machine (its load: how many "
        "processes wanted a core when the measurement began) stretches wall time, and processor time less.",
        table(["", "Wall", "Processor time", "of helping processes"], rows),
    ]


def compiled(r: dict[str, Any]) -> list[str]:
    """What each profile compiles, and which source files take how long."""
    rows = []
    for title, found in r["compiled"].items():
        ours = [kernel for kernel in found["kernels"] if kernel["file"] != "numba"]
        files = len({kernel["file"] for kernel in ours})
        rows.append([title, f"{len(ours)}", f"{files}", f"{found['cpu']:.1f}"])
    title, whole = list(r["compiled"].items())[-1]
    seconds, number = defaultdict(float), Counter(kernel["file"] for kernel in whole["kernels"])
    for kernel in whole["kernels"]:
        seconds[kernel["file"]] += kernel["seconds"]
    total = sum(seconds.values())
    of_file = [
        [file, f"{number[file]}", f"{one:.2f}", f"{100 * one / total:.0f}"]
        for file, one in sorted(seconds.items(), key=lambda item: -item[1])
    ]
    return [
        "Only what a profile asks for is compiled:",
        table(["Profile", "Kernels", "Source files", "Processor time on one core, s"], rows),
        f"{title}, by source file of `src/samesplit/features/` (numba: functions of its own):",
        table(["File", "Kernels", "Processor time, s", "%"], of_file),
    ]


def memory(r: dict[str, Any]) -> list[str]:
    """Peak memory of new processes."""
    rows = [
        [f"{found['case']}, {WORK[found['task']]}", f"{found['peak_mb']:,.0f}", f"{found['cpu']:.1f}"]
        for found in r["memory"]
    ]
    return [
        "## Memory of large lesions",
        "Peak memory of a new process (Python and libraries included) and processor time, from files, on one "
        "thread. STS_013 is the largest lesion of the sarcoma cohort (1,529 mL); the ball is synthetic: voxels "
        "of 1 mm in a box of its size.",
        table(["Lesion and work", "Peak, MB", "Processor time, s"], rows),
    ]


def page(r: dict[str, Any]) -> str:
    """Return the page as Markdown."""
    machine = r["machine"]
    parts = [
        "# First use and memory of feature extraction",
        f"Written by `make bench-limits`; see `scripts/bench/README.md`. {machine['processor']}, "
        f"{machine['cores']} cores, {machine['memory']}, Python {machine['python']}; {r['date']}. Speed beside "
        "other tools: "
        "[performance.md](performance.md).",
        *first_use(r),
        *compiled(r),
        *memory(r),
    ]
    return "\n\n".join(parts) + "\n"


def main() -> None:
    """Write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("results", type=Path)
    parser.add_argument("--docs", type=Path, default=Path("docs"))
    given = parser.parse_args()
    given.docs.mkdir(parents=True, exist_ok=True)
    results = json.loads((given.results / "limits.json").read_text())
    (given.docs / "performance-limits.md").write_text(page(results))


if __name__ == "__main__":
    main()
