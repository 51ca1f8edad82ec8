"""What MONAI's networks take as `norm`, for the normalisation that a model file names."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from samesplit.models.networks.settings import Normalisation

__all__ = ["MOST_GROUPS", "norm_argument"]

MOST_GROUPS = 8
"""Of group normalisation, doi:10.1007/978-3-030-01261-8_1, or as many as divide all layers."""


def norm_argument(norm: Normalisation, *, channels: Iterable[int]) -> tuple[str, dict[str, Any]]:
    """Return the `norm` argument of a MONAI network.

    Args:
        norm: As the model file has it.
        channels: Those of every layer, which the groups have to divide.

    Example:
        >>> norm_argument("group", channels=(12, 24))
        ('group', {'num_groups': 4})
        >>> norm_argument("batch", channels=(64,))
        ('batch', {})
    """
    if norm == "group":
        return "group", {"num_groups": math.gcd(MOST_GROUPS, *channels)}
    return norm, {"affine": True} if norm == "instance" else {}
