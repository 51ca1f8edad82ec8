"""What a worker process does with one case. Kept apart so that workers import no table code and start quickly."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from samesplit.errors import LesionError
from samesplit.features.engines import engine_module, get_engine
from samesplit.features.profiles import Profile
from samesplit.features.repairs import RepairName
from samesplit.features.volume import Case, read_case
from samesplit.source import source_digest
from samesplit.storage import hash_object

__all__ = ["CaseFile", "FeatureTask", "extract_case"]


@dataclass(frozen=True)
class CaseFile:
    """One row of the images table and how to read it.

    Attributes:
        lesion_id: The lesion.
        sequence: The image's name.
        rater: Who drew the mask.
        image: Path or array reference.
        mask: Path or array reference.
        mask_label: The mask value that marks the lesion, or `any`.
        spacing_mm: Voxel size of arrays; None for image files.
        geometry_repair: The repairs that may be made.
        minimum_voxels: The smallest mask that counts.
        companion: The image of another sequence of the same lesion that the profile wants beside this one, for
            example to match the histogram to; empty without.
        content: SHA-256 of image, mask and the settings above; empty when the files cannot be opened.
        problem: Why they cannot; empty when they can.
    """

    lesion_id: str
    sequence: str
    rater: str
    image: str
    mask: str
    mask_label: str
    spacing_mm: float | None
    geometry_repair: tuple[RepairName, ...]
    minimum_voxels: int
    companion: str = ""
    content: str = ""
    problem: str = ""

    @property
    def what(self) -> str:
        """The case in words, for who waits."""
        return f"{self.lesion_id} {self.sequence}"

    def read(self) -> Case:
        """Open and check it; see `samesplit.features.volume.read_case`."""
        return read_case(
            self.image,
            self.mask,
            lesion_id=self.lesion_id,
            mask_label=self.mask_label,
            spacing_mm=self.spacing_mm,
            geometry_repair=self.geometry_repair,
            minimum_voxels=self.minimum_voxels,
            companion=self.companion,
        )


@dataclass(frozen=True)
class FeatureTask:
    """One case under one profile.

    Attributes:
        case: What to read.
        profile: What to extract.
        engine_version: The version of the engine that is to do it.
    """

    case: CaseFile
    profile: Profile
    engine_version: str

    @property
    def what(self) -> str:
        """The case in words, for who waits."""
        return self.case.what

    @property
    def key(self) -> str:
        """SHA-256 of all that decides the values."""
        return hash_object(
            [
                self.case.content,
                self.profile.digest(),
                self.profile.engine,
                self.engine_version,
                source_digest(__name__, engine_module(self.profile.engine)),
            ]
        )


def extract_case(task: FeatureTask) -> dict[str, Any]:
    """Read a case and extract its features.

    Returns:
        `{"values": {name: value}, "repairs": [...], "steps": [[name, what was done], ...], "notes": [...]}`.

    Raises:
        LesionError: The case cannot be read or has no features.
    """
    case = task.case.read()
    try:
        values = get_engine(task.profile.engine).extract(case, task.profile)
    except LesionError as error:
        where = f"lesion {task.case.lesion_id}"
        raise LesionError(error.problem, where=where, remedy=error.remedy) from error
    return {
        "values": {name: float(value) for name, value in values.items()},
        "repairs": list(case.repairs),
        "steps": [[one.step, one.done] for one in values.steps],
        "notes": list(values.notes),
    }
