"""The images table as tasks: one row is one case, named by the hash of its content and of how it is read."""

from __future__ import annotations

import math
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pandas as pd

from samesplit.errors import LesionError
from samesplit.imaging.case_file import CaseFile, ReadableCase
from samesplit.imaging.image_references import content_hash, parse_reference
from samesplit.imaging.mask_label import parse_mask_label
from samesplit.imaging.repairs import GeometryRepair, repairs_of
from samesplit.storage import hash_object, library_digest
from samesplit.tables import IMAGES, LEDGER, check_table, empty_table

__all__ = ["case_files", "ledger_table"]

READER = 3
"""Raise this when reading a case changes voxels: kept results of another reader are not used."""

_LIBRARIES = ("SimpleITK", "highdicom", "numpy", "pydicom")
"""They read the files: another version may read other voxels."""


def case_files(
    images: pd.DataFrame,
    *,
    geometry_repair: GeometryRepair | None,
    minimum_voxels: int,
    jobs: int = 1,
    matching_references: pd.Series[str] | None = None,
) -> list[CaseFile]:
    """Turn the images table into cases, sorted by lesion, sequence and rater.

    Args:
        images: IMAGES table with absolute paths.
        geometry_repair: See `samesplit.imaging.repairs`.
        minimum_voxels: The smallest mask that counts.
        jobs: How many files to hash at once.
        matching_references: For profiles that match histograms: the reference image of each image, indexed like
            `images`; empty where the image needs none, missing where the lesion lacks it.
    """
    table = check_table(images[list(empty_table(IMAGES))], IMAGES)
    table["matching_reference"] = (
        "" if matching_references is None else matching_references.reindex(images.index).to_numpy()
    )
    table = table.sort_values(["lesion_id", "sequence", "rater"], ignore_index=True)
    table["lacking"] = table["matching_reference"].isna()
    table["matching_reference"] = table["matching_reference"].fillna("")
    beside = table.loc[table["matching_reference"] != "", "matching_reference"]
    hashes = _hashes(pd.unique(pd.concat([table["image"], table["mask"], beside])).tolist(), jobs)
    cases = []
    for row in table.itertuples(index=False):
        spacing: Any = row.spacing_mm
        given: dict[str, Any] = {
            "mask_label": parse_mask_label(str(row.mask_label)),
            "spacing_mm": None if spacing is None or math.isnan(spacing) else float(spacing),
            "geometry_repair": repairs_of(geometry_repair),
            "minimum_voxels": minimum_voxels,
        }
        image, mask = str(row.image), str(row.mask)
        matching_reference = str(row.matching_reference)
        names = [image, mask, *([matching_reference] if matching_reference else [])]
        problems = [error for name in names for error in [hashes[name][1]] if error]
        if row.lacking:
            problems.append("the lesion lacks the sequence that the profile wants beside this one")
        parts = {"image": hashes[image][0], "mask": hashes[mask][0], "reader": READER, "same": image == mask}
        parts["libraries"] = library_digest(*_LIBRARIES)
        if matching_reference:
            parts["matching_reference"] = hashes[matching_reference][0]
        content = hash_object(given | parts)
        cases.append(
            CaseFile(
                lesion_id=str(row.lesion_id),
                sequence=str(row.sequence),
                rater=str(row.rater),
                image=image,
                mask=mask,
                matching_reference=matching_reference,
                content="" if problems else content,
                problem="; ".join(dict.fromkeys(problems)),
                **given,
            )
        )
    return cases


def _hashes(references: Sequence[str], jobs: int) -> dict[str, tuple[str, str]]:
    """(content hash, problem) by reference; files at once in threads, arrays one after the other."""

    def look(text: str) -> tuple[str, str]:
        try:
            return content_hash(text), ""
        except LesionError as error:
            return "", str(error)

    def is_array(text: str) -> bool:
        try:
            return parse_reference(text).is_array
        except LesionError:
            return False

    arrays = [text for text in references if is_array(text)]
    files = [text for text in references if text not in set(arrays)]
    found = {text: look(text) for text in arrays}
    with ThreadPoolExecutor(max_workers=max(jobs, 1)) as threads:
        found |= dict(zip(files, threads.map(look, files), strict=True))
    return found


def ledger_table(rows: Sequence[tuple[ReadableCase, str, str, str]]) -> pd.DataFrame:
    """Return a LEDGER table of (case, stage, status, reason) rows."""
    if not rows:
        return empty_table(LEDGER)
    table = pd.DataFrame(
        [(c.lesion_id, c.sequence, c.rater, stage, status, reason) for c, stage, status, reason in rows],
        columns=list(LEDGER.columns),
    )
    return check_table(table.drop_duplicates(ignore_index=True), LEDGER)
