"""Checks of what else was done with the same test part: other runs, and runs with permuted labels."""

from __future__ import annotations

from dataclasses import dataclass

from samesplit.evaluation.checks.check import Finding, issue, not_applicable, passed, tip
from samesplit.evaluation.validation import name_some

__all__ = ["History", "label_permutation", "test_part_reuse"]


@dataclass(frozen=True)
class History:
    """The other runs of the benchmark in the same workspace on the same split.

    Attributes:
        others: Names of runs with true labels.
        at_chance: Names of runs with permuted labels in which all models were at chance.
        off_chance: Names of runs with permuted labels in which some model was not.
        shuffled: Whether this run itself has permuted labels.
    """

    others: tuple[str, ...] = ()
    at_chance: tuple[str, ...] = ()
    off_chance: tuple[str, ...] = ()
    shuffled: bool = False


def label_permutation(history: History) -> Finding:
    """Ask whether a run with permuted labels was made on this split, and what came of it."""
    if history.shuffled:
        return not_applicable("this run is one with permuted labels")
    expected = "a run with permuted labels on the same split, all models at chance"
    if history.off_chance:
        names = name_some(history.off_chance)
        return issue(expected, f"a model that was not at chance in {names}: look for a leak", names)
    if history.at_chance:
        return passed(expected, f"{len(history.at_chance)} such", name_some(history.at_chance))
    return tip(expected, "none yet; samesplit run NAME --shuffle-labels 1 makes one")


def test_part_reuse(history: History) -> Finding:
    """Count the runs that were scored on the same test part."""
    expected = "one run scored on this test part, after all choices were made"
    count = len(history.others)
    if not count:
        return passed(expected, "no other run of this benchmark in the workspace has the same split")
    found = f"{count} other run{'s' * (count > 1)} on the same split in the workspace"
    return tip(
        expected,
        f"{found}: what was changed between them may have been chosen by the test part",
        name_some(history.others),
    )


test_part_reuse.__test__ = False  # type: ignore[attr-defined]  # pytest takes it for a test
