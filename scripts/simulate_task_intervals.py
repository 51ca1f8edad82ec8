"""Measure how often the intervals of several classes and of survival hold the truth; tables of docs/intervals.md.

    python scripts/simulate_task_intervals.py classes     # macro and Hand-Till AUC of three classes
    python scripts/simulate_task_intervals.py survival    # Harrell's concordance index

Every figure is the share of simulated studies whose 95 % interval holds the truth. On one test set the truth is
that of a very large one; over folds it is the mean over the studies, so that bias plays no part. The intervals are
those of `samesplit`, called as the report calls them.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable

import numpy as np
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.feature_selection import f_classif

from samesplit.models.survival.ridge_cox import RidgeCox
from samesplit.statistics.auc import area_interval
from samesplit.statistics.influence import Influence
from samesplit.statistics.interval import Interval
from samesplit.statistics.multiclass_auc import Average, multiclass_auc, multiclass_auc_influence
from samesplit.statistics.survival.concordance import concordance_influence, harrell_c
from samesplit.statistics.survival.cross_validated_concordance import (
    concordance_interval,
    concordance_sizes,
    cross_validated_concordance,
)

Array = np.ndarray
AVERAGES: tuple[Average, ...] = ("one-versus-rest", "hand-till")
SHARES = {"equal": (1, 1, 1), "6 : 3 : 1": (6, 3, 1)}
SINGLE, FOLDS = 1000, 300


def table(head: list[str], rows: Iterable[list[str]]) -> None:
    """Print a markdown table line by line, as the lines are computed."""
    print("| " + " | ".join(head) + " |\n|" + "---|" * len(head), flush=True)
    for row in rows:
        print("| " + " | ".join(row) + " |", flush=True)
    print()


def holds(found: Interval, truth: float) -> bool:
    """Whether an interval is there and holds the truth."""
    return bool(found.ci_low <= truth <= found.ci_high)


# Three classes


def labels_of(n: int, shares: tuple[int, ...]) -> Array:
    """Class numbers in fixed shares."""
    return np.repeat(np.arange(3), np.round(n * np.array(shares) / sum(shares)).astype(int))


def probabilities(y: Array, effect: float, rng: np.random.Generator) -> Array:
    """Softmax of independent scores, higher by the effect for the true class."""
    scores = np.exp(rng.standard_normal((y.size, 3)) + effect * np.eye(3)[y])
    result: Array = scores / scores.sum(axis=1, keepdims=True)
    return result


def class_rows(n_studies: int) -> Iterable[list[str]]:
    """Coverage on one test set."""
    for name, shares in SHARES.items():
        for effect in (0.5, 1.5, 3.0):
            large = labels_of(9000, shares)
            p = probabilities(large, effect, np.random.default_rng(0))
            truths = [multiclass_auc(large, p, average=average) for average in AVERAGES]
            for n in (30, 60, 120):
                rng, y, counts = np.random.default_rng(1), labels_of(n, shares), np.zeros(2)
                rarest = int(np.bincount(y).min())
                sizes = [[(rarest, n - rarest)]]  # of the class whose interval is the widest
                for _ in range(n_studies):
                    told = probabilities(y, effect, rng)
                    for place, average in enumerate(AVERAGES):
                        found = multiclass_auc_influence(
                            y, told, np.arange(y.size), np.zeros(y.size), average=average
                        )
                        made = area_interval(found, sizes, method="")
                        counts[place] += holds(made, truths[place])
                shown = [x for pair in zip(truths, counts / n_studies, strict=True) for x in pair]
                yield [name, str(n), *(f"{value:.3f}" for value in shown)]


def class_fold_rows(n_studies: int) -> Iterable[list[str]]:
    """Coverage over folds: ten features by ANOVA, then LDA, on features of which ten differ between classes."""
    for n, features, effect, repeats in (
        (90, 100, 0.0, 1),
        (90, 100, 0.7, 1),
        (210, 500, 0.5, 1),
        (90, 100, 0.7, 3),
    ):
        rng = np.random.default_rng(1)
        found = [_class_study(n, features, effect, repeats, rng) for _ in range(n_studies)]
        yield [str(n), str(features), f"{effect:g}", f"5 x {repeats}", *_shares(found)]


def _class_study(
    n: int, features: int, effect: float, repeats: int, rng: np.random.Generator
) -> list[Interval]:
    y = np.arange(n) % 3
    X = rng.standard_normal((n, features))
    X[:, :10] += effect * np.where(np.arange(10) % 3 == y[:, np.newaxis], 1.0, 0.0)
    told, cells, rows = [], [], []
    for repeat in range(repeats):
        fold = np.empty(n, int)
        for k in range(3):
            fold[y == k] = rng.permutation(np.sum(y == k)) % 5
        for k in range(5):
            train, test = fold != k, fold == k
            best = np.argsort(f_classif(X[train], y[train])[0])[-10:]
            told.append(
                LinearDiscriminantAnalysis().fit(X[train][:, best], y[train]).predict_proba(X[test][:, best])
            )
            cells.append(np.full(test.sum(), 5 * repeat + k))
            rows.append(np.flatnonzero(test))
    place, cell = np.concatenate(rows), np.concatenate(cells)
    found = multiclass_auc_influence(y[place], np.concatenate(told), place, cell, repeats=cell // 5)
    return [area_interval(one, [[(n // 15, n // 8)]], method="") for one in (found.as_fitted(), found)]


def _shares(found: list[list[Interval]]) -> list[str]:
    """Mean and SD of the estimates, and how often the two intervals hold the mean."""
    estimates = np.array([pair[0].estimate for pair in found])
    truth = float(estimates.mean())
    held = [np.mean([holds(pair[i], truth) for pair in found]) for i in range(2)]
    return [f"{value:.3f}" for value in (truth, estimates.std(ddof=1), *held)]


# Survival


def lesions(n: int, effect: float, censored: float, rng: np.random.Generator) -> tuple[Array, Array, Array]:
    """Times, events and log hazards; `censored` is the mean length of follow-up, 0 for no end."""
    risk = rng.standard_normal(n)
    until = rng.exponential(size=n) / np.exp(effect * risk)
    end = censored * rng.exponential(size=n) if censored else np.full(n, np.inf)
    return np.minimum(until, end) + 1e-9, (until <= end).astype(int), risk


def survival_rows(n_studies: int) -> Iterable[list[str]]:
    """Coverage on one test set."""
    for effect in (0.3, 1.0, 2.0):
        for censored in (0.0, 1.0, 0.3):
            rng = np.random.default_rng(0)
            large = [lesions(3000, effect, censored, rng) for _ in range(8)]
            truth = float(np.mean([harrell_c(*study) for study in large]))
            events = float(np.mean([study[1].mean() for study in large]))
            for n in (20, 50, 100):
                held = total = 0
                for _ in range(n_studies):
                    study = lesions(n, effect, censored, rng)
                    if study[1].sum() < 2:
                        continue
                    found = concordance_influence(*study, np.arange(n))
                    held += holds(_interval(found, study, np.zeros(n)), truth)
                    total += 1
                share = f"{100 * events:.0f} %"
                yield [share, str(n), f"{truth:.3f}", f"{held / total:.3f}"]


def _interval(found: Influence, study: tuple[Array, Array, Array], cells: Array) -> Interval:
    times, events, _ = study
    sizes = concordance_sizes(times, events, np.arange(times.size), cells, np.zeros(times.size))
    return concordance_interval(found, sizes, method="")


def survival_fold_rows(n_studies: int) -> Iterable[list[str]]:
    """Coverage over folds: ridge Cox regression on features of which five move the hazard."""
    for n, features, effect, censored in (
        (100, 50, 0.0, 1.0),
        (100, 50, 0.4, 1.0),
        (200, 500, 0.4, 0.5),
        (60, 20, 0.5, 0.5),
    ):
        rng = np.random.default_rng(1)
        found = [_survival_study(n, features, effect, censored, rng) for _ in range(n_studies)]
        yield [str(n), str(features), f"{effect:g}", *_shares(found)]


def _survival_study(
    n: int, features: int, effect: float, censored: float, rng: np.random.Generator
) -> list[Interval]:
    X = rng.standard_normal((n, features))
    until = rng.exponential(size=n) / np.exp(effect * X[:, :5].sum(axis=1))
    end = censored * rng.exponential(size=n)
    times, events = np.minimum(until, end) + 1e-9, (until <= end).astype(int)
    cells = np.empty(n, int)
    for value in (0, 1):
        cells[events == value] = rng.permutation(np.sum(events == value)) % 5
    risk = np.empty(n)
    for k in range(5):
        train = cells != k
        risk[~train] = RidgeCox(penalty=0.01).fit(X[train], times[train], events[train]).predict(X[~train])
    found = cross_validated_concordance(times, events, risk, np.arange(n), cells)
    return [_interval(one, (times, events, risk), cells) for one in (found.as_fitted(), found)]


def main() -> None:
    """Print the tables that were asked for."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("which", choices=["classes", "survival"])
    parser.add_argument("--studies", type=int, default=0, help="simulated studies a line")
    asked = parser.parse_args()
    n = asked.studies
    folds = ["mean", "SD", "as fitted", "report"]
    if asked.which == "classes":
        table(["classes", "n", "macro AUC", "coverage", "Hand-Till", "coverage"], class_rows(n or SINGLE))
        table(["n", "features", "effect", "folds", *folds], class_fold_rows(n or FOLDS))
    else:
        table(["events", "n", "C", "coverage"], survival_rows(n or SINGLE))
        table(["n", "features", "effect", *folds], survival_fold_rows(n or FOLDS))


if __name__ == "__main__":
    main()
