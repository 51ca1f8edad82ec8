"""Ensembles under other raters' masks: the members that look at masks change, the others stay."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from samesplit.models.ensembles.average import AverageSettings
from samesplit.models.protocol import Cases
from samesplit.run.ensemble_raters import under_other_raters
from samesplit.run.fold_tasks import FoldTask, run_folds, with_members

LESIONS = ["L0", "L1", "L2", "L3"]


@pytest.fixture
def task(tmp_path: Path) -> FoldTask:
    index = pd.Index(LESIONS, name="lesion_id")
    nothing = pd.DataFrame(index=index)
    lesions = pd.DataFrame({"patient_id": LESIONS, "site": "A"}, index=index)
    cases = Cases(lesions, pd.DataFrame({"lesion_id": LESIONS}), nothing, nothing, (), "R1")
    return FoldTask(
        settings=AverageSettings(name="mean", title="M", members=("radiomics", "clinical")),
        seed=0,
        repeat=0,
        fold=0,
        cases={"R1": cases},
        subsets=pd.Series({"L0": "train", "L1": "train", "L2": "test", "L3": "test"}),
        outcomes=pd.DataFrame({"label": [0, 1]}, index=["L0", "L1"]),
        primary_rater="R1",
        digest="d",
        store=tmp_path / "folds",
    )


def answers(model: str, rater: str, **probabilities: float) -> pd.DataFrame:
    where = {"model": model, "seed": 0, "repeat": 0, "fold": 0, "subset": "test", "rater": rater}
    return pd.DataFrame([where | {"lesion_id": each, "probability": p} for each, p in probabilities.items()])


def test_a_member_that_looks_at_no_mask_answers_alike_under_every_rater(task: FoldTask) -> None:
    members = pd.concat(
        [
            answers("radiomics", "R1", L2=0.2, L3=0.8),
            answers("radiomics", "R2", L3=0.4),
            answers("clinical", "R1", L2=0.6, L3=0.6),
        ]
    )
    raters_of = {"radiomics": ("R1", "R2", "R3"), "clinical": ("R1",)}
    changed, told = under_other_raters(task, members, raters_of, ["R2", "R3"])
    assert list(changed.cases) == ["R1", "R2"]
    whole = FoldTask(**{**changed.__dict__, "cases": with_members(changed.cases, told, changed.task)})
    (result,) = run_folds([whole], jobs=1, advance=lambda *_: None)
    found = result.predictions().set_index(["rater", "lesion_id"])["probability"]
    assert found.to_dict() == pytest.approx({("R1", "L2"): 0.4, ("R1", "L3"): 0.7, ("R2", "L3"): 0.5})


def test_a_member_that_was_given_the_masks_and_did_not_answer_is_not_replaced(task: FoldTask) -> None:
    members = pd.concat(
        [
            answers("radiomics", "R1", L2=0.2),
            answers("clinical", "R1", L2=0.6),
            answers("other", "R1", L2=0.5),
            answers("other", "R2", L2=0.5),
        ]
    )
    raters_of = {"radiomics": ("R1", "R2"), "clinical": ("R1",), "other": ("R1", "R2")}
    _, told = under_other_raters(task, members, raters_of, ["R2"])
    assert set(told.loc[told["rater"] == "R2", "model"]) == {"clinical", "other"}
    assert np.isclose(told.loc[told["rater"] == "R2", "probability"], [0.5, 0.6]).all()
