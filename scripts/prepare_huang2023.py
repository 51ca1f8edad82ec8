"""Write lesions.csv, folds.csv and published.csv of benchmarks/huang2023-cystic-renal.

Usage: python scripts/prepare_huang2023.py DATA_FOLDER

DATA_FOLDER holds Huang2023.gz of radMLBench and huang2023_published_grid.csv: the rows of its files
examples/decorrelation/results/trial_Huang2023_*.csv, with the threshold in a column.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.model_selection import RepeatedStratifiedKFold, train_test_split

TARGET = Path(__file__).parents[1] / "benchmarks" / "huang2023-cystic-renal"
FOLDS = 10
# radMLBench.getCVSplits: 42 * num_splits + num_repeats + 42
RANDOM_STATE = 42 * FOLDS + 1 + 42
VALIDATION = 0.2
"""Of the patients that a fold does not test; the published protocol has no validation part."""
SELECTORS = {"Bhattacharyya": "Bhattacharyya", "ANOVA": "ANOVA", "LASSO": "L1 logistic", "ET": "extra trees"}
CLASSIFIERS = {
    "LogisticRegression": "logistic regression",
    "NaiveBayes": "naive Bayes",
    "RBFSVM": "SVM",
    "RandomForest": "random forest",
}


def main(folder: Path) -> None:
    """Write the tables."""
    table = pd.read_csv(folder / "Huang2023.gz", usecols=["ID", "Target"])
    ids = table["ID"].astype(str)
    label = table["Target"].map({0: "benign", 1: "malignant"})
    _write(pd.DataFrame({"lesion_id": ids, "patient_id": ids, "label": label}), "lesions.csv")
    _write(folds(ids.to_numpy(), table["Target"].to_numpy()), "folds.csv")
    _write(published(pd.read_csv(folder / "huang2023_published_grid.csv")), "published.csv")


def folds(ids: np.ndarray, target: np.ndarray) -> pd.DataFrame:
    """The published test parts; a validation part is drawn from the others, with the fold's number as seed."""
    rows = []
    splitter = RepeatedStratifiedKFold(n_splits=FOLDS, n_repeats=1, random_state=RANDOM_STATE)
    for fold, (others, tested) in enumerate(splitter.split(target, target)):
        fitted, held = train_test_split(
            others, test_size=VALIDATION, stratify=target[others], random_state=fold
        )
        for subset, members in (("train", fitted), ("validation", held), ("test", tested)):
            rows += [(ids[member], fold, subset) for member in sorted(members)]
    return pd.DataFrame(rows, columns=["patient_id", "fold", "subset"])


def published(grid: pd.DataFrame) -> pd.DataFrame:
    """The best printed AUC of each selector with each classifier."""
    rows = []
    for (selector, classifier), part in grid.groupby(["params_fs_method", "params_clf_method"]):
        best = part.loc[part["value"].idxmax()]
        penalty = {k: best[f"params_{k}"] for k in ("C_LR", "C_SVM", "RF_n_estimators")}
        setting = "".join(f", {name} {value:g}" for name, value in penalty.items() if value == value)
        filtered = f", |r| < {best['threshold']:g}" if best["threshold"] < 1 else ""
        rows.append(
            {
                "study": "radMLBench",
                "table_figure": "examples/decorrelation/results",
                "task": "cystic renal masses, benign or malignant",
                "cohort_split": "same lesions, 10-fold cross-validation",
                "n": 212,
                "n_pos": 97,
                "n_neg": 115,
                "model_or_reader": f"{SELECTORS[str(selector)]} + {CLASSIFIERS[str(classifier)]}",
                "metric": "AUC",
                "value": f"{best['value']:.4f}",
                "note": f"best of {len(part)} settings, chosen by this very AUC: "
                f"N {best['params_N']:g}{setting}{filtered}",
            }
        )
    return pd.DataFrame(rows).sort_values("value", ascending=False, kind="stable")


def _write(table: pd.DataFrame, name: str) -> None:
    TARGET.mkdir(parents=True, exist_ok=True)
    table.to_csv(TARGET / name, index=False, lineterminator="\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
