"""How far the intervals of a study of this size can be trusted, by simulation.

`coverage.csv` beside this file has the share of simulated studies whose 95 % interval held the truth, by quantity,
number of lesions, prevalence and folds; `scripts/simulate_interval_coverage.py` makes it and
docs/interval-coverage.md shows it.
"""

from __future__ import annotations

import functools
import math
from pathlib import Path

import numpy as np
import pandas as pd

from samesplit.ordering import above, below
from samesplit.reader_names import is_reader_name

__all__ = ["COVERAGE_COLUMNS", "INTERVAL_COVERAGE", "RELIABLE", "interval_coverage"]

INTERVAL_COVERAGE = "interval_coverage"
"""The name of the table in a run."""
COVERAGE_COLUMNS = [
    "quantity",
    "n",
    "n_positive",
    "folds",
    "coverage",
    "simulated_n",
    "simulated_prevalence",
    "verdict",
]
RELIABLE = (0.93, 0.97)
"""Coverage of a 95 % interval that is called reliable."""
_ALIKE = {"specificity": "sensitivity"}
"""Quantities that are simulated under another name: the specificity is the sensitivity for the other class."""


def interval_coverage(results: pd.DataFrame, *, n_folds: int) -> pd.DataFrame:
    """Tell for each quantity of the models, over all test lesions, whether its interval is reliable at this size.

    Args:
        results: The table of results.
        n_folds: In how many folds lesions were tested; 1 for one test set.

    Returns:
        The columns of `COVERAGE_COLUMNS`, one row a quantity that was simulated; `verdict` is `reliable`,
        `unreliable at this size` (coverage below 93 %) or `wider than needed` (above 97 %). The line of the
        simulation that is nearest by the logarithm of the number of lesions and by prevalence is taken; of a rate
        the lesions of its class count, by the same share.
    """
    simulated = _simulated()
    of_models = results[
        (results["subset"] == "test")
        & (results["group"] == "all")
        & (results["reference"] == "")
        & ~results["model"].astype(str).map(is_reader_name)
        & (results["n"] > 0)  # no lesion has a call where no operating point could be chosen
    ]
    rows = []
    for quantity, part in of_models.groupby("quantity", sort=False):
        known = simulated[simulated["quantity"] == _ALIKE.get(str(quantity), str(quantity))]
        if known.empty:
            continue
        n, positive = int(part["n"].max()), int(part["n_positive"].max())
        share = 1 - positive / n if quantity == "specificity" else positive / n
        known = known[known["folds"] == (5 if n_folds > 1 else 1)]
        rarer = share if quantity in ("sensitivity", "specificity") else min(share, 1 - share)
        line = _nearest(known, n, rarer)
        rows.append(
            (
                str(quantity),
                n,
                positive,
                n_folds,
                float(line["coverage"]),
                int(line["n"]),
                float(line["prevalence"]),
                _verdict(float(line["coverage"])),
            )
        )
    return pd.DataFrame(rows, columns=COVERAGE_COLUMNS)


@functools.cache
def _simulated() -> pd.DataFrame:
    return pd.read_csv(Path(__file__).with_name("coverage.csv"))


def _nearest(simulated: pd.DataFrame, n: int, prevalence: float) -> pd.Series[float]:
    """Return the line of the nearest size and, of that size, of the nearest prevalence."""
    sizes = np.sort(simulated["n"].unique())
    size = sizes[int(np.argmin(np.abs(np.log(sizes) - math.log(n))))]
    of_size = simulated[simulated["n"] == size].sort_values("prevalence", ascending=False)
    line: pd.Series[float] = of_size.iloc[
        int(np.argmin(np.abs(of_size["prevalence"].to_numpy() - prevalence)))
    ]
    return line


def _verdict(coverage: float) -> str:
    if below(coverage, RELIABLE[0]):
        return "unreliable at this size"
    return "wider than needed" if above(coverage, RELIABLE[1]) else "reliable"
