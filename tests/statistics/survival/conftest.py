"""Two cohorts that other programs were given as well: one with tied times and one without."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pytest


@dataclass(frozen=True)
class FollowedUp:
    time: npt.NDArray[np.float64]
    event: npt.NDArray[np.int64]
    risk: npt.NDArray[np.float64]
    covariates: npt.NDArray[np.float64]
    patient: npt.NDArray[np.int64]
    group: npt.NDArray[np.int64]
    other: npt.NDArray[np.float64]


@pytest.fixture(scope="session")
def tied() -> FollowedUp:
    """60 lesions of 45 patients, times in whole months, 39 events."""
    rng = np.random.default_rng(11)
    n = 60
    x = rng.normal(size=n).round(3)
    z = (rng.random(n) < 0.4).astype(int)
    until = rng.exponential(size=n) / np.exp(0.8 * x + 0.5 * z) * 12
    end = rng.exponential(size=n) * 15
    return FollowedUp(
        time=np.ceil(np.minimum(until, end)),
        event=(until <= end).astype(int),
        covariates=np.column_stack([x, z]),
        group=np.arange(n) % 3,
        patient=np.arange(n) % 45,
        risk=(x + 0.7 * rng.normal(size=n)).round(3),
        other=rng.normal(size=n).round(3),
    )


@pytest.fixture(scope="session")
def untied() -> FollowedUp:
    """80 lesions of 50 patients, no two times the same."""
    rng = np.random.default_rng(2)
    n = 80
    hazard = rng.normal(size=n)
    until = rng.exponential(size=n) / np.exp(hazard) * 12
    end = rng.exponential(size=n) * 20
    risk = hazard + rng.normal(size=n)
    z = (rng.random(n) < 0.5).astype(int)
    return FollowedUp(
        time=np.minimum(until, end),
        event=(until <= end).astype(int),
        risk=risk,
        covariates=np.column_stack([risk, z]),
        patient=np.arange(n) % 50,
        group=np.arange(n) % 3,
        other=-risk,
    )
