"""All pairs of models: paired differences of the main quantity of a task, on the lesions that both predicted."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

from samesplit.evaluation.binary.scores import influence_difference, ranking_is_trained
from samesplit.evaluation.claims import CLAIM_COLUMNS, DEFAULT_RULES, ClaimRules, add_claims
from samesplit.evaluation.validation import UNIT
from samesplit.execution.calls import HERE, Calls
from samesplit.statistics.boundary import apart as apart_from_intervals
from samesplit.statistics.cross_validated import corrected_resampled_t
from samesplit.statistics.influence import Influence
from samesplit.statistics.interval import Interval, is_degenerate, stricter

__all__ = [
    "Measure",
    "ask_comparisons",
    "compare_models",
    "compare_pair",
    "corrected_over_folds",
    "difference_rows",
    "measured_difference",
    "on_same_units",
    "pair_columns",
    "seed_variance",
]


def pair_columns(quantity: str) -> list[str]:
    """Return the columns of a table of pairs of models.

    Args:
        quantity: What is compared, as results call it.

    Example:
        >>> pair_columns("dice")[4:7]
        ['dice_a', 'dice_b', 'difference']
    """
    return [
        "model_a",
        "model_b",
        "n",
        "n_positive",
        f"{quantity}_a",
        f"{quantity}_b",
        "difference",
        "ci_low",
        "ci_high",
        "p_value",
        "p_adjusted",
        "claim",
        "false_claim_probability",
        "method",
        "p_influence",
        "p_corrected_t",
        "note",
    ]


@dataclass(frozen=True)
class Measure:
    """The main quantity of a kind of task, by which its models are ranked and compared.

    Attributes:
        name: How results call it: `auc`, `c_index`.
        estimate: From the table of a model to the mean over folds with influence values.
        interval: From the table of a model and a confidence to the estimate with its interval.
        by_fold: From the table of a model to one value for each of its fitted models, in the order of `cell`.
        method: From tables to the name of the variance of an estimate, or of a difference between two.
        is_defined: Whether any fold of a table has the quantity.
        n_positive: From the labels of lesions to the count that results have beside that of all lesions.
        undefined: What to say where no fold has it.
    """

    name: str
    estimate: Callable[[pd.DataFrame], Influence]
    interval: Callable[[pd.DataFrame, float], Interval]
    by_fold: Callable[[pd.DataFrame], pd.Series[float]]
    method: Callable[..., str]
    is_defined: Callable[[pd.DataFrame], bool]
    n_positive: Callable[[pd.Series[int]], int]
    undefined: str

    @property
    def columns(self) -> list[str]:
        """The columns of a table of pairs."""
        return pair_columns(self.name)


def on_same_units(first: pd.DataFrame, second: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Keep the lesions of the folds that both models predicted.

    Args:
        first: The table of one model.
        second: Of another.

    Returns:
        The same two, where nothing has to be left out.
    """
    a, b = pd.MultiIndex.from_frame(first[UNIT]), pd.MultiIndex.from_frame(second[UNIT])
    in_b, in_a = a.isin(b), b.isin(a)
    return first if in_b.all() else first[in_b], second if in_a.all() else second[in_a]


def measured_difference(
    first: pd.DataFrame, second: pd.DataFrame, measure: Measure, *, confidence: float
) -> Interval:
    """Test the difference of two models; both tables hold the same lesions.

    Where one of them stands at its bound and the difference has no variance, it is made from the two intervals.

    Args:
        first: The table of one model.
        second: Of the other.
        measure: What is compared.
        confidence: Two-sided coverage.

    Raises:
        StatisticsError: No fold has the quantity.
    """
    a, b = measure.estimate(first), measure.estimate(second)
    if is_degenerate((a - b).variance) and (is_degenerate(a.variance) or is_degenerate(b.variance)):
        made = [measure.interval(table, confidence) for table in (first, second)]
        return apart_from_intervals(*made, confidence=confidence)
    seeds = sum(seed_variance(table, measure) for table in (first, second))
    method = measure.method(first, second) + (", seeds included" if seeds > 0 else "")
    return influence_difference(a, b, method=method, confidence=confidence, seed_variance=seeds)


def seed_variance(table: pd.DataFrame, measure: Measure) -> float:
    """Return the variance that the mean over a model's seeds owes to the seeds; 0 where it was fitted with one.

    With one seed it is not known, and nothing is added: the report says how many seeds there were.

    Args:
        table: Of one model.
        measure: What is compared; its mean over the folds is taken for each seed.
    """
    if table["seed"].nunique() < 2:
        return 0.0
    by_fit = measure.by_fold(table).to_numpy()
    seeds = table.groupby("cell", sort=True)["seed"].first().to_numpy()
    of_seed = pd.Series(by_fit).groupby(seeds).mean().dropna()
    return float(of_seed.var(ddof=1)) / len(of_seed) if len(of_seed) > 1 else 0.0


def compare_models(
    tables: dict[str, pd.DataFrame],
    measure: Measure,
    *,
    reference: str | None = None,
    confidence: float = 0.95,
    rules: ClaimRules = DEFAULT_RULES,
) -> pd.DataFrame:
    """Compare every two models.

    With several folds a difference has to pass two tests: that of the influence values (`cross_validated`) and the
    corrected resampled t-test over the folds, seeds averaged. The interval is the wider of the two and the p-value
    the larger, so that they always say the same.

    Args:
        tables: The table of each model, all on the same lesions.
        measure: What is compared.
        reference: The model that comes second in its pairs; the other pairs stand in the order of `tables`.
        confidence: Two-sided coverage.
        rules: How p-values are adjusted and over which families; see `claims`.

    Returns:
        The columns of `Measure.columns`, the quantity of model_a minus that of model_b; `p_adjusted` and `claim`
        as `claims.add_claims` has them, over all pairs; `p_influence` and `p_corrected_t` are the two tests of
        which `p_value` is the larger.
    """
    calls = Calls()
    finish = ask_comparisons(calls, tables, measure, reference=reference, confidence=confidence, rules=rules)
    calls.do(HERE)
    return finish()


def ask_comparisons(
    calls: Calls,
    tables: dict[str, pd.DataFrame],
    measure: Measure,
    *,
    reference: str | None = None,
    confidence: float = 0.95,
    rules: ClaimRules = DEFAULT_RULES,
) -> Callable[[], pd.DataFrame]:
    """Ask for the comparison of every two models, a call a pair.

    Args:
        calls: Gets the calls.
        tables: As for `compare_models`, and so are all others.
        measure: What is compared.
        reference: The model that comes second in its pairs.
        confidence: Two-sided coverage.
        rules: How p-values are adjusted.

    Returns:
        What gives the table of `compare_models` once the calls are done.
    """
    order = sorted(tables, key=lambda name: name == reference)  # stable: all others keep their order
    asked = [
        (a, b, calls.ask(f"{a} and {b}", compare_pair, tables[a], tables[b], measure, confidence=confidence))
        for a, b in itertools.combinations(order, 2)
    ]

    def finish() -> pd.DataFrame:
        if not asked:
            return pd.DataFrame(columns=measure.columns)
        table = pd.DataFrame([{"model_a": a, "model_b": b} | one.result for a, b, one in asked])
        as_results = table.rename(
            columns={"model_a": "model", "model_b": "reference", "difference": "estimate"}
        )
        as_results = as_results.assign(quantity=f"{measure.name}_difference", group="all")
        claimed = add_claims(as_results, confidence=confidence, rules=rules)
        return table.assign(**{name: claimed[name] for name in CLAIM_COLUMNS})[measure.columns]

    return finish


def difference_rows(pairs: pd.DataFrame, measure: Measure, *, group: str = "all") -> list[dict[str, object]]:
    """Turn the differences between all models into rows of results.

    Args:
        pairs: As `compare_models` returns them.
        measure: What was compared.
        group: The group of lesions.
    """
    return [
        {
            "quantity": f"{measure.name}_difference",
            "model": pair["model_a"],
            "reference": pair["model_b"],
            "subset": "test",
            "group": group,
            "estimate": pair["difference"],
            **{
                str(name): pair[name]
                for name in ("ci_low", "ci_high", "p_value", "n", "n_positive", "method", "note")
            },
        }
        for pair in pairs[pairs["difference"].notna()].to_dict("records")
    ]


def with_claims_of(pairs: pd.DataFrame, results: pd.DataFrame, measure: Measure) -> pd.DataFrame:
    """Take the claims of the differences from the results, where a declared family may hold readers as well.

    Args:
        pairs: As `compare_models` returns them.
        results: With the rows of `difference_rows`, claimed.
        measure: What was compared.
    """
    of_pairs = results[(results["quantity"] == f"{measure.name}_difference") & (results["group"] == "all")]
    found = of_pairs.set_index(["model", "reference"])
    keys = list(zip(pairs["model_a"], pairs["model_b"], strict=True))
    claims = {key: found.loc[[key]].iloc[0] for key in keys if key in found.index}
    return pairs.assign(
        **{
            name: [
                claims[key][name] if key in claims else old
                for key, old in zip(keys, pairs[name], strict=True)
            ]
            for name in CLAIM_COLUMNS
        }
    )


def compare_pair(
    first: pd.DataFrame, second: pd.DataFrame, measure: Measure, *, confidence: float
) -> dict[str, object]:
    """Compare two models on the lesions of the folds that both predicted, see `compare_models`.

    Args:
        first: The table of one model.
        second: Of the other.
        measure: What is compared.
        confidence: Two-sided coverage.

    Returns:
        The columns of `Measure.columns` without the names and what `add_claims` adds.
    """
    first, second = on_same_units(first, second)
    labels = first.drop_duplicates("lesion_id")["label"]
    counts = {"n": len(labels), "n_positive": measure.n_positive(labels)}
    each = (f"{measure.name}_a", f"{measure.name}_b")
    if first.empty or not measure.is_defined(first):
        nothing = dict.fromkeys(
            (*each, "difference", "ci_low", "ci_high", "p_value", "p_influence", "p_corrected_t"), math.nan
        )
        return counts | nothing | {"method": "no test", "note": measure.undefined}
    found = measured_difference(first, second, measure, confidence=confidence)
    trained = ranking_is_trained(first, second)
    corrected = (
        corrected_over_folds(first, second, measure.by_fold, confidence=confidence) if trained else None
    )
    both = found if corrected is None else stricter(found, corrected)
    return counts | {
        each[0]: measure.estimate(first).estimate,
        each[1]: measure.estimate(second).estimate,
        "difference": both.estimate,
        "ci_low": both.ci_low,
        "ci_high": both.ci_high,
        "p_value": both.p_value,
        "method": both.method,
        "p_influence": found.p_value if corrected is not None else math.nan,
        "p_corrected_t": corrected.p_value if corrected is not None else math.nan,
        "note": both.note,
    }


def corrected_over_folds(
    first: pd.DataFrame,
    second: pd.DataFrame,
    by_fold: Callable[[pd.DataFrame], pd.Series[float]],
    *,
    confidence: float,
) -> Interval:
    """Run the corrected t-test over folds, seeds averaged.

    Lesions that several folds of a repeat test (an external test set) do not count in how much of the training
    parts the folds share, see `training_factor`.

    Args:
        first: The table of one model: lesion_id, repeat, fold and `cell`, the number of the fitted model.
        second: Of the other, on the same lesions.
        by_fold: From the table of a model to one value for each of its fitted models, in the order of `cell`.
        confidence: Two-sided coverage.
    """
    folds = first.groupby(["lesion_id", "repeat"])["fold"].transform("nunique")
    dealt = first[folds == 1]
    lesions_per_fold = dealt.groupby(["repeat", "fold"])["lesion_id"].nunique()
    n_all = int(dealt["lesion_id"].nunique())
    trained_on = n_all - lesions_per_fold
    ratio = float((lesions_per_fold / trained_on)[trained_on > 0].mean())
    differences = _over_seeds(first, by_fold) - _over_seeds(second, by_fold)
    return corrected_resampled_t(differences, test_train_ratio=ratio, confidence=confidence)


def _over_seeds(table: pd.DataFrame, by_fold: Callable[[pd.DataFrame], pd.Series[float]]) -> pd.Series[float]:
    """Return the quantity of each fold, averaged over seeds."""
    each = by_fold(table)
    cells = table[["repeat", "fold", "cell"]].drop_duplicates().sort_values("cell")
    return pd.Series(each.to_numpy()).groupby([cells["repeat"].to_numpy(), cells["fold"].to_numpy()]).mean()
