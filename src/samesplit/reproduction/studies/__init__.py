"""The studies whose papers are known: rules and findings that need knowledge of the paper, one module a study.

A module holds `STUDY` (the name in the column `study` of `published.csv`), `RULES` and `FINDINGS`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from samesplit.reproduction.rules import Rule
from samesplit.reproduction.studies import cui2025, six_classes, xi2020

if TYPE_CHECKING:
    from samesplit.reproduction.reproduce import Finding

__all__ = ["FindingRule", "KnownStudy", "known_studies", "rules_of"]

FindingRule = Callable[[pd.DataFrame], "list[Finding]"]
"""Computes what no single number says from the rows of the study; nothing where a row that it needs is missing."""

_MODULES = (xi2020, cui2025, six_classes)


@dataclass(frozen=True)
class KnownStudy:
    """What is known of one study.

    Attributes:
        study: Its name in the column `study`.
        rules: Heard before the generic ones.
        findings: What no single number says.
    """

    study: str
    rules: tuple[Rule, ...] = ()
    findings: tuple[FindingRule, ...] = ()


def known_studies() -> tuple[str, ...]:
    """Name the studies that have rules of their own."""
    return tuple(module.STUDY for module in _MODULES)


def rules_of(study: str) -> KnownStudy:
    """Return the rules and findings of a study; none of its own for one that is not known."""
    for module in _MODULES:
        if study == module.STUDY:
            return KnownStudy(study, module.RULES, module.FINDINGS)
    return KnownStudy(study)
