"""Penalties that a model file lists, of which one is chosen."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

__all__ = ["Penalties"]


def _largest_first(values: tuple[float, ...]) -> tuple[float, ...]:
    if len(set(values)) < len(values):
        raise ValueError("a value is named twice")
    return tuple(sorted(values, reverse=True))


Penalties = Annotated[
    tuple[Annotated[float, Field(gt=0)], ...], Field(min_length=1), AfterValidator(_largest_first)
]
"""Different numbers above 0, at least one; they come out largest first."""
