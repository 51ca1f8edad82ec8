"""The schemes by which a split is made: from ids, labels and strata alone, and always by patient."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from samesplit.benchmarks.definition import SplitSettings
from samesplit.benchmarks.fingerprint import cohort_hash, patient_fingerprints, split_columns
from samesplit.benchmarks.splits.checks import check_classes, check_sides
from samesplit.benchmarks.splits.drawing import deal, draw, lacks_a_class
from samesplit.benchmarks.splits.fixed import read_fixed
from samesplit.benchmarks.splits.patients import Patient, stratified_patients
from samesplit.benchmarks.splits.split import Row, Split, split_bytes, split_table
from samesplit.errors import SplitError

__all__ = ["make_split"]


@dataclass(frozen=True)
class _Plan:
    """What every scheme is given."""

    lesions: pd.DataFrame
    patients: list[Patient]
    settings: SplitSettings
    folder: Path

    def sides(self, repeat: int, fold: int, test: Iterable[str]) -> list[Row]:
        """Rows of one fold: the tested patients, and a validation part drawn from the others."""
        tested = set(test)
        others = [patient for patient in self.patients if patient.patient_id not in tested]
        if not others or not tested:
            raise SplitError(
                f"the {'training' if tested else 'test'} part of repeat {repeat}, fold {fold} is empty",
                where=f"scheme {self.settings.scheme}",
                remedy="ask for a smaller test share or fewer folds, or add patients",
            )
        key = (self.settings.seed, "validation", repeat, fold)
        validation = draw(others, self.settings.validation, key)
        side = dict.fromkeys(sorted(tested), "test")
        side |= {p.patient_id: "validation" if p.patient_id in validation else "train" for p in others}
        return [(patient, repeat, fold, subset) for patient, subset in side.items()]


def make_split(
    lesions: pd.DataFrame, labels: pd.Series[int], settings: SplitSettings, *, folder: Path
) -> Split:
    """Make a split. The same cohort, settings and seed give the same bytes on every machine.

    - `holdout`: `test` of the patients are tested, `validation` of the others validate; `repeats` draws.
    - `kfold`: every patient is tested once in each of the `repeats`; validation is drawn from the
      patients that a fold does not test.
    - `leave-one-site-out`: every site with lesions of both classes is tested once, in the order of
      the names. A site with one class only cannot be scored and is never tested: its patients train and
      validate in every fold, and `facts` names it.
    - `temporal`: patients whose latest lesion is dated on or after `cutoff` are tested; without a
      cutoff, the latest patients, as near to the share `test` as whole days allow (patients of one day stay
      together). Validation is drawn at random from the earlier patients.
    - `fixed`: read from a file, see `samesplit.benchmarks.splits.fixed.read_fixed`.

    Every draw is by patient, stratified by the combination of the classes of the patient's lesions and
    by `strata` (see `stratified_patients`).

    Args:
        lesions: The lesions table.
        labels: 0 or 1, indexed by `lesion_id`.
        settings: The `split` section of the benchmark.
        folder: The benchmark's folder, where the file of the scheme `fixed` is looked for.

    Raises:
        SplitError: The scheme cannot be carried out: a column is missing, a part would lack a class, a patient
            stands on two sides, ...
    """
    parts = settings.folds if settings.scheme == "kfold" else 2
    patients = stratified_patients(lesions, labels, settings.strata, parts=parts)
    if lacks_a_class(patients, {patient.patient_id for patient in patients}):
        raise SplitError(
            "the cohort has lesions of one class only", remedy="a split needs lesions of both classes"
        )
    rows, facts = _SCHEMES[settings.scheme](_Plan(lesions, patients, settings, folder))
    table = split_table(rows)
    check_sides(table, where=f"scheme {settings.scheme}")
    check_classes(table, lesions, labels, where=f"scheme {settings.scheme}")
    columns = split_columns(settings.scheme, settings.strata)
    return Split(
        table=table,
        scheme=settings.scheme,
        seed=settings.seed,
        sha256=split_bytes(table)[1],
        cohort_sha256=cohort_hash(lesions, labels, columns),
        settings=settings.model_dump(mode="json"),
        patients=patient_fingerprints(lesions, labels, columns),
        facts=facts,
    )


def _holdout(plan: _Plan) -> tuple[list[Row], dict[str, Any]]:
    rows: list[Row] = []
    for repeat in range(plan.settings.repeats):
        test = draw(plan.patients, plan.settings.test, (plan.settings.seed, "test", repeat))
        rows += plan.sides(repeat, 0, test)
    return rows, {}


def _kfold(plan: _Plan) -> tuple[list[Row], dict[str, Any]]:
    folds = plan.settings.folds
    for number, name in enumerate(("negative", "positive")):
        count = sum(number in patient.classes for patient in plan.patients)
        if count < folds:
            raise SplitError(
                f"only {count} patients have a {name} lesion, too few for {folds} folds with both classes",
                where="scheme kfold",
                remedy=f"ask for at most {count} folds" if count > 1 else "add patients of that class",
            )
    rows: list[Row] = []
    for repeat in range(plan.settings.repeats):
        dealt = deal(plan.patients, folds, (plan.settings.seed, "test", repeat))
        for fold, test in enumerate(dealt):
            rows += plan.sides(repeat, fold, test)
    return rows, {}


def _leave_one_site_out(plan: _Plan) -> tuple[list[Row], dict[str, Any]]:
    sites = _of_each_patient(plan, "site")
    members = {
        site: {patient for patient, found in sites.items() if found[-1] == site}
        for site in sorted({found[-1] for found in sites.values()})
    }
    if len(members) < 2:
        raise SplitError(
            f"all patients are of one site, {next(iter(members))!r}",
            where="scheme leave-one-site-out",
            remedy="use the scheme kfold or holdout",
        )
    never = [site for site, ids in members.items() if lacks_a_class(plan.patients, ids)]
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
    return rows, {"site_of_fold": tested, "sites_with_one_class_never_tested": never}


def _temporal(plan: _Plan) -> tuple[list[Row], dict[str, Any]]:
    latest = {patient: found[-1] for patient, found in _of_each_patient(plan, "date").items()}
    cutoff = plan.settings.cutoff
    if cutoff is None:
        shares = {
            day: sum(other >= day for other in latest.values()) / len(latest) for day in set(latest.values())
        }
        cutoff = min(sorted(shares, reverse=True), key=lambda day: abs(shares[day] - plan.settings.test))
    test = {patient for patient, day in latest.items() if day >= cutoff}
    return plan.sides(0, 0, test), {"cutoff": cutoff}


def _fixed(plan: _Plan) -> tuple[list[Row], dict[str, Any]]:
    rows = read_fixed(plan.settings, plan.folder, plan.lesions)
    cut: list[Row] = []
    for repeat, fold in sorted({(repeat, fold) for _, repeat, fold, _ in rows}):
        part = [row for row in rows if row[1:3] == (repeat, fold)]
        if any(row[3] == "validation" for row in part):
            cut += part
        else:
            cut += plan.sides(repeat, fold, {row[0] for row in part if row[3] == "test"})
    return cut, {"validation": "from the file" if cut == rows else "drawn from train"}


def _of_each_patient(plan: _Plan, column: str) -> dict[str, list[str]]:
    """The values of a column among each patient's lesions, sorted; none may be missing."""
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


_SCHEMES: dict[str, Callable[[_Plan], tuple[list[Row], dict[str, Any]]]] = {
    "holdout": _holdout,
    "kfold": _kfold,
    "leave-one-site-out": _leave_one_site_out,
    "temporal": _temporal,
    "fixed": _fixed,
}
