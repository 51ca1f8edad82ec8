"""Ensembles under the masks of other raters: members that look at no mask answer as they do under any."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

import pandas as pd

from samesplit.run.fold_tasks import FoldTask

__all__ = ["under_other_raters"]


def under_other_raters(
    task: FoldTask,
    members: pd.DataFrame,
    raters_of: Mapping[str, Collection[str]],
    others: Collection[str],
) -> tuple[FoldTask, pd.DataFrame]:
    """Let an ensemble judge its test lesions under every rater's masks that any of its members was judged under.

    Args:
        task: The ensemble's fit, of a fold of the split.
        members: What its members answered in this fold.
        raters_of: By member: the raters whose masks it was given; under others it looks at no mask.
        others: The benchmark's other raters.

    Returns:
        The task with the cases of those raters, and the answers with those of members that look at no mask.
    """
    primary = task.primary_rater
    tested = members[members["subset"] == "test"]
    raters = [rater for rater in others if (tested["rater"] == rater).any()]
    own = tested[tested["rater"] == primary]
    tables, cases = [members], dict(task.cases)
    for rater in raters:
        answered = set(tested.loc[tested["rater"] == rater, "model"])
        blind = [name for name, given in raters_of.items() if name not in answered and rater not in given]
        tables.append(own[own["model"].isin(blind)].assign(rater=rater))
        cases[rater] = replace(task.cases[primary], rater=rater)
    return replace(task, cases=cases), pd.concat(tables, ignore_index=True)
