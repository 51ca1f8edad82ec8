"""Estimates of a model as MLflow's metrics, linked to the lesions that they were measured on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import pandas as pd

from samesplit.tracking.datasets import Part

__all__ = ["claims", "log_in_batches", "metrics_of"]

_MOST_IN_BATCH, _MOST_PARAMETERS = 1000, 100
_LONGEST = 6000
"""Characters of a parameter."""


def metrics_of(results: pd.DataFrame, parts: Sequence[Part], *, model_id: str, at: int) -> list[Any]:
    """Return the metrics of a model.

    Those of the test part have the names of the results, `auc`, `auc.ci_low` and `auc.ci_high`; those of other
    parts begin with the part, `validation/auc`, `test/external/auc`, so that nobody takes one for the other.

    Args:
        results: The model's rows of the results of its task.
        parts: The datasets; without any the metrics are linked to the model alone.
        model_id: Of the logged model.
        at: When they were measured, in milliseconds since 1970.
    """
    from mlflow.entities import Metric

    metrics = []
    linked: dict[str, Part | None] = {"all": None, **{part.group: part for part in parts}}
    for group, part in linked.items():
        rows = results[results["group"] == group]
        prefix = part.prefix if part is not None else ""
        name, digest = (part.name, part.digest) if part is not None else (None, None)
        metrics += [
            Metric(f"{prefix}{key}", value, at, 0, model_id, name, digest)
            for key, value in _estimates(rows).items()
        ]
    return metrics


def _estimates(results: pd.DataFrame) -> dict[str, float]:
    """Return the first row of each quantity, with its interval as `<quantity>.ci_low` and `.ci_high`.

    The P value of a difference is the adjusted one, as everywhere: it decides what is claimed.
    """
    metrics: dict[str, float] = {}
    for row in results.to_dict(orient="records"):
        name = _name_of(row)
        if name in metrics or pd.isna(row["estimate"]):
            continue
        metrics[name] = float(row["estimate"])
        for end in ("ci_low", "ci_high", "p_adjusted"):
            if pd.notna(row[end]):
                metrics[f"{name}.{end}"] = float(row[end])
    return metrics


def _name_of(row: dict[Any, Any]) -> str:
    name = f"{row['quantity']}.versus.{row['reference']}" if row["reference"] else str(row["quantity"])
    return "".join(c if c.isalnum() or c in "_-./ " else "_" for c in name)


def claims(results: pd.DataFrame) -> dict[str, str]:
    """Return what is claimed of each difference: `higher`, `lower` or `not shown`."""
    claimed = results[(results["claim"] != "") & (results["group"] == "all")].to_dict(orient="records")
    return {f"samesplit.claim.{_name_of(row)}": str(row["claim"]) for row in claimed}


def log_in_batches(client: Any, run: str, metrics: Iterable[Any], parameters: dict[str, Any]) -> None:
    """Log metrics and parameters in as few calls as MLflow takes them: each is forced to the disk.

    Args:
        client: MLflow's.
        run: The id of the run.
        metrics: MLflow's metrics.
        parameters: By name.
    """
    from mlflow.entities import Param

    values, named = list(metrics), [Param(name, str(value)[:_LONGEST]) for name, value in parameters.items()]
    while values or named:
        now, named = named[:_MOST_PARAMETERS], named[_MOST_PARAMETERS:]
        room = _MOST_IN_BATCH - len(now)
        client.log_batch(run, metrics=values[:room], params=now)
        values = values[room:]
