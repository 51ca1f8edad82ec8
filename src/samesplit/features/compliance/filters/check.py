"""Every response map and every value of IBSI-2 beside its reference."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from samesplit.errors import DataMissingError
from samesplit.features.compliance.check import STATES
from samesplit.features.compliance.filters.location import Files, find_files
from samesplit.features.compliance.filters.reference import (
    CONFIGURATIONS,
    MAP_TOLERANCE,
    largest_difference,
    matches,
    read_reference,
)
from samesplit.features.compliance.filters.response_maps import TESTS, kind_of, read_volume, responses
from samesplit.features.compliance.location import ct_phantom_folder
from samesplit.storage import write_text

__all__ = ["FilterCompliance", "check_filters", "compare_maps", "compare_values"]

Compute = Callable[[str], Mapping[str, float]]
"""From a configuration, A or B, to its values by setting and tag: `3.A stat_mean`."""

_COLUMNS = (
    "kind",
    "test",
    "filter",
    "ibsi_code",
    "phantom",
    "feature",
    "tag",
    "reference_value",
    "tolerance",
    "value",
    "state",
)


@dataclass(frozen=True)
class FilterCompliance:
    """How the filters do beside the reference.

    Attributes:
        response_maps: One row for each test of phase 1: test, filter, filter_kind, ibsi_code, phantom, difference
            (the largest of a voxel, as a share of the reference map's range; NaN where it is not computed), state
            (of `STATES`).
        feature_values: One row for each value of phase 2: test, configuration, setting, feature, ibsi_code, tag,
            reference_value (NaN where the teams agreed on none), tolerance, value, state.
        note: Why some were left out, in a sentence; empty when none were.
    """

    response_maps: pd.DataFrame
    feature_values: pd.DataFrame
    note: str = ""

    @property
    def passed(self) -> bool:
        """Whether every map and every value that has a reference matches it."""
        states = pd.concat([self.response_maps["state"], self.feature_values["state"]])
        return bool(states.isin(("matched", "no reference")).all())

    @property
    def table(self) -> pd.DataFrame:
        """All rows under each other: maps with their largest difference as the value, then values."""
        maps = self.response_maps.assign(
            kind="response map",
            value=self.response_maps["difference"],
            reference_value=0.0,
            tolerance=MAP_TOLERANCE,
        )
        values = self.feature_values.assign(kind="feature value", phantom="ct_phantom")
        return pd.concat([maps, values], ignore_index=True).reindex(columns=list(_COLUMNS))

    def write(self, path: Path) -> None:
        """Write every map and value beside its reference as CSV."""
        write_text(path, self.table.to_csv(index=False))

    def counts(self, table: pd.DataFrame, by: str) -> pd.DataFrame:
        """Return how many rows of each group have which state.

        Returns:
            Columns `by`, references (those that have one), matched, mismatched, not_computed, no_reference.
        """
        rows = []
        for name, states in table.groupby(by, sort=False)["state"]:
            counts = {state.replace(" ", "_"): int((states == state).sum()) for state in STATES}
            rows.append({by: name, "references": len(states) - counts["no_reference"], **counts})
        return pd.DataFrame(rows)


def check_filters(
    data: Path | None,
    *,
    compute: Compute | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> FilterCompliance:
    """Filter the digital phantoms of phase 1 and the CT phantom of phase 2, and compare.

    Args:
        data: Where the phantoms and response maps of IBSI-2 and the CT phantom of IBSI-1 lie: a folder that holds
            them, as published or as `ibsi2/phantoms`, `ibsi2/maps` and `ibsi1/ct_phantom`. None: nothing can be
            computed, and everything counts as not computed.
        compute: Computes a configuration; the engine `ibsi` with its built-in profiles, when None.
        progress: Called with (tests and configurations done, all of them).

    Raises:
        DataMissingError: None of it lies there.
        LesionError: A file cannot be read.
    """
    files = _files(data)
    phantom = None if data is None else _ct_phantom(data)
    if data is not None and not files.phantoms and phantom is None:
        raise DataMissingError(
            "the data of IBSI-2 are not here: neither its digital phantoms nor the CT phantom",
            where=data,
            remedy="get ibsi_2_digital_phantom and ibsi_1_ct_radiomics_phantom of "
            "https://github.com/theibsi/data_sets, and https://github.com/theibsi/ibsi_2_reference_data, and name "
            "the folder that holds them as --data",
        )
    total = len(TESTS) + len(CONFIGURATIONS)
    tell = progress or (lambda _done, _total: None)
    tell(0, total)
    differences: dict[str, float] = {}
    for done, (test, response) in enumerate(responses(files), start=1):
        path = files.maps.get(test.file_name)
        if path is not None:
            differences[test.name] = largest_difference(response, read_volume(path))
        tell(done, total)
    computed: dict[str, float] = {}
    function = compute or (None if phantom is None else _own(phantom))
    for done, configuration in enumerate(CONFIGURATIONS, start=len(TESTS) + 1):
        if function is not None:
            computed |= function(configuration)
        tell(done, total)
    return FilterCompliance(compare_maps(differences), compare_values(computed), _note(files, computed))


def compare_maps(differences: Mapping[str, float]) -> pd.DataFrame:
    """Return the tests of phase 1 with the largest difference of each map; see `FilterCompliance`.

    Args:
        differences: Test -> largest difference as a share of the reference map's range. What is missing counts as
            not computed.

    Example:
        >>> table = compare_maps({"1.a.1": 0.002, "2.a": 0.3})
        >>> table["state"].value_counts().to_dict()
        {'not computed': 31, 'no reference': 3, 'matched': 1, 'mismatched': 1}
    """
    rows = []
    for test in TESTS:
        difference = differences.get(test.name, math.nan)
        if not test.has_reference:
            state = "no reference"
        elif test.name not in differences:
            state = "not computed"
        else:
            state = "matched" if difference <= MAP_TOLERANCE else "mismatched"
        rows.append(
            {
                "test": test.name,
                "filter": test.filter.name,
                "filter_kind": kind_of(test.filter),
                "ibsi_code": test.filter.code,
                "phantom": test.phantom,
                "difference": difference,
                "state": state,
            }
        )
    return pd.DataFrame(rows)


def compare_values(computed: Mapping[str, float]) -> pd.DataFrame:
    """Return the reference values of phase 2 with what was computed beside them; see `FilterCompliance`.

    Args:
        computed: Setting and tag (`3.A stat_mean`) -> value. What is missing counts as not computed.

    Example:
        >>> table = compare_values({"1.A stat_mean": -46.9})
        >>> table["state"].value_counts().to_dict()
        {'not computed': 322, 'matched': 1, 'no reference': 1}
    """
    table = read_reference()
    names = (table["test"] + " " + table["tag"]).tolist()
    table["value"] = [float(computed.get(name, math.nan)) for name in names]
    columns = (table["value"], table["reference_value"], table["tolerance"])
    table["state"] = [
        "no reference"
        if math.isnan(reference)
        else "not computed"
        if name not in computed
        else "matched"
        if matches(value, reference, tolerance)
        else "mismatched"
        for name, value, reference, tolerance in zip(names, *columns, strict=True)
    ]
    return table


def _files(data: Path | None) -> Files:
    if data is None:
        return Files({}, {})
    return find_files(data, (test.phantom for test in TESTS), (test.file_name for test in TESTS))


def _ct_phantom(data: Path) -> Path | None:
    try:
        return ct_phantom_folder(data)
    except DataMissingError:
        return None


def _own(folder: Path) -> Compute:
    # The kernels take a second to import and, the first time, to compile: not before they are needed.
    from samesplit.features.compliance.datasets import read_ct_phantom
    from samesplit.features.compliance.filters.values import configuration_values

    case = read_ct_phantom(folder)
    return lambda configuration: configuration_values(case, configuration)


def _note(files: Files, computed: Mapping[str, float]) -> str:
    absent = []
    phantoms = sorted({test.phantom for test in TESTS} - set(files.phantoms))
    if phantoms:
        absent.append(f"the digital phantoms {', '.join(phantoms)}")
    maps = [test.name for test in TESTS if test.has_reference and test.file_name not in files.maps]
    if maps:
        absent.append(f"{len(maps)} reference response maps")
    if not computed:
        absent.append("the CT phantom of IBSI-1")
    return f"{' and '.join(absent)} are not here; what needs them was not computed" if absent else ""
