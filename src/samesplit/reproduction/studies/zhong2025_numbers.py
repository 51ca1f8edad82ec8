"""Numbers of Zhong 2025 that several of its rules and findings read."""

from __future__ import annotations

import pandas as pd
from scipy import stats

from samesplit.reproduction.confusion import counts_that_print
from samesplit.reproduction.numbers import PrintedNumber
from samesplit.reproduction.relations import locate, mean_and_sd, to_whole_percents
from samesplit.statistics.from_summaries import overall_mean_and_sd

__all__ = [
    "BENIGN",
    "MALIGNANT",
    "MAPS",
    "NECROSIS_CURVE",
    "OBSERVERS",
    "combined",
    "group_pair",
    "map_means",
    "necrosis_counts",
    "pooled_t",
    "whole_counts",
]

MALIGNANT, BENIGN = 78, 25
"""The two classes; 104 patients are stated."""
MAPS = {"CMPr": "CMPr %", "NPr": "NPr %", "T1": "T1 ms", "T1e": "T1e ms", "T1r": "T1r %"}
"""The quantities of the regions, as Tables 3 and 4 name them and as Table 2 does."""
OBSERVERS = ("Observer 1", "Observer 2")
NECROSIS_CURVE = "Necrosis"

Pair = tuple[PrintedNumber, PrintedNumber]


def group_pair(published: pd.DataFrame, what: str) -> tuple[Pair, Pair] | None:
    """Return mean and SD of the malignant and of the benign group of a row of Table 1.

    Args:
        published: Rows of the study.
        what: "age" or "size cm".
    """
    groups = [
        mean_and_sd(locate(published, {"model_or_reader": f"{what} {group}", "metric": "mean_sd"}))
        for group in ("malignant", "benign")
    ]
    return None if groups[0] is None or groups[1] is None else (groups[0], groups[1])


def combined(groups: tuple[Pair, Pair]) -> tuple[float, float]:
    """Return mean and SD of all patients from those of both groups.

    Args:
        groups: Mean and SD of the malignant and of the benign group.
    """
    means, sds = ([float(group[k].number or 0) for group in groups] for k in (0, 1))
    return overall_mean_and_sd(means, sds, [MALIGNANT, BENIGN])


def map_means(published: pd.DataFrame, name: str) -> tuple[Pair, Pair] | None:
    """Return mean and SD of the malignant and of the benign group of a row of Table 2.

    Args:
        published: Rows of the study.
        name: A value of `MAPS`.
    """
    groups = [
        mean_and_sd(
            locate(
                published,
                {"table_figure": "Table 2", "model_or_reader": name, "metric": f"{group} mean±sd"},
            )
        )
        for group in ("malignant", "benign")
    ]
    return None if groups[0] is None or groups[1] is None else (groups[0], groups[1])


def whole_counts(printed: PrintedNumber, n: int) -> list[int]:
    """List the whole numbers of n that print as a rate.

    Args:
        printed: The rate.
        n: Of how many.
    """
    return counts_that_print(to_whole_percents(printed), n)


def necrosis_counts(published: pd.DataFrame) -> tuple[int, int] | None:
    """Return how many malignant masses show necrosis and how many benign ones do not, by the printed rates.

    Args:
        published: Rows of the study.
    """
    found = []
    for metric, n in (("sensitivity", MALIGNANT), ("specificity", BENIGN)):
        printed = locate(published, {"model_or_reader": NECROSIS_CURVE, "metric": metric})
        counts = whole_counts(printed, n) if printed is not None else []
        if len(counts) != 1:
            return None
        found.append(counts[0])
    return found[0], found[1]


def pooled_t(
    mean: float, sd: float, mean_of_benign: float, sd_of_benign: float, n_benign: int = BENIGN
) -> float:
    """Compute the P value of Student's t test of both groups, variances pooled.

    Args:
        mean: Of the malignant group.
        sd: Of the malignant group.
        mean_of_benign: Of the benign group.
        sd_of_benign: Of the benign group.
        n_benign: Patients of the benign group.
    """
    found = stats.ttest_ind_from_stats(mean, sd, MALIGNANT, mean_of_benign, sd_of_benign, n_benign)
    return float(found.pvalue)
