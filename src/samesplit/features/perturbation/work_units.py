"""What a worker process does with one perturbed case."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import SimpleITK as sitk

from samesplit.errors import LesionError
from samesplit.features.engines import engine_module, get_engine
from samesplit.features.perturbation.perturb import REVISION, dice, perturb
from samesplit.features.perturbation.settings import Perturbations
from samesplit.features.perturbation.supervoxels import unpack
from samesplit.features.profiles import Profile
from samesplit.imaging.case_file import CaseFile
from samesplit.source import source_digest
from samesplit.storage import hash_object

__all__ = ["PerturbedTask", "extract_perturbed"]


@dataclass(frozen=True)
class PerturbedTask:
    """One case under one profile after one perturbation.

    Attributes:
        case: What to read.
        profile: What to extract.
        engine_version: The version of the engine that is to do it.
        kind: The perturbation.
        repetition: From 0.
        perturbations: How strong it is.
        supervoxels: What `cut_into_supervoxels` found, where the kind can use it; empty finds it again.
    """

    case: CaseFile
    profile: Profile
    engine_version: str
    kind: str
    repetition: int
    perturbations: Perturbations
    supervoxels: str = ""

    @property
    def what(self) -> str:
        """The case and what is done to it in words, for who waits."""
        return f"{self.case.what} {self.kind} {self.repetition}"

    @property
    def key(self) -> str:
        """SHA-256 of all that decides the values."""
        code = source_digest(__name__, engine_module(self.profile.engine))
        engine = [self.profile.digest(), self.profile.engine, self.engine_version, code]
        changed = [REVISION, self.kind, self.perturbations.strength(self.kind), self.repetition]
        return hash_object([self.case.content, *engine, "perturbed", *changed])


def extract_perturbed(task: PerturbedTask) -> dict[str, Any]:
    """Read a case, perturb it and extract its features.

    Returns:
        `{"values": {name: value}, "voxels": mask voxels, "dice": agreement with the mask as drawn}`.

    Raises:
        LesionError: The case cannot be read, its mask does not survive, or it has no features.
    """
    case = task.case.read()
    try:
        changed = perturb(
            case,
            task.kind,
            task.perturbations,
            content=task.case.content,
            repetition=task.repetition,
            minimum_voxels=task.case.minimum_voxels,
            parts=unpack(task.supervoxels) if task.supervoxels else None,
        )
        values = get_engine(task.profile.engine).extract(changed, task.profile)
    except LesionError as error:
        where = f"lesion {task.case.lesion_id}, {task.kind}, repetition {task.repetition}"
        raise LesionError(error.problem, where=where, remedy=error.remedy) from error
    return {
        "values": {name: float(value) for name, value in values.items()},
        "voxels": int(np.count_nonzero(sitk.GetArrayViewFromImage(changed.mask))),
        "dice": round(dice(case.mask, changed.mask), 4),
    }
