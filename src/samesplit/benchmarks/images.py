"""The images table of a cohort: which file shows which lesion, and what is missing."""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import pandas as pd

from samesplit.benchmarks.definition import BenchmarkDefinition
from samesplit.errors import CohortError, DataMissingError, Faults, SamesplitError, gathering
from samesplit.imaging.image_references import IMAGE_SUFFIXES, split_reference
from samesplit.imaging.mask_label import parse_mask_label
from samesplit.near_ids import which_id_is_meant
from samesplit.tables import IMAGES, LEDGER, check_lines, check_table, empty_table, number_cells, read_csv

__all__ = ["load_images", "resolve_reference"]

_ARRAYS = (".npz", ".npy")
_PATHS = ("image", "mask", "organ_mask")


def load_images(
    folder: Path,
    definition: BenchmarkDefinition,
    lesion_ids: list[str],
    *,
    root: Path,
    notes: list[str] | None = None,
    faults: Faults | None = None,
) -> tuple[pd.DataFrame, pd.DataFrame, int]:
    """Read and check `images.csv`, resolve its paths and note what is missing.

    Without a column `rater` every mask is the benchmark's rater's; where `mask_label` is empty or absent it is 1;
    without `spacing_mm` it is unknown, which only array references may not be.

    Args:
        folder: The benchmark's folder; `images.csv` is looked for there, then in `root`.
        definition: The benchmark's definition.
        lesion_ids: The lesions of the cohort.
        root: Where relative paths start; they may not leave it.
        notes: What was found out about the file is added to these.
        faults: Gathers what is wrong; without it, all of it is raised together. The lines without faults are then
            looked at further, so that files that do not exist are told along with them.

    Returns:
        The images table without the rows whose files do not exist; ledger rows for those and for the sequences
        that a lesion lacks; how many rows name a file that does not exist. Both tables have no rows where the
        benchmark names no sequences.

    Raises:
        CohortError: The table is not usable.
        DataMissingError: No file of the table exists.
    """
    path = next((place / "images.csv" for place in (folder, root) if (place / "images.csv").is_file()), None)
    if not definition.cohort.sequences:
        if path is not None and definition.features is None and len(read_csv(path, error=CohortError)):
            raise CohortError(
                "names images, but benchmark.yaml names no sequences",
                where=path,
                remedy="name them as cohort.sequences, or take images.csv away where only labels and predictions "
                "are at hand",
            )
        return empty_table(IMAGES), empty_table(LEDGER), 0
    if path is None:
        if any((folder / name).is_file() for name in ("images.xlsx", "images.xls", "images.ods")):
            read_csv(folder / "images.csv", error=CohortError)  # says what to do with a workbook
        raise CohortError(
            "there is no images.csv",
            where=folder,
            remedy="write one with the columns lesion_id, sequence, image, mask (and rater, mask_label)",
        )
    with gathering(faults) as found:
        before = len(found.found)
        images = _read(path, definition, notes, found)
        _check_known(images, definition, [i for i in lesion_ids if isinstance(i, str)], path, found)
        for column in [name for name in _PATHS if name in images]:
            images[column] = _resolved(images[column], root, path, found)
        whole = len(found.found) == before
        if not whole:
            images = _without_faults(images, found.found[before:], set(lesion_ids), path)
            if images.empty:
                return empty_table(IMAGES), empty_table(LEDGER), 0
    images, missing_files = _existing(images, path, root, definition)
    images, missing_organs = _existing_organs(images)
    order = {name: position for position, name in enumerate(definition.cohort.sequences)}
    images = images.sort_values(
        ["lesion_id", "sequence", "rater"],
        key=lambda column: column.map(order) if column.name == "sequence" else column,
        ignore_index=True,
    )
    # Where lines are at fault, what they were meant to name is not missing.
    missing_rows = _missing_sequences(images, missing_files, definition, lesion_ids) if whole else []
    rows = sorted(
        missing_files + missing_organs + missing_rows, key=lambda row: (row[0], order[row[1]], row[2])
    )
    ledger = pd.DataFrame(
        [(lesion, sequence, rater, "cohort", "missing", reason) for lesion, sequence, rater, reason in rows],
        columns=list(LEDGER.columns),
    )
    return images, check_table(ledger, LEDGER) if rows else empty_table(LEDGER), len(missing_files)


def _without_faults(
    images: pd.DataFrame, faults: Sequence[SamesplitError], known: set[str], path: Path
) -> pd.DataFrame:
    """Return the lines of which no fault tells."""
    told: set[int] = set()
    for fault in faults:
        _, _, lines = str(fault.where).partition(f"{path}, line")
        told |= {int(line) for line in re.findall(r"\d+", lines)}
    sound = images[~images.index.isin(told) & images["lesion_id"].isin(known)]
    needed = ["lesion_id", "sequence", "rater", "image", "mask"]
    return sound[[column for column in IMAGES.columns if column in sound]].dropna(subset=needed)


def _resolved(column: pd.Series[str], root: Path, path: Path, faults: Faults) -> pd.Series[str]:
    """Return the references of a column with absolute paths."""
    resolved: dict[object, str] = {}
    for line, value in column.dropna().items():
        where = f"{path}, line {line}"
        with faults.kept():
            resolved[line] = resolve_reference(value, root, where=where)
            _no_backslashes(value, split_reference(resolved[line])[0], where)
    return column.index.to_series().map(resolved)


def _no_backslashes(reference: str, name: str, where: str) -> None:
    """Refuse a path written as on Windows, unless such a file really exists."""
    written = split_reference(reference)[0]
    if ("\\" in written or re.match(r"[A-Za-z]:", written)) and not Path(name).exists():
        drive = bool(re.match(r"[A-Za-z]:", written))
        raise CohortError(
            f"the path {reference!r} is written as on Windows, with "
            + ("the letter of a drive" if drive else "backslashes"),
            where=where,
            remedy="write paths relative to the data folder, with forward slashes"
            if drive
            else f"write forward slashes: {reference.replace(chr(92), '/')}",
        )


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


def _read(
    path: Path, definition: BenchmarkDefinition, notes: list[str] | None, faults: Faults
) -> pd.DataFrame:
    raw = read_csv(
        path,
        error=CohortError,
        known=list(IMAGES.columns),
        numbers=["mask_label", "spacing_mm"],
        missing=definition.missing_values,
        notes=notes,
        faults=faults,
    )
    defaults = {"rater": definition.cohort.rater, "mask_label": "1", "spacing_mm": None}
    for column, value in defaults.items():
        if column not in raw:
            raw[column] = pd.Series(value, index=raw.index, dtype="str")
    known = [*IMAGES.columns, *(column for column in raw if column not in IMAGES.columns)]
    of = raw.get("lesion_id")
    raw["mask_label"] = _mask_labels(raw["mask_label"], of, path, faults)
    raw["spacing_mm"] = number_cells(
        raw["spacing_mm"],
        path,
        error=CohortError,
        faults=faults,
        remedy="write numbers with a decimal point",
        of=of,
    )
    ordered = raw[[column for column in known if column in raw]]
    return check_lines(ordered, IMAGES, path, error=CohortError, faults=faults)


def _mask_labels(column: pd.Series[str], of: pd.Series[str] | None, path: Path, faults: Faults) -> list[str]:
    """Return the labels in their one way of writing; an empty cell is 1."""
    labels = []
    for line, text in column.fillna("1").items():
        try:
            labels.append(parse_mask_label(text))
        except ValueError:
            labels.append("1")
            lesion = "" if of is None else f" for lesion {of.to_dict()[line]!r}"
            faults.add(
                CohortError(
                    f"column 'mask_label' must hold numbers above 0 or 'any', found {text!r}{lesion}",
                    where=f"{path}, line {line}",
                    remedy="write the mask value that marks the lesion, with a decimal point, or 'any' for all "
                    "that is not 0; an empty cell means 1",
                )
            )
    return labels


def _check_known(
    images: pd.DataFrame, definition: BenchmarkDefinition, lesion_ids: list[str], path: Path, faults: Faults
) -> None:
    known = set(lesion_ids)
    for line, lesion in images["lesion_id"].dropna().items():
        if lesion not in known:
            faults.add(
                CohortError(
                    f"lesion {lesion!r} is not in lesions.csv",
                    where=f"{path}, line {line}",
                    remedy=which_id_is_meant(lesion, known) or "add it to lesions.csv or take the line out",
                )
            )
    sequences = list(definition.cohort.sequences)
    named = images.dropna(subset="sequence")
    for line, lesion, sequence in zip(named.index, named["lesion_id"], named["sequence"], strict=True):
        if sequence not in sequences:
            near = difflib.get_close_matches(sequence, sequences, n=1)
            faults.add(
                CohortError(
                    f"unknown sequence {sequence!r} of lesion {lesion!r}; the benchmark "
                    f"knows {', '.join(sequences)}",
                    where=f"{path}, line {line}",
                    remedy=(f"did you mean {near[0]!r}? Else " if near else "")
                    + "add it to cohort.sequences in benchmark.yaml, or take its lines out of images.csv",
                )
            )
    raters = sorted(set(images["rater"].dropna()))
    if definition.cohort.rater not in raters:
        faults.add(
            CohortError(
                f"no mask is of the benchmark's rater {definition.cohort.rater!r}; raters found: "
                f"{', '.join(raters) or 'none'}",
                where=path,
                remedy="name one of them as cohort.rater in benchmark.yaml",
            )
        )
    arrays = images["image"].map(_is_array, na_action="ignore").fillna(value=False).astype(bool)
    for line, lesion in images.loc[arrays & images["spacing_mm"].isna(), "lesion_id"].items():
        faults.add(
            CohortError(
                f"the image of lesion {lesion!r} is an array, which has no voxel size of its own",
                where=f"{path}, line {line}",
                remedy="give the voxel size in mm in the column spacing_mm",
            )
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


def _existing_organs(images: pd.DataFrame) -> tuple[pd.DataFrame, list[tuple[str, str, str, str]]]:
    """Empty the cells whose organ mask does not exist: the image and the lesion's mask are still of use."""
    if "organ_mask" not in images:
        return images, []
    absent = ~images["organ_mask"].map(
        lambda name: isinstance(name, str) and Path(split_reference(name)[0]).exists()
    ).astype(bool)
    rows = [
        (
            str(row.lesion_id),
            str(row.sequence),
            str(row.rater),
            f"the organ mask {row.organ_mask} does not exist",
        )
        for row in images[absent & images["organ_mask"].notna()].itertuples(index=False)
    ]
    return images.assign(organ_mask=images["organ_mask"].mask(absent)), rows


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
