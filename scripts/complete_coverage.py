"""Fail when a room whose tests must be complete has an uncovered line or branch."""

from __future__ import annotations

import json
import sys
from pathlib import Path

COMPLETE = (
    "src/samesplit/benchmarks/splits/",
    "src/samesplit/statistics/",
    "src/samesplit/evaluation/",
    "src/samesplit/tables.py",
)


def main(report: str) -> int:
    """Print what is uncovered and return the exit code."""
    measured = json.loads(Path(report).read_text(encoding="utf-8"))
    files = measured["files"]
    print(f"Covered by tests: {measured['totals']['percent_covered']:.1f} % of lines and branches measured")
    gaps = []
    for name, data in sorted(files.items()):
        if name.startswith(COMPLETE) and (data["missing_lines"] or data.get("missing_branches")):
            gaps.append(f"{name}: lines {data['missing_lines']}, branches {data.get('missing_branches')}")
    if gaps:
        print("These rooms must be covered completely by their tests:", *gaps, sep="\n  ", file=sys.stderr)
    return 1 if gaps else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
