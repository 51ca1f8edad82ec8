"""What a worker process does with one case. Kept apart so that workers import no table code and start quickly."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from samesplit.errors import LesionError
from samesplit.features.engines import engine_module, get_engine
from samesplit.features.profiles import Profile
from samesplit.imaging.case_file import ReadableCase
from samesplit.source import source_digest
from samesplit.storage import hash_object

__all__ = ["FeatureTask", "extract_case"]


@dataclass(frozen=True)
class FeatureTask:
    """One case under one profile.

    Attributes:
        case: What to read.
        profile: What to extract.
        engine_version: The version of the engine that is to do it.
    """

    case: ReadableCase
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
