"""Intervals of rates and AUCs: by which method they were made, and whether they come out."""

from __future__ import annotations

import pandas as pd

from samesplit.reproduction.agrees import agrees, agrees_within, span
from samesplit.reproduction.confusion import rate_of
from samesplit.reproduction.finding import Finding
from samesplit.reproduction.generic.groups import (
    RateGroup,
    interval_method,
    interval_rows,
    is_given,
    rate_groups,
)
from samesplit.reproduction.intervals import (
    AUC_METHODS,
    RATE_METHODS,
    auc_interval_by,
    own_interval,
    rate_interval,
)
from samesplit.reproduction.names import canonical_metric
from samesplit.reproduction.numbers import Part, PrintedNumber, Recomputed, Verdict, cell_text, parse

__all__ = ["interval_counts", "intervals_of_aucs", "intervals_of_rates", "missing_intervals", "which_method"]

_MOST = 0.75
"""A method that gives at least this share of the intervals of a study is taken for the study's; what it does not
give is then inconsistent, not merely made by a method that is not known."""


def intervals_of_rates(published: pd.DataFrame) -> list[Recomputed]:
    """Compute the intervals of accuracy, sensitivity and specificity from whole counts, by six methods.

    Args:
        published: Rows of one study; `n_pos` and `n_neg` (or `n` for an accuracy) must be filled in.
    """
    rows = interval_rows(published)
    usual = interval_method(published)
    counts_of = _counts(rate_groups(published))
    is_sure = usual is not None and _share(published, usual) >= _MOST
    found = []
    for row, metric, n, printed_counts, low, high in rows:
        counts = [counts_of[row]] if row in counts_of else list(printed_counts)
        found += _of_one(row, metric, n, counts, (low, high), usual, is_sure=is_sure)
    return found


def _of_one(
    row: int,
    metric: str,
    n: float,
    counts: list[int],
    printed: tuple[str, str],
    usual: str | None,
    *,
    is_sure: bool,
) -> list[Recomputed]:
    parts: tuple[Part, Part] = ("ci_low", "ci_high")
    methods = sorted(RATE_METHODS, key=lambda method: method != usual)
    for method in methods:
        for count in counts:
            bounds = rate_interval(count, n, method)
            if all(agrees(text, bound) for text, bound in zip(printed, bounds, strict=True)):
                formula = f"{method} 95 % interval of {count}/{n:g}"
                return [
                    Recomputed(row, part, b, formula, "reproduced")
                    for part, b in zip(parts, bounds, strict=True)
                ]
    if usual is None or not counts:
        note = (
            f"by none of {', '.join(RATE_METHODS)}" if counts else "the rate is of no whole number of lesions"
        )
        return [Recomputed(row, part, None, "", "not derivable", note) for part in parts]
    bounds = rate_interval(counts[0], n, usual)
    formula = f"{usual} 95 % interval of {counts[0]}/{n:g}"
    found = []
    for part, text, bound in zip(parts, printed, bounds, strict=True):
        fits = agrees(text, bound)
        otherwise: Verdict = "inconsistent" if is_sure else "not derivable"
        note = f"most others of the study come out by {usual}" if is_sure else "made by another method?"
        verdict: Verdict = "reproduced" if fits else otherwise
        found.append(Recomputed(row, part, bound, formula, verdict, "" if fits else note))
    return found


def _counts(groups: list[RateGroup]) -> dict[int, int]:
    """Return the counts of rates that stand in a unique table, by row."""
    found = {}
    for group in groups:
        table = group.fit.table
        if table is None or group.distinct <= 1:
            continue
        sizes = {"sensitivity": group.n_pos, "specificity": group.n_neg, "accuracy": table.n}
        for row, metric, number in group.rates:
            if metric in sizes and agrees(number, rate_of(table, metric)):
                found[row] = round(rate_of(table, metric) * sizes[metric])
    return found


def _share(published: pd.DataFrame, method: str) -> float:
    counted = interval_counts(published)
    scores = dict(zip(counted["method"], counted["reproduced"], strict=True))
    return float(scores[method] / max(1, int(counted["intervals"].iloc[0])))


def interval_counts(published: pd.DataFrame) -> pd.DataFrame:
    """Count the printed intervals of rates that each method gives at the printed digits.

    Args:
        published: Rows of one study, or some of them. A rate that is printed twice counts once.

    Returns:
        Columns `method`, `reproduced` and `intervals`, as `RATE_METHODS` lists them.
    """
    rows = interval_rows(published)
    counts_of = _counts(rate_groups(published))
    keys = published[["study", "task", "cohort_split", "model_or_reader", "metric"]]
    first = {row for row, *_ in rows} - set(
        keys.loc[[row for row, *_ in rows]].index[keys.loc[[row for row, *_ in rows]].duplicated()]
    )
    rows = [entry for entry in rows if entry[0] in first]
    lines = []
    for method in RATE_METHODS:
        score = 0
        for row, _, n, printed, low, high in rows:
            counts = [counts_of[row]] if row in counts_of else list(printed)
            tried = (rate_interval(count, n, method) for count in counts)
            score += any(agrees(low, bounds[0]) and agrees(high, bounds[1]) for bounds in tried)
        lines.append((method, score, len(rows)))
    return pd.DataFrame(lines, columns=["method", "reproduced", "intervals"])


def which_method(published: pd.DataFrame) -> list[Finding]:
    """Say by which method the intervals of rates were made.

    Args:
        published: Rows of one study.
    """
    counted = interval_counts(published)
    total = int(counted["intervals"].iloc[0])
    best = int(counted["reproduced"].max())
    if total == 0 or best == 0:
        return []
    names = " or ".join(str(name) for name in counted.loc[counted["reproduced"] == best, "method"])
    text = (
        f"Of {total} different 95 % intervals of accuracy, sensitivity and specificity with a known number of "
        f"lesions, {best} come out to the printed digit by {names}. Printed twice, an interval counts once."
    )
    return [Finding("How the intervals of rates were made", text, counted)]


def intervals_of_aucs(published: pd.DataFrame) -> list[Recomputed]:
    """Compute the intervals of AUCs that need no scores, within the rounding of the AUC.

    Args:
        published: Rows of one study; `n_pos` and `n_neg` must be filled in.
    """
    found: list[Recomputed] = []
    parts: tuple[Part, Part] = ("ci_low", "ci_high")
    for row, record in published.iterrows():
        low, high = parse(cell_text(record, "ci_low")), parse(cell_text(record, "ci_high"))
        value = parse(cell_text(record, "value"))
        sizes = (record["n_pos"], record["n_neg"])
        if canonical_metric(str(record["metric"])) != "auc" or value.number is None or low.number is None:
            continue
        line = int(str(row))
        if not all(is_given(size) and size >= 1 for size in sizes) or not 0 < value.number < 1:
            note = "class sizes are not printed"
            found += [Recomputed(line, part, None, "", "not derivable", note) for part in parts]
            continue
        found += _auc_bounds(line, value, (low, high), (float(sizes[0]), float(sizes[1])))
    return found


def _auc_bounds(
    row: int, value: PrintedNumber, printed: tuple[PrintedNumber, PrintedNumber], sizes: tuple[float, float]
) -> list[Recomputed]:
    parts: tuple[Part, Part] = ("ci_low", "ci_high")
    ends = [min(max(end, 1e-9), 1 - 1e-9) for end in span(value)]
    for method in AUC_METHODS:
        least, most = (auc_interval_by(end, *sizes, method) for end in ends)
        if all(agrees_within(text, least[k], most[k]) for k, text in enumerate(printed)):
            bounds = auc_interval_by(float(value.number or 0), *sizes, method)
            formula = f"{method} 95 % interval of {value.text}, {sizes[0]:g} + {sizes[1]:g} lesions"
            return [
                Recomputed(row, part, b, formula, "reproduced") for part, b in zip(parts, bounds, strict=True)
            ]
    bounds = auc_interval_by(float(value.number or 0), *sizes, AUC_METHODS[0])
    note = "needs the scores of the lesions; the recomputed bound is Hanley-McNeil's, for comparison"
    return [
        Recomputed(row, part, b, "", "not derivable", note) for part, b in zip(parts, bounds, strict=True)
    ]


def missing_intervals(published: pd.DataFrame) -> list[Finding]:
    """Give the intervals of AUCs that the study prints without any.

    Args:
        published: Rows of one study; `n_pos` and `n_neg` must be filled in.
    """
    lines = []
    for _, record in published.iterrows():
        if canonical_metric(str(record["metric"])) != "auc" or is_given(float(record["ci_low"])):
            continue
        own = own_interval(record)
        if own is not None:
            about = [record[name] for name in ("study", "task", "cohort_split", "model_or_reader")]
            sizes = f"{float(record['n_pos']):g} + {float(record['n_neg']):g}"
            lines.append([*about, cell_text(record, "value"), sizes, f"{own[0]:.3f} to {own[1]:.3f}"])
    if not lines:
        return []
    columns = ["study", "task", "part", "model or reader", "AUC", "lesions", "95 % interval (Hanley-McNeil)"]
    table = pd.DataFrame(lines, columns=columns).drop_duplicates(ignore_index=True)
    text = (
        "These AUCs are printed without an interval. Hanley and McNeil's needs only the AUC and the class sizes. "
        "It takes the lesions for independent and knows nothing of several lesions of one patient."
    )
    return [Finding("Intervals of AUCs that are not printed", text, table)]
