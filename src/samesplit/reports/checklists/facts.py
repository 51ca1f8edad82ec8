"""What a run can answer of a checklist: which sections its report has, and what was declared and fitted."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from samesplit.reports.context import Context

__all__ = ["Facts", "facts_of"]

NETWORKS = ("network", "torch-module", "segmentation-network")
ENSEMBLES = ("average", "weighted-average", "bagging", "stacking")
CLINICAL = ("clinical-logistic", "univariate-multivariable-logistic", "renal-nomogram", "cox")
SIMPLE = ("zero-rule", "lesion-size", "ridge", "clinical-logistic")
RADIOMIC = ("radiomics-grid", "lasso-random-forest", "ridge", "tpot", "tabicl", "estimator")


@dataclass(frozen=True)
class Facts:
    """What is known of a run.

    Attributes:
        sections: By the id that a section has without the prefix of a task: the id on the page.
        question: What is asked.
        run: The content of run.json.
        kinds: The kinds of the models that were evaluated.
        columns: The columns of lesions.csv.
        sites: The number of sites.
        sequences: The sequences of the images.
        raters: Whose masks there are.
        readers: The number of readers.
        patients: The number of patients.
        lesions: The number of lesions.
        scheme: The scheme of the split.
        test_sets: The number of named test sets.
        states: By code: what the checks found.
        groups: Whether groups of lesions are judged by themselves.
    """

    sections: Mapping[str, str]
    question: str
    run: Mapping[str, Any]
    kinds: frozenset[str]
    columns: frozenset[str]
    sites: int
    sequences: tuple[str, ...]
    raters: tuple[str, ...]
    readers: int
    patients: int
    lesions: int
    scheme: str
    test_sets: int
    states: Mapping[str, str] = field(default_factory=dict)
    groups: bool = False

    def has(self, section: str) -> bool:
        """Whether the report has a section."""
        return section in self.sections

    def part(self, name: str) -> dict[str, Any]:
        """Return a part of run.json; empty when it is absent."""
        found = self.run.get(name)
        return dict(found) if isinstance(found, dict) else {}

    @property
    def profiles(self) -> list[dict[str, Any]]:
        """The feature profiles."""
        return list(self.run.get("profiles") or [])

    def any_kind(self, kinds: Collection[str]) -> bool:
        """Whether a model of one of these kinds was evaluated."""
        return bool(self.kinds & set(kinds))


def facts_of(contexts: Sequence[Context], sections: Mapping[str, str]) -> Facts:
    """Collect what is known of a run.

    Args:
        contexts: The tasks of the run.
        sections: See `Facts`.
    """
    first = contexts[0]
    data = first.data
    cohort = data.cohort
    states: dict[str, str] = {}
    for name in ("checks", "history_checks"):
        table = data.table(name)
        if len(table):
            states |= dict(zip(table["code"], table["state"], strict=True))
    sets = set(data.splits["test_set"].dropna()) if "test_set" in data.splits else set()
    groups = data.results["group"].astype(str)
    return Facts(
        sections=sections,
        question="; ".join(context.data.task.question for context in contexts),
        run=data.run,
        kinds=frozenset(model.kind for context in contexts for model in context.models),
        columns=frozenset(str(column) for column in cohort.columns[cohort.notna().any()]),
        sites=int(cohort["site"].nunique()) if "site" in cohort else 0,
        sequences=tuple(sorted(set(data.images["sequence"]))),
        raters=tuple(sorted(set(data.images["rater"]))),
        readers=len({reader.reader for context in contexts for reader in context.readers if reader.reader}),
        patients=int(cohort["patient_id"].nunique()),
        lesions=len(cohort),
        scheme=str(data.section("split").get("scheme") or ""),
        test_sets=len(sets),
        states=states,
        groups=bool((~groups.str.startswith(("class=", "rater=")) & (groups != "all")).any()),
    )
