"""What a benchmark declares of the regression of the Dice coefficient."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["MaskRegressionSettings"]


@dataclass(frozen=True)
class MaskRegressionSettings:
    """Which variables of lesions the Dice coefficient is regressed on.

    Attributes:
        columns: Columns of lesions.csv; `diameter_mm` is the diameter of the ball of the reference mask's volume
            where lesions.csv has no such column.
        references: By column of categories: the value that the others count against.
    """

    columns: tuple[str, ...]
    references: Mapping[str, str] = field(default_factory=dict)
