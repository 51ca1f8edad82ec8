"""What an evaluation of an entry depends on, and the evaluation itself: once for each entry and each two."""

from __future__ import annotations

import math
from typing import Any

from samesplit.evaluation.options import EvaluationOptions
from samesplit.evaluation.standings import entry_results
from samesplit.source import source_digest
from samesplit.storage import hash_object, library_digest
from samesplit.tables import hash_table
from samesplit.workflows.leaderboard.frozen import Frozen
from samesplit.workflows.leaderboard.submissions import Submission

__all__ = ["BASIS", "QUANTITIES", "basis_of", "evaluator", "judge"]

BASIS = {
    "evaluator": "the evaluator changed",
    "settings": "the statistics that benchmark.yaml declares changed",
    "labels": "the labels changed",
    "split": "the split changed",
    "reading": "the rater or the missing values that benchmark.yaml declares changed",
}
"""What an evaluation depends on besides the submission, and what to say of an entry where it changed since."""

QUANTITIES: dict[str, tuple[str, ...]] = {
    "binary": ("auc", "sensitivity", "specificity", "pr_auc", "brier", "calibration_slope"),
    "multiclass": ("auc", "balanced_accuracy", "cohen_kappa", "brier"),
    "survival": ("c_index", "uno_c"),
}
"""What is kept and shown of an entry; the first is the main quantity."""

_JUDGES = ("samesplit.evaluation.standings", "samesplit.models.external")
_LIBRARIES = ("numpy", "scipy", "pandas", "statsmodels", "scikit-learn")


def evaluator() -> str:
    """Hash the code and the libraries that read the predictions of entries, judge them and compare them.

    Ranking and drawing are done each time and are not in it.
    """
    return hash_object([source_digest(*_JUDGES), library_digest(*_LIBRARIES), QUANTITIES])


def basis_of(frozen: Frozen, task: str) -> dict[str, str]:
    """Return what an evaluation depends on besides the submission, as hashes; the keys are those of `BASIS`.

    Args:
        frozen: The benchmark.
        task: The task that is answered.
    """
    asked = frozen.definition.statistics
    settings = [asked.confidence, asked.bootstraps, asked.seed, str(asked.operating_point.declared)]
    return {
        "evaluator": evaluator(),
        "settings": hash_object([settings, frozen.tasks[task].model_dump(mode="json")]),
        "labels": hash_table(frozen.truth(task).reset_index()),
        "split": frozen.split.sha256,
        "reading": hash_object([frozen.definition.cohort.rater, list(frozen.definition.missing_values)]),
    }


def judge(submission: Submission, frozen: Frozen) -> list[dict[str, Any]]:
    """Judge one entry on the lesions that all entries predict.

    Args:
        submission: The entry.
        frozen: The benchmark.

    Returns:
        Plain rows: quantity, group (`all`, and each named test set for the main quantity), estimate, low and high
        (None where there is none), n, n_positive, method and note.

    Raises:
        SamesplitError: (one of its kinds) The predictions cannot be judged.
    """
    asked, task = frozen.definition.statistics, frozen.tasks[submission.task]
    options = EvaluationOptions(
        operating_point=asked.operating_point.declared,
        confidence=asked.confidence,
        n_bootstrap=asked.bootstraps,
        seed=asked.seed,
        primary_rater=frozen.definition.cohort.rater,
        declared_thresholds=_declared(submission),
    )
    results = entry_results(task, submission.predictions, frozen.truth(submission.task), options)
    main, *others = QUANTITIES[task.kind]
    rows = []
    for quantity in (main, *others):
        found = results[results["quantity"] == quantity]
        in_all = found[found["group"] == "all"].head(1)
        in_sets = found[found["group"].str.startswith("test_set=") & ~found["group"].str.contains(", class=")]
        for row in [*in_all.to_dict("records"), *(in_sets.to_dict("records") if quantity == main else [])]:
            numbers = {
                "estimate": row["estimate"],
                "low": row["ci_low"],
                "high": row["ci_high"],
            }
            rows.append(
                {
                    "quantity": quantity,
                    "group": str(row["group"]),
                    **{name: None if math.isnan(value) else float(value) for name, value in numbers.items()},
                    "n": int(row["n"]),
                    "n_positive": int(row["n_positive"]),
                    "method": str(row["method"]),
                    "note": str(row["note"]),
                }
            )
    return rows


def _declared(submission: Submission) -> dict[str, float]:
    threshold = submission.header.threshold
    name = str(submission.predictions["model"].iloc[0])
    return {} if threshold is None else {name: threshold}
