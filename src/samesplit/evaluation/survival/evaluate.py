"""The evaluation of a survival task: risks, times and events in, tables of results out."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

import numpy as np
import pandas as pd

from samesplit.evaluation.binary.estimates import Row, result_row
from samesplit.evaluation.binary.evaluate import FEWEST_ROWS, RESULT_COLUMNS, Evaluation
from samesplit.evaluation.binary.rankings import rank_alike
from samesplit.evaluation.binary.scores import ranking_is_trained
from samesplit.evaluation.binary.spread import spread_rows
from samesplit.evaluation.claims import add_claims
from samesplit.evaluation.comparison import ask_comparisons, difference_rows
from samesplit.evaluation.groups import TEST_SET, Group, models_by_group
from samesplit.evaluation.options import EvaluationOptions
from samesplit.evaluation.survival.cox_table import COX_COLUMNS, clinical_design, clinical_rows, cox_rows
from samesplit.evaluation.survival.hazards import cut_curves, hazard_rows, rate_rows, time_of_rates
from samesplit.evaluation.survival.lesion_risks import lesion_risks, validation_cuts
from samesplit.evaluation.survival.risk_subgroups import SUBGROUP_COLUMNS, subgroup_rows
from samesplit.evaluation.survival.scores import (
    C_INDEX,
    c_index_interval,
    can_be_compared,
    model_table,
    uno_interval,
)
from samesplit.evaluation.survival.validation import check_risk_predictions, check_survival_truth
from samesplit.evaluation.validation import check_reference, choose_rater, common_units
from samesplit.execution.calls import Asked, Calls
from samesplit.statistics.checks import check_confidence
from samesplit.statistics.interval import Interval
from samesplit.statistics.survival.kaplan_meier import kaplan_meier, risk_groups
from samesplit.tables import RESULTS, check_table
from samesplit.tasks import SurvivalTask

__all__ = ["RISK_GROUPS", "evaluate_survival"]

RISK_GROUPS = ("low", "middle", "high")
"""The thirds of the lesions of a fold by predicted risk."""

Tables = dict[str, pd.DataFrame]
Found = list[tuple[str, Interval]]


def evaluate_survival(
    task: SurvivalTask, predictions: pd.DataFrame, truth: pd.DataFrame, options: EvaluationOptions
) -> Evaluation:
    """Judge all models of a survival task on the same test lesions.

    The main quantity is Harrell's concordance index (`c_index`), the mean over the test folds; models are
    compared by it.

    Args:
        task: The task.
        predictions: Model, seed, repeat, fold, subset, rater, lesion_id, risk (higher for an earlier event).
        truth: Indexed by lesion_id: patient_id, label (1 where the event was seen, else 0), time and columns to
            group by, among them `test_set` where the split names test sets.
        options: How; readings, operating points and declared thresholds mean nothing here.

    Returns:
        The tables; `n_positive` counts the lesions whose event was seen. `curves["kaplan_meier"]` has for each
        model the share without an event over time in thirds of predicted risk, each fold cut by itself, and
        `curves["kaplan_meier_cut"]` below and above the cut that the validation part gave. `tables` has
        `survival_cox` (hazard ratios alone and beside clinical variables), `survival_rates` (shares without an
        event at a time) and `survival_subgroups`.

    Raises:
        PredictionsError: The predictions do not fit the truth or have no lesion in common.
        StatisticsError: The truth, the reference, the rater or a group is not usable.
    """
    confidence = check_confidence(options.confidence)
    known = check_survival_truth(truth)
    table = check_risk_predictions(predictions, known)
    rater = choose_rater(table, options.primary_rater)
    check_reference(options.reference, table)
    own = table[table["rater"] == rater].rename(columns={"risk": "probability"})
    alike = {str(model) for model, part in own.groupby("model") if rank_alike(part)}
    test = table[table["subset"] == "test"]
    common, notes = common_units(test[test["rater"] == rater])

    def tables_of(rows: pd.DataFrame) -> Tables:
        return _tables(rows, known, alike)

    tables = tables_of(common)
    rows: list[Row] = []
    validation = table[(table["subset"] == "validation") & (table["rater"] == rater)]
    medians = {str(model): validation_cuts(part) for model, part in validation.groupby("model")}

    def risks_of(one: pd.DataFrame, model: str) -> tuple[pd.DataFrame, str]:
        declared = options.risk_cuts.get(model)
        cuts = medians.get(model, pd.Series(dtype="float64")) if declared is None else declared
        return lesion_risks(one, cuts, declared=declared is not None)

    grouped = models_by_group(
        tables, test, known, tables_of, rater=rater, columns=options.groups, notes=notes
    )
    calls = Calls()
    compare = partial(ask_comparisons, calls, reference=options.reference, confidence=confidence)
    of_groups: list[tuple[Group, Tables, dict[str, Asked[Found]], Callable[[], pd.DataFrame] | None]] = []
    for group, members in grouped:
        indices = {
            model: calls.ask(f"{model}, {group.name}", _index_rows, one, confidence=confidence)
            for model, one in members.items()
        }
        of_set = compare(members, C_INDEX) if group.column == TEST_SET else None
        of_groups.append((group, members, indices, of_set))
    of_pairs = compare(tables, C_INDEX, rules=options.rules)
    calls.do(options.workers.unless_small(len(table) < FEWEST_ROWS))
    for group, members, indices, of_set in of_groups:
        for model, one in members.items():
            found = indices[model].result
            rows += [result_row(name, item, one, model=model, group=group.name) for name, item in found]
            if not group.column or group.column == TEST_SET:
                lesions, cut = risks_of(one, model)
                rows += hazard_rows(lesions, one, model, cut=cut, group=group.name, confidence=confidence)
        if of_set is not None:
            rows += difference_rows(of_set(), C_INDEX, group=group.name)
    pairs = of_pairs()
    rows += difference_rows(pairs, C_INDEX)
    folds = _fold_table(tables)
    rows += spread_rows(folds, tables, quantity=C_INDEX.name)
    claimed = add_claims(pd.DataFrame(rows), confidence=confidence, rules=options.rules)
    curves = [_survival_curves(one, confidence=confidence).assign(model=m) for m, one in tables.items()]
    risks = {model: risks_of(one, model)[0] for model, one in tables.items()}
    cut_table = pd.concat(
        [cut_curves(lesions, confidence=confidence).assign(model=m) for m, lesions in risks.items()],
        ignore_index=True,
    )
    return Evaluation(
        results=check_table(claimed[RESULT_COLUMNS], RESULTS),
        curves={"kaplan_meier": pd.concat(curves, ignore_index=True), "kaplan_meier_cut": cut_table},
        thresholds=pd.DataFrame(),
        confusion=pd.DataFrame(),
        decisions=pd.DataFrame(),
        pairs=pairs,
        folds=folds,
        summaries={},
        notes=tuple(notes),
        tables=_hazard_tables(task, risks, known, options),
    )


def _hazard_tables(
    task: SurvivalTask, risks: Tables, truth: pd.DataFrame, options: EvaluationOptions
) -> Tables:
    """Make the tables of hazards: Cox regressions, shares without an event at a time, subgroups."""
    confidence = options.confidence
    first = next(iter(risks.values()))
    at = time_of_rates(first["time"], task.unit, task.rates_at)
    design, units = clinical_design(truth, first["lesion_id"], options.clinical)
    cox = list(clinical_rows(first, design, units, confidence=confidence))
    rates: list[dict[str, object]] = []
    subgroups: list[dict[str, object]] = []
    for model, lesions in risks.items():
        cox += cox_rows(lesions, design, units, model, confidence=confidence)
        rates += rate_rows(lesions, model, at=at, confidence=confidence)
        subgroups += subgroup_rows(lesions, truth, options.groups, model, confidence=confidence)
    return {
        "survival_cox": pd.DataFrame(cox, columns=COX_COLUMNS),
        "survival_rates": pd.DataFrame(rates),
        "survival_subgroups": pd.DataFrame(subgroups, columns=SUBGROUP_COLUMNS),
    }


def _tables(predictions: pd.DataFrame, truth: pd.DataFrame, alike: set[str]) -> Tables:
    return {
        str(model): model_table(part, truth, alike=str(model) in alike)
        for model, part in predictions.groupby("model", sort=True)
    }


def _index_rows(table: pd.DataFrame, *, confidence: float) -> Found:
    """Return the index, and of models that were trained in folds the interval that takes them as given."""
    if not can_be_compared(table):
        note = "in no fold can two lesions be compared: not defined"
        return [(C_INDEX.name, Interval(math.nan, math.nan, math.nan, C_INDEX.method(table), note))]
    found = [
        (C_INDEX.name, c_index_interval(table, confidence=confidence)),
        ("uno_c", uno_interval(table, confidence=confidence)),
    ]
    if ranking_is_trained(table):
        found.append(
            (f"{C_INDEX.name}_as_fitted", c_index_interval(table, confidence=confidence, as_fitted=True))
        )
    return found


def _fold_table(tables: Tables) -> pd.DataFrame:
    """Return the index of every fitted model in the test part of its fold; NaN where nothing can be compared."""
    columns = ["model", "seed", "repeat", "fold", "n", "n_positive", C_INDEX.name]
    parts = []
    for model, table in tables.items():
        fits = table.groupby("cell", sort=True)
        head = fits[["seed", "repeat", "fold"]].first()
        counts = fits["label"].agg(n="size", n_positive="sum")
        index = pd.Series(C_INDEX.by_fold(table).to_numpy(), index=head.index, name=C_INDEX.name)
        parts.append(pd.concat([head, counts, index], axis=1).assign(model=model)[columns])
    return pd.concat(parts, ignore_index=True)


def _survival_curves(table: pd.DataFrame, *, confidence: float) -> pd.DataFrame:
    """Return the share without an event over time in thirds of predicted risk; every lesion counts once in all."""
    third = risk_groups(table["score"], table["cell"], n_groups=len(RISK_GROUPS))
    weights = 1 / table.groupby("lesion_id")["lesion_id"].transform("size").to_numpy()
    parts = []
    for number in np.unique(third):
        inside = third == number
        curve = kaplan_meier(
            table["time"][inside], table["label"][inside], weights=weights[inside], confidence=confidence
        )
        parts.append(curve.assign(risk=RISK_GROUPS[number]))
    return pd.concat(parts, ignore_index=True)
