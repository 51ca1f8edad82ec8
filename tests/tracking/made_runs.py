"""Finished runs without any computing, and what a store says of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from samesplit.tables import RESULTS, empty_table, write_table
from samesplit.tracking import store_uri

PATIENTS = 12


def make_run(folder: Path, *, auc: float = 0.8, more_models: int = 0) -> Path:
    """A finished run's folder with two models, in two folds, and more models where asked for."""
    folder.mkdir(parents=True, exist_ok=True)
    names = ["forest", "zero-rule", *(f"model-{n}" for n in range(more_models))]
    rows = []
    for place, model in enumerate(names):
        value = auc - 0.02 * max(place - 1, 0)
        for subset, group, at in (("test", "all", value), ("validation", "subset=validation", value / 2)):
            interval = (at, at - 0.1, at + 0.1, np.nan, np.nan, "", 40, 20, "DeLong", "")
            rows.append(("auc", model, "", subset, group, *interval))
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
    write_cohort(folder)
    write_predictions(folder, names)
    write_details(folder, names)
    model = {"kind": "estimator", "description": "", "seeds": [0], "settings": {"parameters": {"depth": 3}}}
    titles = {"forest": "Random forest", "zero-rule": "Zero rule"}
    record = {
        "run": "abc",
        "benchmark": "balls",
        "title": "Balls",
        "question": "Which?",
        "models": [{"name": name, "title": titles.get(name, name), **model} for name in names],
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


def write_cohort(folder: Path) -> None:
    """Twelve patients, the first with two lesions, in two folds; half of what is not tested is for validation."""
    lesions = [(f"L{p:02d}a", f"P{p:02d}", ("benign", "malignant")[p % 2], 50.0 + p) for p in range(PATIENTS)]
    lesions.append(("L00b", "P00", "benign", 50.0))
    columns = ["lesion_id", "patient_id", "label", "age"]
    write_table(pd.DataFrame(lesions, columns=columns), folder / "lesions.parquet")
    splits = [
        (f"P{p:02d}", 0, fold, "test" if p % 2 == fold else ("validation" if p % 4 > 1 else "train"))
        for fold in (0, 1)
        for p in range(PATIENTS)
    ]
    table = pd.DataFrame(splits, columns=["patient_id", "repeat", "fold", "subset"])
    write_table(table, folder / "splits.parquet")


def write_predictions(folder: Path, models: list[str]) -> None:
    rows = [
        (model, 0, 0, p % 2, subset, "R1", f"L{p:02d}a", p / PATIENTS)
        for model in models
        for subset in ("validation", "test")
        for p in range(PATIENTS)
    ]
    columns = ["model", "seed", "repeat", "fold", "subset", "rater", "lesion_id", "probability"]
    table = pd.DataFrame(rows, columns=columns)
    write_table(table, folder / "predictions.parquet")
    table.to_csv(folder / "predictions.csv", index=False)


def write_details(folder: Path, models: list[str], *, rounds: int = 3) -> None:
    """What models told: a grid, a long table of ranks, and the history of a network in two folds."""
    fit = {"seed": 0, "repeat": 0, "fold": 0}
    grid = [("anova", 5, 0.7), ("anova", 10, 0.6), ("lasso", 5, 0.65)]
    table = pd.DataFrame(grid, columns=["selector", "size", "inner_auc"]).assign(model="forest", **fit)
    write_table(table, folder / "details" / "grid.parquet")
    ranks = pd.DataFrame({"model": ["forest"] * 50_001, "rank": 1})
    write_table(ranks, folder / "details" / "rankings.parquet")
    history = [
        (n / 2, 4 * n, metric, value, models[1], 0, 0, fold)
        for fold in (0, 1)
        for n in range(1, rounds + 1)
        for metric, value in (("validation loss", 1 / n), ("validation AUC", 1 - 1 / (n + 1)))
    ]
    columns = ["epoch", "steps", "metric", "value", "model", "seed", "repeat", "fold"]
    write_table(pd.DataFrame(history, columns=columns), folder / "details" / "history.parquet")
    folds = [(model, 0, 0, fold, 6, 3, 0.7 + fold / 10) for model in models for fold in (0, 1)]
    columns = ["model", "seed", "repeat", "fold", "n", "n_positive", "auc"]
    write_table(pd.DataFrame(folds, columns=columns), folder / "folds.parquet")


def client_of(store: Path) -> Any:
    from mlflow import MlflowClient

    return MlflowClient(tracking_uri=store_uri(store))


def experiment_of(store: Path) -> str:
    return str(client_of(store).get_experiment_by_name("balls").experiment_id)


def models_in(store: Path, **search: Any) -> list[Any]:
    """The logged models, by whatever they are asked for."""
    return list(client_of(store).search_logged_models([experiment_of(store)], **search))


def runs_in(store: Path) -> pd.DataFrame:
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
            for r in client_of(store).search_runs([experiment_of(store)])
        ]
    )
