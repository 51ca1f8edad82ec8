"""MLflow's logged models: one for each model and task, with what it takes to load it where that can be done."""

from __future__ import annotations

import json
import platform
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from samesplit.kept import read_kept_json
from samesplit.run_folder import MODELS
from samesplit.storage import write_text
from samesplit.tracking.artifacts import artifact_folder, put_file
from samesplit.version import __version__

__all__ = ["create_logged_model", "put_fitted", "what_is_loaded"]

FITTED = "fitted"
"""Folder of a logged model's artifacts that holds what was fitted."""
_LOADER = "samesplit.models.plain_tables"
_FORBIDDEN = re.compile(r"[/:.%\"']")
_LONGEST = 6000
_MEASURING = ("lesion-size",)
"""Kinds that measure or rescale what they learn from: their column is not what a table of features holds."""
_ANSWERS = {"binary": "probability", "survival": "risk", "multiclass": ""}
"""The column that a model gives in each kind of task; of several classes one for each."""


def create_logged_model(
    client: Any,
    experiment: str,
    *,
    run: str,
    model: dict[str, Any],
    task: str,
    parameters: dict[str, str],
    tags: dict[str, str],
) -> Any:
    """Create the logged model of a model in a task; it is not ready until `finalize_logged_model`.

    Args:
        client: MLflow's.
        experiment: Its id.
        run: The id of the model's run.
        model: Its record in run.json.
        task: The name of the task, where tasks are named.
        parameters: Of the model.
        tags: Those by which a push knows its own again are among them.
    """
    name = f"{model['name']} ({task})" if task else str(model["name"])
    return client.create_logged_model(
        experiment,
        name=_FORBIDDEN.sub("_", name),
        source_run_id=run,
        tags=tags | {"samesplit.title": str(model["title"])},
        params={key: text[:_LONGEST] for key, text in parameters.items()},
        model_type=str(model["kind"]),
    )


def put_fitted(client: Any, logged: Any, folder: Path, model: str) -> None:
    """Put the fitted models of the first repeat, and those whose weights were kept, where MLflow looks for them.

    Args:
        client: MLflow's.
        logged: The logged model.
        folder: Of the task in the run's folder.
        model: The model's name.
    """
    kept = [
        fitted
        for fitted in sorted((folder / MODELS / model).glob("seed*-repeat*-fold*"))
        if "-repeat0-" in fitted.name or (fitted / "weights.pt").exists()
    ]
    if not kept:
        return
    with artifact_folder(logged.artifact_location, _uploader(client, logged.model_id)) as home:
        for fitted in kept:
            for path in sorted(path for path in fitted.rglob("*") if path.is_file()):
                put_file(path, home / FITTED / fitted.name / path.relative_to(fitted))
        described = what_is_loaded(kept)
        if described:
            write_text(home / "MLmodel", _mlmodel(described, logged))
            write_text(home / "requirements.txt", f"samesplit=={__version__}\n")


def _uploader(client: Any, model_id: str) -> Any:
    return lambda folder: client.log_model_artifacts(model_id, folder)


def what_is_loaded(fitted: list[Path]) -> dict[str, list[str]]:
    """Return the columns that fitted models take and give, where all of them answer from a table alone.

    Args:
        fitted: The folders of the fitted models.

    Returns:
        `inputs` and `outputs`, names of columns; empty where MLflow cannot load them: networks take images, and
        ensembles what their members say.
    """
    inputs: dict[str, None] = {}
    outputs: list[str] = []
    for record in _records(fitted):
        columns, task = record.get("state", {}).get("columns"), record.get("task") or {}
        from_table = columns and record["settings"].get("kind") not in _MEASURING
        if not from_table or record.get("not_kept_because") or task.get("kind") not in _ANSWERS:
            return {}
        inputs |= dict.fromkeys(columns)
        outputs = [_ANSWERS[task["kind"]]] if _ANSWERS[task["kind"]] else list(task["classes"])
    return {"inputs": list(inputs), "outputs": outputs} if inputs else {}


def _records(fitted: list[Path]) -> Iterator[dict[str, Any]]:
    for folder in fitted:
        yield read_kept_json(folder / "model.json", "settings", "state")[0]


def _mlmodel(described: dict[str, Any], logged: Any) -> str:
    """Return MLflow's file of a model; JSON is YAML."""
    told = {
        "artifact_path": logged.artifact_location,
        "flavors": {
            "python_function": {
                "loader_module": _LOADER,
                "data": FITTED,
                "python_version": platform.python_version(),
            }
        },
        "model_id": logged.model_id,
        "model_uuid": logged.model_id,
        "utc_time_created": str(datetime.now(UTC).replace(tzinfo=None)),
        "metadata": {"inputs": described["inputs"], "outputs": described["outputs"]},
    }
    return json.dumps(told, indent=2) + "\n"
