"""Two that come at once do not undo each other's work."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from conftest import SmallStudy
from samesplit.errors import PredictionsError
from samesplit.run import RunOptions, load_plan
from samesplit.storage import locked
from samesplit.workflows.compare import compare


def test_predictions_that_are_joined_at_once_under_one_name_do_not_replace_each_other(
    small_study: SmallStudy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lesions = pd.read_csv(small_study.folder / "lesions.csv")["lesion_id"]
    for name, probability in (("first", 0.2), ("second", 0.7)):
        table = pd.DataFrame({"lesion_id": lesions, "probability": probability})
        table.to_csv(tmp_path / f"{name}.csv", index=False)
    kept = load_plan(small_study.folder, RunOptions(jobs=1)).workspace.reports / "balls" / "external"
    told: list[str] = []
    asked = threading.Event()

    def asked_for(path: Path) -> Any:
        asked.set()
        return locked(path)

    monkeypatch.setattr("samesplit.run.external_predictions.locked", asked_for)

    def join() -> None:
        try:
            compare(small_study.folder, tmp_path / "second.csv", title="Mine", jobs=1)
        except PredictionsError as error:
            told.append(error.problem)

    kept.mkdir(parents=True)
    with locked(kept / ".mine.lock"):  # as the first of the two holds it between its look and its writing
        second = threading.Thread(target=join)
        second.start()
        assert asked.wait(timeout=60)  # it has read its predictions, and is about to look what is kept
        second.join(timeout=0.5)
        assert second.is_alive()
        assert not (kept / "mine.parquet").exists()
    second.join(timeout=60)
    assert (kept / "mine.parquet").exists()

    try:
        compare(small_study.folder, tmp_path / "first.csv", title="Mine", jobs=1)
    except PredictionsError as error:
        told.append(error.problem)
    assert told == ["other predictions are kept under the name 'Mine' (from second.csv)"]
