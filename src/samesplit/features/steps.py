"""What was done to an image before its features were computed, in words that stand beside the values."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Step"]


@dataclass(frozen=True)
class Step:
    """One step of the processing.

    Attributes:
        step: Its name, for example `interpolation`.
        done: What was done, with its numbers.
    """

    step: str
    done: str
