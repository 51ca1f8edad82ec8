from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from samesplit.evaluation.readers.judging import judge_readers
from samesplit.evaluation.readers.marks import marks_tables
from samesplit.evaluation.readers.settings import ReaderSettings

SETTINGS = ReaderSettings(hit_radius_mm=5.0, n_bootstrap=0)


@pytest.fixture(scope="module")
def located(study: Any) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Marks on the lesions of positive cases, the more the higher rated, and false ones far away."""
    rng = np.random.default_rng(0)
    positive = study.truth["label"] == 1
    truth = study.truth.assign(x_mm=np.where(positive, 10.0, np.nan), y_mm=np.where(positive, 20.0, np.nan))
    rows = []
    for row in study.readings.itertuples():
        label, skill = truth.loc[row.lesion_id, "label"], 1.2 if row.modality == "aided" else 0.4
        key = {"reader_id": row.reader_id, "lesion_id": row.lesion_id, "modality": row.modality}
        marks = [(rng.normal() + skill, 11.0, 21.0)] if label else []
        marks += [(rng.normal(), 80.0, 80.0)] if rng.random() < 0.6 else []
        for number, (rating, x, y) in enumerate(marks or [(np.nan, np.nan, np.nan)], start=1):
            rows.append(key | {"mark": number, "score": rating, "x_mm": x, "y_mm": y, "decision": pd.NA})
    return pd.DataFrame(rows), truth


def test_marks_are_judged_with_the_declared_radius(located: Any) -> None:
    marks, truth = located
    notes: list[str] = []
    found, curve = marks_tables(marks, truth, SETTINGS, notes)
    assert notes == []
    assert found["figure"].tolist() == ["wAFROC"] * 3 + ["AFROC"] * 3
    change = found[(found["figure"] == "wAFROC") & (found["reference"] == "unaided")].iloc[0]
    assert change["modality"] == "aided"
    assert change["estimate"] > 0
    assert set(found["hit_radius_mm"]) == {5.0}
    assert set(found["n_lesions"]) == {20}
    last = curve[(curve["reader_id"] == "R1") & (curve["modality"] == "aided")].iloc[-1]
    assert last["lesions_found"] == 1.0  # each lesion was marked at some threshold
    far, _ = marks_tables(marks, truth, ReaderSettings(hit_radius_mm=0.5), [])
    assert far["estimate"].iloc[0] < found["estimate"].iloc[0]


def test_positions_without_a_radius_are_told(located: Any) -> None:
    marks, truth = located
    notes: list[str] = []
    found, curve = marks_tables(marks, truth, ReaderSettings(), notes)
    assert found.empty
    assert curve.empty
    assert notes == ["readings have positions, and no hit radius is declared: no location-specific analysis"]
    assert marks_tables(None, truth, SETTINGS, notes)[0].empty


def test_lesions_without_a_position_are_told(located: Any) -> None:
    marks, truth = located
    notes: list[str] = []
    marks_tables(marks, truth.drop(columns=["x_mm", "y_mm"]), SETTINGS, notes)
    lost = truth.copy()
    lost.loc["L01", "x_mm"] = np.nan
    marks_tables(marks, lost, SETTINGS, notes)
    assert notes[0].endswith("the lesions have no positions (columns x_mm, y_mm of the truth)")
    assert notes[1].endswith("the positive lesion 'L01' has no position")


def test_the_highest_mark_counts_for_everything_else(located: Any) -> None:
    marks, truth = located
    found = judge_readers(marks, truth, settings=SETTINGS)
    assert {"readers/free_response", "readers/free_response_curve", "readers/mrmc"} <= set(found.tables)
    mrmc = found.tables["readers/mrmc"]
    assert set(mrmc["quantity"]) == {"auc"}
    assert found.tables["readers/mrmc_tests"]["crossed"].all()  # a case without a mark was read
    unmarked = int(marks["score"].isna().sum())
    assert f"{unmarked} readings without a mark are ranked below every mark (inferred ROC)" in found.notes
    assert "readers/limits" not in found.tables
    unrated = judge_readers(marks.assign(score=np.nan), truth, settings=SETTINGS)
    assert not any("inferred" in note for note in unrated.notes)
