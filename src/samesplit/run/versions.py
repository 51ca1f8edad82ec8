"""The versions that results depend on."""

from __future__ import annotations

import platform
from functools import cache
from importlib.metadata import PackageNotFoundError, version

__all__ = ["versions"]

PACKAGES = (
    "samesplit",
    "SimpleITK",
    "TPOT",
    "boruta",
    "catboost",
    "highdicom",
    "imbalanced-learn",
    "interpret-core",
    "lightgbm",
    "lightning",
    "mlflow",
    "monai",
    "numba",
    "numpy",
    "pandas",
    "pydicom",
    "pyradiomics-bhklab",
    "scikit-learn",
    "scipy",
    "statsmodels",
    "torch",
    "xgboost",
)


def versions() -> dict[str, str]:
    """Return the versions of Python and of the packages that numbers depend on."""
    return dict(_versions())


@cache
def _versions() -> tuple[tuple[str, str], ...]:
    found = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:  # an optional package that is not installed takes no part
            continue
    return tuple(found.items())
