"""The errors that a user can meet: what is wrong, where it is, and how to mend it."""

from __future__ import annotations

from pathlib import Path

__all__ = [
    "CohortError",
    "DataMissingError",
    "DeclarationError",
    "FetchError",
    "LesionError",
    "ModelError",
    "PredictionsError",
    "ReadingsError",
    "SamesplitError",
    "SplitError",
    "StatisticsError",
    "TrackingError",
    "WorkspaceError",
]


class SamesplitError(Exception):
    """The base of every error that samesplit raises on purpose.

    Args:
        problem: One sentence that says what is wrong.
        where: The file, table, line or lesion it was found in.
        remedy: One sentence that says what to do about it.

    Example:
        >>> print(SamesplitError("the mask is empty", where="lesion L7", remedy="draw it again"))
        lesion L7: the mask is empty
        Remedy: draw it again
    """

    def __init__(self, problem: str, *, where: str | Path | None = None, remedy: str | None = None) -> None:
        self.problem = problem
        self.where = None if where is None else str(where)
        self.remedy = remedy
        super().__init__(problem)

    def __str__(self) -> str:
        text = self.problem if self.where is None else f"{self.where}: {self.problem}"
        return text if self.remedy is None else f"{text}\nRemedy: {self.remedy}"

    def __reduce__(self) -> tuple[object, ...]:
        """Let errors cross process borders with all their parts."""
        return (_rebuild, (type(self), self.problem, self.where, self.remedy))


def _rebuild(
    kind: type[SamesplitError], problem: str, where: str | None, remedy: str | None
) -> SamesplitError:
    return kind(problem, where=where, remedy=remedy)


class DeclarationError(SamesplitError):
    """A YAML file (benchmark, profile or model) says something that cannot be."""


class CohortError(SamesplitError):
    """The lesions or images table is not usable."""


class SplitError(SamesplitError):
    """A split is missing, altered, unfair or does not fit the cohort."""


class DataMissingError(SamesplitError):
    """The files of a benchmark are not on this machine."""


class FetchError(SamesplitError):
    """A download failed, or what arrived is not what was promised."""


class LesionError(SamesplitError):
    """One lesion cannot be used: it costs that lesion and leaves a row in the case ledger."""


class ModelError(SamesplitError):
    """A model cannot be built, fitted or asked for probabilities."""


class PredictionsError(SamesplitError):
    """A table of predictions does not fit the benchmark."""


class ReadingsError(SamesplitError):
    """A table of readings does not fit the benchmark."""


class StatisticsError(SamesplitError):
    """A statistic is not defined for what it was given."""


class TrackingError(SamesplitError):
    """The tracking store cannot be written or read."""


class WorkspaceError(SamesplitError):
    """The workspace, its disk or its locks are in the way."""
