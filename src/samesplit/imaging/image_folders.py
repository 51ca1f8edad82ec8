"""A folder of images and masks, read by the names of its files: which mask belongs to which image."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import pandas as pd

from samesplit.errors import CohortError
from samesplit.imaging.image_references import IMAGE_SUFFIXES
from samesplit.imaging.name_patterns import NamePattern
from samesplit.tables import LEDGER, check_table, empty_table

__all__ = ["FolderImages", "find_images", "some_images"]

_SUFFIXES = (*IMAGE_SUFFIXES, ".dcm", ".npy", ".npz")
_RESERVED = ("image", "mask", "mask_label", "spacing_mm", "lesion_id")
_SHOWN = 3

Fields = Mapping[str, str]
_Files = list[tuple[dict[str, str], str]]


@dataclass(frozen=True)
class FolderImages:
    """What is in a folder of images and masks.

    Attributes:
        table: One row an image with its mask, with the columns of an images.csv: `lesion_id`, where the
            patterns name them `sequence`, `rater` and other placeholders, `image` and `mask`.
        ledger: One row a case that has no mask or no image, or several that fit, with the reason: lesion_id,
            sequence, rater, stage (`images`), status (`failed`), reason.
    """

    table: pd.DataFrame
    ledger: pd.DataFrame


def find_images(folder: str | Path, *, image_pattern: str, mask_pattern: str) -> FolderImages:
    """Find the images of a folder and their masks by the names of the files.

    An image and a mask belong together when all placeholders that both patterns have read the same. Masks of
    several raters of one image, or one mask of several sequences, are a row each. A file that fits both
    patterns is what the pattern with more fixed characters says; names that begin with a dot are left out.

    Args:
        folder: Where the patterns start.
        image_pattern: Such as `{case}/{sequence}.nii.gz`; see
            `samesplit.imaging.name_patterns.NamePattern`. `{case}` becomes the lesion_id; with `{lesion}` it
            is `<case>-<lesion>`.
        mask_pattern: Such as `{case}/mask_{rater}.nii.gz`.

    Returns:
        The images with their masks, and what could not be paired. Paths start with `folder` as given.

    Raises:
        CohortError: There is no such folder, a pattern cannot be read or fits no file, or no pattern has
            `{case}`.
    """
    images, masks = NamePattern(image_pattern), NamePattern(mask_pattern)
    root = Path(folder)
    _check(root, images, masks)
    image_files, mask_files, others = _Files(), _Files(), list[str]()
    for path, is_folder in _paths(root, (images, masks)):
        is_image, is_mask = _what(path, is_folder, images, masks)
        for files, pattern, fits in ((image_files, images, is_image), (mask_files, masks, is_mask)):
            fields = (pattern.read(path) if fits else None) or {}
            if fits and images.allows(fields) and masks.allows(fields):
                files.append((fields, path))
        if not (is_image or is_mask or is_folder):
            others.append(path)
    for what, pattern, files in (("image", images, image_files), ("mask", masks, mask_files)):
        if not files:
            there = [*others, *(path for _, path in (*image_files, *mask_files))]
            raise CohortError(
                f"no file fits the {what} pattern '{pattern.text}'",
                where=root,
                remedy=f"correct the pattern; {_examples(there)}",
            )
    return _paired(root, images, masks, image_files, mask_files)


def some_images(folder: Path, *, depth: int = 3) -> str:
    """Return the paths of a few image files in a folder, to show how they are named; empty where there are none.

    Args:
        folder: Where to look.
        depth: How many folders deep.
    """
    every = NamePattern("/".join("*" * depth))
    files = (path for path, is_folder in _paths(folder, [every]) if not is_folder)
    return ", ".join(islice(files, _SHOWN))


def _check(root: Path, images: NamePattern, masks: NamePattern) -> None:
    if not root.is_dir():
        raise CohortError("is no folder", where=root, remedy="name the folder that holds images and masks")
    fields = {*images.fields, *masks.fields}
    if "case" not in fields:
        raise CohortError(
            "neither pattern has the placeholder {case}, which names the rows",
            where=f"'{images.text}', '{masks.text}'",
            remedy='write it where the file or folder names differ: --image-pattern "{case}/t2.nii.gz"',
        )
    if taken := sorted(fields & set(_RESERVED)):
        raise CohortError(
            f"the placeholder {{{taken[0]}}} has the name of a column that is filled otherwise",
            where=f"'{images.text}', '{masks.text}'",
            remedy="choose another name, such as {case} for what names a row",
        )


def _paths(root: Path, patterns: Sequence[NamePattern], below: str = "") -> Iterator[tuple[str, bool]]:
    """Yield the paths below a folder at which files may fit, sorted, and whether each is a folder."""
    with os.scandir(root / below) as entries:
        listed = sorted(entries, key=lambda entry: entry.name)
    for entry in listed:
        if entry.name.startswith("."):
            continue
        path = f"{below}{entry.name}"
        if entry.is_dir():
            yield path, True
            if any(pattern.may_hold(path) for pattern in patterns):
                yield from _paths(root, patterns, f"{path}/")
        elif entry.name.lower().endswith(_SUFFIXES) or "." not in entry.name:
            yield path, False


def _what(path: str, is_folder: bool, images: NamePattern, masks: NamePattern) -> tuple[bool, bool]:
    """Say whether a path is an image, and whether it is a mask."""
    is_image, is_mask = (one.of_folders == is_folder and one.fits(path) for one in (images, masks))
    if not (is_image and is_mask) or images.path == masks.path:  # two arrays of one file, or shapes alone
        return is_image, is_mask
    if images.fixed == masks.fixed:
        raise CohortError(
            f"fits both patterns, '{images.text}' and '{masks.text}'",
            where=path,
            remedy="make one of them narrower, so that images and masks can be told apart",
        )
    return images.fixed > masks.fixed, masks.fixed > images.fixed


def _paired(
    root: Path,
    images: NamePattern,
    masks: NamePattern,
    image_files: _Files,
    mask_files: _Files,
) -> FolderImages:
    shared = [field for field in images.fields if field in masks.fields]
    of_images, of_masks = _grouped(image_files), _grouped(mask_files)
    by_shared: dict[tuple[str, ...], list[tuple[Fields, list[str]]]] = defaultdict(list)
    for fields, paths in of_masks:
        by_shared[tuple(fields[name] for name in shared)].append((fields, paths))
    rows: list[tuple[Fields, str, str]] = []
    failed: list[tuple[Fields, str]] = []
    used: set[tuple[str, ...]] = set()
    for fields, paths in of_images:
        key = tuple(fields[name] for name in shared)
        used.add(key)
        if key not in by_shared:
            failed.append(
                (fields, f"there is no mask: no file fits '{masks.filled(fields)}'; the image is {paths[0]}")
            )
        for mask_fields, mask_paths in by_shared.get(key, ()):
            both = {**fields, **mask_fields}
            doubled = [
                _several(what, pattern, fields, some)
                for what, pattern, some in (("images", images, paths), ("masks", masks, mask_paths))
                if len(some) > 1
            ]
            failed += [(both, reason) for reason in doubled]
            if not doubled:
                rows.append(
                    (both, str(root / paths[0]) + images.part, str(root / mask_paths[0]) + masks.part)
                )
    for key, lonely in by_shared.items():
        if key not in used:
            failed += [
                (
                    fields if {"case", "lesion"} & set(fields) else {"case": paths[0], **fields},
                    f"there is no image: no file fits '{images.filled(fields)}'; the mask is {paths[0]}",
                )
                for fields, paths in lonely
            ]
    return FolderImages(_table(rows), _ledger(failed))


def _grouped(files: _Files) -> list[tuple[Fields, list[str]]]:
    """Return the files of equal placeholders together, in order of the placeholders."""
    groups: dict[tuple[tuple[str, str], ...], list[str]] = defaultdict(list)
    for fields, path in files:
        groups[tuple(fields.items())].append(path)
    return [(dict(key), paths) for key, paths in sorted(groups.items())]


def _several(what: str, pattern: NamePattern, fields: Fields, paths: list[str]) -> str:
    shown = ", ".join(paths[:_SHOWN]) + (", ..." if len(paths) > _SHOWN else "")
    return (
        f"{len(paths)} {what} fit '{pattern.filled(fields)}': {shown}; make the pattern narrower, or put a "
        "placeholder such as {rater} or {sequence} in the place of * to take each"
    )


def _named(fields: Fields) -> dict[str, str]:
    """Return the columns that name a row."""
    case, lesion = fields.get("case", ""), fields.get("lesion", "")
    rest = {name: text for name, text in fields.items() if name != "case" or lesion}
    return {"lesion_id": "-".join(text for text in (case, lesion) if text), **rest}


def _table(rows: list[tuple[Fields, str, str]]) -> pd.DataFrame:
    named = [{**_named(fields), "image": image, "mask": mask} for fields, image, mask in rows]
    return pd.DataFrame(named, columns=None if named else ["lesion_id", "image", "mask"], dtype="str")


def _ledger(failed: list[tuple[Fields, str]]) -> pd.DataFrame:
    if not failed:
        return empty_table(LEDGER)
    rows = [
        (named["lesion_id"], named.get("sequence", ""), named.get("rater", ""), "images", "failed", reason)
        for fields, reason in failed
        for named in [_named(fields)]
    ]
    return check_table(pd.DataFrame(sorted(rows), columns=list(empty_table(LEDGER))), LEDGER)


def _examples(paths: list[str]) -> str:
    if not paths:
        return "there is no image file where the patterns look"
    files = "is one image file" if len(paths) == 1 else f"are {len(paths)} image files"
    return f"where the patterns look there {files}, such as {', '.join(sorted(paths)[:_SHOWN])}"
