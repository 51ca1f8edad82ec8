"""What there is to put into a model file, as tables."""

from __future__ import annotations

import inspect
import re
from typing import get_args

import pandas as pd

from samesplit.models.radiomics.classifiers import CLASSIFIERS, supports_class_weight
from samesplit.models.radiomics.selectors import SELECTORS
from samesplit.models.registry import KINDS, settings_class
from samesplit.tasks import TaskKind

__all__ = ["classifiers_listing", "kind_summary", "kind_tasks", "kinds_listing", "selectors_listing"]


def kind_summary(kind: str) -> str:
    """Return the first sentence on a kind of model, without its name before it.

    Example:
        >>> kind_summary("zero-rule")
        "every lesion gets the training part's share of positives."
    """
    text = " ".join(inspect.cleandoc(settings_class(kind).__doc__ or "").split("\n\n")[0].split())
    return re.sub(r"^`kind: [^`]*`[:.]? ?", "", text)


def kind_tasks(kind: str) -> list[str]:
    """Name the kinds of task that a kind of model can do.

    Example:
        >>> kind_tasks("ridge")
        ['binary', 'multiclass']
    """
    return [task for task in get_args(TaskKind) if task in settings_class(kind).tasks]


def kinds_listing() -> pd.DataFrame:
    """kind, the kinds of task that it can do, what it is."""
    rows = [(kind, ", ".join(kind_tasks(kind)), kind_summary(kind)) for kind in KINDS]
    return pd.DataFrame(rows, columns=["kind", "tasks", "what it is"])


def selectors_listing() -> pd.DataFrame:
    """key, selector, ranks by."""
    rows = [(key, one.title, one.definition) for key, one in sorted(SELECTORS.items())]
    return pd.DataFrame(rows, columns=["key", "selector", "ranks by"])


def classifiers_listing() -> pd.DataFrame:
    """key, classifier, whether it can weigh classes, what it does."""
    rows = [
        (key, one.title, "yes" if supports_class_weight(key) else "no", one.definition)
        for key, one in sorted(CLASSIFIERS.items())
    ]
    return pd.DataFrame(rows, columns=["key", "classifier", "class weights", "what it does"])
