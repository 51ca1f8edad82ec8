"""The studies whose papers are known: rules and findings that need knowledge of the paper, one module a study.

A module holds `STUDY` (with what the column `study` of `published.csv` begins: "Xi 2020" is also meant by
"Xi 2020, public notebook"), `RULES` and `FINDINGS`.
"""

from __future__ import annotations

from dataclasses import dataclass

from samesplit.reproduction.rules import FindingRule, Rule
from samesplit.reproduction.studies import cui2025, pku, six_classes, xi2020, xiong2025, zhong2025

__all__ = ["KnownStudy", "known_studies", "rules_of"]

_MODULES = (xi2020, xiong2025, zhong2025, cui2025, pku, six_classes)


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
    """Return the rules and findings of a study; none of its own for one that is not known.

    Args:
        study: What stands in the column `study`.
    """
    for module in _MODULES:
        if study.startswith(module.STUDY):
            return KnownStudy(module.STUDY, module.RULES, module.FINDINGS)
    return KnownStudy(study)
