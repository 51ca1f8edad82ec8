"""Draw the figures of docs/concepts: `python scripts/docs/concepts.py [FOLDER]`, about a minute on one core.

The numbers that the page on splits says of its figure are printed.
"""

from __future__ import annotations

import sys
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from sklearn.linear_model import LogisticRegression

from samesplit.statistics import empirical_auc

IMAGES = Path(__file__).parents[2] / "docs" / "concepts" / "images"
PATIENTS, TESTED, SPLITS, FEATURES, EFFECT = 100, 30, 500, 5, 0.58


def _cohort(rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Patients with five features, each of which differs a little between the classes."""
    labels = rng.permutation(np.arange(n) % 2)
    return rng.normal(size=(n, FEATURES)) + EFFECT * labels[:, np.newaxis], labels


def split_luck() -> tuple[np.ndarray, float]:
    """The test AUC of one model over random splits of the same patients, and its AUC on 10,000 new ones."""
    rng = np.random.default_rng(2)
    features, labels = _cohort(rng, PATIENTS)
    aucs = []
    for _ in range(SPLITS):
        order = rng.permutation(PATIENTS)
        test, train = order[:TESTED], order[TESTED:]
        model = LogisticRegression().fit(features[train], labels[train])
        aucs.append(empirical_auc(labels[test], model.predict_proba(features[test])[:, 1]))
    others, their_labels = _cohort(rng, 10_000)
    model = LogisticRegression().fit(features, labels)
    return np.array(aucs), empirical_auc(their_labels, model.predict_proba(others)[:, 1])


def draw_split_luck(aucs: np.ndarray, truth: float) -> Figure:
    """A histogram of the AUCs, with the AUC on new patients as a line."""
    figure = Figure(figsize=(7, 3), layout="constrained")
    axes = figure.subplots()
    axes.hist(aucs, bins=np.arange(0.5, 1.0001, 0.02), color="#4477aa", edgecolor="white")
    axes.axvline(truth, color="#bb5566", linewidth=2)
    axes.annotate(
        f"10,000 new patients: {truth:.2f}",
        (truth, 1),
        xycoords=("data", "axes fraction"),
        xytext=(-6, -12),
        textcoords="offset points",
        ha="right",
        color="#bb5566",
    )
    axes.set(xlabel=f"AUC on {TESTED} test patients", ylabel=f"of {SPLITS} random splits", xlim=(0.5, 1))
    axes.spines[["top", "right"]].set_visible(False)
    return figure


def main(folder: Path = IMAGES) -> None:
    """Draw all figures into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    aucs, truth = split_luck()
    low, high = np.quantile(aucs, [0.05, 0.95])
    best = np.random.default_rng(0).choice(aucs, (20_000, 10)).max(axis=1).mean()
    print(f"new patients {truth:.3f}; nine of ten splits {low:.2f} to {high:.2f}; best of ten {best:.2f}")
    with mpl.rc_context({"svg.hashsalt": "concepts", "svg.fonttype": "none", "font.family": "sans-serif"}):
        draw_split_luck(aucs, truth).savefig(folder / "split-luck.svg", metadata={"Date": None})


if __name__ == "__main__":
    main(*(Path(each) for each in sys.argv[1:]))
