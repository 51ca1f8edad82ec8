"""What an earlier push of the same run left in MLflow, and its removal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from samesplit.tracking.places import remove_artifacts

__all__ = ["remove_earlier"]


def remove_earlier(client: Any, experiment: str, run_id: str, store: Path | None) -> None:
    """Delete the runs and logged models of earlier pushes of a run, also of one that was killed halfway.

    MLflow marks them as deleted; `mlflow gc` takes them out of the store.

    Args:
        client: MLflow's.
        experiment: Its id.
        run_id: Of the benchmark's run, which all that a push makes is tagged with from the beginning.
        store: The SQLite file, whose artifacts are deleted as well; None for a server, which looks after its own.
    """
    ours = f"tags.`samesplit.run` = '{run_id}'"
    for model in list(
        _pages(lambda token: client.search_logged_models([experiment], ours, page_token=token))
    ):
        client.delete_logged_model(model.model_id)
        if store is not None:
            remove_artifacts(model.artifact_location, store)
    for run in list(_pages(lambda token: client.search_runs([experiment], ours, page_token=token))):
        client.delete_run(run.info.run_id)
        if store is not None:
            remove_artifacts(run.info.artifact_uri, store)


def _pages(search: Callable[[str | None], Any]) -> Iterator[Any]:
    token = None
    while True:
        page = search(token)
        yield from page
        token = page.token
        if not token:
            return
