"""What claimed differences say of ranks: ranges that hold the true rank, and groups that are not shown to differ.

The range of an entry runs from 1 + the number of entries that are claimed to be better, to the number of all less
those that are claimed to be worse. Where the claims are all true, every true rank lies in its range; so the
ranges of all entries together hold with the confidence with which no claim is false, which Holm's method over
all pairs keeps (Mogstad, Romano, Shaikh and Wilhelm 2024, doi:10.1093/restud/rdad006; Al Mohamad, Goeman and
van Zwet 2022, doi:10.1111/biom.13419). An interval of each entry's own says nothing of ranks: two whose
intervals overlap may well differ, since they were judged on the same lesions.

Groups are a compact letter display: two entries share a letter when, and only when, they are not shown to differ
(Piepho 2004, doi:10.1198/1061860043515). Not being shown to differ is not the same as being equal, and does
not pass on from a to b to c, so an entry may be in several groups. Few letters are wanted, and the fewest are
hard to find; they are taken greedily from the best entry on, as a cover of the pairs by cliques (Gramm, Guo,
Hueffner and Niedermeier 2007, doi:10.1016/j.csda.2006.09.035).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from samesplit.ordering import merge_equals, ranked

__all__ = ["letter_groups", "letter_name", "rank_entries"]

RANK_COLUMNS = ("rank", "rank_low", "rank_high", "better_than", "worse_than", "groups")
"""What `rank_entries` gives for each entry."""


def rank_entries(estimates: pd.Series[float], pairs: pd.DataFrame) -> pd.DataFrame:
    """Rank entries from the best, with the range of ranks that the claims leave, and groups.

    Args:
        estimates: The main quantity by entry, higher is better; NaN where it is not defined. Entries that are
            equal (`samesplit.ordering`) share a rank and keep their order.
        pairs: Every two entries once: model_a, model_b and claim (`higher`, `lower` or `not shown`, of model_a).

    Returns:
        One row an entry, the best first, those without an estimate last and without ranks; index: its name.
        `better_than` and `worse_than` count the entries from which it is claimed to differ; `groups` is a tuple of
        letters.

    Example:
        >>> pairs = pd.DataFrame([("a", "b", "not shown"), ("a", "c", "higher"), ("b", "c", "not shown")],
        ...                      columns=["model_a", "model_b", "claim"])
        >>> found = rank_entries(pd.Series({"c": 0.6, "a": 0.9, "b": 0.8}), pairs)
        >>> found[["rank", "rank_low", "rank_high", "groups"]].values.tolist()
        [[1, 1, 2, ('a',)], [2, 1, 3, ('a', 'b')], [3, 2, 3, ('b',)]]
    """
    known = estimates[estimates.notna()]
    order = [str(known.index[place]) for place in ranked(known.to_numpy(), descending=True)]
    merged = dict(zip(known.index.astype(str), merge_equals(known.to_numpy()), strict=True))
    place = {name: number for number, name in enumerate(order)}
    beats = np.zeros((len(order), len(order)), dtype=bool)
    for first, second, claim in pairs[["model_a", "model_b", "claim"]].itertuples(index=False, name=None):
        if claim in ("higher", "lower") and first in place and second in place:
            better, worse = (first, second) if claim == "higher" else (second, first)
            beats[place[better], place[worse]] = True
    letters = letter_groups(beats | beats.T)
    rows = [
        {
            "rank": 1 + sum(merged[other] > merged[name] for other in order),
            "rank_low": 1 + int(beats[:, number].sum()),
            "rank_high": len(order) - int(beats[number].sum()),
            "better_than": int(beats[number].sum()),
            "worse_than": int(beats[:, number].sum()),
            "groups": tuple(letter_name(at) for at, group in enumerate(letters) if number in group),
        }
        for number, name in enumerate(order)
    ]
    table = pd.DataFrame(rows, index=pd.Index(order, dtype="str"), columns=list(RANK_COLUMNS))
    unranked = [str(name) for name in estimates.index[estimates.isna()]]
    whole = ["rank", "rank_low", "rank_high", "better_than", "worse_than"]
    table = table.astype(dict.fromkeys(whole, "Int64")).reindex([*order, *unranked])
    groups: list[Any] = [found if isinstance(found, tuple) else () for found in table["groups"]]
    return table.assign(groups=groups)


def letter_groups(differ: npt.NDArray[np.bool_]) -> list[tuple[int, ...]]:
    """Find groups of which no two members differ, so that any two that do not differ share one.

    Args:
        differ: Shape (n, n), symmetric: which two are claimed to differ; by rank.

    Returns:
        The members of each group, by the best of them; every entry is in one at least.

    Example:
        >>> letter_groups(np.array([[0, 0, 1], [0, 0, 0], [1, 0, 0]], dtype=bool))
        [(0, 1), (1, 2)]
    """
    n = len(differ)
    alike = ~differ
    covered = np.zeros((n, n), dtype=bool)
    groups: list[tuple[int, ...]] = []
    for first in range(n):
        for second in range(first, n):
            if covered[first, second] or not alike[first, second]:
                continue
            members = _extended(sorted({first, second}), alike)
            covered[np.ix_(members, members)] = True
            groups.append(tuple(members))
    return sorted(_needed(groups, n))


def _extended(members: Sequence[int], alike: npt.NDArray[np.bool_]) -> list[int]:
    """Add, from the best on, everybody who differs from no member."""
    found = list(members)
    for other in range(len(alike)):
        if other not in found and alike[other, found].all():
            found.append(other)
    return sorted(found)


def _needed(groups: Collection[tuple[int, ...]], n: int) -> list[tuple[int, ...]]:
    """Leave out groups all of whose pairs are in other groups."""
    count = np.zeros((n, n), dtype=int)
    for group in groups:
        count[np.ix_(group, group)] += 1
    kept = []
    for group in groups:
        inside = np.ix_(group, group)
        if (count[inside] > 1).all():
            count[inside] -= 1
        else:
            kept.append(group)
    return kept


def letter_name(number: int) -> str:
    """Name a group: a to z, then aa, ab, ...

    Example:
        >>> letter_name(0), letter_name(25), letter_name(26), letter_name(52)
        ('a', 'z', 'aa', 'ba')
    """
    name = ""
    number += 1
    while number:
        number, rest = divmod(number - 1, 26)
        name = chr(ord("a") + rest) + name
    return name
