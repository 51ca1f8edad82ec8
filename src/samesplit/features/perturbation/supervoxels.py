"""Supervoxels of a case, found once and used by every repetition and profile that draws its contour anew."""

from __future__ import annotations

import base64
import zlib
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from samesplit.features.perturbation.perturb import REVISION, supervoxels_of
from samesplit.features.perturbation.settings import Perturbations
from samesplit.imaging.case_file import CaseFile
from samesplit.source import source_digest
from samesplit.storage import hash_object, library_digest

__all__ = ["SupervoxelTask", "cut_into_supervoxels", "pack", "starts_with_contour", "unpack"]


@dataclass(frozen=True)
class SupervoxelTask:
    """One case that is to be cut into supervoxels.

    Attributes:
        case: What to read.
        perturbations: How large the supervoxels are.
    """

    case: CaseFile
    perturbations: Perturbations

    @property
    def what(self) -> str:
        """The case in words, for who waits."""
        return f"{self.case.what} supervoxels"

    @property
    def key(self) -> str:
        """SHA-256 of all that decides where the supervoxels lie."""
        code = [source_digest(__name__), library_digest("numpy", "scikit-image", "scipy")]
        strength = self.perturbations.strength("contour")
        return hash_object([self.case.content, *code, "supervoxels", REVISION, strength])


def starts_with_contour(kind: str) -> bool:
    """Whether a perturbation redraws the contour in the image as it was read, the same in every repetition.

    Example:
        >>> starts_with_contour("contour+noise"), starts_with_contour("rotation+contour")
        (True, False)
    """
    return kind.split("+", 1)[0] == "contour"


def cut_into_supervoxels(task: SupervoxelTask) -> dict[str, Any]:
    """Read a case and cut the box around its lesion into supervoxels.

    Returns:
        `{"supervoxels": text}`, see `unpack`.

    Raises:
        LesionError: The case cannot be read.
    """
    return {"supervoxels": pack(supervoxels_of(task.case.read(), task.perturbations))}


def pack(labels: npt.NDArray[np.int64]) -> str:
    """Write the numbers of supervoxels as text.

    Example:
        >>> unpack(pack(np.arange(8).reshape(2, 2, 2))).tolist()
        [[[0, 1], [2, 3]], [[4, 5], [6, 7]]]
    """
    shape = "x".join(map(str, labels.shape))
    return f"{shape}:{base64.b64encode(zlib.compress(labels.astype('<u4').tobytes())).decode()}"


def unpack(text: str) -> npt.NDArray[np.int64]:
    """Return what `pack` was given: the number of each voxel's supervoxel, axes z, y, x."""
    shape, packed = text.split(":")
    numbers = np.frombuffer(zlib.decompress(base64.b64decode(packed)), dtype="<u4")
    return numbers.reshape([int(size) for size in shape.split("x")]).astype(np.int64)
