"""Finished runs without any computing, and what a store says of them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd

from samesplit.tables import RESULTS, empty_table, write_table
from samesplit.tracking import store_uri


def make_run(folder: Path, *, auc: float = 0.8) -> Path:
    """A finished run's folder with two models."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = [
        ("auc", model, "", "test", "all", auc, auc - 0.1, auc + 0.1, np.nan, np.nan, "", 40, 20, "DeLong", "")
        for model in ("forest", "zero-rule")
    ]
    lower = (-0.3, -0.4, -0.2, 0.01, 0.02, "lower", 40, 20, "DeLong", "")
    rows.append(("auc_difference", "zero-rule", "forest", "test", "all", *lower))
    results = pd.DataFrame(rows, columns=list(empty_table(RESULTS).columns))
    write_table(results, folder / "results.parquet", RESULTS)
    results.to_csv(folder / "results.csv", index=False)
    (folder / "report.html").write_text("<html></html>")
    for repeat in (0, 1):
        fitted = folder / "models" / "forest" / f"seed0-repeat{repeat}-fold0"
        fitted.mkdir(parents=True, exist_ok=True)
        (fitted / "model.skops").write_bytes(b"model")
    write_table(
        pd.DataFrame({"model": ["forest"], "selector": ["anova"], "inner_auc": [0.7]}),
        folder / "details" / "grid.parquet",
    )
    write_table(
        pd.DataFrame({"model": ["forest"] * 50_001, "rank": 1}), folder / "details" / "rankings.parquet"
    )
    model = {"kind": "estimator", "description": "", "seeds": [0], "settings": {"parameters": {"depth": 3}}}
    record = {
        "run": "abc",
        "benchmark": "balls",
        "title": "Balls",
        "question": "Which?",
        "models": [
            {"name": "forest", "title": "Random forest", **model},
            {"name": "zero-rule", "title": "Zero rule", **model},
        ],
        "split": {"scheme": "kfold", "seed": 0},
        "hashes": {"split": "s" * 64, "cohort": "c" * 64},
        "versions": {"samesplit": "0.1.0"},
        "machine": {"cores": 2},
        "options": {"shuffle_labels": False},
        "statistics": {"reference": "forest", "operating_point": {"policy": "youden", "value": None}},
        "seconds": {"features shape": 5.0, "model forest": 90.5},
        "started": "2026-11-29T10:00:00+00:00",
        "finished": "2026-11-29T10:01:30+00:00",
    }
    (folder / "run.json").write_text(json.dumps(record))
    return folder


def runs_in(store: Path) -> pd.DataFrame:
    from mlflow import MlflowClient

    client = MlflowClient(tracking_uri=store_uri(store))
    experiment = client.get_experiment_by_name("balls")
    return pd.DataFrame(
        [
            {
                "id": r.info.run_id,
                "name": r.info.run_name,
                "tags": r.data.tags,
                "metrics": r.data.metrics,
                "params": r.data.params,
                "seconds": (r.info.end_time - r.info.start_time) / 1000,
                "artifacts": r.info.artifact_uri,
            }
            for r in client.search_runs([experiment.experiment_id])
        ]
    )
