"""How busy the machine was while the run was made, under the names that MLflow gives to such metrics."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd

from samesplit.run_folder import SYSTEM_METRICS
from samesplit.tracking.curves import thinned

__all__ = ["system_metrics"]


def system_metrics(run_folder: Path) -> list[Any]:
    """Return what was written down while the run was made, a step a moment.

    Args:
        run_folder: The run's; nothing is returned for one that nobody watched.
    """
    from mlflow.entities import Metric

    moments = pd.DataFrame(_lines(run_folder / SYSTEM_METRICS))
    if "time" not in moments:
        return []
    moments = moments.sort_values("time", kind="stable").reset_index(drop=True)
    return [
        Metric(f"system/{name}", float(value), round(1000 * moment["time"]), step)
        for step, moment in enumerate(thinned(moments).to_dict(orient="records"))
        for name, value in moment.items()
        if name != "time" and pd.notna(value)
    ]


def _lines(path: Path) -> list[dict[str, float]]:
    """Return the lines that are whole: a killed run may have left half of one."""
    if not path.is_file():
        return []
    found = []
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            told = json.loads(line)
        except ValueError:
            continue
        if isinstance(told, dict) and "time" in told:
            found.append({str(k): float(v) for k, v in told.items() if isinstance(v, int | float)})
    return found
