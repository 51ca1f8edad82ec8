"""The full table of performance: models and readers as rows, test, validation and training part below each other.

The columns and their order are those of Table 2 of Xi et al. 2020 (doi:10.1158/1078-0432.CCR-19-0374), which most
papers that compare networks, radiomics and readers print.
"""

from __future__ import annotations

from collections.abc import Sequence

from samesplit.reports.context import Context, ModelInfo
from samesplit.reports.document import Cell, Column, Row, Table
from samesplit.reports.estimates import Numbers
from samesplit.reports.formatting import count_cell, text_cell
from samesplit.reports.ranking import best_first
from samesplit.reports.sections.published import performance_rows

__all__ = ["QUANTITIES", "performance"]

QUANTITIES = (
    ("f1", "F1", "Harmonic mean of PPV and TPR"),
    ("auc", "ROC AUC", "Area under the ROC curve; the mean over folds, if several"),
    ("pr_auc", "PR AUC", "Average precision; the mean over folds, if several"),
    ("accuracy", "Accuracy", "Share of lesions called rightly"),
    ("sensitivity", "TPR", "Sensitivity: share of the positive lesions that are called positive"),
    ("specificity", "TNR", "Specificity: share of the negative lesions that are called negative"),
    ("ppv", "PPV", "Share of the lesions called positive that are positive"),
    ("npv", "NPV", "Share of the lesions called negative that are negative"),
    ("fdr", "FDR", "False discovery rate: share of the lesions called positive that are negative, 1 − PPV"),
)
"""Quantity, heading and meaning, in the order of the columns."""

_PARTS = {"test": "Test part", "validation": "Validation part", "train": "Training part"}


def performance(context: Context) -> Table | None:
    """Build the table; None where nobody has any of its quantities."""
    parts = {"test": context.numbers, **context.development}
    rows: list[Row] = []
    for part, numbers in parts.items():
        models = _ordered(context, numbers)
        found = [_row(context, numbers, part, model.name, _kind(model)) for model in models]
        rows += [row for row in found if row is not None]
        if part == "test":
            readers = [_row(context, numbers, part, reader.name, "readers") for reader in context.readers]
            rows += [row for row in readers if row is not None]
    if not rows:
        return None
    rows += performance_rows(context, {quantity for quantity, *_ in QUANTITIES})
    columns = [
        Column(key="who", title="Model or reader" if context.readers else "Model"),
        Column(key="n", title="n", kind="number", help="Lesions"),
        Column(
            key="positive", title=context.data.positive, kind="number", help="Lesions of the positive class"
        ),
    ]
    columns += [Column(key=key, title=title, kind="interval", help=text) for key, title, text in QUANTITIES]
    title = "Performance on the test, validation and training part" if context.development else "Performance"
    return Table(
        id="performance-table", title=title, columns=tuple(columns), rows=tuple(rows), notes=_notes(context)
    )


def _ordered(context: Context, numbers: Numbers) -> list[ModelInfo]:
    """Order the models by their AUC, the controls after them."""
    return sorted(best_first(numbers, "auc", context.models), key=lambda model: model.is_control)


def _kind(model: ModelInfo) -> str:
    return "controls" if model.is_control else "models"


def _row(context: Context, numbers: Numbers, part: str, name: str, kind: str) -> Row | None:
    found = {quantity: numbers.get(quantity, name) for quantity, *_ in QUANTITIES}
    known = [one for one in found.values() if one is not None and one.is_known()]
    if not known:
        return None
    most = max(known, key=lambda one: one.n)
    cells: dict[str, Cell] = {
        "who": text_cell(_title(context, name)),
        "n": count_cell(most.n),
        "positive": count_cell(most.n_positive),
    }
    cells |= {key: Cell(text="–") if one is None else one.cell(2) for key, one in found.items()}
    reference = context.reference
    return Row(
        cells=cells,
        group=f"{_PARTS[part]}: {kind}",
        key=name,
        emphasis=part == "test" and reference is not None and reference.name == name,
    )


def _title(context: Context, name: str) -> str:
    readers = {reader.name: reader.title for reader in context.readers}
    return readers.get(name) or context.title(name)


def _notes(context: Context) -> tuple[str, ...]:
    notes = [
        f"Intervals: {context.percent()}. Methods on the test part: ROC AUC: {_methods(context, ('auc',))}. All "
        f"others: {_methods(context, [key for key, *_ in QUANTITIES if key != 'auc'])}. n counts lesions; where a "
        "lesion is predicted in several folds, repeats or seeds, it counts once in n and each of its predictions "
        "counts in the rates. Predictive values and FDR hold for the prevalence in the test part."
    ]
    if context.development:
        notes.append(
            "Validation and training part: each model on the lesions that it predicted, as fitted, so intervals "
            "allow for other patients and not for other training. Models, settings and thresholds were chosen on "
            "validation lesions and models were fitted on training lesions: these numbers show how large the gap "
            "to the test part is, and nothing is claimed from them."
        )
    if "train" not in context.development:
        notes.append(
            "No model was asked to predict its own training lesions, so the training part has no rows."
        )
    return tuple(notes)


def _methods(context: Context, quantities: Sequence[str]) -> str:
    return "; ".join(context.numbers.methods(tuple(quantities)))
