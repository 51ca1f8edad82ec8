"""The evaluation of a benchmark: predictions, truth and readings in, tables of results out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

import pandas as pd

from samesplit.evaluation.binary.curve_tables import ask_curves, read_off_rows
from samesplit.evaluation.binary.decision_curves import (
    DECISION_CURVES,
    DEFAULT_THRESHOLDS,
    decision_curve_table,
)
from samesplit.evaluation.binary.development import ask_development
from samesplit.evaluation.binary.estimates import Draws, Row, make_draws, result_row
from samesplit.evaluation.binary.judging import Settings, ask_judgements, tables_by_model
from samesplit.evaluation.binary.model_comparison import AUC
from samesplit.evaluation.binary.network_fits import untrained_notes
from samesplit.evaluation.binary.operating_point import apply_thresholds, choose_thresholds
from samesplit.evaluation.binary.rankings import rank_alike
from samesplit.evaluation.binary.reclassification import RECLASSIFICATION, reclassification_table
from samesplit.evaluation.binary.scores import COMPARED_RATES, rate_difference
from samesplit.evaluation.binary.searches import choice_rows, summarise
from samesplit.evaluation.binary.spread import fold_table, spread_rows
from samesplit.evaluation.binary.subgroups import subgroup_tables
from samesplit.evaluation.binary.triage import triage_tables
from samesplit.evaluation.claims import DEFAULT_RULES, ClaimRules, add_claims
from samesplit.evaluation.comparison import ask_comparisons, difference_rows, on_same_units, with_claims_of
from samesplit.evaluation.groups import TEST_SET, grouping_columns, models_by_group
from samesplit.evaluation.readers.judging import ReadersJudged, ask_readers
from samesplit.evaluation.readers.settings import ReaderSettings
from samesplit.evaluation.validation import (
    check_predictions,
    check_reference,
    check_truth,
    choose_rater,
    common_units,
)
from samesplit.execution.calls import HERE, Asked, Calls, Workers
from samesplit.statistics.checks import check_confidence
from samesplit.tables import RESULTS, check_table

__all__ = ["FEWEST_ROWS", "RESULT_COLUMNS", "Evaluation", "evaluate"]

FEWEST_ROWS = 50_000
"""Predictions and readings from which on it pays to start other processes of this machine, which takes seconds."""

RESULT_COLUMNS = [
    "quantity",
    "model",
    "reference",
    "subset",
    "group",
    "estimate",
    "ci_low",
    "ci_high",
    "p_value",
    "p_adjusted",
    "claim",
    "false_claim_probability",
    "n",
    "n_positive",
    "method",
    "note",
]


@dataclass(frozen=True)
class Evaluation:
    """What an evaluation found.

    Attributes:
        results: One row an estimate: the columns of `RESULT_COLUMNS`.
        curves: `roc`, `pr` and `calibration` points of each model, and the `roc_bands` and `pr_bands`.
        thresholds: The operating point of each model, seed, repeat and fold.
        confusion: Counts of calls of each model and reader, summed over folds, repeats and seeds.
        decisions: The call on each test prediction.
        pairs: All pairwise differences between models, on the lesions common to all.
        folds: The AUC of each model, seed, repeat and fold.
        summaries: What models told of their search, summed up over the fits; see `searches.summarise`.
        notes: What was left out, and why.
        tables: Further tables that the kind of task has, by name (`confusion_classes`, `overlap`).
    """

    results: pd.DataFrame
    curves: dict[str, pd.DataFrame]
    thresholds: pd.DataFrame
    confusion: pd.DataFrame
    decisions: pd.DataFrame
    pairs: pd.DataFrame
    folds: pd.DataFrame
    summaries: dict[str, pd.DataFrame]
    notes: tuple[str, ...]
    tables: dict[str, pd.DataFrame] = field(default_factory=dict)


def evaluate(
    predictions: pd.DataFrame,
    truth: pd.DataFrame,
    *,
    readings: pd.DataFrame | None = None,
    reference: str | None = None,
    operating_point: str | float = "youden",
    confidence: float = 0.95,
    n_bootstrap: int = 1000,
    seed: int = 0,
    primary_rater: str | None = None,
    groups: Sequence[str] = (),
    declared_thresholds: Mapping[str, float] | None = None,
    details: Mapping[str, pd.DataFrame] | None = None,
    rules: ClaimRules = DEFAULT_RULES,
    reader_settings: ReaderSettings | None = None,
    clinical_model: str | None = None,
    decision_thresholds: Sequence[float] = DEFAULT_THRESHOLDS,
    risk_categories: Sequence[float] = (),
    workers: Workers = HERE,
) -> Evaluation:
    """Judge all models, and readers beside them, on the same test lesions.

    Args:
        predictions: Model, seed, repeat, fold, subset, rater, lesion_id, probability. Test rows are judged,
            validation rows of the primary rater choose the thresholds. Training and validation rows have
            estimates of their own (`subset`, group `subset=<subset>`), which show the gap to the test part.
        truth: Indexed by lesion_id: patient_id, label (0 or 1) and columns to group by.
        readings: Reader_id, lesion_id, modality, decision, score, and marks where they are location-specific;
            None for no readers. What is computed of readers stands in tables `readers/...`.
        reference: The model that the others' rates and the readers are compared with; None for no such rows.
            AUCs of models are compared in all pairs.
        operating_point: `youden`, `sensitivity>=x`, `specificity>=x` or a fixed threshold.
        confidence: Two-sided coverage of all intervals.
        n_bootstrap: Bootstrap samples of patients; 0 for none.
        seed: Of the bootstrap.
        primary_rater: Whose masks the main results are of; may be left out when there is one rater. Other
            raters get rows of the group `rater=<name>`, with the primary rater's thresholds.
        groups: Columns of `truth`; each of their values gets rows of the group `<column>=<value>`. A column
            `test_set` is one of them in any case, and in each named test set the models are compared as well.
        declared_thresholds: By model: thresholds that were fixed elsewhere, on development data that are not
            among the predictions.
        details: By name: the tables that models wrote while they were fitted (`grid`, `chosen_features`, ...).
        rules: How p-values are adjusted and over which families; see `claims`.
        reader_settings: What was declared beforehand of the readers; None for nothing but the confidence.
        clinical_model: The model that learns from clinical variables alone; reclassification is shown against it.
        decision_thresholds: The threshold probabilities of the decision curves, rising, strictly between 0 and 1.
        risk_categories: The limits between categories of risk, for reclassification.
        workers: Who does the work. What is found is the same whoever does.

    Returns:
        The tables; see `Evaluation`.

    Raises:
        PredictionsError: The predictions do not fit the truth or have no lesion in common.
        ReadingsError: The readings do not fit the truth.
        StatisticsError: The truth, the reference, the rater, a group or the operating point is not usable.
    """
    settings = Settings(check_confidence(confidence), n_bootstrap, seed)
    known = check_truth(truth)
    table = check_predictions(predictions, known)
    rater = choose_rater(table, primary_rater)
    check_reference(reference, table)
    own = table[table["rater"] == rater]
    thresholds = choose_thresholds(own, known, operating_point, declared_thresholds)
    test = table[table["subset"] == "test"]
    decisions = apply_thresholds(test, thresholds)
    primary = decisions[decisions["rater"] == rater]
    common, notes = common_units(primary)
    alike = {str(model) for model, part in own.groupby("model") if rank_alike(part)}

    def tables_of(predicted: pd.DataFrame) -> dict[str, pd.DataFrame]:
        return tables_by_model(predicted, known, alike=alike)

    tables = tables_of(common)
    calls = Calls()
    compare = partial(ask_comparisons, calls, reference=reference, confidence=confidence, rules=rules)
    of_groups: list[tuple[str, list[Asked[tuple[list[Row], Row]]], Callable[[], pd.DataFrame] | None]] = []
    grouped = models_by_group(tables, decisions, known, tables_of, rater=rater, columns=groups, notes=notes)
    for group, members in grouped:
        judged = ask_judgements(calls, members, group.name, settings)
        of_set = compare(members, AUC) if group.column == TEST_SET else None
        of_groups.append((group.name, judged, of_set))
    of_pairs = compare(tables, AUC)
    of_rates = _ask_rate_differences(calls, tables, reference, confidence=confidence)
    people: dict[str, dict[str, pd.DataFrame]] = {}
    of_readers: Callable[[], ReadersJudged] | None = None
    if readings is not None:
        asked = reader_settings or ReaderSettings(confidence=confidence, n_bootstrap=n_bootstrap, seed=seed)
        people, of_readers = ask_readers(
            calls, readings, known, models=tables, reference=reference, settings=asked, groups=groups
        )
    developed = ask_development(calls, own, thresholds, known, settings, alike=alike)
    draws = make_draws(next(iter(tables.values())), n_bootstrap=settings.n_bootstrap, seed=settings.seed)
    of_curves = ask_curves(calls, tables, draws, confidence=confidence)
    bases = [name for name in dict.fromkeys((reference, clinical_model)) if name in tables]
    of_use = _ask_use(
        calls, tables, people, draws, bases, decision_thresholds, risk_categories, confidence=confidence
    )
    columns = grouping_columns(known, groups)
    of_subgroups = calls.ask(
        "subgroups", subgroup_tables, tables, known, columns, reference=reference, confidence=confidence
    )
    validation = own[own["subset"] == "validation"]
    of_triage = calls.ask("triage", triage_tables, common, validation, known, draws, confidence=confidence)
    n_rows = len(table) + (0 if readings is None else len(readings))
    calls.do(workers.unless_small(n_rows < FEWEST_ROWS))

    rows: list[Row] = []
    counts: list[Row] = []
    for name, found, of_set in of_groups:
        rows += [row for one in found for row in one.result[0]]
        counts += [one.result[1] for one in found]
        if of_set is not None:
            rows += difference_rows(of_set(), AUC, group=name)
    pairs = of_pairs()
    rows += difference_rows(pairs, AUC)
    rows += [row for one in of_rates for row in one.result]
    reader_tables: dict[str, pd.DataFrame] = {}
    if of_readers is not None:
        read = of_readers()
        rows += read.rows
        counts += read.counts
        notes += read.notes
        reader_tables = read.tables
    rows += [row for one in developed for row in one.result]
    curves, folds = of_curves(), fold_table(tables)
    summaries = summarise(details or {}, folds)
    rows += read_off_rows(curves, tables) + spread_rows(folds, tables)
    for name in ("chosen_cells", "network_fits"):
        if name in summaries:
            rows += choice_rows(summaries[name], tables)
    notes += untrained_notes(summaries.get("network_fits"))
    claimed = add_claims(pd.DataFrame(rows), confidence=confidence, rules=rules)
    results = check_table(claimed[RESULT_COLUMNS], RESULTS)
    use = {name: one.result for name, one in of_use.items() if len(one.result)}
    return Evaluation(
        results=results,
        curves=curves,
        thresholds=thresholds,
        confusion=pd.DataFrame(counts),
        decisions=decisions,
        pairs=with_claims_of(pairs, results, AUC),
        folds=folds,
        summaries=summaries,
        notes=tuple(notes),
        tables=reader_tables | use | of_subgroups.result | of_triage.result,
    )


def _ask_rate_differences(
    calls: Calls, tables: dict[str, pd.DataFrame], reference: str | None, *, confidence: float
) -> list[Asked[list[Row]]]:
    """Ask for the differences of every other model's rates to the reference's, where there is one."""
    return [
        calls.ask(
            f"{model}, rates against {reference}",
            _rate_differences,
            {model: table, reference: tables[reference]},
            model,
            reference,
            confidence=confidence,
        )
        for model, table in tables.items()
        if reference is not None and model != reference
    ]


def _rate_differences(
    tables: dict[str, pd.DataFrame], model: str, reference: str, *, confidence: float
) -> list[Row]:
    """Compare the rates of a model with the reference's on the lesions common to all models."""
    rows: list[Row] = []
    a, b = on_same_units(*(t[t["decision"].notna()] for t in (tables[model], tables[reference])))
    for rate in COMPARED_RATES:
        if a["label"].nunique() == 2:
            found = rate_difference(a, b, rate, confidence=confidence)
            rows.append(result_row(f"{rate}_difference", found, a, model=model, reference=reference))
    return rows


def _ask_use(
    calls: Calls,
    tables: dict[str, pd.DataFrame],
    people: dict[str, dict[str, pd.DataFrame]],
    draws: Draws,
    bases: list[str],
    thresholds: Sequence[float],
    categories: Sequence[float],
    *,
    confidence: float,
) -> dict[str, Asked[pd.DataFrame]]:
    """Ask for what models are worth in use: decision curves, reclassification."""
    return {
        DECISION_CURVES: calls.ask(
            "decision curves", decision_curve_table, tables, people, draws, thresholds, confidence=confidence
        ),
        RECLASSIFICATION: calls.ask(
            "reclassification",
            reclassification_table,
            tables,
            bases,
            draws,
            categories=categories,
            confidence=confidence,
        ),
    }
