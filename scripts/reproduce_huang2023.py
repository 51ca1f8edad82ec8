"""The published grid of radMLBench on Huang2023, repeated with the selectors and classifiers of samesplit.

Usage: python scripts/reproduce_huang2023.py DATA_FOLDER   (the folder that holds Huang2023.gz and
huang2023_published_grid.csv; some minutes on one core)

Prints the tables of docs/huang2023.md. tests/models/radiomics/test_huang2023.py repeats the first of them.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import RepeatedStratifiedKFold
from sklearn.preprocessing import StandardScaler

from samesplit.models.radiomics.classifiers import make_classifier
from samesplit.models.radiomics.preparation import DropCorrelated
from samesplit.models.radiomics.selectors import AnovaF, L1Logistic, Lasso, RankingSelector

KEY = ["threshold", "selector", "size", "classifier", "setting"]
RANDOM_STATE = 463  # radMLBench.getCVSplits: 42 * num_splits + num_repeats + 42


@dataclass(frozen=True)
class Way:
    """One way to run the grid.

    Attributes:
        selectors: An unfitted selector by its published name.
        classifiers: An unfitted classifier by its published name, from the published setting.
        keep: Which columns a correlation threshold leaves, from the training values.
        scaled: Whether features are standardised inside the fold.
    """

    selectors: dict[str, Callable[[], RankingSelector]]
    classifiers: dict[str, Callable[[float], Any]]
    keep: Callable[[np.ndarray, float], np.ndarray]
    scaled: bool = False


def published_filter(values: np.ndarray, threshold: float) -> np.ndarray:
    """The columns left by radMLBench's filter.

    Of every two columns with an absolute correlation of at least the threshold, the one whose mean absolute
    correlation with all columns is lower goes: the opposite of the usual rule, and columns that go still take
    others with them.
    """
    if threshold >= 1:
        return np.arange(values.shape[1])
    strength = np.abs(np.corrcoef(values, rowvar=False))
    mean = strength.mean(axis=1)
    close = strength >= threshold
    np.fill_diagonal(close, val=False)
    return np.flatnonzero(~(close & (mean[:, None] > mean[None, :])).any(axis=0))


def our_filter(values: np.ndarray, threshold: float) -> np.ndarray:
    """The columns left by samesplit's: the first of those that follow each other stays."""
    if threshold >= 1:
        return np.arange(values.shape[1])
    return np.flatnonzero(DropCorrelated(limit=threshold).fit(values).get_support())


PUBLISHED_SELECTORS: dict[str, Callable[[], RankingSelector]] = {
    "ANOVA": partial(AnovaF, size=None),
    "LASSO": partial(
        L1Logistic,
        size=None,
        C=1.0,
        standardise=False,
        tolerance=1e-4,
        iterations=100,
        random_state=42,
        equal_columns="all",
    ),
}
"""What radMLBench calls LASSO is one L1-penalised logistic regression, stopped early."""


def published_logistic(setting: float) -> Any:
    """Logistic regression as published: liblinear, which penalises the intercept too."""
    settings = {"C": setting, "solver": "liblinear", "max_iter": 500}
    return make_classifier("logistic", settings, seed=42)


PUBLISHED_CLASSIFIERS: dict[str, Callable[[float], Any]] = {
    "LogisticRegression": published_logistic,
    "NaiveBayes": lambda setting: make_classifier("naive-bayes"),
}
RANDOM_SETTINGS = {"RBFSVM": [0.125, 8.0], "RandomForest": [25.0, 100.0]}
"""Two of seven of each: C, and trees."""
AS_PUBLISHED = Way(PUBLISHED_SELECTORS, PUBLISHED_CLASSIFIERS, published_filter)


def read_data(folder: Path) -> tuple[np.ndarray, np.ndarray, pd.DataFrame]:
    """Features, labels, and the published AUCs: columns `KEY` and `published`."""
    table = pd.read_csv(folder / "Huang2023.gz")
    labels = table.pop("Target").to_numpy()
    grid = pd.read_csv(folder / "huang2023_published_grid.csv").rename(
        columns={
            "params_fs_method": "selector",
            "params_clf_method": "classifier",
            "params_N": "size",
            "value": "published",
        }
    )
    settings = grid[["params_C_LR", "params_C_SVM", "params_RF_n_estimators"]]
    grid["setting"] = settings.bfill(axis=1).iloc[:, 0].fillna(0.0)
    return table.drop(columns="ID").to_numpy(), labels, grid[[*KEY, "published"]]


def reproduce(
    features: np.ndarray, labels: np.ndarray, grid: pd.DataFrame, way: Way = AS_PUBLISHED
) -> pd.DataFrame:
    """Run the rows of the grid whose selector and classifier the way has: one 10-fold, predictions pooled.

    Args:
        features: Shape (n_lesions, n_features).
        labels: 0 or 1.
        grid: Rows of the published grid.
        way: How.

    Returns:
        Those rows with `auc` and `difference` (ours minus published).
    """
    wanted = grid[grid["selector"].isin(way.selectors) & grid["classifier"].isin(way.classifiers)]
    splitter = RepeatedStratifiedKFold(n_splits=10, n_repeats=1, random_state=RANDOM_STATE)
    pooled: dict[tuple[Any, ...], list[np.ndarray]] = {}
    truth = []
    for fitted, tested in splitter.split(features, labels):
        truth.append(labels[tested])
        for threshold, cells in wanted.groupby("threshold"):
            columns = way.keep(features[fitted], float(threshold))
            learn, judge = features[fitted][:, columns], features[tested][:, columns]
            if way.scaled:
                scale = StandardScaler().fit(learn)
                learn, judge = scale.transform(learn), scale.transform(judge)
            for selector, same in cells.groupby("selector"):
                ranking = way.selectors[str(selector)]().fit(learn, labels[fitted]).ranking_
                for row in same[KEY].itertuples(index=False):
                    best = np.sort(ranking[: int(row.size)])
                    model = way.classifiers[str(row.classifier)](float(row.setting))
                    model.fit(learn[:, best], labels[fitted])
                    pooled.setdefault(tuple(row), []).append(model.predict_proba(judge[:, best])[:, 1])
    y = np.concatenate(truth)
    found = wanted.assign(
        auc=[
            roc_auc_score(y, np.concatenate(pooled[tuple(row)]))
            for row in wanted[KEY].itertuples(index=False)
        ]
    )
    return found.assign(difference=found["auc"] - found["published"])


def summary(found: pd.DataFrame, by: Iterable[str] = ("selector", "classifier")) -> pd.DataFrame:
    """How many cells agree, and how far the others are."""
    off = found["difference"].abs()
    return (
        found.assign(off=off, within=off <= 0.01)
        .groupby(list(by))
        .agg(
            cells=("off", "size"),
            within_001=("within", "sum"),
            median=("off", "median"),
            largest=("off", "max"),
        )
    )


def other_ways() -> dict[str, Way]:
    """The published way with one thing done as samesplit does it."""
    plain = {**PUBLISHED_CLASSIFIERS, "LogisticRegression": lambda c: make_classifier("logistic", {"C": c})}
    lasso: dict[str, Callable[[], RankingSelector]] = {"LASSO": partial(Lasso, size=None)}
    settled: dict[str, Callable[[], RankingSelector]] = {
        "LASSO": partial(L1Logistic, size=None, standardise=False, random_state=42)
    }
    return {
        "logistic by lbfgs, intercept free": Way(PUBLISHED_SELECTORS, plain, published_filter),
        "L1 logistic run to convergence": Way(settled, PUBLISHED_CLASSIFIERS, published_filter),
        "LASSO path instead of L1 logistic": Way(lasso, PUBLISHED_CLASSIFIERS, published_filter),
        "standardised inside the fold": Way(
            PUBLISHED_SELECTORS, PUBLISHED_CLASSIFIERS, published_filter, scaled=True
        ),
        "our correlation filter": Way(PUBLISHED_SELECTORS, PUBLISHED_CLASSIFIERS, our_filter),
    }


def random_ways() -> Way:
    """SVM and random forest, whose published seeds cannot be had."""
    return Way(
        PUBLISHED_SELECTORS,
        {
            "RBFSVM": lambda c: make_classifier("svm", {"C": c, "gamma": "auto"}, seed=42),
            "RandomForest": lambda trees: make_classifier(
                "random-forest", {"n_estimators": int(trees), "min_samples_leaf": 1}, seed=42
            ),
        },
        published_filter,
    )


def main(folder: Path) -> None:
    """Print all tables."""
    features, labels, grid = read_data(folder)
    print("As published\n", summary(reproduce(features, labels, grid)), flush=True)
    for name, way in other_ways().items():
        print(f"\n{name}\n", summary(reproduce(features, labels, grid, way)), flush=True)
    some = grid[grid["threshold"].isin([1.0, 0.9])]
    for classifier, settings in RANDOM_SETTINGS.items():
        rows = some[(some["classifier"] == classifier) & some["setting"].isin(settings)]
        found = reproduce(features, labels, rows, random_ways())
        print(f"\n{classifier} {settings}\n", summary(found), flush=True)


if __name__ == "__main__":
    pd.set_option("display.width", 120, "display.precision", 4)
    main(Path(sys.argv[1]))
