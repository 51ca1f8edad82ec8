"""One submission: read, checked against the frozen split, or refused with every reason at once."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from samesplit.errors import Faults, PredictionsError, SamesplitError
from samesplit.models.external import read_predictions
from samesplit.storage import hash_file
from samesplit.workflows.leaderboard.frozen import Frozen
from samesplit.workflows.leaderboard.header import Header, read_header

__all__ = ["Refusal", "Submission", "read_or_refuse", "read_submission", "read_table"]

_TOLD, _LONGEST = 5, 200
"""How many faults of a header a board tells, and how much of each."""
_COMPLETE = (
    "give a value for every tested lesion in every fold: a board judges all entries on the same lesions"
)


@dataclass(frozen=True)
class Submission:
    """A submission that fits the split.

    Attributes:
        file: The name of its file, without folders.
        sha256: Hash of the file's bytes.
        header: Its header record.
        task: The name of the task that it answers.
        predictions: In the schema of the task; the model is called like the file.
        notes: What was found out about the file.
    """

    file: str
    sha256: str
    header: Header
    task: str
    predictions: pd.DataFrame
    notes: tuple[str, ...] = ()

    @property
    def seeds(self) -> int:
        """With how many seeds it was fitted."""
        return int(self.predictions["seed"].nunique())

    @property
    def operating_point(self) -> str:
        """Where a threshold comes from, in words; empty where there is none."""
        if self.header.threshold is not None:
            return f"threshold {self.header.threshold:g}, fixed beforehand"
        return "validation lesions" if (self.predictions["subset"] == "validation").any() else ""


@dataclass(frozen=True)
class Refusal:
    """A submission that was refused; it costs itself only.

    Attributes:
        file: The name of its file, without folders.
        sha256: Hash of the file's bytes; empty where it cannot be read.
        reason: Why, for everybody to read: nothing of single lesions or predictions.
        error: All that is wrong with it, for whoever sent it.
    """

    file: str
    sha256: str
    reason: str
    error: SamesplitError


def read_or_refuse(path: Path, frozen: Frozen) -> Submission | Refusal:
    """Read a submission; what is wrong with it is its reason to be refused.

    Args:
        path: The CSV.
        frozen: What it must fit.
    """
    if not path.name.isprintable():  # control characters, or bytes that are no UTF-8
        name = path.name.encode("ascii", "backslashreplace").decode()
        error: SamesplitError = PredictionsError(
            "has a name with characters that cannot be shown",
            where=path.parent / name,
            remedy="give it a name of letters and digits",
        )
        return Refusal(name, "", error.problem, error)
    sha256 = ""
    in_table = False
    try:
        sha256 = hash_file(path)
        header, task = _header(path, frozen)
        in_table = True
        return _with_table(path, frozen, header, task, sha256)
    except OSError as problem:
        error = PredictionsError(
            f"cannot be read ({problem.strerror})", where=path, remedy="see to it that it may be read"
        )
    except SamesplitError as problem:
        error = problem
    return Refusal(path.name, sha256, _in_public(error, in_table), error)


def read_submission(path: Path, frozen: Frozen) -> Submission:
    """Read a submission and check all of it.

    Args:
        path: The CSV.
        frozen: What it must fit.

    Raises:
        PredictionsError: It cannot be read, its header is not whole or is of another split or cohort, or its table
            does not fit the split. What is wrong is raised together, each with its line and what to do about it;
            the table is looked at once the header fits.
    """
    header, task = _header(path, frozen)
    return _with_table(path, frozen, header, task, hash_file(path))


def read_table(path: Path, frozen: Frozen, task: str, notes: list[str]) -> pd.DataFrame:
    """Read the table of a submission, or plain predictions, and place each prediction in the split.

    Args:
        path: The CSV, with or without a header record.
        frozen: What it must fit.
        task: The task that is answered.
        notes: What was found out about the file is added to these.

    Returns:
        The predictions in the schema of the task, under the masks of the benchmark's own rater.

    Raises:
        PredictionsError: It does not fit; a tested lesion that is missing is a fault.
    """
    rater = frozen.definition.cohort.rater
    try:
        table = read_predictions(
            path,
            name=path.stem,
            expected=frozen.expected,
            task=frozen.tasks[task],
            answered=frozen.answered(task),
            rater=rater,
            missing=frozen.definition.missing_values,
            notes=notes,
        )
    except PredictionsError as error:
        raise _as_of_a_board(error) from None
    own = table[table["rater"] == rater].reset_index(drop=True)
    if len(own) < len(table):
        notes.append(f"{path.name}: only predictions under the masks of {rater} stand on a board")
    if own.empty:
        raise PredictionsError(
            f"holds no predictions under the masks of the benchmark's own rater '{rater}'",
            where=path,
            remedy="without a column 'rater' every line is of this rater",
        )
    return own


def _header(path: Path, frozen: Frozen) -> tuple[Header, str]:
    """Return the header and the task that it names."""
    faults = Faults()
    header = read_header(
        path,
        benchmark=frozen.name,
        split=frozen.split.sha256,
        cohort=frozen.split.cohort_sha256,
        tasks=frozen.tasks,
        named=frozen.named,
        faults=faults,
    )
    faults.raise_any()
    assert header is not None
    return header, header.task or next(iter(frozen.tasks))


def _with_table(path: Path, frozen: Frozen, header: Header, task: str, sha256: str) -> Submission:
    notes: list[str] = []
    table = read_table(path, frozen, task, notes)
    return Submission(path.name, sha256, header, task, table, tuple(notes))


def _as_of_a_board(error: PredictionsError) -> PredictionsError:
    """Return the same faults without the advice to allow missing lesions, which a board does not."""
    faults = Faults()
    for one in (error, *error.more):
        allowed = "--allow-missing" in (one.remedy or "")
        faults.add(
            PredictionsError(one.problem, where=one.where, remedy=_COMPLETE if allowed else one.remedy)
        )
    first, *others = faults.found
    first.more = tuple(others)
    assert isinstance(first, PredictionsError)
    return first


def _in_public(error: SamesplitError, in_table: bool) -> str:
    """Say why a submission was refused without a word of single lesions, predictions or folders."""
    every = (error, *error.more)
    if in_table:
        count = f"{len(every)} fault{'s' * (len(every) > 1)}"
        return f"its table does not fit the split: {count}{_line_of(error, 'first in ')}"
    told = [f"{_shortened(one.problem)}{_line_of(one)}" for one in every[:_TOLD]]
    more = [f"and {len(every) - _TOLD} more"] if len(every) > _TOLD else []
    return "; ".join([*told, *more])


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}\u2026"


def _line_of(error: SamesplitError, before: str = "") -> str:
    found = re.search(r", lines? (\d+)", error.where or "")
    return f" ({before}line {found[1]})" if found else ""
