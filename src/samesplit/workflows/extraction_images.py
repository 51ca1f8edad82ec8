"""Which images are to be extracted: a CSV, a table or a folder with naming patterns, read and checked."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from samesplit.csv_files import MISSING_WORDS
from samesplit.errors import CohortError, Faults, gathering
from samesplit.imaging.image_folders import find_images, some_images
from samesplit.imaging.image_references import split_reference
from samesplit.tables import IMAGES, LEDGER, check_table, empty_table, read_csv

__all__ = ["KEY", "ImagesToExtract", "absolute_reference", "images_to_extract"]

KEY = ["lesion_id", "sequence", "rater"]
"""What names an image."""

_DEFAULTS = {"sequence": "image", "rater": "R1", "mask_label": "1", "spacing_mm": None}


@dataclass(frozen=True)
class ImagesToExtract:
    """A table of images that was read and checked.

    Attributes:
        given: The rows as given, as text.
        images: IMAGES table of the rows with absolute paths, indexed like them.
        ledger: LEDGER rows of cases that were found without an image or a mask.
    """

    given: pd.DataFrame
    images: pd.DataFrame
    ledger: pd.DataFrame

    @property
    def lacking(self) -> int:
        """How many images are in the ledger."""
        return len(self.ledger[KEY].drop_duplicates())


def images_to_extract(
    images: pd.DataFrame | str | Path,
    *,
    image_pattern: str | None = None,
    mask_pattern: str | None = None,
    mask_label: int | float | str | None = None,
    spacing_mm: float | None = None,
) -> ImagesToExtract:
    """Read and check what is to be extracted.

    Args:
        images: A CSV, a table, or a folder; see `samesplit.workflows.extract.extract_table`.
        image_pattern: How the images of a folder are named.
        mask_pattern: How its masks are named.
        mask_label: The value of the masks that marks the lesion, where the table has no such column.
        spacing_mm: The voxel size of arrays, where the table has no such column.

    Raises:
        CohortError: The table has no column `image` or `mask`, no rows, an empty cell, or two rows of one
            name; a folder comes without patterns, or patterns without a folder.
    """
    given, where, root, ledger = _read(images, image_pattern, mask_pattern)
    return ImagesToExtract(given, _images(given, where, root, mask_label, spacing_mm), ledger)


def _read(
    images: pd.DataFrame | str | Path, image_pattern: str | None, mask_pattern: str | None
) -> tuple[pd.DataFrame, str, Path, pd.DataFrame]:
    """Return the table as text, its name for messages, where relative paths start, and what failed already."""
    patterns = [one for one in (image_pattern, mask_pattern) if one is not None]
    if isinstance(images, pd.DataFrame):
        _no_patterns(patterns, "a table")
        text = images.map(lambda value: None if pd.isna(value) else str(value)).astype("str")
        return text.reset_index(drop=True), "the table of images", Path.cwd(), empty_table(LEDGER)
    path = Path(images)
    if path.is_dir():
        if image_pattern is None or mask_pattern is None:
            raise CohortError(
                "is a folder, and "
                + ("no pattern says" if not patterns else "only one pattern says")
                + " how its images and masks are named",
                where=path,
                remedy='name both: --image-pattern "{case}/t2.nii.gz" --mask-pattern "{case}/mask*.nii.gz" '
                "(in Python image_pattern and mask_pattern); files there: "
                + (some_images(path) or "no image"),
            )
        found = find_images(path, image_pattern=image_pattern, mask_pattern=mask_pattern)
        if found.table.empty:
            raise CohortError(
                f"no image has a mask; the first: {found.ledger['lesion_id'].iloc[0]}: "
                f"{found.ledger['reason'].iloc[0]}",
                where=path,
                remedy="correct the patterns: placeholders that both have must read the same in an image and "
                "its mask",
            )
        return found.table, str(path), Path.cwd(), found.ledger
    _no_patterns(patterns, str(path))
    table = read_csv(
        path,
        error=CohortError,
        known=["image", "mask", *KEY, "mask_label", "spacing_mm"],
        numbers=["mask_label", "spacing_mm"],
        missing=MISSING_WORDS,
    )
    return table, str(path), path.absolute().parent, empty_table(LEDGER)


def _no_patterns(patterns: list[str], where: str) -> None:
    if patterns:
        raise CohortError(
            f"is no folder, and the pattern '{patterns[0]}' is one of files in a folder",
            where=where,
            remedy="name the folder that holds the images, or leave the patterns out",
        )


def _images(
    given: pd.DataFrame,
    where: str,
    root: Path,
    mask_label: int | float | str | None,
    spacing_mm: float | None,
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
    asked = {
        "mask_label": str(1 if mask_label is None else mask_label),
        "spacing_mm": None if spacing_mm is None else str(spacing_mm),
    }
    for column, value in (_DEFAULTS | asked).items():
        if column not in table:
            table[column] = pd.Series(value, index=table.index, dtype="str")
        elif value is not None:
            table[column] = table[column].fillna(value)
    with gathering(None) as faults:
        _no_empty_cells(table, where, faults)
        spacing = _spacings(table, where, faults)
        for column in ("image", "mask"):
            table[column] = table[column].map(
                lambda value: absolute_reference(value, root), na_action="ignore"
            )
    _no_doubles(table, where)
    table["spacing_mm"] = spacing
    return check_table(table[list(empty_table(IMAGES))], IMAGES, where=where, error=CohortError)


def absolute_reference(reference: str, root: Path) -> str:
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
    doubled = table.index[table.duplicated(KEY, keep=False)]
    if len(doubled):
        first = table.loc[doubled[0]]
        same = table.index[(table[KEY] == first[KEY]).all(axis="columns")]
        raise CohortError(
            f"the lesion '{first['lesion_id']}' stands there {len(same)} times",
            where=f"{where}, lines {', '.join(map(str, same))}",
            remedy="tell them apart by a column 'sequence' or 'rater', or give each a lesion_id of its own",
        )
