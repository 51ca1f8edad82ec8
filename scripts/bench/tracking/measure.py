"""Time the push of a run of ten models into MLflow: to a new store, to one that is there, and once more.

python scripts/bench/tracking/measure.py [--models 10] [--rounds 2000]

The run is made up: 40 quantities a model with intervals, 9 on the validation part (130 to 150 metrics, as a run of
two classes has), predictions of 300 lesions in five folds, and one network that looked at its validation part
`--rounds` times in each fold. Every push is made by a process of its own, as `samesplit push` is; times with and
without the import of MLflow are printed.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

from samesplit.tables import RESULTS, empty_table, write_table

FOLDS, LESIONS = 5, 300
QUANTITIES = {"test": 40, "validation": 9}
_PUSH = """
import sys, time
from pathlib import Path
began = time.perf_counter()
from mlflow import MlflowClient
import mlflow.store.tracking.sqlalchemy_store
from samesplit.tracking import push
imported, used = time.perf_counter(), time.process_time()
push(Path(sys.argv[1]), Path(sys.argv[2]))
print(imported - began, time.perf_counter() - imported, time.process_time() - used)
"""


def main() -> None:
    """Make runs, push them, print the seconds."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=2000)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        root = Path(place)
        runs = [
            make_run(root / "reports" / "made-up" / name, models=asked.models, rounds=asked.rounds)
            for name in ("first", "second")
        ]
        print(
            f"{asked.models} models, {FOLDS} folds, {asked.rounds} rounds of one network a fold; one commit: "
            f"{1000 * commit_seconds(root):.0f} ms"
        )
        for what, run in (
            ("new store", runs[0]),
            ("existing store", runs[1]),
            ("the same run again", runs[1]),
        ):
            words = [sys.executable, "-c", _PUSH, str(run), str(root / "mlflow.db")]
            told = subprocess.run(words, check=True, capture_output=True, text=True).stdout.split()
            imported, took, computed = map(float, told)
            print(
                f"{what:20} {took:6.2f} s ({computed:.2f} s of computing), and {imported:.2f} s to import MLflow"
            )


def commit_seconds(root: Path) -> float:
    """Return how long SQLite needs to force one change to this disk, which is most of a push."""
    import sqlite3

    connection = sqlite3.connect(root / "commit.db")
    connection.execute("CREATE TABLE numbers (number)")
    began = time.perf_counter()
    for number in range(20):
        connection.execute("INSERT INTO numbers VALUES (?)", (number,))
        connection.commit()
    connection.close()
    return (time.perf_counter() - began) / 20


def make_run(folder: Path, *, models: int, rounds: int) -> Path:
    """Write the folder of a finished run."""
    rng = np.random.default_rng(0)
    names = [f"model-{n}" for n in range(models)]
    rows = []
    for model in names:
        for subset, group in (("test", "all"), ("validation", "subset=validation")):
            for n in range(QUANTITIES[subset]):
                at = float(rng.uniform(0.2, 0.8))
                name = "auc" if n == 0 else f"quantity_{n}"
                rows.append(
                    (
                        name,
                        model,
                        "",
                        subset,
                        group,
                        at,
                        at - 0.1,
                        at + 0.1,
                        np.nan,
                        np.nan,
                        "",
                        300,
                        150,
                        "-",
                        "",
                    )
                )
    results = pd.DataFrame(rows, columns=list(empty_table(RESULTS).columns))
    write_table(results, folder / "results.parquet", RESULTS)
    results.to_csv(folder / "results.csv", index=False)
    lesions = [f"L{n:03d}" for n in range(LESIONS)]
    patients = [f"P{n:03d}" for n in range(LESIONS)]
    label = np.where(np.arange(LESIONS) % 2, "benign", "malignant")
    write_table(
        pd.DataFrame({"lesion_id": lesions, "patient_id": patients, "label": label}),
        folder / "lesions.parquet",
    )
    tables = [
        pd.DataFrame(
            {
                "patient_id": patients,
                "repeat": 0,
                "fold": fold,
                "subset": np.where(np.arange(LESIONS) % FOLDS == fold, "test", "train"),
            }
        )
        for fold in range(FOLDS)
    ]
    write_table(pd.concat(tables, ignore_index=True), folder / "splits.parquet")
    predictions = pd.concat(
        [
            pd.DataFrame(
                {
                    "model": model,
                    "seed": 0,
                    "repeat": 0,
                    "fold": np.arange(LESIONS) % FOLDS,
                    "subset": "test",
                    "rater": "R1",
                    "lesion_id": lesions,
                    "probability": rng.uniform(size=LESIONS),
                }
            )
            for model in names
        ],
        ignore_index=True,
    )
    write_table(predictions, folder / "predictions.parquet")
    predictions.to_csv(folder / "predictions.csv", index=False)
    write_table(history(names[-1], rounds, rng), folder / "details" / "history.parquet")
    model = {"kind": "estimator", "seeds": [0], "settings": {f"setting_{n}": n for n in range(25)}}
    record = {
        "run": folder.name,
        "benchmark": "made-up",
        "title": "Made up",
        "question": "How long does it take?",
        "models": [{"name": name, "title": name, **model} for name in names],
        "split": {"scheme": "kfold", "seed": 0},
        "hashes": {"split": "0" * 64, "cohort": "1" * 64},
        "versions": {},
        "machine": {},
        "options": {"shuffle_labels": False},
        "statistics": {"reference": names[0], "operating_point": {"policy": "youden"}},
        "started": "2026-01-01T00:00:00+00:00",
        "finished": "2026-01-01T01:00:00+00:00",
    }
    (folder / "run.json").write_text(json.dumps(record))
    return folder


def history(model: str, rounds: int, rng: np.random.Generator) -> pd.DataFrame:
    """Return what a network tells of its training in five folds: four numbers a round."""
    metrics = ("training loss", "learning rate", "validation loss", "validation AUC")
    steps = np.arange(1, rounds + 1) * 10
    return pd.concat(
        [
            pd.DataFrame(
                {
                    "epoch": steps / 10,
                    "steps": steps,
                    "metric": metric,
                    "value": rng.uniform(size=rounds),
                    "model": model,
                    "seed": 0,
                    "repeat": 0,
                    "fold": fold,
                }
            )
            for fold in range(FOLDS)
            for metric in metrics
        ],
        ignore_index=True,
    )


if __name__ == "__main__":
    main()
