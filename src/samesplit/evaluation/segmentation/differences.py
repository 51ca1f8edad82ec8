"""Differences of Dice between models, and the Dice of each fitted model."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import Any

import pandas as pd

from samesplit.evaluation.claims import CLAIM_COLUMNS, DEFAULT_RULES, ClaimRules, add_claims
from samesplit.evaluation.comparison import corrected_over_folds, pair_columns
from samesplit.evaluation.segmentation.estimates import result_row
from samesplit.evaluation.segmentation.tables import MaskTables
from samesplit.statistics.interval import Interval, stricter
from samesplit.statistics.patient_summaries import paired_mean

__all__ = ["PAIR_COLUMNS", "compare_masks", "difference_rows", "fold_table", "further_differences"]

PAIR_COLUMNS = pair_columns("dice")

_FITTED = ["seed", "repeat", "fold"]
_FURTHER = {"lesion_dice": "lesion_dice", "nsd": "nsd", "detection_recall": "detected"}
"""Quantity, and the column of the table of overlaps."""


def compare_masks(
    tables: MaskTables, *, reference: str | None, confidence: float, rules: ClaimRules = DEFAULT_RULES
) -> pd.DataFrame:
    """Compare the mean Dice of every two models on the same lesions.

    The differences of lesions are tested with patients as clusters. Over several folds a difference has to pass
    the corrected resampled t-test over folds as well: the interval is the wider of the two and the p-value the
    larger.

    Args:
        tables: All models.
        reference: The model that comes second in its pairs.
        confidence: Two-sided coverage.
        rules: How p-values are adjusted and over which families; see `claims`.

    Returns:
        The columns of `PAIR_COLUMNS`; where there are two tests `p_influence` is the P value of that of lesions.
    """
    order = sorted(tables.models, key=lambda name: name == reference)
    rows = [_pair(tables, a, b, confidence) for a, b in itertools.combinations(order, 2)]
    if not rows:
        return pd.DataFrame(columns=PAIR_COLUMNS)
    table = pd.DataFrame(rows)
    named = table.rename(columns={"model_a": "model", "model_b": "reference", "difference": "estimate"})
    claimed = add_claims(
        named.assign(quantity="dice_difference", group="all"), confidence=confidence, rules=rules
    )
    return table.assign(**{name: claimed[name] for name in CLAIM_COLUMNS})[PAIR_COLUMNS]


def difference_rows(pairs: pd.DataFrame) -> list[dict[str, Any]]:
    """Turn the differences into rows of results, with what may be claimed of them."""
    rows = []
    for pair in pairs.to_dict("records"):
        found = Interval(
            float(pair["difference"]),
            float(pair["ci_low"]),
            float(pair["ci_high"]),
            method=str(pair["method"]),
            note=str(pair["note"]),
            p_value=float(pair["p_value"]),
        )
        row = result_row(
            "dice_difference",
            str(pair["model_a"]),
            "all",
            found,
            int(pair["n"]),
            reference=str(pair["model_b"]),
        )
        rows.append(row | {name: pair[name] for name in CLAIM_COLUMNS})
    return rows


def further_differences(
    tables: MaskTables, *, reference: str | None, confidence: float, rules: ClaimRules = DEFAULT_RULES
) -> list[dict[str, Any]]:
    """Compare what else was measured of every two models, by the same tests as their Dice.

    Args:
        tables: All models.
        reference: The model that comes second in its pairs.
        confidence: Two-sided coverage.
        rules: How p-values are adjusted and over which families; see `claims`.

    Returns:
        Rows of results: `lesion_dice_difference`, `nsd_difference` and `detection_recall_difference`, as far as
        they were measured. Distances are not: how far a missed lesion is off is the size of its image.
    """
    rows = []
    order = sorted(tables.models, key=lambda name: name == reference)
    for (quantity, column), (a, b) in itertools.product(_FURTHER.items(), itertools.combinations(order, 2)):
        if tables.measured(column):
            tested = _test(tables, column, a, b, confidence)
            rows.append(result_row(f"{quantity}_difference", a, "all", tested.both, tested.n, reference=b))
    if not rows:
        return []
    claimed = add_claims(pd.DataFrame(rows), confidence=confidence, rules=rules)
    return [{str(key): value for key, value in row.items()} for row in claimed.to_dict("records")]


def fold_table(tables: MaskTables) -> pd.DataFrame:
    """List the mean Dice of every fitted model in the test part of its fold."""
    lesions = tables.overlap.groupby(["model", *_FITTED, "lesion_id"], as_index=False)["dice"].mean()
    fits = lesions.groupby(["model", *_FITTED], as_index=False)["dice"].agg(["size", "mean"])
    named = fits.rename(columns={"size": "n", "mean": "dice"}).assign(n_positive=0)
    table: pd.DataFrame = named[["model", *_FITTED, "n", "n_positive", "dice"]]
    return table


@dataclass(frozen=True)
class _Tested:
    """What two models differ by.

    Attributes:
        n: How many lesions both have.
        means: Of the two.
        both: The difference by the stricter of the two tests.
        of_lesions: By that of lesions.
        over_folds: By that over folds; None where there is one fold.
    """

    n: int
    means: tuple[float, float]
    both: Interval
    of_lesions: Interval
    over_folds: Interval | None


def _pair(tables: MaskTables, a: str, b: str, confidence: float) -> dict[str, Any]:
    tested = _test(tables, "dice", a, b, confidence)
    one = tested.over_folds is None
    return {
        "model_a": a,
        "model_b": b,
        "n": tested.n,
        "n_positive": 0,
        "dice_a": tested.means[0],
        "dice_b": tested.means[1],
        "difference": tested.both.estimate,
        "ci_low": tested.both.ci_low,
        "ci_high": tested.both.ci_high,
        "p_value": tested.both.p_value,
        "method": tested.both.method,
        "p_influence": math.nan if one else tested.of_lesions.p_value,
        "p_corrected_t": math.nan if tested.over_folds is None else tested.over_folds.p_value,
        "note": tested.both.note,
    }


def _test(tables: MaskTables, column: str, a: str, b: str, confidence: float) -> _Tested:
    """Test a measure of lesions, with patients as clusters and, over several folds, over these too."""
    first, second = (_of_model(tables, name, column) for name in (a, b))
    lesions = [table.groupby("lesion_id")[column].mean() for table in (first, second)]
    owner = first.groupby("lesion_id")["patient_id"].first()
    found = paired_mean(
        (lesions[0] - lesions[1]).to_numpy(), owner.loc[lesions[0].index].to_numpy(), confidence=confidence
    )
    several = first.groupby(["repeat", "fold"]).ngroups > 1

    def by_fold(table: pd.DataFrame) -> pd.Series[float]:
        return table.groupby("cell", sort=True)[column].mean()

    corrected = corrected_over_folds(first, second, by_fold, confidence=confidence) if several else None
    both = found if corrected is None else stricter(found, corrected)
    means = (float(lesions[0].mean()), float(lesions[1].mean()))
    return _Tested(len(lesions[0]), means, both, found, corrected)


def _of_model(tables: MaskTables, model: str, column: str) -> pd.DataFrame:
    """Return a row a lesion and fitted model: the mean over sequences, with the number of the fit."""
    rows = tables.of_model(model).overlap.astype({column: "float64"})
    lesions = rows.groupby([*_FITTED, "lesion_id", "patient_id"], as_index=False)[column].mean()
    numbered: pd.DataFrame = lesions.assign(cell=lesions.groupby(_FITTED).ngroup())
    return numbered
