"""The images table of a cohort: which file shows which lesion, and what is missing."""

from __future__ import annotations

import difflib
import os
from collections.abc import Hashable
from functools import cache
from pathlib import Path

import pandas as pd

from samesplit.benchmarks.definition import BenchmarkDefinition
from samesplit.errors import CohortError, DataMissingError
from samesplit.features.mask_label import parse_mask_label
from samesplit.features.references import IMAGE_SUFFIXES, split_reference
from samesplit.tables import IMAGES, LEDGER, check_table, empty_table, read_csv

__all__ = ["load_images", "resolve_reference"]

_ARRAYS = (".npz", ".npy")


def load_images(
    folder: Path, definition: BenchmarkDefinition, lesion_ids: list[str], *, root: Path
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Read and check `images.csv`, resolve its paths and note what is missing.

    Without a column `rater` every mask is the benchmark's rater's; where `mask_label` is empty or absent it is 1;
    without `spacing_mm` it is unknown, which only array references may not be.

    Args:
        folder: The benchmark's folder; `images.csv` is looked for there, then in `root`.
        definition: The benchmark's definition.
        lesion_ids: The lesions of the cohort.
        root: Where relative paths start; they may not leave it.

    Returns:
        The images table without the rows whose files do not exist, and ledger rows for those and for the
        sequences that a lesion lacks. Both have no rows where the benchmark names no sequences.

    Raises:
        CohortError: The table is not usable.
        DataMissingError: No file of the table exists.
    """
    if not definition.cohort.sequences:
        return empty_table(IMAGES), empty_table(LEDGER)
    path = next((place / "images.csv" for place in (folder, root) if (place / "images.csv").is_file()), None)
    if path is None:
        raise CohortError(
            "there is no images.csv",
            where=folder,
            remedy="write one with the columns lesion_id, sequence, image, mask (and rater, mask_label)",
        )
    images = _read(path, definition)
    _check_known(images, definition, lesion_ids, path)
    for column in ("image", "mask"):
        images[column] = [
            resolve_reference(value, root, where=f"{path}, line {line}")
            for line, value in images[column].items()
        ]
    images, missing_files = _existing(images, path, root, definition)
    order = {name: position for position, name in enumerate(definition.cohort.sequences)}
    images = images.sort_values(
        ["lesion_id", "sequence", "rater"],
        key=lambda column: column.map(order) if column.name == "sequence" else column,
        ignore_index=True,
    )
    missing_rows = _missing_sequences(images, missing_files, definition, lesion_ids)
    rows = sorted(missing_files + missing_rows, key=lambda row: (row[0], order[row[1]], row[2]))
    ledger = pd.DataFrame(
        [(lesion, sequence, rater, "cohort", "missing", reason) for lesion, sequence, rater, reason in rows],
        columns=list(LEDGER.columns),
    )
    return images, check_table(ledger, LEDGER) if rows else empty_table(LEDGER)


def resolve_reference(reference: str, root: Path, *, where: str) -> str:
    """Make the path of a reference absolute; a relative one stays inside the root.

    Example:
        >>> resolve_reference("a/../b.npz::masks[3]", Path("/data"), where="images.csv")
        '/data/b.npz::masks[3]'
        >>> resolve_reference("L1/rt.dcm::GTV-1", Path("/data"), where="images.csv")
        '/data/L1/rt.dcm::GTV-1'

    Raises:
        CohortError: The path leaves the root through `..`, or what follows it means nothing for such a file.
    """
    name, part = split_reference(reference)
    files = (*IMAGE_SUFFIXES, *_ARRAYS)
    if "::" in reference and name.lower().endswith(files) and not _is_array(reference):
        raise CohortError(
            f"{reference!r} is no array reference",
            where=where,
            remedy="write file.npz::array[17] or file.npy[17]; names after '::' are for DICOM files and folders",
        )
    if Path(name).is_absolute():
        return name + part
    inside = os.path.normpath(name)
    if inside == ".." or inside.startswith(f"..{os.sep}"):
        raise CohortError(
            f"the path {reference!r} leaves the data folder {root}",
            where=where,
            remedy="write paths relative to the data folder, or absolute ones",
        )
    return os.path.normpath(root.absolute() / inside) + part


def _is_array(reference: str) -> bool:
    """Whether it names one item of a numpy file."""
    name, part = split_reference(reference)
    return name.endswith(_ARRAYS) and part.endswith("]")


def _read(path: Path, definition: BenchmarkDefinition) -> pd.DataFrame:
    raw = read_csv(path, error=CohortError)
    defaults = {"rater": definition.cohort.rater, "mask_label": "1", "spacing_mm": None}
    for column, value in defaults.items():
        if column not in raw:
            raw[column] = pd.Series(value, index=raw.index, dtype="str")
    known = [*IMAGES.columns, *(column for column in raw if column not in IMAGES.columns)]
    raw["mask_label"] = [_mask_label(text, raw, line, path) for line, text in raw["mask_label"].items()]
    numbers = pd.to_numeric(raw["spacing_mm"], errors="coerce")
    for line in raw.index[numbers.isna() & raw["spacing_mm"].notna()]:
        raise CohortError(
            f"column 'spacing_mm' must hold numbers, found {raw.loc[line, 'spacing_mm']!r} for lesion "
            f"{raw.loc[line, 'lesion_id']!r}",
            where=f"{path}, line {line}",
            remedy="write numbers with a decimal point",
        )
    raw["spacing_mm"] = numbers
    ordered = raw[[column for column in known if column in raw]]
    return check_table(ordered, IMAGES, where=path, error=CohortError)


def _mask_label(text: object, raw: pd.DataFrame, line: Hashable, path: Path) -> str:
    """The label in its one way of writing; an empty cell is 1."""
    if pd.isna(text):  # type: ignore[call-overload]
        return "1"
    try:
        return parse_mask_label(str(text))
    except ValueError:
        lesion = raw.loc[line, "lesion_id"] if "lesion_id" in raw else ""  # type: ignore[index]
        raise CohortError(
            f"column 'mask_label' must hold numbers above 0 or 'any', found {text!r} for lesion {lesion!r}",
            where=f"{path}, line {line}",
            remedy="write the mask value that marks the lesion, with a decimal point, or 'any' for all that is "
            "not 0; an empty cell means 1",
        ) from None


def _check_known(
    images: pd.DataFrame, definition: BenchmarkDefinition, lesion_ids: list[str], path: Path
) -> None:
    for line, lesion in images.loc[~images["lesion_id"].isin(lesion_ids), "lesion_id"].items():
        near = difflib.get_close_matches(lesion, lesion_ids, n=1)
        raise CohortError(
            f"lesion {lesion!r} is not in lesions.csv",
            where=f"{path}, line {line}",
            remedy=f"did you mean {near[0]!r}?" if near else "add it to lesions.csv or take the row out",
        )
    sequences = list(definition.cohort.sequences)
    for line in images.index[~images["sequence"].isin(sequences)]:
        sequence = str(images.loc[line, "sequence"])
        near = difflib.get_close_matches(sequence, sequences, n=1)
        raise CohortError(
            f"unknown sequence {sequence!r} of lesion {images.loc[line, 'lesion_id']!r}; the benchmark "
            f"knows {', '.join(sequences)}",
            where=f"{path}, line {line}",
            remedy=(f"did you mean {near[0]!r}? Else " if near else "")
            + "add it to cohort.sequences in benchmark.yaml, or take its rows out of images.csv",
        )
    raters = sorted(set(images["rater"]))
    if definition.cohort.rater not in raters:
        raise CohortError(
            f"no mask is of the benchmark's rater {definition.cohort.rater!r}; raters found: "
            f"{', '.join(raters) or 'none'}",
            where=path,
            remedy="name one of them as cohort.rater in benchmark.yaml",
        )
    arrays = images["image"].map(_is_array)
    for line, lesion in images.loc[arrays & images["spacing_mm"].isna(), "lesion_id"].items():
        raise CohortError(
            f"the image of lesion {lesion!r} is an array, which has no voxel size of its own",
            where=f"{path}, line {line}",
            remedy="give the voxel size in mm in the column spacing_mm",
        )


def _existing(
    images: pd.DataFrame, path: Path, root: Path, definition: BenchmarkDefinition
) -> tuple[pd.DataFrame, list[tuple[str, str, str, str]]]:
    @cache
    def exists(name: str) -> bool:
        return Path(name).exists()

    rows: list[tuple[str, str, str, str]] = []
    kept: list[bool] = []
    for row in images.itertuples(index=False):
        absent = [
            f"the {kind} file {name} does not exist"
            for kind, name in (
                ("image", split_reference(str(row.image))[0]),
                ("mask", split_reference(str(row.mask))[0]),
            )
            if not exists(name)
        ]
        kept.append(not absent)
        if absent:
            rows.append((str(row.lesion_id), str(row.sequence), str(row.rater), " and ".join(absent)))
    if not any(kept):
        folder = definition.data.folder or "."
        raise DataMissingError(
            f"none of the {len(images)} images named in {path} exists; the first: {rows[0][3]}",
            where=root,
            remedy=f"set SAMESPLIT_DATA to a folder that holds '{folder}', or run: "
            f"samesplit fetch {definition.name}"
            if definition.data.folder
            else f"correct the paths, which start at {root}",
        )
    return images[kept], rows


def _missing_sequences(
    images: pd.DataFrame,
    missing_files: list[tuple[str, str, str, str]],
    definition: BenchmarkDefinition,
    lesion_ids: list[str],
) -> list[tuple[str, str, str, str]]:
    rater = definition.cohort.rater
    own = images[images["rater"] == rater]
    known = set(zip(own["lesion_id"], own["sequence"], strict=True))
    known |= {(lesion, sequence) for lesion, sequence, by, _ in missing_files if by == rater}
    return [
        (lesion, sequence, rater, f"images.csv has no {sequence} of this lesion by rater {rater}")
        for lesion in lesion_ids
        for sequence in definition.cohort.sequences
        if (lesion, sequence) not in known
    ]
