"""The AUCs of the radiomics rows: computed from decisions, not from scores."""

from __future__ import annotations

import pandas as pd

from samesplit.reproduction.finding import Finding
from samesplit.reproduction.generic.groups import rate_groups
from samesplit.reproduction.numbers import Recomputed, cell_text, parse
from samesplit.reproduction.relations import judge
from samesplit.reproduction.studies.xi2020.lookup import paper_tables
from samesplit.statistics.proportions import Confusion

__all__ = ["aucs_of_decisions", "average_precision", "decisions_not_scores", "roc_area", "trapezoid_pr"]


def roc_area(table: Confusion) -> float:
    """Compute the area under the ROC curve of decisions: (sensitivity + specificity) / 2.

    Example:
        >>> round(roc_area(Confusion(tp=50, fn=13, tn=19, fp=30)), 4)
        0.5907
    """
    return (table.tp / (table.tp + table.fn) + table.tn / (table.tn + table.fp)) / 2


def trapezoid_pr(table: Confusion) -> float:
    """Compute the trapezoid area under the precision-recall curve of decisions.

    The curve goes from recall 0 and precision 1 over the one point of the table to recall 1 and the prevalence.

    Example:
        >>> round(trapezoid_pr(Confusion(tp=50, fn=13, tn=19, fp=30)), 4)
        0.7674
    """
    recall, precision, prevalence = _point(table)
    return recall * (1 + precision) / 2 + (1 - recall) * (precision + prevalence) / 2


def average_precision(table: Confusion) -> float:
    """Compute the average precision of decisions, which draws no lines between points.

    Example:
        >>> round(average_precision(Confusion(tp=50, fn=13, tn=19, fp=30)), 4)
        0.6121
    """
    recall, precision, prevalence = _point(table)
    return recall * precision + (1 - recall) * prevalence


def _point(table: Confusion) -> tuple[float, float, float]:
    positives, called = table.tp + table.fn, table.tp + table.fp
    return table.tp / positives, table.tp / called if called else 1.0, positives / table.n


def aucs_of_decisions(published: pd.DataFrame) -> list[Recomputed]:
    """Compute both areas of every radiomics row from its table.

    Args:
        published: Rows of the study.
    """
    tables = {
        (group.n_pos, group.n_neg): table
        for group in rate_groups(published)
        if group.model == "Radiomics" and group.distinct > 2 and (table := group.fit.table) is not None
    }
    found = []
    for row, record in published[published["model_or_reader"] == "Radiomics"].iterrows():
        metric = str(record["metric"])
        if metric not in ("ROC_AUC", "PR_AUC") or (record["n_pos"], record["n_neg"]) not in tables:
            continue
        table = tables[(record["n_pos"], record["n_neg"])]
        called = table.tp + table.fp
        if metric == "ROC_AUC":
            value, formula = roc_area(table), "(sensitivity + specificity) / 2"
        elif called:
            value, formula = trapezoid_pr(table), "trapezoid under the precision-recall curve of one point"
        else:
            prevalence = (table.tp + table.fn) / table.n
            value, formula = (
                (1 + prevalence) / 2,
                "trapezoid from precision 1 to the prevalence, no point between",
            )
        printed = parse(cell_text(record, "value"), row=int(str(row)))
        found.append(judge(printed, value, formula, note="of decisions, not of scores"))
    return found


def decisions_not_scores(published: pd.DataFrame) -> list[Finding]:
    """Say what follows from radiomics' AUCs being those of decisions.

    Args:
        published: Rows of the study.
    """
    table = paper_tables(published).get(("test", "Radiomics"))
    if table is None:
        return []
    text = (
        f"The ROC AUC of radiomics is (sensitivity + specificity) / 2 = {roc_area(table):.4f}, and its PR "
        f"AUC the trapezoid under a curve of one point, {trapezoid_pr(table):.4f}: both come from "
        "decisions, not scores. They cannot be compared with the AUCs of the networks, which are of "
        "scores. The PR AUC of radiomics even exceeds that of the ensemble for that reason; as average "
        f"precision it is {average_precision(table):.2f}."
    )
    return [Finding("Radiomics was given the AUC of its decisions", text)]
