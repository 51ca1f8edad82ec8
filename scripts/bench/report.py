"""How long the report takes, and how large it is: 10 models, 1,000 lesions, 10 readers under two conditions.

The run is fabricated by what the tests of the report fabricate theirs with (tests/reports/make_run.py), judged by
the real statistics, and kept in a folder, so that a second call times the report alone.

    python scripts/bench/report.py reports/bench-report
"""

from __future__ import annotations

import argparse
import importlib.util
import time
from pathlib import Path

from samesplit.reports import build_report

MODELS = (
    "radiomics-grid", "resnet18-25d", "clinical", "average", "network-2d", "network-3d", "radiomics-2", "boosting",
    "lesion-size", "zero-rule",
)  # fmt: skip


def main() -> None:
    """Make the run if it is not there, then build its report twice: the first time pays for imports and fonts."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--bootstraps", type=int, default=200)
    asked = parser.parse_args()
    if not (asked.folder / "run.json").exists():
        started = time.perf_counter()
        fabricate(asked.folder, bootstraps=asked.bootstraps)
        print(f"run made and judged in {time.perf_counter() - started:.1f} s")
    for turn in ("first", "again"):
        wall, cpu = time.perf_counter(), time.process_time()
        page = build_report(asked.folder)
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        print(f"{turn}: {wall:.1f} s, {cpu:.1f} s of processor time, {page.stat().st_size / 1e6:.2f} MB")


def fabricate(folder: Path, *, bootstraps: int) -> None:
    """Write the run's folder."""
    path = Path(__file__).parents[2] / "tests" / "reports" / "make_run.py"
    spec = importlib.util.spec_from_file_location("make_run", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.make_run(
        folder, n_lesions=1000, models=MODELS, n_readers=10, seeds=(0, 1, 2), bootstraps=bootstraps
    )


if __name__ == "__main__":
    main()
