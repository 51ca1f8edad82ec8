"""Signal of a spoiled gradient echo, and T1 from two of them (dual flip angle)."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from samesplit.benchmarks.synthetic.fields import Array

__all__ = ["fit_t1", "spoiled_echo", "t1_after_contrast"]

Values = float | npt.NDArray[np.floating[Any]]

_RELAXIVITY = 4.3
"""Of a gadolinium chelate at 1.5 T, per mM and second, as in the other synthetic MR cohorts."""


def spoiled_echo(t1_ms: Values, *, flip_deg: float, repetition_ms: float) -> Array:
    r"""Return the steady-state signal of a spoiled gradient echo, $\sin\alpha (1 - E_1) / (1 - E_1 \cos\alpha)$.

    Args:
        t1_ms: T1, any shape.
        flip_deg: Flip angle.
        repetition_ms: TR; $E_1 = e^{-TR/T_1}$. T2* decay is left out: it is the same at both flip angles.

    Example:
        >>> short, long = (spoiled_echo(t1, flip_deg=12, repetition_ms=4.38) for t1 in (300.0, 900.0))
        >>> bool(short > long)
        True
    """
    angle = np.deg2rad(flip_deg)
    e1 = np.exp(-repetition_ms / np.asarray(t1_ms, dtype=np.float64))
    return np.asarray(np.sin(angle) * (1 - e1) / (1 - np.cos(angle) * e1), dtype=np.float32)


def t1_after_contrast(t1_ms: float, uptake_mm: float) -> float:
    """Return T1 in ms of a tissue that holds a concentration of gadolinium in mM."""
    return 1.0 / (1.0 / t1_ms + _RELAXIVITY * uptake_mm / 1000.0)


def fit_t1(
    small: Array,
    large: Array,
    *,
    flip_deg: tuple[float, float],
    repetition_ms: float,
    longest_ms: float = 6000.0,
) -> Array:
    r"""Fit T1 to the signals at two flip angles.

    $S/\sin\alpha$ is a line in $S/\tan\alpha$ with slope $E_1$ (doi 10.1002/mrm.10407).

    Args:
        small: Signal at the smaller flip angle, any shape.
        large: At the larger one.
        flip_deg: Both angles in that order.
        repetition_ms: TR.
        longest_ms: What T1 is where the slope is 1 or more, and the largest value that is given.

    Example:
        >>> at = dict(repetition_ms=4.38)
        >>> one, other = (spoiled_echo(1200.0, flip_deg=angle, **at) for angle in (2, 12))
        >>> round(float(fit_t1(one, other, flip_deg=(2, 12), **at)))
        1200
    """
    angles = np.deg2rad(flip_deg)
    first, second = (np.asarray(signal, dtype=np.float64) for signal in (small, large))
    rise = second / np.sin(angles[1]) - first / np.sin(angles[0])
    run = second / np.tan(angles[1]) - first / np.tan(angles[0])
    with np.errstate(divide="ignore", invalid="ignore"):
        slope = rise / run
        t1 = -repetition_ms / np.log(slope)
    t1 = np.where(slope >= 1, longest_ms, np.where(slope > 0, t1, 0.0))
    return np.asarray(np.clip(np.nan_to_num(t1), 0.0, longest_ms), dtype=np.float32)
