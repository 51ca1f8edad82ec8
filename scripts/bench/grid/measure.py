"""Times the whole published grid on a synthetic table, and the naive way beside it: writes results.json.

`python scripts/bench/grid/measure.py --output DIR [--jobs 2] [--folds 10] [--quick]`; `page.py` makes the page.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import psutil
import sklearn
from rich.console import Console

sys.path.insert(0, str(Path(__file__).parent))
from naive import costs

from samesplit.execution.work_units import read_result, run_work_units
from samesplit.models.radiomics.grid import gather
from samesplit.models.radiomics.search import GridSearch
from samesplit.models.registry import read_model
from samesplit.run.progress import RichReporter

MODEL = Path(__file__).parents[3] / "models" / "radiomics-xi2020.yaml"
LESIONS, FEATURES = 816, 6174


def cohort(lesions: int, features: int, *, seed: int = 0) -> tuple[pd.DataFrame, npt.NDArray[np.int64]]:
    """A table as radiomics gives it: features in correlated families, a few of which know something of the label.

    Returns:
        One row a lesion, and 0 or 1 for each; 56 % are positive, as in the published training set.
    """
    rng = np.random.default_rng(seed)
    labels = (rng.permutation(lesions) < 0.56 * lesions).astype(np.int64)
    n_families = max(2, features // 30)
    families = rng.normal(size=(lesions, n_families))
    families[:, : n_families // 20 + 1] += 0.45 * (labels[:, None] - 0.5)
    own = rng.normal(size=(lesions, features))
    values = 0.85 * families[:, rng.integers(0, n_families, features)] + 0.5 * own
    skewed = np.where(np.arange(features) % 3 == 0, np.exp(values), values)
    index = pd.Index([f"L{i:04d}" for i in range(lesions)], name="lesion_id")
    return pd.DataFrame(skewed, index=index, columns=[f"p/s/f{i}" for i in range(features)]), labels


@dataclass
class Peak:
    """The most memory that this process and its children held together, in bytes; sampled four times a second."""

    most: int = 0
    over: bool = False

    def watch(self) -> None:
        """Sample until told to stop."""
        me = psutil.Process()
        while not self.over:
            total = 0
            for process in (me, *me.children(recursive=True)):
                try:
                    total += process.memory_info().rss
                except psutil.Error:
                    continue
            self.most = max(self.most, total)
            time.sleep(0.25)


def ours(search: GridSearch, *, jobs: int, folds: int) -> dict[str, Any]:
    """Do the search as a run does, and tell what it took."""
    peak = Peak()
    watcher = threading.Thread(target=peak.watch, daemon=True)
    watcher.start()
    reporter = RichReporter(Console(stderr=True))
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        wanted = {f"{search.key}-fold-{number}-" for number in range(folds)}
        started, rounds = time.perf_counter(), []
        for number, pieces in enumerate(search.rounds(folder)):
            mine = [
                (folder, piece) for piece in pieces if any(piece.key.startswith(start) for start in wanted)
            ]
            with reporter.stage(("Rankings", "Cells")[number]) as advance:
                for done, (_, reason) in enumerate(run_work_units(mine, jobs=jobs), start=1):
                    if reason:
                        raise SystemExit(reason)
                    advance(done, len(mine))
            rounds.append(time.perf_counter() - started - sum(rounds))
        wall = time.perf_counter() - started
        peak.over = True
        watcher.join()
        parts = [part for part in search.parts if part.number < folds]
        object.__setattr__(search, "parts", parts)  # only those that were done can be told of
        table = search.seconds(folder)
        best = gather(search, folder).grid.sort_values("inner_auc").iloc[-1]
        usable = int(read_result(folder, f"{search.key}-fold-0-rank", "usable")["usable"])
    return {
        "wall_s": wall,
        "rounds_s": rounds,
        "seconds": table.to_dict("records"),
        "peak_bytes": peak.most,
        "folds": len(parts),
        "usable": usable,
        "best": [str(best["selector"]), str(best["classifier"]), int(best["size"]), float(best["inner_auc"])],
    }


def naive_way(search: GridSearch, measured: dict[str, Any], tell: Any) -> dict[str, Any]:
    """What the same cells cost when every cell selects anew; the classifiers cost what they cost us."""
    settings = search.settings
    part = search.parts[0]
    X, y = search.table.to_numpy()[part.fit], search.labels[part.fit]
    found = costs((X - X.mean(0)) / X.std(0), y, [use.label for use in settings.selectors], tell)
    fits = {
        row["name"]: row["seconds"] / row["fits"]
        for row in measured["seconds"]
        if row["part"] == "classifier"
    }
    per_fold = len(settings.classifiers) * sum(
        cost.of(size) for cost in found.values() for size in settings.sizes
    )
    classify = len(settings.selectors) * len(settings.sizes) * sum(fits.values())
    return {
        "selection_s_per_fold": per_fold,
        "classification_s_per_fold": classify,
        "selectors": {
            name: {"fixed_s": cost.fixed_s, "step_s": cost.step_s, "part": cost.part}
            for name, cost in found.items()
        },
    }


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--folds", type=int, default=10, help="inner folds to do, of 10")
    parser.add_argument("--quick", action="store_true", help="80 lesions, 300 features, 1 fold: to try it")
    asked = parser.parse_args()
    lesions, features, folds = (80, 300, 1) if asked.quick else (LESIONS, FEATURES, asked.folds)
    table, labels = cohort(lesions, features)
    search = GridSearch(read_model(MODEL), table, labels, table.index.to_numpy(), len(table), 0)
    tell = Console(stderr=True).print
    measured = ours(search, jobs=asked.jobs, folds=folds)
    tell(f"{measured['folds']} folds in {measured['wall_s']:.0f} s, {measured['peak_bytes'] / 2**30:.2f} GiB")
    results = {
        "machine": {"cpu": _cpu(), "cores": os.cpu_count(), "python": platform.python_version()},
        "libraries": {"scikit-learn": sklearn.__version__},
        "date": time.strftime("%Y-%m-%d"),
        "lesions": lesions,
        "features": features,
        "jobs": asked.jobs,
        "sizes": list(search.settings.sizes),
        "selectors": [use.label for use in search.settings.selectors],
        "classifiers": [use.label for use in search.settings.classifiers],
        "inner_folds": search.settings.inner_folds,
        "ours": measured,
        "naive": naive_way(search, measured, tell),
    }
    asked.output.mkdir(parents=True, exist_ok=True)
    (asked.output / "grid.json").write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    tell(f"Wrote {asked.output / 'grid.json'}")


def _cpu() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor()


if __name__ == "__main__":
    main()
