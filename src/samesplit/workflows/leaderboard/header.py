"""The record at the head of a submission: which split and cohort it was made for, and the model card."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from samesplit.csv_files import comment_lines
from samesplit.csv_text import read_text
from samesplit.errors import Faults, PredictionsError
from samesplit.tasks import BinaryTask, Task

__all__ = ["NONE", "Header", "ModelCard", "check_card", "header_text", "read_header"]

FORMAT = "1"
NONE = "none"
"""What stands for no published code, and for no training data beyond the cohort."""

_MARK = "samesplit-submission"
_NEEDED = (_MARK, "split", "cohort", "title", "authors", "code", "training_data")
_KEYS = (*_NEEDED, "task", "threshold")
_LONGEST = {"title": 120, "authors": 500, "code": 300, "training_data": 600}
_MEANT = {
    "title": "what the model is called on the board",
    "authors": "names, separated by semicolons",
    "code": f"an address that begins with https://, or '{NONE}'",
    "training_data": f"what it learned from beyond the cohort, such as ImageNet weights, or '{NONE}'",
}
_ADDRESS = r"https?://[\w\[][^\s<>\"'`\\]*"
_JOINERS = "\u200c\u200d"
"""Cannot be seen, and are part of words in some scripts."""
_WRITE = "let samesplit submit write the header: samesplit submit {benchmark} predictions.csv --title ..."


@dataclass(frozen=True)
class ModelCard:
    """What a board says of a model beside its numbers.

    Attributes:
        title: What it is called.
        authors: Who made it, as one text.
        code: The address of its code, or `none`.
        training_data: What it learned from beyond the cohort, or `none`.
    """

    title: str
    authors: str
    code: str
    training_data: str


@dataclass(frozen=True)
class Header:
    """The record at the head of a submission.

    Attributes:
        split: SHA-256 of the split that the predictions were made on.
        cohort: SHA-256 of the cohort that the split was made for.
        card: The model card.
        task: The name of the task that is answered; None where the benchmark has one without a name.
        threshold: The operating point that was fixed on development data; None where there is none.
    """

    split: str
    cohort: str
    card: ModelCard
    task: str | None = None
    threshold: float | None = None


def header_text(header: Header) -> str:
    """Write a header as it stands before the table.

    Example:
        >>> card = ModelCard("Ridge", "A. Author; B. Author", "https://example.org/ridge", "none")
        >>> print(header_text(Header("0f", "a1", card, threshold=0.4)), end="")
        # samesplit-submission: 1
        # split: 0f
        # cohort: a1
        # title: Ridge
        # authors: A. Author; B. Author
        # code: https://example.org/ridge
        # training_data: none
        # threshold: 0.4
    """
    card = header.card
    lines = {_MARK: FORMAT, "split": header.split, "cohort": header.cohort}
    lines |= {"task": header.task} if header.task else {}
    lines |= {
        "title": card.title,
        "authors": card.authors,
        "code": card.code,
        "training_data": card.training_data,
    }
    lines |= {"threshold": f"{header.threshold!r}"} if header.threshold is not None else {}
    return "".join(f"# {key}: {value}\n" for key, value in lines.items())


def read_header(
    path: Path,
    *,
    benchmark: str,
    split: str,
    cohort: str,
    tasks: Mapping[str, Task],
    named: bool,
    faults: Faults,
) -> Header | None:
    """Read the header of a submission and check it against the benchmark.

    Args:
        path: The submission.
        benchmark: The benchmark's name, for messages.
        split: SHA-256 of the benchmark's split.
        cohort: SHA-256 of its cohort.
        tasks: Its tasks by name.
        named: Whether its tasks have names.
        faults: Gathers all that is wrong, each with its line.

    Returns:
        The header; None where something is wrong with it.

    Raises:
        PredictionsError: The file cannot be read.
    """
    before = len(faults.found)
    content, _ = read_text(path, error=PredictionsError)
    found = _pairs(content, path, benchmark, faults)
    if found is None:
        return None
    line = {key: f"{path}, line {number}" for key, (number, _) in found.items()}
    text = {key: value for key, (_, value) in found.items()}
    if text.get(_MARK, FORMAT) != FORMAT:
        faults.add(
            PredictionsError(
                f"is a submission of the format {text[_MARK]}, and this version of samesplit reads {FORMAT}",
                where=line[_MARK],
                remedy="update samesplit, or write the header anew with samesplit submit",
            )
        )
    for key, wanted, what in (("split", split, "split"), ("cohort", cohort, "cohort")):
        if key in text and text[key].lower() != wanted:
            faults.add(_other_hash(text[key], wanted, what, benchmark, line[key]))
    card = {key: text.get(key, "") for key in _LONGEST}
    for key in _LONGEST:
        if key in text:
            _check_words(key, card[key], line[key], faults)
    task = _task(text.get("task"), tasks, named, line.get("task", str(path)), faults)
    threshold = _threshold(text.get("threshold"), tasks.get(task or ""), line.get("threshold", ""), faults)
    if len(faults.found) > before:
        return None
    return Header(split, cohort, ModelCard(**card), task if named else None, threshold)


def check_card(card: ModelCard, faults: Faults) -> None:
    """Check a model card that was given on the command line.

    Args:
        card: The model card.
        faults: Gathers what is wrong.
    """
    for key in _LONGEST:
        value = getattr(card, key)
        option = f"--{key.replace('_', '-')}"
        if value.strip():
            _check_words(key, value, option, faults)
        else:
            faults.add(PredictionsError("is missing", where=option, remedy=f"give it: {_MEANT[key]}"))


def _pairs(content: str, path: Path, benchmark: str, faults: Faults) -> dict[str, tuple[int, str]] | None:
    """Return line and value of each key; None where there is no header at all."""
    lines = comment_lines(content)
    if not any(text.partition(":")[0].strip() == _MARK for _, text in lines):
        faults.add(
            PredictionsError(
                f"has no header: a submission begins with the line '# {_MARK}: {FORMAT}'",
                where=path,
                remedy=_WRITE.format(benchmark=benchmark),
            )
        )
        return None
    found: dict[str, tuple[int, str]] = {}
    for number, text in lines:
        key, colon, value = (part.strip() for part in text.partition(":"))
        where = f"{path}, line {number}"
        if not text:
            continue
        if not colon:
            faults.add(
                PredictionsError(
                    f"'# {text[:40]}' is no line of the header", where=where, remedy="write '# key: value'"
                )
            )
        elif key not in _KEYS:
            near = difflib.get_close_matches(key, _KEYS, n=1)
            hint = f"did you mean '{near[0]}'? " if near else ""
            faults.add(
                PredictionsError(
                    f"the header has no key '{key[:40]}'",
                    where=where,
                    remedy=f"{hint}Keys: {', '.join(_KEYS)}",
                )
            )
        elif key in found:
            faults.add(PredictionsError(f"'{key}' stands twice", where=where, remedy="keep one of them"))
        elif not value:
            faults.add(
                PredictionsError(f"'{key}' is empty", where=where, remedy=f"write {_MEANT.get(key, 'it')}")
            )
            found[key] = (number, "")
        else:
            found[key] = (number, value)
    for key in _NEEDED:
        if key not in found:
            faults.add(
                PredictionsError(
                    f"its header lacks '{key}'",
                    where=path,
                    remedy=f"add the line '# {key}: ...'" + (f": {_MEANT[key]}" if key in _MEANT else ""),
                )
            )
    return {key: value for key, value in found.items() if value[1]}


def _other_hash(given: str, wanted: str, what: str, benchmark: str, where: str) -> PredictionsError:
    shown = given if re.fullmatch(r"[0-9a-fA-F]{8,}", given) else repr(given[:20])
    return PredictionsError(
        f"was made for another {what}: its header says {shown[:12]}..., the {what} of {benchmark} is "
        f"{wanted[:12]}...",
        where=where,
        remedy=f"predict the lesions of the {what} as it is now, and write the header anew with samesplit submit; "
        "a hash is not to be edited by hand",
    )


def _check_words(key: str, value: str, where: str, faults: Faults) -> None:
    """Gather what is wrong with a text of the model card."""
    unseen = (letter for letter in value if unicodedata.category(letter) in ("Cc", "Cf", "Zl", "Zp"))
    if any(letter not in _JOINERS for letter in unseen):
        faults.add(
            PredictionsError(
                f"'{key}' holds a line break, tab or character that cannot be seen",
                where=where,
                remedy="write it in printable characters on one line",
            )
        )
    if len(value) > _LONGEST[key]:
        faults.add(
            PredictionsError(
                f"'{key}' has {len(value)} characters, at most {_LONGEST[key]} are shown",
                where=where,
                remedy="shorten it, and put the rest where the code is",
            )
        )
    if key == "code" and value != NONE and not re.fullmatch(_ADDRESS, value):
        faults.add(
            PredictionsError(
                f"'code' is {value[:60]!r}", where=where, remedy=f"write {_MEANT['code']}, without spaces"
            )
        )


def _task(
    given: str | None, tasks: Mapping[str, Task], named: bool, where: str, faults: Faults
) -> str | None:
    """Return the name of the task that is answered; None where it cannot be told."""
    names = list(tasks)
    if not named:
        if given is not None:
            faults.add(
                PredictionsError(
                    f"names the task '{given}', and the benchmark has one task without a name",
                    where=where,
                    remedy="take the line '# task' out",
                )
            )
        return names[0]
    if given in tasks:
        return given
    if given is None and len(names) == 1:
        return names[0]
    near = difflib.get_close_matches(given or "", names, n=1)
    hint = f"did you mean '{near[0]}'? " if near else ""
    faults.add(
        PredictionsError(
            "does not say which task it answers" if given is None else f"the benchmark has no task '{given}'",
            where=where,
            remedy=f"{hint}Write the line '# task: NAME'; tasks are: {', '.join(names)}",
        )
    )
    return None


def _threshold(given: str | None, task: Task | None, where: str, faults: Faults) -> float | None:
    if given is None:
        return None
    try:
        value = float(given)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        faults.add(
            PredictionsError(
                f"the threshold {given[:20]!r} is no number in [0, 1]",
                where=where,
                remedy="give the probability from which on a lesion is called positive, for example 0.5",
            )
        )
        return None
    if task is not None and not isinstance(task, BinaryTask):
        faults.add(
            PredictionsError(
                "a threshold is for tasks of two classes", where=where, remedy="take the line out"
            )
        )
        return None
    return value
