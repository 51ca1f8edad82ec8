"""Features of many images without a benchmark: a table of images in, one row of features for each out.

Every image's values are kept in the user's cache the moment they are there, under the hash of image, mask,
settings and code, as in a run. So a call that was killed goes on where it was, and an image that was done
once is not done again.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import platformdirs

from samesplit.csv_files import MISSING_WORDS
from samesplit.errors import CohortError, Faults, gathering
from samesplit.execution.processes import cores
from samesplit.features.engines import get_engine, require_engine
from samesplit.features.extraction import Extraction, extract
from samesplit.features.profile_lookup import find_profile
from samesplit.features.profiles import Profile
from samesplit.imaging.image_references import split_reference
from samesplit.imaging.repairs import GeometryRepair
from samesplit.run.progress import Reporter, SilentReporter
from samesplit.storage import write_json
from samesplit.tables import IMAGES, check_table, empty_table, read_csv, write_csv, write_table
from samesplit.version import __version__

__all__ = [
    "OUTPUT_SUFFIXES",
    "TableExtraction",
    "cache_folder",
    "check_output",
    "extract_table",
    "ledger_path",
]

OUTPUT_SUFFIXES = (".csv", ".parquet")
"""The kinds of file that features are written to."""

_KEY = ["lesion_id", "sequence", "rater"]
_DEFAULTS = {"sequence": "image", "rater": "R1", "mask_label": "1", "spacing_mm": None}


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
    """

    features: pd.DataFrame
    ledger: pd.DataFrame
    notes: pd.DataFrame
    profile: Profile
    failed: int
    seconds: float
    n_cached: int

    def write(self, output: Path) -> Path:
        """Write the features, a record of how they were made, and the ledger where something is in it.

        `features.csv` (or `features.parquet`) gets `features.json` and `features.ledger.csv` beside it.
        Each file is there as a whole or not at all.

        Raises:
            CohortError: The output ends in neither .csv nor .parquet.
            WorkspaceError: It cannot be written.
        """
        check_output(output)
        record: dict[str, Any] = {
            "profile": self.profile.name,
            "profile_sha256": self.profile.digest(),
            "engine": self.profile.engine,
            "engine_version": get_engine(self.profile.engine).version,
            "settings": self.profile.effective(),
            **({"weights": provenance} if (provenance := self.profile.settings.provenance()) else {}),
            "failed": self.failed,
        }
        ledger = ledger_path(output)
        if len(self.ledger):
            write_csv(self.ledger, ledger)
        else:
            ledger.unlink(missing_ok=True)  # of an earlier call
        if output.suffix == ".parquet":
            return write_table(self.features, output, None, **record)
        write_csv(self.features, output)
        write_json(
            output.with_suffix(".json"), {"samesplit": __version__, "rows": len(self.features), **record}
        )
        return output


def ledger_path(output: Path) -> Path:
    """Return the case ledger beside an output.

    Example:
        >>> ledger_path(Path("features.csv")).name
        'features.ledger.csv'
    """
    return output.with_name(f"{output.stem}.ledger.csv")


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


def cache_folder() -> Path:
    """Return the folder of values extracted without a workspace; deleting it loses time and nothing else."""
    return platformdirs.user_cache_path("samesplit") / "features"


def extract_table(
    images: pd.DataFrame | str | Path,
    *,
    profile: str | Path | Profile,
    jobs: int | None = None,
    cache: Path | None = None,
    mask_label: int | float | str | None = None,
    geometry_repair: GeometryRepair | None = None,
    minimum_voxels: int = 8,
    scheduler: str | None = None,
    reporter: Reporter | None = None,
) -> TableExtraction:
    """Extract the features of every image of a table.

    Args:
        images: A CSV, or a table, with the columns `image` and `mask` and, where they are wanted,
            `lesion_id`, `sequence`, `rater`, `mask_label` and `spacing_mm` (of arrays). Any other column is
            handed through. Without `lesion_id` a row is called by its number. Relative paths start at the
            CSV's folder (a table: at the current one).
        profile: How: the name of a profile, the path of a YAML file, or a profile that was read before.
        jobs: Processes; one per core when None.
        cache: Where finished images are kept; default: the user's cache folder.
        mask_label: The value of the masks that marks the lesion, or "any", where the table has no such
            column; 1 when None.
        geometry_repair: The named repairs that may be made.
        minimum_voxels: The smallest mask that counts.
        scheduler: Address of a Dask scheduler that is to do the work instead.
        reporter: Progress reporter.

    Returns:
        The features. An image that fails costs itself alone and has a row in the ledger.

    Raises:
        CohortError: The table has no column `image` or `mask`, no rows, an empty cell, or two rows of one
            name.
        DeclarationError: The profile says something that cannot be.
        WorkspaceError: There is no such profile, or the cache cannot be written.
        MissingExtraError: The profile's engine is not installed.
    """
    chosen = find_profile(profile)
    require_engine(chosen.engine, where=f"the profile '{chosen.name}'")
    chosen.settings.check_ready(f"the profile '{chosen.name}'")
    given, where, root = _read(images)
    table = _images(given, where, root, mask_label)
    with (reporter or SilentReporter()).stage(f"Features {chosen.name}") as advance:
        done = extract(
            table,
            chosen,
            cache=cache or cache_folder(),
            jobs=jobs or cores(),
            geometry_repair=geometry_repair,
            minimum_voxels=minimum_voxels,
            progress=advance,
            scheduler=scheduler,
        )
    features = _with_features(given, table, done, chosen)
    return TableExtraction(
        features=features,
        ledger=done.ledger,
        notes=done.notes,
        profile=chosen,
        failed=len(given) - len(features),
        seconds=done.seconds,
        n_cached=done.n_cached,
    )


def _read(images: pd.DataFrame | str | Path) -> tuple[pd.DataFrame, str, Path]:
    """Return the table as text, its name for messages, and where relative paths start."""
    if isinstance(images, pd.DataFrame):
        text = images.map(lambda value: None if pd.isna(value) else str(value)).astype("str")
        return text.reset_index(drop=True), "the table of images", Path.cwd()
    path = Path(images)
    table = read_csv(
        path,
        error=CohortError,
        known=["image", "mask", *_KEY, "mask_label", "spacing_mm"],
        numbers=["mask_label", "spacing_mm"],
        missing=MISSING_WORDS,
    )
    return table, str(path), path.absolute().parent


def _images(
    given: pd.DataFrame, where: str, root: Path, mask_label: int | float | str | None
) -> pd.DataFrame:
    """Return the IMAGES table of the rows, indexed like them."""
    missing = [column for column in ("image", "mask") if column not in given]
    if missing:
        raise CohortError(
            f"has no column '{missing[0]}'",
            where=where,
            remedy=f"columns found: {', '.join(map(str, given.columns)) or 'none'}",
        )
    if given.empty:
        raise CohortError("names no images", where=where, remedy="write one line an image")
    table = given.copy()
    width = len(str(len(table)))
    if "lesion_id" not in table:
        table["lesion_id"] = [f"row-{number:0{width}}" for number in range(1, len(table) + 1)]
    for column, value in (_DEFAULTS | {"mask_label": str(mask_label or 1)}).items():
        if column not in table:
            table[column] = pd.Series(value, index=table.index, dtype="str")
        elif value is not None:
            table[column] = table[column].fillna(value)
    with gathering(None) as faults:
        _no_empty_cells(table, where, faults)
        spacing = _spacings(table, where, faults)
        for column in ("image", "mask"):
            table[column] = table[column].map(lambda value: _absolute(value, root), na_action="ignore")
    _no_doubles(table, where)
    table["spacing_mm"] = spacing
    return check_table(table[list(empty_table(IMAGES))], IMAGES, where=where, error=CohortError)


def _absolute(reference: str, root: Path) -> str:
    """Return a reference with an absolute path."""
    name, part = split_reference(reference)
    return os.path.normpath(root / name) + part


def _no_empty_cells(table: pd.DataFrame, where: str, faults: Faults) -> None:
    for column in ("image", "mask", "lesion_id"):
        for line in table.index[table[column].isna()]:
            faults.add(
                CohortError(
                    f"the column '{column}' is empty",
                    where=f"{where}, line {line}",
                    remedy="fill the cell, or take the line out",
                )
            )


def _spacings(table: pd.DataFrame, where: str, faults: Faults) -> pd.Series[float]:
    """Return the voxel sizes as numbers; an empty cell stays empty."""
    given = table["spacing_mm"]
    numbers = pd.to_numeric(given, errors="coerce").astype("float64")
    for line in table.index[given.notna() & numbers.isna()]:
        faults.add(
            CohortError(
                f"the column 'spacing_mm' must hold a number, found {given[line]!r}",
                where=f"{where}, line {line}",
                remedy="write the voxel size in mm with a decimal point, or leave the cell empty where the file "
                "knows it",
            )
        )
    return numbers


def _no_doubles(table: pd.DataFrame, where: str) -> None:
    doubled = table.index[table.duplicated(_KEY, keep=False)]
    if len(doubled):
        first = table.loc[doubled[0]]
        same = table.index[(table[_KEY] == first[_KEY]).all(axis="columns")]
        raise CohortError(
            f"the lesion '{first['lesion_id']}' stands there {len(same)} times",
            where=f"{where}, lines {', '.join(map(str, same))}",
            remedy="tell them apart by a column 'sequence' or 'rater', or give each a lesion_id of its own",
        )


def _with_features(
    given: pd.DataFrame, images: pd.DataFrame, done: Extraction, profile: Profile
) -> pd.DataFrame:
    """Return the rows as given with their features; rows that failed are left out."""
    names = list(dict.fromkeys(done.features["feature"]))
    order = [info.feature for info in get_engine(profile.engine).catalogue(profile.settings)]
    place = {name: number for number, name in enumerate(order)}
    names.sort(key=lambda name: place.get(name, len(place)))
    wide = done.features.pivot_table(
        index=_KEY, columns="feature", values="value", aggfunc="first", dropna=False
    )
    keys = pd.MultiIndex.from_frame(images[_KEY])
    there = np.asarray(keys.isin(wide.index))
    values = wide.reindex(index=keys[there], columns=names).to_numpy(dtype=np.float64)
    features = pd.DataFrame(values, columns=names)
    told = given[there].reset_index(drop=True)
    if "lesion_id" not in told:
        told.insert(0, "lesion_id", images["lesion_id"][there].to_numpy())
    clash = sorted(set(map(str, told.columns)) & set(names))
    if clash:
        raise CohortError(
            f"the column '{clash[0]}' has the name of a feature", remedy="give it another name in the table"
        )
    return pd.concat([told, features], axis="columns")
