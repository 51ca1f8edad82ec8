"""The table of one model of a task with several classes, and its main quantity with influence values.

The table has one row a prediction: lesion_id, patient_id, label and decision (class numbers), one column a class
(`p0`, `p1`, ...), seed, repeat, fold, run (the repeat of a seed), cell (the fold of a run) and rank_alike. One
class against the rest is a table of two classes, see `binary.scores`, and is judged as such.
"""

from __future__ import annotations

from collections.abc import Hashable

import pandas as pd

from samesplit.evaluation.binary.rankings import rank_alike
from samesplit.evaluation.binary.scores import ranking_is_trained
from samesplit.evaluation.comparison import Measure
from samesplit.statistics.auc import area_interval
from samesplit.statistics.boundary import newcombe_interval
from samesplit.statistics.checks import FloatArray
from samesplit.statistics.influence import Influence
from samesplit.statistics.interval import Interval, is_degenerate
from samesplit.statistics.multiclass_auc import Average, fold_multiclass_aucs, multiclass_auc_influence
from samesplit.statistics.multiclass_metrics import call_classes

__all__ = [
    "MACRO_AUC",
    "auc_of",
    "class_table",
    "classes_rank_alike",
    "has_every_class",
    "influence_method",
    "macro_auc_interval",
    "model_table",
    "probabilities_of",
]


def model_table(
    predictions: pd.DataFrame, truth: pd.DataFrame, n_classes: int, *, alike: bool = False
) -> pd.DataFrame:
    """Make the table of one model from its test predictions, with its calls.

    Args:
        predictions: Seed, repeat, fold, lesion_id and one column a class, of one model and rater; see
            `validation.check_class_predictions`.
        truth: Indexed by lesion_id: patient_id, label.
        n_classes: How many classes there are.
        alike: Whether all fitted models order lesions alike, see `binary.rankings`.
    """
    known = truth.loc[predictions["lesion_id"], ["patient_id", "label"]]
    columns = [f"p{k}" for k in range(n_classes)]
    values = predictions[columns].to_numpy()
    head = pd.DataFrame(
        {
            "lesion_id": predictions["lesion_id"].to_numpy(),
            "patient_id": known["patient_id"].to_numpy(),
            "label": known["label"].to_numpy(),
            "decision": call_classes(values),
            "seed": predictions["seed"].to_numpy(),
            "repeat": predictions["repeat"].to_numpy(),
            "fold": predictions["fold"].to_numpy(),
            "run": predictions.groupby(["seed", "repeat"]).ngroup().to_numpy(),
            "cell": predictions.groupby(["seed", "repeat", "fold"]).ngroup().to_numpy(),
            "rank_alike": alike,
        }
    )
    return pd.concat([head, pd.DataFrame(values, columns=columns)], axis=1)


def probabilities_of(table: pd.DataFrame) -> FloatArray:
    """Return the probabilities of the classes, shape (n, n classes)."""
    columns = [name for name in table.columns if str(name)[0] == "p" and str(name)[1:].isdigit()]
    return table[columns].to_numpy(dtype="float64")


def class_table(table: pd.DataFrame, number: int) -> pd.DataFrame:
    """Return the table of one class against the rest, as those of a binary task are (`binary.scores`).

    Args:
        table: Of a model.
        number: The class.
    """
    binary = table[["lesion_id", "patient_id", "seed", "repeat", "fold", "run", "cell", "rank_alike"]]
    return binary.assign(
        label=(table["label"] == number).astype("int64"),
        score=table[f"p{number}"],
        decision=(table["decision"] == number).astype("float64"),
    )


def classes_rank_alike(predictions: pd.DataFrame, n_classes: int) -> bool:
    """Tell whether all fitted models of a model order lesions alike by the probability of every class.

    Args:
        predictions: Of one model and rater, test and validation, one column a class.
        n_classes: How many classes there are.
    """
    return all(
        rank_alike(predictions.rename(columns={f"p{number}": "probability"})) for number in range(n_classes)
    )


def has_every_class(table: pd.DataFrame) -> bool:
    """Whether each class is in a fold with another one, so that each has an AUC."""
    n_classes = probabilities_of(table).shape[1]
    mixed = table[table.groupby("cell")["label"].transform("nunique") > 1]
    return bool(mixed["label"].nunique() == n_classes)


def auc_of(table: pd.DataFrame, *, average: Average = "one-versus-rest") -> Influence:
    """Estimate the AUC of all classes (mean over folds) with influence values.

    Args:
        table: Of a model.
        average: See `multiclass_auc`.

    Raises:
        StatisticsError: A class has no AUC in any fold.
    """
    found = multiclass_auc_influence(
        table["label"],
        probabilities_of(table),
        table["patient_id"],
        table["cell"],
        repeats=table["repeat"],
        seeds=table["seed"],
        average=average,
    )
    return found if ranking_is_trained(table) else found.as_fitted()


def influence_method(*tables: pd.DataFrame) -> str:
    """Name the variance of an estimate that comes with influence values, or of a difference of two."""
    trained = ranking_is_trained(*tables)
    return f"influence values, test {'and training ' if trained else ''}patients"


def macro_auc_interval(
    table: pd.DataFrame,
    *,
    confidence: float,
    found: Influence | None = None,
    as_fitted: bool = False,
) -> Interval:
    """Estimate the AUC of all classes with its interval, on the logit scale.

    Where it has no variance (every class is told perfectly from the rest), it is the widest of the intervals by
    Newcombe's method 5 that the classes would have.

    Args:
        table: Of a model.
        confidence: Two-sided coverage.
        found: The estimate, see `auc_of`; None for the macro average.
        as_fitted: Whether to take the fitted models as given.

    Raises:
        StatisticsError: A class has no AUC in any fold.
    """
    found = auc_of(table) if found is None else found
    found = found.as_fitted() if as_fitted else found
    method = "influence values, test patients, models as fitted" if as_fitted else influence_method(table)
    if is_degenerate(found.variance):
        made = [newcombe_interval(found.estimate, one, confidence=confidence) for one in _sizes(table)]
        widest = max(made, key=lambda one: one.ci_high - one.ci_low)
        note = "; ".join(found.notes)
        return Interval(widest.estimate, widest.ci_low, widest.ci_high, widest.method, note)
    return area_interval(found, [], method=method, confidence=confidence)


def _sizes(table: pd.DataFrame) -> list[list[list[tuple[int, int]]]]:
    """Count, for each class, the patients with a lesion of it and without, in every fold of every run."""
    found = []
    for number in range(probabilities_of(table).shape[1]):
        runs: dict[Hashable, list[tuple[int, int]]] = {}
        for (run, _), fold in class_table(table, number).groupby(["run", "cell"], sort=True):
            counts = fold.groupby("label")["patient_id"].nunique()
            if len(counts) == 2:
                runs.setdefault(run, []).append((int(counts[1]), int(counts[0])))
        found.append(list(runs.values()))
    return found


MACRO_AUC = Measure(
    name="auc",
    estimate=auc_of,
    interval=lambda table, confidence: macro_auc_interval(table, confidence=confidence),
    by_fold=lambda table: fold_multiclass_aucs(table["label"], probabilities_of(table), table["cell"]),
    method=influence_method,
    is_defined=has_every_class,
    n_positive=lambda labels: 0,
    undefined="a class is in no fold with another one that is common to the two",
)
"""The macro average of the AUCs of each class against the rest."""
