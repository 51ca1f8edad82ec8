"""The schemes by which a split is made: from ids, labels and strata alone, and always by patient."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from samesplit.benchmarks.definition import SplitSettings
from samesplit.benchmarks.fingerprint import cohort_hash, patient_fingerprints, split_columns
from samesplit.benchmarks.lesion_classes import LesionClasses, as_lesion_classes
from samesplit.benchmarks.splits.checks import (
    check_classes,
    check_never_tested,
    check_sides,
    check_test_sets,
)
from samesplit.benchmarks.splits.drawing import Key, deal, draw
from samesplit.benchmarks.splits.fixed import read_fixed
from samesplit.benchmarks.splits.iterative import deal_by_classes, draw_by_classes
from samesplit.benchmarks.splits.patients import Patient, in_three_groups, stratified_patients
from samesplit.benchmarks.splits.split import Row, Split, settings_record, split_bytes, split_table
from samesplit.benchmarks.splits.test_sets import patients_never_tested, patients_of_test_sets
from samesplit.errors import SplitError

__all__ = ["make_split"]


@dataclass(frozen=True)
class _Plan:
    """What every scheme is given."""

    lesions: pd.DataFrame
    classes: tuple[LesionClasses, ...]
    patients: list[Patient]
    """Those whom no rule of a named test set takes."""
    named: dict[str, str]
    """Patient -> named test set, of the others: they are tested in every fold."""
    settings: SplitSettings
    folder: Path
    three_groups: bool
    never: frozenset[str]
    """Patients who are tested in no fold."""

    def may_be_tested(self) -> list[Patient]:
        """Return the patients whom the scheme may test."""
        return [patient for patient in self.patients if patient.patient_id not in self.never]

    def draw_tested(self, share: float, key: Key) -> set[str]:
        """Draw a share of all patients, in proportion from all classes, among those who may be tested."""
        wanted, there = share * len(self.patients), len(self.may_be_tested())
        if self.never and wanted >= there:
            raise SplitError(
                f"only {there} of {len(self.patients)} patients may be tested, and a test part of {share:g} "
                f"asks for {round(wanted)}",
                where="split.never_tested",
                remedy="ask for a smaller test share, or narrow the rule",
            )
        drawing = draw if self.three_groups else draw_by_classes
        return drawing(self.patients, share, key, never=self.never)

    def draw(self, patients: Sequence[Patient], share: float, key: Key) -> set[str]:
        """Draw a share of the patients, in proportion from all classes."""
        return (draw if self.three_groups else draw_by_classes)(patients, share, key)

    def deal(self, parts: int, key: Key) -> list[set[str]]:
        """Deal the patients who may be tested into parts that are alike in all classes."""
        return (deal if self.three_groups else deal_by_classes)(self.may_be_tested(), parts, key)

    def sides(self, repeat: int, fold: int, test: Iterable[str]) -> list[Row]:
        """Rows of one fold: the tested patients, and a validation part drawn from the others."""
        tested = set(test) | self.named.keys()
        others = [patient for patient in self.patients if patient.patient_id not in tested]
        if not others or not tested:
            raise SplitError(
                f"the {'training' if tested else 'test'} part of repeat {repeat}, fold {fold} is empty",
                where=f"scheme {self.settings.scheme}",
                remedy="ask for a smaller test share or fewer folds, or add patients",
            )
        key = (self.settings.seed, "validation", repeat, fold)
        validation = self.draw(others, self.settings.validation, key)
        side = dict.fromkeys(sorted(tested), "test")
        side |= {p.patient_id: "validation" if p.patient_id in validation else "train" for p in others}
        return [(patient, repeat, fold, subset) for patient, subset in side.items()]


@dataclass(frozen=True)
class _Made:
    """What a scheme makes."""

    rows: list[Row]
    facts: dict[str, Any]
    test_sets: Mapping[str, str]
    """Patient -> named test set, of those whom no rule names; empty where sets have no names."""


def make_split(
    lesions: pd.DataFrame,
    labels: pd.Series[int] | Sequence[LesionClasses],
    settings: SplitSettings,
    *,
    folder: Path,
) -> Split:
    """Make a split. The same cohort, settings and seed give the same bytes on every machine.

    - `holdout`: `test` of the patients are tested, `validation` of the others validate; `repeats` draws.
    - `kfold`: every patient is tested once in each of the `repeats`; validation is drawn from the
      patients that a fold does not test.
    - `leave-one-site-out`: every site with lesions of two classes of some task is tested once, in the order of
      the names, and is a test set of its name. A site with one class only cannot be scored and is never tested:
      its patients train and validate in every fold, and `facts` names it.
    - `temporal`: patients whose latest lesion is dated on or after `cutoff` are tested; without a
      cutoff, the latest patients, as near to the share `test` as whole days allow (patients of one day stay
      together). Validation is drawn at random from the earlier patients. The test set is `prospective`.
    - `fixed`: read from a file, see `samesplit.benchmarks.splits.fixed.read_fixed`.

    Patients of the sets that `test_sets` declares are tested in every fold and train in none; the scheme works on
    the others. Patients with a lesion that `never_tested` names are tested in none: a holdout draws its test part,
    as large and as far as possible of the same classes, from the others, and a kfold tests each of them once.

    Every draw is by patient. Where there is one task with two classes, it is stratified by the combination of the
    classes of the patient's lesions and by `strata` (see `stratified_patients`); else the parts are made alike in
    the classes and events of all tasks (see `iterative`).

    Args:
        lesions: The lesions table.
        labels: 0 or 1, indexed by `lesion_id`; or the classes in each of several tasks.
        settings: The `split` section of the benchmark.
        folder: The benchmark's folder, where the file of the scheme `fixed` is looked for.

    Raises:
        SplitError: The scheme cannot be carried out: a column is missing, a part would lack a class, a patient
            stands on two sides, ...
    """
    classes = as_lesion_classes(labels)
    named = patients_of_test_sets(lesions, settings)
    never = patients_never_tested(lesions, settings)
    parts = settings.folds if settings.scheme == "kfold" else 2
    patients = stratified_patients(lesions, classes, settings.strata, parts=parts)
    everybody = {patient.patient_id for patient in patients}
    if not _can_be_scored(lesions, classes, everybody):
        raise SplitError(
            "the cohort has lesions of one class only", remedy="a split needs lesions of both classes"
        )
    others = [patient for patient in patients if patient.patient_id not in named]
    if not others:
        raise SplitError(
            f"all {len(patients)} patients belong to the named test sets, and nobody is left to train on",
            where="split.test_sets",
            remedy="take a test set out, or narrow its rule",
        )
    three_groups = in_three_groups(classes, lesions)
    plan = _Plan(lesions, classes, others, named, settings, folder, three_groups, never)
    made = _SCHEMES[settings.scheme](plan)
    table = split_table(made.rows, {**made.test_sets, **named})
    where = f"scheme {settings.scheme}"
    check_sides(table, where=where)
    check_test_sets(table, only_tested=settings.test_sets, where=where)
    check_never_tested(table, never, where=where)
    notes = check_classes(table, lesions, classes, where=where)
    columns = split_columns(settings.scheme, settings.strata, settings.rule_columns())
    split = Split(
        table=table,
        scheme=settings.scheme,
        seed=settings.seed,
        sha256=split_bytes(table)[1],
        cohort_sha256=cohort_hash(lesions, classes, columns),
        settings=settings_record(settings),
        patients=patient_fingerprints(lesions, classes, columns),
        facts=made.facts,
        notes=notes,
    )
    if settings.never_tested:
        split.facts["patients_never_tested"] = len(never)
    sizes = split.test_set_of().value_counts()
    if len(sizes):
        split.facts["patients_of_test_sets"] = {name: int(sizes[name]) for name in split.test_sets()}
    return split


def _can_be_scored(lesions: pd.DataFrame, classes: Iterable[LesionClasses], patients: set[str]) -> bool:
    """Whether the lesions of some patients are of two classes or more in some task, or an event is among several.

    Where no task has classes (masks are asked for) any patients can be.
    """
    asked = list(classes)
    for task in asked:
        found = [numbers for patient, numbers in task.by_patient(lesions).items() if patient in patients]
        known = frozenset[int]().union(*found)
        # Where everybody had the event, the order of the events is what is told.
        if len(known) > 1 or (task.kind == "survival" and 1 in known and sum(map(bool, found)) > 1):
            return True
    return not asked


def _holdout(plan: _Plan) -> _Made:
    rows: list[Row] = []
    for repeat in range(plan.settings.repeats):
        test = plan.draw_tested(plan.settings.test, (plan.settings.seed, "test", repeat))
        rows += plan.sides(repeat, 0, test)
    return _Made(rows, {}, _others_tested(plan, rows))


def _kfold(plan: _Plan) -> _Made:
    folds = plan.settings.folds
    _check_enough(plan, folds)
    rows: list[Row] = []
    for repeat in range(plan.settings.repeats):
        dealt = plan.deal(folds, (plan.settings.seed, "test", repeat))
        for fold, test in enumerate(dealt):
            rows += plan.sides(repeat, fold, test)
    return _Made(rows, {}, _others_tested(plan, rows))


def _check_enough(plan: _Plan, folds: int) -> None:
    """Check that each fold can test the classes that every test part needs."""
    for task in plan.classes:
        if "test" not in task.parts:
            continue
        of_patient = task.by_patient(plan.lesions)
        carriers = [of_patient[patient.patient_id] for patient in plan.may_be_tested()]
        for number in task.needed:
            count = sum(number in numbers for numbers in carriers)
            if count < folds:
                raise SplitError(
                    f"only {count} patients have a {task.classes[number]} lesion, too few for {folds} folds with "
                    "both classes",
                    where="scheme kfold",
                    remedy=f"ask for at most {count} folds" if count > 1 else "add patients of that class",
                )


def _others_tested(plan: _Plan, rows: list[Row]) -> dict[str, str]:
    """Return the set of the tested patients whom no rule names; none where no set has a name."""
    if not plan.named and plan.settings.scheme != "temporal":
        return {}
    return {
        row[0]: plan.settings.other_tested for row in rows if row[3] == "test" and row[0] not in plan.named
    }


def _leave_one_site_out(plan: _Plan) -> _Made:
    sites = _of_each_patient(plan, "site")
    members = {
        site: {patient for patient, found in sites.items() if found[-1] == site}
        for site in sorted({found[-1] for found in sites.values()})
    }
    members = {site: ids - plan.named.keys() for site, ids in members.items() if ids - plan.named.keys()}
    if len(members) < 2:
        raise SplitError(
            f"all patients are of one site, {next(iter(members))!r}",
            where="scheme leave-one-site-out",
            remedy="use the scheme kfold or holdout",
        )
    never = [site for site, ids in members.items() if not _can_be_scored(plan.lesions, plan.classes, ids)]
    tested = [site for site in members if site not in never]
    if not tested:
        raise SplitError(
            f"no site has lesions of both classes (sites: {', '.join(members)})",
            where="scheme leave-one-site-out",
            remedy="merge small sites in the column 'site', or use the scheme kfold",
        )
    rows: list[Row] = []
    for fold, site in enumerate(tested):
        rows += plan.sides(0, fold, members[site])
    facts = {"site_of_fold": tested, "sites_with_one_class_never_tested": never}
    return _Made(rows, facts, {patient: site for site in tested for patient in members[site]})


def _temporal(plan: _Plan) -> _Made:
    dates = _of_each_patient(plan, "date")
    latest = {patient: found[-1] for patient, found in dates.items() if patient not in plan.named}
    cutoff = plan.settings.cutoff
    if cutoff is None:
        shares = {
            day: sum(other >= day for other in latest.values()) / len(latest) for day in set(latest.values())
        }
        cutoff = min(sorted(shares, reverse=True), key=lambda day: abs(shares[day] - plan.settings.test))
    test = {patient for patient, day in latest.items() if day >= cutoff}
    rows = plan.sides(0, 0, test)
    return _Made(rows, {"cutoff": cutoff}, _others_tested(plan, rows))


def _fixed(plan: _Plan) -> _Made:
    rows, test_sets = read_fixed(plan.settings, plan.folder, plan.lesions)
    cut: list[Row] = []
    for repeat, fold in sorted({(repeat, fold) for _, repeat, fold, _ in rows}):
        part = [row for row in rows if row[1:3] == (repeat, fold)]
        if any(row[3] == "validation" for row in part):
            cut += part
        else:
            cut += plan.sides(repeat, fold, {row[0] for row in part if row[3] == "test"})
    return _Made(cut, {"validation": "from the file" if cut == rows else "drawn from train"}, test_sets)


def _of_each_patient(plan: _Plan, column: str) -> dict[str, list[str]]:
    """Return the values of a column among each patient's lesions, sorted; none may be missing."""
    where = f"scheme {plan.settings.scheme}"
    if column not in plan.lesions:
        raise SplitError(
            f"lesions.csv has no column '{column}'", where=where, remedy="add it, or use another scheme"
        )
    empty = plan.lesions.loc[plan.lesions[column].isna(), "lesion_id"]
    if len(empty):
        raise SplitError(
            f"column '{column}' is empty for {len(empty)} lesions, the first {empty.iloc[0]!r}",
            where=where,
            remedy="fill it in, or use another scheme",
        )
    grouped = plan.lesions.groupby("patient_id")[column]
    return {str(patient): sorted(set(values.astype(str))) for patient, values in grouped}


_SCHEMES: dict[str, Callable[[_Plan], _Made]] = {
    "holdout": _holdout,
    "kfold": _kfold,
    "leave-one-site-out": _leave_one_site_out,
    "temporal": _temporal,
    "fixed": _fixed,
}
