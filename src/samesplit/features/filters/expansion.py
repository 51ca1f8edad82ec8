"""Lists in the declaration of a filter: one filter for each value, and every combination of two lists."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from typing import Any

__all__ = ["MOST_FILTERS", "expanded"]

MOST_FILTERS = 500
"""That one entry may stand for: a longer list is a mistake in a range."""

_SEVERAL_IN_ONE = {"kernels": 2, "order": 1}  # lists that are one value, and the length of one written item


def expanded(written: Any, shared: Mapping[str, Any] | None = None) -> list[Any]:
    """Return one declaration for each filter that an entry of `filters.images` stands for.

    Args:
        written: The entry, as it stands in the profile. Laws' `kernels` and Riesz' `order` are lists themselves:
            several of them are a list of lists, or of words (`[L5E5E5, E5L5E5]`). `subband: all` stands for all
            subbands of a wavelet; where it is rotation invariant, for those that no rotation turns into another.
        shared: Settings for filters that do not have them.

    Raises:
        ValueError: The entry stands for more than `MOST_FILTERS` filters.

    Example:
        >>> expanded({"kind": "log", "sigma_mm": [1, 2]}, {"boundary": "zero"})
        [{'boundary': 'zero', 'kind': 'log', 'sigma_mm': 1}, {'boundary': 'zero', 'kind': 'log', 'sigma_mm': 2}]
        >>> haar = {"kind": "wavelet", "wavelet": "haar", "subband": "all", "rotation_invariant": True}
        >>> [one["subband"] for one in expanded(haar)]
        ['LLL', 'LLH', 'LHH', 'HHH']
    """
    if not isinstance(written, dict):
        return [written]
    given = dict(shared or {}) | written
    if given.get("kind") == "gabor" and "dimensions" not in written:
        given.pop("dimensions", None)  # its kernels lie in planes, and it says in which
    if given.get("subband") == "all":
        given["subband"] = _subbands(given)
    options = {key: _options(key, value) for key, value in given.items()}
    count = math.prod(len(values) for values in options.values())
    if count > MOST_FILTERS:
        raise ValueError(f"that is {count:,} filters: write lists that make {MOST_FILTERS} or fewer")
    return [dict(zip(options, values, strict=True)) for values in itertools.product(*options.values())]


def _options(key: str, value: Any) -> list[Any]:
    if key == "of":
        return [one for part in _listed(value) for one in expanded(part)]
    if isinstance(value, list | tuple) and key in _SEVERAL_IN_ONE:
        size = _SEVERAL_IN_ONE[key]
        one_value = all(not isinstance(item, list | tuple) and len(str(item)) <= size for item in value)
        return [value] if one_value else list(value)
    return _listed(value)


def _listed(value: Any) -> list[Any]:
    """Return the values of a list; an empty one stays itself, for the declaration to refuse."""
    return list(value) if isinstance(value, list | tuple) and value else [value]


def _subbands(given: Mapping[str, Any]) -> list[str]:
    axes = 2 if given.get("dimensions") == 2 else 3
    if given.get("rotation_invariant") is True:
        return ["L" * (axes - high) + "H" * high for high in range(axes + 1)]
    return ["".join(letters) for letters in itertools.product("LH", repeat=axes)]
