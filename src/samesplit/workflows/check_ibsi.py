"""The engine beside the reference of IBSI-1 and IBSI-2, with the data where benchmarks look for them."""

from __future__ import annotations

import os
from pathlib import Path

from samesplit.benchmarks.fetching import ENVIRONMENT
from samesplit.errors import DataMissingError
from samesplit.features.compliance.check import Compliance, Compute, check
from samesplit.features.compliance.filters.check import FilterCompliance, check_filters
from samesplit.features.compliance.location import ct_phantom_folder
from samesplit.run.progress import Reporter, SilentReporter

__all__ = ["check_engine", "check_image_filters"]


def check_engine(
    data: Path | None = None, *, compute: Compute | None = None, reporter: Reporter | None = None
) -> Compliance:
    """Compute every value of IBSI-1 and compare; see `samesplit.features.compliance.check.check`.

    Args:
        data: Where the CT phantom lies. None looks in the folder that SAMESPLIT_DATA names and, where it is not
            there either, checks the digital phantom alone.
        compute: As in `check`.
        reporter: Told which dataset is next.

    Raises:
        DataMissingError: The CT phantom does not lie in `data`.
        LesionError: Its files cannot be read.
    """
    place = _usual_place() if data is None else data
    with (reporter or SilentReporter()).stage("IBSI-1 datasets") as advance:
        return check(place, compute=compute, progress=advance)


def check_image_filters(
    data: Path | None = None, *, compute: Compute | None = None, reporter: Reporter | None = None
) -> FilterCompliance:
    """Compute every response map and value of IBSI-2 and compare.

    Args:
        data: Where its phantoms and maps and the CT phantom of IBSI-1 lie (see
            `samesplit.features.compliance.filters.check.check_filters`). None looks in the folder that
            SAMESPLIT_DATA names; where they are not there either, everything counts as not computed.
        compute: As in `check_filters`.
        reporter: Told how far it is.

    Raises:
        DataMissingError: None of them lies in `data`.
        LesionError: A file cannot be read.
    """
    with (reporter or SilentReporter()).stage("IBSI-2 response maps and values") as advance:
        if data is not None:
            return check_filters(data, compute=compute, progress=advance)
        named = os.environ.get(ENVIRONMENT)
        try:
            return check_filters(Path(named) if named else None, compute=compute, progress=advance)
        except DataMissingError:
            return check_filters(None, compute=compute, progress=advance)


def _usual_place() -> Path | None:
    named = os.environ.get(ENVIRONMENT)
    if not named:
        return None
    try:
        return ct_phantom_folder(Path(named))
    except DataMissingError:
        return None
