"""The studies whose papers are known: rules and findings that need knowledge of the paper, one module a study.

A module holds `STUDY` (with what the column `study` of `published.csv` begins: "Xi 2020" is also meant by
"Xi 2020, public notebook"), `RULES` and `FINDINGS`. Some sentences of the findings were written after reading the
printed numbers; `rows_as_written_for` tells whether these are still the same.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import pandas as pd

from samesplit.reproduction.finding import Finding
from samesplit.reproduction.numbers import PARTS, cell_text
from samesplit.reproduction.rules import FindingRule, Rule
from samesplit.reproduction.studies import cui2025, pku, six_classes, xi2020, xiong2025, zhong2025

__all__ = ["KnownStudy", "known_studies", "rows_as_written_for", "rules_of"]

_MODULES = (xi2020, xiong2025, zhong2025, cui2025, pku, six_classes)
_WRITTEN_FOR = {
    "Xi 2020": "11aab7b5f395e73b",
    "Xiong 2025": "d95559e68b92981b",
    "Zhong 2025": "cf857858e2ead6cf",
    "Cui 2025": "4086c60cf4abf71d",
    "Peking University First Hospital": "4b693d32e5e465d0",
    "Häntze 2026": "470e14a1097f620c",
}
"""Of each study, the first digits of SHA-256 of the printed numbers that its findings were written for."""
_NAMED = (
    "table_figure",
    "task",
    "cohort_split",
    "n",
    "n_pos",
    "n_neg",
    "model_or_reader",
    "metric",
    "comparator",
)


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


def rows_as_written_for(published: pd.DataFrame) -> list[Finding]:
    """Say where the printed numbers of a known study are not those that its findings were written for.

    Args:
        published: Rows of one study, as `samesplit.reproduction.numbers.read_printed` gives them; their order and
            notes do not count.

    Returns:
        Nothing where they are the same, or where the study is not known.
    """
    study = rules_of(str(published["study"].iloc[0])).study
    if study not in _WRITTEN_FOR or _digest(published) == _WRITTEN_FOR[study]:
        return []
    text = (
        f"The rows of {study} in this published.csv are not those that come with this package. Tables, verdicts "
        "and recomputed numbers below are of these rows; sentences of the paragraphs below may still speak of the "
        "others. Compare with the file of the benchmark, or give a study of your own another name in the column "
        "study."
    )
    return [Finding("Not the rows that the paragraphs were written for", text)]


def _digest(published: pd.DataFrame) -> str:
    lines = [
        "\t".join([*(str(record[name]) for name in _NAMED), *(cell_text(record, part) for part in PARTS)])
        for _, record in published.iterrows()
    ]
    return hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest()[:16]
