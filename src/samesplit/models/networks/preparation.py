"""The prepared inputs of many lesions, kept on disk under the hash of what they were made from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from samesplit.errors import LesionError, ModelError
from samesplit.imaging.case import Case, read_case, read_image
from samesplit.imaging.image_references import content_hash
from samesplit.imaging.mask_label import parse_mask_label
from samesplit.imaging.repairs import repairs_of
from samesplit.imaging.views.cutting import prepare_case, share_cut_off
from samesplit.imaging.views.one_place import Place, cut_at, on_another_image, places_of
from samesplit.imaging.views.settings import InputSettings
from samesplit.models.networks.kept_inputs import note_of_kept, write_input
from samesplit.models.protocol import Cases
from samesplit.source import source_digest
from samesplit.storage import hash_object, library_digest
from samesplit.tables import LEDGER, empty_table
from samesplit.under_way import tell

__all__ = ["PreparedInputs", "prepare_inputs"]

Image = npt.NDArray[np.float32]

_LIBRARIES = ("SimpleITK", "highdicom", "numpy", "pydicom", "scipy")
_SAID_ELSEWHERE = ("grid", "mask", "mm_per_pixel")
"""Settings that other settings, or the images, say as well."""

Row = Mapping[str, Any]


@dataclass(frozen=True)
class PreparedInputs:
    """The inputs of some lesions, opened one at a time.

    Attributes:
        lesion_ids: Those with at least one readable image, in the order of the cases.
        keys: The hash of each lesion's input.
        skipped: Rows for the case ledger: images that could not be read, and lesions larger than the field.
        shape: Channels, then the sides.
    """

    lesion_ids: list[str]
    keys: list[str]
    skipped: pd.DataFrame
    shape: tuple[int, ...]
    _parts: list[list[Path | Image | None]] = field(repr=False)

    def __len__(self) -> int:
        return len(self.lesion_ids)

    def seen(self) -> tuple[bool, ...]:
        """Tell of each sequence, in their order, whether any lesion has it."""
        return tuple(any(part is not None for part in parts) for parts in zip(*self._parts, strict=True))

    def names(self) -> set[str]:
        """Return how the names of the files that hold them begin (16 letters); none where they are in memory."""
        return {part.stem[:16] for parts in self._parts for part in parts if isinstance(part, Path)}

    def __getitem__(self, index: int) -> Image:
        """Return the input of one lesion, float32 of `shape`; the channels of a missing sequence are 0."""
        parts = self._parts[index]
        channels = self.shape[0] // len(parts)
        stack = np.zeros(self.shape, dtype=np.float32)
        for place, part in enumerate(parts):
            if part is not None:
                array = np.load(part) if isinstance(part, Path) else part
                stack[place * channels : (place + 1) * channels] = array
        return stack


def prepare_inputs(
    cases: Cases, settings: InputSettings, *, sequences: tuple[str, ...], cache: Path | None
) -> PreparedInputs:
    """Prepare the input of every lesion.

    An image that cannot be read costs that sequence of that lesion, whose channels are then 0 as for a
    sequence that the lesion does not have; a lesion without any readable image is left out. Where all sequences
    are cut at one place (see `InputSettings.grid`), the mask of one of them counts, the reference: the named
    sequence, or the first, that can be read.

    Args:
        cases: The lesions and their images.
        settings: How inputs are made.
        sequences: Their order is the order of the channels.
        cache: A folder for prepared inputs, one file an image; any number of processes may share it. None:
            they are held in memory.

    Raises:
        ModelError: `grid` names a sequence that is not among them.
    """
    named = settings.reference_sequence
    if named and named not in sequences:
        raise ModelError(
            f"'grid: {named}' names a sequence that the network is not given",
            remedy=f"name one of {', '.join(sequences)}, or write 'grid: first'",
        )
    kept: list[str] = []
    keys: list[str] = []
    parts: list[list[Path | Image | None]] = []
    ledger: list[dict[str, str]] = []
    rows = {
        (row["lesion_id"], row["sequence"]): {str(key): value for key, value in row.items()}
        for row in cases.images.to_dict("records")
    }
    for number, lesion_id in enumerate(cases.lesion_ids):
        tell(number, len(cases), "image", whole=False)
        own: dict[str, Mapping[str, Any]] = {
            sequence: rows[lesion_id, sequence] for sequence in sequences if (lesion_id, sequence) in rows
        }
        lesion = _Lesion(own, cases, settings, cache)
        found = lesion.prepare()
        ledger += [
            _ledger_row(lesion_id, sequence, cases.rater, status, reason)
            for sequence, status, reason in lesion.remarks
        ]
        if found:
            kept.append(lesion_id)
            keys.append(hash_object([found[name][1] if name in found else None for name in sequences]))
            parts.append([found[name][0] if name in found else None for name in sequences])
    shape = (settings.channels_per_sequence * len(sequences), *_sides(settings))
    skipped = pd.DataFrame(ledger) if ledger else empty_table(LEDGER)
    return PreparedInputs(kept, keys, skipped, shape, parts)


class _Reference:
    """The sequence of a lesion whose mask says where all are cut; its image is opened only when it is needed."""

    def __init__(self, row: Row, cases: Cases, settings: InputSettings) -> None:
        self.row, self.cases, self.settings = row, cases, settings

    @cached_property
    def case(self) -> Case:
        return _read(self.row, self.cases)

    @cached_property
    def places(self) -> list[Place]:
        return places_of(self.case, self.settings)


class _Lesion:
    """The images of one lesion, and the `remarks` on them for the ledger: sequence, status, reason."""

    def __init__(
        self, rows: Mapping[str, Row], cases: Cases, settings: InputSettings, cache: Path | None
    ) -> None:
        self.rows, self.cases, self.settings, self.cache = rows, cases, settings, cache
        self.remarks: list[tuple[str, str, str]] = []

    def prepare(self) -> dict[str, tuple[Path | Image, str]]:
        """Return, for each sequence that can be read, its part of the input (or its file) and the part's hash."""
        if self.settings.one_place:
            return self._at_one_place()
        return self._parts(self.rows, None)

    def _at_one_place(self) -> dict[str, tuple[Path | Image, str]]:
        named = self.settings.reference_sequence
        order = sorted(self.rows, key=lambda sequence: sequence != named)
        while order:
            reference = _Reference(self.rows[order[0]], self.cases, self.settings)
            first = self._parts({order[0]: self.rows[order[0]]}, reference)
            if first:
                if named and order[0] != named:
                    self.remarks.append((order[0], "noted", f"cut at this sequence, for want of {named}"))
                rest = {name: row for name, row in self.rows.items() if name in order[1:]}
                return first | self._parts(rest, reference)
            order = order[1:]
        return {}

    def _parts(
        self, rows: Mapping[str, Row], reference: _Reference | None
    ) -> dict[str, tuple[Path | Image, str]]:
        found = {}
        for sequence, row in rows.items():
            try:
                part, key, note = self._part(row, reference)
            except LesionError as error:
                self.remarks.append((sequence, "failed", error.problem))
                continue
            found[sequence] = part, key
            if note:
                self.remarks.append((sequence, "noted", note))
        return found

    def _part(self, row: Row, reference: _Reference | None) -> tuple[Path | Image, str, str]:
        """One image's part of an input, as an array or as the file that holds it, its hash and what to note."""
        settings = self.settings
        key = self._key(row, reference)
        path = None if self.cache is None else self.cache / key[:2] / f"{key}.npy"
        shape = (settings.channels_per_sequence, *_sides(settings))
        if path is not None and (note := note_of_kept(path, shape)) is not None:
            return path, key, note
        sequence = str(row["sequence"])
        note = ""
        if reference is None:
            case = _read(row, self.cases, self._matched_to(sequence))
            array = prepare_case(case, settings, sequence=sequence)
        elif row is reference.row:
            case = self._with_match(reference.case, sequence)
            array = cut_at(reference.places, case, case, settings, sequence=sequence)
        else:
            case = self._with_match(_read_beside(row, reference, self.cases), sequence)
            array = cut_at(reference.places, case, reference.case, settings, sequence=sequence)
        if reference is None or row is reference.row:
            lost = share_cut_off(case, settings)
            if lost > 0:
                note = f"the field of {settings.field_mm:g} mm cuts off {lost:.1%} of the lesion"
        return (array if path is None else write_input(path, array, note)), key, note

    def _matched_to(self, sequence: str) -> str:
        """Return the image that this sequence's histogram is matched to; "" where there is none."""
        matching = self.settings.histogram_matching
        if matching is None or matching.reference == sequence or matching.reference not in self.rows:
            return ""
        return str(self.rows[matching.reference]["image"])

    def _with_match(self, case: Case, sequence: str) -> Case:
        other = self._matched_to(sequence)
        if not other:
            return case
        beside = read_image(other, "image", geometry_repair=self.cases.geometry_repair)
        return replace(case, matching_reference=beside)

    def _key(self, row: Row, reference: _Reference | None) -> str:
        """Hash everything that an image's part is made from."""
        beside: list[Any] = [] if reference is None or row is reference.row else [_content(reference.row)]
        if matched := self._matched_to(str(row["sequence"])):
            beside.append(content_hash(matched))
        return hash_object(
            [
                source_digest(__name__),
                library_digest(*_LIBRARIES),
                _content(row),
                [repairs_of(self.cases.geometry_repair), self.cases.minimum_voxels],
                self.settings.model_dump(mode="json", exclude={"windows", *_SAID_ELSEWHERE}),
                [self.settings.one_place, *beside],
                self.settings.windows.get(str(row["sequence"])),
            ]
        )


def _content(row: Row) -> list[Any]:
    """Return what an image and its mask are, whatever their files are called."""
    files = [content_hash(str(row[name])) for name in ("image", "mask")]
    return [files, parse_mask_label(row["mask_label"]), _spacing(row)]


def _spacing(row: Row) -> float | None:
    return None if pd.isna(row["spacing_mm"]) else float(row["spacing_mm"])


def _read(row: Row, cases: Cases, matching_reference: str = "") -> Case:
    return read_case(
        str(row["image"]),
        str(row["mask"]),
        lesion_id=str(row["lesion_id"]),
        mask_label=parse_mask_label(row["mask_label"]),
        spacing_mm=_spacing(row),
        geometry_repair=cases.geometry_repair,
        minimum_voxels=cases.minimum_voxels,
        matching_reference=matching_reference,
    )


def _read_beside(row: Row, reference: _Reference, cases: Cases) -> Case:
    """Read the image of a sequence whose own mask does not count."""
    where = f"lesion {row['lesion_id']}"
    if _spacing(row) is None and row["image"] != row["mask"]:
        image = read_image(str(row["image"]), "image", geometry_repair=cases.geometry_repair)
    else:  # arrays, whose voxel size the table knows, and masks that stand for images
        image = _read(row, cases).image
    return on_another_image(reference.case, image, where=where)


def _sides(settings: InputSettings) -> tuple[int, ...]:
    return (settings.size,) * settings.dimensions


def _ledger_row(lesion_id: str, sequence: str, rater: str, status: str, reason: str) -> dict[str, str]:
    return {
        "lesion_id": lesion_id,
        "sequence": sequence,
        "rater": rater,
        "stage": "networks",
        "status": status,
        "reason": reason,
    }
