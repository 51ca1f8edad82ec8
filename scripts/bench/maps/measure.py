"""Measures feature maps beside pyradiomics' on the same lesions in one run, by turns, and writes maps.json.

`python scripts/bench/maps/measure.py --data DIR [--quick]`; `page.py` makes the page. The two tools are also
compared voxel by voxel, on a lesion whose image is not resampled.
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

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))
from cases import find_cases, machine
from tool_process import ToolGoneError, ToolProcess

from samesplit.features.engines.pyradiomics_catalogue import FEATURES

CLASSES = ("firstorder", "glcm", "glrlm", "glszm", "gldm", "ngtdm")
LONG_S = 20.0
"""A call of pyradiomics that takes longer is not made a second time."""
BOTH = ("ibsi", "pyradiomics")
OWN = ("ibsi",)


class Bench:
    """One run.

    Args:
        data: Folder with `sts` and `ibsi1`.
        output: Folder for maps.json and the tools' own output.
        quick: Each thing once, at 4 mm.
    """

    def __init__(self, data: Path, output: Path, *, quick: bool) -> None:
        self.output, self.quick = output, quick
        output.mkdir(parents=True, exist_ok=True)
        self.scratch = tempfile.TemporaryDirectory()
        self.cases = find_cases(data, Path(self.scratch.name))
        tools = Path(__file__).parent / "tools"
        self.tools = {
            name: ToolProcess(tools / f"{name}.py", log=output / f"maps-{name}.log", timeout_s=900.0)
            for name in BOTH
        }
        self.results: dict[str, Any] = {
            "machine": machine(), "started": time.strftime("%Y-%m-%d"), "quick": quick,
            "cases": {name: {k: case[k] for k in ("title", "volume_ml")} for name, case in self.cases.items()},
            "tools": {name: tool.hello for name, tool in self.tools.items()}, "timed": [], "agreement": [],
        }  # fmt: skip

    def run(self) -> None:
        """Everything."""
        spacing = 4.0 if self.quick else 2.0
        for name in CLASSES:
            self.compare("small", spacing, 1, [name])
        self.compare("small", spacing, 1, list(CLASSES))
        if not self.quick:
            self.compare("small", spacing, 2, list(CLASSES))
            self.compare("medium", spacing, 1, list(CLASSES))
            for case in ("small", "medium"):
                self.compare(case, 1.0, 1, [*CLASSES, "gldzm"], tools=OWN)
        self.agree("small")
        for tool in self.tools.values():
            tool.stop()

    def compare(
        self, case: str, spacing_mm: float, radius: int, classes: list[str], tools: tuple[str, ...] = BOTH
    ) -> None:
        """Time one order on the tools by turns, after a warm-up of what compiles."""
        times: dict[str, list[dict[str, Any]]] = {name: [] for name in tools}
        self.tools["ibsi"].ask("maps", self.cases[case], spacing_mm, radius, classes)
        for _ in range(1 if self.quick else 3):
            for name, found in times.items():
                if not found or found[0]["cpu"] <= LONG_S:
                    found.append(self.tools[name].ask("maps", self.cases[case], spacing_mm, radius, classes))
        for name, found in times.items():
            self.results["timed"].append(
                {
                    "case": case, "spacing_mm": spacing_mm, "radius": radius, "classes": classes, "tool": name,
                    "n": len(found), "cpu": statistics.median(one["cpu"] for one in found),
                    "values": found[0]["values"], "peak_mb": max(one["peak_mb"] for one in found),
                }
            )  # fmt: skip
        told = ", ".join(
            f"{name} {statistics.median(one['cpu'] for one in found):.3f} s" for name, found in times.items()
        )
        print(f"{case} {spacing_mm:g} mm, radius {radius}, {' '.join(classes)}: {told}", flush=True)
        self._save()

    def agree(self, case: str) -> None:
        """Compare every map of both tools at every voxel of a lesion, its image not resampled."""
        files = {name: str(Path(self.scratch.name) / f"{name}.npz") for name in BOTH}
        for name, file in files.items():
            self.tools[name].ask("maps", self.cases[case], 0, 1, list(CLASSES), file)
        own, theirs = (np.load(file) for file in files.values())
        for name in theirs.files:
            _, feature_class, feature = name.split("_")
            code = FEATURES[feature_class][feature].ibsi_code
            if code is None:
                continue
            excess = 3.0 if feature == "Kurtosis" else 0.0
            a, b = own[code], theirs[name] - excess
            largest = float(np.nanmax(np.abs(b)))
            alike = np.isclose(a, b, rtol=1e-6, atol=1e-9 * largest)
            self.results["agreement"].append(
                {"class": feature_class, "feature": feature, "voxels": len(a), "differ": int((~alike).sum())}
            )
        self.results["agreement_case"] = case
        self._save()
        different = [row for row in self.results["agreement"] if row["differ"]]
        print(
            f"{len(self.results['agreement'])} maps compared; {len(different)} differ somewhere", flush=True
        )

    def _save(self) -> None:
        partial = self.output / "maps.json.new"
        partial.write_text(json.dumps(self.results, indent=1))
        partial.replace(self.output / "maps.json")


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--data", type=Path, default=os.environ.get("SAMESPLIT_DATA"), help="sts and ibsi1 are there"
    )
    parser.add_argument("--output", type=Path, default=Path("reports/bench"))
    parser.add_argument("--quick", action="store_true", help="each thing once, at 4 mm")
    given = parser.parse_args()
    if given.data is None:
        parser.error("where are the data? Give --data, or set SAMESPLIT_DATA")
    try:
        Bench(given.data, given.output, quick=given.quick).run()
    except ToolGoneError as error:
        parser.exit(1, f"{error}\n")


if __name__ == "__main__":
    main()
