"""What no single printed number says."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

__all__ = ["Finding"]


@dataclass(frozen=True)
class Finding:
    """A paragraph and, where useful, a small table.

    Attributes:
        title: A few words.
        text: A paragraph.
        numbers: Its numbers, None for none; the names of the columns are shown as they are.
    """

    title: str
    text: str
    numbers: pd.DataFrame | None = None
