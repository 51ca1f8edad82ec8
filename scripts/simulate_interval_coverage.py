"""Measure how often the 95 % intervals of the report hold the truth, by size, prevalence and folds.

    python scripts/simulate_interval_coverage.py    # writes evaluation/coverage.csv and docs/interval-coverage.md

For 25, 50, 100 and 200 lesions (one a patient), half or a fifth of them positive, and one test set or five folds:
AUC, sensitivity at a threshold from training data, Brier score, and the Dice of masks. The intervals are made by
the functions of `samesplit.statistics` that the report calls. With 1,000 studies a share of 0.95 has a standard
error of 0.007. Over five folds the AUC is that which this way of training reaches on average; sensitivity, Brier
score and Dice are those of the models as fitted, as their intervals say.
"""

from __future__ import annotations

import argparse
import csv
import io
import math
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from scipy import stats

from samesplit.statistics.auc import area_interval, auc_interval
from samesplit.statistics.bootstrap import draw_patients
from samesplit.statistics.cross_validated import cross_validated_auc
from samesplit.statistics.interval import Interval
from samesplit.statistics.patient_summaries import summary_of_lesions
from samesplit.statistics.proportions import proportion_interval
from samesplit.statistics.weighted import weighted_brier

Array = np.ndarray
SIZES, PREVALENCES, FOLDS = (25, 50, 100, 200), (0.5, 0.2), (1, 5)
N_FEATURES, EFFECT, N_RESAMPLES = 5, 0.55, 1000
"""Five independent normal features whose means differ by 0.55 SD: the best AUC is 0.81."""
QUANTITIES = ("auc", "sensitivity", "brier", "dice")
HEADER = ("quantity", "n", "prevalence", "folds", "coverage", "mean_width", "no_interval", "studies")
_NODES, _WEIGHTS = np.polynomial.hermite_e.hermegauss(60)
_WEIGHTS = _WEIGHTS / _WEIGHTS.sum()


class Classifier:
    """Linear discriminant analysis of two classes, and what it truly reaches on new lesions.

    Args:
        x: Shape (n, features), the training lesions.
        y: Their labels.
    """

    def __init__(self, x: Array, y: Array) -> None:
        a, b = x[y == 1], x[y == 0]
        centred = np.vstack([a - a.mean(0), b - b.mean(0)])
        pooled = centred.T @ centred / max(len(x) - 2, 1) + 1e-6 * np.eye(x.shape[1])
        self.weights = np.linalg.solve(pooled, a.mean(0) - b.mean(0))
        middle = (a.mean(0) + b.mean(0)) / 2
        self.offset = math.log(len(a) / len(b)) - float(middle @ self.weights)
        scores = self.score(x)
        cuts = np.unique(scores)
        gain = [np.mean(scores[y == 1] >= cut) + np.mean(scores[y == 0] < cut) for cut in cuts]
        self.threshold = float(cuts[int(np.argmax(gain))])

    def score(self, x: Array) -> Array:
        """Return the log odds of lesions."""
        found: Array = x @ self.weights + self.offset
        return found

    def _law(self, label: int) -> tuple[float, float]:
        """Return mean and standard deviation of the log odds of new lesions of a class."""
        return label * EFFECT * float(self.weights.sum()) + self.offset, float(np.linalg.norm(self.weights))

    def sensitivity(self) -> float:
        """Return the true sensitivity at the threshold."""
        mean, sd = self._law(1)
        return float(stats.norm.sf((self.threshold - mean) / sd))

    def auc(self) -> float:
        """Return the true AUC."""
        return float(stats.norm.cdf((self._law(1)[0] - self._law(0)[0]) / (self._law(1)[1] * math.sqrt(2))))

    def brier(self, prevalence: float) -> float:
        """Return the expected Brier score."""
        found = 0.0
        for label, share in ((1, prevalence), (0, 1 - prevalence)):
            mean, sd = self._law(label)
            p = stats.logistic.cdf(mean + sd * _NODES)
            found += share * float(_WEIGHTS @ (label - p) ** 2)
        return found


def _features(y: Array, rng: np.random.Generator) -> Array:
    x: Array = rng.standard_normal((y.size, N_FEATURES))
    x[y == 1] += EFFECT
    return x


def _labels(n: int, prevalence: float, rng: np.random.Generator) -> Array:
    """Draw the labels of a cohort; one with fewer than two lesions of a class is drawn again."""
    while True:
        labels: Array = (rng.random(n) < prevalence).astype(np.int64)
        if 2 <= labels.sum() <= n - 2:
            return labels


def _dealt(y: Array, k: int, rng: np.random.Generator) -> Array:
    fold = np.empty(y.size, dtype=np.int64)
    for label in (0, 1):
        members = rng.permutation(np.flatnonzero(y == label))
        fold[members] = np.arange(members.size) % k
    return fold


def _brier(y: Array, p: Array, seed: int) -> Interval:
    samples = draw_patients(y, np.arange(y.size), n_resamples=N_RESAMPLES, seed=seed)
    return samples.interval(lambda weights: weighted_brier(weights, y, p))


def _one_test_set(n: int, prevalence: float, rng: np.random.Generator) -> dict[str, tuple[Interval, float]]:
    """Judge a model that was trained on 200 other lesions."""
    trained_on = _labels(200, prevalence, rng)
    model = Classifier(_features(trained_on, rng), trained_on)
    y = _labels(n, prevalence, rng)
    scores = model.score(_features(y, rng))
    called = int((scores[y == 1] >= model.threshold).sum())
    return {
        "auc": (auc_interval(y, scores), model.auc()),
        "sensitivity": (proportion_interval(called, int(y.sum())), model.sensitivity()),
        "brier": (_brier(y, stats.logistic.cdf(scores), 0), model.brier(prevalence)),
    }


def _five_folds(n: int, prevalence: float, rng: np.random.Generator) -> dict[str, tuple[Interval, float]]:
    """Judge five models, each on the fold that it was not trained on; the truth of the AUC is filled in later."""
    y = _labels(n, prevalence, rng)
    x, fold = _features(y, rng), _dealt(y, 5, rng)
    scores, called = np.zeros(n), np.zeros(n, dtype=bool)
    sensitivity = brier = 0.0
    sizes = []
    for k in range(5):
        test = fold == k
        model = Classifier(x[~test], y[~test])
        scores[test] = model.score(x[test])
        called[test] = scores[test] >= model.threshold
        sensitivity += model.sensitivity() * y[test].sum() / y.sum()
        brier += model.brier(prevalence) * test.sum() / n
        sizes.append((int(y[test].sum()), int((1 - y[test]).sum())))
    found = cross_validated_auc(y, scores, np.arange(n), fold)
    both = [size for size in sizes if min(size) > 0]  # a fold without a class has no AUC
    return {
        "auc": (area_interval(found, [both], method="both parts"), math.nan),
        "sensitivity": (proportion_interval(int(called[y == 1].sum()), int(y.sum())), sensitivity),
        "brier": (_brier(y, stats.logistic.cdf(scores), 0), brier),
    }


def _dice(n: int, folds: int, rng: np.random.Generator) -> tuple[Interval, float]:
    """Judge masks: nine lesions of ten have a Dice of Beta(8, 2), one is missed; models differ by 0.03."""
    shift = 0.03 * rng.standard_normal(folds)
    fold = np.arange(n) % folds
    missed = rng.random(n) < 0.1
    values = np.where(missed, 0.0, np.clip(rng.beta(8, 2, n) + shift[fold], 0, 1))
    grid = stats.beta.ppf((np.arange(4000) + 0.5) / 4000, 8, 2)
    each = [0.9 * float(np.clip(grid + one, 0, 1).mean()) for one in shift]
    truth = float(np.mean([each[k] for k in fold]))
    return summary_of_lesions(values, np.arange(n), n_resamples=N_RESAMPLES), truth


def rows(n_studies: int) -> Iterator[dict[str, object]]:
    """Yield one row a quantity, size, prevalence and number of folds."""
    for folds in FOLDS:
        for n in SIZES:
            for prevalence in PREVALENCES:
                rng = np.random.default_rng([1, folds, n, round(100 * prevalence)])
                study = _one_test_set if folds == 1 else _five_folds
                made = [study(n, prevalence, rng) for _ in range(n_studies)]
                for quantity in ("auc", "sensitivity", "brier"):
                    pairs = [each[quantity] for each in made]
                    if folds > 1 and quantity == "auc":  # what this way of training reaches on average
                        truth = float(np.nanmean([found.estimate for found, _ in pairs]))
                        pairs = [(found, truth) for found, _ in pairs]
                    yield _row(quantity, n, prevalence, folds, pairs)
            rng = np.random.default_rng([2, folds, n])
            pairs = [_dice(n, folds, rng) for _ in range(n_studies)]
            yield _row("dice", n, 1.0, folds, pairs)


def _row(
    quantity: str, n: int, prevalence: float, folds: int, pairs: list[tuple[Interval, float]]
) -> dict[str, object]:
    known = [(found, truth) for found, truth in pairs if not math.isnan(found.ci_low)]
    held = [found.ci_low <= truth <= found.ci_high for found, truth in known]
    width = [found.ci_high - found.ci_low for found, _ in known]
    made = (
        f"{np.mean(held):.3f}", f"{np.mean(width):.3f}", f"{1 - len(known) / len(pairs):.3f}", str(len(pairs))
    )  # fmt: skip
    row = dict(zip(HEADER, (quantity, str(n), f"{prevalence:g}", str(folds), *made), strict=True))
    print(" ".join(map(str, row.values())), file=sys.stderr, flush=True)
    return row


def page(found: list[dict[str, object]]) -> str:
    """Return the table of the docs."""
    head = "| lesions | positive | folds | AUC | sensitivity | Brier score | Dice |\n" + "|---" * 7 + "|\n"
    lines = []
    for folds in FOLDS:
        for n in SIZES:
            for prevalence in PREVALENCES:
                cells = []
                for quantity in QUANTITIES:
                    wanted = "1" if quantity == "dice" else f"{prevalence:g}"
                    row = next(
                        r for r in found
                        if (r["quantity"], r["n"], r["prevalence"], r["folds"])
                        == (quantity, str(n), wanted, str(folds))
                    )  # fmt: skip
                    share = float(str(row["coverage"]))
                    cells.append(f"{share:.3f}" if 0.93 <= share <= 0.97 else f"**{share:.3f}**")
                lines.append(f"| {n} | {prevalence:.0%} | {folds} | " + " | ".join(cells) + " |")
    return head + "\n".join(lines).replace("%", " %") + "\n"


def main() -> None:
    """Simulate, and write the file that evaluations read and the table of docs/interval-coverage.md."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--studies", type=int, default=1000, help="simulated studies a line")
    parser.add_argument("--output", type=Path, default=None, help="write here, not into package and docs")
    asked = parser.parse_args()
    found = list(rows(asked.studies))
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, HEADER, lineterminator="\n")
    writer.writeheader()
    writer.writerows(found)
    root = Path(__file__).resolve().parents[1]
    table = asked.output or root / "src/samesplit/evaluation/coverage.csv"
    table.write_text(buffer.getvalue(), encoding="utf-8")
    if asked.output is None:
        docs = root / "docs/interval-coverage.md"
        before = docs.read_text(encoding="utf-8").partition("<!-- table -->")[0]
        docs.write_text(f"{before}<!-- table -->\n\n{page(found)}", encoding="utf-8")
    else:
        print(page(found))


if __name__ == "__main__":
    main()
