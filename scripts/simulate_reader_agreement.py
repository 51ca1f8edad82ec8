"""How often the intervals of docs/agreement.md hold the truth: kappa, paired differences, shares of readings.

python scripts/simulate_reader_agreement.py [kappa | paired | clusters | matched] [--studies 1000]
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator

import numpy as np
from scipy.special import ndtr

from samesplit.statistics import (
    Interval,
    cohen_kappa_interval,
    crossed_mean,
    fleiss_kappa,
    gwet_ac,
    krippendorff_alpha,
    model_at_reader_point,
    paired_interval,
)

READERS = 4


def inside(found: Interval, truth: float) -> bool:
    """Whether an interval holds the truth; one that is missing does not."""
    return bool(found.ci_low <= truth <= found.ci_high)


def calls(rng: np.random.Generator, n: int, prevalence: float, readers: int) -> np.ndarray:
    """Calls of readers with a sensitivity of 0.85 and a specificity of 0.8, independent given the truth."""
    truth = rng.random((n, 1)) < prevalence
    return (rng.random((n, readers)) < np.where(truth, 0.85, 0.2)).astype(float)


def kappa(studies: int) -> Iterator[str]:
    """Coverage of the coefficients of agreement of calls."""
    yield "| positive | cases | Cohen (2 readers) | Fleiss | Gwet AC1 | Krippendorff |"
    yield "|---|---|---|---|---|---|"
    for prevalence in (0.5, 0.15):
        large = calls(np.random.default_rng(99), 1_000_000, prevalence, READERS)
        truths = (
            cohen_kappa_interval(large[:, 0], large[:, 1]).estimate,
            fleiss_kappa(large).estimate,
            gwet_ac(large).estimate,
            krippendorff_alpha(large, n_resamples=0).estimate,
        )
        for n in (25, 50, 100, 200):
            rng = np.random.default_rng(n)
            hits = np.zeros(4)
            for study in range(studies):
                table = calls(rng, n, prevalence, READERS)
                found = (
                    cohen_kappa_interval(table[:, 0], table[:, 1]),
                    fleiss_kappa(table),
                    gwet_ac(table),
                    krippendorff_alpha(table, n_resamples=500, seed=study),
                )
                hits += [inside(each, truth) for each, truth in zip(found, truths, strict=True)]
            shares = " | ".join(f"{share:.3f}" for share in hits / studies)
            yield f"| {prevalence:.0%} | {n} | {shares} |"


def paired(studies: int) -> Iterator[str]:
    """Coverage of the intervals of a paired difference."""
    methods = ("Tango", "Agresti-Min", "Newcombe", "Wald")
    yield "| right: first, second | cases | " + " | ".join(methods) + " |"
    yield "|---|---|---|---|---|---|"
    for first, second in ((0.8, 0.8), (0.95, 0.85), (0.98, 0.96)):
        both = first * second + 0.4 * min(first * (1 - second), second * (1 - first))
        cells = [both, first - both, second - both, 1 - first - second + both]
        for n in (25, 50, 100, 200):
            drawn = np.random.default_rng(n).multinomial(n, cells, size=studies)
            hits = [
                np.mean([inside(paired_interval(*map(int, row), method=m), first - second) for row in drawn])
                for m in methods
            ]
            shares = " | ".join(f"{share:.3f}" for share in hits)
            yield f"| {first:g}, {second:g} | {n} | {shares} |"


def clusters(studies: int) -> Iterator[str]:
    """Coverage of a share over readings with readers and patients as clusters."""
    yield "| readers | patients | small differences of readers | large |"
    yield "|---|---|---|---|"
    for n_readers in (3, 5, 10):
        for n_patients in (50, 200):
            rng = np.random.default_rng(1000 * n_readers + n_patients)
            readers = np.repeat(np.arange(n_readers), n_patients)
            patients = np.tile(np.arange(n_patients), n_readers)
            shares = []
            for spread in (0.2, 0.8):
                truth = float(ndtr(0.5 / np.sqrt(2 + spread**2)))
                hits = 0
                for _ in range(studies):
                    skill = rng.normal(0, spread, n_readers)[readers] + rng.normal(size=n_patients)[patients]
                    right = 0.5 + skill + rng.normal(size=readers.size) > 0
                    hits += inside(crossed_mean(right.astype(float), readers, patients), truth)
                shares.append(f"{hits / studies:.3f}")
            yield f"| {n_readers} | {n_patients} | {' | '.join(shares)} |"


def matched(studies: int) -> Iterator[str]:
    """How often a model exactly as good as the reader is rejected at the reader's specificity, at 5 %."""
    yield "| positive | negative | correlation | exact McNemar | mid-p | Tango leaves 0 out | `rematched` |"
    yield "|---|---|---|---|---|---|---|"
    for positives, negatives in ((50, 50), (100, 100), (200, 50)):
        truth = np.repeat([1, 0], [positives, negatives])
        for correlation in (0.3, 0.6):
            rng = np.random.default_rng(positives + negatives)
            shares = np.zeros(4)
            for study in range(studies):
                shared = rng.normal(0, np.sqrt(correlation), truth.size)
                own = rng.normal(0, np.sqrt(1 - correlation), (2, truth.size))
                model, reader = 1.5 * truth + shared + own
                found = model_at_reader_point(truth, model, reader > 0.9, n_resamples=300, seed=study)
                shares += (
                    found.difference.p_value < 0.05,
                    found.mid_p < 0.05,
                    not inside(found.difference, 0.0),
                    found.rematched.p_value < 0.05,
                )
            cells = " | ".join(f"{share:.3f}" for share in shares / studies)
            yield f"| {positives} | {negatives} | {correlation:g} | {cells} |"


def main() -> None:
    """Print the tables that are asked for."""
    tables = {"kappa": kappa, "paired": paired, "clusters": clusters, "matched": matched}
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tables", nargs="*", choices=list(tables), default=list(tables))
    parser.add_argument("--studies", type=int, default=1000)
    asked = parser.parse_args()
    for name in asked.tables:
        print(f"\n{name}\n")
        for line in tables[name](asked.studies):
            print(line, flush=True)


if __name__ == "__main__":
    main()
