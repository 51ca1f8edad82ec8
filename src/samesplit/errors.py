"""The errors that a user can meet: what is wrong, where it is, and how to mend it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

__all__ = [
    "CohortError",
    "DataMissingError",
    "DeclarationError",
    "FailedCasesWarning",
    "Faults",
    "FetchError",
    "HiddenLabelsError",
    "LesionError",
    "MissingExtraError",
    "ModelError",
    "PredictionsError",
    "ReadingsError",
    "SamesplitError",
    "SplitError",
    "StatisticsError",
    "TrackingError",
    "WorkspaceError",
    "gathering",
]


class SamesplitError(Exception):
    """The base of every error that samesplit raises on purpose.

    Args:
        problem: One sentence that says what is wrong.
        where: The file, table, line or lesion it was found in.
        remedy: One sentence that says what to do about it.

    Attributes:
        more: Further faults that were found along with this one.

    Example:
        >>> print(SamesplitError("the mask is empty", where="lesion L7", remedy="draw it again"))
        lesion L7: the mask is empty
        Remedy: draw it again
    """

    def __init__(self, problem: str, *, where: str | Path | None = None, remedy: str | None = None) -> None:
        self.problem = problem
        self.where = None if where is None else str(where)
        self.remedy = remedy
        self.more: tuple[SamesplitError, ...] = ()
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


class Faults:
    """Gathers what is wrong, so that all of it can be told at once.

    Example:
        >>> faults = Faults()
        >>> with faults.kept():
        ...     raise SamesplitError("the label is empty", where="lesions.csv, line 3")
        >>> faults.add(SamesplitError("the label is empty", where="lesions.csv, line 7"))
        >>> [fault.where for fault in faults.found]
        ['lesions.csv, line 3', 'lesions.csv, line 7']
    """

    def __init__(self) -> None:
        self.found: list[SamesplitError] = []

    def add(self, fault: SamesplitError) -> None:
        """Keep a fault, and those found along with it."""
        self.found += [fault, *fault.more]
        fault.more = ()

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Keep a fault that is raised in here, instead of stopping at it."""
        try:
            yield
        except SamesplitError as fault:
            self.add(fault)

    def raise_any(self) -> None:
        """Raise the first fault, which then holds the others; nothing happens when there is none."""
        if self.found:
            first, *others = self.found
            first.more = tuple(others)
            raise first


@contextmanager
def gathering(faults: Faults | None) -> Iterator[Faults]:
    """Give the caller's faults, or fresh ones that are raised together at the end.

    Raises:
        SamesplitError: (the first fault) Where the caller gathers none, and something was wrong.
    """
    if faults is not None:
        yield faults
        return
    own = Faults()
    with own.kept():
        yield own
    own.raise_any()


class DeclarationError(SamesplitError):
    """A YAML file (benchmark, profile or model) says something that cannot be."""


class MissingExtraError(DeclarationError):
    """A benchmark, profile or model asks for an optional package that is not installed."""


class CohortError(SamesplitError):
    """The lesions or images table is not usable."""


class SplitError(SamesplitError):
    """A split is missing, altered, unfair or does not fit the cohort."""


class DataMissingError(SamesplitError):
    """The files of a benchmark are not on this machine."""


class FetchError(SamesplitError):
    """A download failed, or what arrived is not what was promised."""


class HiddenLabelsError(SamesplitError, AttributeError):
    """Labels of test lesions were asked for, which only the evaluation reads."""


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


class FailedCasesWarning(UserWarning):
    """Some cases have no features, and the others are there.

    Args:
        reasons: Why each failed, by the case's name.

    Attributes:
        reasons: As given.

    Example:
        >>> print(FailedCasesWarning({"P07": "the mask is empty"}))
        1 case has no features (NaN): P07: the mask is empty
    """

    SHOWN = 5

    def __init__(self, reasons: Mapping[str, str]) -> None:
        self.reasons = dict(reasons)
        super().__init__(self.reasons)

    def __str__(self) -> str:
        count, more = len(self.reasons), len(self.reasons) - self.SHOWN
        shown = list(self.reasons.items())[: self.SHOWN]
        told = [f"{name}: {_on_one_line(reason)}" for name, reason in shown]
        told += [f"and {more} more"] if more > 0 else []
        return f"{count} case{'s have' if count != 1 else ' has'} no features (NaN): {'; '.join(told)}"


def _on_one_line(text: str) -> str:
    """Return what is wrong and what to do, without tables between them."""
    problem, *_ = text.splitlines() or [""]
    remedies = [line for line in text.splitlines()[1:] if line.startswith("Remedy: ")]
    return ". ".join([problem.rstrip(":."), *remedies])
