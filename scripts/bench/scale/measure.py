"""Measures a study of tables alone at several sizes, from the split to the report: writes scale.json.

`python scripts/bench/scale/measure.py --output DIR [--quick]`; `page.py` makes the page. Each command is a process
of its own, which is ended when it and what it started hold more than 8 GB. A size that stands in scale.json is not
measured again (`--again`).
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1]))
from cases import machine
from study import write_study

HERE = Path(__file__).parent
SIZES = (1_000, 3_000, 10_000)
FEATURES = 3_000
READINGS_OF_A_LESION = 10
MOST_GB = 8.0


def command(name: str, folder: Path, jobs: int) -> dict[str, Any]:
    """Have a new process do one command."""
    output = folder / f"{name}.json"
    began, load = time.time(), os.getloadavg()[0]
    script = [sys.executable, str(HERE / "stages.py"), name, str(folder), str(output)]
    done = subprocess.run([*script, "--jobs", str(jobs), "--most-gb", str(MOST_GB)], check=False)
    found = {"status": done.returncode, "wall_s": time.time() - began, "load": [load, os.getloadavg()[0]]}
    return found | (
        json.loads(output.read_text(encoding="utf-8")) if done.returncode == 0 else {"stages": []}
    )


def one_size(lesions: int, features: int, jobs: int, kind: str) -> dict[str, Any]:
    """Write a study and take it through all commands."""
    readings = READINGS_OF_A_LESION * lesions
    print(f"{lesions:,} lesions x {features:,} features ({kind}), {readings:,} readings", flush=True)
    with tempfile.TemporaryDirectory(prefix="samesplit-scale-") as place:
        folder = write_study(Path(place), lesions=lesions, features=features, readings=readings, kind=kind)
        table = folder / f"features.{kind}"
        found: dict[str, Any] = {
            "lesions": lesions,
            "features": features,
            "readings": readings,
            "kind": kind,
            "table_bytes": table.stat().st_size,
            "date": time.strftime("%Y-%m-%d"),
        }
        found["split"] = command("split", folder, jobs)
        if found["split"]["status"] == 0:
            found["run"] = command("run", folder, jobs)
    return found


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    parser.add_argument("--features", type=int, default=FEATURES)
    parser.add_argument("--kind", choices=("csv", "parquet"), default="csv")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--again", action="store_true", help="measure sizes that were measured before")
    parser.add_argument("--quick", action="store_true", help="150 and 300 lesions, 50 features: to try it")
    asked = parser.parse_args()
    sizes, features = ((150, 300), 50) if asked.quick else (asked.sizes, asked.features)
    asked.output.mkdir(parents=True, exist_ok=True)
    path = asked.output / "scale.json"
    known = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {"sizes": []}
    for lesions in sizes:
        key = (lesions, features, asked.kind)
        before = [one for one in known["sizes"] if (one["lesions"], one["features"], one["kind"]) == key]
        if before and not asked.again:
            continue
        found = one_size(lesions, features, asked.jobs, asked.kind)
        known["sizes"] = [one for one in known["sizes"] if one not in before] + [found]
        known |= {"machine": machine(), "jobs": asked.jobs, "most_gb": MOST_GB}
        path.write_text(json.dumps(known, indent=1) + "\n", encoding="utf-8")
    print(f"Wrote {path}")


if __name__ == "__main__":
    main()
