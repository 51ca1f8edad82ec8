"""`image_hashes.csv`: what the images of a published benchmark were, to tell whether others are the same.

`samesplit export` writes it into the benchmark's folder: images are not in the package, their hashes are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pandas as pd

from samesplit.errors import CohortError
from samesplit.tables import read_csv

__all__ = ["IMAGE_HASHES", "image_differences", "image_hashes"]

IMAGE_HASHES = "image_hashes.csv"
_KEY = ["lesion_id", "sequence", "rater", "file"]
_FILES = ("image", "mask", "organ_mask")
_MOST_NAMED = 5


def image_hashes(images: pd.DataFrame, content: Mapping[str, str]) -> pd.DataFrame:
    """Return the hash of each image and mask, by what it shows and not by where it lies.

    Args:
        images: The images table, with absolute references.
        content: The hash of the content by reference; what is missing has the hash "missing".

    Returns:
        Columns `lesion_id`, `sequence`, `rater`, `file` (`image`, `mask` or `organ_mask`) and `sha256`.
    """
    parts = [
        images[["lesion_id", "sequence", "rater"]].assign(file=name, sha256=images[name].map(content))
        for name in _FILES
        if name in images
    ]
    columns = [*_KEY, "sha256"]
    table = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)
    known = table["sha256"].notna() & ~table["sha256"].astype(str).str.startswith("missing")
    return table[known].sort_values(_KEY, ignore_index=True)[columns]


def image_differences(folder: Path, images: pd.DataFrame, content: Callable[[str], str]) -> tuple[str, ...]:
    """Say which images and masks are other ones than those of the published run.

    Args:
        folder: The benchmark's folder; without `image_hashes.csv` in it there is nothing to say.
        images: The images table of those that are there, with absolute references.
        content: Gives the hash of the content of a reference.

    Returns:
        One sentence, or nothing where all are the same. Files that are not there are told elsewhere.

    Raises:
        CohortError: `image_hashes.csv` is there and cannot be read.
    """
    path = folder / IMAGE_HASHES
    if not path.is_file() or images.empty:
        return ()
    published = read_csv(path, error=CohortError, known=[*_KEY, "sha256"])
    lacking = [name for name in (*_KEY, "sha256") if name not in published]
    if lacking:
        raise CohortError(
            f"lacks the column {lacking[0]}", where=path, remedy="take the file from the package again"
        )
    named = set(published["file"])
    references = {
        (*key, name): str(row[name])
        for row in images.to_dict("records")
        for key in [(str(row["lesion_id"]), str(row["sequence"]), str(row["rater"]))]
        for name in _FILES
        if name in named and isinstance(row.get(name), str)
    }
    before = {
        tuple(str(row[name]) for name in _KEY): str(row["sha256"]) for row in published.to_dict("records")
    }
    checked = [key for key in references if key in before]
    others = [key for key in checked if content(references[key]) != before[key]]
    if not others:
        return ()
    shown = ", ".join(f"{file} of {lesion} {sequence}" for lesion, sequence, _, file in others[:_MOST_NAMED])
    more = f" and {len(others) - _MOST_NAMED} more" if len(others) > _MOST_NAMED else ""
    return (
        f"{len(others)} of {len(checked)} image files differ from those of the published run "
        f"({IMAGE_HASHES}): {shown}{more}; results that depend on them will differ too",
    )
