"""The features of many images as a table, wide or long, and how it is written with its record and its ledger."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, cast, get_args

import pandas as pd

from samesplit.errors import CohortError
from samesplit.features.engines import get_engine
from samesplit.features.profiles import Profile
from samesplit.features.pyradiomics_names import FeatureNames, pyradiomics_names
from samesplit.storage import write_json
from samesplit.tables import write_csv, write_table
from samesplit.version import __version__
from samesplit.workflows.extraction_images import KEY

__all__ = ["OUTPUT_SUFFIXES", "TableExtraction", "TableFormat", "check_format", "check_output", "ledger_path"]

OUTPUT_SUFFIXES = (".csv", ".parquet")
"""The kinds of file that features are written to."""

TableFormat = Literal["wide", "long"]
"""Wide: one row an image, one column a feature. Long: one row a value."""

_OF_FILES = ("image", "mask", "mask_label", "spacing_mm")
"""Columns that a long table leaves out: a path in each of thousands of rows of one image says nothing new."""


@dataclass(frozen=True)
class TableExtraction:
    """The features of a table of images.

    Attributes:
        features: One row for each image that could be read, in the order of the table: its columns as
            given, then one float column a feature in the order of the profile; NaN where a feature is not
            defined.
        ledger: What failed or was repaired, with the reason: lesion_id, sequence, rater, stage, status,
            reason.
        notes: What is to be known about single values: lesion_id, sequence, rater, profile, feature, note.
        profile: How the features were extracted.
        failed: How many images failed.
        seconds: Computing time, summed over processes; images from the cache count with the time they took
            then.
        n_cached: How many images were done before.
        feature_names: The columns of `features` that are features, in order.
        names: Whose names these are: IBSI's, or pyradiomics' where it has one.
    """

    features: pd.DataFrame
    ledger: pd.DataFrame
    notes: pd.DataFrame
    profile: Profile
    failed: int
    seconds: float
    n_cached: int
    feature_names: tuple[str, ...]
    names: FeatureNames = "ibsi"

    def named(self, names: FeatureNames) -> TableExtraction:
        """Return the same with the names of pyradiomics, where the engine is `ibsi` and pyradiomics has one.

        What pyradiomics names comes first, class by class as there.

        Args:
            names: `ibsi` changes nothing.
        """
        if names == "ibsi" or self.profile.engine != "ibsi":
            return self
        called = pyradiomics_names(self.feature_names)
        ordered = [*called.values(), *(name for name in self.feature_names if name not in called)]
        features = self.features.rename(columns=called)
        told = [column for column in features if column not in set(ordered)]
        return replace(
            self,
            features=features[[*told, *ordered]],
            notes=self.notes.assign(feature=self.notes["feature"].replace(called)),
            feature_names=tuple(ordered),
            names=names,
        )

    def long(self) -> pd.DataFrame:
        """Return one row a value.

        Returns:
            lesion_id and the table's other columns (but those that name files and how to read them), then
            feature, value, and note, which says why a value is missing; in the order of `features`.
        """
        told = [column for column in self.features if column not in (*self.feature_names, *_OF_FILES)]
        table = self.features.reset_index(names="row").melt(
            ["row", *told], list(self.feature_names), var_name="feature", value_name="value"
        )
        place = table["feature"].map({name: number for number, name in enumerate(self.feature_names)})
        table = table.assign(place=place).sort_values(["row", "place"], ignore_index=True)
        key = [column for column in KEY if column in table]
        notes = self.notes[self.notes["feature"] != ""].groupby([*key, "feature"], sort=False)["note"]
        return table.merge(notes.agg("; ".join).reset_index(), on=[*key, "feature"], how="left")[
            [*told, "feature", "value", "note"]
        ]

    def write(self, output: str | Path, *, shape: TableFormat = "wide") -> Path:
        """Write the features, a record of how they were made, and the ledger where something is in it.

        `features.csv` (or `features.parquet`) gets `features.json` and `features.ledger.csv` beside it.
        Each file is there as a whole or not at all.

        Args:
            output: Ends in .csv or .parquet.
            shape: One row an image (wide) or one row a value (long, see `long`).

        Raises:
            CohortError: The output ends in neither .csv nor .parquet, or there is no such shape.
            WorkspaceError: It cannot be written.
        """
        output = Path(output)
        check_output(output)
        table = self.features if check_format(shape) == "wide" else self.long()
        record: dict[str, Any] = {
            "profile": self.profile.name,
            "profile_sha256": self.profile.digest(),
            "engine": self.profile.engine,
            "engine_version": get_engine(self.profile.engine).version,
            "settings": self.profile.effective(),
            **({"weights": provenance} if (provenance := self.profile.settings.provenance()) else {}),
            "format": shape,
            "names": self.names,
            "failed": self.failed,
        }
        ledger = ledger_path(output)
        if len(self.ledger):
            write_csv(self.ledger, ledger)
        else:
            ledger.unlink(missing_ok=True)  # of an earlier call
        if output.suffix == ".parquet":
            return write_table(table, output, None, **record)
        write_csv(table, output)
        write_json(output.with_suffix(".json"), {"samesplit": __version__, "rows": len(table), **record})
        return output


def ledger_path(output: Path) -> Path:
    """Return the case ledger beside an output.

    Example:
        >>> ledger_path(Path("features.csv")).name
        'features.ledger.csv'
    """
    return output.with_name(f"{output.stem}.ledger.csv")


def check_format(name: str) -> TableFormat:
    """Return a table's format by its name.

    Raises:
        CohortError: There is no such format.
    """
    if name not in get_args(TableFormat):
        raise CohortError(
            f"there is no format '{name}'", remedy=f"choose {' or '.join(get_args(TableFormat))}"
        )
    return cast("TableFormat", name)


def check_output(output: Path) -> None:
    """Refuse an output that could not be written, before anything is computed.

    Raises:
        CohortError: It ends in neither .csv nor .parquet, or its folder does not exist.
    """
    if output.suffix not in OUTPUT_SUFFIXES:
        raise CohortError(
            f"ends in '{output.suffix}'", where=output, remedy=f"name it {' or '.join(OUTPUT_SUFFIXES)}"
        )
    if not output.absolute().parent.is_dir():
        raise CohortError("the folder does not exist", where=output.parent, remedy="create it")
