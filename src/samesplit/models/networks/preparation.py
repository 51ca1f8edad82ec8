"""The prepared inputs of many lesions, kept on disk under the hash of what they were made from."""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from samesplit.errors import LesionError
from samesplit.imaging.case import read_case
from samesplit.imaging.image_references import content_hash
from samesplit.imaging.mask_label import parse_mask_label
from samesplit.imaging.repairs import repairs_of
from samesplit.imaging.views.cutting import prepare_case
from samesplit.imaging.views.settings import InputSettings
from samesplit.kept import note_damage
from samesplit.models.protocol import Cases
from samesplit.source import source_digest
from samesplit.storage import hash_object, library_digest, write_bytes
from samesplit.tables import LEDGER, empty_table
from samesplit.under_way import tell

__all__ = ["PreparedInputs", "prepare_inputs"]

Image = npt.NDArray[np.float32]

_LIBRARIES = ("SimpleITK", "highdicom", "numpy", "pydicom", "scipy")
_HASH = hashlib.sha256().digest_size


@dataclass(frozen=True)
class PreparedInputs:
    """The inputs of some lesions, opened one at a time.

    Attributes:
        lesion_ids: Those with at least one readable image, in the order of the cases.
        keys: The hash of each lesion's input.
        skipped: Rows for the case ledger: images that could not be read.
        shape: Channels, then the sides.
    """

    lesion_ids: list[str]
    keys: list[str]
    skipped: pd.DataFrame
    shape: tuple[int, ...]
    _parts: list[list[Path | Image | None]] = field(repr=False)

    def __len__(self) -> int:
        return len(self.lesion_ids)

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
    sequence that the lesion does not have; a lesion without any readable image is left out.

    Args:
        cases: The lesions and their images.
        settings: How inputs are made.
        sequences: Their order is the order of the channels.
        cache: A folder for prepared inputs, one file an image; any number of processes may share it. None:
            they are held in memory.
    """
    kept: list[str] = []
    keys: list[str] = []
    parts: list[list[Path | Image | None]] = []
    failures: list[dict[str, str]] = []
    rows = {
        (row["lesion_id"], row["sequence"]): {str(key): value for key, value in row.items()}
        for row in cases.images.to_dict("records")
    }
    for number, lesion_id in enumerate(cases.lesion_ids):
        tell(number, len(cases), "image", whole=False)
        found: list[Path | Image | None] = []
        hashes: list[str | None] = []
        for sequence in sequences:
            row = rows.get((lesion_id, sequence))
            part, key = None, None
            if row is not None:
                try:
                    part, key = _prepare(row, cases, settings, cache)
                except LesionError as error:
                    failures.append(_ledger_row(lesion_id, sequence, cases.rater, error))
            found.append(part)
            hashes.append(key)
        if any(part is not None for part in found):
            kept.append(lesion_id)
            keys.append(hash_object(hashes))
            parts.append(found)
    side = (settings.size,) * settings.dimensions
    shape = (settings.channels_per_sequence * len(sequences), *side)
    skipped = pd.DataFrame(failures) if failures else empty_table(LEDGER)
    return PreparedInputs(kept, keys, skipped, shape, parts)


def _prepare(
    row: dict[str, Any], cases: Cases, settings: InputSettings, cache: Path | None
) -> tuple[Path | Image, str]:
    """One image's part of an input, as an array or as the file that holds it, and its hash."""
    image, mask, sequence = str(row["image"]), str(row["mask"]), str(row["sequence"])
    mask_label = parse_mask_label(row["mask_label"])
    spacing_mm = None if pd.isna(row["spacing_mm"]) else float(row["spacing_mm"])
    key = hash_object(
        [
            source_digest(__name__),
            library_digest(*_LIBRARIES),
            [content_hash(reference) for reference in (image, mask)],
            [mask_label, spacing_mm, repairs_of(cases.geometry_repair), cases.minimum_voxels],
            settings.model_dump(mode="json", exclude={"windows"}),
            settings.windows.get(sequence),
        ]
    )
    path = None if cache is None else cache / key[:2] / f"{key}.npy"
    if path is not None and _readable(path, settings):
        return path, key
    case = read_case(
        image,
        mask,
        lesion_id=str(row["lesion_id"]),
        mask_label=mask_label,
        spacing_mm=spacing_mm,
        geometry_repair=cases.geometry_repair,
        minimum_voxels=cases.minimum_voxels,
    )
    array = prepare_case(case, settings, sequence=sequence)
    if path is None:
        return array, key
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=False)
    content = buffer.getvalue()
    return write_bytes(path, content + hashlib.sha256(content).digest()), key


def _readable(path: Path, settings: InputSettings) -> bool:
    """Whether a kept input is there and whole: its own hash stands behind it, where numpy does not look."""
    try:
        content = path.read_bytes()
        whole = content[-_HASH:] == hashlib.sha256(content[:-_HASH]).digest()
        array = np.load(io.BytesIO(content)) if whole else None
    except FileNotFoundError:
        return False
    except (OSError, ValueError, EOFError):
        array = None
    shape = (settings.channels_per_sequence, *(settings.size,) * settings.dimensions)
    fine = array is not None and array.shape == shape and array.dtype == np.float32
    if not fine:
        note_damage(path.parent, f"{path.name} is damaged")
    return fine


def _ledger_row(lesion_id: str, sequence: str, rater: str, error: LesionError) -> dict[str, str]:
    return {
        "lesion_id": lesion_id,
        "sequence": sequence,
        "rater": rater,
        "stage": "networks",
        "status": "failed",
        "reason": error.problem,
    }
