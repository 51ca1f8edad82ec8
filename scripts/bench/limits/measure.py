"""Measures the first use on a machine, and the memory of large lesions, of samesplit alone.

`python scripts/bench/limits/measure.py --data DIR [--quick]` writes limits.json; `page.py` makes the page of it.
All is done in new processes. The first use starts with no compiled code kept, as on a machine that has never
extracted; it is measured on one core and on all, in wall time and in processor time, because a busy machine
stretches the former far more.
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

import numpy as np
import SimpleITK as sitk

sys.path.insert(0, str(Path(__file__).parents[1]))
from cases import find_cases, machine
from tool_process import ToolProcess

HERE = Path(__file__).parent

BALL_VOXELS = 10_000_000
STATISTICS = json.dumps({"processing": {"spacing_mm": 1}, "features": {"statistics": "all"}})
GLCM = json.dumps(
    {
        "processing": {"spacing_mm": 1},
        "discretisation": {"method": "FBN", "bins": 32},
        "features": {"glcm": "all"},
    }
)
PROFILES = {
    "statistics alone": STATISTICS,
    "GLCM alone": GLCM,
    "ct-default": "ct-default",
    "xi2020-mr": "xi2020-mr",
    "xi2020-mr with all 3,087 values": "xi2020-mr:all",
}


def ball(folder: Path, voxels: int) -> dict[str, str]:
    """Write a synthetic lesion: a ball in a box of its size, smooth patches and noise, cubic voxels of 1 mm."""
    radius = (3 * voxels / (4 * np.pi)) ** (1 / 3)
    size = int(2 * radius) + 14
    draw = np.random.default_rng(0)
    patches = draw.normal(500, 100, size=(size // 8 + 1,) * 3)
    places = np.arange(size) // 8
    image = patches[np.ix_(places, places, places)] + draw.normal(0, 20, (size,) * 3)
    along = (np.arange(size) - size / 2) ** 2
    mask = along[:, None, None] + along[:, None] + along <= radius**2
    case = {"title": f"ball of {int(mask.sum()):,} voxels"}
    for name, array in (("image", image.astype(np.int16)), ("mask", mask.astype(np.uint8))):
        case[name] = str(folder / f"ball-{name}.nii.gz")
        sitk.WriteImage(sitk.GetImageFromArray(array), case[name])
    return case


def one_order(
    output: Path, task: str, case: dict[str, str], arguments: tuple[Any, ...], environment: dict[str, str]
) -> dict[str, float]:
    """Have a new process do one thing."""
    tool = ToolProcess(
        HERE.parent / "tools" / "ibsi.py", environment=environment, log=output / "limits.log", timeout_s=300
    )
    try:
        return {"import": tool.hello["import_wall"]} | tool.ask(task, case, *arguments)
    finally:
        tool.stop()


def first_uses(output: Path, case: dict[str, str], repeats: int) -> list[dict[str, float]]:
    """The profile xi2020-mr with no code kept, on one core and on all of them by turns."""
    found = []
    for _ in range(repeats):
        for cores in dict.fromkeys((1, int(machine()["cores"]))):
            with tempfile.TemporaryDirectory() as empty:
                environment = {"NUMBA_CACHE_DIR": empty, "BENCH_CORES": str(cores)}
                load = os.getloadavg()[0]
                answer = one_order(output, "sweep", case, ("linear",), environment)
            found.append({"cores": cores, "load": load} | answer)
            print(f"first use, {cores} cores: {answer['wall']:.1f} s", flush=True)
    return found


def compilations() -> dict[str, Any]:
    """What each profile compiles, on one core."""
    return {
        title: json.loads(
            subprocess.run(
                [sys.executable, str(HERE / "kernels.py"), profile],
                capture_output=True, text=True, check=True,
            ).stdout
        )
        for title, profile in PROFILES.items()
    }  # fmt: skip


def peaks(output: Path, cases: list[dict[str, str]]) -> list[dict[str, Any]]:
    """Peak memory of a process that does one thing, its code compiled before."""
    found = []
    for case in cases:
        for task, arguments in (("one", (1.0, "all")), ("sweep", ("linear",))):
            answer = one_order(output, task, case, arguments, {})
            found.append({"case": case["title"], "task": task} | answer)
            print(f"{case['title']}, {task}: {answer['peak_mb']:.0f} MB", flush=True)
    return found


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--data", type=Path, default=os.environ.get("SAMESPLIT_DATA"), help="sts and ibsi1 are there"
    )
    parser.add_argument("--output", type=Path, default=Path("reports/bench"))
    parser.add_argument("--quick", action="store_true", help="each thing once, a ball a tenth as large")
    given = parser.parse_args()
    if given.data is None:
        parser.error("where are the data? Give --data, or set SAMESPLIT_DATA")
    given.output.mkdir(parents=True, exist_ok=True)
    begin = time.monotonic()
    with tempfile.TemporaryDirectory() as scratch:
        cases = find_cases(given.data, Path(scratch))
        one_order(given.output, "sweep", cases["small"], ("linear",), {})  # compiled for what comes after
        large = [cases["xlarge"], ball(Path(scratch), BALL_VOXELS // (10 if given.quick else 1))]
        results = {
            "machine": machine(),
            "date": time.strftime("%Y-%m-%d"),
            "first_uses": first_uses(given.output, cases["small"], 1 if given.quick else 3),
            "warm": one_order(given.output, "sweep", cases["small"], ("linear",), {}),
            "compiled": compilations(),
            "memory": peaks(given.output, large),
        }
    results["minutes"] = round((time.monotonic() - begin) / 60, 1)
    (given.output / "limits.json").write_text(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
