"""What was set, measured or installed otherwise in one of two runs: the records of both, place by place."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["Differing", "differing"]

ABSENT = "–"

_GROUPS = {
    "data": "Cohort and split",
    "cohort": "Cohort and split",
    "split": "Cohort and split",
    "hashes": "Cohort and split",
    "tasks": "Question",
    "question": "Question",
    "profiles": "Features",
    "features": "Features",
    "models": "Models",
    "statistics": "Statistics",
    "options": "Statistics",
    "versions": "Software and machine",
    "machine": "Software and machine",
    "fitted_on": "Software and machine",
}
"""Parts of run.json that are compared, and under which heading they stand; the rest names the run or its times."""


@dataclass(frozen=True)
class Differing:
    """One place at which two runs differ.

    Attributes:
        group: The heading.
        place: Where in the record, as `models / ridge / settings / C`.
        first: What the first run has; a dash where it has nothing.
        second: What the second run has.
    """

    group: str
    place: str
    first: str
    second: str


def differing(first: Mapping[str, Any], second: Mapping[str, Any]) -> tuple[Differing, ...]:
    """List all places at which the records of two runs differ.

    Args:
        first: The content of run.json.
        second: Of the other run.

    Example:
        >>> a, b = {"models": [{"name": "ridge", "seeds": [0]}]}, {"models": [{"name": "ridge", "seeds": [0, 1]}]}
        >>> [(one.place, one.first, one.second) for one in differing(a, b)]
        [('models / ridge / seeds', '[0]', '[0, 1]')]
    """
    found = []
    for part, group in _GROUPS.items():
        ways = ((first, second), (second, first))
        sides = [dict(_leaves(_of_both(record, other, part), (part,))) for record, other in ways]
        for place in dict.fromkeys([*sides[0], *sides[1]]):
            texts = [side.get(place, ABSENT) for side in sides]
            if texts[0] != texts[1]:
                found.append(Differing(group, " / ".join(place), *texts))
    order = list(dict.fromkeys(_GROUPS.values()))
    return tuple(sorted(found, key=lambda one: order.index(one.group)))


def _of_both(record: Mapping[str, Any], other: Mapping[str, Any], part: str) -> Any:
    """Return a part of a record; of what the other record has no item of that name of, only that it is listed."""
    value = record.get(part)
    if not isinstance(value, list) or not _is_named(value):
        return value
    facing = other.get(part)
    there = {item["name"] for item in facing} if isinstance(facing, list) and _is_named(facing) else set()
    return [item if item["name"] in there else {"name": item["name"]} for item in value]


def _is_named(value: Any) -> bool:
    return (
        isinstance(value, list) and bool(value) and all(isinstance(x, Mapping) and "name" in x for x in value)
    )


def _leaves(value: Any, place: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield each setting with its place; items of a list that have a name stand under it."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _leaves(inner, (*place, str(key)))
    elif _is_named(value):
        for inner in value:
            rest = {key: item for key, item in inner.items() if key != "name"}
            yield from _leaves(rest or "listed", (*place, str(inner["name"])))
    elif value is not None:
        yield (
            place,
            value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True),
        )
