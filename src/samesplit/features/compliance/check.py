"""Every value of IBSI-1 beside its reference, counted by dataset."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import pandas as pd

from samesplit.features.compliance.location import ct_phantom_folder
from samesplit.features.compliance.reference import DATASETS, matches, read_reference
from samesplit.storage import write_text

__all__ = ["STATES", "Compliance", "Compute", "check", "compare"]

Compute = Callable[[str], Mapping[str, float]]
"""From a dataset's name to its values by the tags of the reference table."""

STATES = ("matched", "mismatched", "not computed", "no reference")
"""What a value can be beside its reference."""

_COLUMNS = (
    "dataset",
    "family",
    "feature",
    "ibsi_code",
    "tag",
    "aggregation",
    "aggregation_code",
    "diagnostic",
    "reference_value",
    "tolerance",
    "consensus",
    "value",
    "state",
)


@dataclass(frozen=True)
class Compliance:
    """How the engine does beside the reference values.

    Attributes:
        table: One row for each value of the reference table: dataset, family, feature, ibsi_code, tag,
            aggregation, aggregation_code, diagnostic (True or False), reference_value (NaN where the teams
            agreed on none), tolerance, consensus, value (NaN where it is not computed), state (of `STATES`).
        note: Why datasets were left out, in a sentence; empty when none were.
    """

    table: pd.DataFrame
    note: str = ""

    @property
    def summary(self) -> pd.DataFrame:
        """One row for each dataset and kind (`features`, `diagnostics`).

        Columns dataset, kind, values (those that have a reference), matched, mismatched, not_computed,
        no_reference (not counted among the values).
        """
        rows = []
        groups = dict(iter(self.table.groupby(["dataset", "diagnostic"])["state"]))
        for dataset, diagnostic in product(DATASETS, (False, True)):
            if (dataset, diagnostic) not in groups:
                continue  # the digital phantom has no diagnostics
            states = groups[dataset, diagnostic]
            kind = "diagnostics" if diagnostic else "features"
            counts = {state.replace(" ", "_"): int((states == state).sum()) for state in STATES}
            number = len(states) - counts["no_reference"]
            rows.append({"dataset": dataset, "kind": kind, "values": number, **counts})
        return pd.DataFrame(rows)

    @property
    def passed(self) -> bool:
        """Whether every value that has a reference matches it."""
        return bool(self.table["state"].isin(("matched", "no reference")).all())

    def write(self, path: Path) -> None:
        """Write every value beside its reference as CSV."""
        write_text(path, self.table.to_csv(index=False))


def check(
    data: Path | None, *, compute: Compute | None = None, progress: Callable[[int, int], None] | None = None
) -> Compliance:
    """Compute the digital phantom and configurations A to E of the CT phantom, and compare.

    Args:
        data: Where the CT phantom lies: its folder, the folder that holds it as `ct_phantom` or
            `ibsi_1_ct_radiomics_phantom`, or one that holds `ibsi1/ct_phantom`. None: the digital phantom alone,
            which needs no data; all values of A to E then count as not computed.
        compute: Computes a dataset; the engine `ibsi` with its built-in profiles, when None.
        progress: Called with (datasets done, datasets in all).

    Raises:
        DataMissingError: The CT phantom does not lie there.
        LesionError: Its files cannot be read.
    """
    folder = None if data is None else ct_phantom_folder(data)
    wanted = DATASETS if folder is not None else DATASETS[:1]
    tell = progress or (lambda _done, _total: None)
    tell(0, len(wanted))
    function = compute or _own(folder)
    computed: dict[str, Mapping[str, float]] = {}
    for dataset in wanted:
        computed[dataset] = function(dataset)
        tell(len(computed), len(wanted))
    compliance = compare(computed)
    if folder is not None:
        return compliance
    return Compliance(compliance.table, "without the CT phantom, configurations A to E were not computed")


def compare(computed: Mapping[str, Mapping[str, float]]) -> Compliance:
    """Set computed values beside all reference values.

    Args:
        computed: Dataset -> tag with aggregation -> value. What is missing counts as not computed.

    Example:
        >>> compliance = compare({"digital_phantom": {"morph_volume": 556.33, "stat_mean": 3.0}})
        >>> compliance.summary.loc[0, ["values", "matched", "mismatched", "not_computed"]].tolist()
        [482, 1, 1, 480]
    """
    table = read_reference()
    found = [
        computed.get(dataset, {}).get(tag)
        for dataset, tag in zip(table["dataset"], table["tag"], strict=True)
    ]
    table["value"] = [math.nan if value is None else float(value) for value in found]
    columns = (table[name] for name in ("reference_value", "tolerance", "digits"))
    table["state"] = list(_states(found, zip(*columns, strict=True)))
    return Compliance(table[list(_COLUMNS)])


def _own(folder: Path | None) -> Compute:
    # The kernels take a second to import and, the first time, to compile: not before they are needed.
    from samesplit.features.compliance import datasets
    from samesplit.features.engines.ibsi.extraction import extract

    case = None if folder is None else datasets.read_ct_phantom(folder)

    def compute(dataset: str) -> Mapping[str, float]:
        if case is None or dataset == "digital_phantom":
            return datasets.digital_phantom_values()
        settings = datasets.ct_phantom_settings(dataset)
        return extract(case, settings) | datasets.ct_phantom_diagnostics(case, settings.processing)

    return compute


def _states(found: Iterable[float | None], references: Iterable[tuple[float, float, int]]) -> Iterable[str]:
    for value, (reference, tolerance, digits) in zip(found, references, strict=True):
        if math.isnan(reference):
            yield "no reference"
        elif value is None:
            yield "not computed"
        else:
            yield "matched" if matches(value, reference, tolerance, digits=digits) else "mismatched"
