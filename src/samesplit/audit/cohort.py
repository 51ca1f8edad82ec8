"""What an audit is given: the benchmark's features as the model sees them, its frozen split, its settings."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from samesplit.audit.leaks import Audited
from samesplit.audit.table import Table, stack_sequences
from samesplit.benchmarks.cohort import Cohort
from samesplit.errors import DeclarationError
from samesplit.models.design_tables import clinical_table, feature_table
from samesplit.models.protocol import Cases
from samesplit.models.radiomics.robustness import estimate_robustness, robust_columns
from samesplit.models.radiomics.settings import RadiomicsGridSettings
from samesplit.models.registry import read_model
from samesplit.run.asked_task import asked_task
from samesplit.run.feature_stage import extract_features
from samesplit.run.model_inputs import inputs_of
from samesplit.run.plan import Plan, RunOptions, load_plan
from samesplit.run.progress import Reporter
from samesplit.tasks import DEFAULT_TASK, BinaryTask

__all__ = ["AuditInputs", "audit_inputs"]


@dataclass(frozen=True)
class AuditInputs:
    """A benchmark ready to be audited.

    Attributes:
        plan: The benchmark.
        settings: The radiomics grid.
        cases: What the model would be given.
        cohort: The same as rows, with labels.
        task: The name of the binary task whose labels these are.
    """

    plan: Plan
    settings: RadiomicsGridSettings
    cases: Cases
    cohort: Audited
    task: str = DEFAULT_TASK

    @cached_property
    def one_task(self) -> Cohort:
        """The cohort cut down to the lesions that have an outcome in the task, which is its only one."""
        whole = self.plan.cohort
        outcomes = whole.outcomes[self.task]
        lesions = whole.lesions[whole.lesions["lesion_id"].isin(outcomes.index)].reset_index(drop=True)
        return replace(whole, lesions=lesions, outcomes={DEFAULT_TASK: outcomes})

    def lesions(self, repeat: int, fold: int, part: str) -> list[str]:
        """Return the lesions of one part of a fold."""
        return self.plan.split.lesions(self.one_task.lesions, repeat, fold, part)

    @cached_property
    def stable(self) -> dict[tuple[int, int], tuple[int, ...]]:
        """The columns that are stable in the training lesions of each fold; empty where the model does not ask.

        The stability filter looks at no label and stays honest under every leak.
        """
        asked, columns = self.settings.stability, self.cohort.table.columns
        found: dict[tuple[int, int], tuple[int, ...]] = {}
        for repeat, fold in self.plan.split.pairs() if asked is not None else ():
            training = set(self.lesions(repeat, fold, "train"))
            measured = self.cases.repeats[self.cases.repeats["lesion_id"].isin(training)]
            assert asked is not None
            judged = estimate_robustness(measured, columns, asked, model=self.settings.name)
            kept = set(robust_columns(judged, columns))
            found[repeat, fold] = tuple(place for place, name in enumerate(columns) if name in kept)
        return found


def audit_inputs(
    benchmark: str | Path,
    *,
    model: str | None,
    jobs: int | None,
    reporter: Reporter,
    start: Path | None,
    scheduler: str | None = None,
    task: str | None = None,
) -> AuditInputs:
    """Read the benchmark and extract its features, or find them kept.

    Raises:
        DeclarationError: There is no such model or task, the model is not a radiomics grid, or the task has other
            than two classes.
    """
    plan = load_plan(benchmark, RunOptions(jobs=jobs, scheduler=scheduler), start=start)
    settings, asked = _settings(plan, model), _binary_task(plan, task)
    plan = replace(plan, models=(settings,))
    images = extract_features(plan, reporter)
    given = inputs_of(settings, plan, images.features, images.unreadable, images.repeats)
    cases = given.by_rater[plan.definition.cohort.rater]
    outcomes = plan.outcomes[asked]
    cases = cases.select([lesion for lesion in cases.lesion_ids if lesion in outcomes.index])
    features = feature_table(cases, profiles=settings.profiles, model=settings.name)
    sequences = settings.sequences or plan.definition.cohort.sequences
    lesions = cases.lesions
    covariates = settings.harmonise.covariates if settings.harmonise is not None else ()
    if covariates:
        lesions = lesions.assign(**clinical_table(cases, variables=covariates, model=settings.name))
    cohort = Audited(
        table=Table.of(features, lesions, covariates=covariates),
        stacked=stack_sequences(features, lesions, sequences, covariates=covariates),
        labels=outcomes["label"],
        sequences=tuple(sequences),
    )
    return AuditInputs(plan, settings, cases, cohort, asked)


def _settings(plan: Plan, model: str | None) -> RadiomicsGridSettings:
    """Return the grid that was asked for, or the benchmark's first."""
    found: dict[str, RadiomicsGridSettings] = {
        one.name: one for one in plan.models if isinstance(one, RadiomicsGridSettings)
    }
    if model is None:
        if found:
            return next(iter(found.values()))
        raise DeclarationError(
            "the benchmark has no radiomics grid to audit",
            where=plan.definition.name,
            remedy="name a model file of kind radiomics-grid with --model, for example radiomics-small",
        )
    if model in found:
        return found[model]
    read = read_model(plan.workspace.find_yaml("models", model))
    if not isinstance(read, RadiomicsGridSettings):
        raise DeclarationError(
            f"the model '{model}' is not a radiomics grid, so there is nothing to audit",
            remedy=f"radiomics grids of the benchmark: {', '.join(found) or 'none'}",
        )
    return read


def _binary_task(plan: Plan, name: str | None) -> str:
    """Return the task that was asked for, or the benchmark's first of two classes."""
    return asked_task(
        plan,
        name,
        (BinaryTask,),
        none="the benchmark has no task of two classes to audit",
        other="has other than two classes, and leaks are measured by the AUC of two",
        these="binary tasks",
    )
