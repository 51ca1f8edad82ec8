"""Label permutation: the outcomes of all tasks, shuffled together between patients."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from samesplit.benchmarks.cohort import Cohort
from samesplit.benchmarks.splits import Split
from samesplit.errors import SplitError
from samesplit.tasks import DEFAULT_TASK, SegmentationTask, Task

__all__ = ["shuffle_outcomes"]

_MOST_ATTEMPTS = 1000

Outcomes = dict[str, pd.DataFrame]


def shuffle_outcomes(cohort: Cohort, tasks: Mapping[str, Task], split: Split, seed: int) -> Outcomes:
    """Give each patient the outcomes of another, whatever the numbers of their lesions.

    A giver with fewer lesions gives its outcomes round and round. Shuffling only among patients with as many
    lesions would keep any link between the number of lesions and the outcome, and so would not be chance. All
    tasks are shuffled together, so that what holds between them holds still; the masks of a segmentation task
    are not shuffled. The first permutation (from the seed) that leaves every class in every training part, and
    where it can be told in the test parts, is taken.

    Args:
        cohort: The cohort.
        tasks: The tasks by name.
        split: The frozen split.
        seed: Of the permutations.

    Raises:
        SplitError: A thousand permutations left some part without a class.
    """
    patients = cohort.lesions.set_index("lesion_id")["patient_id"]
    groups = {str(p): sorted(map(str, part.index)) for p, part in patients.groupby(patients)}
    names = sorted(groups)
    masks = [name for name, task in tasks.items() if isinstance(task, SegmentationTask)]
    rng = np.random.default_rng(seed)
    for _ in range(_MOST_ATTEMPTS):
        giver_of: dict[str, str] = {}
        for taker, giver in zip(names, rng.permutation(len(names)), strict=True):
            takers = groups[taker]
            giver_of |= dict(
                zip(takers, np.resize(np.array(groups[names[giver]], dtype=object), len(takers)), strict=True)
            )
        shuffled = {
            name: table if name in masks else _given(table, giver_of)
            for name, table in cohort.outcomes.items()
        }
        if all(
            _every_class(
                shuffled[name]["label"],
                set(cohort.outcomes[name]["label"]),
                cohort,
                split,
                every_test=name == DEFAULT_TASK,
            )
            for name in tasks
            if name not in masks
        ):
            return shuffled
    raise SplitError(
        "no shuffling of the labels leaves both classes in every training and test part",
        where="label permutation",
        remedy="use fewer folds for the label permutation",
    )


def _given(outcomes: pd.DataFrame, giver_of: Mapping[str, str]) -> pd.DataFrame:
    """Return the outcomes after each lesion has taken those of its giver, which may have none."""
    takers = [taker for taker, giver in giver_of.items() if giver in outcomes.index]
    taken = outcomes.loc[[giver_of[taker] for taker in takers]]
    return taken.set_axis(pd.Index(takers, name="lesion_id"), axis=0).sort_index()


def _every_class(
    labels: pd.Series[int], classes: set[int], cohort: Cohort, split: Split, *, every_test: bool
) -> bool:
    """Whether each training part has every class, and each test part (or at least all of them together)."""
    tested: set[int] = set()
    for repeat, fold in split.pairs():
        found = {}
        for subset in ("train", "test"):
            lesions = labels.index.intersection(split.lesions(cohort.lesions, repeat, fold, subset))
            found[subset] = set(labels.loc[lesions])
        tested |= found["test"]
        if found["train"] != classes or (every_test and found["test"] != classes):
            return False
    return tested == classes
