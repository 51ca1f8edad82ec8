"""How differences are claimed in a run: what the benchmark declares, checked before anything is fitted."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path

from samesplit.benchmarks.statistics_settings import StatisticsSettings
from samesplit.errors import DeclarationError
from samesplit.evaluation.binary.evaluate import Evaluation
from samesplit.evaluation.claims import ClaimRules, comparisons_not_made
from samesplit.reader_names import is_reader_name
from samesplit.statistics.multiplicity import Adjustment

__all__ = ["check_families", "claim_rules", "with_families_told"]

_METHODS: dict[str, Adjustment] = {
    "holm": "holm",
    "hochberg": "hochberg",
    "benjamini-hochberg": "Benjamini-Hochberg",
}


def check_families(settings: StatisticsSettings, models: Collection[str], folder: Path) -> None:
    """Refuse a declared comparison with a model that the benchmark does not have.

    Args:
        settings: What benchmark.yaml declares.
        models: The names of all models, those that the run adds and those made elsewhere included.
        folder: The benchmark's folder.

    Raises:
        DeclarationError: A name is neither a model's nor that of a reader.
    """
    for family, pairs in settings.declared_families().items():
        for name in (side for pair in pairs for side in pair):
            if name in models or is_reader_name(name):
                continue
            near = difflib.get_close_matches(name, list(models), n=1)
            hint = f"did you mean '{near[0]}'? " if near else ""
            raise DeclarationError(
                f"'statistics.families' compares '{name}' in the family '{family}', and there is no such model",
                where=folder / "benchmark.yaml",
                remedy=f"{hint}Models: {', '.join(models)}; a reader is written as "
                "reader:R1/unaided, their mean as readers:mean/unaided",
            )


def claim_rules(settings: StatisticsSettings, added: Sequence[str]) -> ClaimRules:
    """Return how P values are adjusted and which comparisons make families.

    Args:
        settings: What benchmark.yaml declares.
        added: The models that the run adds for orientation; their differences stand apart.
    """
    return ClaimRules(
        apart=tuple(added),
        multiplicity=_METHODS[settings.multiplicity],
        families=settings.declared_families(),
    )


def with_families_told(judged: dict[str, Evaluation], rules: ClaimRules) -> dict[str, Evaluation]:
    """Add a note for each declared comparison that no task makes, as where a model failed.

    Args:
        judged: The evaluation of each task.
        rules: With the declared families.
    """
    missing = [set(comparisons_not_made(rules, found.results)) for found in judged.values()]
    never = sorted(set.intersection(*missing)) if missing else []
    if not never:
        return judged
    first = next(iter(judged))
    notes = tuple(f"declared comparison not made: {comparison}" for comparison in never)
    return judged | {first: replace(judged[first], notes=(*judged[first].notes, *notes))}
