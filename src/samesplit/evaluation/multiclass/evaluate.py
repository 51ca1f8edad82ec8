"""The evaluation of a task with several classes: predictions and truth in, tables of results out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import pandas as pd

from samesplit.evaluation.binary.estimates import Draws, Row
from samesplit.evaluation.binary.evaluate import FEWEST_ROWS, RESULT_COLUMNS, Evaluation
from samesplit.evaluation.binary.network_fits import untrained_notes
from samesplit.evaluation.binary.searches import choice_rows, summarise
from samesplit.evaluation.binary.spread import FOLD_COLUMNS, spread_rows
from samesplit.evaluation.claims import add_claims
from samesplit.evaluation.comparison import ask_comparisons, difference_rows
from samesplit.evaluation.groups import TEST_SET, Group, models_by_group
from samesplit.evaluation.multiclass.curve_tables import class_curve_tables
from samesplit.evaluation.multiclass.estimates import all_class_rows, class_rows, make_class_draws
from samesplit.evaluation.multiclass.scores import MACRO_AUC, classes_rank_alike, model_table
from samesplit.evaluation.multiclass.validation import check_class_predictions, check_class_truth
from samesplit.evaluation.options import EvaluationOptions
from samesplit.evaluation.validation import check_reference, choose_rater, common_units
from samesplit.execution.calls import Asked, Calls
from samesplit.statistics.checks import check_confidence
from samesplit.statistics.multiclass_metrics import call_classes, class_confusion
from samesplit.tables import RESULTS, check_table
from samesplit.tasks import MulticlassTask

__all__ = ["evaluate_classes"]

Tables = dict[str, pd.DataFrame]


def evaluate_classes(
    task: MulticlassTask, predictions: pd.DataFrame, truth: pd.DataFrame, options: EvaluationOptions
) -> Evaluation:
    """Judge all models of a task with several classes on the same test lesions.

    The main quantity is the macro average of the AUCs of each class against the rest (`auc`); models are compared
    by it. A lesion is called by its class of highest probability, of equals by the class that is declared first,
    so no threshold is chosen.

    Args:
        task: The task, for its classes.
        predictions: Model, seed, repeat, fold, subset, rater, lesion_id, class (by name), probability.
        truth: Indexed by lesion_id: patient_id, label (the number of the class) and columns to group by, among
            them `test_set` where the split names test sets.
        options: How; readings, operating points and declared thresholds mean nothing here.

    Returns:
        The tables. Rows of one class against the rest have the group `class=<name>` and its lesions as
        `n_positive`, which is 0 elsewhere. `tables["confusion_classes"]` counts true against called classes by
        name; `curves` are those of each class.

    Raises:
        PredictionsError: The predictions do not fit the truth or have no lesion in common.
        StatisticsError: The truth, the reference, the rater or a group is not usable.
    """
    check_confidence(options.confidence)
    classes = task.classes
    known = check_class_truth(truth, classes)
    table = check_class_predictions(predictions, known, classes)
    rater = choose_rater(table, options.primary_rater)
    check_reference(options.reference, table)
    own = table[table["rater"] == rater]
    alike = {str(m) for m, part in own.groupby("model") if classes_rank_alike(part, len(classes))}
    test = table[table["subset"] == "test"]
    common, notes = common_units(test[test["rater"] == rater])

    def tables_of(rows: pd.DataFrame) -> Tables:
        return _tables(rows, known, len(classes), alike)

    tables = tables_of(common)
    calls = Calls()
    compare = partial(ask_comparisons, calls, reference=options.reference, confidence=options.confidence)
    of_pairs = compare(tables, MACRO_AUC, rules=options.rules)
    of_groups: list[tuple[Group, list[Asked[list[Row]]], Callable[[], pd.DataFrame] | None]] = []
    counts: list[Row] = []
    grouped = models_by_group(
        tables, test, known, tables_of, rater=rater, columns=options.groups, notes=notes
    )
    for group, members in grouped:
        judged = _ask_judgements(calls, members, classes, group, options)
        of_set = compare(members, MACRO_AUC) if group.column == TEST_SET else None
        of_groups.append((group, judged, of_set))
        counts += _call_counts(members, classes, group)
    calls.do(options.workers.unless_small(len(table) * len(classes) < FEWEST_ROWS))
    rows: list[Row] = []
    for group, judged, of_set in of_groups:
        rows += [row for one in judged for row in one.result]
        if of_set is not None:
            rows += difference_rows(of_set(), MACRO_AUC, group=group.name)
    pairs = of_pairs()
    rows += difference_rows(pairs, MACRO_AUC)
    folds = _fold_table(tables)
    summaries = summarise(options.details, folds)
    described = spread_rows(folds, tables)
    for name in ("chosen_cells", "network_fits"):
        if name in summaries:
            described += choice_rows(summaries[name], tables)
    notes += untrained_notes(summaries.get("network_fits"))
    rows += [row | {"n_positive": 0} for row in described]
    claimed = add_claims(pd.DataFrame(rows), confidence=options.confidence, rules=options.rules)
    return Evaluation(
        results=check_table(claimed[RESULT_COLUMNS], RESULTS),
        curves=class_curve_tables(tables, classes, confidence=options.confidence),
        thresholds=pd.DataFrame(),
        confusion=pd.DataFrame(),
        decisions=_decisions(test, len(classes)),
        pairs=pairs,
        folds=folds,
        summaries=summaries,
        notes=tuple(notes),
        tables={"confusion_classes": pd.DataFrame(counts)},
    )


def _tables(predictions: pd.DataFrame, truth: pd.DataFrame, n_classes: int, alike: set[str]) -> Tables:
    return {
        str(model): model_table(part, truth, n_classes, alike=str(model) in alike)
        for model, part in predictions.groupby("model", sort=True)
    }


def _ask_judgements(
    calls: Calls, members: Tables, classes: Sequence[str], group: Group, options: EvaluationOptions
) -> list[Asked[list[Row]]]:
    """Ask for the rows of every model on the lesions of one group."""
    first = next(iter(members.values()))
    draws = make_class_draws(first, len(classes), n_bootstrap=options.n_bootstrap, seed=options.seed)
    return [
        calls.ask(f"{model}, {group.name}", _judge, table, model, draws, classes, group, options.confidence)
        for model, table in members.items()
    ]


def _judge(
    table: pd.DataFrame, model: str, draws: Draws, classes: Sequence[str], group: Group, confidence: float
) -> list[Row]:
    """Return the rows of one model on the lesions of one group."""
    rows = all_class_rows(table, draws, group, model=model, confidence=confidence)
    for number, name in enumerate(classes):
        rows += class_rows(table, number, draws, group.with_class(name), model=model, confidence=confidence)
    return rows


def _call_counts(members: Tables, classes: Sequence[str], group: Group) -> list[Row]:
    """Count true against called classes, summed over folds, repeats and seeds."""
    rows: list[Row] = []
    for model, table in members.items():
        counts = class_confusion(table["label"], table["decision"], n_classes=len(classes))
        rows += [
            {
                "model": model,
                "subset": "test",
                "group": group.name,
                "true": true,
                "predicted": predicted,
                "n": int(counts[i, j]),
            }
            for i, true in enumerate(classes)
            for j, predicted in enumerate(classes)
        ]
    return rows


def _fold_table(tables: Tables) -> pd.DataFrame:
    """Return the macro AUC of every fitted model in the test part of its fold."""
    parts = []
    for model, table in tables.items():
        fits = table.groupby("cell", sort=True)
        head = fits[["seed", "repeat", "fold"]].first().assign(n=fits.size(), n_positive=0)
        parts.append(head.assign(model=model, auc=MACRO_AUC.by_fold(table).to_numpy())[FOLD_COLUMNS])
    return pd.concat(parts, ignore_index=True)


def _decisions(test: pd.DataFrame, n_classes: int) -> pd.DataFrame:
    """Return the class, by number, that each test prediction calls."""
    key = ["model", "seed", "repeat", "fold", "subset", "rater", "lesion_id"]
    calls = call_classes(test[[f"p{number}" for number in range(n_classes)]].to_numpy())
    return test[key].assign(decision=calls).reset_index(drop=True)
