"""The optional parts of the package: which packages each extra installs, and what to say where they are missing.

`pip install samesplit` is enough to extract features, to run radiomics and clinical models, to compute statistics
and to write reports. Everything heavier is an extra. Whoever needs one asks `require_extra` before any work
begins, so that a missing package is one clear sentence and not a traceback after an hour.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from samesplit.errors import MissingExtraError

__all__ = ["EXTRAS", "extra_of", "has_extra", "missing_packages", "require_extra"]

EXTRAS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "networks": ("torch", "lightning", "monai", "safetensors"),
        "automl": ("tpot",),
        "boosting": ("xgboost", "catboost", "interpret"),
        "tabicl": ("tabicl", "torch"),
        "cluster": ("distributed",),
        "tracking": ("mlflow",),
        "pyradiomics": ("radiomics",),
        "mirp": ("mirp",),
        "pdf": ("weasyprint",),
    }
)
"""The modules that each extra makes importable, by the extra's name in pyproject.toml."""


def missing_packages(extra: str, *packages: str) -> tuple[str, ...]:
    """List the modules of an extra that cannot be imported here. None of them is imported to find out.

    Args:
        extra: A name in `EXTRAS`.
        *packages: The modules that are needed; all of the extra's when none is named.

    Raises:
        KeyError: There is no such extra.

    Example:
        >>> missing_packages("networks", "json")
        ()
    """
    wanted = packages or EXTRAS[extra]
    return tuple(name for name in wanted if not _is_installed(name))


def has_extra(extra: str, *packages: str) -> bool:
    """Say whether an extra (or some of its packages) is installed.

    Example:
        >>> has_extra("tracking", "no_such_package")
        False
    """
    return not missing_packages(extra, *packages)


def require_extra(extra: str, *packages: str, needed_by: str, where: str | Path | None = None) -> None:
    """Stop with one clear error where an extra is not installed.

    Args:
        extra: A name in `EXTRAS`.
        *packages: The modules that are needed; all of the extra's when none is named.
        needed_by: Who needs it, as the beginning of a sentence: "the model 'resnet18-3d'".
        where: The file and line that asks for it.

    Raises:
        MissingExtraError: A package is missing; the remedy is the command that installs it.

    Example:
        >>> require_extra("networks", "no_such_package", needed_by="the model 'resnet18-3d'")
        Traceback (most recent call last):
        samesplit.errors.MissingExtraError: the model 'resnet18-3d' needs no_such_package, which is not installed
        Remedy: pip install 'samesplit[networks]'
    """
    missing = missing_packages(extra, *packages)
    if missing:
        verb = "is" if len(missing) == 1 else "are"
        raise MissingExtraError(
            f"{needed_by} needs {' and '.join(missing)}, which {verb} not installed",
            where=where,
            remedy=f"pip install 'samesplit[{extra}]'",
        )


def extra_of(package: str) -> str | None:
    """Find the extra that installs a package.

    Example:
        >>> extra_of("catboost"), extra_of("pandas")
        ('boosting', None)
    """
    return next((extra for extra, packages in EXTRAS.items() if package in packages), None)


def _is_installed(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except (ImportError, ValueError):  # a package that is half removed, or that somebody blocks
        return False
