"""What a run says in a few lines on the terminal, and whether the canary fell to chance."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from scipy import stats

__all__ = ["CanaryVerdict", "canary_verdict", "verdict_lines"]


@dataclass(frozen=True)
class CanaryVerdict:
    """Whether every model fell to chance on shuffled labels.

    Attributes:
        at_chance: Whether all did.
        text: Which did not, with the numbers.
    """

    at_chance: bool
    text: str


def verdict_lines(run_folder: Path) -> list[str]:
    """One line a model and reader: AUC with its interval, best first."""
    aucs = _aucs(run_folder)
    if aucs.empty:
        return []
    record = json.loads((run_folder / "run.json").read_text(encoding="utf-8"))
    titles = {model["name"]: model["title"] for model in record["models"]}
    names = [
        titles.get(name, name.replace("reader:", "Reader ").replace("readers:", "Readers "))
        for name in aucs["model"]
    ]
    width = max(len(name) for name in names)
    return [
        f"  {name:<{width}}  AUC {row.estimate:.3f} ({row.ci_low:.3f} to {row.ci_high:.3f}), n = {row.n}"
        for name, row in zip(names, aucs.itertuples(), strict=True)
    ]


def canary_verdict(run_folder: Path, *, alpha: float = 0.05) -> CanaryVerdict:
    """Judge a run on shuffled labels: no AUC may differ from 0.5 at `alpha` after Holm-Bonferroni.

    Several models are looked at, so the plain 95% intervals would raise a false alarm in one run of a few;
    the test uses the intervals' own standard errors, shared out over the models.
    """
    aucs = _aucs(run_folder)
    record = json.loads((run_folder / "run.json").read_text(encoding="utf-8"))
    confidence = float(record["statistics"]["confidence"])
    error = (aucs["ci_high"] - aucs["ci_low"]) / (2 * stats.norm.ppf((1 + confidence) / 2))
    z = (aucs["estimate"] - 0.5).abs() / error.where(error > 0)
    p = pd.Series(2 * stats.norm.sf(z.fillna(0.0)), index=aucs["model"].to_numpy())
    worst = p.sort_values()
    limits = [alpha / (len(worst) - i) for i in range(len(worst))]
    if len(worst) and worst.iloc[0] <= limits[0]:
        names = ", ".join(f"{name} (P = {value:.2g})" for name, value in worst.items() if value <= limits[0])
        return CanaryVerdict(False, f"Canary: NOT at chance on shuffled labels: {names}. Something leaks.")
    return CanaryVerdict(
        True,
        f"Canary: all {len(p)} models are at chance on shuffled labels (smallest P = {worst.iloc[0]:.2g}).",
    )


def _aucs(run_folder: Path) -> pd.DataFrame:
    results = pd.read_parquet(run_folder / "results.parquet")
    rows = results[
        (results["quantity"] == "auc") & (results["group"] == "all") & (results["subset"] == "test")
    ]
    rows = rows.drop_duplicates("model").dropna(subset=["estimate"])
    return rows.sort_values("estimate", ascending=False, ignore_index=True)
