"""The seven P values of the paper, and the tests that answer its questions."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from samesplit.reproduction.agrees import agrees
from samesplit.reproduction.finding import Finding
from samesplit.reproduction.generic.comparisons import margins
from samesplit.reproduction.numbers import PrintedNumber, Recomputed, cell_text, parse
from samesplit.reproduction.p_values import mcnemar_range, one_sample_binomial, unpaired_p_values
from samesplit.reproduction.relations import judge
from samesplit.reproduction.studies.xi2020.lookup import EXPERTS, PAPER, paper_tables, rows_of
from samesplit.statistics.mcnemar import mcnemar_p_value
from samesplit.statistics.multiplicity import holm
from samesplit.statistics.proportions import Confusion

__all__ = ["Comparison", "comparators", "comparisons", "p_values", "proper_tests"]

_ALPHA = 0.05
ZERO_RULE, EXPERT_MEAN, RADIOMICS = "Zero rule", "Mean of 4 experts", "Radiomics"


@dataclass(frozen=True)
class Comparison:
    """One comparison of the ensemble with a comparator on the test lesions.

    Attributes:
        row: Line of its P value in `published.csv`.
        metric: Accuracy, sensitivity or specificity.
        comparator: The zero rule, the mean of the experts, or radiomics.
        count: Right calls of the ensemble.
        n: Lesions that count.
        rate: The comparator's unrounded rate.
        others: Right calls of each that makes up the comparator (one, or the four experts).
        printed: The P value as printed.
    """

    row: int
    metric: str
    comparator: str
    count: int
    n: int
    rate: float
    others: tuple[int, ...]
    printed: PrintedNumber


def comparisons(published: pd.DataFrame) -> list[Comparison]:
    """Gather the comparisons of the paper with what is known of both sides.

    Args:
        published: Rows of the study.
    """
    tables = paper_tables(published)
    rows = rows_of(published, study=PAPER, cohort_split="test", model_or_reader="Ensemble")
    found = []
    for row, record in rows[rows["p_value"] != ""].iterrows():
        mine, others = tables.get(("test", "Ensemble")), _tables_of(str(record["comparator"]), tables)
        metric = str(record["metric"])
        if mine is None or not others:
            continue
        count, n = mine.counts(metric)
        counts = tuple(other.counts(metric)[0] for other in others)
        rate = sum(counts) / len(counts) / n
        printed = parse(cell_text(record, "p_value"), row=int(str(row)), part="p_value")
        found.append(
            Comparison(int(str(row)), metric, str(record["comparator"]), count, n, rate, counts, printed)
        )
    return found


def _tables_of(name: str, tables: dict[tuple[str, str], Confusion]) -> list[Confusion]:
    """Return the tables that make up a comparator; the zero rule calls every lesion malignant."""
    ensemble = tables.get(("test", "Ensemble"))
    if name == ZERO_RULE and ensemble is not None:
        return [Confusion(ensemble.tp + ensemble.fn, 0, 0, ensemble.tn + ensemble.fp)]
    names = EXPERTS if name == EXPERT_MEAN else (name,)
    known = [tables[("test", one)] for one in names if ("test", one) in tables]
    return known if len(known) == len(names) else []


def p_values(published: pd.DataFrame) -> list[Recomputed]:
    """Compute the P values: exact binomial test of the ensemble's count against the comparator's rate.

    Args:
        published: Rows of the study.
    """
    found = []
    for one in comparisons(published):
        p = one_sample_binomial(one.count, one.n, one.rate)
        formula = f"exact binomial test: {one.count}/{one.n} against {one.rate:.5f} taken for a constant"
        shortened = PrintedNumber(one.row, "p_value", one.printed.text, 2, one.printed.number)
        note = ""
        if not agrees(one.printed, p) and agrees(shortened, p):
            note = f"{p:.4f}: rounded to two digits and printed with a zero as third"
        found.append(judge(one.printed, p, formula, note=note))
    return found


def comparators(published: pd.DataFrame) -> list[Recomputed]:
    """Compute the rates of the zero rule and the means of the experts.

    Args:
        published: Rows of the study.
    """
    tables = paper_tables(published)
    found = []
    for name in (ZERO_RULE, EXPERT_MEAN):
        others = _tables_of(name, tables)
        for row, record in rows_of(published, study=PAPER, model_or_reader=name).iterrows():
            if not others:
                continue
            counts = [other.counts(str(record["metric"])) for other in others]
            n = counts[0][1]
            value = sum(count for count, _ in counts) / len(counts) / n
            total = " + ".join(str(count) for count, _ in counts)
            formula = f"{total}/{n}" if len(counts) == 1 else f"({total}) / {len(counts)} / {n}"
            printed = parse(cell_text(record, "value"), row=int(str(row)))
            found.append(judge(printed, value, formula))
    return found


def proper_tests(published: pd.DataFrame) -> list[Finding]:
    """Show beside each printed P value what tests of two sets of calls allow.

    Args:
        published: Rows of the study.
    """
    found, tables = comparisons(published), paper_tables(published)
    if not found:
        return []
    adjusted = holm(pd.Series([float(one.printed.number or 0) for one in found])).tolist()
    lines = []
    for one, p in zip(found, adjusted, strict=True):
        pooled = (sum(one.others), one.n * len(one.others))
        fisher = unpaired_p_values((one.count, one.n), pooled)["Fisher"]
        lines.append(
            [
                one.metric,
                one.comparator,
                one.printed.text,
                f"{one_sample_binomial(one.count, one.n, one.rate):.4f}",
                "" if one.comparator == ZERO_RULE else f"{fisher:.3f}",
                _paired(one, tables),
                f"{p:.3f}",
            ]
        )
    columns = [
        "metric", "against", "P printed", "exact binomial", "Fisher, unpaired", "exact McNemar, paired",
        "Holm, printed P",
    ]  # fmt: skip
    numbers = pd.DataFrame(lines, columns=columns)
    return [
        Finding("The P values, and the tests of two sets of calls", _says(found, adjusted, tables), numbers)
    ]


def _paired(one: Comparison, tables: dict[tuple[str, str], Confusion]) -> str:
    """Write the paired test: known against the zero rule, a range against one rater, none against a mean."""
    ensemble = tables[("test", "Ensemble")]
    if one.comparator == ZERO_RULE:
        return f"{mcnemar_p_value(ensemble.tn, ensemble.fn):.4f}"
    if len(one.others) > 1:
        return "each expert apart"
    return _range(ensemble, tables[("test", one.comparator)], one.metric)


def _range(first: Confusion, second: Confusion, metric: str) -> str:
    pairs = zip(margins(first, metric), margins(second, metric), strict=True)
    bounds = mcnemar_range([(a, b, n) for (a, n), (b, _) in pairs])
    low, high = f"{bounds.low:.4f}", f"{bounds.high:.3f}"
    return low if float(low) == float(high) else f"{low} to {high}"


def _says(found: list[Comparison], adjusted: list[float], tables: dict[tuple[str, str], Confusion]) -> str:
    ensemble, t2 = tables[("test", "Ensemble")], tables.get(("test", "T2"))
    expert = tables.get(("test", "Expert 1"))
    kept = [
        f"{one.metric} against the {one.comparator[:1].lower()}{one.comparator[1:]} ({p:.3f})"
        for one, p in zip(found, adjusted, strict=True)
        if p < _ALPHA
    ]
    computed = [one_sample_binomial(one.count, one.n, one.rate) for one in found]
    exact = sum(agrees(one.printed, p) for one, p in zip(found, computed, strict=True))
    text = (
        f"All {len(found)} P values come from an exact binomial test of the ensemble's calls against the "
        f"comparator's unrounded rate ({exact} to the printed digit, the others to two digits with a zero "
        "put behind), as if that rate were known without error and came from no lesions. It is not a test "
        "of two sets of calls on the same lesions. Which lesions both had right is not printed, so that "
        "McNemar's test can only be bounded by the margins, except against the zero rule, where "
        f"{ensemble.tn} lesions are gained and {ensemble.fn} lost. "
    )
    if expert is not None:
        text += f"Against expert 1 alone, accuracy has a paired P of {_range(ensemble, expert, 'accuracy')}. "
    if t2 is not None:
        (a, n), (b, _) = ensemble.counts("accuracy"), t2.counts("accuracy")
        bounds = _range(ensemble, t2, "accuracy")
        p = f"{float(bounds.split()[0]):.0f}"
        text += (
            f"Against the T2 network alone, {a} and {b} of {n} are right, and P is {p} whatever the overlap. "
        )
    what = f"only {kept[0]} stays" if len(kept) == 1 else f"{len(kept)} stay"
    return text + (
        f"Adjusted for {len(found)} comparisons by Holm's method, {what} below {_ALPHA:g}. What then "
        "remains is that the ensemble is right more often than calling every lesion malignant; that it is "
        "better than the experts or than radiomics does not follow from these numbers."
    )
