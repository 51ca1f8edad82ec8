"""P values of one rate against that of another model or reader of the same table."""

from __future__ import annotations

import pandas as pd

from samesplit.reproduction.agrees import agrees, agrees_within
from samesplit.reproduction.generic.groups import rate_groups, table_of
from samesplit.reproduction.names import canonical_metric
from samesplit.reproduction.numbers import Recomputed, cell_text, parse
from samesplit.reproduction.p_values import mcnemar_range, one_sample_binomial, unpaired_p_values
from samesplit.statistics.proportions import Confusion

__all__ = ["margins", "p_values_of_rates"]


def p_values_of_rates(published: pd.DataFrame) -> list[Recomputed]:
    """Compute P values of accuracy, sensitivity and specificity against a comparator, by tests that margins allow.

    The comparator must be the name of a model or reader with rates of its own on the same part.

    Args:
        published: Rows of one study.
    """
    groups = rate_groups(published)
    found = []
    for row, record in published.iterrows():
        printed, metric = parse(cell_text(record, "p_value")), canonical_metric(str(record["metric"]))
        if printed.number is None or metric not in ("accuracy", "sensitivity", "specificity"):
            continue
        split = str(record["cohort_split"])
        first = table_of(groups, str(record["model_or_reader"]), split)
        second = table_of(groups, str(record["comparator"]), split)
        if first is None or second is None:
            continue
        found.append(_of_tables(int(str(row)), metric, first, second, cell_text(record, "p_value")))
    return found


def margins(table: Confusion, metric: str) -> list[tuple[int, int]]:
    """Return right calls and lesions of each class that a rate counts.

    Example:
        >>> margins(Confusion(tp=58, fn=5, tn=20, fp=29), "accuracy")
        [(58, 63), (20, 49)]
    """
    positive, negative = (table.tp, table.tp + table.fn), (table.tn, table.tn + table.fp)
    return {"sensitivity": [positive], "specificity": [negative]}.get(metric, [positive, negative])


def _of_tables(row: int, metric: str, first: Confusion, second: Confusion, printed: str) -> Recomputed:
    mine, theirs = margins(first, metric), margins(second, metric)
    (count, n), (other, _) = first.counts(metric), second.counts(metric)
    tried = {f"exact binomial against {other}/{n} as a constant": one_sample_binomial(count, n, other / n)}
    unpaired = unpaired_p_values((count, n), (other, n)).items()
    tried |= {f"{name}, as if of different lesions": p for name, p in unpaired}
    for formula, p in tried.items():
        if agrees(printed, p):
            note = "" if formula.startswith("McNemar") else "not a test of paired calls"
            return Recomputed(
                row, "p_value", p, f"{formula}: {count}/{n} and {other}/{n}", "reproduced", note
            )
    bounds = mcnemar_range([(a, b, size) for (a, size), (b, _) in zip(mine, theirs, strict=True)])
    said = f"{bounds.low:.4f} to {bounds.high:.4f}"
    note = "paired calls are not printed; the recomputed range is that of the exact McNemar test"
    if not agrees_within(printed, bounds.low, bounds.high):
        note += ", and the printed P value lies outside it"
    return Recomputed(row, "p_value", said, f"{count}/{n} and {other}/{n}", "not derivable", note)
