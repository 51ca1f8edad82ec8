"""Small reader studies drawn at random, for tests."""

from __future__ import annotations

import numpy as np

from samesplit.statistics.mrmc import ReaderStudy


def simulated(
    seed: int = 0,
    *,
    readers: int = 3,
    cases: int = 12,
    missing: float = 0.0,
    levels: int = 6,
    patients: int = 0,
) -> ReaderStudy:
    """A small study of two modalities, half of its cases positive; with `patients` cases are dealt out to them."""
    generator = np.random.default_rng(seed)
    truth = np.arange(cases) % 2
    signal = generator.normal(size=cases) + 0.8 * truth
    scores = (
        signal + generator.normal(size=(2, readers, 1)) * 0.3 + generator.normal(size=(2, readers, cases))
    )
    scores = np.clip(np.round(scores * 2 + levels / 2), 0, levels)
    scores[generator.random(scores.shape) < missing] = np.nan
    names = [f"c{place}" for place in range(cases)]
    return ReaderStudy(
        scores,
        truth,
        ("A", "B"),
        tuple(f"r{place}" for place in range(readers)),
        tuple(names),
        generator.integers(0, patients, cases) if patients else np.arange(cases),
    )
