"""What a check is, what it finds, and the table in which the findings of a run stand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd
import pandera.pandas as pa

__all__ = ["CHECKS", "STATES", "Check", "Finding", "issue", "not_applicable", "passed", "table_of", "tip"]

State = Literal["issue", "tip", "passed", "not applicable"]

STATES: tuple[State, ...] = ("issue", "tip", "passed", "not applicable")
"""What may come of a check, the gravest first."""

CHECKS = pa.DataFrameSchema(
    {
        "code": pa.Column(str, pa.Check.str_matches(r"^SS\d{3}$"), unique=True),
        "title": pa.Column(str),
        "state": pa.Column(str, pa.Check.isin(STATES)),
        "sentence": pa.Column(str),
        "evidence": pa.Column(str),
        "section": pa.Column(str),
    },
    strict=True,
    name="checks",
)
"""One row a check; `section` is the id of the section of the report in which more is told, or empty."""


@dataclass(frozen=True)
class Finding:
    """What came of a check.

    Attributes:
        state: How grave it is.
        sentence: What was expected and what was found; of a check that does not apply, why not.
        evidence: Counts, names or numbers behind it; empty where the sentence has them all.
    """

    state: State
    sentence: str
    evidence: str = ""


@dataclass(frozen=True)
class Check:
    """A check that any run can be asked.

    Attributes:
        code: Such as `SS101`; it never changes its meaning.
        title: What is looked at, in a few words.
        section: The id of the report's section that tells more.
        find: Looks at a run.
    """

    code: str
    title: str
    section: str
    find: Callable[[Any], Finding]


def passed(expected: str, found: str, evidence: str = "") -> Finding:
    """Say that what was expected was found.

    Example:
        >>> passed("at least 2 seeds", "3").sentence
        'Expected: at least 2 seeds. Found: 3.'
    """
    return _finding("passed", expected, found, evidence)


def tip(expected: str, found: str, evidence: str = "") -> Finding:
    """Say that something is worth knowing, and no fault."""
    return _finding("tip", expected, found, evidence)


def issue(expected: str, found: str, evidence: str = "") -> Finding:
    """Say that something would make a reviewer doubt the results."""
    return _finding("issue", expected, found, evidence)


def not_applicable(reason: str) -> Finding:
    """Say why a check says nothing of this run.

    Example:
        >>> not_applicable("there are no readers").sentence
        'Not applicable: there are no readers.'
    """
    return Finding("not applicable", f"Not applicable: {reason}.")


def _finding(state: State, expected: str, found: str, evidence: str) -> Finding:
    return Finding(state, f"Expected: {expected}. Found: {found}.", evidence)


def table_of(found: Sequence[tuple[Check, Finding]]) -> pd.DataFrame:
    """Put findings into the table `CHECKS`.

    Args:
        found: Each check with what came of it.
    """
    rows = [
        (check.code, check.title, finding.state, finding.sentence, finding.evidence, check.section)
        for check, finding in found
    ]
    table = pd.DataFrame(rows, columns=list(CHECKS.columns)).astype("str")
    return CHECKS.validate(table)
